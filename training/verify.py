"""Hold the shipped directory against the checkpoint it came from.

python -m training.verify --checkpoint DIR --examples FILE [--dev FILE] --base DIR --model DIR --out FILE

Exit code 1 if a gate fails: no head may lose more than 0.5 points of macro-F1 against the
float32 checkpoint, and a message's logits must be the same bits alone and in any batch.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from models.manifest import HeadSpec
from models.onnx_scorer import OnnxScorer
from models.scorer import probabilities_of
from training.batches import VARIANTS, Encoded, encode
from training.metrics import f1_of
from training.network import MASKED, load_checkpoint
from training.score import predict_logits

ALLOWED_LOSS = 0.005
INVARIANCE_MESSAGES = 320
SEED = 11


def macro_f1(head: HeadSpec, probabilities: np.ndarray, targets: np.ndarray) -> float:
    """Return macro-F1 over the annotated rows, decided as the manifest says."""
    is_annotated = targets[:, 0] != MASKED
    truth, values = targets[is_annotated], probabilities[is_annotated]
    best = np.eye(len(head.labels))[values.argmax(axis=1)]
    given = values >= np.array(head.thresholds) if head.is_multi else best
    return float(f1_of(truth, given.astype(float)).mean())


def compare_shipped(scorer: OnnxScorer, encoded: Encoded, messages: pa.Table, trained: Any) -> dict[str, Any]:
    """Return per head the macro-F1 of the checkpoint and of the shipped file, and their difference."""
    logits = predict_logits(trained, encoded.variants[VARIANTS.index("redacted")])
    batch = messages.select(["role", "redacted"]).rename_columns(["role", "text"]).combine_chunks()
    shipped = scorer.score(batch.to_batches()[0])
    found = {}
    for head in scorer.heads:
        targets = encoded.targets[head.name]
        before = macro_f1(head, probabilities_of(head, logits[head.name]), targets)
        after = macro_f1(head, shipped[head.name], targets)
        found[head.name] = {
            "checkpoint": round(before, 4),
            "shipped": round(after, 4),
            "loss": round(before - after, 4),
        }
    return found


def check_invariance(model: Path, messages: pa.Table) -> dict[str, bool]:
    """Return whether probabilities are bit-identical alone, in any order and with 1 or 2 threads."""
    rng = np.random.default_rng(SEED)
    rows = rng.choice(messages.num_rows, min(INVARIANCE_MESSAGES, messages.num_rows), replace=False)
    picked = messages.take(pa.array(rows)).select(["role", "redacted"]).rename_columns(["role", "text"])
    batch = picked.combine_chunks().to_batches()[0]
    scorers = {threads: OnnxScorer(model, threads) for threads in (1, 2)}
    together = {threads: _score_all(scorer, [batch]) for threads, scorer in scorers.items()}
    shuffle = rng.permutation(batch.num_rows)
    shuffled = _score_all(scorers[1], [batch.take(pa.array(shuffle))])
    pieces = [batch.slice(start, 7) for start in range(0, batch.num_rows, 7)]
    alone = [batch.slice(row, 1) for row in range(batch.num_rows)]
    return {
        "alone": bool((_score_all(scorers[1], alone) == together[1]).all()),
        "alone_two_threads": bool((_score_all(scorers[2], alone) == together[2]).all()),
        "in_pieces_of_7": bool((_score_all(scorers[1], pieces) == together[1]).all()),
        "shuffled": bool((shuffled == together[1][shuffle]).all()),
        "one_or_two_threads": bool((together[1] == together[2]).all()),
    }


def _score_all(scorer: OnnxScorer, batches: list[pa.RecordBatch]) -> np.ndarray:
    """Return all heads' probabilities side by side, (messages, all labels), before any rounding."""
    return np.concatenate([np.concatenate(list(scorer.score(batch).values()), axis=1) for batch in batches])


def main() -> None:
    """Check both gates and write what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("checkpoint", "examples", "base", "model", "out"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    options = parser.parse_args()
    examples = pq.read_table(options.examples)
    messages = examples.filter(examples["is_validation"])
    scorer = OnnxScorer(options.model, threads=2)
    trained = load_checkpoint(options.base, options.checkpoint)
    heads = compare_shipped(scorer, encode(messages, options.base), messages, trained)
    written = messages.filter(pc.equal(messages["source"], "conversations"))
    invariance = check_invariance(options.model, written)
    size = sum(entry.size for entry in scorer.manifest.files.values())
    found = {"revision": scorer.revision, "bytes": size, "heads": heads, "bit_identical": invariance}
    options.out.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(found, indent=2))
    if not all(invariance.values()) or any(head["loss"] > ALLOWED_LOSS for head in heads.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()
