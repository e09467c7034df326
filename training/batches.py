"""Examples as tensors: tokenised once, mixed anew in each epoch, batched by length."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import torch
from transformers import AutoTokenizer

from training.labels import HEADS
from training.network import MASKED
from training.stages import Stage

MAX_TOKENS = 256
TOKENS_PER_BATCH = 1536
SORTED_BATCHES = 40
"""So many batches are sorted by length together: little padding, enough chance."""
VARIANTS = ("text", "redacted", "styled")


@dataclass(frozen=True)
class Encoded:
    """Examples ready to train on, one entry per row.

    `variants` holds token ids per variant, in the order of `VARIANTS`; `targets` maps a head to float32 of shape
    (rows, labels), `MASKED` where not annotated; `origin` is (source, language) per row.
    """

    variants: tuple[list[list[int]], ...]
    targets: dict[str, np.ndarray]
    origin: list[tuple[str, str]]


def encode(examples: pa.Table, base: Path) -> Encoded:
    """Tokenise all variants of each example and lay out its targets."""
    tokenizer = AutoTokenizer.from_pretrained(base, local_files_only=True)
    roles = examples["role"].to_pylist()

    def tokens(column: str) -> list[list[int]]:
        texts = [f"{role}: {text}" for role, text in zip(roles, examples[column].to_pylist(), strict=True)]
        return tokenizer(texts, truncation=True, max_length=MAX_TOKENS)["input_ids"]

    origin = list(zip(examples["source"].to_pylist(), examples["lang"].to_pylist(), strict=True))
    return Encoded(tuple(map(tokens, VARIANTS)), targets_of(examples), origin)


def targets_of(examples: pa.Table) -> dict[str, np.ndarray]:
    """Return head -> 0/1 per label, `MASKED` in rows without that annotation."""
    targets = {}
    for head in HEADS:
        place = {label: number for number, label in enumerate(head.labels)}
        matrix = np.full((examples.num_rows, len(head.labels)), MASKED, dtype=np.float32)
        for row, labels in enumerate(examples[head.name].to_pylist()):
            if labels is not None:
                matrix[row] = 0.0
                matrix[row, [place[label] for label in labels]] = 1.0
        targets[head.name] = matrix
    return targets


def epoch_batches(encoded: Encoded, stage: Stage, rng: np.random.Generator) -> Iterator[dict[str, torch.Tensor]]:
    """Yield one epoch: a fresh draw of rows and variants, in batches of about equal length."""
    share = np.array([stage.share(source, lang) for source, lang in encoded.origin])
    rows = np.flatnonzero(rng.random(len(share)) < share)
    rng.shuffle(rows)
    variant = rng.choice(len(VARIANTS), size=len(share), p=stage.variants)
    ids = {row: encoded.variants[variant[row]][row] for row in rows.tolist()}
    groups = [group for part in _parts(rows, ids) for group in _by_length(part, ids)]
    for number in rng.permutation(len(groups)):
        yield collate(encoded, groups[number], [ids[row] for row in groups[number]])


def _parts(rows: np.ndarray, ids: dict[int, list[int]]) -> list[list[int]]:
    mean = sum(map(len, ids.values())) / max(1, len(ids))
    size = max(1, int(SORTED_BATCHES * TOKENS_PER_BATCH / mean))
    return [rows[start : start + size].tolist() for start in range(0, len(rows), size)]


def _by_length(rows: list[int], ids: dict[int, list[int]]) -> Iterator[list[int]]:
    group: list[int] = []
    for row in sorted(rows, key=lambda row: len(ids[row])):
        if group and (len(group) + 1) * len(ids[row]) > TOKENS_PER_BATCH:
            yield group
            group = []
        group.append(row)
    if group:
        yield group


def collate(encoded: Encoded, rows: list[int], ids: list[list[int]], pad_id: int = 1) -> dict[str, torch.Tensor]:
    """Pad token ids to the longest and add the rows' targets."""
    width = max(map(len, ids))
    input_ids = np.full((len(ids), width), pad_id, dtype=np.int64)
    for place, tokens in enumerate(ids):
        input_ids[place, : len(tokens)] = tokens
    lengths = np.array([len(tokens) for tokens in ids])
    batch = {
        "input_ids": torch.from_numpy(input_ids),
        "attention_mask": torch.from_numpy((np.arange(width) < lengths[:, None]).astype(np.int64)),
    }
    return batch | {name: torch.from_numpy(matrix[rows]) for name, matrix in encoded.targets.items()}
