"""The oracle: one case told again in plain Python, row by row, from the words of docs/cases.md."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import holidays

from schemas.labels import RECOVERY_STEPS, SIGNALS, STEPS
from schemas.policy import WEEKDAYS, Policy, Schedule, Target

Row = dict[str, Any]
SECOND = timedelta(seconds=1)


def retell_cases(
    messages: list[Row], changes: list[Row], policy: Policy, *, always: bool, run_at: datetime
) -> list[Row]:
    """All cases of the messages, in order of case id."""
    ordered = sorted(messages, key=lambda row: (row["case_id"], row["sent_at"], row["message_id"]))
    cases = []
    for case_id, group in groupby(ordered, key=lambda row: row["case_id"]):
        own = [row for row in changes if row["case_id"] == case_id and row["changed_at"] <= run_at]
        own.sort(key=lambda row: (row["changed_at"], row["value"] or ""))
        cases.append(_Case(list(group), own, policy, always, run_at).tell())
    return cases


class _Case:
    def __init__(self, rows: list[Row], changes: list[Row], policy: Policy, always: bool, run_at: datetime) -> None:
        self.rows, self.changes, self.policy, self.always, self.run_at = rows, changes, policy, always, run_at
        self.customer = [row for row in rows if row["role"] == "customer"]
        self.agent = [row for row in rows if row["role"] == "agent"]
        self.opened = rows[0]["sent_at"]
        self.asked = self.customer[0]["sent_at"] if self.customer else None
        after_first = rows[rows.index(self.customer[0]) :] if self.customer else []
        self.answers = [row for row in after_first if row["role"] == "agent"]
        self.unseen = not self.agent and any(row["company_response"] for row in rows)

    def tell(self) -> Row:
        told = self._who() | self._opening() | self._end() | self._work()
        told |= self._clocks(told) | self._feelings(told) | self._company()
        told |= self._recovery(told)
        return told | self._promise(told)

    def _who(self) -> Row:
        return {
            "case_id": self.rows[0]["case_id"],
            "customer_key": _first(self.customer, "customer_key") or _first(self.rows, "customer_key"),
            "channel": self.rows[0]["channel"],
            "channels": sorted({row["channel"] for row in self.rows if row["channel"]}),
            "lang": _first(self.customer, "lang"),
            "touchpoint": _first(self.rows, "touchpoint"),
            "severity": _first(self.rows, "severity"),
            "team": self._latest(self._events("team", self.rows)),
            "priority": self._priority(),
        }

    def _events(self, field: str, rows: list[Row]) -> list[tuple[datetime, int, Any]]:
        said = [(row["sent_at"], 0, row[field]) for row in rows if row[field] is not None]
        changed = [
            (change["changed_at"], 1, change["value"])
            for change in self.changes
            if change["field"] == field and change["value"] is not None
        ]
        return sorted(said + changed, key=lambda event: event[:2])  # stable, as Python's sort is

    def _latest(self, events: list[tuple[datetime, int, Any]]) -> Any:
        return events[-1][2] if events else None

    def _priority(self) -> Any:
        changes = [c for c in self.changes if c["field"] == "priority" and c["changed_at"] <= self.opened]
        if changes:
            return changes[-1]["value"]
        return _last([row for row in self.rows if row["sent_at"] == self.opened], "priority")

    def _opening(self) -> Row:
        uncertain = [row["sent_at"] for row in self.customer if row["state"] == "uncertainty"]
        return {
            "opened_at": self.opened,
            "opened_by": next((row["role"] for row in self.rows if row["role"] != "internal"), "agent"),
            "is_complaint": self.always or bool(uncertain),
            "complained_at": self.opened if self.always else next(iter(uncertain), None),
            "landmark_at": self.opened + timedelta(days=self.policy.recovery_window_days),
        }

    def _end(self) -> Row:
        events = self._events("status", self.rows)
        if events:
            line = [status for _, _, status in events]
            reopenings = sum(a == "solved" != b for a, b in pairwise(line))
            resolved = None
            if line[-1] == "solved":
                start = len(line) - 1
                while start and line[start - 1] == "solved":
                    start -= 1
                resolved = events[start][0]
            return {
                "status": line[-1],
                "resolved_at": resolved,
                "resolved_by": "export" if resolved else None,
                "reopenings": reopenings,
            }
        resolved = None
        for place, row in enumerate(self.rows):
            later = self.rows[place + 1 :]
            if row in self.answers and _shows(row, "fix"):
                uncertain = any(r["role"] == "customer" and r["state"] == "uncertainty" for r in later)
                resolved = None if uncertain else row["sent_at"]
        by = "text" if resolved else None
        return {"status": None, "resolved_at": resolved, "resolved_by": by, "reopenings": None}

    def _work(self) -> Row:
        minutes = [row["agent_minutes"] for row in self.rows if row["agent_minutes"] is not None]
        talk = [row for row in self.rows if row["role"] in ("customer", "agent")]
        replies = sum(a["role"] == "customer" and b["role"] == "agent" for a, b in pairwise(talk))
        repeated, waiting = 0, None
        for row in talk:
            if row["role"] == "agent":
                waiting = None
            elif waiting is None:
                waiting = row["sent_at"]
            elif row["sent_at"] - waiting >= timedelta(hours=1):
                repeated += 1
        assignees = [c["value"] for c in self.changes if c["field"] == "assignee" and c["value"]]
        people = assignees or [row["agent_key"] for row in self.agent if row["agent_key"]]
        return {
            "customer_messages": len(self.customer),
            "agent_messages": len(self.agent),
            "internal_notes": sum(row["role"] == "internal" for row in self.rows),
            "replies": replies,
            "repeated_contacts": repeated,
            "hand_offs": sum(a != b for a, b in pairwise(people)),
            "agent_minutes": sum(minutes) if minutes else None,
        }

    def _clocks(self, told: Row) -> Row:
        is_owed = bool(self.customer) and told["opened_by"] != "agent"
        reply = self.answers[0]["sent_at"] if self.answers and is_owed else None
        end = told["resolved_at"]
        if self.asked is None or (end is not None and end < self.asked):
            end = None
        concrete = [row for row in self.answers if _shows(row, "fix") or _shows(row, "offer")]
        return {
            "first_reply_at": reply,
            "first_reply_seconds": self._calendar(reply),
            "first_reply_business_seconds": self._business(reply),
            "resolution_seconds": self._calendar(end),
            "resolution_business_seconds": self._business(end),
            "concrete_seconds": self._calendar(concrete[0]["sent_at"] if concrete else None),
        } | {
            f"{step}_seconds": self._calendar(next((row["sent_at"] for row in self.answers if _shows(row, step)), None))
            for step in RECOVERY_STEPS
        }

    def _calendar(self, until: datetime | None) -> int | None:
        return None if until is None or self.asked is None else (until - self.asked) // SECOND

    def _business(self, until: datetime | None) -> int | None:
        return (
            None if until is None or self.asked is None else worked(self.policy.schedule, self.asked, until) // SECOND
        )

    def _recovery(self, told: Row) -> Row:
        window = [row for row in self.answers if row["sent_at"] <= told["landmark_at"]]
        read = [row for row in window if row["steps"] is not None]
        known = not self.unseen and (bool(read) or not window)
        steps = [step for step in STEPS if any(step in row["steps"] for row in read)]
        took = told["first_reply_business_seconds"]
        by_clock = None if took is None else took <= self.policy.urgent_reply_seconds
        early = bool(by_clock) and self.answers[0]["sent_at"] <= told["landmark_at"]
        beside = len({"acknowledge", "apologise", "attitude"} & set(steps))
        beside += "urgency" in steps or early
        grade = "none"
        if "fix" in steps:
            grade = "full" if beside >= 3 else "partial"
        elif beside >= 2:
            grade = "partial"
        return {
            "steps": steps if known else None,
            "urgent_by_words": "urgency" in steps if known else None,
            "urgent_by_clock": by_clock,
            "recovery_grade": grade if known and told["is_complaint"] else None,
        }

    def _feelings(self, told: Row) -> Row:
        states = [row["state"] for row in self.customer if row["state"]]
        tones = [row["sentiment"] for row in self.customer if row["sentiment"]]
        shares = [row["state_probabilities"] for row in self.customer if row["state_probabilities"]]
        clear = [state for state in states if state != "neutral"]
        close = (clear or states or [None])[-1]
        signals = [row["signals"] for row in self.customer if row["signals"] is not None]
        reviews = [row["needs_review"] for row in self.rows if row["needs_review"] is not None]
        status = told["status"]
        return {
            "state_open": states[0] if states else None,
            "state_close": close,
            "sentiment_open": tones[0] if tones else None,
            "sentiment_close": tones[-1] if tones else None,
            "experience_score": round(shares[-1]["amazement"] - shares[-1]["uncertainty"], 4) if shares else None,
            "signals": [s for s in SIGNALS if any(s in said for said in signals)] if signals else None,
            "needs_review": any(reviews) if reviews else None,
            "perception_gap": (status, close) == ("solved", "uncertainty") if status and close else None,
        }

    def _company(self) -> Row:
        shown = {step for row in self.answers for step in row["steps"] or ()}
        validity = "unknown"
        if "refuse" in shown and not shown & {"fix", "offer"}:
            validity = "refused"
        elif "explain" in shown and "fix" not in shown:
            validity = "explained"
        elif shown & {"fix", "offer"}:
            validity = "upheld"
        last = {name: _last(self.rows, name) for name in ("validity", "company_response", "timely", "disputed")}
        return last | {"validity": last["validity"] or validity}

    def _promise(self, told: Row) -> Row:
        target = self._target(told["priority"])
        names = ("target_first_reply_seconds", "target_resolution_seconds", "target_clock")
        if target is None:
            rest = ("first_reply_breached", "resolution_breached", "resolution_due_at")
            return dict.fromkeys((*names, *rest))
        reply, end, clock = target.first_reply_seconds, target.resolution_seconds, target.clock
        kind = "business_seconds" if clock == "business" else "seconds"
        waited = self._business(self.run_at) if clock == "business" else self._calendar(self.run_at)
        is_owed = reply is not None and self.customer and told["opened_by"] != "agent" and not self.unseen
        took = told[f"first_reply_{kind}"]
        late_reply = (waited if took is None else took) > reply if is_owed else None
        late_end = due = None
        if end is not None and self.customer:
            due = find_due(self.policy.schedule, self.asked, end, clock)
            if told["resolved_at"] is not None:
                late_end = (told[f"resolution_{kind}"] or 0) > end
            elif not self.unseen:
                late_end = waited > end
        values = (reply, end, clock)
        return dict(zip(names, values, strict=True)) | {
            "first_reply_breached": late_reply,
            "resolution_breached": late_end,
            "resolution_due_at": due,
        }

    def _target(self, priority: str | None) -> Target | None:
        day = self.opened.astimezone(ZoneInfo(self.policy.schedule.zone)).date()
        valid = [target for target in self.policy.targets if target.valid_from <= day]
        special = [t for t in valid if t.priority is not None and t.priority == priority]
        general = [t for t in valid if t.priority is None]
        return max(special or general, key=lambda t: t.valid_from, default=None)


def opening_hours(schedule: Schedule, first: date) -> Iterator[tuple[datetime, datetime]]:
    """The opening intervals from a day on, in UTC, for hours that do not touch a change of the clocks."""
    zone, hours = ZoneInfo(schedule.zone), dict(schedule.hours)
    country, _, part = (schedule.holidays or "").partition("-")
    off = holidays.country_holidays(country, subdiv=part or None) if country else {}
    day = first
    while True:
        for begin, end in hours.get(WEEKDAYS[day.weekday()], ()) if day not in off else ():
            last = day + timedelta(days=end == time(0))
            yield tuple(datetime.combine(d, t, zone).astimezone(UTC) for d, t in ((day, begin), (last, end)))  # type: ignore[misc]
        day += timedelta(days=1)


def worked(schedule: Schedule, since: datetime, until: datetime) -> timedelta:
    """Business time between two instants, by adding up the overlaps with each opening interval."""
    if until < since:
        return -worked(schedule, until, since)
    total = timedelta()
    for begin, end in opening_hours(schedule, since.date() - timedelta(days=2)):
        if begin > until:
            return total
        total += max(min(end, until) - max(begin, since), timedelta())
    return total


def find_due(schedule: Schedule, since: datetime, seconds: int, clock: str) -> datetime:
    """The earliest instant at which so many seconds have passed."""
    left = timedelta(seconds=seconds)
    if clock == "calendar" or not seconds:
        return since + left
    for begin, end in opening_hours(schedule, since.date() - timedelta(days=2)):
        start = max(begin, since)
        if end > start:
            if end - start >= left:
                return start + left
            left -= end - start
    raise AssertionError("opening hours never end")


def _first(rows: list[Row], name: str) -> Any:
    return next((row[name] for row in rows if row[name] is not None), None)


def _last(rows: list[Row], name: str) -> Any:
    return _first(rows[::-1], name)


def _shows(row: Row, step: str) -> bool:
    return step in (row["steps"] or ())
