"""The names that aggregate tables give to groups: a company's own, `unknown`, and `all` for everybody."""

import pyarrow as pa
import pyarrow.compute as pc

from schemas.errors import UsageError

ALL = "all"
UNKNOWN = "unknown"
# A company's own segment named `all` would be mixed up with everybody.
OWN_ALL = "all (segment)"
# Tables by segment have a row for each combination; an id in the segment's column would make millions.
MOST_SEGMENTS = 1_000


def name_segments(segments: pa.Array) -> pa.Array:
    """Name each segment as the aggregate tables do.

    Args:
        segments: The company's own names; null where not known.

    Returns:
        The names, `unknown` for null and `all (segment)` for `all`.

    Example:
        ["gold", None, "all"] gives ["gold", "unknown", "all (segment)"].
    """
    named = pc.fill_null(segments, UNKNOWN)
    return pc.if_else(pc.equal(named, ALL), OWN_ALL, named)


def check_segments(segments: pa.Array) -> None:
    """Refuse a column that names customers rather than groups of them.

    Raises:
        UsageError: There are more than `MOST_SEGMENTS` segments.
    """
    if (count := pc.count_distinct(segments).as_py()) > MOST_SEGMENTS:
        raise UsageError(
            f"column segment of the customers export has {count:,} values, and at most {MOST_SEGMENTS:,} can be "
            "compared; map it to groups of customers in the source"
        )
