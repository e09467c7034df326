"""Which columns a source reads from each of its tables, and whether a file has them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from schemas.errors import InputError
from schemas.sources.rules import ColumnNames, Input
from schemas.sources.yaml_nodes import suggest

# What no column is called: a long text, an address, a number, a date, or a sentence.
_LIKE_DATA = re.compile(r"^.{41}|@|\d{5}|\d{4}-\d\d|[.!?,] |^\d+$", re.DOTALL)


@dataclass(frozen=True)
class Wanted:
    """The columns of one table that a source reads.

    Attributes:
        table: The table's name.
        required: Columns that each file must have, each by one of its names.
        optional: Columns that a file may lack.
        content_unless: Rows are hashed where a file has none of these id columns; empty means never.
    """

    table: str
    required: tuple[ColumnNames, ...]
    optional: tuple[ColumnNames, ...] = ()
    content_unless: ColumnNames = ()

    def missing(self, header: list[str]) -> list[ColumnNames]:
        """The required columns that the header lacks."""
        return [names for names in self.required if not set(names) & set(header)]

    def choose(self, header: list[str], file: str) -> list[str]:
        """The columns to read: of alternatives, the first that the file has.

        Raises:
            InputError: A required column is missing, or a column to read stands twice in the header.
        """
        if missing := self.missing(header):
            raise InputError(
                f"{file}: the column {' or '.join(missing[0])} of {self.table} is missing"
                f"{_near(missing[0], header)}; columns found: {_show(header)}. "
                "Name the right column in the source's YAML"
            )
        options = (next((name for name in names if name in header), None) for names in self.required + self.optional)
        chosen = list(dict.fromkeys(name for name in options if name is not None))
        if twice := [name for name in chosen if header.count(name) > 1]:
            raise InputError(f"{file}: the column {twice[0]!r} stands twice in the header; rename one of them")
        return chosen

    def hashes_rows(self, header: list[str]) -> bool:
        """Whether the file has no id column, so that ids come from the rows' content."""
        return bool(self.content_unless) and not set(self.content_unless) & set(header)


def find_wanted(found: Input, table: str) -> Wanted:
    """The columns that an input reads from one of its tables."""
    required: dict[ColumnNames, None] = {}
    optional: dict[ColumnNames, None] = {}
    content: tuple[str, ...] = ()
    for owner, names, is_required in _references(found):
        if owner == table:
            (required if is_required else optional)[names] = None
    if table == found.table:
        content = tuple(name for _, rule in found.fields if rule.from_content for name in rule.columns[0])
    return Wanted(table, tuple(required), tuple(names for names in optional if names not in required), content)


def _references(found: Input) -> Iterator[tuple[str, ColumnNames, bool]]:
    """Every (table, column, whether required) that the input reads."""
    for join in found.joins:
        yield found.table, join.on, True
        yield join.table, (join.key,), True
        if join.latest:
            yield join.table, (join.latest,), True
    for history in found.histories:
        yield found.table, history.of, True
        yield from ((history.table, (name,), True) for name in (history.key, history.at, history.text))
        yield from _placed(found, history.otherwise, is_required=True)
    for condition in found.ignore_when:
        yield from _placed(found, condition.column, is_required=True)
    for name, rule in found.fields:
        for names in rule.references():
            yield from _placed(found, names, is_required=name not in found.optional and not rule.from_content)


def _placed(found: Input, names: ColumnNames, *, is_required: bool) -> Iterator[tuple[str, ColumnNames, bool]]:
    """The table that holds a column: the main one, or a join's; nothing for a column that a history makes."""
    tables = {join.name: join.table for join in found.joins}
    made = {history.name for history in found.histories}
    joined = [name.partition(".") for name in names if name.partition(".")[0] in tables]
    for prefix, _, column in joined:
        yield tables[prefix], (column,), is_required
    plain = tuple(name for name in names if name not in made and name.partition(".")[0] not in tables)
    if plain:
        yield found.table, plain, is_required and not joined


def _near(names: ColumnNames, header: list[str]) -> str:
    hints = (suggest(name, header) for name in names)
    return next((hint for hint in hints if "did you mean" in hint), "")


def _show(header: list[str]) -> str:
    """The header for a message; not where it looks like a customer's row, in a file without a header."""
    if any(_LIKE_DATA.search(name) for name in header):
        return "none, for the first row looks like data: add a header"
    names = [repr(name) for name in header[:60]]
    return ", ".join(names) + (f" and {len(header) - 60} more" if len(header) > 60 else "") or "none"
