"""Read times: texts in an export's own format -> UTC, for whole columns at once.

Arrow's `strptime` knows neither offsets nor fractions and takes month names from the machine's locale,
so a format becomes a regular expression and the parts become numbers.
"""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import UsageError
from schemas.types import TIME

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
EARLIEST_YEAR, LATEST_YEAR = 1900, 2100

# Offsets in use reach from -12:00 to +14:00.
_ZONE = r"(?P<z>[zZ]|UTC|GMT|[+-](?:0\d|1[0-4])(?::?[0-5]\d)?)"
_DIRECTIVES = {
    "Y": r"(?P<Y>\d{4})", "y": r"(?P<y>\d{2})", "m": r"(?P<m>\d{1,2})", "d": r"(?P<d>\d{1,2})",
    "b": r"(?P<b>[A-Za-z]{3})[a-z]*\.?", "B": r"(?P<b>[A-Za-z]{3})[a-z]*\.?",
    "a": r"[A-Za-z]+\.?", "A": r"[A-Za-z]+\.?",
    "H": r"(?P<H>\d{1,2})", "I": r"(?P<I>\d{1,2})", "M": r"(?P<M>\d{1,2})", "S": r"(?P<S>\d{1,2})",
    "f": r"(?P<f>\d{1,9})", "p": r"(?P<p>[AaPp]\.?[Mm]\.?)", "z": _ZONE, "%": "%",
}  # fmt: skip
_ISO = (
    r"(?P<Y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})"
    r"(?:[T ](?P<H>\d{2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.,](?P<f>\d{1,9}))?)?(?: ?" + _ZONE + r")?)?"
)
_EPOCHS = {
    "unix": (r"(?P<epoch>\d{1,11})(?:\.(?P<f>\d{1,9}))?", 1_000_000),
    "unix_ms": (r"(?P<epoch>\d{1,14})", 1_000),
}


def check_format(time_format: str) -> None:
    """Refuse a format that cannot be read.

    Raises:
        UsageError: A directive is unknown, stands twice, or the format says no day.
    """
    pattern = _pattern(time_format)
    try:
        groups = re.compile(pattern).groupindex
    except re.error as error:
        raise UsageError(f"time format {time_format!r} names a part twice") from error
    if "epoch" not in groups and not ({"d"} <= set(groups) and {"Y", "y"} & set(groups) and {"m", "b"} & set(groups)):
        raise UsageError(f"time format {time_format!r} does not say year, month and day")
    if ("I" in groups) != ("p" in groups):
        raise UsageError(f"time format {time_format!r}: %I and %p go together")


def parse_times(texts: pa.Array, formats: tuple[str, ...], zone: str) -> pa.Array:
    """Read times by the first format that fits each of them.

    A local hour that the clock passes twice is taken as its first passing, one that it skips as the moment
    of the jump. Parts of a microsecond are cut off.

    Args:
        texts: The times, without blanks around them.
        formats: `iso`, `unix`, `unix_ms`, or a pattern in the directives of `strptime`.
        zone: The IANA zone of the times that name no offset.

    Returns:
        `timestamp[us, UTC]`; null where no format fits, or the year is not 1900 to 2099.
    """
    found = pa.nulls(len(texts), TIME)
    for time_format in formats:
        if found.null_count == 0:
            break
        found = pc.coalesce(found, _parse(texts, time_format, zone))
    return found


def _pattern(time_format: str) -> str:
    if time_format == "iso":
        return f"^{_ISO}$"
    if time_format in _EPOCHS:
        return f"^{_EPOCHS[time_format][0]}$"
    pieces = re.split(r"%(.)", time_format)
    if unknown := [name for name in pieces[1::2] if name not in _DIRECTIVES]:
        known = ", ".join(f"%{name}" for name in _DIRECTIVES)
        raise UsageError(f"time format {time_format!r}: %{unknown[0]} is unknown; known: {known}, iso, unix, unix_ms")
    turned = [_DIRECTIVES[piece] if at % 2 else re.escape(piece) for at, piece in enumerate(pieces)]
    return f"^{''.join(turned)}$"


def _parse(texts: pa.Array, time_format: str, zone: str) -> pa.Array:
    pattern = _pattern(time_format)
    parts = pc.extract_regex(texts, pattern)
    names = list(re.compile(pattern).groupindex)
    if "epoch" in names:
        micros = _number(parts, names, "epoch") * _EPOCHS[time_format][1] + _micros(parts, names)
        is_good = (micros >= _first_micros(EARLIEST_YEAR)) & (micros < _first_micros(LATEST_YEAR))
    else:
        micros, is_good = _local_micros(parts, names)
    is_good &= np.asarray(pc.is_valid(parts))
    local = pa.array(micros, pa.timestamp("us"), mask=~is_good)
    if "epoch" in names:
        return local.cast(TIME)
    offsets = pc.struct_field(parts, "z") if "z" in names else pa.nulls(len(texts), pa.string())
    has_offset = pc.fill_null(pc.not_equal(offsets, ""), False)
    named = pc.subtract(local, pa.array(_offset_micros(offsets), pa.duration("us"))).cast(TIME)
    unnamed = pc.assume_timezone(local, zone, ambiguous="earliest", nonexistent="latest").cast(TIME)
    return pc.if_else(has_offset, named, unnamed)


def _text(parts: pa.Array, name: str) -> pa.Array:
    return pc.fill_null(pc.struct_field(parts, name), "")


def _number(parts: pa.Array, names: list[str], name: str, default: int = 0) -> np.ndarray:
    if name not in names:
        return np.full(len(parts), default, dtype=np.int64)
    digits = _text(parts, name)
    return np.asarray(pc.if_else(pc.equal(digits, ""), str(default), digits).cast(pa.int64()))


def _micros(parts: pa.Array, names: list[str]) -> np.ndarray:
    if "f" not in names:
        return np.zeros(len(parts), dtype=np.int64)
    return np.asarray(pc.utf8_slice_codeunits(pc.utf8_rpad(_text(parts, "f"), 6, "0"), 0, 6).cast(pa.int64()))


def _local_micros(parts: pa.Array, names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Microseconds of the wall clock since 1970, and which are real dates and times."""
    year = _number(parts, names, "Y") if "Y" in names else _full_year(_number(parts, names, "y"))
    month = _number(parts, names, "m") if "m" in names else _month(_text(parts, "b"))
    day, minute, second = (_number(parts, names, name) for name in ("d", "M", "S"))
    hour = _number(parts, names, "H")
    is_good = (year >= EARLIEST_YEAR) & (year < LATEST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    if "I" in names:
        half = _number(parts, names, "I")
        is_good &= (half >= 1) & (half <= 12)
        hour = half % 12 + 12 * np.asarray(pc.match_substring_regex(_text(parts, "p"), "^[Pp]"))
    is_good &= (hour <= 23) & (minute <= 59) & (second <= 59)
    months = np.where(is_good, (year - 1970) * 12 + month - 1, 0)
    first = months.astype("M8[M]").astype("M8[D]").astype(np.int64)
    is_good &= day <= (months + 1).astype("M8[M]").astype("M8[D]").astype(np.int64) - first
    seconds = ((first + day - 1) * 24 + hour) * 3600 + minute * 60 + second
    return np.where(is_good, seconds * 1_000_000 + _micros(parts, names), 0), is_good


def _full_year(short: np.ndarray) -> np.ndarray:
    return np.where(short < 69, 2000 + short, 1900 + short)  # as POSIX strptime does


def _month(names: pa.Array) -> np.ndarray:
    return np.asarray(pc.fill_null(pc.index_in(pc.utf8_lower(names), pa.array(MONTHS)), -1)).astype(np.int64) + 1


def _first_micros(year: int) -> int:
    return int(np.datetime64(f"{year}-01-01", "us").astype(np.int64))


def _offset_micros(offsets: pa.Array) -> np.ndarray:
    digits = pc.replace_substring_regex(pc.fill_null(offsets, ""), "[^0-9]", "")
    filled = pc.utf8_rpad(digits, 4, "0").cast(pa.int64())
    minutes = np.asarray(filled) // 100 * 60 + np.asarray(filled) % 100
    is_west = np.asarray(pc.fill_null(pc.starts_with(offsets, "-"), False))
    return np.where(is_west, -minutes, minutes) * 60_000_000
