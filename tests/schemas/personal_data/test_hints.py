import re

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.personal_data.hints import widen


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        (r"(?<![\w.])(?P<value>[0-9]{2,8})(?=[,.])", r"(?:^|[^\pL\pN_.])(?:[0-9]{2,})(?:[,.])"),
        (r"a(?!b)c(?=d)e", "ace"),
        (r"x{3}y{0,2}z{1,9}", "x{3}y*z+"),
        (r"[^\W\d_]\u00a0[\u00a0-]", r"\pL\x{00a0}[\x{00a0}-]"),
        (r"(?<![^\W_])a", r"(?:^|[^\pL\pN])a"),
        (r"(?:(?<=\s)|(?<=^))b$", r"(?:|)b\n?$"),
    ],
)
def test_widen(pattern: str, hint: str) -> None:
    assert widen(re.compile(pattern)) == hint


def test_an_open_group_is_named() -> None:
    class Broken:
        pattern, flags = "(?=a", 0

    with pytest.raises(ValueError, match="a group of the pattern is not closed"):
        widen(Broken())  # type: ignore[arg-type]


PATTERNS = [
    r"(?<!\w)(?P<value>[A-Z]{1,3}-[0-9]{2,4})(?!\w)",
    r"(?<=[.!?]\s)[A-Z][a-z]{1,5}(?=\s*$)",
    r"(?<![^\W_])(?i:ab|cd)\b[ \u00a0]?(?=[A-Z]*[0-9])[A-Z0-9]{2,4}",
    r"(?:(?<=\s)|(?<=^))[\^/-][ ]?(?P<value>[a-z]{2,3}|(?<=[/^-])x)(?=[ ]*$)",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@given(text=st.text(alphabet="aAbBcdxZé19 .-/^!\n\u00a0\u2003_ß", max_size=12))
def test_a_hint_matches_wherever_its_pattern_does(pattern: str, text: str) -> None:
    compiled = re.compile(pattern)
    if compiled.search(text):
        assert pc.match_substring_regex(pa.array([text]), widen(compiled)).to_pylist() == [True]
