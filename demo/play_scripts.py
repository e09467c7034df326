"""Messages: each case plays its script, with clocks, agents, teams and statuses."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo.draw_cases import Cases
from demo.draw_customers import Customers
from demo.load_scripts import FOLDER, LANGS, Scripts
from demo.name_ids import format_times, name_customers, name_handles
from demo.office_hours import add_office_seconds
from demo.types import DAY, Flags, Floats, Ints, Texts
from schemas.labels import STATES
from schemas.raw_messages import SEVERITIES

MESSAGE_COLUMNS = (
    "message_id conversation_id customer_id agent_id team role sent_at channel lang touchpoint "
    "text status priority severity validity agent_minutes"
).split()
PRIORITIES = ("low", "normal", "high", "urgent")
_AGENTS_A_TEAM = 8
_SECOND_LINE, _PUBLIC_TEAM = "Second line", "Social media"
_HAND_OFF_SHARE, _RECEIPT_SHARE, _CLOSING_SHARE = 0.25, 0.6, 0.7
_CLOSING_DELAY = 5 * DAY


def play_scripts(
    cases: Cases,
    customers: Customers,
    scripts: Scripts,
    case_id: pa.Array,
    until: float,
    rng: np.random.Generator,
) -> pa.RecordBatch:
    """Write all messages of the cases up to the end of the exports.

    Args:
        cases: The cases.
        customers: Their customers.
        scripts: What they play.
        case_id: The conversation ids of the cases.
        until: End of the exports, seconds since the epoch.
        rng: The source of chance.

    Returns:
        The columns of `MESSAGE_COLUMNS`, all text, ordered by time and id; and `state`, the true state
        of customer messages, and `is_public`, which are not exported.
    """
    lines = _Lines(cases, scripts, rng)
    spoken = _write_spoken(lines, cases, customers, scripts, case_id, rng)
    automatic = _write_automatic(lines, cases, customers, scripts, case_id, rng)
    messages = pa.concat_tables([spoken, automatic])
    messages = messages.filter(pc.less(messages["time"], until))
    messages = messages.sort_by([("time", "ascending"), ("message_id", "ascending")])
    sent_at = format_times(messages["time"].to_numpy())
    messages = messages.append_column("sent_at", sent_at).drop_columns(["time"])
    return messages.select([*MESSAGE_COLUMNS, "state", "is_public"]).combine_chunks().to_batches()[0]


class _Lines:
    """The cases' messages laid out one after the other, with their times.

    Attributes:
        case: Position of the case of each line.
        turn: Position of the line within its case.
        message: Position of the line's message in the scripts.
        time: When it is sent, seconds since the epoch.
        hand_off_turn: Turn of the agent message at which second line takes over, by case; or past the end.
    """

    def __init__(self, cases: Cases, scripts: Scripts, rng: np.random.Generator) -> None:
        length, first = scripts.length[cases.script], scripts.first[cases.script]
        self.case: Ints = np.repeat(np.arange(len(length)), length)
        self.turn: Ints = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length)
        self.message: Ints = first[self.case] + self.turn
        times = _draw_times(cases, scripts, rng)
        self.time: Floats = times[self.case, self.turn]
        self.last_time: Floats = times[np.arange(len(length)), length - 1]
        is_later_reply = scripts.is_agent[self.message] & (self.turn >= 2)
        turn = np.where(is_later_reply, self.turn, times.shape[1])
        first_later = np.full(len(length), times.shape[1])
        np.minimum.at(first_later, self.case, turn)
        is_handed = cases.is_complaint & (rng.random(len(length)) < _HAND_OFF_SHARE)
        self.hand_off_turn: Ints = np.where(is_handed, first_later, times.shape[1])
        self.is_handed: Flags = self.hand_off_turn < length
        self.hand_off_time: Floats = times[np.arange(len(length)), np.minimum(self.hand_off_turn, length - 1)]


def _draw_times(cases: Cases, scripts: Scripts, rng: np.random.Generator) -> Floats:
    """When each turn of each case is sent: a row a case, a column a turn (repeated past the end)."""
    n, first, length = len(cases.script), scripts.first[cases.script], scripts.length[cases.script]
    times = np.empty((n, scripts.length.max()))
    times[:, 0] = cases.opened
    is_answered = np.zeros(n, dtype=bool)
    for turn in range(1, times.shape[1]):
        message = first + np.minimum(turn, length - 1)
        is_agent, was_agent = scripts.is_agent[message], scripts.is_agent[message - (length > turn)]
        is_first = scripts.is_first_reply[message]
        gap = _draw_gap(is_agent, was_agent, is_first, is_answered, cases, scripts, rng)
        waits = is_agent & ~was_agent & ~scripts.is_live[cases.script]
        sent = np.where(waits, add_office_seconds(times[:, turn - 1], gap), times[:, turn - 1] + gap)
        times[:, turn] = np.where(turn < length, sent, times[:, turn - 1])
        is_answered |= is_first
    return times


def _draw_gap(
    is_agent: Flags,
    was_agent: Flags,
    is_first: Flags,
    is_answered: Flags,
    cases: Cases,
    scripts: Scripts,
    rng: np.random.Generator,
) -> Floats:
    """Seconds since the turn before: office seconds for replies that wait for a desk, else calendar.

    A fast first reply stays within an office hour also after several customer messages in a row, a slow
    one is at least 75 office minutes late. The longest thread ends within twelve days.
    """
    n = len(is_agent)
    quick = rng.uniform(20, 150, n)
    first_gap = np.where(cases.is_fast, rng.uniform(60, 2400, n), rng.uniform(4500, 28_800, n))
    reply_gap = np.clip(rng.lognormal(np.log(7200), 0.9, n), 600, 28_800)
    answer_gap = np.clip(rng.lognormal(np.log(10_800), 1.2, n), 300, DAY)
    agent_gap = np.where(is_first, first_gap, np.where(was_agent, 4 * quick, reply_gap))
    customer_gap = np.where(cases.is_fast & ~is_answered & ~was_agent, quick, answer_gap)
    gap = np.where(is_agent, agent_gap, customer_gap)
    return np.floor(np.where(scripts.is_live[cases.script], quick, gap))


def _write_spoken(
    lines: _Lines,
    cases: Cases,
    customers: Customers,
    scripts: Scripts,
    case_id: pa.Array,
    rng: np.random.Generator,
) -> pa.Table:
    """What customers and agents write."""
    case, message = lines.case, lines.message
    is_agent, script = scripts.is_agent[message], cases.script[case]
    is_second = lines.is_handed[case] & (lines.turn >= lines.hand_off_turn[case])
    minutes = np.round(np.clip(rng.lognormal(np.log(6), 0.6, len(case)), 0.5, 60), 1)
    is_timed = is_agent & ~scripts.is_public[script]
    return pa.table(
        {
            **_describe_cases(case, cases, customers, scripts, case_id),
            "message_id": _message_id(case_id, case, pc.cast(pa.array(lines.turn + 1), pa.string())),
            "agent_id": _name_agents(case, cases, customers, scripts, is_agent, is_second),
            "team": _name_teams(case, cases, customers, scripts, is_second),
            "role": _texts(np.where(is_agent, "agent", "customer")),
            "time": lines.time,
            "text": _texts(scripts.text[message]),
            "status": _texts(scripts.status[message]),
            "validity": _texts(np.where(is_agent, scripts.validity[script], None)),
            "agent_minutes": _texts(np.where(is_timed, minutes.astype(str), None)),
            "state": _texts(np.array([*STATES, None], dtype=object)[scripts.state[message]]),
        }
    ).select([*_STORED, "time", "state", "is_public"])


_STORED = [name for name in MESSAGE_COLUMNS if name != "sent_at"]


def _write_automatic(
    lines: _Lines,
    cases: Cases,
    customers: Customers,
    scripts: Scripts,
    case_id: pa.Array,
    rng: np.random.Generator,
) -> pa.Table:
    """Automatic receipts and closings (role system) and notes at a hand-off (role internal)."""
    desk = ~scripts.is_live[cases.script] & ~scripts.is_public[cases.script]
    opened_by_customer = ~scripts.is_agent[scripts.first[cases.script]]
    receipt = np.nonzero(desk & opened_by_customer & (rng.random(len(desk)) < _RECEIPT_SHARE))[0]
    last = scripts.first[cases.script] + scripts.length[cases.script] - 1
    is_open = scripts.status[last] != "solved"
    is_public = scripts.is_public[cases.script]
    closing = np.nonzero(is_open & ~is_public & (rng.random(len(desk)) < _CLOSING_SHARE))[0]
    note = np.nonzero(lines.is_handed & ~is_public)[0]
    texts = json.loads((FOLDER / "automatic.json").read_text(encoding="utf-8"))
    parts = []
    for kind, case, time, status in (
        ("receipt", receipt, cases.opened[receipt] + rng.integers(2, 15, len(receipt)), "open"),
        ("closing", closing, lines.last_time[closing] + _CLOSING_DELAY, "solved"),
        ("note", note, lines.hand_off_time[note] - 1, None),
    ):
        is_note = np.full(len(case), kind == "note")
        by_lang = np.array([texts[lang][kind] for lang in LANGS], dtype=object)
        columns = {
            **_describe_cases(case, cases, customers, scripts, case_id),
            "message_id": _message_id(case_id, case, pa.scalar(kind)),
            "agent_id": _name_agents(case, cases, customers, scripts, is_note, ~is_note),
            "team": _name_teams(case, cases, customers, scripts, ~is_note & False),
            "role": _texts(np.where(is_note, "internal", "system")),
            "time": time.astype(float),
            "text": _texts(by_lang[customers.lang[cases.customer[case]]]),
            "status": pa.array(np.full(len(case), status, dtype=object), pa.string()),
            "validity": pa.nulls(len(case), pa.string()),
            "agent_minutes": pa.nulls(len(case), pa.string()),
            "state": pa.nulls(len(case), pa.string()),
        }
        parts.append(pa.table(columns).select([*_STORED, "time", "state", "is_public"]))
    return pa.concat_tables(parts)


def _describe_cases(
    case: Ints, cases: Cases, customers: Customers, scripts: Scripts, case_id: pa.Array
) -> dict[str, pa.Array]:
    """The columns that are the same on all messages of a case."""
    script, customer, complaint = cases.script[case], cases.customer[case], cases.complaint[case]
    severity = np.where(cases.is_complaint[case], customers.severity[customer, complaint], -1)
    is_public = scripts.is_public[script]
    number = customers.number[customer]
    return {
        "conversation_id": case_id.take(pa.array(case)),
        "customer_id": pc.if_else(pa.array(is_public), name_handles(number), name_customers(number)),
        "channel": _texts(scripts.channel[script]),
        "lang": _texts(np.where(is_public, None, np.array(LANGS, dtype=object)[customers.lang[customer]])),
        "touchpoint": _texts(scripts.touchpoint[script]),
        "priority": _texts(np.array([*PRIORITIES, "normal"], dtype=object)[severity]),
        "severity": _texts(np.array([*SEVERITIES, None], dtype=object)[severity]),
        "is_public": pa.array(is_public),
    }


def _message_id(case_id: pa.Array, case: Ints, suffix: pa.Array | pa.Scalar) -> pa.Array:
    return pc.binary_join_element_wise(case_id.take(pa.array(case)), suffix, "-")


def _first_team(case: Ints, cases: Cases, customers: Customers, scripts: Scripts) -> Ints:
    """Number of the team in first line: one a language, one for social media."""
    is_public = scripts.is_public[cases.script[case]]
    return np.where(is_public, len(LANGS), customers.lang[cases.customer[case]])


def _name_teams(
    case: Ints, cases: Cases, customers: Customers, scripts: Scripts, is_second: Flags
) -> pa.Array:
    names = np.array([*(f"Care {lang.upper()}" for lang in LANGS), _PUBLIC_TEAM, _SECOND_LINE], dtype=object)
    first = _first_team(case, cases, customers, scripts)
    return _texts(names[np.where(is_second, len(LANGS) + 1, first)])


def _name_agents(
    case: Ints, cases: Cases, customers: Customers, scripts: Scripts, is_agent: Flags, is_second: Flags
) -> pa.Array:
    """One agent a case in each line; null where no agent writes."""
    team = np.where(is_second, len(LANGS) + 1, _first_team(case, cases, customers, scripts))
    # The opening's seconds stand in for the roster: they have nothing to do with grade or customer.
    agent = 1000 + team * 100 + cases.opened[case].astype(np.int64) % _AGENTS_A_TEAM
    names = pc.binary_join_element_wise("ag", pc.cast(pa.array(agent), pa.string()), "-")
    return pc.if_else(pa.array(is_agent), names, pa.scalar(None, pa.string()))


def _texts(values: Texts) -> pa.Array:
    return pa.array(values, pa.string())
