"""Connections of the reading room: one read-only snapshot for a page, with a limit on the time of its queries."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from storage.archive import Archive

SECONDS = 1.0
# Of SQLite's virtual machine between two looks at the clock: about a tenth of a millisecond.
STEPS = 10_000


class TooSlow(Exception):
    """The queries of a page took longer than they may."""


@contextmanager
def reading(archive: Archive, seconds: float | None = None) -> Iterator[Connection]:
    """A connection whose queries end together after so many seconds; None: SECONDS. Raises TooSlow, ArchiveError."""
    with archive.connect() as connection:
        own = connection.connection.driver_connection
        assert isinstance(own, sqlite3.Connection)
        end = time.monotonic() + (SECONDS if seconds is None else seconds)
        own.set_progress_handler(lambda: time.monotonic() > end, STEPS)
        try:
            yield connection
        except DBAPIError as error:
            if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
                raise TooSlow from error
            raise
        finally:
            own.set_progress_handler(None, 0)
