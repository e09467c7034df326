"""Which files a job reads, input by input."""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.config import INPUTS, Job
from pipeline.storage import digest_file
from schemas.errors import UsageError
from schemas.sources.rules import Source
from transforms.read_exports import ReadExports


@dataclass(frozen=True)
class InputFile:
    """One file that a run read.

    Attributes:
        input: The input.
        path: Its path.
        size_bytes: Its size.
        sha256: Its digest, hex.
    """

    input: str
    path: str
    size_bytes: int
    sha256: str


def open_inputs(job: Job, source: Source) -> dict[str, ReadExports]:
    """Find the files of all inputs and check their headers, before anything runs.

    The tables of one export may feed several inputs, so an input without files of its own looks among those
    of the messages: the field history of a help desk lies beside its comments.

    Raises:
        UsageError: The source cannot read an input that the job gives, or a table has no files.
        InputError: A file is not there or cannot be used.
    """
    readers = {}
    for name in INPUTS:
        given = job.inputs.get(name)
        if given is None and source.input_named(name) is None:
            continue
        if (found := source.input_named(name)) is None:
            raise UsageError(f"source {source.name} does not say how {name} are read; leave --{name} out")
        if given is None and name != "messages":
            given, main = job.inputs["messages"], source.messages.table
        else:
            given, main = given or {}, found.table
        reader = ReadExports(source, name, {table or main: globs for table, globs in given.items()})
        if reader.files:
            readers[name] = reader
    return readers


def list_files(readers: dict[str, ReadExports]) -> Iterator[InputFile]:
    """Digest every file that is read, for the manifest."""
    for name, reader in readers.items():
        for path in reader.files:
            digest, size = digest_file(path)
            yield InputFile(name, path, size, digest)
