"""Rows as they lie in the database, without the types that refuse what damage made of them."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection

from storage.archive import Archive
from storage.errors import Unsupported


@contextmanager
def snapshot(archive: Archive) -> Iterator[Connection]:
    """One view of the whole database, however long the look takes and whatever a crawl adds meanwhile.

    Text that is no UTF-8 comes with its odd bytes escaped: it differs from any text of a page, and
    hides no other row by an error. Raises Unsupported for a database that is no SQLite file.
    """
    with archive.connect() as connection:
        driver = connection.connection.dbapi_connection
        if not isinstance(driver, sqlite3.Connection):
            raise Unsupported("only SQLite archives can be examined; ask the database server's own tools")
        driver.text_factory = _text
        try:
            yield connection
        finally:
            connection.detach()  # for the next one the text is strict again


def _text(stored: bytes) -> str:
    return stored.decode("utf-8", "surrogateescape")


def rows(connection: Connection, question: str, *values: Any) -> Iterator[Mapping[str, Any]]:
    for row in connection.exec_driver_sql(question, values).mappings():
        yield dict(row)


def rows_in(
    connection: Connection, table: str, column: str, values: Sequence[Any], order: str = "id"
) -> Iterator[Mapping[str, Any]]:
    """Whole rows of a table whose column has one of the values."""
    marks = ", ".join("?" * len(values))
    return rows(connection, f"SELECT * FROM {table} WHERE {column} IN ({marks}) ORDER BY {order}", *values)


def raw(value: Any) -> Any:
    """A value as the tables hold it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    return int(value) if isinstance(value, bool) else value


def raw_row(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: raw(value) for name, value in values.items()}
