"""Check of one capture: its new reading against the stored rows."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection

from storage.ingest.prepare import SIGHTING, PreparedItem
from storage.maintenance.checks.findings import Finding, capture_name, differing, printable
from storage.maintenance.checks.holdings import is_sha1
from storage.maintenance.checks.rows import Row, raw_row, rows, rows_in
from storage.warc.exchange import Exchange, RecordLocation
from storage.warc.writer import payload_digest

# These depend on other rows than the capture's own reading; each is compared below or with its story.
_TIED = ("reading_id", "story_id", "words_of_another")
_ANSWER = ("url", "captured_at", "digest", "source")
_PARTS = "SELECT part FROM capture WHERE url = ? AND captured_at IS ? AND digest = ? AND source = ?"


def capture(connection: Connection, row: Row, entry: PreparedItem) -> Iterator[Finding]:
    """Compare a row of `capture` with the item read now; at most one finding of each kind."""
    fields = [*_own(row, entry), *_reading(connection, row, entry), *_story(connection, row, entry)]
    fields += _sightings(connection, row, entry)
    if fields:
        reading = f" (an {row['outcome']} by the layout {row['layout']})" if row["layout"] else ""
        what = f"reads anew from the evidence{reading}; stored otherwise"
        yield Finding(kind="differs", where=capture_name(row), what=what, fields=tuple(dict.fromkeys(fields)))
    if missing := _missing_addresses(connection, entry):
        what = f"announces {len(missing)} addresses that the ledger does not have, {missing[0]} first"
        yield Finding(kind="ledger", where=capture_name(row), what=what, pages=True)


def parts_without_row(
    connection: Connection, row: Row, location: RecordLocation, parts: Iterable[str]
) -> Iterator[Finding]:
    """Stories in parts of an answer that no row names; row: of the whole answer. parts: all of them."""
    named = {stored["part"] for stored in rows(connection, _PARTS, *(row[name] for name in _ANSWER))}
    for part in set(parts) - named:
        what = f"no row names the story {printable(part)} in it"
        yield Finding(kind="unfiled", where=f"{location.file}, byte {location.offset}", what=what, pages=True)


def payload(connection: Connection, row: Row, exchange: Exchange) -> Iterator[Finding]:
    """Compare the SHA-1 by which other archives name the bytes, where it is stored."""
    stored = next(rows(connection, "SELECT sha1 FROM payload WHERE digest = ?", row["digest"]), None)
    if stored is None or not is_sha1(stored["sha1"]):
        return  # the check of the holdings reports a malformed one
    if f"sha1:{stored['sha1']}" != payload_digest(exchange.body):
        what = "its bytes are known to other archives by another digest"
        yield Finding(kind="elsewhere", where=capture_name(row), what=what, fields=("payload.sha1",))


def _own(row: Row, entry: PreparedItem) -> Iterator[str]:
    expected = raw_row(entry.capture)
    inherited = ("words_digest",) if row["words_of_another"] == 1 else ()
    yield from differing(row, expected, [name for name in expected if name not in (*_TIED, *inherited)])
    if row["words_of_another"] not in (0, 1):
        yield "words_of_another"


def _reading(connection: Connection, row: Row, entry: PreparedItem) -> Iterator[str]:
    if entry.reading is None:
        if row["reading_id"] is not None:
            yield "reading_id"
        return
    stored = next(rows(connection, "SELECT item, digest FROM reading WHERE id = ?", row["reading_id"]), None)
    if stored is None:
        yield "reading_id"
    elif stored["item"] != entry.reading:
        yield from _fields_of(stored["item"], entry.reading)
    elif stored["digest"] != entry.reading_digest:
        yield "reading.digest"


def _fields_of(stored: Any, expected: str) -> list[str]:
    """The fields in which two readings differ; `item` when the stored one is no JSON object any more."""
    try:
        old, new = json.loads(stored), json.loads(expected)
        names = [name for name in {**new, **old} if old.get(name) != new.get(name)]
    except (ValueError, TypeError, AttributeError, RecursionError):
        names = []
    return [f"reading.{name}" for name in names] or ["reading.item"]


def _story(connection: Connection, row: Row, entry: PreparedItem) -> Iterator[str]:
    if entry.outcome != "article":
        if row["story_id"] is not None:
            yield "story_id"
        return
    stored = next(rows(connection, "SELECT canonical_url FROM story WHERE id = ?", row["story_id"]), None)
    if stored is None:
        yield "story_id"
    elif stored["canonical_url"] != entry.canonical_url:
        yield "story.canonical_url"


def _sightings(connection: Connection, row: Row, entry: PreparedItem) -> Iterator[str]:
    stored = list(rows_in(connection, "sighting", "capture_id", [row["id"]]))
    expected = [dict(zip(SIGHTING, values, strict=True)) for values in entry.sightings]
    if len(stored) != len(expected):
        yield "sightings"
        return
    for position, (old, new) in enumerate(zip(stored, expected, strict=True), 1):
        yield from (f"sighting {position}.{name}" for name in differing(old, new, new))


def _missing_addresses(connection: Connection, entry: PreparedItem) -> list[str]:
    """The page's own address and those of its links, if the ledger lacks them."""
    if entry.visit is None:
        return []
    addresses = sorted({entry.visit.address, *(discovery.address for discovery in entry.visit.discoveries)})
    known = {row["address"] for row in rows_in(connection, "ledger", "address", addresses, order="address")}
    return [address for address in addresses if address not in known]
