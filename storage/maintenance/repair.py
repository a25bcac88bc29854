"""What of an archive can be brought back from its evidence. Under the run lock of the caller."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from storage.archive import Archive
from storage.evidence.compact_format import evidence_files, prefix_of
from storage.evidence.store import FOLDER, Evidence
from storage.ledger.states import Discovery
from storage.maintenance.check import check
from storage.maintenance.checks.findings import BROKEN, Kind, Reader, Report
from storage.maintenance.checks.holdings import forget
from storage.maintenance.checks.ledger import discovery_of, mend, wrong
from storage.maintenance.checks.rows import rows, snapshot
from storage.maintenance.rebuild import rebuild
from storage.warc.exchange import Damage, EvidenceShort, RecordLocation, RecordUnreadable


def repair(archive: Path, reader: Reader, now: datetime) -> tuple[list[str], Report]:
    """Mend what can be mended; sentences that tell what was done, and what is wrong still."""
    before, unfiled = check(archive, reader, alone=True)
    kinds = {finding.kind for finding in before.findings}
    done = [*_built_anew(archive, reader, before, kinds, now)]
    if not done:
        with Archive.open(archive) as opened:
            done += _read_in(opened, archive, reader, unfiled)
            if "index" in kinds:
                done.append(f"the index of words was built anew: {opened.reindex()} revisions")
            if "elsewhere" in kinds:
                misnamed = any("payload.sha1" in each.fields for each in before.findings)
                forgotten = opened.holdings.forget(lambda connection: forget(connection, reader, misnamed=misnamed))
                done.append(f"{forgotten} rows of what other archives have were forgotten")
    if "tail" in kinds:
        done += _cut(archive, reader)
    return done, check(archive, reader, alone=True)[0] if done else before


def _built_anew(archive: Path, reader: Reader, found: Report, kinds: set[Kind], now: datetime) -> Iterator[str]:
    """Rebuild the database if that mends anything, and loses nothing."""
    if "database" in kinds:
        if found.holds_more:
            return  # what only a damaged database holds still must not vanish from the archive
        sound = _sound_addresses(archive, reader)
        rebuilt = rebuild(archive, reader, take_over=False)
        with Archive.open(archive) as opened:
            taken = opened.ledger.discover(sound, now)
        yield f"the database was built anew from {rebuilt.pages} answers; the damaged one is {rebuilt.kept}"
        yield f"{taken} addresses that no page names were taken over from the damaged ledger"
        return
    if "ledger" in kinds:
        with Archive.open(archive) as opened:
            begun = opened.ledger.mend(lambda connection: mend(connection, reader, now))
        yield f"{begun} addresses of the ledger that could not be as they were begin anew"
    if kinds & {"differs", "ledger"}:
        yield f"the database was built anew from {rebuild(archive, reader).pages} answers"


def _sound_addresses(archive: Path, reader: Reader) -> list[Discovery]:
    """What a damaged ledger has that can be so; [] when it cannot be read at all."""
    try:
        with Archive.open(archive, readonly=True) as old, snapshot(old) as connection:
            every = rows(connection, "SELECT * FROM ledger ORDER BY address")
            return [again for row in every if not wrong(row, reader) and (again := discovery_of(row, reader))]
    except BROKEN:
        return []


def _read_in(opened: Archive, archive: Path, reader: Reader, unfiled: list[RecordLocation]) -> Iterator[str]:
    evidence = Evidence.open(archive / FOLDER)
    for place in unfiled:
        try:
            exchange = evidence.read(place)
        except RecordUnreadable:
            continue  # stays in the report
        outcomes = opened.add_many(reader.read(exchange, place))
        yield f"the answer of {exchange.url} was read in: {', '.join(dict.fromkeys(outcomes))}"


def _cut(archive: Path, reader: Reader) -> Iterator[str]:
    """Cut torn tails off, and read in what stands whole before them."""
    with Archive.open(archive) as opened:
        for prefix in sorted({found for name in evidence_files(archive / FOLDER) if (found := prefix_of(name))}):
            torn: list[Damage] = []
            with Evidence.open(archive / FOLDER, prefix=prefix, writable=True) as evidence:
                try:
                    for place, exchange in evidence.recover(opened.evidence_ends(), torn.append):
                        if reader.is_page(exchange, place):
                            opened.add_many(reader.read(exchange, place))
                except EvidenceShort:
                    continue  # a file is missing: the report says which
            yield from (f"{each.file} was cut off at byte {each.offset}" for each in torn)
