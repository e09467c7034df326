"""SOURCES: an export's layout as one YAML file; how to write one is told in docs/sources.md."""

from dataclasses import replace
from pathlib import Path

from schemas.errors import SourceError
from schemas.sources.columns import find_wanted
from schemas.sources.fields import parse_conditions, parse_defaults, parse_field
from schemas.sources.inputs import INPUTS, field_names
from schemas.sources.rules import FieldRule, Input, Source, Table
from schemas.sources.tables import TABLE_KEYS, need, parse_histories, parse_joins, parse_table
from schemas.sources.yaml_nodes import Node, parse_yaml, suggest

PRESETS = Path(__file__).parent
CUSTOMER_EXPORTS = ("events", "surveys", "customers", "identities")
SOURCE_KEYS = ("name", "description", "every_conversation_is_a_complaint", *INPUTS)
INPUT_KEYS = (
    "columns", "optional", "table", "tables", "joins", "history", "ignore_when", "text_optional",
    "time_formats", "zone", "decimal", *TABLE_KEYS,
)  # fmt: skip


def load_source(name_or_path: str) -> Source:
    """Read a source: a preset by its name, or a YAML file by its path.

    Args:
        name_or_path: `cfpb`, or `exports/ours.yaml`.

    Raises:
        SourceError: There is no such source, or it breaks a rule; names file, line, key and rule.
    """
    preset = PRESETS / f"{name_or_path}.yaml"
    path = preset if preset.is_file() else Path(name_or_path)
    if not path.is_file():
        known = sorted(found.stem for found in PRESETS.glob("*.yaml"))
        raise SourceError(f"no source {name_or_path!r}: neither a preset nor a YAML file{suggest(name_or_path, known)}")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"{path} cannot be read as UTF-8 text: {error}") from error
    return _add_customer_exports(parse_source(text, str(path)))


def _add_customer_exports(source: Source) -> Source:
    """Let a source read the exports about customers as `generic` does, where it says nothing of its own.

    Orders and surveys rarely come from the system that holds the messages. A source without customers has no use
    for them.
    """
    if not any(name == "customer_id" for name, _ in source.messages.fields):
        return source
    missing = [name for name in CUSTOMER_EXPORTS if source.input_named(name) is None]
    generic = PRESETS / "generic.yaml"
    common = parse_source(generic.read_text(encoding="utf-8"), str(generic))
    more = [found for name in missing if (found := common.input_named(name)) is not None]
    return replace(source, inputs=(*source.inputs, *more))


def list_sources() -> list[Source]:
    """The presets, by name."""
    return [load_source(found.stem) for found in sorted(PRESETS.glob("*.yaml"))]


def parse_source(text: str, file: str) -> Source:
    """Read a source from the text of its YAML file; `file` is for messages.

    Raises:
        SourceError: The text breaks a rule; names file, line, key and rule.
    """
    root = parse_yaml(text, file)
    keys = root.mapping(SOURCE_KEYS)
    need(keys, root, "name", "messages")
    complaints = keys.get("every_conversation_is_a_complaint")
    return Source(
        name=keys["name"].text(),
        description=keys["description"].text() if "description" in keys else "",
        file=file,
        inputs=tuple(_parse_input(name, keys[name]) for name in INPUTS if name in keys),
        every_conversation_is_a_complaint=complaints is not None and complaints.flag(),
    )


def columns_needed(found: Input) -> dict[str, list[str]]:
    """What each table of an input must hold, for people; alternatives read `id or message_id`."""
    wanted = [find_wanted(found, table.name) for table in found.tables]
    return {table.table: [" or ".join(names) for names in table.required] for table in wanted}


def _parse_input(name: str, node: Node) -> Input:
    keys = node.mapping(INPUT_KEYS)
    need(keys, node, "columns")
    joins, histories = parse_joins(keys.get("joins")), parse_histories(keys.get("history"))
    defaults = parse_defaults(keys)
    main = keys["table"].text() if "table" in keys else name
    others = dict.fromkeys([*(join.table for join in joins), *(history.table for history in histories)])
    found = Input(
        name=name,
        table=main,
        tables=_parse_tables(keys, main, [table for table in others if table != main]),
        fields=_parse_fields(keys["columns"], name, defaults),
        optional=_parse_optional(keys.get("optional"), name),
        joins=joins,
        histories=histories,
        ignore_when=parse_conditions(keys["ignore_when"]) if "ignore_when" in keys else (),
        text_optional="text_optional" in keys and keys["text_optional"].flag(),
        formats=defaults.formats,
        zone=defaults.zone,
    )
    if found.text_optional and name != "messages":
        keys["text_optional"].fail("only messages have text")
    if histories and (name != "messages" or dict(found.fields).get("sent_at", FieldRule()).by_role):
        keys["history"].fail("only messages have a history, and their `sent_at` cannot depend on the role")
    _check_required(node, found)
    return found


def _parse_tables(keys: dict[str, Node], main: str, others: list[str]) -> tuple[Table, ...]:
    base = parse_table("", {key: keys[key] for key in TABLE_KEYS if key in keys})
    told = keys["tables"].mapping((main, *others)) if "tables" in keys else {}
    tables = []
    for name in (main, *others):
        said = told[name].mapping((*TABLE_KEYS, "optional")) if name in told else {}
        optional = "optional" in said and said["optional"].flag()
        if optional and name == main:
            said["optional"].fail("the main table cannot be optional")
        tables.append(parse_table(name, said, base, optional=optional))
    return tuple(tables)


def _parse_fields(node: Node, name: str, defaults: FieldRule) -> tuple[tuple[str, FieldRule], ...]:
    given = node.mapping(field_names(name))
    rules = {field: parse_field(child, name, field, defaults) for field, child in given.items()}
    return tuple((field, rules[field]) for field in field_names(name) if field in rules)


def _parse_optional(node: Node | None, name: str) -> tuple[str, ...]:
    return tuple(item.choice(field_names(name)) for item in node.items()) if node else ()


def _check_required(node: Node, found: Input) -> None:
    """Refuse an input that can never fill a column which the contract requires."""
    contract = INPUTS[found.name]
    required = [name for name in field_names(found.name) if not contract.schema.field(name).nullable]
    if found.name == "messages" and not found.text_optional:
        required.append("text")
    rules = dict(found.fields)
    if missing := [name for name in required if name not in rules]:
        node.fail(f"`columns` must say where {', '.join(missing)} comes from")
    fixed = [name for name in found.optional if name in required and not rules[name].from_content]
    if fixed:
        node.fail(f"`optional` names {', '.join(fixed)}, which every row needs")
    if unused := [name for name in found.optional if name not in rules]:
        node.fail(f"`optional` names {', '.join(unused)}, which `columns` does not")


__all__ = ["PRESETS", "columns_needed", "list_sources", "load_source", "parse_source"]
