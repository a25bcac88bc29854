"""Fixity of the captured records: one digest a day (UTC), which can be published and compared later.

The construction, for any other program (docs/proof.md):

    line of a record    2018-06-12T03:20:11Z 200 sha256:d0a6… https://www.phnompenhpost.com/national/a-story
    digest of a record  SHA-256 of its line in UTF-8, with a line feed behind it
    digest of a day     SHA-256 of the digests of its records in hexadecimal, sorted, a line feed behind each

So compaction, backup and rebuilding change no digest, and one record is proved by the list of its day.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection

from storage.database.values import raw

HEAD = "postscraper fixity 1"
UNDATED = "undated"  # the day of captures of unknown time
_DAY = re.compile(r"(\d{4}-\d\d-\d\d|undated) (\d{1,12}) sha256:([0-9a-f]{64})")
_RECORD = re.compile(r" ([0-9a-f]{64}) (.+)")
_STAMP = re.compile(r"-(\d{8}T\d{4}Z-\d+)\.warc\.gz$")
_CAPTURES = """
SELECT id, captured_at, status, digest, url, evidence_file AS file, evidence_offset AS offset FROM capture
WHERE part = '' AND evidence_file IS NOT NULL ORDER BY captured_at
"""
_WITHDRAWN = """
SELECT captured_at, digest, file, "offset" FROM withdrawn_digest ORDER BY rowid
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record of a day. capture: the id of its row; None when it is withdrawn. line: None when it is withdrawn."""

    digest: str
    line: str | None
    capture: int | None
    place: tuple[str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """day: ISO date in UTC, or UNDATED. records: digests and lines, sorted; empty when they were not read."""

    day: str
    count: int
    digest: str
    records: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A published day beside the archive's.

    added, withdrawn: how many records came or were withdrawn since. lacking: lines or digests of records that are gone
        otherwise; fault: why the day differs, a phrase. None and () when it holds.
    """

    day: str
    added: int = 0
    withdrawn: int = 0
    lacking: tuple[str, ...] = ()
    fault: str | None = None


def record_line(capture: Mapping[str, Any]) -> str:
    """capture: values of its row, as Python or as SQLite has them."""
    at = raw(capture["captured_at"])
    moment = f"{at[:19]}Z" if at else "-"
    return f"{moment} {capture['status']} {capture['digest']} {capture['url']}"


def record_digest(line: str) -> str:
    return sha256(f"{line}\n".encode("utf-8", "surrogateescape")).hexdigest()


def day_digest(digests: Iterable[str]) -> str:
    return sha256("".join(f"{digest}\n" for digest in sorted(digests)).encode()).hexdigest()


def days(
    connection: Connection, since: date | None = None, until: date | None = None, *, records: bool = False
) -> list[Day]:
    """The days with records, in their order, the undated captures first. records: whether with each record."""
    chosen = []
    for day, entries in sorted(_by_day(connection).items(), key=lambda each: (each[0] != UNDATED, each[0])):
        if not _is_chosen(day, since, until):
            continue
        listed = tuple(sorted((entry.digest, str(entry.line)) for entry in entries)) if records else ()
        digest = day_digest(entry.digest for entry in entries)
        chosen.append(Day(day=day, count=len(entries), digest=digest, records=listed))
    return chosen


def _is_chosen(day: str, since: date | None, until: date | None) -> bool:
    if day == UNDATED:
        return since is None and until is None
    return (since is None or day >= since.isoformat()) and (until is None or day <= until.isoformat())


def text_of(published_days: Iterable[Day]) -> Iterator[str]:
    """The lines of a file to publish."""
    yield HEAD
    for day in published_days:
        yield f"{day.day} {day.count} sha256:{day.digest}"
        yield from (f" {digest} {line}" for digest, line in day.records)


def published(text: str) -> list[Day]:
    """The days of such a file. Raises ValueError for any other, and for a list that has not its day's digest."""
    head, *lines = text.split("\n")
    if head != HEAD:
        raise ValueError(f"its first line is {head[:60]!r}, and not {HEAD!r}: `postscraper fixity` writes such files")
    lists: list[tuple[re.Match[str], list[tuple[str, str]]]] = []
    for number, line in enumerate(lines, 2):
        if match := _DAY.fullmatch(line):
            lists.append((match, []))
        elif lists and (match := _RECORD.fullmatch(line)) and record_digest(match[2]) == match[1]:
            lists[-1][1].append((match[1], match[2]))
        elif line.strip():
            raise ValueError(f"line {number} is neither a day nor a record with its digest: {line[:60]!r}")
    days = [Day(day=day[1], count=int(day[2]), digest=day[3], records=tuple(records)) for day, records in lists]
    for day in days:
        listed = len(day.records), day_digest(digest for digest, _ in day.records)
        if day.records and listed != (day.count, day.digest):
            raise ValueError(f"the records of {day.day} have not the digest of the day: the file was changed")
    return days


def compare(connection: Connection, then: Iterable[Day], lost: Iterable[int] = ()) -> list[Comparison]:
    """Each published day beside the archive. lost: ids of captures whose records cannot be read."""
    live, gone, unread = _by_day(connection), _withdrawn(connection), frozenset(lost)
    return [_compared(day, live.get(day.day, []), gone.get(day.day, []), unread) for day in then]


def _compared(then: Day, live: list[Record], gone: list[Record], lost: frozenset[int]) -> Comparison:
    day = then.day
    known = {record.digest for record in gone}
    before = {digest for digest, _ in then.records} or _before(then, live, gone)
    if before is None:
        counts = f"{then.count} records then, {len(live)} now" + (f", {len(gone)} withdrawn" if gone else "")
        return Comparison(day=day, fault=f"holds other records than were published: {counts}")
    now = {record.digest: record for record in live}
    readable = {digest for digest, record in now.items() if record.capture not in lost}
    names = dict(then.records) | {digest: str(record.line) for digest, record in now.items()}
    lacking = tuple(sorted(names.get(digest, digest) for digest in before - readable - known))
    return Comparison(
        day=day,
        added=len(now.keys() - before),
        withdrawn=len(before & known - now.keys()),
        lacking=lacking,
        fault=f"lacks {len(lacking)} of {then.count} records" if lacking else None,
    )


def _before(then: Day, live: list[Record], gone: list[Record]) -> set[str] | None:
    """The digests of the records that a day had when it was published; None when they cannot be told.

    Records are only ever added, behind those that are there, and withdrawn one after the other: so they are the first
    of all, or the last for a day of a merged archive, without the first of the withdrawn. A digest proves which.
    """
    for already in range(len(gone) + 1):
        entries = sorted((*live, *gone[already:]), key=lambda record: record.place)
        for chosen in (entries[: then.count], entries[-then.count :]):
            digests = [record.digest for record in chosen]
            if day_digest(digests) == then.digest:
                return set(digests)
    return None


def _by_day(connection: Connection) -> dict[str, list[Record]]:
    records: dict[str, list[Record]] = {}
    for row in map(dict, connection.exec_driver_sql(_CAPTURES).mappings()):
        line = record_line(row)
        record = Record(digest=record_digest(line), line=line, capture=row["id"], place=_place(row))
        records.setdefault(_day_of(row), []).append(record)
    return records


def _withdrawn(connection: Connection) -> dict[str, list[Record]]:
    records: dict[str, list[Record]] = {}
    for row in map(dict, connection.exec_driver_sql(_WITHDRAWN).mappings()):
        record = Record(digest=row["digest"], line=None, capture=None, place=_place(row))
        records.setdefault(_day_of(row), []).append(record)
    return records


def _day_of(row: Mapping[str, Any]) -> str:
    return str(row["captured_at"])[:10] if row["captured_at"] else UNDATED


def _place(row: Mapping[str, Any]) -> tuple[str, str, int]:
    """The order in which records are written; those in files of other programs come first."""
    stamp = _STAMP.search(str(row["file"]))
    return stamp[1] if stamp else "", str(row["file"]), int(row["offset"] or 0)
