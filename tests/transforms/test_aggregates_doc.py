import doctest
from pathlib import Path

import pytest

from tests.transforms.test_count_transitions import batch_of, count, flows, journey, week
from tests.transforms.test_summarise_days import case, figures, message, summarise
from transforms.compare_recovery import NO_DATA, NO_GRADE, NOT_COMPUTED, TOO_FEW

DOC = Path(__file__).parents[2] / "docs" / "aggregates.md"


def test_the_examples_run() -> None:
    results = doctest.testfile(str(DOC), module_relative=False, encoding="utf-8")

    assert results.attempted > 5
    assert results.failed == 0


def test_the_example_of_the_backlog() -> None:
    # Day 0 of the factories is a Wednesday, as in the example.
    table = summarise(case(0.5, due=2.0, resolved=3.375), message(3.5))

    assert figures(table, "backlog", "backlog_in_arrears") == {0: (1, 0), 1: (1, 0), 2: (1, 1), 3: (0, 0)}


def test_the_example_of_the_transitions() -> None:
    table = count(batch_of(journey(week(2 / 7), week(2 + 1 / 7))), until=week(3 + 4 / 7), segment="all")

    assert flows(table) == [(0, "n", "u", 1), (1, "u", "u", 1), (2, "u", "a", 1)]


@pytest.mark.parametrize("reason", [NO_DATA, NO_GRADE, TOO_FEW, NOT_COMPUTED])
def test_every_reason_is_explained(reason: str) -> None:
    assert f"| `{reason}` |" in DOC.read_text(encoding="utf-8")
