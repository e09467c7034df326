"""Conform rows: an export's columns of text -> the contract's columns; each row is kept or marked."""

from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.conform.values import Conformed, convert_texts, map_values, reason_where
from schemas.formats.text_stream import BROKEN, CONTENT, FILE, NO_TEXT, ROW
from schemas.sources.inputs import IGNORED, INPUTS, field_names, marked_schema
from schemas.sources.rules import ColumnNames, Condition, FieldRule, Input
from schemas.types import TEXT

_MISSING = {
    "customer_id": "missing_customer",
    "text": "missing_text",
    "role": "unknown_role",
    "score": "bad_number",
}
_SCORES = {"csat": (1, 5), "nps": (0, 10)}
NO_MATCH = "staunen:no_match"  # the column that a join's required match was looked up by; null where it was found


class Rows:
    """The text columns of one batch, trimmed and with nothing for the empty text; each is prepared once."""

    def __init__(self, batch: pa.RecordBatch) -> None:
        self.batch = batch
        self._prepared: dict[str, pa.Array] = {}

    def text(self, names: ColumnNames) -> pa.Array:
        """The column by the first of its names that holds something; null where the file has none of them."""
        found = [self._prepare(name) for name in names if name in self.batch.schema.names]
        return reduce(pc.coalesce, found, pa.nulls(len(self.batch), TEXT))

    def matches(self, condition: Condition) -> pa.Array:
        """Where a condition holds; never null."""
        texts = self.text(condition.column)
        if condition.same_as:
            return pc.fill_null(pc.equal(texts, self.text(condition.same_as)), False)
        if "*" in condition.values:
            return pc.is_valid(texts)
        lowered = pc.fill_null(pc.utf8_lower(texts), "")
        return pc.is_in(lowered, pa.array(condition.values, TEXT))

    def _prepare(self, name: str) -> pa.Array:
        if name not in self._prepared:
            trimmed = pc.utf8_trim_whitespace(self.batch[name])
            self._prepared[name] = pc.if_else(pc.equal(trimmed, ""), pa.scalar(None, TEXT), trimmed)
        return self._prepared[name]


def conform_rows(batch: pa.RecordBatch, found: Input) -> pa.RecordBatch:
    """Conform one batch of rows.

    A row with several faults gets the one of the contract's first column.

    Args:
        batch: Columns of the export as text (joined ones as `join.column`), with `FILE`, `ROW`, `BROKEN`
            and `CONTENT`.
        found: The input's rules.

    Returns:
        `marked_schema(found.name)`: as many rows, in order; `reject_reason` is null where the row is kept, a
        reason of `REJECTS` where it is rejected, and `IGNORED` where the source leaves it out.
    """
    rows = Rows(batch)
    columns: dict[str, Conformed] = {}
    for name, rule in sorted(found.fields, key=lambda pair: pair[0] != "role"):  # others may depend on the role
        columns[name] = _apply(rows, rule, found, name, columns)
    nothing = pa.nulls(len(batch), TEXT)
    reason, column = batch[BROKEN], nothing
    is_ignored = [pc.equal(columns[name].reasons, IGNORED) for name in columns]
    is_ignored += [rows.matches(condition) for condition in found.ignore_when]
    reason = pc.coalesce(reason, reason_where(reduce(pc.or_kleene, is_ignored), IGNORED))
    if NO_MATCH in batch.schema.names:
        column = pc.if_else(pc.is_null(reason), batch[NO_MATCH], column)
        reason = pc.coalesce(reason, reason_where(pc.is_valid(batch[NO_MATCH]), "no_match"))
    for name in (name for name in field_names(found.name) if name in columns):
        fault = pc.coalesce(columns[name].reasons, _find_missing(columns, found, name))
        is_first = pc.and_(pc.is_null(reason), pc.is_valid(fault))
        column = pc.if_else(is_first, _name_column(batch, found, name), column)
        reason = pc.coalesce(reason, fault)
    return _assemble(batch, found, columns, reason, column)


def read_field(batch: pa.RecordBatch, found: Input, name: str) -> pa.Array:
    """One column of ours by itself; it must not depend on the role."""
    return _apply(Rows(batch), dict(found.fields)[name], found, name, {}).values


def _apply(rows: Rows, rule: FieldRule, found: Input, name: str, done: dict[str, Conformed]) -> Conformed:
    """The column that a rule makes of the rows."""
    kind = INPUTS[found.name].schema.field(name).type
    size = len(rows.batch)
    values, reasons = pa.nulls(size, kind), pa.nulls(size, TEXT)
    if rule.cases:
        is_open = pa.repeat(True, size)
        for case in rule.cases:
            is_case = reduce(pc.and_, (rows.matches(condition) for condition in case.when), is_open)
            made = _apply(rows, case.rule, found, name, done)
            values, reasons = (pc.if_else(is_case, *pair) for pair in zip(made, (values, reasons), strict=True))
            is_open = pc.and_not(is_open, is_case)
        fault = {"reject": _unknown(name), "ignore": IGNORED}.get(rule.otherwise)
        return Conformed(values, pc.coalesce(reasons, reason_where(is_open, fault)) if fault else reasons)
    if rule.by_role:
        for role, role_rule in rule.by_role:
            is_role = pc.fill_null(pc.equal(done["role"].values, role), False)
            made = _apply(rows, role_rule, found, name, done)
            values, reasons = (pc.if_else(is_role, *pair) for pair in zip(made, (values, reasons), strict=True))
        return Conformed(values, reasons)
    return _read_column(rows, rule, found, name)


def _read_column(rows: Rows, rule: FieldRule, found: Input, name: str) -> Conformed:
    """A constant, or the export's column or columns, mapped and converted."""
    if rule.constant is not None:
        texts = pa.repeat(pa.scalar(rule.constant, TEXT), len(rows.batch))
        return convert_texts(texts, rule, found.name, name)
    parts = [rows.text(names) for names in rule.columns]
    texts = parts[0] if len(parts) == 1 else _join(parts, rule.separator)
    if rule.from_content and CONTENT in rows.batch.schema.names:
        texts = pc.coalesce(texts, rows.batch[CONTENT])
    is_broken = _find_no_text(texts)
    texts = pc.if_else(is_broken, pa.scalar(None, TEXT), texts)
    mapped, unmapped = map_values(texts, rule, _unknown(name), IGNORED)
    values, reasons = convert_texts(mapped, rule, found.name, name)
    return Conformed(values, pc.coalesce(reason_where(is_broken, "not_text"), unmapped, reasons))


def _find_no_text(texts: pa.Array) -> pa.Array:
    """Where a text holds what is none; the whole buffer is looked at first, because row by row is slow."""
    data = texts.buffers()[2]
    held = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    first, second = NO_TEXT.encode()[:2]
    if not ((held[:-1] == first) & (held[1:] == second)).any():
        return pa.repeat(False, len(texts))
    return pc.fill_null(pc.match_substring(texts, NO_TEXT), False)


def _join(parts: list[pa.Array], separator: str) -> pa.Array:
    # Not with null_handling="skip": that drops the rows in which all parts are null (pyarrow 25).
    def join(left: pa.Array, right: pa.Array) -> pa.Array:
        return pc.coalesce(pc.binary_join_element_wise(left, right, separator), left, right)

    return reduce(join, parts)


def _unknown(name: str) -> str:
    return "unknown_role" if name == "role" else "unknown_value"


def _find_missing(columns: dict[str, Conformed], found: Input, name: str) -> pa.Array:
    """A reason where a column that each row needs has no value, or a score is off its scale."""
    values = columns[name].values
    is_needed = not INPUTS[found.name].schema.field(name).nullable or (name == "text" and not found.text_optional)
    faults = pa.nulls(len(values), TEXT)
    if is_needed:
        if pa.types.is_timestamp(values.type):
            reason = "bad_time"
        else:
            reason = _MISSING.get(name, "missing_id" if name.endswith("_id") else "unknown_value")
        faults = reason_where(pc.is_null(values), reason)
    if name == "score" and "kind" in columns:
        for kind, (low, high) in _SCORES.items():
            is_off = pc.or_(pc.less(values, low), pc.greater(values, high))
            is_kind = pc.equal(columns["kind"].values, kind)
            faults = pc.coalesce(faults, reason_where(pc.and_kleene(is_kind, is_off), "bad_number"))
    return faults


def _name_column(batch: pa.RecordBatch, found: Input, name: str) -> str:
    """The export's own name of a column: what people look for in their file."""
    rule = dict(found.fields)[name]
    made = {history.name for history in found.histories}
    groups = list(dict.fromkeys(rule.references()))
    present = [next((n for n in names if n in batch.schema.names or n in made), names[0]) for names in groups]
    return "+".join(dict.fromkeys(present)) or name


def _assemble(
    batch: pa.RecordBatch, found: Input, columns: dict[str, Conformed], reason: pa.Array, column: pa.Array
) -> pa.RecordBatch:
    schema = marked_schema(found.name)
    made = {name: columns[name].values for name in columns}
    made |= {"file": batch[FILE], "row": batch[ROW], "reject_reason": reason, "reject_column": column}
    arrays = [made[field.name] if field.name in made else pa.nulls(len(batch), field.type) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
