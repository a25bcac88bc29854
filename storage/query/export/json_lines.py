"""Export as JSON lines: one object a line, exact."""

from collections.abc import Iterable
from typing import BinaryIO

from storage.database.values import dumped
from storage.query.export.records import Kind, Record


def write(records: Iterable[Record], out: BinaryIO, _kind: Kind) -> None:
    for record in records:
        out.write(dumped(record).encode() + b"\n")
