"""Hold a batch against its contract, at the doors: after reading and before writing."""

import pyarrow as pa

from schemas.contract import Contract
from schemas.errors import ContractError


def check_batch(batch: pa.RecordBatch, contract: Contract) -> pa.RecordBatch:
    """Check names, types and required columns, and put the contract's notes on the batch.

    Nothing is cast. `RecordBatch.validate` does not look at `nullable`, so this does.

    Args:
        batch: Columns of the contract, in any order; further columns are an error.
        contract: The table's contract.

    Returns:
        The same columns in the contract's order, with its schema.

    Raises:
        ContractError: A column is missing, unknown or of another type, or a required one holds a null.
    """
    schema = contract.schema
    if odd := sorted(set(batch.schema.names) ^ set(schema.names)):
        raise ContractError(f"table {contract.name}: columns {odd} are missing or not in the contract")
    for expected in schema:
        found = batch.column(expected.name)
        if found.type != expected.type:
            raise ContractError(
                f"table {contract.name}, column {expected.name}: the type is {found.type}, "
                f"the contract says {expected.type}"
            )
        if not expected.nullable and found.null_count:
            raise ContractError(
                f"table {contract.name}, column {expected.name}: {found.null_count} of {len(found)} "
                "values are null; the contract says never"
            )
    return pa.RecordBatch.from_arrays([batch.column(name) for name in schema.names], schema=schema)


def one_batch(batches: list[pa.RecordBatch], schema: pa.Schema) -> pa.RecordBatch:
    """Put batches together into one; no batches give an empty one of the schema."""
    if not batches:
        return pa.RecordBatch.from_pylist([], schema=schema)
    return pa.concat_batches(batches)
