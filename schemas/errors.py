"""Every error that staunen raises on purpose.

    StaunenError                exit 1
    ├── UsageError              exit 2   wrong options, a config that breaks a rule
    │   └── SourceError         exit 2   a source mapping (YAML) that breaks a rule
    ├── InputError              exit 3   an export that cannot be used
    ├── TooManyRejectedError    exit 4   more rows rejected than allowed
    ├── LakeError               exit 5   a lake that is damaged or locked
    ├── ContractError           exit 1   a table that breaks its own contract: a bug of ours
    └── ModelError              exit 1   a model that cannot be used

A message names the file, the row or column, the rule, and the way out.
It never holds a customer's text or id.
"""

from typing import ClassVar


class StaunenError(Exception):
    """The root; `exit_code` is what the command line returns."""

    exit_code: ClassVar[int] = 1


class UsageError(StaunenError):
    """Wrong options, or a config that breaks a rule."""

    exit_code = 2


class SourceError(UsageError):
    """A source mapping that breaks a rule; names file, line, key and rule."""


class InputError(StaunenError):
    """An export that cannot be used: not found, not readable, columns missing."""

    exit_code = 3


class TooManyRejectedError(StaunenError):
    """More rows were rejected than `--max-rejected` allows."""

    exit_code = 4


class LakeError(StaunenError):
    """A lake that is damaged, locked or not there."""

    exit_code = 5


class ContractError(StaunenError):
    """A table that breaks its own contract."""


class ModelError(StaunenError):
    """A model that cannot be loaded or does not fit."""
