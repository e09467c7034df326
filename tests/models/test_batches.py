import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.batches import LENGTH_STEP, padded_lengths, plan_batches

LENGTHS = st.lists(st.integers(3, 256), max_size=60).map(lambda values: np.array(values, dtype=np.int64))


@given(LENGTHS, st.integers(8, 2048))
def test_every_text_is_in_one_batch_with_texts_of_its_own_padded_length(lengths: np.ndarray, budget: int) -> None:
    batches = plan_batches(lengths, budget)
    assert sorted(row for rows in batches for row in rows.tolist()) == list(range(len(lengths)))
    for rows in batches:
        widths = set(padded_lengths(lengths[rows]).tolist())
        assert len(widths) == 1
        assert len(rows) == 1 or len(rows) * widths.pop() <= budget


@given(LENGTHS)
def test_batches_come_shortest_first_and_padding_is_under_one_step(lengths: np.ndarray) -> None:
    widths = [int(padded_lengths(lengths[rows]).max()) for rows in plan_batches(lengths)]
    assert widths == sorted(widths)
    assert ((padded_lengths(lengths) - lengths) < LENGTH_STEP).all()
