from pathlib import Path

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to

from schemas.errors import ContractError
from schemas.quality import QUALITY
from transforms.stage_table import StageTable, stage_batch
from transforms.write_parquet import read_staged

COUNTER = pa.RecordBatch.from_pylist(
    [{"scope": "run", "item": "", "counter": "rows", "value": 1.0}], schema=QUALITY.schema
)


def test_a_staged_batch_is_read_back_as_it_was(tmp_path: Path) -> None:
    table, path = stage_batch(COUNTER, contract=QUALITY, folder=str(tmp_path))
    assert table == "quality"
    assert [batch.to_pylist() for batch in read_staged([path])] == [COUNTER.to_pylist()]


def test_a_batch_that_breaks_its_contract_is_not_staged(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="value"):
        stage_batch(COUNTER.drop_columns(["value"]), contract=QUALITY, folder=str(tmp_path))
    assert not list(tmp_path.iterdir())


def test_in_a_pipeline_batches_without_rows_make_no_file(tmp_path: Path) -> None:
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        staged = pipeline | beam.Create([COUNTER, QUALITY.empty()]) | StageTable(QUALITY, str(tmp_path))
        assert_that(staged | beam.Map(lambda item: item[0]), equal_to(["quality"]))
    assert len(list(tmp_path.iterdir())) == 1
