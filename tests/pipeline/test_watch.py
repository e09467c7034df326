from pathlib import Path
from threading import Event

import pytest

import pipeline.watch
from pipeline.watch import watch_staging
from transforms.split_shards import SHARDS


class Listener:
    """Keeps what it is told, and can be waited for."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int, int]] = []
        self._news = Event()

    def __call__(self, what: str, done: int, total: int) -> None:
        self.told.append((what.partition(", about")[0], done, total))
        self._news.set()

    def hear(self) -> tuple[str, int, int]:
        """What is told from now on."""
        self._news.clear()
        assert self._news.wait(10)
        self._news.clear()  # the first may have been under way before the files were written
        assert self._news.wait(10)
        return self.told[-1]


@pytest.fixture
def listener(monkeypatch: pytest.MonkeyPatch) -> Listener:
    monkeypatch.setattr(pipeline.watch, "_EVERY_SECONDS", 0.01)
    return Listener()


def write_shards(folder: Path, numbers: range) -> None:
    for number in numbers:
        (folder / f"messages-{number}.arrow").touch()


def test_the_staged_files_tell_how_far_the_night_is(tmp_path: Path, listener: Listener) -> None:
    with watch_staging(str(tmp_path), listener):
        assert listener.hear() == ("reading and redacting", 0, 0)
        write_shards(tmp_path, range(5))
        (tmp_path / "cases-1.arrow").touch()
        assert listener.hear() == ("labelling", 5, SHARDS)
        write_shards(tmp_path, range(SHARDS))
        assert listener.hear() == ("building the tables", 0, 0)


def test_it_stops_with_the_body_and_with_an_error(tmp_path: Path, listener: Listener) -> None:
    def break_down() -> None:
        with watch_staging(str(tmp_path), listener):
            listener.hear()
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        break_down()
    told = len(listener.told)
    with watch_staging(str(tmp_path / "not there yet"), listener):
        assert listener.hear() == ("reading and redacting", 0, 0)
    assert len(listener.told) > told


def test_remote_folders_are_not_watched(listener: Listener) -> None:
    with watch_staging("s3://bucket/staging", listener):
        pass
    assert listener.told == []
