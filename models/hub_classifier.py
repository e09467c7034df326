"""Any Hugging Face sequence classification model in place of the shipped one; needs torch."""

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from models.batches import LENGTH_STEP, plan_batches
from models.manifest import HeadSpec
from models.normalise import normalise_text
from models.scorer import Effort, Probabilities
from schemas.errors import ModelError
from schemas.labels import SENTIMENTS, STATES

MAX_TOKENS = 512
REVIEW_THRESHOLD = 0.5
SPELLINGS: dict[str, dict[str, tuple[str, ...]]] = {
    "sentiment": {
        "negative": ("negative", "neg", "negativ", "negatief", "very negative", "label_0", "0", "1 star", "2 stars"),
        "neutral": ("neutral", "neu", "neutraal", "mixed", "label_1", "1", "3 stars"),
        "positive": ("positive", "pos", "positiv", "positief", "very positive", "label_2", "2", "4 stars", "5 stars"),
    },
    "state": {state: (state,) for state in STATES},
}
"""Our labels, and how models spell them. `LABEL_n` is read in the order that the tweet
sentiment models use, and only where there are exactly three."""


def map_labels(id2label: dict[int, str], model: str) -> tuple[str, np.ndarray]:
    """Return the head that a model fills, and a 0/1 matrix (its labels, ours).

    Probabilities of several labels that mean one of ours are added up ("4 stars", "5 stars").

    Raises:
        ModelError: The labels are not those of one of our heads.
    """
    names = [re.sub(r"\s+", " ", str(id2label[i])).strip().lower() for i in range(len(id2label))]
    is_numbered = all(re.fullmatch(r"(label_)?\d", name) for name in names)
    for head, ours in (("sentiment", SENTIMENTS), ("state", STATES)):
        matrix = np.array([[float(name in SPELLINGS[head][label]) for label in ours] for name in names])
        ends = matrix[:, 0].any() and matrix[:, 2].any()
        if matrix.any(axis=1).all() and ends and not (is_numbered and len(names) != len(SENTIMENTS)):
            return head, matrix
    raise ModelError(
        f"{model}: its labels {names} are neither sentiments {list(SENTIMENTS)} nor states {list(STATES)}; "
        "name them so in the model's config.json (id2label), or take another model"
    )


class HubScorer:
    """A sequence classification model run by torch; see `models.scorer.Scorer`.

    It fills one head, sentiment or state; all others stay null. Texts are cut at the
    512th token. Only safetensors are read and no code of the model's is run.

    Raises:
        ModelError: Not found, only pickled weights, or labels that are not ours.
    """

    def __init__(self, model: str, threads: int) -> None:
        torch.set_num_threads(threads)
        _refuse_pickle(model)
        options = {"trust_remote_code": False}
        try:
            self._tokenizer = AutoTokenizer.from_pretrained(model, **options)
            self._network = AutoModelForSequenceClassification.from_pretrained(
                model, use_safetensors=True, dtype=torch.float32, **options
            ).eval()
        except Exception as error:  # transformers raises OSError, ValueError, ImportError, KeyError, ...
            raise ModelError(
                f"{model}: not a model that can be loaded ({type(error).__name__}: {str(error)[:200]}); "
                "give a directory or hub id of a sequence classification model with safetensors weights"
            ) from error
        config = self._network.config
        head, self._matrix = map_labels(config.id2label, model)
        self.heads = (HeadSpec(head, {"sentiment": SENTIMENTS, "state": STATES}[head], is_multi=False),)
        self.review_thresholds = {"customer": REVIEW_THRESHOLD}
        self.revision = getattr(config, "_commit_hash", None) or _hash_model(self._network)
        self.effort = Effort()
        limit = getattr(config, "max_position_embeddings", MAX_TOKENS)
        self._max_tokens = min(MAX_TOKENS, limit, self._tokenizer.model_max_length)

    @torch.no_grad()
    def score(self, messages: pa.RecordBatch) -> Probabilities:
        """Return probabilities of the one head; see `Scorer.score`.

        torch promises no bit-identical sums over batches; texts of one length are computed
        together and figures are rounded later, so a label can only change at an exact tie.
        """
        texts = [normalise_text(text) for text in messages["text"].to_pylist()]
        ids = self._tokenizer(texts, truncation=True, max_length=self._max_tokens)["input_ids"] if texts else []
        lengths = np.array([len(tokens) for tokens in ids], dtype=np.int64)
        scores = np.empty((len(ids), self._matrix.shape[1]))
        for rows in plan_batches(lengths):
            batch = self._tokenizer.pad(
                {"input_ids": [ids[row] for row in rows]}, pad_to_multiple_of=LENGTH_STEP, return_tensors="pt"
            )
            shares = torch.softmax(self._network(**batch).logits.double(), dim=-1)
            scores[rows] = shares.numpy() @ self._matrix
        self.effort.texts += len(ids)
        self.effort.tokens += int(lengths.sum())
        return {self.heads[0].name: scores}


def _refuse_pickle(model: str) -> None:
    """Refuse a directory that has weights, yet none as safetensors: a pickle can run any code."""
    folder = Path(model)
    if not folder.is_dir() or any(folder.glob("*.safetensors")):
        return
    if pickles := sorted(path.name for pattern in ("*.bin", "*.pt", "*.pth") for path in folder.glob(pattern)):
        raise ModelError(
            f"{model}: has only pickled weights ({', '.join(pickles)}), which can run any code; "
            "convert them to safetensors (model.save_pretrained(DIR, safe_serialization=True))"
        )


def _hash_model(network: Any) -> str:
    """Return 12 hex digits over weights and label names."""
    digest = hashlib.sha256(json.dumps(network.config.id2label, sort_keys=True).encode())
    for name, value in sorted(network.state_dict().items()):
        digest.update(name.encode())
        digest.update(value.contiguous().numpy().tobytes())
    return digest.hexdigest()[:12]
