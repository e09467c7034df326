"""Run a Beam pipeline, and give its errors back as they were raised."""

import re
from collections.abc import Sequence

import apache_beam as beam
from apache_beam.options.pipeline_options import PipelineOptions

from schemas import errors
from schemas.errors import StaunenError, UsageError

# Named outright: plain DirectRunner first tries to download another runner.
IN_PROCESS = "apache_beam.runners.portability.fn_api_runner.FnApiRunner"

# Beam adds the step to an error's text. Workers in other processes hand over only text: a traceback, and at
# its end the error's class and message.
_WHERE = re.compile(r" \[while running '.*'\]$")
_OURS = re.compile(r"^schemas\.errors\.(?P<name>\w+): (?P<message>.*?)(?: \[while running .*)?$", re.MULTILINE)


def make_pipeline(beam_options: Sequence[str]) -> beam.Pipeline:
    """Make an empty pipeline for the runner that the options name; the in-process one without.

    Raises:
        UsageError: Beam does not know an option.
    """
    named = any(option.split("=")[0] in ("--runner", "-r") for option in beam_options)
    options = [*beam_options, *([] if named else [f"--runner={IN_PROCESS}"])]
    try:
        parsed = PipelineOptions(options)
        if not named:
            _refuse_unknown(parsed)
        return beam.Pipeline(options=parsed)
    except (ValueError, SystemExit) as error:
        raise UsageError(f"Beam cannot use {' '.join(beam_options)}: {error}") from error


def _refuse_unknown(options: PipelineOptions) -> None:
    """Refuse options that nobody reads; another runner's job server may know more than Beam does here."""
    everything = options.get_all_options(retain_unknown_options=True)
    if unknown := sorted(set(everything) - set(options.get_all_options())):
        raise UsageError(f"Beam does not know --{', --'.join(unknown)}; check the spelling of what stands after `--`")


def run_to_end(pipeline: beam.Pipeline) -> None:
    """Run a pipeline and wait for its end.

    Raises:
        StaunenError: What one of our own transforms raised on a worker.
        RuntimeError: Anything else that went wrong there.
    """
    try:
        pipeline.run().wait_until_finish()
    except StaunenError as error:
        raise type(error)(_WHERE.sub("", str(error))) from error
    except Exception as error:
        if ours := find_our_error(str(error)):
            raise ours from error
        raise


def find_our_error(text: str) -> StaunenError | None:
    """Find the last of our own errors in what a worker reported."""
    found = list(_OURS.finditer(text))
    if not found:
        return None
    kind = getattr(errors, found[-1]["name"], StaunenError)
    return kind(found[-1]["message"])
