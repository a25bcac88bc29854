"""One writer an archive: a lock on a file, which ends with the process that holds it."""

import fcntl
import os
from datetime import UTC, datetime
from pathlib import Path
from weakref import WeakSet

from storage.errors import NotAnArchive, ReadOnly
from storage.folders import make_folder

NAME = ".lock"


class ArchiveInUse(Exception):
    """Another process holds the lock; the message names it."""


class RunLock:
    """Held from its making until `release`, the end of the `with`, or the end of the process.

    Raises ArchiveInUse at once when another holds it, NotAnArchive and ReadOnly where there can be none. Processes
    that are forked off do not hold it, so a worker that outlives a killed crawl does not keep the next one out.
    """

    def __init__(self, folder: Path) -> None:
        try:
            make_folder(folder)
            self._descriptor = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except (FileExistsError, NotADirectoryError) as error:
            raise NotAnArchive(f"{folder} is a file; an archive is a folder") from error
        except PermissionError as error:
            raise ReadOnly(f"{folder} cannot be written; check the rights of the folder") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(self._descriptor, 200, 0).decode(errors="replace").strip()
            self.release()
            raise ArchiveInUse(f"{folder} is in use by {holder or 'another process'}; wait for its end") from error
        except OSError:
            self.release()
            raise
        started = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"process {os.getpid()}, since {started}\n".encode(), 0)
        _HELD.add(self)

    def __enter__(self) -> "RunLock":
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """The file stays: to remove it would let two processes each lock their own."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)


_HELD: WeakSet[RunLock] = WeakSet()


def _let_go() -> None:
    for lock in list(_HELD):
        lock.release()


os.register_at_fork(after_in_child=_let_go)
