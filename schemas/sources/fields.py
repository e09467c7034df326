"""Parse the rules of single columns: where a column of ours comes from, and what its values become."""

from collections.abc import Iterable
from dataclasses import replace
from typing import cast
from zoneinfo import available_timezones

import pyarrow as pa

from schemas.conform.times import check_format
from schemas.errors import UsageError
from schemas.raw_messages import ROLES
from schemas.sources.inputs import CHOICES, INPUTS
from schemas.sources.rules import Case, ColumnNames, Condition, FieldRule, Otherwise
from schemas.sources.tables import names_of
from schemas.sources.yaml_nodes import Node

FIELD_KEYS = (
    "column", "columns", "separator", "constant", "values", "otherwise", "formats", "zone", "decimal",
    "whole_number", "from_content", "rules", "by_role",
)  # fmt: skip
CASE_KEYS = ("when", "is", *FIELD_KEYS)
OTHERWISE = ("reject", "null", "keep", "ignore")
_ORIGINS = ("column", "columns", "constant", "is", "rules", "by_role")


def parse_field(node: Node, input_name: str, name: str, defaults: FieldRule) -> FieldRule:
    """One column's rule: a column name, alternatives for it, or a mapping of `FIELD_KEYS`."""
    if not node.is_mapping:
        return replace(defaults, columns=(names_of(node),))
    return _parse_keys(node, node.mapping(FIELD_KEYS), input_name, name, defaults)


def parse_conditions(node: Node) -> tuple[Condition, ...]:
    """`{column: value}`, `{column: [value, value]}` or `{column: {same_as: column}}`."""
    return tuple(_parse_condition((name,), child) for name, child in node.mapping().items())


def parse_zone(node: Node) -> str:
    """An IANA time zone."""
    return node.choice(sorted(available_timezones()))


def parse_formats(node: Node) -> tuple[str, ...]:
    """Time formats, each checked."""
    for item in node.items():
        try:
            check_format(item.text())
        except UsageError as error:
            item.fail(str(error))
    return node.texts()


def _parse_keys(node: Node, keys: dict[str, Node], input_name: str, name: str, defaults: FieldRule) -> FieldRule:
    origins = [key for key in _ORIGINS if key in keys]
    if len(origins) != 1:
        node.fail(f"exactly one of {', '.join(_ORIGINS)} is needed, found {', '.join(origins) or 'none'}")
    _check_kinds(keys, input_name, name)
    rule = replace(
        defaults,
        constant=_parse_constant(keys, input_name, name),
        columns=_parse_columns(keys),
        values=_parse_values(keys["values"], input_name, name) if "values" in keys else None,
        otherwise=cast(Otherwise, keys["otherwise"].choice(OTHERWISE)) if "otherwise" in keys else defaults.otherwise,
    )
    if rule.otherwise == "keep" and (input_name, name) in CHOICES:
        keys["otherwise"].fail(f"{name} is a closed list, so unknown values cannot be kept; use reject or null")
    if "separator" in keys:
        rule = replace(rule, separator=keys["separator"].text())
    if "formats" in keys:
        rule = replace(rule, formats=parse_formats(keys["formats"]))
    if "zone" in keys:
        rule = replace(rule, zone=parse_zone(keys["zone"]))
    if "decimal" in keys:
        rule = replace(rule, decimal=keys["decimal"].choice((".", ",")))
    rule = replace(rule, whole_number=_flag(keys, "whole_number"), from_content=_flag(keys, "from_content"))
    if "rules" in keys:
        cases = tuple(_parse_case(item, input_name, name, defaults) for item in keys["rules"].items())
        rule = replace(rule, cases=cases)
    if "by_role" in keys:
        rule = replace(rule, by_role=_parse_by_role(keys["by_role"], input_name, name, defaults))
    return rule


def _check_kinds(keys: dict[str, Node], input_name: str, name: str) -> None:
    """Refuse a key that means nothing for this column's type."""
    kind = INPUTS[input_name].schema.field(name).type
    wanted = {
        "formats": pa.types.is_timestamp,
        "zone": pa.types.is_timestamp,
        "decimal": pa.types.is_floating,
    }
    for key, fits in wanted.items():
        if key in keys and not fits(kind):
            keys[key].fail(f"{name} is {kind}, so `{key}` has no meaning here")
    if "from_content" in keys and not (name.endswith("_id") and "column" in keys):
        keys["from_content"].fail("only an id with `column` can be made from the row's content")
    if "by_role" in keys and (input_name != "messages" or name == "role"):
        keys["by_role"].fail("only columns of messages other than the role can depend on the role")
    has_list = (input_name, name) in CHOICES or name == "lang" or pa.types.is_boolean(kind)
    if "otherwise" in keys and not has_list and not {"values", "rules"} & set(keys):
        keys["otherwise"].fail("`otherwise` needs `values` or `rules`")


def _flag(keys: dict[str, Node], key: str) -> bool:
    return key in keys and keys[key].flag()


def _parse_columns(keys: dict[str, Node]) -> tuple[ColumnNames, ...]:
    if "column" in keys:
        return (names_of(keys["column"]),)
    return tuple(names_of(item) for item in keys["columns"].items()) if "columns" in keys else ()


def _parse_constant(keys: dict[str, Node], input_name: str, name: str) -> str | None:
    node = keys.get("constant") or keys.get("is")
    return _check_choice(node, node.text(), input_name, name) if node else None


def _check_choice(node: Node, text: str, input_name: str, name: str) -> str:
    choices: Iterable[str] | None = CHOICES.get((input_name, name))
    return node.choice(choices) if choices else text


def _parse_values(node: Node, input_name: str, name: str) -> tuple[tuple[str, str | None], ...]:
    found: dict[str, str | None] = {}
    for key, child in node.mapping().items():
        if (lowered := key.strip().lower()) in found:
            child.fail(f"{key!r} stands here twice; upper and lower case are the same")
        target = child.text_or_null()
        found[lowered] = None if target is None else _check_choice(child, target, input_name, name)
    return tuple(found.items())


def _parse_case(node: Node, input_name: str, name: str, defaults: FieldRule) -> Case:
    keys = node.mapping(CASE_KEYS)
    when = parse_conditions(keys.pop("when")) if "when" in keys else ()
    return Case(when, _parse_keys(node, keys, input_name, name, defaults))


def _parse_by_role(node: Node, input_name: str, name: str, defaults: FieldRule) -> tuple[tuple[str, FieldRule], ...]:
    return tuple((role, parse_field(child, input_name, name, defaults)) for role, child in node.mapping(ROLES).items())


def _parse_condition(column: ColumnNames, node: Node) -> Condition:
    if node.is_mapping:
        keys = node.mapping(("same_as",))
        if "same_as" not in keys:
            node.fail("a value, a list of values or `same_as` is needed")
        return Condition(column, same_as=names_of(keys["same_as"]))
    return Condition(column, values=tuple(text.strip().lower() for text in node.texts()))


def parse_defaults(keys: dict[str, Node]) -> FieldRule:
    """What an input's `time_formats`, `zone` and `decimal` mean for each of its columns."""
    rule = FieldRule()
    if "time_formats" in keys:
        rule = replace(rule, formats=parse_formats(keys["time_formats"]))
    if "zone" in keys:
        rule = replace(rule, zone=parse_zone(keys["zone"]))
    if "decimal" in keys:
        rule = replace(rule, decimal=keys["decimal"].choice((".", ",")))
    return rule
