"""Repair of an archive from its evidence. Under the caller's run lock."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from storage.archive import Archive
from storage.errors import EvidenceShort, RecordUnreadable
from storage.evidence.compact_format import prefixes
from storage.evidence.store import FOLDER, Evidence
from storage.ingest import derived
from storage.ingest.reprocess import Reader
from storage.ledger.states import Discovery
from storage.maintenance.check import check
from storage.maintenance.checks.findings import BROKEN, Kind, Report
from storage.maintenance.checks.holdings import forget
from storage.maintenance.checks.ledger import discovery_of, mend, wrong
from storage.maintenance.checks.rows import rows, snapshot
from storage.maintenance.rebuild import rebuild
from storage.query.captures import evidence_ends
from storage.warc.exchange import Damage, RecordLocation


def repair(archive: Path, reader: Reader, now: datetime) -> tuple[list[str], Report]:
    """Repair everything that the evidence can restore; returns a sentence for each repair, and the remaining faults."""
    before, unfiled = check(archive, reader, alone=True)
    kinds = {finding.kind for finding in before.findings}
    done = [*_rebuild(archive, reader, before, kinds, now)]
    if not done:
        with Archive.open(archive) as opened:
            done += _read_in(opened, reader, unfiled)
            if "derived" in kinds:
                with opened.write() as connection:
                    derived.fill(connection)
                done.append("the rows made from the stories were made anew")
            if kinds & {"index", "derived"}:
                done.append(f"the index of words was built anew: {opened.reindex()} revisions")
            if "elsewhere" in kinds:
                misnamed = any("payload.sha1" in finding.fields for finding in before.findings)
                with opened.write() as connection:
                    forgotten = forget(connection, reader, misnamed=misnamed)
                done.append(f"{forgotten} rows of what other archives have were forgotten")
    if "tail" in kinds:
        done += _cut_tails(archive, reader)
    return done, check(archive, reader, alone=True)[0] if done else before


def _rebuild(archive: Path, reader: Reader, before: Report, kinds: set[Kind], now: datetime) -> Iterator[str]:
    """Rebuild the database if that repairs anything without losing data."""
    if "database" in kinds:
        if before.holds_more:
            return
        sound = _sound_addresses(archive, reader)
        rebuilt = rebuild(archive, reader, take_over=False)
        with Archive.open(archive) as opened:
            added = opened.ledger.discover(sound, now)
        yield f"the database was built anew from {rebuilt.pages} answers; the damaged one is {rebuilt.kept}"
        yield f"{added} addresses that no page names were taken over from the damaged ledger"
        return
    if "ledger" in kinds:
        with Archive.open(archive) as opened, opened.write() as connection:
            replaced = mend(connection, reader, now)
        yield f"{replaced} addresses of the ledger that could not be as they were begin anew"
    if kinds & {"differs", "ledger"}:
        yield f"the database was built anew from {rebuild(archive, reader).pages} answers"


def _sound_addresses(archive: Path, reader: Reader) -> list[Discovery]:
    """The valid rows of a damaged ledger; [] when it cannot be read at all."""
    try:
        with Archive.open(archive, readonly=True) as old, snapshot(old) as connection:
            every = rows(connection, "SELECT * FROM ledger ORDER BY address")
            discoveries = (discovery_of(row, reader) for row in every if not wrong(row, reader))
            return [discovery for discovery in discoveries if discovery]
    except BROKEN:
        return []


def _read_in(archive: Archive, reader: Reader, unfiled: list[RecordLocation]) -> Iterator[str]:
    evidence = Evidence.open(archive.evidence)
    for location in unfiled:
        try:
            exchange = evidence.read(location)
        except RecordUnreadable:
            continue  # stays in the report
        outcomes = archive.add_many(reader.read(exchange, location))
        yield f"the answer of {exchange.url} was read in: {', '.join(dict.fromkeys(outcomes))}"


def _cut_tails(archive: Path, reader: Reader) -> Iterator[str]:
    """Cut incomplete records off the ends of files, and read in the complete records before them."""
    with Archive.open(archive) as opened:
        for prefix in prefixes(archive / FOLDER):
            torn: list[Damage] = []
            with Evidence.open(archive / FOLDER, prefix=prefix, writable=True) as evidence:
                try:
                    for location, exchange in evidence.recover(opened.ask(evidence_ends), torn.append):
                        if reader.is_page(exchange, location):
                            opened.add_many(reader.read(exchange, location))
                except EvidenceShort:
                    continue  # a file is missing: the report says which
            yield from (f"{damage.file} was cut off at byte {damage.offset}" for damage in torn)
