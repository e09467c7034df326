"""Messages that no script holds: automatic receipts and closings, and internal notes at a hand-off."""

import json

import numpy as np
import pyarrow as pa

from demo.describe_cases import as_texts, describe_cases, name_agents, name_messages, name_teams
from demo.lay_out_lines import Lines
from demo.read_conversations import FOLDER, LANGS
from demo.scene import Scene
from demo.types import DAY, Flags, Floats, Ints

_RECEIPT_SHARE, _CLOSING_SHARE = 0.6, 0.7
_CLOSING_DELAY = 5 * DAY


def write_automatic(scene: Scene, lines: Lines, rng: np.random.Generator) -> pa.Table:
    """Write them for cases on the help desk's channels; public ones have none.

    A receipt (role system) follows a mail, letter or form at once. A closing (role system) solves what
    is still open five days after the last message. A note (role internal) precedes second line.
    """
    cases, scripts = scene.cases, scene.scripts
    is_desk = ~scripts.is_public[cases.script]
    is_slow = is_desk & ~scripts.is_live[cases.script] & ~scripts.is_agent[scripts.first[cases.script]]
    last = scripts.first[cases.script] + scripts.length[cases.script] - 1
    is_open = is_desk & (scripts.status[last] != "solved")
    is_handed = is_desk & np.isfinite(lines.hand_off_time)
    receipt = _pick(is_slow, _RECEIPT_SHARE, rng)
    closing = _pick(is_open, _CLOSING_SHARE, rng)
    note = np.nonzero(is_handed)[0]
    receipt_time = cases.opened[receipt] + rng.integers(2, 15, len(receipt))
    return pa.concat_tables(
        [
            _write(scene, "receipt", receipt, receipt_time, role="system", status="open"),
            _write(scene, "closing", closing, lines.last_time[closing] + _CLOSING_DELAY, "system", "solved"),
            _write(scene, "note", note, lines.hand_off_time[note] - 1, role="internal", status=None),
        ]
    )


def _pick(is_fit: Flags, share: float, rng: np.random.Generator) -> Ints:
    return np.nonzero(is_fit & (rng.random(len(is_fit)) < share))[0]


def _write(scene: Scene, kind: str, case: Ints, time: Floats, role: str, status: str | None) -> pa.Table:
    texts = json.loads((FOLDER / "automatic.json").read_text(encoding="utf-8"))
    by_lang = np.array([texts[lang][kind] for lang in LANGS], dtype=object)
    first_line = np.zeros(len(case), dtype=bool)
    nothing = pa.nulls(len(case), pa.string())
    return pa.table(
        {
            **describe_cases(scene, case),
            "message_id": name_messages(scene, case, kind),
            "agent_id": name_agents(scene, case, first_line) if role == "internal" else nothing,
            "team": name_teams(scene, case, first_line),
            "role": as_texts(np.full(len(case), role, dtype=object)),
            "time": time.astype(float),
            "text": as_texts(by_lang[scene.customers.lang[scene.cases.customer[case]]]),
            "status": as_texts(np.full(len(case), status, dtype=object)),
            "validity": nothing,
            "agent_minutes": nothing,
            "state": nothing,
        }
    )
