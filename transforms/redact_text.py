"""RedactText: personal data in texts becomes tags such as [EMAIL], before anything stores or models the text.

Two stages, because a night has millions of texts and few of them name anyone: each family's hint runs as
RE2 over the whole column; only the rows that a hint matched become Python strings and meet that family's
rules.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import PCollection

from schemas.personal_data import FAMILIES, TAG, TAGS, Family

# A mention stays a mention: the classifier reads each as "@user", and so sees no difference.
HANDLE_TAG = "@HANDLE"
_HANDLE = r"(^|[^\pL\pN_@/.])@{}\b"
_ANY_HANDLE = _HANDLE.format("[A-Za-z0-9_]{1,40}")
# RE2 takes some 60 ms to build the automata of all hints; so many rows cost as much to meet every rule.
_FEW_ROWS = 200
_NUMERIC_HANDLE = _HANDLE.format("[0-9]+")


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


def redact_text(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Replace the personal data in the column `text` by tags.

    Handles of customers go too: those made of digits everywhere, and all of them in what agents write, who
    answer customers by their handles. Other handles stay, for they name companies.

    Args:
        batch: Any columns with `text` (string, nullable); `role`, where there is one, tells who wrote it.

    Returns:
        The batch with the same columns and rows. Redacting it once more changes nothing.
    """
    place = batch.schema.get_field_index("text")
    roles = batch["role"] if "role" in batch.schema.names else pa.nulls(len(batch), pa.string())
    texts = _redact_handles(batch["text"], pc.fill_null(pc.equal(roles, "agent"), False))
    pending = pc.indices_nonzero(pc.is_valid(texts))
    # Until nothing changes: a tag may be the context that gives away a name beside it. It ends, since every
    # change turns characters outside of tags into a tag, and it makes redaction idempotent.
    while len(pending):
        before = texts.take(pending)
        after = _redact_once(before)
        is_changed = pc.not_equal(before, after)
        pending = pending.filter(is_changed)
        texts = _put(texts, pending, after.filter(is_changed))
    return batch.set_column(place, batch.schema.field(place), texts)


def count_redactions(batch: pa.RecordBatch) -> dict[str, int]:
    """Count the tags in the column `text`.

    Returns:
        How often each kind was redacted, `HANDLE` among them; zeros included.
    """
    tags = {**TAGS, "HANDLE": HANDLE_TAG}
    return {kind: pc.sum(pc.count_substring(batch["text"], tag)).as_py() or 0 for kind, tag in tags.items()}


def _redact_handles(texts: pa.Array, is_agent: pa.Array) -> pa.Array:
    by_agents = pc.indices_nonzero(is_agent)
    masked = pc.replace_substring_regex(texts, _NUMERIC_HANDLE, rf"\1{HANDLE_TAG}")
    return _put(masked, by_agents, pc.replace_substring_regex(texts.take(by_agents), _ANY_HANDLE, rf"\1{HANDLE_TAG}"))


def _redact_once(texts: pa.Array) -> pa.Array:
    families_by_row = _hint(texts) if len(texts) > _FEW_ROWS else dict.fromkeys(range(len(texts)), FAMILIES)
    rows = pa.array(families_by_row, pa.int64())
    # The one loop over texts: checksums, look-arounds and lists of words are beyond RE2; the hints keep
    # it short.
    redacted = [
        _replace(text, find_personal_data(text, families))
        for text, families in zip(texts.take(rows).to_pylist(), families_by_row.values(), strict=True)
    ]
    return _put(texts, rows, pa.array(redacted, texts.type))


def _hint(texts: pa.Array) -> Mapping[int, Sequence[Family]]:
    """Map each row in which something could be found to the families that could find it, strongest first."""
    families_by_row: dict[int, list[Family]] = defaultdict(list)
    with_digit = pc.indices_nonzero(pc.match_substring_regex(texts, "[0-9]"))
    texts_with_digit = texts.take(with_digit)
    for family in FAMILIES:
        if family.needs_digit:
            rows = with_digit.filter(pc.match_substring_regex(texts_with_digit, family.hint))
        else:
            rows = pc.indices_nonzero(pc.match_substring_regex(texts, family.hint))
        for row in rows.to_pylist():
            families_by_row[row].append(family)
    return families_by_row


def _replace(text: str, findings: list[Finding]) -> str:
    parts, position = [], 0
    for finding in findings:
        parts += [text[position : finding.start], TAGS[finding.kind]]
        position = finding.end
    return "".join([*parts, text[position:]])


def _put(texts: pa.Array, rows: pa.Array, values: pa.Array) -> pa.Array:
    """Return `texts` with `values`, none of them null, at `rows`, which may stand in any order."""
    if len(rows) == 0:
        return texts
    return pc.coalesce(pc.scatter(values, rows.cast(pa.int64()), max_index=len(texts) - 1), texts)


@dataclass(eq=False)
class RedactText(beam.PTransform):
    """Replace the personal data in the texts of batches by tags."""

    def expand(self, messages: PCollection[pa.RecordBatch]) -> PCollection[pa.RecordBatch]:
        """Redact each batch."""
        return messages | "redact" >> beam.Map(redact_text)
