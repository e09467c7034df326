"""Look rows of other tables up: joins by key, and values as they were when a message was sent."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.conform.rows import NO_MATCH, Rows, read_field
from schemas.conform.times import parse_times
from schemas.formats.text_stream import BROKEN
from schemas.sources.rules import ISO, History, Input, Join
from schemas.types import TEXT


def join_rows(batch: pa.RecordBatch, side: pa.Table, join: Join) -> pa.RecordBatch:
    """Add the columns of another table, named `join.column`; null where there is no match.

    Args:
        batch: Rows of the main table, as text.
        side: The other table as `prepare_side` makes it.
        join: Which columns must be equal.

    Returns:
        The same rows in their order. Of several matches, the one with the greatest text in `join.latest`
        counts, and of those the first by all its cells, so that the order of the files does not matter.
    """
    keys = Rows(batch).text(join.on)
    # The hash table is built over the batch's few keys, not over the whole side for each batch.
    matches = side.filter(pc.is_in(side[join.key], value_set=pc.unique(keys)))
    order = [(join.latest, "descending")] if join.latest else []
    order += [(name, "ascending") for name in sorted(matches.column_names) if name != join.latest]
    matches = matches.sort_by(order)
    places = pc.index_in(keys, value_set=matches[join.key].combine_chunks())
    for name in matches.column_names:
        column = matches[name].combine_chunks().take(places) if len(matches) else pa.nulls(len(batch), TEXT)
        batch = batch.append_column(f"{join.name}.{name}", column)
    if join.required:
        lost = pc.if_else(pc.is_null(places), pa.scalar(join.on[0], TEXT), pa.scalar(None, TEXT))
        if NO_MATCH in batch.schema.names:
            lost, batch = pc.coalesce(batch[NO_MATCH], lost), batch.drop_columns([NO_MATCH])
        batch = batch.append_column(NO_MATCH, lost)
    return batch


def prepare_side(side: pa.Table, key: str, *, key_is_list: bool = False) -> pa.Table:
    """The rows of another table that can be found: sound, and with a key.

    Args:
        side: Its columns as text, with the readers' marks.
        key: The column to be found by.
        key_is_list: The column holds lists as `[12, 13]`; then each of their items is a row.

    Returns:
        The export's columns, the key trimmed and never null.
    """
    table = side.filter(pc.is_null(side[BROKEN]))
    table = table.select([name for name in table.column_names if not name.startswith("staunen:")])
    keys = table[key].combine_chunks()
    if key_is_list:
        lists = pc.split_pattern(pc.replace_substring_regex(pc.fill_null(keys, ""), r"[\[\]\"'\s]", ""), ",")
        table, keys = table.take(pc.list_parent_indices(lists)), pc.list_flatten(lists)
    keys = pc.utf8_trim_whitespace(keys)
    table = table.set_column(table.schema.get_field_index(key), key, keys)
    return table.filter(pc.not_equal(table[key], ""))


def add_history(batch: pa.RecordBatch, log: pa.Table, history: History, found: Input) -> pa.RecordBatch:
    """Add the column of a history: the value when the message was sent.

    That is what the last change before it set, else what the first change after it replaced, else what
    `history.otherwise` says now.

    Args:
        batch: Rows of the main table, joined.
        log: The log as `prepare_side` makes it.
        history: Where the log keeps what.
        found: The input, for the time of the message and the log's time formats.
    """
    rows = Rows(batch)
    owners = rows.text(history.of)
    log = log.filter(pc.is_in(log[history.key], value_set=pc.unique(owners)))
    # RE2's named groups are Python's.
    parts = pc.extract_regex(log[history.text].combine_chunks(), history.pattern)
    log_at = parse_times(pc.utf8_trim_whitespace(log[history.at].combine_chunks()), (*found.formats, ISO), found.zone)
    is_change = pc.and_(pc.is_valid(parts), pc.is_valid(log_at))
    log, parts, log_at = log.filter(is_change), parts.filter(is_change), log_at.filter(is_change)
    sent_at = read_field(batch, found, "sent_at")
    values = rows.text(history.otherwise) if history.otherwise else pa.nulls(len(batch), TEXT)
    if len(log):
        before, after = (pc.utf8_trim_whitespace(pc.struct_field(parts, name)) for name in ("before", "after"))
        names = pc.unique(log[history.key].combine_chunks())
        last, following = _around(_codes(log[history.key], names), log_at, after, _codes(owners, names), sent_at)
        values = pc.coalesce(after.take(last), before.take(following), values)
    return batch.append_column(history.name, values)


def _codes(values: pa.Array | pa.ChunkedArray, names: pa.Array) -> np.ndarray:
    texts = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return np.asarray(pc.fill_null(pc.index_in(texts, value_set=names), -1)).astype(np.int64)


def _around(
    log_codes: np.ndarray, log_at: pa.Array, log_texts: pa.Array, codes: np.ndarray, at: pa.Array
) -> tuple[pa.Array, pa.Array]:
    """Where in the log its author's last change before each message stands, and the first one after it."""
    size, changes = len(codes), len(log_codes)
    owner = np.concatenate([log_codes, codes])
    micros = np.concatenate([_micros(log_at), _micros(at)])
    is_message = np.concatenate([np.zeros(changes, bool), np.ones(size, bool)])
    # Changes of the same moment are ordered by their text, so that the order of the files does not matter.
    ties = np.concatenate([np.asarray(pc.rank(log_texts)).astype(np.int64), np.zeros(size, np.int64)])
    order = np.lexsort((ties, is_message, micros, owner))
    place = np.where(is_message[order], -1, np.arange(len(order)))
    before = np.maximum.accumulate(place)
    after = np.where(is_message[order], len(order), np.arange(len(order)))
    after = np.minimum.accumulate(after[::-1])[::-1]
    found = []
    for places, is_there in ((before, before >= 0), (after, after < len(order))):
        entries = order[np.where(is_there, places, 0)]
        is_own = is_there & (owner[entries] == owner[order])
        result, known = np.zeros(len(order), np.int64), np.zeros(len(order), bool)
        result[order], known[order] = entries, is_own
        is_timed = np.asarray(pc.is_valid(at)) & (codes >= 0)
        found.append(pa.array(result[changes:], mask=~(known[changes:] & is_timed)))
    return found[0], found[1]


def _micros(times: pa.Array) -> np.ndarray:
    return np.asarray(pc.fill_null(times.cast(pa.int64()), 0)).astype(np.int64)
