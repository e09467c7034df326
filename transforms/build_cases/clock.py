"""Clock a case from the first customer message: to reply, resolution, concrete help and each step."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from schemas.arithmetic.arrays import SECOND_US, Mask, Rows, first_row, from_micros
from schemas.labels import RECOVERY_STEPS
from schemas.types import SECONDS
from transforms.build_cases.conversation import Conversations
from transforms.build_cases.resolve import Resolutions
from transforms.build_cases.working_time import WorkingTime


@dataclass(frozen=True, eq=False)
class Clocks:
    """How long the customers waited, in whole seconds (a part of a second is dropped).

    Attributes:
        asked: First customer message of each case, microseconds since 1970 (UTC); 0 where there is none.
        has_asked: Whether there is one.
        replied: First answer of each case, microseconds since 1970 (UTC), where `is_replied`.
        is_replied: Whether the first reply came, in cases that were not opened by an agent.
        reply: Seconds to the first reply, calendar and business, where `is_replied`.
        is_timed: The case is resolved, and not before the customer first wrote.
        resolution: Seconds to the resolution, calendar and business, where `is_timed`.
    """

    asked: Rows
    has_asked: Mask
    replied: Rows
    is_replied: Mask
    reply: tuple[Rows, Rows]
    is_timed: Mask
    resolution: tuple[Rows, Rows]


def clock_cases(talk: Conversations, ends: Resolutions, working_time: WorkingTime) -> Clocks:
    """Measure first reply and resolution in calendar and in business time.

    Args:
        talk: The conversations.
        ends: How the cases ended.
        working_time: When the company works, laid out around all instants.
    """
    asked, has_asked = look_up(talk.sent, talk.first_customer)
    replied, is_answered = look_up(talk.sent, first_row(talk.cases, talk.is_answer))
    is_timed = ends.is_resolved & has_asked & (ends.resolved >= asked)
    return Clocks(
        asked=asked,
        has_asked=has_asked,
        replied=replied,
        is_replied=is_answered & talk.is_waiting,
        reply=count_seconds(asked, replied, is_answered, working_time),
        is_timed=is_timed,
        resolution=count_seconds(asked, ends.resolved, is_timed, working_time),
    )


def list_clocks(talk: Conversations, clocks: Clocks) -> dict[str, pa.Array]:
    """Give the columns from `first_reply_at` to `concrete_seconds`, and `*_seconds` per step."""
    help_rows = first_row(talk.cases, talk.shows["fix"] | talk.shows["offer"])
    columns = {
        "first_reply_at": from_micros(clocks.replied, known=clocks.is_replied),
        "first_reply_seconds": _write(clocks.reply[0], clocks.is_replied),
        "first_reply_business_seconds": _write(clocks.reply[1], clocks.is_replied),
        "resolution_seconds": _write(clocks.resolution[0], clocks.is_timed),
        "resolution_business_seconds": _write(clocks.resolution[1], clocks.is_timed),
        "concrete_seconds": _delay(talk, clocks, help_rows),
    }
    steps = {step: first_row(talk.cases, talk.shows[step]) for step in RECOVERY_STEPS}
    return columns | {f"{step}_seconds": _delay(talk, clocks, rows) for step, rows in steps.items()}


def look_up(values: Rows, rows: Rows) -> tuple[Rows, Mask]:
    """The values at the rows, 0 where the row is -1, and where there is a row."""
    found = rows >= 0
    picked = np.zeros(len(rows), dtype=np.int64)
    picked[found] = values[rows[found]]
    return picked, found


def count_seconds(since: Rows, until: Rows, mask: Mask, working_time: WorkingTime) -> tuple[Rows, Rows]:
    """Whole seconds between instants by the calendar and by the working time; 0 outside the mask."""
    calendar, business = np.zeros((2, len(since)), dtype=np.int64)
    calendar[mask] = (until - since)[mask] // SECOND_US
    business[mask] = working_time.measure(since[mask], until[mask]) // SECOND_US
    return calendar, business


def _delay(talk: Conversations, clocks: Clocks, rows: Rows) -> pa.Array:
    shown, is_shown = look_up(talk.sent, rows)
    return _write((shown - clocks.asked) // SECOND_US, is_shown)


def _write(seconds: Rows, known: Mask) -> pa.Array:
    return pa.array(seconds, SECONDS, mask=~known)
