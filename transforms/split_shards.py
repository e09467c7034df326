"""Split batches into shards, so that all rows of one case or customer meet in one place."""

from collections.abc import Iterator
from dataclasses import dataclass
from zlib import crc32

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from apache_beam.pvalue import PCollection

# Enough for tens of workers; few enough that a shard of a small night is still a batch worth having.
# A fixed number, because it decides nothing that a reader sees: tables are sorted when published.
SHARDS = 64


def number_shards(keys: pa.Array) -> np.ndarray:
    """Give each key its shard.

    Args:
        keys: Strings; a null counts as the empty string.

    Returns:
        Shard numbers from 0, `int64`, as long as `keys`. CRC-32 is the same in every process, which
        Python's own `hash` is not.
    """
    encoded = pc.fill_null(keys, "").dictionary_encode()
    # One loop over the distinct keys: Arrow has no hash kernel.
    of_key = np.fromiter(
        (crc32(key.encode()) % SHARDS for key in encoded.dictionary.to_pylist()),
        np.int64,
        len(encoded.dictionary),
    )
    return of_key[encoded.indices.to_numpy(zero_copy_only=False)] if len(keys) else np.empty(0, np.int64)


def split_shards(batch: pa.RecordBatch, *, columns: tuple[str, ...]) -> Iterator[tuple[int, pa.RecordBatch]]:
    """Cut a batch by shard.

    Args:
        batch: Any columns.
        columns: The key column, then those that stand in for it where it is null.

    Yields:
        Shard number and its rows, in their order; shards without rows are left out.
    """
    shards = number_shards(pc.coalesce(*(batch.column(name) for name in columns)))
    order = np.argsort(shards, kind="stable")
    together = batch.take(pa.array(order))
    present, starts = np.unique(shards[order], return_index=True)
    ends = np.append(starts, batch.num_rows)[1:]
    for shard, start, end in zip(present.tolist(), starts.tolist(), ends.tolist(), strict=True):
        yield shard, together.slice(start, end - start)


@dataclass(eq=False)
class SplitShards(beam.PTransform):
    """Key the rows by shard of `columns` (the key, then its stand-ins)."""

    columns: tuple[str, ...]

    def expand(self, batches: PCollection[pa.RecordBatch]) -> PCollection[tuple[int, pa.RecordBatch]]:
        """Split each batch."""
        return batches | "Split" >> beam.FlatMap(split_shards, columns=self.columns).with_output_types(
            tuple[int, pa.RecordBatch]
        )
