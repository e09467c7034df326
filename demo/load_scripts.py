"""Scripts: the written conversations that the demo's cases play.

They are those of `training/conversations` that the default model has never seen (the validation side
of `training.split`), copied line by line, so what the model reads in the demo it reads for the first time.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from demo.grade_recovery import grade_recovery
from demo.types import Flags, Ints, Texts
from schemas.cases import GRADES
from schemas.labels import STATES

FOLDER = Path(__file__).parent / "conversations"
LANGS = ("en", "de", "nl")
LIVE_CHANNELS = ("chat", "phone_transcript")
PUBLIC_CHANNELS = ("social", "review")
NO_STATE = -1
_UNSURE = STATES.index("uncertainty")


@dataclass(frozen=True)
class Plays:
    """Ways to play a script: which script, and whether the first reply comes within an office hour."""

    script: Ints
    is_fast: Flags


@dataclass(frozen=True)
class Scripts:
    """All scripts. Columns of scripts come first, then columns of messages in the scripts' order.

    Attributes:
        script_id: The conversation's id.
        channel: Its channel.
        touchpoint: The part of the demo's company that it is about.
        is_live: Chat and telephone: answers take seconds.
        is_public: Social media and reviews: the customer is known by a handle.
        first: Position of its first message.
        length: Its number of messages.
        validity: What the company decided, or None.
        closing_state: State of the last customer message that is not neutral, as a position in `STATES`.
        text: What is written.
        is_agent: Written by an agent.
        state: Position in `STATES`; -1 for agents.
        status: The case's status after the message.
        is_first_reply: The first agent message after a customer's.
        complaints: Ways to play a complaint with a true grade in a language, by (grade, language).
        talks: Scripts without a complaint by language: questions, praise, small talk.
    """

    script_id: Texts
    channel: Texts
    touchpoint: Texts
    is_live: Flags
    is_public: Flags
    first: Ints
    length: Ints
    validity: Texts
    closing_state: Ints
    text: Texts
    is_agent: Flags
    state: Ints
    status: Texts
    is_first_reply: Flags
    complaints: dict[tuple[int, int], Plays]
    talks: dict[int, Ints]


def read_conversations(folder: Path = FOLDER) -> list[dict[str, Any]]:
    """Read the conversations, in the order of languages and lines."""
    return [
        json.loads(line)
        for lang in LANGS
        for line in (folder / f"{lang}.jsonl").read_text(encoding="utf-8").splitlines()
    ]


def load_scripts(folder: Path = FOLDER) -> Scripts:
    """Read the conversations and lay them out as columns."""
    talks = read_conversations(folder)
    touchpoints = json.loads((folder / "touchpoints.json").read_text(encoding="utf-8"))
    touchpoint_of = {industry: name for name, industries in touchpoints.items() for industry in industries}
    messages = [message for talk in talks for message in talk["messages"]]
    length = np.array([len(talk["messages"]) for talk in talks])
    channel = [talk["channel"] for talk in talks]
    return Scripts(
        script_id=_texts(talk["id"] for talk in talks),
        channel=_texts(channel),
        touchpoint=_texts(touchpoint_of[talk["industry"]] for talk in talks),
        is_live=np.isin(channel, LIVE_CHANNELS),
        is_public=np.isin(channel, PUBLIC_CHANNELS),
        first=np.cumsum(length) - length,
        length=length,
        validity=_texts(_judge(talk) for talk in talks),
        closing_state=np.array([_closing_state(talk) for talk in talks]),
        text=_texts(message["text"] for message in messages),
        is_agent=np.array([message["role"] == "agent" for message in messages]),
        state=np.array([_state(message) for message in messages]),
        status=_texts(status for talk in talks for status in _statuses(talk)),
        is_first_reply=np.concatenate([_first_reply(talk) for talk in talks]),
        complaints=_list_complaints(talks),
        talks=_list_talks(talks),
    )


def _texts(values: Any) -> Texts:
    return np.array(list(values), dtype=object)


def _state(message: dict[str, Any]) -> int:
    return STATES.index(message["state"]) if message["role"] == "customer" else NO_STATE


def _is_complaint(talk: dict[str, Any]) -> bool:
    return any(_state(message) == _UNSURE for message in talk["messages"])


def _steps(talk: dict[str, Any]) -> set[str]:
    return {step for message in talk["messages"] for step in message.get("steps", ())}


def _closing_state(talk: dict[str, Any]) -> int:
    states = [_state(message) for message in talk["messages"]]
    clear = [state for state in states if state not in (NO_STATE, STATES.index("neutral"))]
    return clear[-1] if clear else STATES.index("neutral")


def _judge(talk: dict[str, Any]) -> str | None:
    """What the company decided about a complaint, as its replies tell."""
    decisions = {"refuse": "refused", "fix": "upheld", "explain": "explained"}
    steps = _steps(talk) if _is_complaint(talk) else set()
    return next((validity for step, validity in decisions.items() if step in steps), None)


def _statuses(talk: dict[str, Any]) -> list[str]:
    """The help desk's status after each message: a fix solves, a customer in uncertainty reopens."""
    status, statuses = "open", []
    for message in talk["messages"]:
        if message["role"] == "agent":
            status = "solved" if "fix" in message["steps"] or not _is_complaint(talk) else "pending"
        elif status != "solved" or _state(message) == _UNSURE:
            status = "open"
        statuses.append(status)
    return statuses


def _first_reply(talk: dict[str, Any]) -> Flags:
    is_agent = np.array([message["role"] == "agent" for message in talk["messages"]])
    answers = is_agent & np.logical_or.accumulate(~is_agent)
    return answers & (np.cumsum(answers) == 1)


def _list_complaints(talks: list[dict[str, Any]]) -> dict[tuple[int, int], Plays]:
    """Grade each complaint in each way to play it.

    Complaints that an agent opens are left out, because what counts as a reply is not plain there.
    """
    ways: dict[tuple[int, int], list[tuple[int, bool]]] = {
        (grade, lang): [] for grade in range(len(GRADES)) for lang in range(len(LANGS))
    }
    for number, talk in enumerate(talks):
        if not _is_complaint(talk) or talk["messages"][0]["role"] == "agent":
            continue
        is_answered = any(message["role"] == "agent" for message in talk["messages"])
        is_live = talk["channel"] in LIVE_CHANNELS
        for is_fast in (False,) if not is_answered else (True,) if is_live else (True, False):
            grade = grade_recovery(_steps(talk), is_fast=is_fast)
            ways[grade, LANGS.index(talk["lang"])].append((number, is_fast))
    return {
        key: Plays(np.array([script for script, _ in way]), np.array([is_fast for _, is_fast in way]))
        for key, way in ways.items()
    }


def _list_talks(talks: list[dict[str, Any]]) -> dict[int, Ints]:
    return {
        number: np.array(
            [i for i, talk in enumerate(talks) if talk["lang"] == lang and not _is_complaint(talk)]
        )
        for number, lang in enumerate(LANGS)
    }
