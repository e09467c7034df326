"""Parse the parts of a source that say how files are read and how tables belong together."""

import re
from typing import cast

from schemas.sources.rules import ColumnNames, FileFormat, History, Join, Table
from schemas.sources.yaml_nodes import Node

TABLE_KEYS = ("format", "delimiter", "encoding", "skip_until_header")
JOIN_KEYS = ("table", "on", "key", "key_is_list", "latest", "required")
HISTORY_KEYS = ("table", "of", "key", "at", "text", "pattern", "otherwise")

FORMATS = ("csv", "jsonl", "parquet")
DELIMITERS = {",": ",", ";": ";", "\t": "\t", "tab": "\t", "|": "|"}
ENCODINGS = ("utf-8", "windows-1252", "iso-8859-1", "utf-16")


def parse_table(name: str, keys: dict[str, Node], base: Table | None = None, *, optional: bool = False) -> Table:
    """How one table's files are read; what `keys` does not say is taken from `base`."""
    base = base or Table(name)
    return Table(
        name=name,
        format=cast(FileFormat, keys["format"].choice(FORMATS)) if "format" in keys else base.format,
        delimiter=DELIMITERS[keys["delimiter"].choice(DELIMITERS)] if "delimiter" in keys else base.delimiter,
        encoding=keys["encoding"].choice(ENCODINGS) if "encoding" in keys else base.encoding,
        skip_until_header=keys["skip_until_header"].flag() if "skip_until_header" in keys else base.skip_until_header,
        optional=optional,
    )


def parse_joins(node: Node | None) -> tuple[Join, ...]:
    """The lookups of other tables."""
    return tuple(_parse_join(name, child) for name, child in (node.mapping() if node else {}).items())


def parse_histories(node: Node | None) -> tuple[History, ...]:
    """The columns that come from logs of changes."""
    return tuple(_parse_history(name, child) for name, child in (node.mapping() if node else {}).items())


def names_of(node: Node) -> ColumnNames:
    """One column, or the alternatives of one."""
    return node.texts()


def need(keys: dict[str, Node], parent: Node, *names: str) -> None:
    """Refuse a mapping that lacks a key it needs."""
    for name in names:
        if name not in keys:
            parent.fail(f"the key `{name}` is missing")


def _parse_join(name: str, node: Node) -> Join:
    keys = node.mapping(JOIN_KEYS)
    need(keys, node, "on", "key")
    return Join(
        name=name,
        table=keys["table"].text() if "table" in keys else name,
        on=names_of(keys["on"]),
        key=keys["key"].text(),
        key_is_list="key_is_list" in keys and keys["key_is_list"].flag(),
        latest=keys["latest"].text() if "latest" in keys else None,
        required="required" in keys and keys["required"].flag(),
    )


def _parse_history(name: str, node: Node) -> History:
    keys = node.mapping(HISTORY_KEYS)
    need(keys, node, "table", "of", "key", "at", "text", "pattern")
    pattern = keys["pattern"].text()
    try:
        groups = set(re.compile(pattern).groupindex)
    except re.error as error:
        keys["pattern"].fail(f"this is no regular expression: {error}")
    if groups != {"before", "after"}:
        keys["pattern"].fail("the pattern needs exactly the groups (?P<before>...) and (?P<after>...)")
    return History(
        name=name,
        table=keys["table"].text(),
        of=names_of(keys["of"]),
        key=keys["key"].text(),
        at=keys["at"].text(),
        text=keys["text"].text(),
        pattern=pattern,
        otherwise=names_of(keys["otherwise"]) if "otherwise" in keys else (),
    )
