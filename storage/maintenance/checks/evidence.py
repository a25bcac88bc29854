"""The evidence files, from their first byte to their last, against the rows that name them."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from storage.evidence.compact_format import evidence_files, file_of, prefix_of
from storage.evidence.store import FOLDER, Evidence
from storage.maintenance.checks.findings import Finding, Reader, Report, capture_name, first_line
from storage.maintenance.checks.rows import raw, rows
from storage.warc.exchange import Damage, Exchange, RecordLocation, RecordUnreadable, status_of

Row = Mapping[str, Any]
# Findings about the rows of one record: of the whole answer, and of the stories in its parts.
Judge = Callable[[Sequence[Row], RecordLocation, Exchange], Iterable[Finding]]

ENDS = """
SELECT evidence_file AS file, max(evidence_offset + evidence_length) AS last
FROM capture WHERE typeof(evidence_file) = 'text' GROUP BY evidence_file
"""
_OF_FILE = "SELECT * FROM capture WHERE evidence_file = ? ORDER BY evidence_offset"
_SAME = """
SELECT id FROM capture WHERE url = ? AND substr(captured_at, 1, 19) = substr(?, 1, 19) AND digest = ? AND status = ?
"""


def ends(connection: Connection) -> dict[str, int]:
    """For each file that a capture names, the end of the last record that one names."""
    found = rows(connection, ENDS)
    return {row["file"]: row["last"] for row in found if isinstance(row["last"], int)}


def digest(exchange: Exchange) -> str:
    return "sha256:" + sha256(exchange.body).hexdigest()


class EvidenceCheck:
    """Judges captures by their records; all that it finds goes into the report.

    being_written: by a crawl, whose records without a row are no fault then.
    unfiled: the places of the records that no row names, and one should.
    """

    def __init__(
        self, connection: Connection, archive: Path, reader: Reader, judge: Judge, report: Report, being_written: bool
    ) -> None:
        self.unfiled: list[RecordLocation] = []
        self._lost: dict[int, tuple[Row, str]] = {}  # by capture: its row, and why its record is not had
        self._elsewhere: set[int] = set()  # captures of which a record stands where their row does not say
        self._connection, self._reader, self._judge, self._report = connection, reader, judge, report
        self._evidence = Evidence.open(archive / FOLDER)
        self._folder = archive / FOLDER
        self._being_written = being_written

    def all(self) -> None:
        """Every record of every file, and every capture that names one."""
        known = ends(self._connection)
        for file in sorted({*known, *evidence_files(self._folder)}):
            if Path(file).is_absolute() or prefix_of(file) is None:
                # Another program's: of its records those that rows name are judged.
                for row in list(rows(self._connection, _OF_FILE, file)):
                    self._one(row)
                if file not in known:
                    name = file_of(self._folder / file).name
                    what = "was written by no run, and is left out: `postscraper replay` reads such files"
                    self._report.notes.append(f"{name} {what}")
                continue
            waiting: dict[int, list[Row]] = {}
            for row in rows(self._connection, _OF_FILE, file):
                waiting.setdefault(row["evidence_offset"], []).append(row)
            try:
                self._file(file, known.get(file, 0), waiting)
            except (OSError, RecordUnreadable, ValueError) as error:
                self._report.findings.append(Finding(kind="record", where=file, what=first_line(error)))
            for row in chain.from_iterable(waiting.values()):
                self._lost[row["id"]] = row, "its record is not there, or cannot be read"
        self._tell_lost()

    def one(self, row: Row) -> None:
        """One capture, wherever its record lies."""
        self._one(row)
        self._tell_lost()

    def _one(self, row: Row) -> None:
        try:
            place = RecordLocation(
                file=row["evidence_file"], offset=row["evidence_offset"], length=row["evidence_length"]
            )
            exchange = self._evidence.read(place)
        except (RecordUnreadable, TypeError, ValueError) as error:
            self._lost[row["id"]] = row, first_line(error)
        else:
            self._judged([row], place, exchange)

    def _file(self, file: str, end: int, waiting: dict[int, list[Row]]) -> None:
        def told(damage: Damage) -> None:
            behind = damage.offset >= end
            if not (behind and self._being_written):
                torn = behind and damage.what.endswith("nothing follows")
                where = f"{damage.file}, byte {damage.offset}"
                self._report.findings.append(Finding(kind="tail" if torn else "record", where=where, what=damage.what))

        for place, exchange in self._evidence.records(file, told):
            named_by = waiting.pop(place.offset, None)
            if named_by is not None:
                self._judged(named_by, place, exchange)
            elif not (place.offset >= end and self._being_written):
                self._report.take("database", "capture", self._without_row(place, exchange))

    def _judged(self, named_by: Sequence[Row], place: RecordLocation, exchange: Exchange) -> None:
        before = len(self._report.findings)
        self._report.take("differs", capture_name(named_by[0]), self._judge(named_by, place, exchange))
        found = self._report.findings[before:]
        if any(finding.kind == "unfiled" for finding in found):
            self.unfiled.append(place)
        wrong = {finding.where for finding in found if finding.kind != "unfiled"}
        self._report.counts.update(["differs"] * len(wrong) + ["equal"] * (len(named_by) - len(wrong)))

    def _tell_lost(self) -> None:
        for number, (row, what) in self._lost.items():
            if number in self._elsewhere:
                self._report.counts["differs"] += 1
                what, fields = "its record stands elsewhere", ("evidence_file", "evidence_offset")
                self._report.findings.append(Finding(kind="differs", where=capture_name(row), what=what, fields=fields))
            else:
                self._report.counts["unreadable"] += 1
                self._report.findings.append(Finding(kind="record", where=capture_name(row), what=what))
        self._lost.clear()

    def _without_row(self, place: RecordLocation, exchange: Exchange) -> Iterator[Finding]:
        key = (exchange.url, raw(exchange.captured_at), digest(exchange), status_of(exchange))
        if not self._reader.is_page(exchange, place):
            return
        if same := [row["id"] for row in rows(self._connection, _SAME, *key)]:
            self._elsewhere.update(same)
            return  # nor does a second record of the same capture need a row
        self.unfiled.append(place)
        what = f"no row names the answer of {exchange.url}"
        yield Finding(kind="unfiled", where=f"{place.file}, byte {place.offset}", what=what)


def same_bytes(named_by: Sequence[Row], place: RecordLocation, exchange: Exchange) -> Iterator[Finding]:
    """Judges captures by their bytes alone."""
    for row in named_by:
        if row["digest"] != digest(exchange) or row["evidence_length"] != place.length:
            what = f"byte {place.offset} of {place.file} holds other bytes than its row says"
            yield Finding(kind="differs", where=capture_name(row), what=what, fields=("digest",))
