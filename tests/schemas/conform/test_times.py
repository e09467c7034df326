from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.conform.times import check_format, parse_times
from schemas.errors import UsageError

TWITTER = "%a %b %d %H:%M:%S %z %Y"


def parse(text: str, *formats: str, zone: str = "UTC") -> datetime | None:
    return parse_times(pa.array([text]), formats, zone)[0].as_py()


@pytest.mark.parametrize(
    ("text", "time_format", "zone", "expected"),
    [
        ("Tue Oct 31 22:10:47 +0000 2017", TWITTER, "UTC", datetime(2017, 10, 31, 22, 10, 47)),
        ("Tue Oct 31 22:10:47 -0330 2017", TWITTER, "UTC", datetime(2017, 11, 1, 1, 40, 47)),
        ("7/29/2013", "%m/%d/%Y", "America/New_York", datetime(2013, 7, 29, 4)),
        ("2023-06-05T12:00:00-05:00", "iso", "UTC", datetime(2023, 6, 5, 17)),
        ("2020-02-11 07:49:14", "iso", "Europe/Amsterdam", datetime(2020, 2, 11, 6, 49, 14)),
        ("2024-03-06 14:39:16.123456789", "iso", "UTC", datetime(2024, 3, 6, 14, 39, 16, 123456)),
        ("2024-02-29", "iso", "UTC", datetime(2024, 2, 29)),
        ("2024-02-29T10:00Z", "iso", "Asia/Tokyo", datetime(2024, 2, 29, 10)),
        ("31.12.24 12:05 am", "%d.%m.%y %I:%M %p", "UTC", datetime(2024, 12, 31, 0, 5)),
        ("31.12.99 12:05 PM", "%d.%m.%y %I:%M %p", "UTC", datetime(1999, 12, 31, 12, 5)),
        ("1700000000", "unix", "Asia/Tokyo", datetime(2023, 11, 14, 22, 13, 20)),
        ("1700000000.25", "unix", "UTC", datetime(2023, 11, 14, 22, 13, 20, 250000)),
        ("1700000000123", "unix_ms", "UTC", datetime(2023, 11, 14, 22, 13, 20, 123000)),
        ("2024-10-27 02:30:00", "iso", "Europe/Berlin", datetime(2024, 10, 27, 0, 30)),  # twice: the first
        ("2024-03-31 02:30:00", "iso", "Europe/Berlin", datetime(2024, 3, 31, 1, 0)),  # never: the jump
    ],
)
def test_times_that_fit(text, time_format, zone, expected):
    assert parse(text, time_format, zone=zone) == expected.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "time_format"),
    [
        ("2023-02-29", "iso"), ("2023-13-01", "iso"), ("2023-00-10", "iso"), ("2023-01-00", "iso"),
        ("2023-01-01 24:00:00", "iso"), ("2023-01-01 10:60:00", "iso"), ("2023-01-01 10:00:60", "iso"),
        ("2023-1-1", "iso"), ("1899-12-31", "iso"), ("2100-01-01", "iso"), ("9999-12-31", "iso"), ("", "iso"),
        ("2023-01-01 10:00:00+99:99", "iso"), ("2023-01-01 10:00:00-05:60", "iso"),
        ("2023-01-01 10:00:00 CET", "iso"), ("Tue Okt 31 22:10:47 +0000 2017", TWITTER),
        ("13:00 PM 1/1/2020", "%I:%M %p %d/%m/%Y"),
        ("31/04/2020", "%d/%m/%Y"), ("99999999999", "unix"), ("x", "unix_ms"),
    ],
)  # fmt: skip
def test_times_that_do_not(text, time_format):
    assert parse(text, time_format) is None


def test_formats_are_tried_in_turn():
    assert parse("03/04/2020", "%m/%d/%Y", "%d/%m/%Y") == datetime(2020, 3, 4, tzinfo=UTC)
    assert parse("13/04/2020", "%m/%d/%Y", "%d/%m/%Y") == datetime(2020, 4, 13, tzinfo=UTC)


MOMENTS = st.datetimes(datetime(1900, 1, 2), datetime(2099, 12, 30)).map(lambda moment: moment.replace(fold=0))
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@settings(deadline=None, max_examples=60)
@given(MOMENTS, OFFSETS)
def test_python_reads_the_same(moment, offset):
    told = moment.replace(tzinfo=offset)
    assert parse(told.isoformat(), "iso") == told
    for time_format in (TWITTER, "%d.%m.%Y %H:%M:%S.%f %z", "%B %d %Y %I:%M:%S %p%z"):
        text = told.strftime(time_format)
        assert parse(text, time_format) == datetime.strptime(text, time_format)


@settings(deadline=None, max_examples=60)
@given(
    st.datetimes(datetime(1971, 1, 1), datetime(2037, 1, 1)),
    st.sampled_from(["Europe/Berlin", "America/New_York"]),
)
def test_python_knows_the_same_zones(moment, zone):
    local = moment.replace(tzinfo=ZoneInfo(zone))
    is_real = local.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == moment
    if is_real:
        assert parse(moment.isoformat(), "iso", zone=zone) == local.astimezone(UTC)


def test_edge_columns():
    assert parse_times(pa.nulls(0, pa.string()), ("iso",), "UTC").to_pylist() == []
    assert parse_times(pa.nulls(2, pa.string()), ("iso", TWITTER), "UTC").to_pylist() == [None, None]
    sliced = pa.array(["x", "2020-01-01", "y"]).slice(1, 1)
    assert parse_times(sliced, ("iso",), "UTC").to_pylist() == [datetime(2020, 1, 1, tzinfo=UTC)]


def test_half_a_clock_is_refused():
    with pytest.raises(UsageError, match="%I and %p go together"):
        check_format("%Y-%m-%d %I:%M")
