"""What labelling needs of a model, whatever runs it."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pyarrow as pa

from models.manifest import HeadSpec

HEADS_OF_ROLE = {"customer": ("sentiment", "state", "signals"), "agent": ("steps",)}
Probabilities = dict[str, np.ndarray]


@dataclass
class Effort:
    """What a model has computed so far: for the padding share and the speed."""

    texts: int = 0
    windows: int = 0
    tokens: int = 0
    padded_tokens: int = 0

    @property
    def padding_share(self) -> float:
        """The share of computed tokens that were padding, 0 to 1."""
        return 1.0 - self.tokens / self.padded_tokens if self.padded_tokens else 0.0


class Scorer(Protocol):
    """A loaded model.

    Attributes:
        revision: Names the weights and every setting that decides a label.
        heads: The heads that it has; others stay null.
        review_thresholds: Per role: below this confidence a message needs review.
        effort: Counters.
    """

    revision: str
    heads: tuple[HeadSpec, ...]
    review_thresholds: dict[str, float]
    effort: Effort

    def score(self, messages: pa.RecordBatch) -> Probabilities:
        """Return calibrated probabilities, float64 (messages, labels), per head.

        `messages` has the columns `role` (customer or agent) and `text`, no nulls. All heads
        are scored for all rows; which apply to a role is decided elsewhere. A message's
        figures do not depend on the other rows.
        """
        ...


def probabilities_of(head: HeadSpec, logits: np.ndarray) -> np.ndarray:
    """Turn logits (rows, labels) into calibrated probabilities in float64."""
    scaled = logits.astype(np.float64) / head.temperature
    if head.is_multi:
        return 1.0 / (1.0 + np.exp(-scaled))
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
