"""The columns of a message that come from its case: ids, channel, severity, team and agent."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo.name_ids import name_customers, name_handles
from demo.read_conversations import LANGS
from demo.scene import Scene
from demo.types import Flags, Ints, Texts
from schemas.raw_messages import SEVERITIES

_PRIORITIES = ("low", "normal", "high", "urgent")  # of a complaint, by its severity
_AGENTS_A_TEAM = 8
_TEAMS = np.array([*(f"Care {lang.upper()}" for lang in LANGS), "Social media", "Second line"], dtype=object)
_PUBLIC, _SECOND = len(LANGS), len(LANGS) + 1


def describe_cases(scene: Scene, case: Ints) -> dict[str, pa.Array]:
    """Describe the case of each message.

    Args:
        scene: The cases.
        case: Position of the case of each message.
    """
    cases, customers, scripts = scene.cases, scene.customers, scene.scripts
    script, customer = cases.script[case], cases.customer[case]
    severity = np.where(cases.is_complaint, scene.of_complaint(customers.severity), -1)[case]
    is_public = scripts.is_public[script]
    number = customers.number[customer]
    langs = np.array(LANGS, dtype=object)[customers.lang[customer]]
    return {
        "conversation_id": scene.case_id.take(pa.array(case)),
        "customer_id": pc.if_else(pa.array(is_public), name_handles(number), name_customers(number)),
        "channel": as_texts(scripts.channel[script]),
        "lang": as_texts(langs),
        "touchpoint": as_texts(scripts.touchpoint[script]),
        "priority": as_texts(np.array([*_PRIORITIES, "normal"], dtype=object)[severity]),
        "severity": as_texts(np.array([*SEVERITIES, None], dtype=object)[severity]),
        "is_public": pa.array(is_public),
    }


def name_teams(scene: Scene, case: Ints, is_second: Flags) -> pa.Array:
    """Name the team in charge of each message."""
    return as_texts(_TEAMS[_number_teams(scene, case, is_second)])


def name_agents(scene: Scene, case: Ints, is_second: Flags) -> pa.Array:
    """Name the agent in charge of each message: one a case in first line, one in second."""
    # The opening's seconds stand in for the roster: they have nothing to do with grade or customer.
    seat = scene.cases.opened[case].astype(np.int64) % _AGENTS_A_TEAM
    number = 1000 + _number_teams(scene, case, is_second) * 100 + seat
    return pc.binary_join_element_wise("ag", pc.cast(pa.array(number), pa.string()), "-")


def name_messages(scene: Scene, case: Ints, suffix: pa.Array | str) -> pa.Array:
    """Name messages after their case: `T-100000042-3`."""
    return pc.binary_join_element_wise(scene.case_id.take(pa.array(case)), suffix, "-")


def as_texts(values: Texts, is_there: Flags | None = None) -> pa.Array:
    """Arrow text of a numpy array of strings and None; null also where `is_there` is false."""
    return pa.array(values, pa.string(), mask=None if is_there is None else ~is_there)


def _number_teams(scene: Scene, case: Ints, is_second: Flags) -> Ints:
    """First line has a team a language and one for social media."""
    is_public = scene.scripts.is_public[scene.cases.script[case]]
    first = np.where(is_public, _PUBLIC, scene.customers.lang[scene.cases.customer[case]])
    return np.where(is_second, _SECOND, first)
