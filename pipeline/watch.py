"""Tell how far the workers are, from the files that they have staged."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from pipeline.storage import is_local
from transforms.split_shards import SHARDS

Tell = Callable[[str, int, int], None]
_EVERY_SECONDS = 0.5


@contextmanager
def watch_staging(folder: str, tell: Tell) -> Iterator[None]:
    """Count the shards of messages that are labelled while the body runs.

    The messages of each shard are staged as one file, and labelling takes most of a night's time; so files say
    more than a clock could. Only local folders are watched.
    """
    stop = Event()
    watcher = Thread(target=_watch, args=(Path(folder), tell, stop), daemon=True)
    if is_local(folder):
        watcher.start()
    try:
        yield
    finally:
        stop.set()
        if watcher.is_alive():
            watcher.join()


def _watch(folder: Path, tell: Tell, stop: Event) -> None:
    started = time.monotonic()
    while not stop.wait(_EVERY_SECONDS):
        done = len(list(folder.glob("messages-*.arrow")))
        if not done:
            tell("reading and redacting", 0, 0)
        elif done < SHARDS:
            left = (time.monotonic() - started) / done * (SHARDS - done)
            tell(f"labelling, about {left:.0f} s left", done, SHARDS)
        else:
            tell("building the tables", 0, 0)
