"""The written conversations, and what follows from their labels.

They are those of `training/conversations` that the default model has never seen (the validation side
of `training.split`), copied line by line, so what the model reads in the demo it reads for the first time.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from demo.types import Flags
from schemas.labels import STATES

FOLDER = Path(__file__).parent / "conversations"
LANGS = ("en", "de", "nl")
NO_STATE = -1
_UNSURE, _NEUTRAL = STATES.index("uncertainty"), STATES.index("neutral")

# One line of the files, or one of its messages; training/ describes the fields.
Conversation = dict[str, Any]


def read_conversations(folder: Path = FOLDER) -> list[Conversation]:
    """Read the conversations, in the order of languages and lines."""
    return [
        json.loads(line)
        for lang in LANGS
        for line in (folder / f"{lang}.jsonl").read_text(encoding="utf-8").strip().split("\n")
    ]


def read_state(message: Conversation) -> int:
    """State of a customer's message as a position in `STATES`; -1 for agents."""
    return STATES.index(message["state"]) if message["role"] == "customer" else NO_STATE


def is_complaint(conversation: Conversation) -> bool:
    """Whether a customer message is in uncertainty."""
    return any(read_state(message) == _UNSURE for message in conversation["messages"])


def list_steps(conversation: Conversation) -> set[str]:
    """All steps that the replies show."""
    return {step for message in conversation["messages"] for step in message.get("steps", ())}


def find_closing_state(conversation: Conversation) -> int:
    """State of the last customer message that is not neutral, else neutral; a position in `STATES`."""
    states = [read_state(message) for message in conversation["messages"]]
    clear = [state for state in states if state not in (NO_STATE, _NEUTRAL)]
    return clear[-1] if clear else _NEUTRAL


def judge_complaint(conversation: Conversation) -> str | None:
    """Say what the company decided about a complaint, as its replies tell."""
    decisions = {"refuse": "refused", "fix": "upheld", "explain": "explained"}
    steps = list_steps(conversation) if is_complaint(conversation) else set()
    return next((validity for step, validity in decisions.items() if step in steps), None)


def list_statuses(conversation: Conversation) -> list[str]:
    """List the help desk's status after each message: a fix solves, a customer in uncertainty reopens."""
    status, statuses = "open", []
    for message in conversation["messages"]:
        if message["role"] == "agent":
            status = "solved" if "fix" in message["steps"] or not is_complaint(conversation) else "pending"
        elif status != "solved" or read_state(message) == _UNSURE:
            status = "open"
        statuses.append(status)
    return statuses


def find_first_reply(conversation: Conversation) -> Flags:
    """Mark the first agent message after a customer's."""
    is_agent = np.array([message["role"] == "agent" for message in conversation["messages"]])
    answers = is_agent & np.logical_or.accumulate(~is_agent)
    return answers & (np.cumsum(answers) == 1)
