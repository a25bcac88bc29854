"""The run lock: one writer an archive, by a lock on a file that ends with its process."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from weakref import WeakSet

from storage.errors import NotAnArchive, ReadOnly
from storage.files import make_folder

NAME = ".lock"


class ArchiveInUse(Exception):
    """Another process holds the lock; the message names it."""


class RunLock:
    """Held from its construction until `release`, the end of the `with`, or the end of the process.

    Raises ArchiveInUse at once when another holds it, NotAnArchive and ReadOnly when it cannot be made. Forked
    processes do not hold it, so a worker that outlives a killed crawl does not block the next one.
    """

    def __init__(self, folder: Path) -> None:
        make_archive_folder(folder)
        try:
            self._descriptor = os.open(folder / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except PermissionError as error:
            raise ReadOnly(f"{folder} cannot be written; check the rights of the folder") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            refused = _refused(folder, self._descriptor)
            self.release()
            raise refused from error
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


def make_archive_folder(folder: Path) -> None:
    """Make the folder unless it exists. Raises ReadOnly or NotAnArchive when it cannot be made."""
    try:
        make_folder(folder)
    except (FileExistsError, NotADirectoryError) as error:
        raise NotAnArchive(f"{folder} is a file; an archive is a folder") from error
    except PermissionError as error:
        raise ReadOnly(f"{folder} cannot be made; check the rights of the folder above") from error


@contextmanager
def shared_lock(folder: Path) -> Iterator[None]:
    """Block writers of an archive while it is read; changes no file, not even the lock.

    Raises ArchiveInUse when a process writes to the archive; at the end, too, when the archive had no lock file, as a
    copy has none, and a writer made one meanwhile.
    """
    try:
        descriptor = os.open(folder / NAME, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        descriptor = -1
    try:
        if descriptor >= 0:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        _SHARED.add(folder.resolve())
        yield
        if descriptor < 0 and (folder / NAME).exists():
            raise ArchiveInUse(f"{folder} was written to meanwhile; do the same again")
    except BlockingIOError as error:
        raise _refused(folder, descriptor) from error
    finally:
        _SHARED.discard(folder.resolve())
        if descriptor >= 0:
            os.close(descriptor)


def holds_shared_lock(folder: Path) -> bool:
    """Whether this process is inside `shared_lock`."""
    return bool(_SHARED) and folder.resolve() in _SHARED


_SHARED: set[Path] = set()


def in_use(archive: Path) -> bool:
    """Whether another process, or this one, holds the archive's run lock."""
    try:
        with shared_lock(archive):
            return False
    except ArchiveInUse:
        return True


def _refused(folder: Path, descriptor: int) -> ArchiveInUse:
    holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip()
    return ArchiveInUse(f"{folder} is in use by {holder or 'another process'}; wait for its end")


_HELD: WeakSet[RunLock] = WeakSet()


def _release_in_child() -> None:
    for lock in list(_HELD):
        lock.release()


os.register_at_fork(after_in_child=_release_in_child)
