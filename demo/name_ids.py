"""Ids and times as exports write them."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo.types import Floats, Ints

# An odd factor modulo a power of two gives every number an id of its own, in no visible order.
_SPREAD = 2**27
MOST_CUSTOMERS = _SPREAD


def name_customers(numbers: Ints) -> pa.Array:
    """The company's ids of customers, `CU-094711212`."""
    return _join("CU-", 100_000_000 + (numbers * 74_207_281 + 9_176_543) % _SPREAD)


def name_handles(numbers: Ints) -> pa.Array:
    """The customers' ids on social media, `soc_130041257`."""
    return _join("soc_", 100_000_000 + (numbers * 51_828_053 + 3_021_377) % _SPREAD)


def name_rows(prefix: str, chunk: int, count: int) -> pa.Array:
    """Ids that count through a chunk of the demo, `T-100000042`: at most ten million a chunk."""
    return _join(prefix, 100_000_000 + chunk * 10_000_000 + np.arange(count))


def format_times(times: Floats) -> pa.Array:
    """Write seconds since the epoch as ISO 8601 in UTC; null where infinite."""
    stamps = pa.array(np.where(np.isfinite(times), times, 0).astype(np.int64), pa.timestamp("s"))
    return pc.if_else(pa.array(np.isfinite(times)), pc.strftime(stamps, "%Y-%m-%dT%H:%M:%SZ"), None)


def _join(prefix: str, numbers: Ints) -> pa.Array:
    return pc.binary_join_element_wise(prefix, pc.cast(pa.array(numbers), pa.string()), "")
