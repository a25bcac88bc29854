"""Tombstones of an archive, for a new database and for readers of the evidence."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select

from storage.archive import Archive
from storage.database.schema import Withdrawn, WithdrawnRecord
from storage.errors import Damaged, NotAnArchive
from storage.evidence import compact_format
from storage.evidence.store import FOLDER
from storage.ingest.tombstones import keep_out
from storage.ledger.states import DROPPED
from storage.query import captures
from storage.warc.tombstones import withdrawn

Tombstones = tuple[list[dict[str, Any]], list[dict[str, Any]]]


def barred(archive: Path) -> list[dict[str, Any]]:
    """Rows of `withdrawn`, by story, the story's own address first."""
    rows, _ = _tombstones(archive)
    return sorted(rows, key=lambda row: (row["story"], row["address"] != row["story"], row["address"]))


def kept_out(archive: Path) -> frozenset[str]:
    """The addresses that an archive keeps out; from its evidence if its database cannot be read."""
    return frozenset(row["address"] for row in _tombstones(archive)[0])


def dropped_from(archive: Path) -> dict[tuple[str, int, str], str]:
    """Captures that pipelines dropped: the reason by file, offset and part of the record.

    {} when the database cannot be read; the evidence does not contain the reasons.
    """
    try:
        with Archive.open(archive, readonly=True) as old:
            return old.ask(captures.dropped, DROPPED)
    except (Damaged, NotAnArchive):
        return {}


def carry(archive: Path, new: Archive, now: datetime) -> None:
    """Copy the tombstones into a rebuilt database, before any page is added."""
    rows, listed = _tombstones(archive)
    if rows:
        with new.write() as connection:
            keep_out(connection, rows, "story", now)
            if listed:
                connection.execute(insert(WithdrawnRecord), listed)


def _tombstones(archive: Path) -> Tombstones:
    """Rows of `withdrawn` and of `withdrawn_record`."""
    try:
        with Archive.open(archive, readonly=True) as old, old.connect() as connection:
            tables = (select(table.__table__) for table in (Withdrawn, WithdrawnRecord))
            rows, listed = ([dict(row) for row in connection.execute(table).mappings()] for table in tables)
            return rows, listed
    except (Damaged, NotAnArchive):
        return list(_of_evidence(archive / FOLDER).values()), []


def _of_evidence(folder: Path) -> dict[str, dict[str, Any]]:
    """The addresses that the tombstone records name; reads all files, without reporting damage."""
    tombstones: dict[str, dict[str, Any]] = {}
    for name in compact_format.evidence_files(folder) if folder.is_dir() else ():
        for record in compact_format.raw_records(folder / name, lambda _: None):
            fields: Mapping[str, Any] = withdrawn(record.raw) or {}
            for address in fields.get("addresses", ()):
                tombstones[address] = {
                    "address": address,
                    "story": fields["withdrawn"],
                    "reason": fields["reason"],
                    "withdrawn_on": date.fromisoformat(fields["on"]),
                }
    return tombstones
