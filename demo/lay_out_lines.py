"""The cases' messages laid out one after the other, with their clocks."""

from dataclasses import dataclass

import numpy as np

from demo.draw_cases import Cases
from demo.load_scripts import Scripts
from demo.office_hours import add_office_seconds
from demo.types import DAY, Flags, Floats, Ints

_HAND_OFF_SHARE = 0.25


@dataclass(frozen=True)
class Lines:
    """Lines of all cases, then what holds for each case.

    Attributes:
        case: Position of the line's case.
        turn: Position of the line within its case.
        message: Position of the line's message in the scripts.
        time: When it is sent, seconds since the epoch.
        is_second: Written after second line took over.
        last_time: For each case, when its last line is sent.
        hand_off_time: For each case, when second line writes first; infinite where it never does.
    """

    case: Ints
    turn: Ints
    message: Ints
    time: Floats
    is_second: Flags
    last_time: Floats
    hand_off_time: Floats


def lay_out_lines(cases: Cases, scripts: Scripts, rng: np.random.Generator) -> Lines:
    """Lay out all lines of all cases, also those after the end of the exports."""
    length, first = scripts.length[cases.script], scripts.first[cases.script]
    case = np.repeat(np.arange(len(length)), length)
    turn = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
    message = first[case] + turn
    times = draw_times(cases, scripts, rng)
    time = times[case, turn]
    # Second line may take over with an agent message that is not the first.
    is_handed = cases.is_complaint & (rng.random(len(length)) < _HAND_OFF_SHARE)
    takes_over = scripts.is_agent[message] & (turn >= 2) & is_handed[case]
    hand_off_time = np.full(len(length), np.inf)
    np.minimum.at(hand_off_time, case[takes_over], time[takes_over])
    return Lines(
        case=case,
        turn=turn,
        message=message,
        time=time,
        is_second=time >= hand_off_time[case],
        last_time=times[np.arange(len(length)), length - 1],
        hand_off_time=hand_off_time,
    )


def draw_times(cases: Cases, scripts: Scripts, rng: np.random.Generator) -> Floats:
    """When each turn of each case is sent: a row a case, a column a turn (repeated past the end).

    Outside of chat and telephone an agent answers in office hours. The loop is over turns, not rows.
    """
    first, length = scripts.first[cases.script], scripts.length[cases.script]
    is_live = scripts.is_live[cases.script]
    times = np.empty((len(first), scripts.length.max()))
    times[:, 0] = cases.opened
    is_answered = np.zeros(len(first), dtype=bool)
    for turn in range(1, times.shape[1]):
        is_there = turn < length
        message = first + np.where(is_there, turn, 0)
        is_agent = scripts.is_agent[message]
        was_agent = scripts.is_agent[np.maximum(message - 1, 0)]
        is_first = scripts.is_first_reply[message] & is_there
        gap = np.where(
            is_agent,
            _agent_gap(is_first, was_agent, cases.is_fast, rng),
            _customer_gap(was_agent | is_answered, cases.is_fast, rng),
        )
        gap = np.floor(np.where(is_live, _quick_gap(len(gap), rng), gap))
        waits = is_agent & ~was_agent & ~is_live
        before = times[:, turn - 1]
        sent = np.where(waits, add_office_seconds(before, gap), before + gap)
        times[:, turn] = np.where(is_there, sent, before)
        is_answered |= is_first
    return times


def _quick_gap(n: int, rng: np.random.Generator) -> Floats:
    return rng.uniform(20, 150, n)


def _agent_gap(is_first: Flags, was_agent: Flags, is_fast: Flags, rng: np.random.Generator) -> Floats:
    """Office seconds to a reply: a fast first one within 40 minutes, a slow one after 75 at least.

    With at most 8 office hours a reply, the longest thread ends within twelve days.
    """
    n = len(is_first)
    first = np.where(is_fast, rng.uniform(60, 2400, n), rng.uniform(4500, 28_800, n))
    later = np.clip(rng.lognormal(np.log(7200), 0.9, n), 600, 28_800)
    return np.where(is_first, first, np.where(was_agent, 4 * _quick_gap(n, rng), later))


def _customer_gap(has_reply: Flags, is_fast: Flags, rng: np.random.Generator) -> Floats:
    """Seconds to a customer's message; before a fast first reply, several in a row come at once."""
    n = len(has_reply)
    later = np.clip(rng.lognormal(np.log(10_800), 1.2, n), 300, DAY)
    return np.where(is_fast & ~has_reply, _quick_gap(n, rng), later)
