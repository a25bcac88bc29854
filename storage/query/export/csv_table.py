"""Export as CSV in which no cell is a formula to a spreadsheet, and every text can be had back exactly.

The rule: a text that begins with one of `= + - @`, their full-width forms, a tab or a line end gets an apostrophe in
front, and so does one that begins so behind apostrophes. To have it back, `exact` takes one apostrophe away.
Source of the characters: https://owasp.org/www-community/attacks/CSV_Injection
"""

import csv
import re
from collections.abc import Iterable
from io import TextIOWrapper
from typing import Any, BinaryIO

from storage.database.values import dumped
from storage.query.export.records import COLUMNS, Kind, Record

BOM = b"\xef\xbb\xbf"  # by which Excel knows UTF-8
_STARTS = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
_FORMULA = re.compile(f"'*[{_STARTS}]")
_ESCAPED = re.compile(f"'+[{_STARTS}]")


def write(records: Iterable[Record], out: BinaryIO, kind: Kind) -> None:
    """Write a line of names, then one line a record.

    body: its blocks with an empty line between. Lists of texts, and the addresses of `images`: one a line. Other lists
    and objects: JSON. None and an empty text are an empty cell.
    """
    text = TextIOWrapper(out, "utf-8", newline="", write_through=True)
    try:
        writer = csv.writer(text, lineterminator="\r\n")
        writer.writerow(COLUMNS[kind])
        writer.writerows([cell(name, record.get(name)) for name in COLUMNS[kind]] for record in records)
    finally:
        text.detach()


def cell(name: str, value: Any) -> Any:
    """The safe cell of a column."""
    if name == "body" and value is not None:
        value = "\n\n".join(block["text"] for block in value)
    elif name == "images" and value is not None:
        value = "\n".join(image["url"] for image in value)
    elif isinstance(value, list) and all(isinstance(each, str) for each in value):
        value = "\n".join(value)
    elif isinstance(value, (list, dict, bool)):
        value = dumped(value)
    return safe(value)


def safe(value: Any) -> Any:
    """A text as no formula, by the rule above; other values as they are."""
    return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value


def exact(text: str) -> str:
    """The text of a cell without the apostrophe that made it safe."""
    return text[1:] if _ESCAPED.match(text) else text
