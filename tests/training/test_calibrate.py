import numpy as np
import pytest

from models.manifest import HeadSpec
from training.calibrate import choose_thresholds, fit_temperature, review_thresholds
from training.labels import SHIPPED


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_made_the_logits_is_found(temperature: float) -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(scale=2, size=(20_000, 3))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    picked = (shares.cumsum(axis=1) > rng.random((len(shares), 1))).argmax(axis=1)
    state = next(head for head in SHIPPED if head.name == "state")
    assert fit_temperature(state, logits * temperature, np.eye(3)[picked]) == pytest.approx(temperature, rel=0.05)


def test_the_threshold_lies_between_the_classes() -> None:
    shares = np.concatenate([np.full((50, 1), 0.3), np.full((20, 1), 0.7)])
    truth = np.concatenate([np.zeros((50, 1)), np.ones((20, 1))])
    [threshold] = choose_thresholds([(shares, truth), (shares, truth)])
    assert 0.3 < threshold <= 0.7


def test_at_most_fifteen_in_a_hundred_lie_under_the_review_threshold() -> None:
    rng = np.random.default_rng(2)
    roles = np.array(["customer", "agent"] * 500)
    heads = tuple(
        HeadSpec(head.name, head.labels, head.is_multi, thresholds=(0.5,) * len(head.labels)) for head in SHIPPED
    )
    shares = {head.name: rng.dirichlet([1] * len(head.labels), 1000) for head in heads}
    found = review_thresholds(heads, shares, roles)
    sure = np.maximum(shares["steps"], 1 - shares["steps"]).min(axis=1)[roles == "agent"]
    assert (sure < found["agent"]).mean() <= 0.151
    assert set(found) == {"customer", "agent"}
