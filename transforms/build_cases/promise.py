"""Hold a case against the company's promise: the target in force at its opening, and whether it was kept."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.arithmetic.arrays import SECOND_US, Mask, Rows, from_micros, is_value
from schemas.errors import UsageError
from schemas.policy import Policy, Target
from schemas.types import SECONDS, TEXT
from transforms.build_cases.clock import Clocks, count_seconds
from transforms.build_cases.conversation import Conversations
from transforms.build_cases.resolve import Resolutions
from transforms.build_cases.working_time import WorkingTime

_NO_TARGET = -1
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, eq=False)
class Promises:
    """The target in force for each case.

    Attributes:
        is_promised: Whether one was in force at all.
        is_business: Its seconds are business time.
        reply: Seconds to the first reply, where `has_reply`.
        has_reply: The target names them.
        resolution: Seconds to the resolution, where `has_resolution`.
        has_resolution: The target names them.
    """

    is_promised: Mask
    is_business: Mask
    reply: Rows
    has_reply: Mask
    resolution: Rows
    has_resolution: Mask


def find_promises(policy: Policy, opened_at: pa.Array, priority: pa.Array) -> Promises:
    """Find the target in force at each case's opening, on the clock of the schedule's zone."""
    opened_on = pc.local_timestamp(opened_at.cast(pa.timestamp("us", policy.schedule.zone)))
    days = opened_on.cast(pa.date32()).cast(pa.int32()).to_numpy()
    matched = _match_targets(policy.targets, days, priority)
    reply, has_reply = _spread([target.first_reply_seconds for target in policy.targets], matched)
    resolution, has_resolution = _spread([target.resolution_seconds for target in policy.targets], matched)
    by_business = [target.clock == "business" for target in policy.targets]
    return Promises(
        is_promised=matched != _NO_TARGET,
        is_business=np.array([*by_business, False])[matched],
        reply=reply,
        has_reply=has_reply,
        resolution=resolution,
        has_resolution=has_resolution,
    )


def check_promises(
    talk: Conversations,
    ends: Resolutions,
    clocks: Clocks,
    promises: Promises,
    working_time: WorkingTime,
    now: int,
) -> dict[str, pa.Array]:
    """Give the columns from `target_first_reply_seconds` to `resolution_due_at`.

    What has not happened is held against the target as if it happened now. Where the company answered outside
    of the export, nobody knows when; there the answer is null.

    Args:
        talk: The conversations.
        ends: How the cases ended.
        clocks: How long the customers waited.
        promises: The target of each case.
        working_time: When the company works, laid out far enough for all targets.
        now: The end of the run date, microseconds since 1970 (UTC).
    """
    waited = count_seconds(clocks.asked, np.full(len(clocks.asked), now), clocks.has_asked, working_time)
    late_reply = _took(promises, clocks.is_replied, clocks.reply, waited) > promises.reply
    late_end = _took(promises, ends.is_resolved, clocks.resolution, waited) > promises.resolution
    is_owed = promises.has_reply & talk.is_waiting & ~talk.is_answered_unseen
    is_endable = promises.has_resolution & clocks.has_asked & (ends.is_resolved | ~talk.is_answered_unseen)
    clock_names = pa.array(["calendar", "business"], TEXT)
    return {
        "target_first_reply_seconds": pa.array(promises.reply, SECONDS, mask=~promises.has_reply),
        "target_resolution_seconds": pa.array(promises.resolution, SECONDS, mask=~promises.has_resolution),
        "target_clock": clock_names.take(pa.array(promises.is_business.astype(np.int64), mask=~promises.is_promised)),
        "first_reply_breached": pa.array(late_reply, mask=~is_owed),
        "resolution_breached": pa.array(late_end, mask=~is_endable),
        "resolution_due_at": _find_due(clocks, promises, working_time),
    }


def check_targets(targets: tuple[Target, ...]) -> None:
    """Refuse targets that do not say which of them is in force.

    Raises:
        UsageError: Two targets for the same priority from the same day, or seconds below 0.
    """
    seen: set[tuple[date, str | None]] = set()
    for target in targets:
        whom = f"the target for priority {target.priority!r}" if target.priority else "the general target"
        if (target.valid_from, target.priority) in seen:
            raise UsageError(f"targets: {whom} from {target.valid_from} is given twice; keep one of them")
        seen.add((target.valid_from, target.priority))
        for seconds in (target.first_reply_seconds, target.resolution_seconds):
            if seconds is not None and seconds < 0:
                raise UsageError(
                    f"targets: {whom} from {target.valid_from} has {seconds} seconds; it must be 0 or more"
                )


def longest_business_target(targets: tuple[Target, ...]) -> int:
    """Business microseconds of the longest resolution target; 0 without one."""
    seconds = [target.resolution_seconds or 0 for target in targets if target.clock == "business"]
    return max(seconds, default=0) * SECOND_US


def _match_targets(targets: tuple[Target, ...], days: Rows, priority: pa.Array) -> Rows:
    """The latest target valid on each day; one for the case's priority goes before a general one."""
    matched = np.full(len(days), _NO_TARGET, dtype=np.int64)
    ranks = [(target.priority is not None, target.valid_from, at) for at, target in enumerate(targets)]
    for _, valid_from, place in sorted(ranks):  # each overrides the ones before it
        is_valid = days >= (valid_from - _EPOCH).days
        if (wanted := targets[place].priority) is not None:
            is_valid &= is_value(priority, wanted)
        matched[is_valid] = place
    return matched


def _spread(seconds: list[int | None], matched: Rows) -> tuple[Rows, Mask]:
    """Seconds of each case's target and whether it has any; the place -1 finds the appended last."""
    values = np.array([*(value or 0 for value in seconds), 0], dtype=np.int64)
    known = np.array([*(value is not None for value in seconds), False])
    return values[matched], known[matched]


def _took(promises: Promises, has_happened: Mask, taken: tuple[Rows, Rows], waited: tuple[Rows, Rows]) -> Rows:
    """The seconds to hold against the target, by its clock: those it took, else those waited until now."""
    calendar, business = (np.where(has_happened, *pair) for pair in zip(taken, waited, strict=True))
    return np.where(promises.is_business, business, calendar)


def _find_due(clocks: Clocks, promises: Promises, working_time: WorkingTime) -> pa.Array:
    """When the resolution target ends, by its clock."""
    is_due = promises.has_resolution & clocks.has_asked
    span = promises.resolution * SECOND_US
    due = clocks.asked + span
    by_business = is_due & promises.is_business
    due[by_business] = working_time.find_end(clocks.asked[by_business], span[by_business])
    return from_micros(due, known=is_due)
