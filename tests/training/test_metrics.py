import numpy as np
import pytest
import sklearn.metrics as sklearn_metrics

from training.metrics import expected_calibration_error, f1_of, micro_f1, report


@pytest.fixture
def annotated() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = rng.random((300, 5)) < 0.3
    return truth.astype(float), (truth ^ (rng.random((300, 5)) < 0.2)).astype(float)


def test_f1_is_that_of_scikit_learn(annotated: tuple[np.ndarray, np.ndarray]) -> None:
    truth, given = annotated
    assert f1_of(truth, given) == pytest.approx(sklearn_metrics.f1_score(truth, given, average=None))
    assert micro_f1(truth, given) == pytest.approx(sklearn_metrics.f1_score(truth, given, average="micro"))


def test_a_report_holds_its_figure_in_its_interval(annotated: tuple[np.ndarray, np.ndarray]) -> None:
    found = report(*annotated, labels=("a", "b", "c", "d", "e"))
    low, high = found["macro_f1_interval"]
    assert low < found["macro_f1"] < high
    assert found["labels"]["a"]["support"] == annotated[0][:, 0].sum()
    assert found["labels"]["a"]["recall"] == pytest.approx(
        sklearn_metrics.recall_score(annotated[0][:, 0], annotated[1][:, 0]), abs=1e-4
    )


def test_a_label_that_never_occurs_counts_as_zero() -> None:
    assert f1_of(np.zeros((4, 1)), np.zeros((4, 1))).tolist() == [0.0]


def test_calibration_error_of_known_gaps() -> None:
    confidence = np.array([0.9] * 10 + [0.6] * 10)
    is_right = np.array([1] * 9 + [0] + [1] * 4 + [0] * 6, dtype=float)
    assert expected_calibration_error(confidence, is_right) == pytest.approx(0.1)
