"""The key of the pseudonyms: where it comes from, and how a changed one is noticed.

In this order: the environment variable STAUNEN_KEY; the file that STAUNEN_KEY_FILE names; a random key kept
beside a local lake. Whoever has key and lake can link pseudonyms to ids, so keep them apart where it
matters.
"""

import hashlib
import hmac
import logging
import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.storage import is_local
from schemas.errors import UsageError

KEY_VARIABLE = "STAUNEN_KEY"
FILE_VARIABLE = "STAUNEN_KEY_FILE"
LAKE_FILE = "pseudonym.key"
MIN_CHARACTERS = 16
_MIN_HEX_CHARACTERS = 32
_RANDOM_BYTES = 32
_OTHERS = 0o077
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PseudonymKey:
    """One key.

    Attributes:
        secret: The bytes that pseudonyms are made with; never printed.
        origin: Where it was read: the variable's name, or the file's path.
        is_new: It was made just now and lies beside the lake.
    """

    secret: bytes = field(repr=False)
    origin: str
    is_new: bool = False

    @property
    def fingerprint(self) -> str:
        """Eight hexadecimal characters that tell keys apart and say nothing about the key."""
        mark = hmac.digest(self.secret, b"staunen key fingerprint", hashlib.sha256)
        return hashlib.sha256(mark).hexdigest()[:8]


def read_key(env: Mapping[str, str], output: str) -> PseudonymKey:
    """Read the key of a lake, or make one beside it.

    Args:
        env: The environment's variables.
        output: The lake's folder, local or remote.

    Raises:
        UsageError: The key is too short, two are given, others can read its file, or a remote lake is given
            none.
    """
    if KEY_VARIABLE in env and FILE_VARIABLE in env:
        raise UsageError(f"both {KEY_VARIABLE} and {FILE_VARIABLE} are set; unset one of them")
    if KEY_VARIABLE in env:
        return PseudonymKey(_parse(env[KEY_VARIABLE], KEY_VARIABLE), KEY_VARIABLE)
    if FILE_VARIABLE in env:
        return _read_file(Path(env[FILE_VARIABLE]))
    if not is_local(output):
        raise UsageError(
            f"{output}: a remote lake keeps no key beside it; set {KEY_VARIABLE}, or {FILE_VARIABLE} to a local file"
        )
    return _read_or_make(Path(output) / LAKE_FILE)


def check_fingerprint(key: PseudonymKey, published: str | None) -> None:
    """Refuse a key other than the one that the published run was made with.

    Args:
        key: The key of this run.
        published: The fingerprint in the published run's manifest; None where there is none.

    Raises:
        UsageError: The fingerprints differ: the same customer would get another pseudonym.
    """
    if published is not None and published != key.fingerprint:
        raise UsageError(
            f"the key from {key.origin} (fingerprint {key.fingerprint}) "
            f"is not the one that the published run was made "
            f"with ({published}), and customers would get other pseudonyms; "
            f"give that key, or publish to a new folder"
        )


def _parse(text: str, origin: str) -> bytes:
    text = text.strip()
    if len(text) < MIN_CHARACTERS:
        raise UsageError(f"{origin}: the key has {len(text)} characters; it needs at least {MIN_CHARACTERS}")
    if len(text) >= _MIN_HEX_CHARACTERS:
        try:
            return bytes.fromhex(text)
        except ValueError:
            pass  # any other text is a key as it stands
    return text.encode()


def _read_file(path: Path) -> PseudonymKey:
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: the key file cannot be read: {error}; check the path and its rights") from error
    if mode & _OTHERS:
        raise UsageError(f"{path}: others can read the key (mode {mode & 0o777:o}); run: chmod 600 {path}")
    return PseudonymKey(_parse(text, str(path)), str(path))


def _read_or_make(path: Path) -> PseudonymKey:
    if path.exists():
        return _read_file(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Written whole under another name (mode 600) and then linked, which fails if another run was first: so
    # no run ever reads half a key, and no key is ever replaced.
    handle, draft = tempfile.mkstemp(prefix=".pseudonym-", dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(_RANDOM_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return _read_file(path)
    finally:
        os.unlink(draft)
    _log.warning(
        "made a random key for pseudonyms: %s. Keep it: without it the next run cannot follow customers. "
        "Whoever copies the lake copies it too; to keep it elsewhere, set %s",
        path, FILE_VARIABLE,
    )  # fmt: skip
    key = _read_file(path)
    return PseudonymKey(key.secret, key.origin, is_new=True)
