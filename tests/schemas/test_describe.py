from pathlib import Path

import pytest

from schemas.contract import Contract
from schemas.describe import describe_tables
from schemas.tables import TABLES

ROOT = Path(__file__).resolve().parents[2]


def test_the_tables_page_is_the_one_that_the_contracts_give() -> None:
    assert (ROOT / "docs/tables.md").read_text(encoding="utf-8") == describe_tables(), "run `make docs`"


@pytest.mark.parametrize("contract", TABLES.values(), ids=TABLES)
def test_every_column_says_its_meaning_and_null_rule(contract: Contract) -> None:
    for field in contract.schema:
        assert field.metadata[b"meaning"].endswith(b"."), field.name
        assert field.nullable == (field.metadata[b"null"] != b"never"), field.name


@pytest.mark.parametrize("contract", TABLES.values(), ids=TABLES)
def test_key_columns_are_never_null(contract: Contract) -> None:
    assert not [name for name in contract.key if contract.schema.field(name).nullable]
