"""The lake on disk: where runs lie, which one is published, and how a run becomes the published one.

OUTPUT/runs/<run_id>/<table>/part-00000.parquet
OUTPUT/runs/<run_id>/manifest.json
OUTPUT/current.json     names the published run; replaced in one step, last of all
OUTPUT/current          on local disks a symlink to that run
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any, TextIO

from apache_beam.io.filesystems import FileSystems

from pipeline.storage import is_local, match, read_json, write_json
from schemas.errors import LakeError


@dataclass(frozen=True)
class Lake:
    """One lake.

    Attributes:
        root: Its folder: a local path or one of Beam's file systems.
    """

    root: str

    def path(self, *parts: str) -> str:
        """A path in the lake."""
        return FileSystems.join(self.root, *parts)

    def run_folder(self, run_id: str) -> str:
        """Where a run lies."""
        return self.path("runs", run_id)

    def staging_folder(self, run_id: str) -> str:
        """Where a run writes until it is published; readers never look there."""
        return self.path(".staging", run_id)

    def current_run(self) -> str:
        """The published run's id.

        Raises:
            LakeError: Nothing is published here.
        """
        try:
            return str(read_json(self.path("current.json"))["run_id"])
        except FileNotFoundError:
            raise LakeError(
                f"{self.root}: no current.json, so no run is published here; "
                "publish one with `staunen run`, or check the path"
            ) from None
        except (ValueError, KeyError, TypeError) as error:
            path = self.path("current.json")
            raise LakeError(f"{path} is damaged: {error}; {self._way_out()}") from error

    def manifest(self, run_id: str | None = None) -> dict[str, Any]:
        """A run's manifest; the published run's where none is named.

        Raises:
            LakeError: The run or its manifest is not there, or cannot be read.
        """
        path = FileSystems.join(self.run_folder(run_id or self.current_run()), "manifest.json")
        try:
            return dict(read_json(path))
        except FileNotFoundError:
            raise LakeError(f"{path} is missing: the run is damaged; {self._way_out()}") from None
        except (ValueError, TypeError) as error:
            raise LakeError(f"{path} is damaged: {error}; {self._way_out()}") from error

    def _way_out(self) -> str:
        # Running again is not enough: which key made the pseudonyms is read from the published run first.
        return f"restore it, or delete {self.path('current.json')} and run the night again with the same key"

    def key_fingerprint(self) -> str | None:
        """The fingerprint of the key behind the published run's pseudonyms; None where no run is published."""
        if not FileSystems.exists(self.path("current.json")):
            return None
        return str(self.manifest()["pseudonym_key_fingerprint"])

    def point_to(self, run_id: str) -> None:
        """Make a run the published one, in one atomic step.

        A reader that opens `current.json` or `current` sees the run before or this one, never a mix.
        """
        if not is_local(self.root):
            write_json(self.path("current.json"), {"run_id": run_id})  # object stores put whole objects
            return
        root = Path(self.root)
        fresh = root / ".current.json.tmp"
        write_json(str(fresh), {"run_id": run_id})
        link = root / ".current.tmp"
        link.unlink(missing_ok=True)
        link.symlink_to(Path("runs") / run_id)
        os.replace(link, root / "current")
        os.replace(fresh, root / "current.json")

    @contextmanager
    def staging(self) -> Iterator[None]:
        """Keep the staging folder for as long as a run lasts, however it ends; call it under the lock.

        Staged files hold texts, so none outlives its run; what a killed run left goes first.
        """
        self._clear_staging()
        try:
            yield
        finally:
            self._clear_staging()

    def _clear_staging(self) -> None:
        folder = self.path(".staging")
        if is_local(self.root):
            if Path(folder).exists():
                shutil.rmtree(folder)
        elif left := list(match([f"{folder}/**"])):  # object stores know files, not folders
            FileSystems.delete(left)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the lake for one writer; the lock goes with the process, however it ends.

        Only local lakes can be locked; for object stores the scheduler must see to it.

        Raises:
            LakeError: Another run holds it, or the folder cannot be written to.
        """
        if not is_local(self.root):
            yield
            return
        with self._open_lock() as file:
            try:
                flock(file, LOCK_EX | LOCK_NB)
            except OSError:
                raise LakeError(
                    f"{self.root} is locked: another run is writing to it; wait for it, or stop it and try again"
                ) from None
            yield

    def _open_lock(self) -> TextIO:
        try:
            Path(self.root).mkdir(parents=True, exist_ok=True)
            return open(self.path(".lock"), "a+")
        except OSError as error:
            raise LakeError(
                f"{self.root} cannot be written to: {error.strerror}; check the path and its rights, "
                "or name another folder with --output"
            ) from error

    def is_taken(self, run_id: str) -> bool:
        """Whether anything lies where the run would; a damaged run may have lost its manifest."""
        return os.path.lexists(self.run_folder(run_id)) if is_local(self.root) else self.has_manifest(run_id)

    def has_manifest(self, run_id: str) -> bool:
        """Whether a run of this id was finished."""
        return bool(FileSystems.exists(FileSystems.join(self.run_folder(run_id), "manifest.json")))

    def draft_folder(self, run_id: str) -> str:
        """Where a run's final files are written before they are moved into `runs/`."""
        return self.path(".staging", run_id, "run")

    def move_draft(self, draft: str, run_id: str) -> None:
        """Move a finished run into `runs/`: in one step on local disks, the manifest last on object stores."""
        target = self.run_folder(run_id)
        if is_local(self.root):
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            os.rename(draft, target)
            return
        files = sorted(match([f"{draft}/**"]), key=lambda path: path.endswith("manifest.json"))
        FileSystems.rename(files, [target + path.removeprefix(draft) for path in files])
