"""Node: one place of a YAML file, which knows its line, so that an error can name it."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import NoReturn

import yaml

from schemas.errors import SourceError


@dataclass(frozen=True)
class Node:
    """One value of a source file.

    Attributes:
        value: The YAML node; its mark holds the line.
        file: The file, for messages.
        key: Where the value stands, as `messages.columns.text`.
    """

    value: yaml.Node
    file: str
    key: str = ""

    def fail(self, rule: str) -> NoReturn:
        """Raise a `SourceError` that names file, line, key and the rule that is broken."""
        place = f"{self.file}, line {self.value.start_mark.line + 1}"
        raise SourceError(f"{place}, {self.key or 'top level'}: {rule}")

    @property
    def is_mapping(self) -> bool:
        """Whether the value holds keys."""
        return isinstance(self.value, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        """Whether the value is a list."""
        return isinstance(self.value, yaml.SequenceNode)

    def mapping(self, allowed: Iterable[str] | None = None) -> "dict[str, Node]":
        """The keys and their values; refuses a key twice, and one that is not in `allowed`."""
        if not isinstance(self.value, yaml.MappingNode):
            self.fail("keys and values are needed here")
        found: dict[str, Node] = {}
        for key_node, value_node in self.value.value:
            name = Node(key_node, self.file, self.key).text()
            child = Node(value_node, self.file, f"{self.key}.{name}" if self.key else name)
            if name in found:
                Node(key_node, self.file, child.key).fail("the key stands here twice")
            if allowed is not None and name not in (known := list(allowed)):
                Node(key_node, self.file, child.key).fail(f"unknown key{suggest(name, known)}")
            found[name] = child
        return found

    def items(self) -> "list[Node]":
        """The list's items; a single value is a list of one."""
        if not isinstance(self.value, yaml.SequenceNode):
            return [self]
        return [Node(item, self.file, f"{self.key}[{at}]") for at, item in enumerate(self.value.value, start=1)]

    def text(self) -> str:
        """The value as it is written: `no` is the text "no" and `1.10` stays "1.10"."""
        if not isinstance(self.value, yaml.ScalarNode):
            self.fail("one value is needed here, not a list or keys")
        return str(self.value.value)

    def texts(self) -> tuple[str, ...]:
        """The value as one text or a list of texts; refuses an empty list."""
        if not (texts := tuple(item.text() for item in self.items())):
            self.fail("the list is empty")
        return texts

    def text_or_null(self) -> str | None:
        """The value as text, or None where the file says `null` or nothing."""
        return None if self.value.tag.endswith(":null") else self.text()

    def flag(self) -> bool:
        """`true` or `false`."""
        return self.choice(("true", "false")) == "true"

    def choice(self, choices: Iterable[str]) -> str:
        """One of `choices`."""
        if (text := self.text()) not in (known := list(choices)):
            self.fail(f"{text!r} is not one of {', '.join(known)}{suggest(text, known)}")
        return text


def suggest(name: str, known: Iterable[str]) -> str:
    """The end of a message about an unknown name: the nearest known one, else all of them."""
    names = sorted(set(known))
    by_lower = {candidate.lower(): candidate for candidate in names}
    if near := get_close_matches(name.lower(), list(by_lower), n=1):
        return f"; did you mean {by_lower[near[0]]!r}?"
    return f"; known: {', '.join(names)}"


def parse_yaml(text: str, file: str) -> Node:
    """Parse a source file, keeping the lines.

    Raises:
        SourceError: The text is no YAML, or is empty.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SourceError(f"{file}, line {line}: this is not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise SourceError(f"{file}: this is not YAML: {error}") from error
    if root is None:
        raise SourceError(f"{file}, line 1: the file is empty; it needs at least `name` and `messages`")
    return Node(root, file)
