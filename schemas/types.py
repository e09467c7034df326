"""The few Arrow types that the contracts share."""

import pyarrow as pa

TEXT = pa.string()
FLAG = pa.bool_()
COUNT = pa.int64()
SECONDS = pa.int64()
NUMBER = pa.float64()
SHARE = pa.float32()
TIME = pa.timestamp("us", tz="UTC")
DAY = pa.date32()
TEXTS = pa.list_(pa.string())
