import pytest

from benchmarks.measure_redaction import UNCOUNTED, Text, find_until_stable, score
from tests.transforms.test_redact_text import batch_of
from transforms.redact_text import Finding, redact_text


def place(text: str, value: str, kind: str) -> tuple[int, int, str]:
    start = text.index(value)
    return start, start + len(value), kind


def test_findings_of_later_passes_stand_where_the_original_has_them() -> None:
    text = "verloren: Fenna de Wit, Singel 12 C, 3512 AB Utrecht"
    found = find_until_stable(text)
    assert sorted(found) == [
        Finding(*place(text, "Fenna de Wit", "PERSON")),
        Finding(*place(text, "Singel 12 C, 3512 AB Utrecht", "ADDRESS")),
    ]
    assert redact_text(batch_of(text))["text"].to_pylist() == ["verloren: [PERSON], [ADDRESS]"]


@pytest.mark.parametrize(
    ("value", "kind", "expected"),
    [
        pytest.param("a@b.example", "EMAIL", (1, 1, 1, 1, 1), id="found"),
        pytest.param("a@b.example", "PHONE", (1, 0, 1, 0, 0), id="masked as something else"),
        pytest.param("write", "EMAIL", (1, 0, 0, 1, 0), id="missed, and something else found"),
        pytest.param("a@b.example to", "EMAIL", (1, 0, 0, 1, 1), id="too little of it is behind the tag"),
    ],
)
def test_score(value: str, kind: str, expected: tuple[int, ...]) -> None:
    text = "write a@b.example to me"
    figures = score([Text("en", text, frozenset([place(text, value, kind)]))])[kind]["en"]
    names = ("there", "found", "masked", "findings", "right")
    assert tuple(figures[name] for name in names) == expected


def test_a_finding_on_an_uncounted_kind_is_not_wrong() -> None:
    text = "write a@b.example"
    assert score([Text("en", text, frozenset([place(text, "a@b.example", UNCOUNTED)]))]) == {}
