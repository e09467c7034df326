import apache_beam as beam
import pytest

from pipeline.workers import find_our_error, make_pipeline, run_to_end
from schemas.errors import InputError, LakeError, UsageError


def refuse(file: str) -> None:
    raise InputError(f"{file}: the column id is missing; found [a, b]")


def break_down(number: int) -> float:
    return 1 / number


def test_an_error_of_ours_comes_out_of_a_worker_as_it_was_raised() -> None:
    pipeline = make_pipeline([])
    _ = pipeline | beam.Create(["a.csv"]) | beam.Map(refuse)
    with pytest.raises(InputError, match=r"^a.csv: the column id is missing; found \[a, b\]$"):
        run_to_end(pipeline)


def test_any_other_error_stays_what_it_is() -> None:
    pipeline = make_pipeline([])
    _ = pipeline | beam.Create([0]) | beam.Map(break_down)
    with pytest.raises(ZeroDivisionError):
        run_to_end(pipeline)


def test_an_error_of_ours_is_found_in_what_another_process_reports() -> None:
    report = (
        "Traceback (most recent call last):\n  File x\n"
        "schemas.errors.LakeError: the disk is full [while running 'Stage']\n\nmore"
    )
    found = find_our_error(report)
    assert isinstance(found, LakeError)
    assert str(found) == "the disk is full"
    assert find_our_error("ValueError: no") is None


def test_a_runner_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UsageError, match="Beam cannot use --runner=NoSuchRunner"):
        make_pipeline(["--runner=NoSuchRunner"])


@pytest.mark.parametrize("options", [["--runer=FlinkRunner"], ["--no_such_option=1", "--job_name=x"]])
def test_an_option_that_nobody_reads_is_refused(options: list[str]) -> None:
    with pytest.raises(UsageError, match=r"Beam does not know --(runer|no_such_option); check the spelling"):
        make_pipeline(options)


def test_options_of_beam_are_taken() -> None:
    assert make_pipeline(["--job_name=night"]).options.get_all_options()["job_name"] == "night"
