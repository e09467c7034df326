"""Measure the shipped model and write training/results.json and docs/model-card.md.

python -m training.evaluate --model DIR --examples FILE --dev FILE --verified FILE --results FILE --card FILE
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from models.label import label_batch
from models.languages import detect_languages
from models.manifest import HeadSpec
from models.onnx_scorer import OnnxScorer, available_threads
from models.scorer import HEADS_OF_ROLE
from training.batches import targets_of
from training.card import render_card
from training.measured import read_measured
from training.metrics import expected_calibration_error, report
from training.network import MASKED

Given = dict[str, np.ndarray]


def given_by(labelled: pa.RecordBatch, heads: tuple[HeadSpec, ...]) -> Given:
    """Return head -> 0/1 (messages, labels) as the label columns say; null rows are 0."""
    found = {}
    for head in heads:
        values = labelled[head.name]
        if not head.is_multi:
            values = pa.ListArray.from_arrays(pa.array(np.arange(len(values) + 1), pa.int32()), values)
        found[head.name] = np.array(
            [[label in (row or ()) for label in head.labels] for row in values.to_pylist()], dtype=np.float64
        )
    return found


def measure(messages: pa.Table, scorer: OnnxScorer) -> dict[str, Any]:
    """Return all figures of one set: overall, per language and source, calibration, review."""
    batch = messages.select(["role", "redacted"]).rename_columns(["role", "text"]).combine_chunks()
    labelled = label_batch(batch.to_batches()[0], scorer)
    given, truth = given_by(labelled, scorer.heads), targets_of(messages)
    heads = {}
    for head in scorer.heads:
        is_annotated = truth[head.name][:, 0] != MASKED
        if not is_annotated.any():
            continue
        slices = {"all": is_annotated}
        for column in ("lang", "source"):
            for value in sorted(set(messages[column].to_pylist())):
                is_value = pc.equal(messages[column], value).to_numpy()
                slices[f"{column} {value}"] = is_annotated & is_value
        heads[head.name] = {
            name: report(truth[head.name][rows], given[head.name][rows], head.labels)
            for name, rows in slices.items()
            if rows.any()
        }
        heads[head.name]["all"]["ece"] = _ece(head, labelled, truth[head.name], is_annotated)
    return {"heads": heads, "review": review(messages, labelled, given, truth)}


def _ece(head: HeadSpec, labelled: pa.RecordBatch, truth: np.ndarray, rows: np.ndarray) -> float:
    column = {"signals": "signal", "steps": "step"}.get(head.name, head.name) + "_probabilities"
    values = pc.struct_field
    shares = np.stack(
        [values(labelled[column], label).to_numpy(zero_copy_only=False)[rows] for label in head.labels], axis=1
    )
    if head.is_multi:
        return expected_calibration_error(shares.ravel(), truth[rows].ravel())
    is_right = truth[rows][np.arange(len(shares)), shares.argmax(axis=1)]
    return expected_calibration_error(shares.max(axis=1), is_right)


def review(messages: pa.Table, labelled: pa.RecordBatch, given: Given, truth: Given) -> dict[str, float]:
    """Return the share of flagged messages, and the share of wrong messages among which the flag stands.

    A message is wrong if any head that applies to its role is wrong anywhere.
    """
    is_wrong = np.zeros(messages.num_rows, dtype=bool)
    for role, names in HEADS_OF_ROLE.items():
        is_role = pc.equal(messages["role"], role).to_numpy()
        for name in names:
            is_annotated = truth[name][:, 0] != MASKED
            is_wrong |= is_role & is_annotated & (truth[name] != given[name]).any(axis=1)
    is_flagged = labelled["needs_review"].to_numpy(zero_copy_only=False).astype(bool)
    return {
        "flagged_share": round(float(is_flagged.mean()), 4),
        "wrong_share": round(float(is_wrong.mean()), 4),
        "errors_caught_share": round(float((is_flagged & is_wrong).sum() / max(1, is_wrong.sum())), 4),
        "wrong_share_of_unflagged": round(float(is_wrong[~is_flagged].mean()), 4),
    }


def measure_speed(messages: pa.Table, model: Path, threads: int) -> dict[str, float]:
    """Return distinct messages per second with `threads`, and the share of padding."""
    batch = messages.select(["role", "text"]).combine_chunks().to_batches()[0]
    scorer = OnnxScorer(model, threads)
    label_batch(batch.slice(0, 64), scorer)
    started = time.monotonic()
    label_batch(batch, scorer)
    seconds = time.monotonic() - started
    return {
        "threads": threads,
        "messages_per_second": round(batch.num_rows / seconds, 1),
        "padding_share": round(scorer.effort.padding_share, 4),
    }


def measure_languages(messages: pa.Table) -> dict[str, Any]:
    """Return how often the detected language is the annotated one."""
    detected = detect_languages(messages["text"].combine_chunks())
    is_right = pc.fill_null(pc.equal(detected, messages["lang"].combine_chunks()), False).to_numpy(False)
    lang = messages["lang"].to_numpy()
    shares = {code: round(float(is_right[lang == code].mean()), 4) for code in np.unique(lang)}
    return {"all": round(float(is_right.mean()), 4), "undetected": detected.null_count, **shares}


def measure_tweets(tweets: pa.Table, scorer: OnnxScorer) -> dict[str, Any]:
    """Return the sentiment figures of UMSAB's validation tweets per language."""
    found = measure(tweets, scorer)["heads"]["sentiment"]
    keys = ("messages", "macro_f1", "macro_f1_interval")
    return {name: {key: part[key] for key in keys} for name, part in found.items()}


def main() -> None:
    """Measure and write both files."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("model", "examples", "dev", "verified", "results", "card"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    examples, dev = pq.read_table(options.examples), read_measured(options.dev)
    examples = examples.filter(examples["is_validation"])
    scorer = OnnxScorer(options.model, available_threads())
    written = examples.filter(pc.equal(examples["source"], "conversations"))
    tweets = examples.filter(pc.equal(examples["source"], "umsab"))
    results = {
        "revision": scorer.revision,
        "dev": measure(dev, scorer),
        "validation": measure(written, scorer),
        "umsab_validation": measure_tweets(tweets, scorer),
        "languages": measure_languages(dev),
        "speed": [measure_speed(dev, options.model, threads) for threads in (1, 2)],
        "shipped": json.loads(options.verified.read_text(encoding="utf-8")),
    }
    options.results.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    options.card.write_text(render_card(results, scorer.manifest), encoding="utf-8")


if __name__ == "__main__":
    main()
