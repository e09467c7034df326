"""Turn columns of text into the contracts' types, with a reason for each value that does not fit."""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from schemas.conform.times import parse_times
from schemas.sources.inputs import CHOICES, INPUTS
from schemas.sources.rules import ISO, FieldRule
from schemas.types import NUMBER, TEXT

MAX_TEXT_CHARACTERS = 100_000
_YES = ("true", "yes", "y", "1", "1.0", "t", "ja", "j", "wahr", "waar")
_NO = ("false", "no", "n", "0", "0.0", "f", "nein", "nee", "falsch", "onwaar")
_LANG = r"^(?P<lang>[a-z]{2})(?:[-_][a-z0-9_-]+)?$"


class Conformed(NamedTuple):
    """A column of ours.

    Attributes:
        values: The values in the contract's type; null where there is none, or it did not fit.
        reasons: Why a value did not fit; null where it did.
    """

    values: pa.Array
    reasons: pa.Array


def reason_where(is_wrong: pa.Array, reason: str) -> pa.Array:
    """`reason` where the mask is true, else null; a null mask counts as false."""
    return pc.if_else(pc.fill_null(is_wrong, False), reason, pa.scalar(None, TEXT))


def convert_texts(texts: pa.Array, rule: FieldRule, input_name: str, name: str) -> Conformed:
    """Convert one column.

    Args:
        texts: Text without blanks around it; null where there is none.
        rule: Formats, zone, decimal mark, and what happens to unknown values.
        input_name: The input.
        name: The column in the input's contract.

    Returns:
        Values in the contract's type, and reasons from the closed list of `REJECTS`.
    """
    kind = INPUTS[input_name].schema.field(name).type
    if pa.types.is_timestamp(kind):
        # ISO 8601 cannot be mistaken for anything else, so it is understood beside the declared formats.
        times = parse_times(texts, tuple(dict.fromkeys((*rule.formats, ISO))), rule.zone)
        return Conformed(times, _lost(texts, times, "bad_time"))
    if pa.types.is_floating(kind):
        return _convert_numbers(texts, rule.decimal)
    if pa.types.is_boolean(kind):
        return _keep_known(texts, _read_flags(texts), rule)
    if (choices := CHOICES.get((input_name, name))) is not None:
        lowered = pc.utf8_lower(texts)
        known = pc.if_else(pc.is_in(lowered, pa.array(choices)), lowered, pa.scalar(None, TEXT))
        return _keep_known(texts, known, rule, "unknown_role" if name == "role" else "unknown_value")
    if name == "lang":
        return _keep_known(texts, pc.struct_field(pc.extract_regex(pc.utf8_lower(texts), _LANG), "lang"), rule)
    if name == "text":
        is_long = pc.greater(pc.utf8_length(texts), MAX_TEXT_CHARACTERS)
        return Conformed(texts, reason_where(is_long, "too_long"))
    return _strip_fraction(texts) if rule.whole_number else Conformed(texts, pa.nulls(len(texts), TEXT))


def map_values(texts: pa.Array, rule: FieldRule, unknown: str, ignored: str) -> tuple[pa.Array, pa.Array]:
    """Apply a value map; upper and lower case are the same.

    Returns:
        The mapped texts, and reasons: `unknown` where the map lacks the value and rejects, `ignored` where it
        ignores.
    """
    if rule.values is None:
        return texts, pa.nulls(len(texts), TEXT)
    keys = pa.array([key for key, _ in rule.values], TEXT)
    places = pc.index_in(pc.utf8_lower(texts), keys)
    mapped = pa.array([target for _, target in rule.values], TEXT).take(places)
    # The empty text is a key like any other: null texts are looked up as it.
    if "" in (written := dict(rule.values)):
        mapped = pc.if_else(pc.is_null(texts), pa.scalar(written[""], TEXT), mapped)
    is_unknown = pc.and_(pc.is_valid(texts), pc.is_null(places))
    if rule.otherwise == "keep":
        return pc.if_else(is_unknown, texts, mapped), pa.nulls(len(texts), TEXT)
    if rule.otherwise == "null":
        return mapped, pa.nulls(len(texts), TEXT)
    return mapped, reason_where(is_unknown, unknown if rule.otherwise == "reject" else ignored)


def _lost(texts: pa.Array, values: pa.Array, reason: str) -> pa.Array:
    return reason_where(pc.and_(pc.is_valid(texts), pc.is_null(values)), reason)


def _keep_known(texts: pa.Array, values: pa.Array, rule: FieldRule, reason: str = "unknown_value") -> Conformed:
    """A closed list: an unknown value is a reason, unless the source says that it is nothing."""
    if rule.otherwise == "null":
        return Conformed(values, pa.nulls(len(texts), TEXT))
    return Conformed(values, _lost(texts, values, reason))


def _read_flags(texts: pa.Array) -> pa.Array:
    lowered = pc.utf8_lower(texts)
    is_yes, is_no = (pc.is_in(lowered, pa.array(words)) for words in (_YES, _NO))
    return pc.if_else(pc.or_(is_yes, is_no), is_yes, pa.scalar(None, pa.bool_()))


def _convert_numbers(texts: pa.Array, decimal: str) -> Conformed:
    if decimal == ",":
        # A point in such a number would be a thousands mark or a mistake: it is no number.
        texts_with_point = pc.replace_substring(pc.replace_substring(texts, ".", "?"), ",", ".")
    else:
        texts_with_point = texts
    is_number = pc.match_substring_regex(texts_with_point, r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$")
    plain = pc.replace_substring_regex(texts_with_point, r"^\+", "")
    numbers = pc.if_else(is_number, plain, pa.scalar(None, TEXT)).cast(NUMBER)
    numbers = pc.if_else(pc.is_finite(numbers), numbers, pa.scalar(None, NUMBER))
    return Conformed(numbers, _lost(texts, numbers, "bad_number"))


def _strip_fraction(texts: pa.Array) -> Conformed:
    """`3.0` -> `3`: ids that went through a table with missing ones."""
    whole = pc.struct_field(pc.extract_regex(texts, r"^(?P<whole>\d+)(?:\.0*)?$"), "whole")
    return Conformed(whole, _lost(texts, whole, "bad_number"))
