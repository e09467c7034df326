import pyarrow as pa
import pytest

from schemas.check_batch import check_batch, one_batch
from schemas.contract import Contract, column
from schemas.errors import ContractError

THINGS = Contract(
    "things",
    "one thing",
    ("id",),
    "1.0",
    (
        column("id", pa.string(), "Its id."),
        column("size", pa.int64(), "Its size.", unit="m", null="not measured"),
    ),
)


def test_columns_come_out_in_the_contracts_order_with_its_notes() -> None:
    checked = check_batch(pa.RecordBatch.from_pydict({"size": [1, None], "id": ["a", "b"]}), THINGS)
    assert checked.schema.equals(THINGS.schema, check_metadata=True)
    assert checked.to_pylist() == [{"id": "a", "size": 1}, {"id": "b", "size": None}]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"id": pa.array(["a"])}, r"columns \['size'\] are missing or not in the contract"),
        ({"id": pa.array(["a"]), "size": pa.array([1]), "more": pa.array([1])}, r"columns \['more'\]"),
        ({"id": pa.array(["a"]), "size": pa.array([1.5])}, "size: the type is double, the contract says int64"),
        (
            {"id": pa.array([None], pa.string()), "size": pa.array([1])},
            "id: 1 of 1 values are null; the contract says never",
        ),
    ],
)
def test_a_batch_that_breaks_the_contract_is_refused(columns: dict[str, pa.Array], message: str) -> None:
    with pytest.raises(ContractError, match=message):
        check_batch(pa.RecordBatch.from_pydict(columns), THINGS)


def test_no_batches_make_an_empty_one() -> None:
    assert one_batch([], THINGS.schema).equals(THINGS.empty())


def test_a_key_must_be_a_column() -> None:
    with pytest.raises(ValueError, match=r"the key names \['nr'\]"):
        Contract("things", "one thing", ("nr",), "1.0", THINGS.columns)
