"""A night that is killed while it labels, as a process of its own: python -m tests.pipeline.killed_night CSV LAKE."""

import os
import signal
import sys
from collections.abc import Iterable
from datetime import date
from typing import Any

import pyarrow as pa

from pipeline.config import Job
from pipeline.run import run_night
from tests.fakes import FakeClassifier


class Killer(FakeClassifier):
    """Labels one batch, then kills its own process as `kill -9` does: nothing can be cleaned up."""

    _batches = 0

    def run_inference(self, batch: Any, model: Any, inference_args: Any = None) -> Iterable[pa.RecordBatch]:
        Killer._batches += 1
        if Killer._batches > 1:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().run_inference(batch, model, inference_args)


if __name__ == "__main__":
    messages, lake = sys.argv[1:]
    job = Job(source="generic", inputs={"messages": {"": (messages,)}}, output=lake, run_date=date(2024, 6, 30))
    run_night(job, classifier=Killer())  # type: ignore[arg-type]
