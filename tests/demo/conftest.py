import csv
from pathlib import Path

import numpy as np
import pytest

from demo.draw_cases import draw_cases
from demo.draw_customers import draw_customers
from demo.follow_outcomes import Followed, follow_customers
from demo.load_scripts import Scripts, load_scripts
from demo.mechanism import Mechanism
from demo.name_ids import name_rows
from demo.scene import Scene
from demo.tell_truth import DemoTruth
from demo.write_demo import write_demo

UNTIL = 1_782_864_000.0  # 2026-07-01


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoTruth]:
    """A demo on disk, large enough that each kind of dirty row is there in number."""
    folder = tmp_path_factory.mktemp("demo") / "exports"
    return folder, write_demo(folder, customers=2500, seed=3)


@pytest.fixture(scope="session")
def scripts() -> Scripts:
    return load_scripts()


@pytest.fixture(scope="session")
def staged(scripts: Scripts) -> tuple[Scene, Followed]:
    """Many customers and their cases, in memory."""
    rng = np.random.default_rng(11)
    customers = draw_customers(np.arange(60_000), UNTIL, Mechanism(), rng)
    followed = follow_customers(customers, Mechanism())
    cases = draw_cases(customers, followed, scripts, UNTIL, rng)
    case_id = name_rows("T-", 0, len(cases.script))
    return Scene(cases, customers, scripts, case_id, UNTIL), followed


@pytest.fixture(scope="session")
def truth_cases(written: tuple[Path, DemoTruth]) -> dict[str, dict[str, str | None]]:
    """The rows of truth_cases.csv by conversation id, as texts; an empty cell is None."""
    with (written[0] / "truth_cases.csv").open(encoding="utf-8", newline="") as file:
        return {
            row["conversation_id"]: {name: value or None for name, value in row.items()} for row in csv.DictReader(file)
        }
