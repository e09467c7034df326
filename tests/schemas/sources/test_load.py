import re
from pathlib import Path

import pytest

from schemas.errors import SourceError
from schemas.sources.fields import CASE_KEYS, FIELD_KEYS
from schemas.sources.load import INPUT_KEYS, SOURCE_KEYS, columns_needed, list_sources, load_source, parse_source
from schemas.sources.tables import HISTORY_KEYS, JOIN_KEYS, TABLE_KEYS

GOOD = """\
name: shop
description: our shop
messages:
  columns:
    message_id: id
    conversation_id: thread
    role: {column: who, values: {kunde: customer, team: agent}}
    sent_at: {column: at, formats: ["%d.%m.%Y %H:%M"], zone: Europe/Berlin}
    text: {columns: [subject, body], separator: " / "}
"""


def test_a_source_says_what_it_reads():
    source = parse_source(GOOD, "shop.yaml")
    assert (source.name, source.description, source.every_conversation_is_a_complaint) == (
        "shop",
        "our shop",
        False,
    )
    rules = dict(source.messages.fields)
    assert rules["text"].columns == (("subject",), ("body",))
    assert rules["text"].separator == " / "
    assert rules["sent_at"].formats == ("%d.%m.%Y %H:%M",)
    assert rules["role"].values == (("kunde", "customer"), ("team", "agent"))
    assert source.input_named("events") is None
    assert not source.messages.id_from_content
    assert columns_needed(source.messages) == {"messages": ["id", "thread", "who", "at", "subject", "body"]}


def test_the_presets_are_all_sound():
    assert [source.name for source in list_sources()] == ["cfpb", "generic", "twcs", "zendesk"]
    assert load_source("cfpb").messages.id_from_content
    assert load_source("cfpb").every_conversation_is_a_complaint
    assert all(source.description for source in list_sources())


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("description", "descripton", 2, "unknown key; did you mean 'description'?"),
        ("    text:", "    txt:", 9, "messages.columns.txt: unknown key; did you mean 'text'?"),
        ("team: agent", "team: agnt", 7, "'agnt' is not one of customer, agent, "),
        ("team: agent", "team: agnt", 7, "did you mean 'agent'?"),
        ("Europe/Berlin", "Europe/Berln", 8, "did you mean 'Europe/Berlin'?"),
        ("%H:%M", "%H:%Q", 8, "%Q is unknown"),
        ("%H:%M", "%H:%H", 8, "names a part twice"),
        ('"%d.%m.%Y %H:%M"', '"%H:%M"', 8, "does not say year, month and day"),
        ("    message_id: id\n", "", 4, "`columns` must say where message_id comes from"),
        ("    message_id: id\n", "    message_id: id\n    message_id: b\n", 6, "the key stands here twice"),
        ("column: who, ", "column: who, constant: agent, ", 7, "exactly one of"),
        ("column: who, ", "", 7, "is, rules, by_role is needed, found none"),
        ("column: who, ", "column: who, otherwise: keep, ", 7, "role is a closed list"),
        ("column: at, ", "column: at, decimal: ',', ", 8, "`decimal` has no meaning here"),
        ("    message_id: id", "    message_id: {column: id, otherwise: 'null'}", 5, "`otherwise` needs"),
        ("    message_id: id", "    message_id: {column: id, whole_number: maybe}", 5, "not one of true"),
        ("    message_id: id", "    message_id: []", 5, "the list is empty"),
        ("    message_id: id", "    message_id: {columns: [a, b], from_content: true}", 5, "only an id"),
        ("    text: {columns: [subject, body]", "    text: {columns: [[subject], {a: b}]", 9, "one value"),
        ("  columns:", "  delimiter: ':'\n  columns:", 4, "messages.delimiter: ':' is not one of"),
        ("  columns:", "  encoding: utf8\n  columns:", 4, "did you mean 'utf-8'?"),
        ("  columns:", "  optional: [text]\n  columns:", 4, "which every row needs"),
        ("  columns:", "  optional: [team]\n  columns:", 4, "which `columns` does not"),
        ("  columns:", "  tables: {messages: {optional: true}}\n  columns:", 4, "main table cannot"),
        ("  columns:", "  joins: {user: {on: id}}\n  columns:", 4, "the key `key` is missing"),
        ("{kunde: customer, team: agent}", "{Kunde: customer, kunde: agent}", 7, "case are the same"),
        ("name: shop", "name: [shop", 2, "this is not YAML"),
        ("messages:", "mesages:", 3, "mesages: unknown key; did you mean 'messages'?"),
    ],
)  # fmt: skip
def test_an_error_names_file_line_key_and_rule(old, new, line, message):
    assert old in GOOD
    with pytest.raises(SourceError) as error:
        parse_source(GOOD.replace(old, new), "shop.yaml")
    assert str(error.value).startswith(f"shop.yaml, line {line}")
    assert message in str(error.value)


def test_a_history_needs_its_two_groups():
    history = """\
  history:
    who: {table: log, of: id, key: id, at: at, text: note, pattern: 'from (?P<before>.+)'}
  columns:
"""
    with pytest.raises(SourceError, match=r"line 5, .*exactly the groups \(\?P<before>...\) and"):
        parse_source(GOOD.replace("  columns:\n", history, 1), "shop.yaml")


def test_only_messages_have_a_history():
    changes = """\
changes:
  columns: {conversation_id: c, changed_at: a, field: f, value: v}
  history:
    who: {table: log, of: id, key: id, at: at, text: note, pattern: '(?P<before>.+) (?P<after>.+)'}
"""
    with pytest.raises(SourceError, match=r"line 13, changes.history: only messages have a history"):
        parse_source(GOOD + changes, "shop.yaml")


def test_an_unknown_source_is_told_with_the_nearest_one(tmp_path):
    with pytest.raises(SourceError, match=r"no source 'zendesc'.*did you mean 'zendesk'"):
        load_source("zendesc")
    own = tmp_path / "own.yaml"
    own.write_text(GOOD)
    assert load_source(str(own)).name == "shop"
    own.write_bytes(b"name: caf\xe9")
    with pytest.raises(SourceError, match="cannot be read as UTF-8"):
        load_source(str(own))
    own.write_text("")
    with pytest.raises(SourceError, match="the file is empty"):
        load_source(str(own))


def test_each_key_is_documented():
    told = set(re.findall(r"`([a-z_]+)`", Path("docs/sources.md").read_text()))
    keys = {
        *SOURCE_KEYS,
        *INPUT_KEYS,
        *FIELD_KEYS,
        *CASE_KEYS,
        *JOIN_KEYS,
        *HISTORY_KEYS,
        *TABLE_KEYS,
        "same_as",
    }
    assert keys - told == set()


def test_exports_about_customers_are_read_as_in_generic_where_a_source_says_nothing() -> None:
    generic = load_source("generic")
    for name in ("events", "surveys", "customers", "identities"):
        assert load_source("zendesk").input_named(name) == generic.input_named(name) is not None
    assert [found.name for found in load_source("cfpb").inputs] == ["messages"]  # it names no customers
