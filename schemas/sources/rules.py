"""SOURCE RULES: how an export becomes our columns, as plain frozen values that travel to the workers."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

# The names that an export may use for one column; the first that a file has counts.
ColumnNames = tuple[str, ...]
Otherwise = Literal["reject", "null", "keep", "ignore"]
FileFormat = Literal["csv", "jsonl", "parquet"]

ISO = "iso"


@dataclass(frozen=True)
class Condition:
    """A column holds one of some values.

    Attributes:
        column: The column.
        values: What it may hold, in lower case; `*` is anything, the empty text is nothing.
        same_as: Another column that must hold the same; then `values` is empty.
    """

    column: ColumnNames
    values: tuple[str, ...] = ()
    same_as: ColumnNames = ()


@dataclass(frozen=True)
class FieldRule:
    """Where one of our columns comes from.

    Attributes:
        columns: The export's columns; several are joined by `separator`.
        separator: What stands between joined columns.
        constant: The value for every row, instead of a column.
        values: The value map, keys in lower case; None where there is none.
        otherwise: What happens to a value that the map (or no rule) knows.
        formats: Time formats, tried in turn.
        zone: The zone of times that name none.
        decimal: The decimal mark of numbers.
        whole_number: The value is a whole number that may be written as `3.0`.
        from_content: Where the file has none of the columns, the id is a hash of the row's cells.
        cases: Rules with conditions; the first that fits counts.
        by_role: One rule per role of the author; other roles get null.
    """

    columns: tuple[ColumnNames, ...] = ()
    separator: str = "\n\n"
    constant: str | None = None
    values: tuple[tuple[str, str | None], ...] | None = None
    otherwise: Otherwise = "reject"
    formats: tuple[str, ...] = (ISO,)
    zone: str = "UTC"
    decimal: str = "."
    whole_number: bool = False
    from_content: bool = False
    cases: "tuple[Case, ...]" = ()
    by_role: "tuple[tuple[str, FieldRule], ...]" = ()

    def references(self) -> Iterator[ColumnNames]:
        """Every column that the rule reads."""
        yield from self.columns
        for case in self.cases:
            for condition in case.when:
                yield condition.column
                if condition.same_as:
                    yield condition.same_as
            yield from case.rule.references()
        for _, rule in self.by_role:
            yield from rule.references()


@dataclass(frozen=True)
class Case:
    """A rule that holds where all its conditions do.

    Attributes:
        when: The conditions; none means always.
        rule: Where the value comes from.
    """

    when: tuple[Condition, ...]
    rule: FieldRule


@dataclass(frozen=True)
class Table:
    """One kind of file of an input, and how it is read.

    Attributes:
        name: The name on the command line, as in `--messages ticket=GLOB`.
        format: csv, jsonl or parquet; None takes it from the file's extension.
        delimiter: What stands between the cells of a CSV; None takes a tab for .tsv, else a comma.
        encoding: The encoding of CSV and JSONL.
        skip_until_header: Lines may stand before the header of a CSV, which is found by its columns.
        optional: A run may go without the table.
    """

    name: str
    format: FileFormat | None = None
    delimiter: str | None = None
    encoding: str = "utf-8"
    skip_until_header: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Join:
    """Another table whose columns are looked up for each row; they are named `join.column`.

    Attributes:
        name: The prefix of its columns.
        table: The table.
        on: The main table's column that refers to it.
        key: The table's column that is referred to.
        key_is_list: `key` holds a list of ids, as `[12, 13]`.
        latest: Of several rows with one key, the one with the greatest text in this column counts.
        required: A row without a match is rejected.
    """

    name: str
    table: str
    on: ColumnNames
    key: str
    key_is_list: bool = False
    latest: str | None = None
    required: bool = False


@dataclass(frozen=True)
class History:
    """A value as it was when the message was sent, from a log of its changes.

    Attributes:
        name: The name of the column that this makes.
        table: The log's table.
        of: The main table's column that says whose value it is.
        key: The log's column that says the same.
        at: The log's column of the time of the change.
        text: The log's column that tells the change.
        pattern: A regular expression with the groups `before` and `after`; rows that it does not fit are
            passed over.
        otherwise: The column that holds the value where the log knows no change.
    """

    name: str
    table: str
    of: ColumnNames
    key: str
    at: str
    text: str
    pattern: str
    otherwise: ColumnNames = ()


@dataclass(frozen=True)
class Input:
    """One input of a source.

    Attributes:
        name: messages, changes, events, surveys, customers or identities.
        table: The main table.
        tables: All tables, the main one first.
        fields: One rule per column of ours; columns without one are null.
        optional: Our columns whose export columns a file may lack.
        joins: Tables that are looked up.
        histories: Values at the time of the message.
        ignore_when: Rows that are left out on purpose, such as deleted tickets; counted, not rejected.
        text_optional: A row without text is kept.
        formats: Time formats of the input.
        zone: The zone of times that name none.
    """

    name: str
    table: str
    tables: tuple[Table, ...]
    fields: tuple[tuple[str, FieldRule], ...]
    optional: tuple[str, ...] = ()
    joins: tuple[Join, ...] = ()
    histories: tuple[History, ...] = ()
    ignore_when: tuple[Condition, ...] = ()
    text_optional: bool = False
    formats: tuple[str, ...] = (ISO,)
    zone: str = "UTC"

    @property
    def id_from_content(self) -> bool:
        """Whether ids may be hashes of the row; then identical rows share one and must be numbered."""
        return any(rule.from_content for _, rule in self.fields)

    def table_named(self, name: str) -> Table:
        """The table of that name."""
        return next(table for table in self.tables if table.name == name)


@dataclass(frozen=True)
class Source:
    """One kind of export.

    Attributes:
        name: Its name.
        description: A line for people.
        file: The YAML file.
        inputs: Its inputs, by name.
        every_conversation_is_a_complaint: The export holds complaints only.
    """

    name: str
    description: str
    file: str
    inputs: tuple[Input, ...] = field(default=())
    every_conversation_is_a_complaint: bool = False

    def input_named(self, name: str) -> Input | None:
        """The input of that name, or None where the source has none."""
        return next((found for found in self.inputs if found.name == name), None)

    @property
    def messages(self) -> Input:
        """The messages, which every source has."""
        return next(found for found in self.inputs if found.name == "messages")
