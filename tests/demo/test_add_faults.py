from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.add_faults import MESSAGE_FAULT_SHARE, spoil_messages
from demo.play_scripts import MESSAGE_COLUMNS
from demo.tell_truth import DemoTruth
from tests.demo.scan import scan_file, scan_messages


def test_an_independent_scan_counts_the_same_dirty_rows(written: tuple[Path, DemoTruth]) -> None:
    folder, truth = written
    for path in sorted(folder.glob("messages-*")):
        rows, rejected, _ = scan_file(path)
        assert {"rows": rows, "rejected": dict(rejected)} == truth.files[path.name], path.name
    reasons = Counter[str]()
    for name, entry in truth.files.items():
        if name.startswith("messages"):
            reasons.update(entry["rejected"])
    assert len(reasons) == 9
    assert min(reasons.values()) >= 5


def test_kept_messages_are_as_many_as_the_truth_says(written: tuple[Path, DemoTruth]) -> None:
    folder, truth = written
    roles = Counter(f"message.{row['role']}" for row in scan_messages(folder))
    assert roles == {name: count for name, count in truth.rows.items() if name.startswith("message.")}


def test_dirty_events_are_counted(written: tuple[Path, DemoTruth]) -> None:
    folder, truth = written
    rows, bad_time, bad_number = duckdb.sql(
        f"""select count(*), count(*) filter (try_cast(occurred_at as timestamp) is null),
        count(*) filter (amount is not null and try_cast(amount as double) is null)
        from read_csv('{folder}/events.csv', all_varchar=true)"""
    ).fetchall()[0]
    expected = {"rows": rows, "rejected": {"bad_number": bad_number, "bad_time": bad_time}}
    assert truth.files["events.csv"] == expected
    kept = sum(count for name, count in truth.rows.items() if name.startswith("event."))
    assert rows == kept + bad_time + bad_number


def test_a_run_stays_below_the_limit_of_rejected_rows(written: tuple[Path, DemoTruth]) -> None:
    _, truth = written
    for name, entry in truth.files.items():
        assert sum(entry["rejected"].values()) < 0.02 * entry["rows"] + 1, name


@settings(max_examples=40, deadline=None)
@given(count=st.integers(0, 400), seed=st.integers(0, 2**32))
def test_good_rows_stay_as_they_are_in_their_order(count: int, seed: int) -> None:
    rows = pa.RecordBatch.from_pydict({name: [f"{name}{i}" for i in range(count)] for name in MESSAGE_COLUMNS})
    dirty = spoil_messages(rows, np.random.default_rng(seed))
    added = sum(dirty.rejected.values())
    assert added == round(count * MESSAGE_FAULT_SHARE)
    assert dirty.count == count + added
    assert all(0 <= place < dirty.rows.num_rows for place in dirty.breaks.tolist())
    wanted = rows.to_pylist()
    good = [row for row in dirty.rows.to_pylist() if row in wanted]
    unique = [row for i, row in enumerate(good) if i == 0 or row != good[i - 1]]
    assert unique == wanted
    assert len(good) - len(unique) == dirty.rejected["duplicate_id"]
