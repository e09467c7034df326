"""The pages on customers name every column that they are about."""

from pathlib import Path

import pytest

from schemas.cases import CASES
from schemas.customers import CUSTOMERS
from schemas.journeys import ENTRY_REASONS, JOURNEYS
from schemas.policy import HORIZONS_DAYS
from transforms.follow_history import HISTORY, HISTORY_SCHEMA

DOCS = Path(__file__).parents[2] / "docs"
# The key, the number and the times of a spell are told by the page's tables and not by a rule of their own.
TOLD = {"customer_key", "spell_number", "state", "segment"}
OUTCOMES = set(CASES.schema.names) - set(HISTORY_SCHEMA.names)
LATER_HORIZONS = {name for name in OUTCOMES if name.endswith(tuple(f"_{days}" for days in HORIZONS_DAYS[1:]))}


@pytest.mark.parametrize(
    ("page", "names"),
    [
        ("journeys.md", {field.name for field in HISTORY}),
        ("journeys.md", set(JOURNEYS.schema.names) - TOLD),
        ("journeys.md", set(ENTRY_REASONS)),
        ("journeys.md", set(CUSTOMERS.schema.names) - TOLD),
        ("outcomes.md", OUTCOMES - LATER_HORIZONS | {"purchases_before_90"}),
    ],
    ids=["history", "journeys", "reasons", "customers", "outcomes"],
)
def test_every_column_is_on_its_page(page: str, names: set[str]) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    assert {name for name in names if f"`{name}`" not in text} == set()
