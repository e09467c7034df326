"""The rule of `cases.recovery_grade`, once more and on its own, so that it can be an oracle."""

from collections.abc import Iterable

from schemas.cases import GRADES

NONE, PARTIAL, FULL = range(len(GRADES))
_SOFT_STEPS = frozenset({"acknowledge", "apologise", "attitude", "urgency"})


def grade_recovery(steps: Iterable[str], *, is_fast: bool) -> int:
    """Grade the steps of all replies to a complaint.

    Args:
        steps: The steps that the replies show.
        is_fast: The first reply came within an office hour, which counts as `urgency`.

    Returns:
        The position in `GRADES`: full is a fix and at least three of the other four steps; partial is
        a fix with fewer, or no fix and at least two of them; none is the rest.
    """
    shown = {*steps, "urgency"} if is_fast else {*steps}
    soft = len(shown & _SOFT_STEPS)
    if "fix" in shown:
        return FULL if soft >= 3 else PARTIAL
    return PARTIAL if soft >= 2 else NONE
