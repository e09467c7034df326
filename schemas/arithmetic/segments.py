"""The names that aggregate tables give to groups: a company's own, `unknown`, and `all` for everybody."""

import pyarrow as pa
import pyarrow.compute as pc

ALL = "all"
UNKNOWN = "unknown"
# A company's own segment named `all` would be mixed up with everybody.
OWN_ALL = "all (segment)"


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
