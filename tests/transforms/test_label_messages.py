from collections.abc import Iterable
from typing import Any

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from schemas.labels import LABELS
from schemas.messages import CLEAN_COLUMNS
from tests.factories import random_messages
from tests.fakes import FakeClassifier, label_by_words
from tests.transforms.cutting import cut_rows
from transforms.label_messages import LabelMessages
from transforms.withhold_text import withhold_text

CLEAN = pa.schema(list(CLEAN_COLUMNS))


def clean_messages(seed: int, rows: int) -> pa.RecordBatch:
    return random_messages(seed, rows).select(CLEAN.names)


def show_rows(batch: pa.RecordBatch) -> list[str]:
    assert batch.schema.names == [*CLEAN.names, *(field.name for field in LABELS)]
    return [repr(row) for row in batch.to_pylist()]


def assert_labelled(batches: list[pa.RecordBatch], expected: list[str]) -> None:
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        labelled = pipeline | beam.Create(batches, reshuffle=False) | LabelMessages(FakeClassifier())
        assert labelled.element_type == pa.RecordBatch
        assert_that(labelled | beam.FlatMap(show_rows), equal_to(expected))
        assert_that(labelled | beam.Map(len), equal_to([len(batch) for batch in batches]), label="batches stay apart")


@pytest.mark.parametrize(
    "batches",
    [
        pytest.param([clean_messages(1, 40)], id="one batch"),
        pytest.param([clean_messages(1, 9), clean_messages(2, 30), clean_messages(3, 1)], id="several"),
        pytest.param([clean_messages(1, 40).slice(5, 20)], id="sliced"),
        pytest.param([pa.RecordBatch.from_pylist([], schema=CLEAN)], id="empty"),
        pytest.param([withhold_text(clean_messages(1, 3))], id="no text"),
    ],
)
def test_each_batch_gets_the_labels_of_the_classifier(batches: list[pa.RecordBatch]) -> None:
    assert_labelled(batches, [row for batch in batches for row in show_rows(label_by_words(batch))])


@pytest.mark.parametrize("cuts", [[10, 50], [0, 33, 33, 90]])
def test_cut_and_order_do_not_matter(cuts: list[int]) -> None:
    whole = clean_messages(4, 25)
    assert_labelled(cut_rows(whole, cuts, seed=5), show_rows(label_by_words(whole)))


def test_a_broken_classifier_stops_the_night() -> None:
    class Broken(FakeClassifier):
        def run_inference(self, batch: Any, model: Any, inference_args: Any = None) -> Iterable[pa.RecordBatch]:
            raise OSError("the disk is gone")

    def run() -> None:
        with TestPipeline(runner=FnApiRunner()) as pipeline:
            _ = pipeline | beam.Create([clean_messages(1, 3)]) | LabelMessages(Broken())

    with pytest.raises(OSError, match="the disk is gone"):
        run()
