import re
from pathlib import Path

import duckdb
import numpy as np
import pytest

from demo.describe_truth import describe_truth
from demo.draw_customers import draw_customers
from demo.follow_outcomes import Followed, potential_outcome
from demo.measure_effects import Effect, EffectSums
from demo.mechanism import Mechanism
from demo.scene import Scene
from demo.tell_truth import DemoTruth
from demo.types import DAY
from demo.write_demo import write_demo
from schemas.cases import GRADES
from tests.demo.conftest import UNTIL
from tests.demo.oracle import outcomes_by_sql
from tests.demo.simulation import simulate

DOCS = Path(__file__).parents[2] / "docs" / "demo.md"


@pytest.fixture(scope="module")
def effects(staged: tuple[Scene, Followed]) -> dict[tuple[str, str], Effect]:
    """The effects at 90 days over all customers of the large demo."""
    sums = EffectSums()
    sums.add(staged[0], describe_truth(staged[0], Mechanism()))
    return {
        (effect.outcome, effect.recovery_grade): effect
        for effect in sums.effects()
        if effect.horizon_days == 90 and effect.segment == "all"
    }


def test_the_files_tell_the_outcomes_of_the_truth(written: tuple[Path, DemoTruth]) -> None:
    folder, _ = written
    sql = outcomes_by_sql(folder)  # noqa: F841 -- DuckDB finds it by its name
    wrong, compared = duckdb.sql(
        f"""select count(*) filter (
            sql.left_before_landmark != truth.left_before_landmark
            or has_30 and (sql.came_back_30 != truth.came_back_30 or sql.churned_30 != truth.churned_30)
            or has_90 and (sql.came_back_90 != truth.came_back_90 or sql.churned_90 != truth.churned_90)
            or has_180 and (sql.came_back_180 != truth.came_back_180 or sql.churned_180 != truth.churned_180)
        ), count(*) filter (has_180)
        from sql join read_csv('{folder}/truth_cases.csv') truth using (conversation_id)
        where is_settled"""
    ).fetchall()[0]
    assert wrong == 0
    assert compared > 500


def test_the_effects_are_those_of_the_cases(written: tuple[Path, DemoTruth]) -> None:
    folder, truth = written
    cases = duckdb.sql(f"from '{folder}/truth_cases.csv'").to_arrow_table()  # noqa: F841 -- DuckDB finds it
    for effect in truth.effects:
        name, grade = f"{effect.outcome}_{effect.horizon_days}", effect.recovery_grade
        row = duckdb.sql(
            f"""select count(*), avg({name}_{grade}::int) - avg({name}_none::int),
            avg({name}::int) filter (recovery_grade = '{grade}')
            - avg({name}::int) filter (recovery_grade = 'none')
            from cases where has_{effect.horizon_days} and '{effect.segment}' in (segment, 'all')"""
        ).fetchall()[0]
        assert row == pytest.approx((effect.n, effect.true_effect, effect.raw_effect))
        assert effect.raw_effect is not None
        assert effect.confounding == pytest.approx(effect.raw_effect - effect.true_effect)


def test_an_outcome_is_the_one_under_the_grade_that_was_given(
    truth_cases: dict[str, dict[str, str | None]],
) -> None:
    complaints = [case for case in truth_cases.values() if case["is_complaint"] == "true"]
    for case in complaints:
        for name in ("came_back_30", "came_back_90", "churned_180"):
            assert case[name] == case[f"{name}_{case['recovery_grade']}"]
    assert len(complaints) > 1000


def test_the_true_effect_is_that_of_a_simulation_of_its_own(effects: dict[tuple[str, str], Effect]) -> None:
    lives = {grade: np.array(rows) for grade, rows in simulate(customers=40_000, seed=1).items()}
    for (outcome, grade), effect in effects.items():
        column = ("came_back", "churned").index(outcome)
        shares = [lives[given][:, column].mean() for given in (grade, "none")]
        n = len(lives["none"])
        # Fresh lives on one side, coupled ones on the other, whose variance is smaller.
        error = np.sqrt(sum(p * (1 - p) for p in shares) * (1 / n + 1 / effect.n))
        assert effect.true_effect == pytest.approx(shares[0] - shares[1], abs=3.5 * error), outcome
        assert error < 0.006


def test_the_chances_of_a_last_complaint_are_the_documented_formula() -> None:
    """Competing exponentials: r / (r + c) (1 - exp(-(r + c) 90)) for coming back before cancelling."""
    customers = draw_customers(np.arange(80_000), UNTIL, Mechanism(), np.random.default_rng(4))
    is_last = np.isfinite(customers.opened[:, 0]) & ~np.isfinite(customers.opened[:, 1])
    is_last &= ~np.isfinite(customers.quits_at[:, 0])
    landmark, standing = customers.opened[:, 0] + 14 * DAY, customers.standing[:, 0]
    for grade, (push, pull) in enumerate([(0.0, 0.0), (0.35, -0.4), (0.85, -0.9)]):
        back = np.log1p(np.exp(-0.6 + 0.8 * standing + push)) / 90
        gone = np.log1p(np.exp(-1.6 - 0.6 * standing + pull)) / 90
        came_back = back / (back + gone) * (1 - np.exp(-(back + gone) * 90))
        churned = 1 - np.exp(-gone * 90)
        times = potential_outcome(customers, 0, grade, Mechanism())
        for time, chance in zip(times, (came_back, churned), strict=True):
            happened = time[is_last] <= landmark[is_last] + 90 * DAY
            error = np.sqrt((chance * (1 - chance))[is_last].mean() / is_last.sum())
            assert happened.mean() == pytest.approx(chance[is_last].mean(), abs=4 * error)


def test_the_raw_difference_is_off_by_the_documented_amount(effects: dict[tuple[str, str], Effect]) -> None:
    documented = re.findall(
        r"\| (came_back|churned) \| 90 \| (partial|full) \| (\S+) \| (\S+) \| (\S+) \|", DOCS.read_text()
    )
    assert len(documented) == 4
    for outcome, grade, true, raw, off in documented:
        effect = effects[outcome, grade]
        assert effect.raw_standard_error is not None
        tolerance = 4 * effect.raw_standard_error
        assert effect.raw_effect == pytest.approx(float(raw) / 100, abs=tolerance)
        assert effect.true_effect == pytest.approx(float(true) / 100, abs=tolerance)
        assert effect.confounding == pytest.approx(float(off) / 100, abs=tolerance)
        assert abs(float(off) / 100) > tolerance


def test_comparing_like_with_like_removes_the_confounder(staged: tuple[Scene, Followed]) -> None:
    truth = describe_truth(staged[0], Mechanism())  # noqa: F841 -- DuckDB finds it by its name
    adjusted, true, error = duckdb.sql(
        """with strata as (
            select count(*) n, avg(came_back_90_full::int) - avg(came_back_90_none::int) as effect,
            avg(came_back_90::int) filter (recovery_grade = 'full') as f,
            avg(came_back_90::int) filter (recovery_grade = 'none') as o,
            count(*) filter (recovery_grade = 'full') as n_f, count(*) filter (recovery_grade = 'none') as n_o
            from truth where has_90
            group by segment, severity, tenure_years >= 1, tenure_years >= 3)
        select sum(n * (f - o)) / sum(n), sum(n * effect) / sum(n),
               sqrt(sum(n * n * (f * (1 - f) / n_f + o * (1 - o) / n_o))) / sum(n)
        from strata"""
    ).fetchall()[0]
    assert adjusted == pytest.approx(true, abs=3.5 * error)
    assert error < 0.01


def test_without_recovery_effect_or_confounding_there_is_none(tmp_path: Path) -> None:
    null = write_demo(tmp_path / "null", customers=2000, mechanism=Mechanism(recovery=0.0))
    assert all(effect.true_effect == 0 for effect in null.effects)
    fair = write_demo(tmp_path / "fair", customers=6000, mechanism=Mechanism(confounding=0.0))
    for outcome in ("came_back", "churned"):
        effect = fair.effect(outcome, "full")
        assert effect.raw_standard_error is not None
        assert effect.confounding == pytest.approx(0, abs=3.5 * effect.raw_standard_error)


def test_purchases_before_the_complaint_do_not_know_the_recovery(tmp_path: Path) -> None:
    """The placebo: within a segment, the grades' purchases before a first complaint are alike."""
    write_demo(tmp_path / "demo", customers=8_000, seed=8)
    sql = outcomes_by_sql(tmp_path / "demo")  # noqa: F841 -- DuckDB finds it by its name
    difference, error = duckdb.sql(
        f"""with cells as (
            select sql.segment, sql.recovery_grade as grade, count(*) as n, avg(purchases_before_90) as mean,
                   var_samp(purchases_before_90) / count(*) as variance
            from sql join '{tmp_path}/demo/truth_cases.csv' truth using (conversation_id)
            where failure_number = 1 and opened_at > timestamp '2024-10-01' and tenure_years > 0.25
            group by all),
        pairs as (
            select a.n + b.n as n, a.mean - b.mean as difference, a.variance + b.variance as variance
            from cells a join cells b using (segment) where a.grade = 'full' and b.grade = 'none')
        select sum(n * difference) / sum(n), sqrt(sum(n * n * variance)) / sum(n) from pairs"""
    ).fetchall()[0]
    assert abs(difference) < 3.5 * error
    assert error < 0.1


def test_the_demo_has_what_journeys_need(written: tuple[Path, DemoTruth]) -> None:
    _, truth = written
    assert set(truth.second_failures) == {f"{before}, then {then}" for before in GRADES for then in GRADES}
    assert min(truth.second_failures.values()) >= 10
    assert truth.customers_without_complaint > 500
    assert truth.customers_on_two_channels > 100
    assert truth.left_before_landmark > 5
    complaints = sum(count for name, count in truth.cases.items() if name != "talk")
    assert complaints == sum(truth.cases[grade] for grade in GRADES)


def test_handles_and_customers_are_joined_by_identities(written: tuple[Path, DemoTruth]) -> None:
    folder, truth = written
    joined, several = duckdb.sql(
        f"""with writers as (
            select distinct m.customer_id as handle, i.customer_id
            from read_json('{folder}/messages-social-*.gz', ignore_errors = true) m
            left join '{folder}/identities.csv' i on m.customer_id = i.channel_customer_id
            where m.customer_id is not null)
        select count(*) filter (customer_id is null), count(*) - count(distinct customer_id) from writers"""
    ).fetchall()[0]
    assert (joined, several) == (0, 0)
    assert truth.files["identities.csv"]["rows"] > 500
