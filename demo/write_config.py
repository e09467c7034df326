"""The config that runs the sample exports."""

from datetime import date, timedelta
from pathlib import Path

CONFIG_FILE = "nightly.yaml"

_CONFIG = """\
# Runs the sample exports: staunen run --config nightly.yaml --output lake
# The same names as the options of `staunen run`; paths start from this file's folder.
source: generic
messages: [messages-*.csv, messages-*.jsonl.gz]
events: events.csv
surveys: surveys.csv
customers: customers.csv
identities: identities.csv
run_date: {run_date}

policy:
  recovery_window_days: 14
  schedule: {{zone: UTC}} # Monday to Friday, 9 to 17, as where nothing else is said
  targets:
    - {{valid_from: 2020-01-01, first_reply_hours: 8, resolution_hours: 40, clock: business}}
    - {{valid_from: 2020-01-01, priority: urgent, first_reply_hours: 1, resolution_hours: 8, clock: business}}
"""


def write_config(folder: Path, until: date) -> None:
    """Write the config beside the sample exports, for the last night that they cover.

    Args:
        folder: Where the exports lie.
        until: First day after the exports.
    """
    text = _CONFIG.format(run_date=until - timedelta(days=1))
    (folder / CONFIG_FILE).write_text(text, encoding="utf-8")
