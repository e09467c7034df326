import json
import logging
from collections.abc import Iterator

import pytest

from pipeline.logs import set_up_logs
from schemas.errors import UsageError


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def test_json_lines_hold_time_level_logger_and_message(capsys: pytest.CaptureFixture[str]) -> None:
    set_up_logs("json", verbose=False)
    logging.getLogger("pipeline.run").warning("key %s", "made")
    line = json.loads(capsys.readouterr().err)
    assert line.pop("time").endswith("+00:00")
    assert line == {"level": "warning", "logger": "pipeline.run", "message": "key made"}


@pytest.mark.parametrize(("verbose", "expected"), [(False, ""), (True, "INFO hello\n")])
def test_what_beam_logs_shows_only_when_asked_for(
    capsys: pytest.CaptureFixture[str], verbose: bool, expected: str
) -> None:
    set_up_logs("text", verbose=verbose)
    logging.getLogger("apache_beam.runners").info("hello")
    assert capsys.readouterr().err == expected


def test_another_format_is_refused() -> None:
    with pytest.raises(UsageError, match="--log-format is 'xml'; it must be text or json"):
        set_up_logs("xml", verbose=False)
