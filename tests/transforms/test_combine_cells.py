from decimal import Decimal

import apache_beam as beam
import pyarrow as pa
import pytest
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_pipeline import TestPipeline
from apache_beam.testing.util import assert_that, equal_to
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.contract import Contract, column
from schemas.errors import ContractError
from schemas.types import COUNT, NUMBER, TEXT
from tests.transforms.cutting import CUTS, SEEDS, cut_rows
from transforms.combine_cells import CombineCells, SummariseCells, _SumCells, combine_cells

MONEY = pa.decimal256(76, 2)
CELLS = Contract(
    name="sales_cells",
    meaning="sales of one channel",
    key=("channel",),
    version="1.0",
    columns=(
        column("channel", TEXT, "Channel.", null="not known"),
        column("sales", COUNT, "Sales."),
        column("money", MONEY, "Money."),
    ),
)


def cells(*rows: tuple[str | None, int, str]) -> pa.RecordBatch:
    names = ("channel", "sales", "money")
    return pa.RecordBatch.from_pylist(
        [dict(zip(names, (channel, sales, Decimal(money)), strict=True)) for channel, sales, money in rows],
        schema=CELLS.schema,
    )


MANY = cells(*((("chat", "email", None)[n % 3], n, f"{n * 7}.01") for n in range(60)))


@pytest.mark.parametrize(
    ("batches", "expected"),
    [
        pytest.param([], cells(), id="no batches"),
        pytest.param([cells()], cells(), id="an empty batch"),
        pytest.param([cells(("chat", 2, "0.10"))], cells(("chat", 2, "0.10")), id="one row"),
        pytest.param(
            [cells(("email", 2, "0.10"), ("chat", 1, "5")), cells(("email", 3, "0.20"))],
            cells(("chat", 1, "5"), ("email", 5, "0.30")),
            id="over batches, sorted",
        ),
        pytest.param(
            [cells((None, 1, "1")), cells(("a", 1, "1"), (None, 2, "2"))],
            cells(("a", 1, "1"), (None, 3, "3")),
            id="null is a key, and stands last",
        ),
        pytest.param([cells(("a", 1, "1"), ("a", -1, "-1"))], cells(("a", 0, "0")), id="zero stays"),
    ],
)
def test_rows_of_a_key_are_added_up(batches: list[pa.RecordBatch], expected: pa.RecordBatch) -> None:
    assert combine_cells(batches, cells=CELLS).equals(expected, check_metadata=True)


def test_a_slice_counts_its_own_rows_only() -> None:
    sliced = cells(("a", 1, "1"), ("a", 2, "2"), ("a", 4, "4")).slice(1, 1)

    assert combine_cells([sliced], cells=CELLS) == cells(("a", 2, "2"))


def test_large_sums_are_exact() -> None:
    rows = [("a", 2**53, "0.10"), ("a", 1, "123456789012345678901234567890.01"), ("a", 0, "0.20")]

    assert combine_cells([cells(*rows)], cells=CELLS) == cells(("a", 2**53 + 1, "123456789012345678901234567890.31"))


@given(cuts=CUTS, seed=SEEDS)
@settings(max_examples=40, deadline=None)
def test_cuts_and_order_do_not_matter(cuts: list[int], seed: int) -> None:
    assert combine_cells(cut_rows(MANY, cuts, seed), cells=CELLS) == combine_cells([MANY], cells=CELLS)


@given(cuts=CUTS, seed=SEEDS, share=st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_accumulators_may_be_compacted_and_merged_at_any_time(cuts: list[int], seed: int, share: int) -> None:
    add_up = _SumCells(CELLS)
    accumulators = []
    for batch in cut_rows(MANY, cuts, seed):
        accumulator = add_up.add_input(add_up.create_accumulator(), batch)
        accumulators.append(add_up.compact(accumulator) if batch.num_rows * 7 % 100 < share else accumulator)

    merged = add_up.merge_accumulators([add_up.create_accumulator(), *accumulators])

    assert add_up.extract_output(merged) == combine_cells([MANY], cells=CELLS)


def test_the_accumulator_keeps_to_the_distinct_keys() -> None:
    add_up = _SumCells(CELLS)
    accumulator = add_up.create_accumulator()
    part = pa.concat_batches([MANY] * 200)

    for _ in range(30):
        accumulator = add_up.add_input(accumulator, part)

    assert sum(batch.num_rows for batch in accumulator) < 100_000
    total = combine_cells([MANY], cells=CELLS)["sales"].to_pylist()
    assert add_up.extract_output(accumulator)["sales"].to_pylist() == [6000 * sales for sales in total]


def test_the_accumulator_survives_its_coder() -> None:
    add_up = _SumCells(CELLS)
    accumulator = [MANY.slice(3, 20), MANY.slice(0, 0)]
    coder = add_up.get_accumulator_coder()

    decoded = coder.decode(coder.encode(accumulator))

    assert add_up.extract_output(decoded) == combine_cells([MANY.slice(3, 20)], cells=CELLS)


@pytest.mark.parametrize("parts", [1, 4])
def test_a_collection_becomes_one_batch(parts: int) -> None:
    batches = cut_rows(MANY, [100 * part // parts for part in range(1, parts)], seed=1)
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        combined = pipeline | beam.Create(batches) | CombineCells(CELLS)
        assert_that(combined, equal_to([combine_cells([MANY], cells=CELLS)]))


def test_an_empty_collection_becomes_an_empty_batch() -> None:
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        nothing = pipeline | beam.Create([MANY]) | beam.Filter(lambda batch: not batch.num_rows)
        assert_that(nothing | CombineCells(CELLS), equal_to([cells()]))


def test_a_table_is_two_kernels_around_the_sum() -> None:
    double = SummariseCells(CELLS, to_cells=_twice, from_cells=_sales_only)
    with TestPipeline(runner=FnApiRunner()) as pipeline:
        table = pipeline | beam.Create([cells(("a", 1, "1")), cells(("a", 2, "1"))]) | double
        assert_that(table, equal_to([cells(("a", 6, "4")).select(["sales"])]))


def _twice(batch: pa.RecordBatch) -> pa.RecordBatch:
    return pa.concat_batches([batch, batch])


def _sales_only(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.select(["sales"])


def test_float_sums_are_refused() -> None:
    floats = Contract("f", "floats", ("k",), "1.0", (column("k", TEXT, "Key."), column("x", NUMBER, "Figure.")))

    with pytest.raises(ContractError, match="cells f, column x: the type is double; a sum must be an integer"):
        CombineCells(floats)
