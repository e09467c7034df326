"""Logits of many texts, and how good they are."""

import numpy as np
import torch
from sklearn.metrics import f1_score  # type: ignore[import-untyped]

from training.labels import SHIPPED
from training.network import MASKED, MultiHeadNetwork

ROWS = 32


@torch.no_grad()
def predict_logits(network: MultiHeadNetwork, token_ids: list[list[int]], pad_id: int = 1) -> dict[str, np.ndarray]:
    """Return head -> float32 logits (texts, labels), in the order of `token_ids`."""
    network.eval()
    logits = {h.name: np.empty((len(token_ids), len(h.labels)), np.float32) for h in SHIPPED}
    order = np.argsort([len(tokens) for tokens in token_ids], kind="stable")
    for start in range(0, len(order), ROWS):
        rows = order[start : start + ROWS]
        width = max(len(token_ids[row]) for row in rows)
        ids = torch.full((len(rows), width), pad_id, dtype=torch.int64)
        mask = torch.zeros_like(ids)
        for place, row in enumerate(rows):
            ids[place, : len(token_ids[row])] = torch.tensor(token_ids[row])
            mask[place, : len(token_ids[row])] = 1
        for name, values in network(ids, mask).items():
            if name in logits:
                logits[name][rows] = values.numpy()
    return logits


def macro_f1(logits: dict[str, np.ndarray], targets: dict[str, np.ndarray]) -> dict[str, float]:
    """Return head -> macro-F1 over annotated rows; multi-label heads at probability 0.5."""
    figures = {}
    for head in SHIPPED:
        is_annotated = targets[head.name][:, 0] != MASKED
        truth, scores = targets[head.name][is_annotated], logits[head.name][is_annotated]
        if head.is_multi:
            value = f1_score(truth, scores > 0, average="macro", zero_division=0)
        else:
            value = f1_score(truth.argmax(1), scores.argmax(1), average="macro", zero_division=0)
        figures[head.name] = round(float(value), 4)
    return figures
