import apache_beam as beam
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given
from hypothesis import strategies as st

from tests.transforms.cutting import CUTS, SEEDS, cut_rows
from transforms.detect_language import DetectLanguage, detect_language

SCHEMA = pa.schema({"lang": pa.string(), "text": pa.string()})


def detect_by_first_letter(texts: pa.Array) -> pa.Array:
    """A detector that knows what it is asked: never a null; "?" for texts that it cannot tell."""
    assert texts.null_count == 0
    first = pc.utf8_slice_codeunits(texts, 0, 2)
    return pc.if_else(pc.is_in(first, pa.array(["en", "de", "nl"])), first, pa.scalar(None, pa.string()))


def batch_of(*rows: tuple[str | None, str | None]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"lang": lang, "text": text} for lang, text in rows], schema=SCHEMA)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([(None, "de rest"), ("nl", "en rest")], ["de", "nl"], id="what the export says stays"),
        pytest.param([(None, "?")], [None], id="what cannot be told stays unknown"),
        pytest.param([(None, None), (None, "en")], [None, "en"], id="no text, no language"),
        pytest.param([(None, None)], [None], id="all null"),
        pytest.param([], [], id="no rows"),
    ],
)
def test_detect_language(rows: list[tuple[str | None, str | None]], expected: list[str | None]) -> None:
    filled = detect_language(batch_of(*rows), detect_by_first_letter)
    assert filled.schema == SCHEMA
    assert filled["lang"].to_pylist() == expected


def test_sliced_batch() -> None:
    batch = batch_of(("en", "x"), (None, "nl"), (None, "de"), ("en", "y")).slice(1, 2)
    assert detect_language(batch, detect_by_first_letter)["lang"].to_pylist() == ["nl", "de"]


ROWS = st.lists(st.tuples(st.sampled_from(["en", "fr", None]), st.sampled_from(["de", "nl a", "?", None])), max_size=9)


@given(ROWS, CUTS, SEEDS)
def test_cut_and_order_do_not_matter(rows: list[tuple[str | None, str | None]], cuts: list[int], seed: int) -> None:
    batch = batch_of(*rows)
    parts = [detect_language(part, detect_by_first_letter) for part in cut_rows(batch, cuts, seed)]
    got = sorted(map(repr, pa.Table.from_batches(parts, SCHEMA).to_pylist()))
    assert got == sorted(map(repr, detect_language(batch, detect_by_first_letter).to_pylist()))


def test_pipeline() -> None:
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        langs = (
            pipeline
            | beam.Create([batch_of((None, "de"), ("en", "nl"))])
            | DetectLanguage(detect_by_first_letter)
            | beam.FlatMap(lambda batch: batch["lang"].to_pylist())
        )
        assert_that(langs, equal_to(["de", "en"]))
