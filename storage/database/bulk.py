"""Insert or update many rows in one statement, with values that are passed to the driver unchanged.

SQLAlchemy compiles the statement for the database; its processing of each row's values would cost several times what
the database itself spends on the row.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from operator import itemgetter
from typing import Any, cast

from sqlalchemy import Connection, Delete, Dialect, Update, bindparam, insert, schema, update
from sqlalchemy.sql.compiler import SQLCompiler

from storage.database.schema import Moment, Table
from storage.database.values import Values, raw

CHUNK = 500  # parameters in one IN (…); SQLite before 3.32 allowed 999 in all


Rows = Iterable[tuple[Any, ...]]


def chunks(values: Sequence[Any], most: int = CHUNK) -> Iterator[Sequence[Any]]:
    return (values[at : at + most] for at in range(0, len(values), most))


def select_in(connection: Connection, query: Any, column: Any, values: Collection[Any]) -> Iterator[Any]:
    """The rows of a query whose column has one of the values."""
    # A list itself would become a parameter object a value, which takes longer than the query.
    having = query.where(column.in_(bindparam("chunk", expanding=True)))
    for chunk in chunks(sorted(values)):
        yield from connection.execute(having, {"chunk": chunk})


def run_in(connection: Connection, statement: Delete | Update, column: Any, values: Collection[Any]) -> int:
    """Delete or update the rows whose column has one of the values; returns their number."""
    return sum(connection.execute(statement.where(column.in_(chunk))).rowcount for chunk in chunks(sorted(values)))


def add_rows(connection: Connection, table: type[Table], names: tuple[str, ...], rows: Rows) -> None:
    """Insert rows; values in the order of `names` and in the form of the tables, see `raw`."""
    _run(connection, _inserting(table, names, connection.dialect), names, rows)


def add(connection: Connection, table: type[Table], rows: Sequence[Values]) -> None:
    """Insert rows, all with the same columns."""
    if rows:
        names = tuple(rows[0])
        add_rows(connection, table, names, _raw(table, names, rows))


def change(connection: Connection, table: type[Table], key: str, rows: Sequence[Values]) -> None:
    """Update rows, all with the same columns, by their column `key`."""
    if rows:
        names = tuple(rows[0])
        _run(connection, _updating(table, key, names, connection.dialect), names, _raw(table, names, rows))


def _run(connection: Connection, statement: SQLCompiler, names: tuple[str, ...], rows: Rows) -> None:
    order = statement.positiontup
    if order is None:  # a driver with named parameters
        bound: list[Any] = [dict(zip(names, row, strict=True)) for row in rows]
    elif tuple(order) == names:
        bound = list(rows)
    else:
        bound = list(map(itemgetter(*map(names.index, order)), rows))
    if bound:
        connection.exec_driver_sql(str(statement), bound)


@lru_cache(maxsize=64)
def _inserting(table: type[Table], names: tuple[str, ...], dialect: Dialect) -> SQLCompiler:
    statement = insert(table).inline().values({name: bindparam(name) for name in names})
    return statement.compile(dialect=dialect)


@lru_cache(maxsize=64)
def _updating(table: type[Table], key: str, names: tuple[str, ...], dialect: Dialect) -> SQLCompiler:
    target = cast("schema.Table", table.__table__)
    values: dict[str, Any] = {name: bindparam(name) for name in names if name != key}
    statement = update(target).where(target.c[key] == bindparam(key)).values(values)
    return statement.compile(dialect=dialect)


def _raw(table: type[Table], names: tuple[str, ...], rows: Sequence[Values]) -> Iterator[tuple[Any, ...]]:
    dated = _dated(table, names)
    values_of = itemgetter(*names)
    for row in rows:
        values = list(values_of(row))
        for at in dated:
            if values[at] is not None:
                values[at] = _text(values[at])
        yield tuple(values)


_text = lru_cache(maxsize=4096)(raw)  # one capture's moment is in half a dozen rows


@lru_cache(maxsize=64)
def _dated(table: type[Table], names: tuple[str, ...]) -> tuple[int, ...]:
    """The positions of moments and days."""
    types = [table.__table__.c[name].type for name in names]
    return tuple(at for at, kind in enumerate(types) if isinstance(kind, Moment) or kind.python_type is date)
