"""The shipped model on ONNX Runtime: float32 on the CPU, same bits alone and in any batch."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pyarrow as pa
from transformers import AutoTokenizer

from models.batches import padded_lengths, plan_batches
from models.manifest import Manifest, read_manifest
from models.normalise import as_model_input
from models.scorer import Effort, Probabilities, probabilities_of
from models.weights import load_weights
from models.windows import Borders, join_windows, split_tokens
from schemas.errors import ModelError

GRAPH_FILE = "model.onnx"
WEIGHTS_FILE = "weights.safetensors"
NO_LIMIT = 10**9
"""Long texts are split here, so the tokenizer need not warn of them."""


def available_threads() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class OnnxScorer:
    """A model directory with a manifest, loaded. See `Scorer`.

    Raises:
        ModelError: The directory differs from its manifest, or ONNX Runtime refuses it.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        self.manifest: Manifest = read_manifest(folder)
        if self.manifest.context:
            raise ModelError(f"{folder}: the model reads a previous turn, which this version cannot; update staunen")
        self.revision = self.manifest.revision
        self.heads = self.manifest.heads
        self.review_thresholds = self.manifest.review_thresholds
        self.effort = Effort()
        self._session = _open_session(folder, threads)
        self._tokenizer: Any = AutoTokenizer.from_pretrained(folder, local_files_only=True, model_max_length=NO_LIMIT)
        vocabulary = self._tokenizer.convert_ids_to_tokens(list(range(len(self._tokenizer))))
        self._borders = Borders.of_vocabulary([str(token) for token in vocabulary])
        self._pad_id = self._tokenizer.pad_token_id

    def score(self, messages: pa.RecordBatch) -> Probabilities:
        """Return calibrated probabilities per head; see `Scorer.score`."""
        windows, owners = self._windows(messages)
        lengths = np.array([len(window) for window in windows], dtype=np.int64)
        scores = {head.name: np.empty((len(windows), len(head.labels))) for head in self.heads}
        for rows in plan_batches(lengths):
            outputs = self._run([windows[row] for row in rows], int(padded_lengths(lengths[rows]).max()))
            for head, logits in zip(self.heads, outputs, strict=True):
                scores[head.name][rows] = probabilities_of(head, logits)
        self.effort.texts += messages.num_rows
        self.effort.windows += len(windows)
        self.effort.tokens += int(lengths.sum())
        self.effort.padded_tokens += int(padded_lengths(lengths).sum())
        return _join(scores, owners, lengths)

    def _windows(self, messages: pa.RecordBatch) -> tuple[list[np.ndarray], np.ndarray]:
        """Tokenise; return windows of token ids and, per window, the row that it belongs to."""
        # The one place where Arrow text becomes Python text: the tokenizer takes nothing else.
        roles, texts = messages["role"].to_pylist(), messages["text"].to_pylist()
        inputs = [as_model_input(role, text) for role, text in zip(roles, texts, strict=True)]
        prefixes = {role: len(self._tokenizer(as_model_input(role, ""))["input_ids"]) - 1 for role in set(roles)}
        windows: list[np.ndarray] = []
        owners: list[int] = []
        for row, ids in enumerate(self._tokenizer(inputs)["input_ids"] if inputs else []):
            parts = self._split(np.array(ids, dtype=np.int64), prefixes[roles[row]])
            windows += parts
            owners += [row] * len(parts)
        return windows, np.array(owners, dtype=np.int64)

    def _split(self, ids: np.ndarray, prefix: int) -> list[np.ndarray]:
        """Split one text's ids; every window gets the start, the role and the end token."""
        if len(ids) <= self.manifest.max_tokens:
            return [ids]
        head, body, tail = ids[:prefix], ids[prefix:-1], ids[-1:]
        parts = split_tokens(body, self.manifest.max_tokens - len(head) - 1, self._borders)
        return [np.concatenate([head, part, tail]) for part in parts]

    def _run(self, windows: list[np.ndarray], length: int) -> list[np.ndarray]:
        """Return the logits of windows of one padded length, one array per head."""
        ids = np.full((len(windows), length), self._pad_id, dtype=np.int64)
        for row, window in enumerate(windows):
            ids[row, : len(window)] = window
        mask = (np.arange(length) < np.array([len(window) for window in windows])[:, None]).astype(np.int64)
        names = [head.name for head in self.heads]
        return self._session.run(names, {"input_ids": ids, "attention_mask": mask})


def _join(scores: Probabilities, owners: np.ndarray, lengths: np.ndarray) -> Probabilities:
    """Join the windows of each text; most texts have one, and are taken over as they are."""
    first = np.flatnonzero(np.diff(owners, prepend=-1))
    joined = {name: values[first] for name, values in scores.items()}
    counts = np.diff(np.append(first, len(owners)))
    for row in np.flatnonzero(counts > 1):
        part = slice(first[row], first[row] + counts[row])
        for name, values in scores.items():
            joined[name][row] = join_windows(name, values[part], lengths[part])
    return joined


def _open_session(folder: Path, threads: int) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Waiting threads sleep: on a shared machine spinning ones take the time the others compute in.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    weights = load_weights(folder / WEIGHTS_FILE)
    values = [ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(value)) for value in weights.values()]
    options.add_external_initializers(list(weights), values)
    try:
        graph = (folder / GRAPH_FILE).read_bytes()
        return ort.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises a dozen unrelated classes
        raise ModelError(f"{folder}: ONNX Runtime {ort.__version__} refuses the model: {error}") from error
