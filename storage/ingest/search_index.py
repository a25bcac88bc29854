"""Rows of the full-text index, and of the tables behind search filters and counts."""

import json

from sqlalchemy import Connection, select

from storage.database.engine import is_sqlite
from storage.database.schema import Reading, Revision
from storage.ingest import search_rows
from storage.ingest.prepare import ArticleRow

ADD = "INSERT INTO words(rowid, headline, body, captions, byline) VALUES (?, ?, ?, ?, ?)"


def add(connection: Connection, rows: list[tuple[int, str, str, str, str]]) -> None:
    """Index new revisions in one statement."""
    if rows and is_sqlite(connection):
        connection.exec_driver_sql(ADD, rows)


def newest_row(connection: Connection) -> int:
    """The highest id ever indexed. Ids are never reused, even for other texts."""
    if not is_sqlite(connection):
        return 0
    return int(connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM words_docsize").scalar_one())


def fill(connection: Connection) -> int:
    """Rebuild the index and the rows of its filters from the revisions; returns their number."""
    if not is_sqlite(connection):
        return 0
    search_rows.fill(connection)
    connection.exec_driver_sql("INSERT INTO words(words) VALUES ('delete-all')")
    revision, reading = Revision.__table__.c, Reading.__table__.c
    query = select(revision.id, reading.item).join(Reading, reading.id == revision.reading_id)
    count = 0
    rows = connection.execution_options(yield_per=1000).execute(query.order_by(revision.id))
    for page in rows.partitions():
        add(connection, [(revision_id, *ArticleRow.by(json.loads(item)).words) for revision_id, item in page])
        count += len(page)
    return count
