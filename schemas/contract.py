"""What a table promises: its columns, their meaning, unit and null rule, and its natural key."""

from dataclasses import dataclass

import pyarrow as pa

NEVER = "never"


def column(name: str, kind: pa.DataType, meaning: str, *, unit: str = "", null: str = NEVER) -> pa.Field:
    """Describe one column.

    Args:
        name: The column's name.
        kind: The column's Arrow type.
        meaning: One line that says what the value is.
        unit: The unit of the value, or nothing where it has none.
        null: When the value is null; `never` makes the column required.

    Returns:
        The Arrow field, with meaning, unit and null rule as its metadata.
    """
    notes = {"meaning": meaning, "unit": unit, "null": null}
    return pa.field(name, kind, nullable=null != NEVER, metadata=notes)


@dataclass(frozen=True)
class Contract:
    """One table's promise.

    Attributes:
        name: The table's name, which is also its folder in the lake.
        meaning: What one row is.
        key: The natural key: unique, and the order of the rows.
        version: `major.minor`; a column that goes or changes is a new major, one that comes a minor.
        columns: The columns in their order.
    """

    name: str
    meaning: str
    key: tuple[str, ...]
    version: str
    columns: tuple[pa.Field, ...]

    def __post_init__(self) -> None:
        """Refuse a key that is not among the columns."""
        if missing := [name for name in self.key if name not in self.schema.names]:
            raise ValueError(f"contract {self.name}: the key names {missing}, which are no columns")

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema, with the table's own notes as metadata; it is written into each file."""
        notes = {
            "table": self.name,
            "meaning": self.meaning,
            "version": self.version,
            "key": ",".join(self.key),
        }
        return pa.schema(self.columns, metadata=notes)

    def empty(self) -> pa.RecordBatch:
        """A batch without rows; `schema.empty_table().to_batches()` gives none at all."""
        return pa.RecordBatch.from_pylist([], schema=self.schema)
