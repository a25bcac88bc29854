"""Opening an archive: made when absent, refused with one sentence when something is wrong."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

import storage
from storage.archive import Archive
from storage.database import engine
from storage.database.engine import raw_connection
from storage.database.migrations.run import configuration, include_name
from storage.database.migrations.versions.derived_tables import INDEX, TABLES
from storage.database.schema import BASELINE, SCHEMA, Table
from storage.errors import ArchiveError, Damaged, Full, Locked, NotAnArchive, ReadOnly, WrongVersion
from storage.maintenance.checks.database import tables
from tests.helpers.items import article
from tests.helpers.permissions import no_superuser


def one_sentence(error: pytest.ExceptionInfo[ArchiveError], *words: str) -> None:
    said = str(error.value)
    assert "\n" not in said
    for word in words:
        assert word in said


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_the_tables_are_those_of_the_migrations(archive: Archive) -> None:
    with archive.connect() as connection:
        options = {"include_name": include_name, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Table.metadata) == []
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Table.metadata) != []  # it would see the tables of the index


def test_the_version_of_the_tables_is_the_newest_migration(archive: Archive) -> None:
    with archive.connect() as connection:
        assert ScriptDirectory.from_config(configuration(connection)).get_current_head() == SCHEMA


def test_an_archive_is_made_once(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "archive #1 ?ទឹក"
    with Archive.open(folder) as archive:
        archive.add(article())
    with Archive.open(str(folder)) as archive:
        assert archive.stats().stories == 1


def test_durable_and_never_in_the_way_of_readers(archive: Archive) -> None:
    with archive.connect() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        assert [connection.exec_driver_sql(f"PRAGMA {each}").scalar() for each in pragmas] == ["wal", 2, 1]
    with Archive.open(archive.folder, readonly=True) as reader, reader.connect() as connection:
        before = connection.execute(text("SELECT count(*) FROM story")).scalar()
        archive.add(article())
        assert connection.execute(text("SELECT count(*) FROM story")).scalar() == before  # its own moment
        assert reader.stats().stories == 1


def test_a_reader_makes_and_changes_nothing(archive: Archive, tmp_path: Path) -> None:
    with pytest.raises(NotAnArchive) as error:
        Archive.open(tmp_path / "absent", readonly=True)
    one_sentence(error, "no archive in")
    assert not (tmp_path / "absent").exists()
    with Archive.open(archive.folder, readonly=True) as reader:
        with pytest.raises(ReadOnly) as error:
            reader.add(article())
        one_sentence(error, "archive.db", "cannot be written")


@pytest.mark.parametrize("readonly", [False, True])
def test_another_version(archive: Archive, readonly: bool) -> None:
    with archive.connect() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        connection.commit()
    with pytest.raises(WrongVersion) as error:
        Archive.open(archive.folder, readonly=readonly)
    one_sentence(error, "0000", SCHEMA, f"postscraper rebuild --archive {archive.folder}")


def test_an_archive_in_a_folder_that_nobody_can_write(empty_archive: Path) -> None:
    with TemporaryDirectory() as outside:  # pytest's own folders are closed to other users
        Path(outside).chmod(0o755)
        folder = copytree(empty_archive, Path(outside) / "archive")
        with Archive.open(folder) as archive:
            archive.add(article())
        folder.chmod(0o555)
        (folder / "archive.db").chmod(0o444)
        with no_superuser(folder):
            with Archive.open(folder, readonly=True) as archive:
                assert len(archive.search("water")) == 1
            with pytest.raises(ReadOnly) as error:
                Archive.open(folder).add(article("boats"))
            one_sentence(error, "archive.db", "rights")
        folder.chmod(0o755)


def test_somebody_elses_database_is_left_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE recipes (name)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(NotAnArchive):
        Archive.open(tmp_path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_upgrading_what_is_new_changes_nothing(archive: Archive) -> None:
    archive.add(article())
    Archive.upgrade(archive.folder)
    assert archive.stats().stories == 1


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_an_archive_of_the_oldest_version_is_brought_to_the_newest(archive: Archive) -> None:
    archive.add(article(byline="Sok Dara", authors=("Sok Dara",)))
    archive.add(article(hours=1, body="Water falls by 2 metres."))
    archive.add(article(hours=2, body="Water falls by 3 metres."))
    derived = [ask(archive, f"SELECT * FROM {table}") for table in TABLES[:5]]
    with archive.connect() as connection:
        for each in ("VIEW search", "INDEX ix_story_day"):
            connection.execute(text(f"DROP {each}"))
        connection.execute(text(f"DROP INDEX {INDEX}"))
        for table in ("withdrawn", "withdrawn_record", "skeleton", *TABLES):
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("UPDATE alembic_version SET version_num = :oldest"), {"oldest": BASELINE})
        connection.commit()
    with pytest.raises(WrongVersion) as error:
        Archive.open(archive.folder)
    one_sentence(error, BASELINE, SCHEMA, f"postscraper upgrade --archive {archive.folder}")
    Archive.upgrade(archive.folder)
    with Archive.open(archive.folder) as upgraded:
        assert upgraded.stats().stories == 1
        assert upgraded.withdrawn() == frozenset()
        assert [ask(upgraded, f"SELECT * FROM {table}") for table in TABLES[:5]] == derived
        assert len(upgraded.search("water")) == 1
        test_the_tables_are_those_of_the_migrations(upgraded)
        with upgraded.connect() as connection:
            assert list(tables(connection)) == []


def test_a_column_may_stand_behind_the_others_but_not_be_another(archive: Archive) -> None:
    """SQLite puts one that a migration adds behind the constraints."""
    with archive.connect() as connection:
        connection.execute(text("ALTER TABLE image DROP COLUMN credit"))
        assert [finding.what for finding in tables(connection)] == ["image is not as this version makes it"]
        connection.execute(text("ALTER TABLE image ADD COLUMN credit INTEGER"))
        assert [finding.what for finding in tables(connection)] == ["image is not as this version makes it"]
        connection.execute(text("ALTER TABLE image DROP COLUMN credit"))
        connection.execute(text("ALTER TABLE image ADD COLUMN credit TEXT"))
        assert list(tables(connection)) == []


@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
def test_an_archive_of_the_version_before_gets_its_counts(archive: Archive) -> None:
    archive.add(article())
    archive.add(article(hours=1, body="Water falls by 2 metres."))
    counted = "SELECT section, layout, edited, stories FROM facets WHERE stories"
    counts = ask(archive, counted)
    with archive.connect() as connection:
        for change in (
            *(
                "DROP TRIGGER search_row_counted",
                "DROP TRIGGER search_row_deleted",
                "DROP TABLE skeleton",
                "DROP INDEX ix_story_day",
            ),
            *("ALTER TABLE facets DROP COLUMN stories", "ALTER TABLE run DROP COLUMN skeletons"),
            "UPDATE alembic_version SET version_num = '0006'",
        ):
            connection.execute(text(change))
        connection.commit()
    Archive.upgrade(archive.folder)
    with Archive.open(archive.folder) as upgraded:
        assert ask(upgraded, counted) == counts
        test_the_tables_are_those_of_the_migrations(upgraded)
        with upgraded.connect() as connection:
            assert list(tables(connection)) == []
        upgraded.add(article("boats"))
        assert ask(upgraded, "SELECT sum(stories) FROM facets") == [(2,)]


def ask(archive: Archive, query: str) -> list[Any]:
    with archive.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_upgrading_nothing_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotAnArchive):
        Archive.upgrade(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("readonly", [False, True])
@pytest.mark.parametrize("contents", [b"This is no database at all. " * 300, b"SQLite format 3\0" + b"x" * 4096])
def test_a_file_that_is_something_else(tmp_path: Path, contents: bytes, readonly: bool) -> None:
    (tmp_path / "archive.db").write_bytes(contents)
    with pytest.raises(ArchiveError) as error:
        Archive.open(tmp_path, readonly=readonly)
    one_sentence(error, "archive.db", "is not a database")
    assert (tmp_path / "archive.db").read_bytes() == contents


@pytest.mark.parametrize("readonly", [False, True])
def test_a_database_of_somebody_else(tmp_path: Path, readonly: bool) -> None:
    connection = sqlite3.connect(tmp_path / "archive.db")
    connection.execute("CREATE TABLE recipes (name)")
    connection.close()
    with pytest.raises(NotAnArchive) as error:
        Archive.open(tmp_path, readonly=readonly)
    one_sentence(error, "no archive")


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("")
    for folder in (tmp_path / "archive", tmp_path / "archive" / "deeper"):
        with pytest.raises(NotAnArchive) as error:
            Archive.open(folder)
        one_sentence(error, "is a file")


def test_another_writer(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.05)
    other = sqlite3.connect(archive.folder / "archive.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        with Archive.open(archive.folder) as second:
            with pytest.raises(Locked) as error:
                second.add(article())
            one_sentence(error, "another process")
            assert second.search("canal") == []  # readers are not kept waiting
    finally:
        other.close()
    assert archive.add(article()) == "new story"


def test_a_full_disk(archive: Archive) -> None:
    with archive._writer.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
    # The limit is one of the connection; the pool hands the same one out again.
    with archive._writer.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(Full) as error:
        archive.add(article(body="Water rises. " * 5000))
    one_sentence(error, "no room left", "not stored")
    assert archive.stats().captures == 0


def test_a_full_disk_under_a_raw_connection(archive: Archive) -> None:
    with pytest.raises(Full) as error, raw_connection(archive.folder / "archive.db", mode="rw") as connection:
        connection.executescript("PRAGMA max_page_count = 1; CREATE TABLE more AS SELECT randomblob(1000000)")
    one_sentence(error, "no room left", "not stored")


def test_a_broken_file(new_archive: Callable[[], Archive]) -> None:
    with new_archive() as archive:
        archive.add_many([(article(f"s{n}", body=f"Water {n}. " * 200), None) for n in range(50)])
        folder = archive.folder
    path = folder / "archive.db"
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 3)
        file.write(os.urandom(size // 2))
    with pytest.raises(Damaged) as error, Archive.open(folder, readonly=True) as archive:
        [archive.story(row.story_id) for row in archive.captures()]
    one_sentence(error, "damaged", "evidence")


@pytest.mark.parametrize("readonly", [False, True])
@pytest.mark.parametrize("words", [b"CREATE TABLE story (", b"CREATE TABLE alembic_version", b"num VARCHAR(32)"])
def test_a_schema_that_is_no_text(empty_archive: Path, tmp_path: Path, words: bytes, readonly: bool) -> None:
    path = copytree(empty_archive, tmp_path / "archive") / "archive.db"
    with Archive.open(path.parent):
        pass  # what was in the log ahead is in the file now
    whole = path.read_bytes()
    for at in range(len(words) - 1):
        path.write_bytes(whole.replace(words, words[:at] + b"\xff\xfe" + words[at + 2 :]))
        with pytest.raises(Damaged) as error:
            Archive.open(path.parent, readonly=readonly)
        one_sentence(error, "archive.db", "damaged", "evidence")


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_BUSY, Locked),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, Locked),
        (sqlite3.SQLITE_READONLY_DBMOVED, ReadOnly),
        (sqlite3.SQLITE_FULL, Full),
        (sqlite3.SQLITE_IOERR_READ, Damaged),
        (sqlite3.SQLITE_CORRUPT_VTAB, Damaged),
        (sqlite3.SQLITE_CANTOPEN, ReadOnly),
        (sqlite3.SQLITE_NOTADB, NotAnArchive),
    ],
)
def test_what_sqlite_complains_of(code: int, kind: type[ArchiveError]) -> None:
    error = sqlite3.OperationalError("…")
    error.sqlite_errorcode = code
    assert type(engine.archive_error(error, "here")) is kind
    assert "here" in str(engine.archive_error(error, "here"))


def test_mistakes_of_ours_stay_what_they_are() -> None:
    error = sqlite3.IntegrityError("NOT NULL")
    error.sqlite_errorcode = sqlite3.SQLITE_CONSTRAINT
    assert engine.archive_error(error, "here") is None
    assert engine.archive_error(ValueError(), "here") is None


def test_the_tables_can_be_made_elsewhere(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'other.db'}"
    with Archive.open(tmp_path / "archive", db_url=url) as archive:
        assert archive.add(article()) == "new story"
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT headline FROM article")).scalar() == "The canal"
        assert connection.execute(text("SELECT count(*) FROM promotion")).scalar() == 0
    assert not (tmp_path / "archive" / "archive.db").exists()


def test_every_public_name_is_there() -> None:
    assert all(isinstance(getattr(storage, name), type) for name in storage.__all__)
    with pytest.raises(AttributeError, match="Archiv'"):
        _ = storage.Archiv
