"""Copy of the rows of a selection into a new database."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, text

from storage.archive import Archive
from storage.database.engine import DATABASE, file_uri, raw_connection
from storage.database.schema import Table
from storage.query.export.selection import StorySelection

# Which rows go along, by the tables of the copy that are filled already.
_RULES: Mapping[str, str] = {
    "story": "id IN selected",
    # With the fronts and lists that announce the stories; pages of other stories that do so stay out.
    "capture": """story_id IN selected OR address IN (SELECT canonical_url FROM main.story)
        OR (outcome = 'listing' AND id IN (SELECT capture_id FROM source.sighting
            WHERE address IN (SELECT canonical_url FROM main.story)))""",
    "revision": "story_id IN selected",
    "reading": """id IN (SELECT reading_id FROM main.capture WHERE reading_id IS NOT NULL
        UNION SELECT reading_id FROM main.revision)""",
    "payload": "digest IN (SELECT digest FROM main.capture)",
}
_FIRST = tuple(_RULES)
# By the first column that a table has; of a table without any nothing goes along but with everything.
_BY_COLUMN: Mapping[str, str] = {
    "story_id": "story_id IN selected",
    "revision_id": "revision_id IN (SELECT id FROM main.revision)",
    "capture_id": "capture_id IN (SELECT id FROM main.capture)",
    "address": "address IN (SELECT address FROM main.capture)",
}


def copy_selection(archive: Archive, folder: Path, selection: StorySelection) -> None:
    """Make an archive without evidence in a new folder, from one snapshot. Raises ArchiveError.

    A story whose twin of the same words is not selected has none any more.
    """
    Archive.open(folder).close()
    with editing(folder) as copy:
        copy.execute("ATTACH ? AS source", (file_uri(archive.folder / DATABASE, "ro"),))
        copy.execute("CREATE TEMP TABLE selected (id INTEGER PRIMARY KEY)")
        copy.execute("BEGIN")
        copy.executemany("INSERT INTO selected VALUES (?)", archive.ask(_ids, selection))
        names = [table.name for table in Table.metadata.sorted_tables]
        for name in (*_FIRST, *(name for name in names if name not in _FIRST)):
            columns = ", ".join(f'"{column.name}"' for column in Table.metadata.tables[name].columns)
            rule = "1" if selection.is_everything else _rule(name)
            copy.execute(f'INSERT INTO main."{name}" ({columns}) SELECT {columns} FROM source."{name}" WHERE {rule}')
        copy.execute("UPDATE story SET same_words_as = NULL WHERE same_words_as NOT IN (SELECT id FROM story)")
        copy.execute("DELETE FROM family WHERE head_id NOT IN (SELECT id FROM story)")
        copy.execute("DELETE FROM family WHERE compared_id NOT IN (SELECT id FROM story)")
        copy.execute("COMMIT")
        copy.execute("DETACH source")
    with Archive.open(folder) as opened:
        opened.reindex()


def _ids(connection: Connection, selection: StorySelection) -> list[tuple[int]]:
    rows = connection.execute(text(f"SELECT story.id FROM story WHERE {selection.sql()}"), selection.values())
    return [(story_id,) for story_id in rows.scalars()]


def _rule(table: str) -> str:
    columns = Table.metadata.tables[table].columns
    return _RULES.get(table) or next((rule for name, rule in _BY_COLUMN.items() if name in columns), "0")


@contextmanager
def editing(folder: Path) -> Iterator[sqlite3.Connection]:
    """The database of a pack in the making, for statements of any order."""
    with raw_connection(folder / DATABASE, mode="rw") as connection:
        connection.execute("PRAGMA synchronous = OFF")  # a pack that is not whole is made anew
        yield connection


def as_one_file(folder: Path) -> Path:
    """Make the database a single file that any SQLite opens where nothing can be written; its path."""
    with editing(folder) as connection:
        connection.execute("PRAGMA journal_mode = DELETE").fetchall()
        connection.execute("ANALYZE")
    return folder / DATABASE
