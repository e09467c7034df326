import logging
import stat
from pathlib import Path

import pytest

from pipeline.pseudonym_key import PseudonymKey, check_fingerprint, read_key
from schemas.errors import UsageError

HEX = "000102030405060708090a0b0c0d0e0f"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        pytest.param(HEX, bytes(range(16)), id="hexadecimal is decoded"),
        pytest.param(HEX.upper() + "\n", bytes(range(16)), id="case and line end do not matter"),
        pytest.param("0123456789abcdef", b"0123456789abcdef", id="short hexadecimal is text, or it were 8 bytes"),
        pytest.param("correct horse battery staple", b"correct horse battery staple", id="text stands as it is"),
        pytest.param("x" * 33, b"x" * 33, id="long text that is not hexadecimal"),
    ],
)
def test_key_from_the_environment(text: str, secret: bytes, tmp_path: Path) -> None:
    key = read_key({"STAUNEN_KEY": text}, str(tmp_path))
    assert (key.secret, key.origin, key.is_new) == (secret, "STAUNEN_KEY", False)
    assert list(tmp_path.iterdir()) == []


def test_key_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(HEX + "\n")
    path.chmod(0o600)
    key = read_key({"STAUNEN_KEY_FILE": str(path)}, "s3://bucket/lake")
    assert (key.secret, key.origin) == (bytes(range(16)), str(path))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_a_key_that_others_can_read_is_refused(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(HEX)
    path.chmod(mode)
    with pytest.raises(UsageError, match=rf"others can read the key \(mode {mode:o}\); run: chmod 600 {path}"):
        read_key({"STAUNEN_KEY_FILE": str(path)}, str(tmp_path))


@pytest.mark.parametrize(
    ("env", "output", "message"),
    [
        ({"STAUNEN_KEY": "too short"}, "lake", "STAUNEN_KEY: the key has 9 characters; it needs at least 16"),
        ({"STAUNEN_KEY": ""}, "lake", "the key has 0 characters"),
        (
            {"STAUNEN_KEY": HEX, "STAUNEN_KEY_FILE": "f"},
            "lake",
            "both STAUNEN_KEY and STAUNEN_KEY_FILE are set",
        ),
        ({"STAUNEN_KEY_FILE": "no/such/file"}, "lake", "no/such/file: the key file cannot be read"),
        ({}, "gs://bucket/lake", "gs://bucket/lake: a remote lake keeps no key beside it; set STAUNEN_KEY"),
    ],
)
def test_unusable_keys(env: dict[str, str], output: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read_key(env, output)


def test_a_local_lake_gets_a_key_of_its_own_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    output = tmp_path / "deep" / "lake"
    with caplog.at_level(logging.WARNING):
        first = read_key({}, str(output))
        second = read_key({}, str(output))
    path = output / "pseudonym.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(first.secret) == 32
    assert (first.is_new, second.is_new) == (True, False)
    assert first.secret == second.secret
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert first.secret.hex() not in caplog.text
    assert [entry.name for entry in output.iterdir()] == ["pseudonym.key"]


def test_two_lakes_have_two_keys(tmp_path: Path) -> None:
    assert read_key({}, str(tmp_path / "a")).secret != read_key({}, str(tmp_path / "b")).secret


def test_the_secret_is_never_printed() -> None:
    assert "abcdefgh" not in repr(PseudonymKey(b"abcdefgh" * 2, "here"))


def test_fingerprint_tells_keys_apart() -> None:
    one, other = PseudonymKey(b"a" * 16, "here"), PseudonymKey(b"b" * 16, "here")
    assert one.fingerprint == PseudonymKey(b"a" * 16, "there").fingerprint
    assert one.fingerprint != other.fingerprint
    assert len(one.fingerprint) == 8
    check_fingerprint(one, None)
    check_fingerprint(one, one.fingerprint)
    with pytest.raises(
        UsageError, match=f"is not the one that the published run was made with \\({other.fingerprint}\\)"
    ):
        check_fingerprint(one, other.fingerprint)
