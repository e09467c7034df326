"""Placeholder until the measured detector lands."""

import pyarrow as pa
import py3langid


def detect_languages(texts: pa.Array) -> pa.Array:
    """Detect."""
    return pa.array([None if t is None or len(t) < 5 else py3langid.classify(t)[0] for t in texts.to_pylist()], pa.string())
