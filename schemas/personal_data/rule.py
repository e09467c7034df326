"""Rule: how one kind of personal data is found in a text."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from schemas.personal_data.hints import widen

KINDS = (
    "EMAIL", "PHONE", "IBAN", "CARD", "ADDRESS", "ORDER_ID", "CUSTOMER_ID", "TAX_ID", "LICENCE_PLATE",
    "DATE_OF_BIRTH", "PERSON",
)  # fmt: skip
TAGS = {kind: f"[{kind}]" for kind in KINDS}
TAG = re.compile(r"\[(?:" + "|".join(KINDS) + r")\]")

# Building blocks of the patterns. All repetition is bounded, and a pattern is anchored by a
# look-behind or a word, so that the time to search is linear in the text's length.
UPPER = "A-ZÀ-ÖØ-ÞĄĆČĎĐĘĚĞĪİŁŃŇŐŘŚŞŠŤŪŮŰŹŻŽ"
LETTER = r"[^\W\d_]"
CAPITALISED = rf"[{UPPER}](?:{LETTER}|['\u2019](?={LETTER})){{1,30}}"


@dataclass(frozen=True)
class Rule:
    """One pattern of one kind.

    Attributes:
        kind: One of `KINDS`.
        pattern: Python pattern; its group `value` is the personal data, the rest is context.
        accepts: Says of a value whether it is what it looks like (a checksum, a length, not a date).
        essence: A smaller pattern that each text must match in which `pattern` does, for hints; where the
            whole pattern is too large an automaton for RE2's cache, or matches too much once widened.
    """

    kind: str
    pattern: re.Pattern[str]
    accepts: Callable[[str], bool] = bool
    essence: re.Pattern[str] | None = None

    @cached_property
    def hint(self) -> str:
        """RE2 pattern that matches every text in which the rule could find something, and few others."""
        return widen(self.essence or self.pattern)

    def find(self, text: str) -> Iterator[tuple[int, int]]:
        """Yield (start, end) of each value in `text`, from left to right."""
        for match in self.pattern.finditer(text):
            if self.accepts(match["value"]):
                yield match.span("value")


@dataclass(frozen=True)
class Family:
    """Rules that are looked for together.

    Attributes:
        name: What the rules look for.
        rules: The rules, strongest first.
        needs_digit: Whether nothing can be found in a text without a digit, 0 to 9.
    """

    name: str
    rules: tuple[Rule, ...]
    needs_digit: bool = True

    @cached_property
    def hint(self) -> str:
        """RE2 pattern that matches every text in which one of the rules could find something."""
        return "|".join(rule.hint for rule in self.rules)


def count_digits(value: str) -> int:
    """How many of the characters are the digits 0 to 9."""
    return sum("0" <= character <= "9" for character in value)


def keep_digits(value: str) -> str:
    """`value` without everything but the digits 0 to 9."""
    return re.sub(r"[^0-9]", "", value)
