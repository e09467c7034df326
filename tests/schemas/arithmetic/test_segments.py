import pyarrow as pa
import pytest

from schemas.arithmetic.segments import check_segments, name_segments
from schemas.errors import UsageError


@pytest.mark.parametrize(
    ("segments", "names"),
    [([], []), (["gold", None], ["gold", "unknown"]), (["all", "unknown"], ["all (segment)", "unknown"])],
)
def test_segments_are_named(segments: list[str | None], names: list[str]) -> None:
    assert name_segments(pa.array(segments, pa.string())) == pa.array(names, pa.string())


def test_a_segment_for_each_customer_is_refused() -> None:
    check_segments(pa.array([f"s{number}" for number in range(1_000)] * 2))
    with pytest.raises(UsageError, match="has 1,001 values, and at most 1,000 can be compared"):
        check_segments(pa.array([f"s{number}" for number in range(1_001)]))
