"""Open the database, and turn its errors into ArchiveError. All that differs between SQLite and PostgreSQL."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import ExceptionContext

from storage import errors
from storage.database.lock import holds_shared_lock
from storage.database.schema import BASELINE, SCHEMA

DATABASE = "archive.db"
BUSY_SECONDS = 10.0  # a batch of a thousand pages commits in less than one
# Twice SQLite's own: a batch is written in a tenth less CPU time. With 16 kB a little less still, but a crawl,
# which changes a few rows of many pages with each commit, would write four times the bytes.
PAGE_BYTES = 8 * 1024
LOG_PAGES = 4_000  # checkpoints of 32 MB: a tenth less work for a batch than with SQLite's 4 MB
WRITER_WAIT_SECONDS = 600  # a thread's wait for the one writing connection: a disk may be slow
# Of a batch in 100,000 stories 32 MB save 6 % against 8 MB, and 64 MB no more; in a small archive they save nothing.
# Readers stay with SQLite's 2 MB, for the system caches the pages of the file as well.
WRITING_CACHE_KIB = 32 * 1024

UNDECODABLE = "Could not decode to UTF-8"  # the message of Python's sqlite3 for text that is not UTF-8
ERRORS: dict[int, tuple[type[errors.ArchiveError], str]] = {
    sqlite3.SQLITE_BUSY: (errors.Locked, "another process is writing to {place}; wait for it to end"),
    sqlite3.SQLITE_LOCKED: (errors.Locked, "another process is writing to {place}; wait for it to end"),
    sqlite3.SQLITE_READONLY: (errors.ReadOnly, "{place} cannot be written; check the rights of file and folder"),
    sqlite3.SQLITE_FULL: (errors.Full, "no room left on the disk of {place}; the last write was not stored"),
    sqlite3.SQLITE_CORRUPT: (errors.Damaged, "{place} is damaged; build it again from the evidence"),
    sqlite3.SQLITE_IOERR: (errors.Damaged, "the disk of {place} fails to read or write"),
    sqlite3.SQLITE_NOTADB: (errors.NotAnArchive, "{place} is not a database"),
    sqlite3.SQLITE_CANTOPEN: (errors.ReadOnly, "{place} cannot be opened; check the rights of file and folder"),
}


def engine_for(folder: Path, db_url: str | None, *, readonly: bool, writes: bool = False) -> Engine:
    """An engine that has not connected yet. Database errors are raised as ArchiveError.

    writes: for transactions that write: one connection, which threads take in turn.
    """
    pool: dict[str, Any] = {}
    if writes:
        pool = {"pool_size": 1, "max_overflow": 0, "pool_timeout": WRITER_WAIT_SECONDS}
    place = str(folder / DATABASE)
    if db_url is None:
        url = f"sqlite:///{file_uri(folder / DATABASE, 'ro' if readonly else 'rwc')}&uri=true"
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, **pool)
    else:
        engine = create_engine(db_url, **pool)
        place = engine.url.render_as_string(hide_password=True)

    @event.listens_for(engine, "handle_error")
    def translate(context: ExceptionContext) -> None:
        translated = archive_error(context.original_exception, place)
        if translated is not None:
            raise translated from context.original_exception

    if is_sqlite(engine):
        _set_up_sqlite(engine, place, writes=writes)
    return engine.execution_options(writes=True) if writes else engine


def is_sqlite(bind: Engine | Connection) -> bool:
    """Whether there is a search index, and whether SQL of SQLite's own may be used."""
    return bind.dialect.name == "sqlite"


def require_sqlite(connection: Connection, what: str) -> None:
    """Raises Unsupported for another database; what: the beginning of its message."""
    if not is_sqlite(connection):
        raise errors.Unsupported(f"{what} works on SQLite archives only")


def file_uri(path: Path, mode: str) -> str:
    """The URI of a database file for SQLite; mode: ro, rw or rwc."""
    # In a folder that cannot be written SQLite cannot make the file that readers and writers share (-shm). No writer
    # can come there, nor where this process holds the shared lock: then the file may be read as immutable.
    log = path.with_name(f"{path.name}-wal")
    log_is_empty = not log.exists() or not log.stat().st_size
    is_writable = os.access(path.parent, os.W_OK, effective_ids=os.access in os.supports_effective_ids)
    immutable = mode == "ro" and log_is_empty and (holds_shared_lock(path.parent) or not is_writable)
    return f"file:{quote(str(path.absolute()))}?mode={mode}{'&immutable=1' if immutable else ''}"


@contextmanager
def raw_connection(database: Path, *, before: Path | None = None, mode: str = "ro") -> Iterator[sqlite3.Connection]:
    """The driver's own connection to a database file, for statements that SQLAlchemy would only pass on.

    before: another database, attached read-only as `before`. mode: ro, rw or rwc. Raises ArchiveError.
    """
    try:
        uri = file_uri(database, mode)
        with closing(sqlite3.connect(uri, BUSY_SECONDS, isolation_level=None, uri=True)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            if before is not None:
                connection.execute("ATTACH ? AS before", (file_uri(before, "ro"),))
            yield connection
    except sqlite3.DatabaseError as error:
        raise archive_error(error, str(before or database)) or error from error


def archive_error(error: BaseException, place: str) -> errors.ArchiveError | None:
    """The ArchiveError for an error of SQLite; None for a programming error."""
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, UnicodeDecodeError) or str(error).startswith(UNDECODABLE):
        code = sqlite3.SQLITE_CORRUPT  # SQLite checks its pages, but not the bytes of a text
    if code == sqlite3.SQLITE_IOERR_SHMSIZE:  # as when the disk is full: sqlite.org/rescode.html
        code = sqlite3.SQLITE_FULL
    if code is None or code & 0xFF not in ERRORS:  # the low byte of an extended code is the primary code
        return None
    kind, sentence = ERRORS[code & 0xFF]
    return kind(sentence.format(place=place))


def _set_up_sqlite(engine: Engine, place: str, *, writes: bool) -> None:
    # FULL: a commit that returned survives a power cut.
    pragmas = ["foreign_keys = ON", "synchronous = FULL"]
    if writes:
        # page_size works in a new file alone, and comes before cache_size, which SQLite keeps in pages.
        pragmas = [f"page_size = {PAGE_BYTES}", *pragmas]
        pragmas += [f"cache_size = -{WRITING_CACHE_KIB}", f"wal_autocheckpoint = {LOG_PAGES}"]

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # no implicit BEGIN: `begin` below issues it
        try:
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}").close()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise archive_error(error, place) or error from error

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # IMMEDIATE: a writer waits at its start, where waiting is safe, and never fails later for another's lock.
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def check_version(engine: Engine, folder: Path) -> None:
    """Raises NotAnArchive or WrongVersion unless the database is an archive of this program's version."""
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            raise errors.NotAnArchive(f"{folder} holds a database that is no archive")
        version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    if version == SCHEMA:
        return
    versions = f"the archive in {folder} has version {version}, this program needs {SCHEMA}: "
    if str(version) > SCHEMA:
        raise errors.WrongVersion(f"{versions}it was made by a later version of this program, which must be installed")
    if str(version) < BASELINE:
        raise errors.EarlierVersion(f"{versions}run `postscraper rebuild --archive {folder}`")
    raise errors.WrongVersion(f"{versions}run `postscraper upgrade --archive {folder}`")


def upgrade(engine: Engine, derive: Callable[[Connection], object]) -> None:
    """Bring the database to this program's version; an empty one becomes an archive.

    derive: fills the derived tables of an older archive, in the same transaction.
    """
    if is_sqlite(engine):
        connection = engine.raw_connection()
        try:  # readers never wait for the writer; the file keeps this mode
            connection.cursor().execute("PRAGMA journal_mode = WAL").close()
        finally:
            connection.close()
    # Alembic takes a quarter of a second to import, and opening an existing archive does not need it.
    import_module("storage.database.migrations.run").upgrade(engine, derive)


def vacuum(engine: Engine, folder: Path) -> None:
    """Copy all rows into new pages, free the old ones and empty the log. Raises Locked, Full. SQLite alone."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("VACUUM")
        busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        cursor.close()
    except sqlite3.DatabaseError as error:
        raise archive_error(error, str(folder / DATABASE)) or error from error
    finally:
        connection.close()
    if busy:
        raise errors.Locked(
            f"{folder / DATABASE} still holds what was deleted: another program has it open; end it and run the "
            "command again"
        )


def is_empty(engine: Engine) -> bool:
    with engine.connect() as connection:
        return not inspect(connection).get_table_names()


def only_writer(connection: Connection) -> None:
    """On PostgreSQL wait until no other process adds items; on SQLite `BEGIN IMMEDIATE` has waited."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7076)"))
