"""What only a database knows, taken over into one that is built anew beside it. SQLite alone."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Row, select

from storage.archive import Archive
from storage.evidence import Evidence
from storage.exchange import EvidenceError
from storage.fixity.walk import FOLDER
from storage.frontier import chunks
from storage.opening import BUSY_SECONDS, DATABASE, spoken_error
from storage.plain import plain
from storage.rereading import Reader, Rereader
from storage.tables import Address, Capture, Sighting
from storage.visits import Visit

# What names one capture; its time may be unknown.
_SAME = (
    "new.url = old.url AND new.captured_at IS old.captured_at AND new.digest = old.digest AND new.source = old.source"
    " AND new.part = old.part"
)
# What names a record that another row names now is no capture of its own, but a row that was damaged.
_MISSING = f"""
SELECT old.id FROM before.capture AS old LEFT JOIN main.capture AS here
ON here.evidence_file = old.evidence_file AND here.evidence_offset = old.evidence_offset AND here.part = old.part
WHERE here.id IS NULL AND NOT EXISTS (SELECT 1 FROM main.capture AS new WHERE {_SAME}) ORDER BY old.id
"""
_PAIRS = f"""
CREATE TEMP TABLE pair AS
SELECT old.id AS old_id, new.id AS new_id FROM before.capture AS old JOIN main.capture AS new ON {_SAME}
"""
_BESIDE_THE_ITEM = ("address", "etag", "last_modified")
_ADDRESS = tuple(column.name for column in Address.__table__.columns)
_SIGHTING = tuple(column.name for column in Sighting.__table__.columns if column.name not in ("id", "capture_id"))
# How far files were replayed, what other archives say they have, and how far that was asked.
_AS_IT_WAS = ("replayed", "holding", "enumeration", "refusal", "payload")


@contextmanager
def opened(database: Path, *, before: Path | None = None, mode: str = "ro") -> Iterator[sqlite3.Connection]:
    """A connection to a database; before: another beside it, under this name, for reading only.

    What SQLite complains of is raised as ArchiveError.
    """
    try:
        with closing(sqlite3.connect(_uri(database, mode), BUSY_SECONDS, isolation_level=None, uri=True)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            if before is not None:
                connection.execute("ATTACH ? AS before", (_uri(before, "ro"),))
            yield connection
    except sqlite3.DatabaseError as error:
        raise spoken_error(error, str(before or database)) or error from error


def _uri(database: Path, mode: str) -> str:
    return f"file:{quote(str(database.absolute()))}?mode={mode}"


def captures(archive: Path, new: Archive, reader: Reader) -> tuple[int, int]:
    """Take over the captures that no file of the evidence folder gives.

    How many were read anew, their bytes being elsewhere, and how many are as they were read before.
    """
    with opened(new.folder / DATABASE, before=archive / DATABASE, mode="rw") as connection:
        missing = [row[0] for row in connection.execute(_MISSING)]
    as_before: list[int] = []
    with Archive.open(archive, readonly=True) as old:
        evidence = Evidence.open(archive / FOLDER)
        for some in chunks(missing):
            found = list(_found(old, some, evidence, reader))
            new.add_many((item, visit) for item, visit, _ in found)
            as_before += [old_id for item, visit, old_id in found if isinstance(item, dict)]
    if as_before:
        with opened(new.folder / DATABASE, before=archive / DATABASE, mode="rw") as connection:
            _complete(connection, as_before)
    return len(missing) - len(as_before), len(as_before)


def _found(
    old: Archive, ids: Sequence[int], evidence: Evidence, reader: Reader
) -> Iterator[tuple[Any, Visit | None, int]]:
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
            yield item, visit, row.id
    items = old.items(lost)
    for row in lost:
        yield items[row.id] | {"capture": _receipt(row)}, None, row.id


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


def _complete(connection: sqlite3.Connection, missing: Sequence[int]) -> None:
    """Give the captures the address and the validators of their visit, and their teasers the ledger's addresses."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(_PAIRS)
    connection.execute("CREATE INDEX temp.pair_old ON pair (old_id)")
    columns = ", ".join(_SIGHTING)
    for old_id in missing:
        (new_id,) = connection.execute("SELECT new_id FROM pair WHERE old_id = ?", (old_id,)).fetchone()
        names = ", ".join(f"{name} = (SELECT {name} FROM before.capture WHERE id = ?1)" for name in _BESIDE_THE_ITEM)
        connection.execute(f"UPDATE main.capture SET {names} WHERE id = ?2", (old_id, new_id))
        connection.execute("DELETE FROM main.sighting WHERE capture_id = ?", (new_id,))
        connection.execute(
            f"INSERT INTO main.sighting (capture_id, {columns})"
            f" SELECT ?, {columns} FROM before.sighting WHERE capture_id = ? ORDER BY id",
            (new_id, old_id),
        )
    connection.execute("COMMIT")


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
        connection.execute(_PAIRS)
        connection.execute("CREATE INDEX temp.pair_old ON pair (old_id)")
        changed = connection.execute(over).rowcount
        for table in _AS_IT_WAS:
            connection.execute(f"INSERT OR REPLACE INTO main.{table} SELECT * FROM before.{table}")
        connection.execute("COMMIT")
    return changed


def _value(name: str) -> str:
    return "(SELECT new_id FROM pair WHERE old_id = old.capture_id)" if name == "capture_id" else f"old.{name}"
