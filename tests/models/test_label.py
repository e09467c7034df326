import numpy as np
import pyarrow as pa
import pytest

from models.label import count_failed, label_batch
from models.manifest import HeadSpec
from models.scorer import Effort, Probabilities
from schemas.errors import ModelError
from schemas.labels import LABELS, SENTIMENTS, STEPS


class LengthScorer:
    """Scores by the text's length; refuses any batch that holds a text with `boom`."""

    revision = "fake"
    heads = (HeadSpec("sentiment", SENTIMENTS, False), HeadSpec("steps", STEPS, True, thresholds=(0.5,) * 8))
    review_thresholds = {"customer": 0.2, "agent": 0.2}  # noqa: RUF012 - a fake is never changed

    def __init__(self) -> None:
        self.effort = Effort()
        self.seen: list[str] = []

    def score(self, messages: pa.RecordBatch) -> Probabilities:
        texts = messages["text"].to_pylist()
        if any("boom" in text for text in texts):
            raise RuntimeError("out of memory")
        self.seen += texts
        share = np.array([len(text) / 100 for text in texts])
        sentiment = np.stack([share, 1 - share, np.zeros(len(texts))], axis=1)
        return {"sentiment": sentiment, "steps": np.repeat(share[:, None], 8, axis=1)}


def messages(*rows: tuple[str | None, str | None]) -> pa.RecordBatch:
    roles, texts = zip(*rows, strict=True) if rows else ((), ())
    columns = {
        "id": pa.array(range(len(rows))),
        "role": pa.array(roles, pa.string()),
        "text": pa.array(texts, pa.string()),
    }
    return pa.RecordBatch.from_pydict(columns)


MIXED = messages(
    ("customer", "a" * 60),
    ("agent", "b" * 60),
    ("internal", "c"),
    ("system", "d"),
    (None, "e"),
    ("customer", None),
    ("customer", " \n "),
    ("customer", "a" * 10),
    ("customer", "a" * 60),
)


def test_columns_pass_through_and_labels_follow() -> None:
    labelled = label_batch(MIXED, LengthScorer())
    assert labelled.select(MIXED.schema.names).equals(MIXED)
    assert labelled.schema.names == [*MIXED.schema.names, *(field.name for field in LABELS)]
    assert labelled["sentiment"].to_pylist() == ["negative", *[None] * 6, "neutral", "negative"]
    assert labelled["model_revision"].to_pylist() == ["fake", "fake", *[None] * 5, "fake", "fake"]


def test_only_distinct_messages_with_text_are_scored() -> None:
    scorer = LengthScorer()
    label_batch(MIXED, scorer)
    assert sorted(scorer.seen) == sorted(["a" * 60, "b" * 60, "a" * 10])


def test_the_same_text_of_another_role_is_another_message() -> None:
    scorer = LengthScorer()
    label_batch(messages(("customer", "same"), ("agent", "same")), scorer)
    assert scorer.seen == ["same", "same"]


@pytest.mark.parametrize("cut", range(MIXED.num_rows + 1))
def test_cutting_the_batch_anywhere_gives_the_same_rows(cut: int) -> None:
    parts = [label_batch(MIXED.slice(*part), LengthScorer()) for part in ((0, cut), (cut,))]
    assert (
        pa.Table.from_batches(parts)
        .combine_chunks()
        .equals(pa.Table.from_batches([label_batch(MIXED, LengthScorer())]))
    )


def test_one_bad_text_costs_no_other() -> None:
    batch = messages(("customer", "a" * 60), ("customer", "boom"), ("agent", "b" * 60), ("customer", "boom"))
    labelled = label_batch(batch, LengthScorer())
    assert labelled["sentiment"].to_pylist() == ["negative", None, None, None]
    assert labelled["needs_review"].to_pylist() == [False, True, False, True]
    assert labelled["model_revision"].to_pylist() == ["fake", None, "fake", None]
    assert count_failed(labelled) == 2
    assert count_failed(label_batch(MIXED, LengthScorer())) == 0


@pytest.mark.parametrize("batch", [messages(), messages(("customer", None), ("system", None))])
def test_a_batch_without_texts_has_only_nulls(batch: pa.RecordBatch) -> None:
    labelled = label_batch(batch, LengthScorer())
    assert labelled.num_rows == batch.num_rows
    assert all(labelled[field.name].null_count == batch.num_rows for field in LABELS)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(ModelError, match=r"the batch lacks \['role'\]"):
        label_batch(messages(("agent", "x")).drop_columns("role"), LengthScorer())


def test_a_labelled_batch_is_not_labelled_again() -> None:
    with pytest.raises(ModelError, match=r"the batch has \['sentiment', .* already"):
        label_batch(label_batch(MIXED, LengthScorer()), LengthScorer())


def test_a_model_that_fails_on_everything_stops_the_night_instead_of_publishing_no_labels() -> None:
    booms = [f"boom {number}" for number in range(8)]
    batch = pa.RecordBatch.from_pydict({"role": ["customer"] * 8, "text": booms})
    with pytest.raises(ModelError, match=r"revision fake\) failed on each of 8 messages: RuntimeError; check"):
        label_batch(batch, LengthScorer())
    mixed = pa.RecordBatch.from_pydict({"role": ["customer"] * 9, "text": [*booms, "fine"]})
    assert label_batch(mixed, LengthScorer())["sentiment"].null_count == 8
