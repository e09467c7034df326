"""Write a table's batches to the run's staging folder, from where they are published in order."""

from dataclasses import dataclass
from uuid import uuid4

import apache_beam as beam
import pyarrow as pa
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import PCollection

from schemas.check_batch import check_batch
from schemas.contract import Contract


def stage_batch(batch: pa.RecordBatch, *, contract: Contract, folder: str) -> tuple[str, str]:
    """Write one batch as an Arrow IPC file, after holding it against its contract.

    The name is random: a worker that is tried again writes another file, and only the file of the try that
    counted is passed on.

    Args:
        batch: Rows of the table.
        contract: The table's contract.
        folder: The staging folder, on any file system of Beam's.

    Returns:
        The table's name and the file's path.

    Raises:
        ContractError: The batch breaks the contract.
    """
    checked = check_batch(batch, contract)
    path = FileSystems.join(folder, f"{contract.name}-{uuid4().hex}.arrow")
    options = pa.ipc.IpcWriteOptions(compression="lz4", use_threads=False)
    with FileSystems.create(path) as file, pa.ipc.new_stream(file, checked.schema, options=options) as writer:
        writer.write_batch(checked)
    return contract.name, path


@dataclass(eq=False)
class StageTable(beam.PTransform):
    """Stage every batch of one table; gives (table, path) for each file."""

    contract: Contract
    folder: str

    def expand(self, batches: PCollection[pa.RecordBatch]) -> PCollection[tuple[str, str]]:
        """Write each batch that has rows."""
        return (
            batches
            | "Drop empty" >> beam.Filter(_has_rows)
            | "Stage"
            >> beam.Map(stage_batch, contract=self.contract, folder=self.folder).with_output_types(tuple[str, str])
        )


def _has_rows(batch: pa.RecordBatch) -> bool:
    return batch.num_rows > 0
