"""Rows of the full-text index."""

import json

from sqlalchemy import Connection, select

from storage.database.schema import Reading, Revision
from storage.ingest.prepare import ArticleRow

ADD = "INSERT INTO words(rowid, headline, body, captions, byline) VALUES (?, ?, ?, ?, ?)"


def add(connection: Connection, rows: list[tuple[int, str, str, str, str]]) -> None:
    """Index new revisions, all in one go."""
    if rows and connection.dialect.name == "sqlite":
        connection.exec_driver_sql(ADD, rows)


def newest_row(connection: Connection) -> int:
    """The highest number ever indexed: a number is never given to a second text."""
    if connection.dialect.name != "sqlite":
        return 0
    return connection.exec_driver_sql("SELECT coalesce(max(id), 0) FROM words_docsize").scalar_one()  # type: ignore[no-any-return]


def fill(connection: Connection) -> int:
    """Build the index anew from the revisions; how many there are."""
    connection.exec_driver_sql("INSERT INTO words(words) VALUES ('delete-all')")
    revision, reading = Revision.__table__.c, Reading.__table__.c
    found = select(revision.id, reading.item).join(Reading, reading.id == revision.reading_id)
    count = 0
    rows = connection.execution_options(yield_per=1000).execute(found.order_by(revision.id))
    for some in rows.partitions():
        add(connection, [(revision_id, *ArticleRow.by(json.loads(item)).words) for revision_id, item in some])
        count += len(some)
    return count
