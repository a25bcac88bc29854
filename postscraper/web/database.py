"""Connections of the reading room: one read-only snapshot for a page, with a limit on the time of its queries."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from storage.archive import Archive

SECONDS = 1.0  # of the processor: readers who wait for each other are not cut
LONGEST = 5  # seconds of the clock for one of the processor
STEPS = 10_000  # of SQLite's virtual machine between two looks at the clocks: about a tenth of a millisecond


class TooSlow(Exception):
    """The queries of a page took longer than they may."""


class Deadline:
    """The end of the time that one page has from now on; seconds: None for SECONDS."""

    def __init__(self, seconds: float | None = None) -> None:
        seconds = SECONDS if seconds is None else seconds
        self._busy_end, self._end = time.thread_time() + seconds, time.monotonic() + LONGEST * seconds

    def is_over(self) -> bool:
        return time.thread_time() > self._busy_end or time.monotonic() > self._end

    def check(self) -> None:
        """Raises TooSlow."""
        if self.is_over():
            raise TooSlow


@contextmanager
def reading(archive: Archive, seconds: float | None = None) -> Iterator[Connection]:
    """A connection whose queries have so many seconds together; None: SECONDS. Raises TooSlow, ArchiveError."""
    with archive.connect() as connection:
        own = connection.connection.driver_connection
        assert isinstance(own, sqlite3.Connection)
        own.set_progress_handler(Deadline(seconds).is_over, STEPS)
        try:
            yield connection
        except DBAPIError as error:
            if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise TooSlow from error
            raise
        finally:
            own.set_progress_handler(None, 0)


class Version:
    """Number of the database's state, which changes with every commit of any process."""

    def __init__(self, archive: Archive) -> None:
        self._connection = archive.connect()
        self._lock = Lock()

    def __call__(self) -> int:
        own = self._connection.connection.driver_connection
        assert isinstance(own, sqlite3.Connection)
        with self._lock:  # without a transaction, which would hold an old state
            return int(own.execute("PRAGMA data_version").fetchone()[0])

    def close(self) -> None:
        self._connection.close()
