"""Export as Parquet, typed and in constant memory. Needs the extra `parquet`, and is loaded for it alone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import date, datetime
from functools import cache
from itertools import islice
from types import NoneType, UnionType
from typing import Any, BinaryIO, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import pyarrow
import pyarrow.parquet

from storage.query.export.records import COLUMNS, Kind, Record

ROWS = 500  # in memory; a row group, and so what a reader takes at once
_SIMPLE = {
    str: pyarrow.string(),
    int: pyarrow.int64(),
    bool: pyarrow.bool_(),
    date: pyarrow.date32(),
    datetime: pyarrow.timestamp("us", tz="UTC"),
}


class Table:
    """A Parquet file of records of one schema; `add` them, then `close`."""

    def __init__(self, out: BinaryIO, columns: Mapping[str, Any]) -> None:
        """columns: type hints by name."""
        self._schema = pyarrow.schema([(name, arrow_type(hint)) for name, hint in columns.items()])
        self._columns = columns
        self._writer = pyarrow.parquet.ParquetWriter(out, self._schema, compression="zstd")

    def add(self, records: Sequence[Record]) -> None:
        """Write a row group. Records are JSON data; a field without a column raises ValueError."""
        if extra := {name for record in records for name in record} - self._columns.keys():
            raise ValueError(f"no column for {', '.join(sorted(extra))}")
        rows = [{name: _native(record.get(name), hint) for name, hint in self._columns.items()} for record in records]
        self._writer.write_table(pyarrow.Table.from_pylist(rows, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


def write(records: Iterable[Record], out: BinaryIO, kind: Kind) -> None:
    table = Table(out, COLUMNS[kind])
    rows = iter(records)
    while group := list(islice(rows, ROWS)):
        table.add(group)
    table.close()


def arrow_type(hint: Any) -> pyarrow.DataType:
    """The Arrow type of a type hint of JSON data: of texts, numbers, moments, lists, mappings and objects."""
    hint = _without_none(hint)
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if get_origin(hint) is Literal:
        return pyarrow.string()
    if is_typeddict(hint) or is_dataclass(hint):
        return pyarrow.struct([(name, arrow_type(inner)) for name, inner in _fields(hint).items()])
    kind, inner = get_origin(hint), get_args(hint)
    if isinstance(kind, type) and issubclass(kind, Mapping):
        return pyarrow.map_(pyarrow.string(), arrow_type(inner[1]))
    if kind in (list, tuple):
        return pyarrow.list_(arrow_type(inner[0]))
    raise TypeError(f"no Parquet type for {hint}")


_fields = cache(get_type_hints)


def _without_none(hint: Any) -> Any:
    if get_origin(hint) in (Union, UnionType):
        (hint,) = (each for each in get_args(hint) if each is not NoneType)
    return hint


def _native(value: Any, hint: Any) -> Any:
    """JSON data as Arrow takes it: days and moments as such, mappings as pairs."""
    hint = _without_none(hint)
    if value is None:
        return None
    if hint is datetime:
        return datetime.fromisoformat(value)
    if hint is date:
        return date.fromisoformat(value)
    if is_typeddict(hint) or is_dataclass(hint):
        return {name: _native(value.get(name), inner) for name, inner in _fields(hint).items()}
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list):
        return [_native(each, get_args(hint)[0]) for each in value]
    return value
