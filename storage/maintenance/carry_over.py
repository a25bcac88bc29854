"""What only a database knows, taken over into one that is built anew beside it. SQLite alone."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from storage.archive import Archive, Outcome
from storage.database.bulk import chunks
from storage.database.engine import BUSY_SECONDS, DATABASE, file_uri, spoken_error
from storage.database.schema import Address, Capture
from storage.database.values import plain, raw
from storage.evidence.store import FOLDER, Evidence
from storage.ingest.prepare import SIGHTING, PreparedItem, prepare
from storage.ingest.reprocess import Reader, Rereader, sightings
from storage.ledger.states import Visit
from storage.warc.exchange import EvidenceError

# What makes two captures one (storage/ingest/prepare.py). By the address first: thousands may have the bytes of a redirect.
_SAME = (
    "new.url = old.url AND substr(new.captured_at, 1, 19) IS substr(old.captured_at, 1, 19)"
    " AND new.status = old.status AND +new.digest = old.digest AND new.part = old.part"
)
# What names a record that another row names now is no capture of its own, but a row that was damaged.
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
_BESIDE_THE_ITEM = ("address", "etag", "last_modified")
_ADDRESS = tuple(column.name for column in Address.__table__.columns)
# How far files were replayed, what other archives say they have, and how far that was asked.
_AS_IT_WAS = ("replayed", "holding", "enumeration", "refusal", "payload")


@contextmanager
def opened(database: Path, *, before: Path | None = None, mode: str = "ro") -> Iterator[sqlite3.Connection]:
    """A connection to a database; before: another beside it, under this name, for reading only.

    What SQLite complains of is raised as ArchiveError.
    """
    try:
        uri = file_uri(database, mode)
        with closing(sqlite3.connect(uri, BUSY_SECONDS, isolation_level=None, uri=True)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            if before is not None:
                connection.execute("ATTACH ? AS before", (file_uri(before, "ro"),))
            yield connection
    except sqlite3.DatabaseError as error:
        raise spoken_error(error, str(before or database)) or error from error


def captures(archive: Path, new: Archive, reader: Reader, *, own: bool = True) -> tuple[int, int]:
    """Take over the captures that reading the evidence folder did not bring.

    own: whether also those of which the folder should have the bytes.
    How many were read anew, their bytes being elsewhere, and how many are as they were read before.
    """
    with opened(new.folder / DATABASE, before=archive / DATABASE) as connection:
        missing = [row[0] for row in connection.execute(_MISSING, (own,))]
    anew = as_before = 0
    with Archive.open(archive, readonly=True) as old:
        evidence = Evidence.open(archive / FOLDER)
        for some in chunks(missing):
            found = list(_found(old, some, evidence, reader))
            outcomes = new.add_many(found)
            taken = [item for (item, _), how in zip(found, outcomes, strict=True) if how is not Outcome.WITHDRAWN]
            as_before += sum(isinstance(item, PreparedItem) for item in taken)
            anew += len(taken)
    return anew - as_before, as_before


def _found(old: Archive, ids: Sequence[int], evidence: Evidence, reader: Reader) -> Iterator[tuple[Any, Visit | None]]:
    """Captures that files elsewhere give, with their visits; the others as they were read, without."""
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
    items = old.items(lost)
    with old.connect() as connection:
        teasers = sightings(connection, lost)
    for row in lost:
        yield _as_read(row, items[row.id], teasers[row.id]), None


def _as_read(row: Row[Any], item: dict[str, Any], teasers: Sequence[Row[Any]]) -> PreparedItem:
    """A capture with the address and the validators of its visit, and its teasers with the ledger's addresses."""
    made = prepare(item | {"capture": _receipt(row)})
    capture = made.capture | {name: getattr(row, name) for name in _BESIDE_THE_ITEM}
    shown = tuple(tuple(raw(getattr(teaser, name)) for name in SIGHTING) for teaser in teasers)
    return replace(made, address=row.address, capture=capture, sightings=shown)


def _receipt(row: Row[Any]) -> dict[str, Any]:
    record = {"file": row.evidence_file, "offset": row.evidence_offset, "length": row.evidence_length}
    return {
        "url": row.url,
        "captured_at": plain(row.captured_at),
        "status": row.status,
        "source": row.source,
        "digest": row.digest,
        "record": record if row.evidence_file is not None else None,
        "part": row.part or None,
    }


def pair(connection: sqlite3.Connection) -> None:
    """Make the table `pair`: of each capture of `before` the id here, if it is here."""
    connection.execute(_PAIRS)
    connection.execute("CREATE INDEX temp.pair_old ON pair (old_id)")


def addresses(before: Path, database: Path) -> int:
    """Lay the old ledger over the new one, and take over the tables of which no page tells anything.

    How many addresses stand otherwise than the evidence alone would have it. An address is left as its
    last visit left it, whichever of the two knows of it: the old one, unless the evidence holds a later
    answer.
    """
    values = ", ".join(_value(name) for name in _ADDRESS)
    same = " AND ".join(f"new.{name} IS {_value(name)}" for name in _ADDRESS)
    over = f"""
    INSERT OR REPLACE INTO main.ledger ({", ".join(_ADDRESS)})
    SELECT {values} FROM before.ledger AS old LEFT JOIN main.ledger AS new ON new.address = old.address
    WHERE (new.visited_at IS NULL OR old.visited_at >= new.visited_at) AND NOT ({same})
    """
    with opened(database, before=before, mode="rw") as connection:
        connection.execute("BEGIN IMMEDIATE")
        pair(connection)
        changed = connection.execute(over).rowcount
        for table in _AS_IT_WAS:
            connection.execute(f"INSERT OR REPLACE INTO main.{table} SELECT * FROM before.{table}")
        connection.execute("COMMIT")
    return changed


def _value(name: str) -> str:
    return "(SELECT new_id FROM pair WHERE old_id = old.capture_id)" if name == "capture_id" else f"old.{name}"
