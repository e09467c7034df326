"""Log lines on standard error: for people, or as JSON for collectors."""

import json
import logging
import sys
from datetime import UTC, datetime

from schemas.errors import UsageError

# Beam reports an error's traceback as well as raising it, and tells of libraries that nobody asked for.
_CHATTY = ("apache_beam", "root", "httpx", "transformers")


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message."""

    def format(self, record: logging.LogRecord) -> str:
        """Format one record."""
        return json.dumps(
            {
                "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
                "level": record.levelname.lower(),
                "logger": record.name,
                "message": record.getMessage(),
            },
            ensure_ascii=False,
        )


def set_up_logs(log_format: str, *, verbose: bool) -> None:
    """Send log lines to standard error.

    Args:
        log_format: `text` or `json`.
        verbose: Also what Beam and the other libraries log.

    Raises:
        UsageError: There is no such format.
    """
    if log_format not in ("text", "json"):
        raise UsageError(f"--log-format is {log_format!r}; it must be text or json")
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if log_format == "json" else logging.Formatter("%(levelname)s %(message)s"))
    handler.addFilter(lambda record: verbose or not record.name.startswith(_CHATTY))
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
