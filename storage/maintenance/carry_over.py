"""Copy what the evidence cannot restore from the old database into the rebuilt one. SQLite only."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from storage.archive import Archive, Outcome
from storage.database.bulk import chunks
from storage.database.engine import DATABASE, raw_connection
from storage.database.schema import Address, Capture
from storage.database.values import plain, raw
from storage.errors import EvidenceError
from storage.evidence.store import FOLDER, Evidence
from storage.ingest.prepare import RECORD, SIGHTING, PreparedItem, prepare
from storage.ingest.reprocess import Reader, Rereader, sightings
from storage.ledger.states import Visit

# Two captures are the same (storage/ingest/prepare.py). `+` keeps SQLite from using the index of the digest, because
# thousands of captures may have the bytes of one redirect.
_SAME = (
    "new.url = old.url AND substr(new.captured_at, 1, 19) IS substr(old.captured_at, 1, 19)"
    " AND new.status = old.status AND +new.digest = old.digest AND new.part = old.part"
)
# An old row whose record another row names now was damaged, and is not a separate capture.
_MISSING = f"""
SELECT old.id FROM before.capture AS old LEFT JOIN main.capture AS here
ON here.evidence_file = old.evidence_file AND here.evidence_offset = old.evidence_offset AND here.part = old.part
WHERE here.id IS NULL AND NOT EXISTS (SELECT 1 FROM main.capture AS new WHERE {_SAME})
AND (old.evidence_file IS NULL OR old.evidence_file LIKE '/%' OR ?) ORDER BY old.id
"""
_PAIRS = f"""
CREATE TEMP TABLE pair AS
SELECT old.id AS old_id, min(new.id) AS new_id FROM before.capture AS old JOIN main.capture AS new ON {_SAME}
GROUP BY old.id
"""
_OF_VISIT = ("address", "etag", "last_modified")
_ADDRESS = tuple(column.name for column in Address.__table__.columns)
# How far files were replayed, the holdings of other archives, how far these were queried, digests of withdrawn records,
# runs, and the classes that these met.
_COPIED = ("replayed", "holding", "enumeration", "refusal", "payload", "withdrawn_digest", "run", "skeleton")


def captures(archive: Path, new: Archive, reader: Reader, *, own: bool = True) -> tuple[int, int]:
    """Copy the captures that the evidence folder did not restore.

    own: whether to include captures whose bytes should be in that folder.
    Returns how many were read again, from files outside the archive, and how many keep their old readings.
    """
    with raw_connection(new.folder / DATABASE, before=archive / DATABASE) as connection:
        missing = [row[0] for row in connection.execute(_MISSING, (own,))]
    added = unread = 0
    with Archive.open(archive, readonly=True) as old:
        evidence = Evidence.open(archive / FOLDER)
        for ids in chunks(missing):
            items = list(_items(old, ids, evidence, reader))
            for (item, _), outcome in zip(items, new.add_many(items), strict=True):
                if outcome is not Outcome.WITHDRAWN:
                    added += 1
                    unread += isinstance(item, PreparedItem)
    return added - unread, unread


def _items(old: Archive, ids: Sequence[int], evidence: Evidence, reader: Reader) -> Iterator[tuple[Any, Visit | None]]:
    """Captures read again, with visits; those whose files are lost with their old readings, without visits."""
    table = Capture.__table__
    with old.connect() as connection:
        rows = connection.execute(select(table).where(table.c.id.in_(ids)).order_by(table.c.id)).all()
    lost = []
    reread = Rereader(evidence, reader)
    for row in rows:
        try:
            item, visit = reread(row)
        except EvidenceError:
            lost.append(row)
        else:
            yield item, visit
    items, teasers = old.items(lost), old.ask(sightings, lost)
    for row in lost:
        yield _with_stored_reading(row, items[row.id], teasers[row.id]), None


def _with_stored_reading(row: Row[Any], item: dict[str, Any], teasers: Sequence[Row[Any]]) -> PreparedItem:
    """A capture with its stored reading, the address and validators of its visit, and the addresses of its teasers."""
    receipt = {name: plain(getattr(row, name)) for name in ("url", "captured_at", "status", "source", "digest", "part")}
    record = {name.removeprefix("evidence_"): getattr(row, name) for name in RECORD}
    prepared = prepare(item | {"capture": receipt | {"record": record}})
    capture = prepared.capture | {name: getattr(row, name) for name in _OF_VISIT}
    shown = tuple(tuple(raw(getattr(teaser, name)) for name in SIGHTING) for teaser in teasers)
    return replace(prepared, address=row.address, capture=capture, sightings=shown)


@contextmanager
def paired(database: Path, before: Path) -> Iterator[sqlite3.Connection]:
    """One durable transaction, with a table `pair`: for each capture of `before` the id of the same capture here."""
    with raw_connection(database, before=before, mode="rw") as connection:
        connection.row_factory = sqlite3.Row
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(_PAIRS)
        connection.execute("CREATE INDEX temp.pair_old ON pair (old_id)")
        yield connection
        connection.execute("COMMIT")


def addresses(before: Path, database: Path) -> int:
    """Apply newer rows of the old ledger, and copy the tables that pages cannot restore.

    Returns how many rows differ from those that the evidence alone gives. The row with the last visit wins: that of the
    old ledger, unless the evidence has a later response.
    """
    old = {name: f"old.{name}" for name in _ADDRESS}
    old["capture_id"] = "(SELECT new_id FROM pair WHERE old_id = old.capture_id)"
    same = " AND ".join(f"new.{name} IS {value}" for name, value in old.items())
    newer = f"""
    INSERT OR REPLACE INTO main.ledger ({", ".join(_ADDRESS)})
    SELECT {", ".join(old.values())} FROM before.ledger AS old LEFT JOIN main.ledger AS new ON new.address = old.address
    WHERE (new.visited_at IS NULL OR old.visited_at >= new.visited_at) AND NOT ({same})
    """
    with paired(database, before) as connection:
        changed = connection.execute(newer).rowcount
        for table in _COPIED:
            connection.execute(f"INSERT OR REPLACE INTO main.{table} SELECT * FROM before.{table}")
    return changed
