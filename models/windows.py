"""Long texts: cut into windows at the best border, and their figures joined again."""

from dataclasses import dataclass

import numpy as np

SENTENCE_ENDS = (".", "!", "?", "…", ":", ";")
WORD_START = "▁"


@dataclass(frozen=True)
class Borders:
    """What each token of the vocabulary says about borders; both bool of shape (words,)."""

    is_sentence_end: np.ndarray
    is_word_start: np.ndarray

    @classmethod
    def of_vocabulary(cls, tokens: list[str]) -> "Borders":
        """Look at each token's characters; `tokens` is in the order of the ids."""
        return cls(
            np.array([token.endswith(SENTENCE_ENDS) for token in tokens]),
            np.array([token.startswith(WORD_START) for token in tokens]),
        )


def split_tokens(ids: np.ndarray, room: int, borders: Borders) -> list[np.ndarray]:
    """Cut token ids into the fewest windows of at most `room` tokens, of about equal length.

    Each cut goes to the last sentence end, else the last word start, else the last token in
    the second half of its window: nothing is lost, nothing is read twice. Equal lengths keep
    the last window, which decides the state, from being a mere greeting.
    """
    windows = []
    while len(ids) > room:
        count = -(-len(ids) // room)
        largest = min(room, -(-len(ids) // count) + room // 8)
        cut = _best_cut(ids, largest // 2, largest, borders)
        windows.append(ids[:cut])
        ids = ids[cut:]
    return [*windows, ids]


def _best_cut(ids: np.ndarray, smallest: int, largest: int, borders: Borders) -> int:
    """Return how many tokens to take: the best border from `smallest` to `largest`."""
    starts = borders.is_word_start[ids[smallest : largest + 1]]
    ends = borders.is_sentence_end[ids[smallest - 1 : largest]] & starts
    for is_border in (ends, starts):
        if is_border.any():
            return smallest + int(np.flatnonzero(is_border)[-1])
    return largest


def join_windows(head: str, probabilities: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return one row of probabilities for a text from those of its windows.

    - sentiment is the tone of the whole: the mean, each window weighing its tokens;
    - state is that at the END of the message: the last window weighs as much as all
      before it together (these among themselves by tokens);
    - signals and steps are there if they are anywhere: the largest value per label.

    Args:
        head: sentiment, state, signals or steps.
        probabilities: Shape (windows, labels), in reading order.
        lengths: Tokens per window.
    """
    if len(lengths) == 1:
        return probabilities[0]
    if head in ("signals", "steps"):
        return probabilities.max(axis=0)
    weights = lengths / lengths.sum()
    if head == "state":
        weights = np.append(lengths[:-1] / lengths[:-1].sum(), 1.0) / 2
    return weights @ probabilities
