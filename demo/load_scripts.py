"""Scripts: the written conversations laid out as columns, ready to be played."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from demo.grade_recovery import grade_recovery
from demo.read_conversations import (
    FOLDER,
    LANGS,
    Conversation,
    find_closing_state,
    find_first_reply,
    is_complaint,
    judge_complaint,
    list_statuses,
    list_steps,
    read_conversations,
    read_state,
)
from demo.types import Flags, Ints, Texts
from schemas.cases import GRADES

LIVE_CHANNELS = ("chat", "phone_transcript")
PUBLIC_CHANNELS = ("social", "review")


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
        closing_state: How the customer left, as a position in `STATES`.
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
        validity=_texts(judge_complaint(talk) for talk in talks),
        closing_state=np.array([find_closing_state(talk) for talk in talks]),
        text=_texts(message["text"] for message in messages),
        is_agent=np.array([message["role"] == "agent" for message in messages]),
        state=np.array([read_state(message) for message in messages]),
        status=_texts(status for talk in talks for status in list_statuses(talk)),
        is_first_reply=np.concatenate([find_first_reply(talk) for talk in talks]),
        complaints=_list_complaints(talks),
        talks=_list_talks(talks),
    )


def _texts(values: Iterable[str | None]) -> Texts:
    return np.array(list(values), dtype=object)


def _list_complaints(talks: list[Conversation]) -> dict[tuple[int, int], Plays]:
    """Grade each complaint in each way to play it: live ones are fast, others fast or slow.

    Complaints that an agent opens are left out, because what counts as a reply is not plain there.
    """
    ways: dict[tuple[int, int], list[tuple[int, bool]]] = {
        (grade, lang): [] for grade in range(len(GRADES)) for lang in range(len(LANGS))
    }
    for number, talk in enumerate(talks):
        if not is_complaint(talk) or talk["messages"][0]["role"] == "agent":
            continue
        is_answered = any(message["role"] == "agent" for message in talk["messages"])
        is_live = talk["channel"] in LIVE_CHANNELS
        for is_fast in (False,) if not is_answered else (True,) if is_live else (True, False):
            grade = grade_recovery(list_steps(talk), is_fast=is_fast)
            ways[grade, LANGS.index(talk["lang"])].append((number, is_fast))
    return {
        key: Plays(np.array([script for script, _ in way]), np.array([is_fast for _, is_fast in way]))
        for key, way in ways.items()
    }


def _list_talks(talks: list[Conversation]) -> dict[int, Ints]:
    return {
        number: np.array([i for i, talk in enumerate(talks) if talk["lang"] == lang and not is_complaint(talk)])
        for number, lang in enumerate(LANGS)
    }
