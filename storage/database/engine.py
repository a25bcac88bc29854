"""How the database is opened, and how its complaints become sentences."""

import os
import sqlite3
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import ExceptionContext

from storage import errors, files
from storage.database.lock import holds_shared_lock
from storage.database.schema import BASELINE, SCHEMA

DATABASE = "archive.db"
BUSY_SECONDS = 10.0  # a batch of a thousand pages commits in less than one
# Twice SQLite's own: a batch is written in a tenth less CPU time. With 16 kB a little less still, but a crawl,
# which changes a few rows of many pages with each commit, would write four times the bytes.
PAGE_BYTES = 8 * 1024
LOG_PAGES = 4_000  # 32 MB go into the database at once: a tenth less work for a batch than with SQLite's 4 MB
TURN_SECONDS = 600  # that a thread waits for the one writing connection: a disk may be slow
# 16 MB make no batch of a replay cheaper; 64 MB save 7 % with 100,000 pages. Readers keep to SQLite's 2 MB:
# the system holds the file's pages all the same.
WRITING_CACHE_KIB = 8 * 1024

UNDECODABLE = "Could not decode to UTF-8"  # Python's own words for what SQLite gave it
SPOKEN: dict[int, tuple[type[errors.ArchiveError], str]] = {
    sqlite3.SQLITE_BUSY: (errors.Locked, "another process is writing to {place}; wait for it to end"),
    sqlite3.SQLITE_LOCKED: (errors.Locked, "another process is writing to {place}; wait for it to end"),
    sqlite3.SQLITE_READONLY: (errors.ReadOnly, "{place} cannot be written; check the rights of file and folder"),
    sqlite3.SQLITE_FULL: (errors.Full, "no room left on the disk of {place}; the batch was not stored"),
    sqlite3.SQLITE_CORRUPT: (errors.Damaged, "{place} is damaged; build it again from the evidence"),
    sqlite3.SQLITE_IOERR: (errors.Damaged, "the disk of {place} fails to read or write"),
    sqlite3.SQLITE_NOTADB: (errors.NotAnArchive, "{place} is not a database"),
    sqlite3.SQLITE_CANTOPEN: (errors.ReadOnly, "{place} cannot be opened; check the rights of file and folder"),
}


def engine_for(folder: Path, db_url: str | None, *, readonly: bool) -> Engine:
    """An engine that has opened nothing yet. Its failures are raised as ArchiveError."""
    return _engine(folder, db_url, readonly=readonly)


def writer_for(folder: Path, db_url: str | None, *, readonly: bool) -> Engine:
    """The same, for transactions that write: one connection, for which threads wait in turn."""
    engine = _engine(folder, db_url, readonly=readonly, pool_size=1, max_overflow=0, pool_timeout=TURN_SECONDS)
    return engine.execution_options(writes=True)


def _engine(folder: Path, db_url: str | None, *, readonly: bool, **pool: int) -> Engine:
    place = str(folder / DATABASE)
    if db_url is None:
        url = _sqlite_url(folder / DATABASE, readonly=readonly)
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, **pool)
    else:
        engine = create_engine(db_url, **pool)
        place = engine.url.render_as_string(hide_password=True)
    _speak(engine, place)
    if engine.dialect.name == "sqlite":
        _settle(engine, place, writes=bool(pool))
    return engine


def _sqlite_url(path: Path, *, readonly: bool) -> str:
    return f"sqlite:///{file_uri(path, 'ro' if readonly else 'rwc')}&uri=true"


def file_uri(path: Path, mode: str) -> str:
    """A database file as SQLite itself names it; mode: ro, rw or rwc."""
    # Where nothing can be written, on a disc or another's folder, SQLite cannot make the file by which
    # readers and writer agree; nor can there be a writer, as where this process keeps writers out.
    log = path.with_name(f"{path.name}-wal")
    is_folded = not log.exists() or not log.stat().st_size
    still = mode == "ro" and is_folded and (holds_shared_lock(path.parent) or not _writable(path.parent))
    return f"file:{quote(str(path.absolute()))}?mode={mode}{'&immutable=1' if still else ''}"


def _writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _speak(engine: Engine, place: str) -> None:
    @event.listens_for(engine, "handle_error")
    def speak(context: ExceptionContext) -> None:
        spoken = spoken_error(context.original_exception, place)
        if spoken is not None:
            raise spoken from context.original_exception


def spoken_error(error: BaseException, place: str) -> errors.ArchiveError | None:
    """The sentence for a complaint of SQLite; None for one that is a mistake of ours."""
    code = getattr(error, "sqlite_errorcode", None)
    if isinstance(error, UnicodeDecodeError) or str(error).startswith(UNDECODABLE):
        code = sqlite3.SQLITE_CORRUPT  # SQLite looks after its pages, and takes any bytes for text
    if code == sqlite3.SQLITE_IOERR_SHMSIZE:  # as when the disk is full: sqlite.org/rescode.html
        code = sqlite3.SQLITE_FULL
    if code is None or code & 0xFF not in SPOKEN:  # the low byte of an extended code is its family
        return None
    kind, sentence = SPOKEN[code & 0xFF]
    return kind(sentence.format(place=place))


def _settle(engine: Engine, place: str, *, writes: bool) -> None:
    # FULL: what was acknowledged survives a power cut.
    pragmas = ["foreign_keys = ON", "synchronous = FULL"]
    if writes:
        # The size of pages, which a new file alone takes, before that of the cache, which is counted in them.
        pragmas = [f"page_size = {PAGE_BYTES}", *pragmas]
        pragmas += [f"cache_size = -{WRITING_CACHE_KIB}", f"wal_autocheckpoint = {LOG_PAGES}"]

    @event.listens_for(engine, "connect")
    def connected(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # transactions begin where `begin` below says, not by guess
        try:
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}").close()
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            raise spoken_error(error, place) or error from error

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        # IMMEDIATE: a writer waits at its start, where waiting is safe, and never fails half-way.
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
    found = f"the archive in {folder} has version {version}, this program needs {SCHEMA}: "
    if str(version) > SCHEMA:
        raise errors.WrongVersion(f"{found}it was made by a later version of this program, which must be installed")
    if str(version) < BASELINE:
        raise errors.EarlierVersion(f"{found}run `postscraper rebuild --archive {folder}`")
    raise errors.WrongVersion(f"{found}run `postscraper upgrade --archive {folder}`")


def upgrade(engine: Engine) -> None:
    """Bring the database to this program's version; an empty one becomes an archive."""
    if engine.dialect.name == "sqlite":
        _log_ahead(engine)
    # Alembic takes a quarter of a second to import, and an archive that exists already needs none of it.
    import_module("storage.database.migrations.run").upgrade(engine)


def _log_ahead(engine: Engine) -> None:
    """Let readers never wait for the writer; a property of the file, which stays."""
    connection = engine.raw_connection()
    try:
        connection.cursor().execute("PRAGMA journal_mode = WAL").close()
    finally:
        connection.close()


def write_anew(engine: Engine, folder: Path) -> None:
    """Copy all rows into new pages and let go of the old ones and of the log. Raises Locked, Full. SQLite alone."""
    connection = engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("VACUUM")
        busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        cursor.close()
    except sqlite3.DatabaseError as error:
        raise spoken_error(error, str(folder / DATABASE)) or error from error
    finally:
        connection.close()
    if busy:
        what = "another program has it open; end it and run the command again"
        raise errors.Locked(f"{folder / DATABASE} still holds what was deleted: {what}")


def make_folder(folder: Path) -> None:
    """Raises ReadOnly or NotAnArchive when there can be no such folder."""
    try:
        files.make_folder(folder)
    except (FileExistsError, NotADirectoryError) as error:
        raise errors.NotAnArchive(f"{folder} is a file; an archive is a folder") from error
    except PermissionError as error:
        raise errors.ReadOnly(f"{folder} cannot be made; check the rights of the folder above") from error


def is_empty(engine: Engine) -> bool:
    with engine.connect() as connection:
        return not inspect(connection).get_table_names()


def only_writer(connection: Connection) -> None:
    """On PostgreSQL wait until no other process adds items; on SQLite `BEGIN IMMEDIATE` has waited."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(7076)"))
