"""Many rows in one statement, handed to the driver as they are.

SQLAlchemy writes the statement, for whichever database; its care for each row's values, which are ready here,
would cost several times what the database's own work on the row does.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Connection, Dialect, bindparam, insert, schema, update
from sqlalchemy.sql.compiler import SQLCompiler

from storage.database.schema import Moment, Table
from storage.database.values import Values, raw

CHUNK = 500  # parameters in one IN (…); SQLite of old allowed 999 in all


def chunks(values: Sequence[Any], most: int = CHUNK) -> Iterator[Sequence[Any]]:
    return (values[at : at + most] for at in range(0, len(values), most))


Rows = Iterable[tuple[Any, ...]]


def add_rows(connection: Connection, table: type[Table], names: tuple[str, ...], rows: Rows) -> None:
    """Insert rows, whose values stand in the order of `names` as the table holds them."""
    _run(connection, _inserting(table, names, connection.dialect), names, rows)


def add(connection: Connection, table: type[Table], rows: Sequence[Values]) -> None:
    """Insert rows, all with the same columns."""
    if rows:
        names = tuple(rows[0])
        add_rows(connection, table, names, _raw(table, names, rows))


def change(connection: Connection, table: type[Table], key: str, rows: Sequence[Values]) -> None:
    """Update rows, all with the same columns; the column `key` says which."""
    if rows:
        names = tuple(rows[0])
        _run(connection, _updating(table, key, names, connection.dialect), names, _raw(table, names, rows))


def _run(connection: Connection, statement: SQLCompiler, names: tuple[str, ...], rows: Rows) -> None:
    order = statement.positiontup
    if order is None:  # a driver that wants names
        bound: list[Any] = [dict(zip(names, row, strict=True)) for row in rows]
    elif tuple(order) == names:
        bound = list(rows)
    else:
        bound = list(map(itemgetter(*map(names.index, order)), rows))
    if bound:
        connection.exec_driver_sql(str(statement), bound)


@lru_cache(maxsize=64)
def _inserting(table: type[Table], names: tuple[str, ...], dialect: Dialect) -> SQLCompiler:
    return _compiled(insert(table).inline().values({name: bindparam(name) for name in names}), dialect)


@lru_cache(maxsize=64)
def _updating(table: type[Table], key: str, names: tuple[str, ...], dialect: Dialect) -> SQLCompiler:
    of = cast(schema.Table, table.__table__)
    values: dict[str, Any] = {name: bindparam(name) for name in names if name != key}
    return _compiled(update(of).where(of.c[key] == bindparam(key)).values(values), dialect)


def _compiled(statement: Any, dialect: Dialect) -> SQLCompiler:
    compiled: SQLCompiler = statement.compile(dialect=dialect)
    return compiled


def _raw(table: type[Table], names: tuple[str, ...], rows: Sequence[Values]) -> Iterator[tuple[Any, ...]]:
    dated = _dated(table, names)
    values_of = itemgetter(*names)
    for row in rows:
        values = list(values_of(row))
        for at in dated:
            if values[at] is not None:
                values[at] = _text(values[at])
        yield tuple(values)


# The moment of a capture stands in half a dozen rows.
_text = lru_cache(maxsize=4096)(raw)


@lru_cache(maxsize=64)
def _dated(table: type[Table], names: tuple[str, ...]) -> tuple[int, ...]:
    columns = table.__table__.c
    kinds = [columns[name].type for name in names]
    return tuple(at for at, kind in enumerate(kinds) if isinstance(kind, Moment) or kind.python_type is date)
