"""Exports: formats by name and by the ending of a file, and the writing of records with a count of their fields."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import BinaryIO

from sqlalchemy import Connection

from storage.errors import BadQuery, Unsupported
from storage.query.export.records import KINDS, Kind, Record, records
from storage.query.export.selection import StorySelection

_ITEMS: tuple[Kind, ...] = ("stories", "revisions")


@dataclass(frozen=True, slots=True)
class Format:
    """module: in this folder, loaded when needed; extra: the packages that it needs, None without."""

    module: str
    endings: tuple[str, ...]
    kinds: tuple[Kind, ...] = KINDS
    extra: str | None = None


FORMATS: Mapping[str, Format] = {
    "jsonl": Format("json_lines", (".jsonl", ".ndjson", ".jl")),
    "csv": Format("csv_table", (".csv",)),
    "parquet": Format("parquet", (".parquet",), extra="parquet"),
    "tei": Format("tei", (".tei.xml", ".tei", ".xml"), _ITEMS),
    "jsonld": Format("json_ld", (".jsonld",), _ITEMS),
    # Written from the evidence (storage/evidence/copies.py), not from the database.
    "warc": Format("warc", (".warc.gz",), ("stories", "revisions", "teasers", "pictures")),
}


@dataclass(slots=True)
class Counted:
    """Records as they pass, counted; filled: in how many a field has a value that is not empty."""

    records: Iterable[Record]
    count: int = 0
    filled: Counter[str] = field(default_factory=Counter)

    def __iter__(self) -> Iterator[Record]:
        for record in self.records:
            self.count += 1
            self.filled.update(name for name, value in record.items() if value not in (None, "", [], {}))
            yield record


def format_of(file: str) -> str | None:
    """The format that a file's name ends in; None for an ending of none."""
    name = file.lower()
    return next((form for form, of in FORMATS.items() if name.endswith(of.endings)), None)


def check_kind(form: str, kind: Kind) -> None:
    """Raises BadQuery for a kind of record that the format has no place for."""
    if kind not in FORMATS[form].kinds:
        raise BadQuery(f"{form} has no place for {kind}; it takes {', '.join(FORMATS[form].kinds)}")


def write(connection: Connection, out: BinaryIO, form: str, kind: Kind, selection: StorySelection) -> Counted:
    """Write the records of a kind in a format other than warc; how many, and which fields they have.

    Raises BadQuery, as `check_kind`; Unsupported for a kind whose table the archive lacks, or without the extra.
    """
    check_kind(form, kind)
    try:
        module = import_module(f"storage.query.export.{FORMATS[form].module}")
    except ModuleNotFoundError as error:
        extra = FORMATS[form].extra
        raise Unsupported(f"{form} needs {error.name}: pip install 'postscraper[{extra}]'") from error
    counted = Counted(records(connection, kind, selection))
    module.write(counted, out, kind)
    return counted
