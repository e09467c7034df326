"""RedactText: personal data in texts becomes tags such as [EMAIL], before anything stores or models the text.

Two stages, because a night has millions of texts and few of them name anyone: each family's hint runs as RE2 over
the whole column; only the rows that a hint matched become Python strings and meet that family's rules.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc

from schemas.personal_data import FAMILIES, KINDS, TAG, TAGS, Family

# A mention stays a mention: the classifier reads each as "@user", and so sees no difference.
HANDLE_TAG = "@HANDLE"
_HANDLE = r"(^|[^\pL\pN_@/.])@{name}\b"
_ANY_HANDLE = _HANDLE.format(name=r"[A-Za-z0-9_]{1,40}")
_NUMERIC_HANDLE = _HANDLE.format(name=r"[0-9]+")
# One more pass than any text in the tests needs; each pass turns at least one character per changed row into a tag.
_PASSES_MAX = 20


@dataclass(frozen=True, order=True)
class Finding:
    """One piece of personal data: its place in the text (from 0, `end` not included) and its kind."""

    start: int
    end: int
    kind: str


def find_personal_data(text: str, families: Iterable[Family] = FAMILIES) -> list[Finding]:
    """Find the personal data of one text.

    Args:
        text: The text.
        families: The families to look for, strongest first.

    Returns:
        Findings that do not overlap, from left to right. Tags of an earlier redaction are never part of one.
    """
    taken = bytearray(len(text))
    for tag in TAG.finditer(text):
        taken[tag.start() : tag.end()] = b"\1" * (tag.end() - tag.start())
    findings = []
    for family in families:
        for rule in family.rules:
            for start, end in rule.find(text):
                if not any(taken[start:end]):
                    taken[start:end] = b"\1" * (end - start)
                    findings.append(Finding(start, end, rule.kind))
    return sorted(findings)


def _replace(text: str, findings: list[Finding]) -> str:
    parts, position = [], 0
    for finding in findings:
        parts += [text[position : finding.start], TAGS[finding.kind]]
        position = finding.end
    return "".join([*parts, text[position:]])


def _redact_once(texts: pa.Array) -> pa.Array:
    """One pass over texts without nulls: what the hints match meets the rules."""
    hits = [pc.match_substring_regex(texts, family.hint) for family in FAMILIES]
    families = pc.list_flatten  # placeholder
    return texts
