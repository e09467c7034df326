import pyarrow as pa
import pytest

from schemas.arithmetic.segments import name_segments


@pytest.mark.parametrize(
    ("segments", "names"),
    [([], []), (["gold", None], ["gold", "unknown"]), (["all", "unknown"], ["all (segment)", "unknown"])],
)
def test_segments_are_named(segments: list[str | None], names: list[str]) -> None:
    assert name_segments(pa.array(segments, pa.string())) == pa.array(names, pa.string())
