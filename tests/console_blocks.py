"""Fenced blocks of the docs: reading them, running their commands, comparing what they print.

A ```console block holds commands behind `$ ` (further lines of one behind `> `) and what they print, standard output
and errors together. Words after `console`: `shape` compares words and not figures, because these depend on the
model's weights or on the size of the demo; `exit N` says how the block's last command ends, where not with 0.
`...` stands for anything within a line and, alone on a line, for any lines.
A block of another language with `file=NAME` is that file's content.
"""

import io
import logging
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from pipeline.cli import main

ROOT = Path(__file__).resolve().parent.parent
# What `make run` needs of the clone.
CLONED = ("Makefile", "docs")
_VARIABLES = re.compile(r"((?:[A-Z_]+=\S+ )*)(.*)", re.DOTALL)
_FENCE = re.compile(r"^```(?P<info>\S.*)\n(?P<text>(?:.*\n)*?)```$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One fenced block: the words behind the fence, its content, and the line where it begins."""

    info: tuple[str, ...]
    text: str
    line: int

    @property
    def file(self) -> str | None:
        """The file whose content this is."""
        return next((word.removeprefix("file=") for word in self.info if word.startswith("file=")), None)

    @property
    def exit_code(self) -> int:
        """How the last command ends."""
        return int(self.info[self.info.index("exit") + 1]) if "exit" in self.info else 0

    def commands(self) -> list[tuple[str, str]]:
        """Each command and what it prints."""
        found: list[tuple[str, str]] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append((line[2:], ""))
            elif line.startswith("> ") and found and not found[-1][1]:
                found[-1] = (f"{found[-1][0]}\n{line[2:]}", "")
            else:
                command, output = found[-1]
                found[-1] = (command, output + line + "\n")
        return found


def read_blocks(page: str) -> list[Block]:
    """The fenced blocks of a page that name a language."""
    return [
        Block(tuple(fence["info"].split()), fence["text"], page.count("\n", 0, fence.start()) + 1)
        for fence in _FENCE.finditer(page)
    ]


def fits(shown: str, found: str, *, shape: bool = False) -> bool:
    """Whether a command printed what the page shows."""
    if shape:
        shown, found = _forget_figures(shown), _forget_figures(found)
    pattern = "".join(
        r"(?:.*\n)*?" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*") + "\n" for line in _lines(shown)
    )
    return re.fullmatch(pattern, "".join(line + "\n" for line in _lines(found))) is not None


def _lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def _forget_figures(text: str) -> str:
    """Figures, missing ones too, become 0; columns lose their width."""
    text = re.sub(r"(?<!\S)-(?!\S)|\d[\d.,]*", "0", text)
    return re.sub(r"─+", "─", re.sub(r"[ \t]+", " ", text))


@dataclass(frozen=True)
class Clone:
    """A folder that stands for a fresh clone in which everything is installed."""

    folder: Path

    def prepare(self) -> None:
        """Lay out what commands need."""
        for name in CLONED:
            (self.folder / name).symlink_to(ROOT / name)
        (self.folder / ".venv").symlink_to(sys.prefix)

    def run(self, command: str) -> tuple[int, str]:
        """Run one command as a shell would; gives exit code and output.

        `staunen` runs in this process, which saves the seconds that its imports take.
        """
        variables, plain = _VARIABLES.fullmatch(command).groups()  # type: ignore[union-attr] # fits any text
        words = shlex.split(plain)
        if words[0] == "make":
            return self._make(words[1:])
        if Path(words[0]).name == "staunen" and not {"|", ">", "&&", ";"} & set(words):
            return self._staunen(self._expand(plain), dict(word.split("=", 1) for word in variables.split()))
        return self._shell(command)

    def _make(self, words: list[str]) -> tuple[int, str]:
        """Run a target's recipe line by line, printing each before; what it sets up is here already."""
        _, recipe = self._shell(shlex.join(["make", "--no-print-directory", "-n", "-o", ".venv/.run", *words]))
        output = ""
        for line in recipe.splitlines():
            code, printed = self.run(line)
            output += f"{line}\n{printed}"
            if code:
                return code, output
        return 0, output

    def _expand(self, command: str) -> list[str]:
        """The arguments after the shell has seen to quotes, globs and `$(...)`."""
        _, words = self._shell("printf '%s\\0' " + command)
        return words.split("\0")[1:-1]

    def _staunen(self, arguments: list[str], variables: dict[str, str]) -> tuple[int, str]:
        printed = io.StringIO()
        with chdir(self.folder), _restored(variables), redirect_stdout(printed), redirect_stderr(printed):
            try:
                main(arguments)
            except SystemExit as end:
                return int(end.code or 0), printed.getvalue()
        return 0, printed.getvalue()

    def _shell(self, command: str) -> tuple[int, str]:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        ended = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder, env={**os.environ, "PATH": path, "MAKEFLAGS": ""}, check=False,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        return ended.returncode, ended.stdout


@contextmanager
def _restored(variables: dict[str, str]) -> Iterator[None]:
    """Set environment variables; leave them and the handlers of the logs, which the command line sets, as they were."""
    handlers, level, environment = logging.root.handlers[:], logging.root.level, dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(environment)
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
