"""Temperatures, thresholds and the review threshold of a trained network.

python -m training.calibrate --checkpoint DIR --examples FILE --dev FILE --base DIR --out FILE
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from scipy.optimize import minimize_scalar

from models.decode import DIGITS, certainty
from models.manifest import HeadSpec
from models.scorer import HEADS_OF_ROLE, Probabilities, probabilities_of
from training.batches import VARIANTS, encode
from training.export import head_specs
from training.labels import SHIPPED, Head
from training.measured import read_measured
from training.metrics import f1_of
from training.network import MASKED, load_checkpoint
from training.score import predict_logits

REVIEW_SHARE = 0.15
GRID = np.round(np.arange(0.15, 0.86, 0.01), 2)
Targets = dict[str, np.ndarray]


def fit_temperature(head: Head, logits: np.ndarray, targets: np.ndarray) -> float:
    """Return the temperature with the least negative log-likelihood (Guo et al. 2017)."""

    def loss(log_temperature: float) -> float:
        spec = HeadSpec(head.name, head.labels, head.is_multi, float(np.exp(log_temperature)))
        probabilities = np.clip(probabilities_of(spec, logits), 1e-9, 1 - 1e-9)
        likelihood = targets * np.log(probabilities)
        if head.is_multi:
            likelihood += (1 - targets) * np.log(1 - probabilities)
        return float(-likelihood.sum())

    best = minimize_scalar(loss, bounds=(-2.0, 2.0), method="bounded")
    return round(float(np.exp(best.x)), 4)


def choose_thresholds(sets: list[tuple[np.ndarray, np.ndarray]]) -> list[float]:
    """Return per label the threshold with the best mean F1 over sets of (probabilities, targets).

    The mean of two sets, and of each threshold with its neighbours: written messages have
    many examples of each label and real ones few, so neither decides alone, and a lucky
    peak between two messages does not win.
    """
    scores = [np.mean([f1_of(t, (p >= cut).astype(float)) for p, t in sets], axis=0) for cut in GRID]
    padded = np.pad(np.array(scores), ((3, 3), (0, 0)), mode="edge")
    smooth = np.mean([padded[shift : shift + len(GRID)] for shift in range(7)], axis=0)
    return [float(GRID[best]) for best in smooth.argmax(axis=0)]


def review_thresholds(heads: tuple[HeadSpec, ...], probabilities: Probabilities, roles: np.ndarray) -> dict[str, float]:
    """Return per role the confidence under which 15 % of the messages lie, so at most these are flagged."""
    rounded = {name: np.round(values, DIGITS).astype(np.float32) for name, values in probabilities.items()}
    sure = {head.name: certainty(head, rounded[head.name]) for head in heads}
    return {
        role: round(float(np.quantile(np.min([sure[n][roles == role] for n in names], axis=0), REVIEW_SHARE)), 4)
        for role, names in HEADS_OF_ROLE.items()
    }


def calibrate(checkpoint: Path, validation: pa.Table, dev: pa.Table, base: Path) -> dict[str, Any]:
    """Return temperatures (fitted on validation), thresholds (both), review thresholds (dev)."""
    network = load_checkpoint(base, checkpoint)
    written, real = encode(validation, base), encode(dev, base)
    variant = VARIANTS.index("redacted")
    logits = [predict_logits(network, part.variants[variant]) for part in (written, real)]
    temperatures, thresholds = {}, {}
    for head in SHIPPED:
        sets = [_annotated(head, lo, part.targets) for lo, part in zip(logits, (written, real), strict=True)]
        temperatures[head.name] = fit_temperature(head, *sets[0])
        if head.is_multi:
            spec = HeadSpec(head.name, head.labels, head.is_multi, temperatures[head.name])
            thresholds[head.name] = choose_thresholds([(probabilities_of(spec, lo), t) for lo, t in sets])
    found: dict[str, Any] = {"temperatures": temperatures, "thresholds": thresholds, "review_thresholds": {}}
    heads = head_specs(found)
    probabilities = {head.name: probabilities_of(head, logits[1][head.name]) for head in heads}
    roles = dev["role"].to_numpy(zero_copy_only=False)
    return found | {"review_thresholds": review_thresholds(heads, probabilities, roles)}


def _annotated(head: Head, logits: Targets, targets: Targets) -> tuple[np.ndarray, np.ndarray]:
    is_annotated = targets[head.name][:, 0] != MASKED
    return logits[head.name][is_annotated], targets[head.name][is_annotated]


def main() -> None:
    """Calibrate and write the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("checkpoint", "examples", "dev", "base", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    examples = pq.read_table(options.examples)
    is_used = pc.and_(examples["is_validation"], pc.is_in(examples["lang"], pa.array(["en", "de", "nl"])))
    found = calibrate(options.checkpoint, examples.filter(is_used), read_measured(options.dev), options.base)
    options.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
