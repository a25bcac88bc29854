"""Check of every byte of the evidence files against the rows that name their records."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path

from sqlalchemy import Connection

from storage.database.values import raw
from storage.errors import RecordUnreadable
from storage.evidence.compact_format import evidence_files, file_of, prefix_of
from storage.evidence.store import FOLDER, Evidence
from storage.ingest.reprocess import Reader
from storage.maintenance.checks.findings import BROKEN, Finding, Report, capture_name, first_line
from storage.maintenance.checks.rows import Row, rows
from storage.query.captures import evidence_ends
from storage.query.proof import fields_of
from storage.warc.digests import body_digest
from storage.warc.exchange import Damage, Exchange, RecordLocation, status_of

# Returns findings about the rows of one record: of the whole response, and of the stories in it.
Compare = Callable[[Sequence[Row], RecordLocation, Exchange], Iterable[Finding]]

_OF_FILE = "SELECT * FROM capture WHERE evidence_file = ? ORDER BY evidence_offset"
_SAME = """
SELECT id FROM capture WHERE url = ? AND substr(captured_at, 1, 19) = substr(?, 1, 19) AND digest = ? AND status = ?
"""


class EvidenceCheck:
    """Compares captures with their records; every fault goes into the report.

    being_written: whether a crawl is writing; records without a row are no fault then.
    unfiled: locations of records that should have a row and have none. unread: ids of captures whose records cannot be
    read, or have other bytes.
    """

    def __init__(
        self,
        connection: Connection,
        archive: Path,
        reader: Reader,
        compare: Compare,
        report: Report,
        being_written: bool,
    ) -> None:
        self.unfiled: list[RecordLocation] = []
        self.unread: set[int] = set()
        self._lost: dict[int, tuple[Row, str]] = {}  # by capture: its row, and why its record cannot be read
        self._misplaced: set[int] = set()  # captures whose record is at another location than their row says
        self._connection, self._reader, self._compare, self._report = connection, reader, compare, report
        self._evidence = Evidence.open(archive / FOLDER)
        self._being_written = being_written

    def check_all(self) -> None:
        """Check every record of every file, and every capture that names one."""
        ends = evidence_ends(self._connection)
        folder = self._evidence.folder
        for file in sorted({*ends, *evidence_files(folder)}):
            if Path(file).is_absolute() or prefix_of(file) is None:
                # Another program's file: only the records that rows name are checked.
                for row in list(rows(self._connection, _OF_FILE, file)):
                    self._check_capture(row)
                if file not in ends:
                    name = file_of(folder / file).name
                    what = "was written by no run, and is left out: `postscraper replay` reads such files"
                    self._report.notes.append(f"{name} {what}")
                continue
            by_offset: dict[int, list[Row]] = {}
            for row in rows(self._connection, _OF_FILE, file):
                by_offset.setdefault(row["evidence_offset"], []).append(row)
            try:
                self._check_file(file, ends.get(file, 0), by_offset)
            except (OSError, RecordUnreadable, ValueError) as error:
                self._report.findings.append(Finding(kind="record", where=file, what=first_line(error)))
            for row in chain.from_iterable(by_offset.values()):
                self._lost[row["id"]] = row, "its record is not there, or cannot be read"
        self._report_lost()

    def check_one(self, row: Row) -> None:
        """Check one capture, whichever file has its record."""
        self._check_capture(row)
        self._report_lost()

    def _check_capture(self, row: Row) -> None:
        try:
            location = RecordLocation(
                file=row["evidence_file"], offset=row["evidence_offset"], length=row["evidence_length"]
            )
            exchange = self._evidence.read(location)
        except (RecordUnreadable, TypeError, ValueError) as error:
            self._lost[row["id"]] = row, first_line(error)
        else:
            self._check_record([row], location, exchange)

    def _check_file(self, file: str, end: int, by_offset: dict[int, list[Row]]) -> None:
        """end: of the last record that a row names. Records found are taken out of `by_offset`."""

        def on_damage(damage: Damage) -> None:
            in_tail = damage.offset >= end
            if not (in_tail and self._being_written):
                is_torn = in_tail and damage.what.endswith("nothing follows")
                where = f"{damage.file}, byte {damage.offset}"
                self._report.findings.append(
                    Finding(kind="tail" if is_torn else "record", where=where, what=damage.what)
                )

        for location, exchange in self._evidence.records(file, on_damage):
            named_by = by_offset.pop(location.offset, None)
            if named_by is not None:
                self._check_record(named_by, location, exchange)
            elif not (location.offset >= end and self._being_written):
                self._report.add("database", "capture", self._without_row(location, exchange))

    def _check_record(self, named_by: Sequence[Row], location: RecordLocation, exchange: Exchange) -> None:
        before = len(self._report.findings)
        self._report.add("differs", capture_name(named_by[0]), self._compare(named_by, location, exchange))
        findings = self._report.findings[before:]
        self.unread |= {row["id"] for row in named_by if row["digest"] != body_digest(exchange.body)}
        if any(finding.kind == "unfiled" for finding in findings):
            self.unfiled.append(location)
        different = {finding.where for finding in findings if finding.kind != "unfiled"}
        self._report.counts.update(["differs"] * len(different) + ["equal"] * (len(named_by) - len(different)))

    def _report_lost(self) -> None:
        self.unread |= self._lost.keys() - self._misplaced
        fields: dict[int, tuple[str, ...]] = {}
        with suppress(*BROKEN):  # of a damaged database, which its own check reports
            fields = fields_of(self._connection, list(self._lost))
        for number, (row, what) in self._lost.items():
            if number in self._misplaced:
                self._report.counts["differs"] += 1
                what, wrong = "its record stands elsewhere", ("evidence_file", "evidence_offset")
                self._report.findings.append(Finding(kind="differs", where=capture_name(row), what=what, fields=wrong))
            else:
                self._report.counts["unreadable"] += 1
                lost = fields.get(number, ())
                self._report.findings.append(Finding(kind="record", where=capture_name(row), what=what, fields=lost))
        self._lost.clear()

    def _without_row(self, location: RecordLocation, exchange: Exchange) -> Iterator[Finding]:
        if not self._reader.is_page(exchange, location):
            return
        key = (exchange.url, raw(exchange.captured_at), body_digest(exchange.body), status_of(exchange))
        if same := [row["id"] for row in rows(self._connection, _SAME, *key)]:
            self._misplaced.update(same)
            return  # a second record of the same capture needs no row
        self.unfiled.append(location)
        what = f"no row names the answer of {exchange.url}"
        yield Finding(kind="unfiled", where=f"{location.file}, byte {location.offset}", what=what)


def same_bytes(named_by: Sequence[Row], location: RecordLocation, exchange: Exchange) -> Iterator[Finding]:
    """Captures whose digest or length is not that of the record."""
    for row in named_by:
        if row["digest"] != body_digest(exchange.body) or row["evidence_length"] != location.length:
            what = f"byte {location.offset} of {location.file} holds other bytes than its row says"
            yield Finding(kind="differs", where=capture_name(row), what=what, fields=("digest",))
