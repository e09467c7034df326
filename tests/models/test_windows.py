import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.windows import Borders, join_windows, split_tokens

WORDS = ["▁word", "ing", ".", "▁End.", "▁and"]
BORDERS = Borders.of_vocabulary(WORDS)


@given(st.lists(st.integers(0, len(WORDS) - 1), min_size=1, max_size=400), st.integers(16, 60))
def test_windows_hold_all_tokens_once_in_order_and_fit(tokens: list[int], room: int) -> None:
    windows = split_tokens(np.array(tokens), room, BORDERS)
    assert np.concatenate(windows).tolist() == tokens
    assert max(map(len, windows)) <= room
    assert min(map(len, windows)) > 0


def test_a_text_is_cut_after_a_sentence_rather_than_in_it() -> None:
    sentence = [0, 4, 0, 3]
    windows = split_tokens(np.array(sentence * 10), 16, BORDERS)
    assert len(windows) > 1
    assert all(len(window) % len(sentence) == 0 for window in windows)


def test_without_sentences_it_is_cut_before_a_word() -> None:
    windows = split_tokens(np.array([0, 1, 1] * 20), 16, BORDERS)
    assert all(window[0] == 0 for window in windows)


def test_the_last_window_is_no_mere_rest() -> None:
    windows = split_tokens(np.zeros(65, dtype=np.int64), 60, BORDERS)
    assert [len(window) for window in windows] == [40, 25]


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("sentiment", [0.1 * 0.9 + 0.3 * 0.5 + 0.6 * 0.1]),
        ("state", [((10 * 0.9 + 30 * 0.5) / 40 + 0.1) / 2]),
        ("signals", [0.9]),
        ("steps", [0.9]),
    ],
)
def test_windows_are_joined_by_the_rule_of_the_head(head: str, expected: list[float]) -> None:
    values = np.array([[0.9], [0.5], [0.1]])
    assert join_windows(head, values, np.array([10, 30, 60])).tolist() == pytest.approx(expected)


def test_a_single_window_is_taken_as_it_is() -> None:
    assert join_windows("state", np.array([[0.1, 0.2, 0.7]]), np.array([9])).tolist() == [0.1, 0.2, 0.7]
