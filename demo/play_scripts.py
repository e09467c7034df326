"""Messages: each case plays its script."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from demo.describe_cases import as_texts, describe_cases, name_agents, name_messages, name_teams
from demo.lay_out_lines import Lines, lay_out_lines
from demo.name_ids import format_times
from demo.scene import Scene
from demo.write_automatic import write_automatic
from schemas.labels import STATES

MESSAGE_COLUMNS = (
    "message_id",
    "conversation_id",
    "customer_id",
    "agent_id",
    "team",
    "role",
    "sent_at",
    "channel",
    "lang",
    "touchpoint",
    "text",
    "status",
    "priority",
    "severity",
    "validity",
    "agent_minutes",
)


def play_scripts(scene: Scene, rng: np.random.Generator) -> pa.RecordBatch:
    """Write all messages of the cases up to the end of the exports.

    Returns:
        The columns of `MESSAGE_COLUMNS`, all text, ordered by time and id; and `state`, the true state
        of customer messages, and `is_public`, which are not exported.
    """
    lines = lay_out_lines(scene.cases, scene.scripts, rng)
    spoken, automatic = _write_spoken(scene, lines, rng), write_automatic(scene, lines, rng)
    messages = pa.concat_tables([spoken, automatic.select(spoken.schema.names)])
    messages = messages.filter(pc.less(messages["time"], scene.until))
    messages = messages.sort_by([("time", "ascending"), ("message_id", "ascending")])
    messages = messages.append_column("sent_at", format_times(messages["time"].to_numpy()))
    messages = messages.select([*MESSAGE_COLUMNS, "state", "is_public"])
    return pa.RecordBatch.from_struct_array(messages.to_struct_array().combine_chunks())


def _write_spoken(scene: Scene, lines: Lines, rng: np.random.Generator) -> pa.Table:
    """What customers and agents write."""
    scripts, case, message = scene.scripts, lines.case, lines.message
    is_agent, script = scripts.is_agent[message], scene.cases.script[case]
    minutes = np.round(np.clip(rng.lognormal(np.log(6), 0.6, len(case)), 0.5, 60), 1)
    agents = name_agents(scene, case, lines.is_second)
    turn = pc.cast(pa.array(lines.turn + 1), pa.string())
    return pa.table(
        {
            **describe_cases(scene, case),
            "message_id": name_messages(scene, case, turn),
            "agent_id": pc.if_else(pa.array(is_agent), agents, pa.scalar(None, pa.string())),
            "team": name_teams(scene, case, lines.is_second),
            "role": as_texts(np.where(is_agent, "agent", "customer")),
            "time": lines.time,
            "text": as_texts(scripts.text[message]),
            "status": as_texts(scripts.status[message]),
            "validity": as_texts(scripts.validity[script], is_agent),
            "agent_minutes": as_texts(minutes.astype(str), is_agent),
            "state": as_texts(np.array([*STATES, None], dtype=object)[scripts.state[message]]),
        }
    )
