"""Rows with values as stored in the database file, because the column types raise for damaged values."""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Date, Integer

from storage.archive import Archive
from storage.database.bulk import chunks
from storage.database.schema import Moment, Table
from storage.database.values import raw
from storage.errors import Unsupported

Row = Mapping[str, Any]


@contextmanager
def snapshot(archive: Archive) -> Iterator[Connection]:
    """One consistent view of the whole database for the length of a check, even while a crawl is writing.

    Bytes that are not UTF-8 are escaped: such text differs from any text of a page, and does not stop the check of
    other rows. Raises Unsupported for a database that is not SQLite.
    """
    with archive.connect() as connection:
        driver = connection.connection.dbapi_connection
        if not isinstance(driver, sqlite3.Connection):
            raise Unsupported("only SQLite archives can be examined; ask the database server's own tools")
        driver.text_factory = lambda stored: stored.decode("utf-8", "surrogateescape")
        try:
            yield connection
        finally:
            connection.detach()  # the pool's next connection decodes strictly again


def rows(connection: Connection, query: str, *values: Any) -> Iterator[Row]:
    for row in connection.exec_driver_sql(query, values).mappings():
        yield dict(row)


def rows_in(connection: Connection, table: str, column: str, values: Sequence[Any], order: str = "id") -> Iterator[Row]:
    """Whole rows of a table whose column has one of the values; `order` within a few hundred values."""
    for chunk in chunks(values):
        marks = ", ".join("?" * len(chunk))
        yield from rows(connection, f"SELECT * FROM {table} WHERE {column} IN ({marks}) ORDER BY {order}", *chunk)


def raw_row(values: Row) -> dict[str, Any]:
    """A row as SQLite stores it, which has no booleans."""
    return {name: int(value) if isinstance(value, bool) else raw(value) for name, value in values.items()}


def malformed(table: type[Table], row: Row, choices: Mapping[str, Sequence[str]]) -> list[str]:
    """The columns whose value does not have the form of the column's type.

    choices: the values allowed in a column, by its name.
    """
    return [
        column.name
        for column in table.__table__.columns
        if not _is_well_formed(row[column.name], column, choices.get(column.name))
    ]


def _is_well_formed(value: Any, column: Any, choices: Sequence[str] | None) -> bool:
    if value is None:
        return bool(column.nullable)
    if isinstance(column.type, Integer):
        return type(value) is int and value >= 0
    if not isinstance(value, str):
        return False
    if choices is not None:
        return value in choices
    try:
        if isinstance(column.type, Moment):
            return bool(raw(datetime.fromisoformat(value)) == value)
        if isinstance(column.type, Date):
            return date.fromisoformat(value).isoformat() == value
        value.encode("utf-8")  # raises for the escaped bytes of a snapshot
    except ValueError:
        return False
    return True
