"""Stories of a filled archive, written into SQLite by hand for comparison with the archive's own writing.

`same_rows`: the archive's own tables with all their indexes and the rows that the archive wrote, ready-made.
`flat_rows`: what a spider's pipeline usually writes, one row a story, no history and no teasers.

Three indexes of words, over the same four columns: none; fed by a trigger on each row, as SQLite's
documentation of FTS5 shows; fed once a batch, into 64 MB of memory.
"""

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from postscraper.items import Article
from storage.database.bulk import chunks
from storage.database.engine import LOG_PAGES, PAGE_BYTES, WRITING_CACHE_KIB
from storage.query.search.text import searchable

BATCH = 200
HASH_BYTES = 64 * 2**20

Fed = Literal["no index", "index by trigger", "index by batch"]
Batch = list[tuple[str, list[tuple[Any, ...]]]]  # statements, each for all its rows

_FLAT = (
    "CREATE TABLE article (id INTEGER PRIMARY KEY, url TEXT NOT NULL UNIQUE, headline TEXT, body TEXT, captions TEXT,"
    " byline TEXT, section TEXT, published_at TEXT, language TEXT, digest TEXT)"
)
_FLAT_INDEX = (
    "CREATE VIRTUAL TABLE words USING fts5(headline, body, captions, byline, content='article', content_rowid='id',"
    " tokenize='unicode61')"
)
_TABLES = (
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'words%' AND name NOT LIKE 'sqlite%'"
    " AND name <> 'alembic_version'"
)
_CAPTIONS = "(SELECT group_concat(caption_text, char(10)) FROM image WHERE revision_id = {row}.id)"


@dataclass(frozen=True, slots=True)
class Written:
    """What is written by hand. words: the four columns to index, where `{row}` is a row of `table`."""

    schema: tuple[str, ...]
    index: str
    table: str
    words: str
    batches: list[Batch]

    def write(self, fed: Fed, folder: Path) -> tuple[float, float]:
        """CPU and wall seconds for all batches, each in one durable transaction."""
        connection = _opened(folder / "by-hand.db")
        for statement in (*self.schema, *self._feeding(fed)):
            connection.execute(statement)
        add = f"{_INTO_WORDS} SELECT id, {self.words.format(row=self.table)} FROM {self.table} WHERE id > ?"
        seen, cpu, wall = 0, time.process_time(), time.perf_counter()
        for batch in self.batches:
            connection.execute("BEGIN IMMEDIATE")
            for statement, rows in batch:
                connection.executemany(statement, rows)
            if fed == "index by batch":
                connection.execute(add, (seen,))
                seen += BATCH  # ids are given from 1, one a story
            connection.execute("COMMIT")
        spent = time.process_time() - cpu, time.perf_counter() - wall
        connection.close()
        return spent

    def _feeding(self, fed: Fed) -> Iterator[str]:
        if fed != "no index":
            yield self.index
        if fed == "index by trigger":
            insert = f"{_INTO_WORDS} VALUES (new.id, {self.words.format(row='new')})"
            yield f"CREATE TRIGGER fed AFTER INSERT ON {self.table} BEGIN {insert}; END"
        elif fed == "index by batch":
            yield f"INSERT INTO words(words, rank) VALUES ('hashsize', {HASH_BYTES})"


_INTO_WORDS = "INSERT INTO words(rowid, headline, body, captions, byline)"


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.create_function("searchable", 1, searchable, deterministic=True)
    settings = (f"page_size = {PAGE_BYTES}", f"cache_size = -{WRITING_CACHE_KIB}", f"wal_autocheckpoint = {LOG_PAGES}")
    for pragma in (*settings, "journal_mode = WAL", "synchronous = FULL"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def flat_rows(items: list[Article]) -> Written:
    """One table with an index of its own kind: unicode61, external content. It does not cut Khmer, and indexes less."""
    insert = f"INSERT INTO article VALUES ({', '.join('?' * 10)})"
    batches: list[Batch] = [[(insert, list(map(_flat, batch)))] for batch in chunks(items, BATCH)]
    words = ", ".join(f"{{row}}.{column}" for column in ("headline", "body", "captions", "byline"))
    return Written((_FLAT,), _FLAT_INDEX, "article", words, batches)


def _flat(item: Article) -> tuple[Any, ...]:
    body = "\n\n".join(block.text for block in item.body)
    captions = "\n".join(image.caption_text or "" for image in item.images)
    moment = item.published_at.isoformat() if item.published_at else None
    return (
        *(item.node_id, item.canonical_url, item.headline, body, captions, item.byline, item.section, moment),
        *(item.language, item.capture.digest),
    )


def same_rows(database: Path) -> Written:
    """The rows of a filled archive in as many batches as it was filled with, and its very index."""
    connection = sqlite3.connect(database)
    names = sorted((name for (name,) in connection.execute(_TABLES)), key=lambda name: name != "image")
    tables = {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in names}
    query = "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name IN ({}) ORDER BY type <> 'table'"
    schema = connection.execute(query.format(", ".join("?" * len(names))), names).fetchall()
    index = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'words'").fetchone()[0]
    connection.close()
    words = ", ".join(f"searchable({column})" for column in ("{row}.headline", "{row}.body", _CAPTIONS, "{row}.byline"))
    return Written(tuple(sql for (sql,) in schema), index, "revision", words, list(_batches(tables)))


def _batches(tables: dict[str, list[tuple[Any, ...]]]) -> Iterator[Batch]:
    """The captions' table first, for the trigger on a revision reads it."""
    stories = len(tables["revision"])
    for start in range(0, stories, BATCH):
        batch: Batch = []
        for name, rows in tables.items():
            share = rows[len(rows) * start // stories : len(rows) * min(start + BATCH, stories) // stories]
            if share:
                batch.append((f"INSERT INTO {name} VALUES ({', '.join('?' * len(share[0]))})", share))
        yield batch
