"""One night on the sample exports, and every figure of its tables recomputed by DuckDB from messages and exports.

The SQL in `oracle/` was written from docs/ and the contracts, not from the code. It shares no line with it, so
an error must be made twice to go unseen.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

from demo.write_demo import write_demo
from pipeline.config import make_job
from pipeline.run import run_night
from schemas.cases import GRADES
from tests.demo.oracle import outcomes_by_sql
from tests.pipeline.oracle.classifier import VariedClassifier
from tests.pipeline.oracle.expect import HORIZONS, INTENTS, open_oracle

Row = dict[str, Any]

MIN_GROUP = 5
# Columns of 32 bits; and those kept to 6 decimals, where a tie may be rounded either way.
TOLERANCES = dict.fromkeys(("experience_score", "consistency_share", "latest_score"), 1e-7) | dict.fromkeys(
    ("expected_score", "expectation_gap", "consistency_spread"), 1.001e-6
)
# What no message and no export of the demo tells, or a test of its own holds.
NOT_RECOMPUTED = {
    "cases": {"company_response", "timely", "disputed", "target_clock"},
    "customers": {"value_at_risk"},
}


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("oracle") / "exports"
    write_demo(folder, customers=80, seed=7)
    return folder


@pytest.fixture(scope="module")
def night(exports: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    job = make_job({"output": str(exports.parent / "lake")}, str(exports / "nightly.yaml"))
    run_night(job, classifier=VariedClassifier())  # type: ignore[arg-type]
    with open_oracle(exports.parent / "lake", exports) as connection:
        yield connection


def rows_by(night: duckdb.DuckDBPyConnection, sql: str, *key: str) -> dict[tuple, Row]:
    relation = night.sql(sql)
    rows = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
    by_key = {tuple(row[name] for name in key): row for row in rows}
    assert len(by_key) == len(rows)
    return by_key


def assert_same(
    found: Mapping[tuple, Row], expected: Mapping[tuple, Row], *, but: frozenset[str] = frozenset()
) -> None:
    """Hold every published column against the recomputed one; lists of labels are sets, rates may differ by 1e-9."""
    assert found.keys() == expected.keys()
    assert found
    columns = next(iter(found.values())).keys() - but
    for key, row in found.items():
        for name in columns:
            tolerance = TOLERANCES.get(name, 1e-9)
            wanted = expected[key][name]
            assert is_same(row[name], wanted, tolerance), f"{name} of {key}: {row[name]}, not {wanted}"


def is_same(found: Any, expected: Any, tolerance: float) -> bool:
    if isinstance(found, float) and expected is not None:
        return math.isclose(found, expected, rel_tol=1e-9, abs_tol=tolerance)
    if isinstance(found, list) and expected is not None:
        return sorted(found) == sorted(expected)
    return bool(found == expected)


def test_pseudonyms_and_customers_are_one_to_one(night: duckdb.DuckDBPyConnection, exports: Path) -> None:
    keys = night.sql("select count(*), count(distinct customer_id), count(distinct customer_key) from keys")
    assert keys.fetchall() == [(80, 80, 80)]
    # Handles of social media are resolved: the case is the customer's whom the truth names.
    strangers = night.sql(f"""
        select * from published.cases c join keys using (customer_key)
        join read_csv('{exports}/truth_cases.csv', all_varchar = true) t on t.conversation_id = c.case_id
        where t.customer_id <> keys.customer_id""").fetchall()
    assert strangers == []
    assert night.sql("from published.cases anti join keys using (customer_key)").fetchall() == []


def test_cases(night: duckdb.DuckDBPyConnection) -> None:
    found = rows_by(night, "from published.cases", "case_id")
    expected = rows_by(
        night,
        "select *, first_answer_at as first_reply_at from told",
        "case_id",
    )
    assert_same(found, expected, but=frozenset(NOT_RECOMPUTED["cases"]))
    # The demo must be rich enough for the comparison to say something.
    for name in ("fix_seconds", "resolution_seconds", "reopenings", "came_back_90", "previous_recovery_grade", "nps"):
        assert sum(row[name] is not None for row in found.values()) >= 10, name
    assert {row["recovery_grade"] for row in found.values()} == {*GRADES, None}


def test_journeys(night: duckdb.DuckDBPyConnection) -> None:
    key = ("customer_key", "spell_number")
    found = rows_by(night, "from published.journeys", *key)
    assert_same(found, rows_by(night, "from expected_journeys", *key))
    assert {row["entry_reason"] for row in found.values()} == {
        "new_customer", "complaint", "relapse", "recovered", "praise",
    }  # fmt: skip


def test_customers(night: duckdb.DuckDBPyConnection) -> None:
    found = rows_by(night, "from published.customers", "customer_key")
    expected = rows_by(night, "from expected_customers", "customer_key")
    assert_same(found, expected, but=frozenset(NOT_RECOMPUTED["customers"]))
    assert {row["state"] for row in found.values()} == {"uncertainty", "amazement"}


def test_sentiment_daily(night: duckdb.DuckDBPyConnection) -> None:
    key = ("day", "channel", "lang")
    found = rows_by(night, "from published.sentiment_daily", *key)
    assert_same(found, rows_by(night, "from expected_sentiment_daily", *key))
    assert max(row["backlog_in_arrears"] for row in found.values()) > 0


def test_state_transitions(night: duckdb.DuckDBPyConnection) -> None:
    key = ("week", "segment", "from_state", "to_state")
    found = rows_by(night, "from published.state_transitions", *key)
    assert_same(found, rows_by(night, "from expected_transitions", *key))
    assert {row["is_suppressed"] for row in found.values()} == {True, False}


@pytest.mark.parametrize("table", ["touchpoints", "channels", "teams"])
def test_groups(night: duckdb.DuckDBPyConnection, table: str) -> None:
    group = table.removesuffix("s")
    found = rows_by(night, f"from published.{table}", group)
    figures = rows_by(night, f"select *, item as {group} from group_figures('{group}')", group)
    assert_same(found, {key: show_group(row) for key, row in figures.items()})
    assert not all(row["is_suppressed"] for row in found.values())


def show_group(row: Row) -> Row:
    """Make shares and their Wilson intervals of a group's counts, and suppress what is small."""
    shares = {"full": "fully_recovered", "uncertainty": "left_in_uncertainty", "warmth": "warmth"}
    for count, name in shares.items():
        hits, of = row.pop(f"{count}_hits"), row.pop(f"{count}_of")
        low, high = wilson(hits, of)
        row |= {f"{name}_share": hits / of if of else None, f"{name}_low": low, f"{name}_high": high}
    if row["is_suppressed"]:
        kept = {"item", "touchpoint", "channel", "team", "is_suppressed"}
        return {name: value if name in kept else None for name, value in row.items()}
    return row


def wilson(hits: int, of: int) -> tuple[float | None, float | None]:
    if not of:
        return None, None
    low, high = proportion_confint(hits, of, alpha=0.05, method="wilson")
    return float(low), float(high)


def test_recovery_loyalty(night: duckdb.DuckDBPyConnection) -> None:
    key = ("outcome", "horizon_days", "segment", "recovery_grade")
    found = rows_by(night, "from published.recovery_loyalty", *key)
    complaints = rows_by(night, "from told where is_complaint", "case_id")
    expected = {}
    for outcome, kind, days, column in list_outcomes():
        segments = {"all", *(row["segment"] or "unknown" for row in complaints.values())}
        for segment in segments:
            theirs = [row for row in complaints.values() if segment in ("all", row["segment"] or "unknown")]
            for grade in (*GRADES, "unknown"):
                names = dict(zip(key, (outcome, days, segment, grade), strict=True))
                raw = compare_raw(theirs, grade, column)
                if grade in GRADES or raw["n"]:
                    expected[tuple(names.values())] = names | {"kind": kind} | raw
    assert_same(found, expected)
    assert {row["reason"] for row in found.values()} == {
        "no outcome data", "no recovery grade", "fewer cases than the minimum group size", "not computed",
    }  # fmt: skip


def list_outcomes() -> list[tuple[str, str, int, str]]:
    acts = ("came_back", "churned", "complained_again", "purchases", "revenue")
    return [
        *((name, "loyalty", days, f"{name}_{days}") for name in acts for days in HORIZONS),
        *((name, "intent", 0, name) for name in INTENTS),
        ("csat", "satisfaction", 0, "csat"),
        ("nps", "satisfaction", 0, "nps"),
        ("disputed", "dispute", 0, "disputed"),
    ]


def compare_raw(complaints: list[Row], grade: str, column: str) -> Row:
    """The raw columns of one row, by statsmodels and the textbook."""
    graded = [row.get(column) for row in complaints if (row["recovery_grade"] or "unknown") == grade]
    values = [float(value) for value in graded if value is not None]
    n = len(values)
    row: Row = {"n": n, "n_excluded": len(graded) - n, "estimable": False, "reason": "not computed"}
    row |= dict.fromkeys(("raw_rate", "raw_low", "raw_high"))
    row |= dict.fromkeys(("effect", "effect_low", "effect_high", "overlap", "e_value"))
    if all(other.get(column) is None for other in complaints):
        row["reason"] = "no outcome data"
    elif grade == "unknown" or all(other["recovery_grade"] is None for other in complaints):
        row["reason"] = "no recovery grade"
    elif n < MIN_GROUP:
        row["reason"] = "fewer cases than the minimum group size"
    if n < MIN_GROUP:
        return row
    mean = math.fsum(values) / n
    if isinstance(next(value for value in graded if value is not None), bool):
        low, high = wilson(round(math.fsum(values)), n)
    else:
        deviation = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
        reach = float(norm.ppf(0.975)) * deviation / math.sqrt(n)
        low, high = mean - reach, mean + reach
    return row | {"raw_rate": mean, "raw_low": low, "raw_high": high}


def test_outcomes_are_those_of_the_true_data(night: duckdb.DuckDBPyConnection, exports: Path) -> None:
    """The demo's own oracle knows nothing of messages: only of its events and of who complained when."""
    truth = outcomes_by_sql(exports)
    expected = {row[0]: dict(zip(truth.columns, row, strict=True)) for row in truth.fetchall()}
    is_over = {
        row["conversation_id"]: row
        for row in rows_by(night, f"from read_csv('{exports}/truth_cases.csv')", "conversation_id").values()
    }
    found = rows_by(night, "from published.cases", "case_id")
    compared = 0
    for case_id, wanted in expected.items():
        row = found[(case_id,)]
        for days in HORIZONS:
            for name in (f"came_back_{days}", f"churned_{days}"):
                if row[name] is not None:
                    assert is_over[case_id][f"has_{days}"], (case_id, name)
                    assert row[name] == wanted[name], (case_id, name)
                    compared += 1
                elif not wanted["left_before_landmark"]:
                    assert not is_over[case_id][f"has_{days}"] or is_at_the_edge(row["landmark_at"].date(), days)
        if row["left_before_landmark"] is not None:
            assert row["left_before_landmark"] == wanted["left_before_landmark"]
        if row["purchases_before_90"] is not None:
            assert row["purchases_before_90"] == wanted["purchases_before_90"]
    assert compared > 200


def is_at_the_edge(landmark: date, days: int) -> bool:
    """The exports end with June 2026, and their last event comes up to two days before that."""
    return 0 <= (date(2026, 7, 1) - landmark).days - days <= 2


def test_quality_counts_what_is_in_the_tables(night: duckdb.DuckDBPyConnection) -> None:
    counted = dict(night.sql("select (scope, item, counter)::text, value from published.quality").fetchall())
    expected = night.sql("""
        with figures as (
            select 'table' as scope, 'messages' as item, * from (
                select count(*) as rows, count(model_revision) as labelled,
                       count(*) filter (needs_review) as needs_review
                from messages)
            union all
            select 'role', role, count(*), count(model_revision), count(*) filter (needs_review)
            from messages group by role
        )
        select (scope, item, counter)::text, value from (unpivot figures on rows, labelled, needs_review
            into name counter value value)
        union all
        select ('table', 'cases', counter)::text, value from (
            unpivot (select count(*) as rows, count(*) filter (is_complaint) as complaints,
                count(resolved_at) as resolved, count(recovery_grade) as graded,
                count(*) filter (recovery_grade = 'full') as grade_full, count(status) as status_known,
                count(*) filter (is_complaint and came_back_90 is not null) as with_outcome,
                count(*) filter (needs_review) as needs_review from told)
            on * into name counter value value)
    """).fetchall()
    assert len(expected) > 15
    assert {item: counted[item] for item, _ in expected} == dict(expected)
