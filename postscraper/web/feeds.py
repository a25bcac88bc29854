"""Lists for other programs: CSV for tables, Atom (RFC 4287) for feed readers."""

import csv
import io
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from postscraper.phrases import MARKS
from postscraper.web.pages import Entry, ResultList
from storage.query.export.csv_table import safe

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def csv_of(results: ResultList, data: Mapping[str, Any]) -> bytes:
    """A line for each row; no cell is a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(results.columns)
    for row in results.rows(data):
        writer.writerow([_cell(row[name]) for name in results.columns])
    return out.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        value = "; ".join(map(str, value))
    if isinstance(value, datetime):
        value = value.isoformat()
    return safe(_unmarked(value).replace("\0", "")) if isinstance(value, str) else value


def atom_of(results: ResultList, data: Mapping[str, Any], title: str, base: str, path: str) -> bytes:
    """An entry for each row. base: address of the server. path: of the feed, with its query."""
    assert results.entry is not None
    entries = [results.entry(row) for row in results.rows(data)]
    known = (_moment(entry.updated) for entry in entries if entry.updated)
    updated = max(
        known, default=_moment(datetime.now(UTC))
    )  # RFC 4287 requires a time, also of a story of unknown time
    parts = [
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">',
        f"<title>{_text(title)}</title><id>{_text(base + path)}</id><updated>{updated}</updated>",
        f'<link rel="self" href={quoteattr(_clean(base + path))}/>',
        *(_entry(entry, base, updated) for entry in entries),
    ]
    return ("\n".join(parts) + "\n</feed>\n").encode("utf-8", "replace")


def _entry(entry: Entry, base: str, updated: str) -> str:
    at = _moment(entry.updated) if entry.updated else updated
    return (
        f"<entry><title>{_text(entry.title)}</title><id>{_text(entry.name)}</id>"
        f"<updated>{at}</updated><link href={quoteattr(_clean(base + entry.path))}/>"
        f"<author><name>{_text(entry.author or 'unknown')}</name></author>"
        f"<summary>{_text(_unmarked(entry.summary))}</summary></entry>"
    )


def _moment(moment: datetime | date) -> str:
    """As RFC 3339; a day is its first moment in UTC."""
    at = moment if isinstance(moment, datetime) else datetime.combine(moment, time(), UTC)
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _text(text: str) -> str:
    return escape(_clean(text))


def _unmarked(text: str) -> str:
    return text.replace(MARKS[0], "").replace(MARKS[1], "")
