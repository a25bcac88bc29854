"""Common Crawl: a crawl of the web nearly every month since 2013, each with an index of its own.

An index entry gives the WARC file of a capture, its offset and length. That range of the file is one gzip member with
one record. Both servers are meant for programs (https://commoncrawl.org/get-started), one request at a time; their
robots.txt is for crawlers. The answers of the index are described at
https://pywb.readthedocs.io/en/latest/manual/cdxserver_api.html, but for the 404 of a page without captures.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlencode

from postscraper.sources.remote import (
    ArchiveRequest,
    BadRow,
    IndexPage,
    NoCapture,
    NoIndex,
    Target,
    byte_range,
    overlap,
    stamped_at,
)
from storage.holdings.models import CdxEntry
from storage.warc.exchange import Exchange
from storage.warc.members import raw_record_at
from storage.warc.parser import BadRecord, ResponseRecord, parse_record

INDEX, STORE = "https://index.commoncrawl.org", "https://data.commoncrawl.org"
NAME = "commoncrawl"
BLOCKS_A_PAGE = 1  # of the index, each 3,000 lines: some 1.3 MB
ALL = "all"

LONGEST_RECORD = 16 * 2**20  # compressed; also the longest response. Pages are cut at 1 MB, since 2025 at 5 MB

_DIGITS = re.compile(r"\d{1,18}", re.A)
_STATUS = re.compile(r"\d{3}", re.A)
_CRAWL = re.compile(r"[\w.-]{1,100}", re.A)
_FIELDS = ("url", "timestamp", "status", "filename", "offset", "length", "mime", "mime-detected", "digest")
_FILE = re.compile(r"\w[\w./-]{1,300}\.w?arc\.gz", re.A)  # those of 2008 to 2012 are ARC files
_KEY = re.compile(r"(?P<crawl>\S+) (?:\?|(?P<page>\d{1,9})/(?P<pages>\d{1,9}))(?P<rest>(?: \S+)*)", re.A)


@dataclass(frozen=True, slots=True)
class _Position:
    """Position in the index: the next request is for a page of the first crawl; page None: for its number of pages."""

    crawls: tuple[str, ...]
    page: int | None = None
    pages: int = 0

    @classmethod
    def of(cls, crawl: str, resume_key: str | None) -> "_Position | None":
        """The position of a resume key; None if the list of crawls must be requested first."""
        if resume_key is None:
            return None if crawl == ALL else cls((crawl,))
        key = _KEY.fullmatch(resume_key)
        if key is None:
            raise NoIndex(f"{resume_key[:40]!r} is no place in the index")
        crawls = (key["crawl"], *key["rest"].split())
        return cls(crawls) if key["page"] is None else cls(crawls, int(key["page"]), int(key["pages"]))

    def key(self) -> str:
        page = "?" if self.page is None else f"{self.page}/{self.pages}"
        return " ".join((self.crawls[0], page, *self.crawls[1:]))

    def onward(self, page: int, pages: int) -> "_Position | None":
        """The position of a page of the crawl, or after its last page of the next crawl; None after the last crawl."""
        if page < pages:
            return _Position(self.crawls, page, pages)
        return _Position(self.crawls[1:]) if self.crawls[1:] else None


@dataclass(frozen=True, slots=True)
class CommonCrawl:
    """Common Crawl. crawls: those to search; (): all with captures of the days of the run."""

    crawls: Sequence[str] = ()
    index_origin: str = INDEX
    store_origin: str = STORE
    name: str = NAME

    @property
    def origins(self) -> tuple[str, ...]:
        return self.index_origin, self.store_origin

    def queries(
        self, targets: Iterable[Target], since: date | None = None, until: date | None = None
    ) -> tuple[str, ...]:
        days = [("from", since), ("to", until)]
        span = [(name, f"{day:%Y%m%d}") for name, day in days if day]
        return tuple(
            urlencode([("crawl", crawl), ("url", url), ("matchType", match), ("filter", "=status:200"), *span])
            for crawl in self.crawls or (ALL,)
            for url, match in targets
        )

    def index_request(self, query: str, resume_key: str | None) -> ArchiveRequest:
        (_, crawl), *words = parse_qsl(query)
        position = _Position.of(crawl, resume_key)
        if position is None:
            return ArchiveRequest(url=f"{self.index_origin}/collinfo.json", documented=True)
        page = ("showNumPages", "true") if position.page is None else ("page", str(position.page))
        fields = urlencode([*words, ("output", "json"), ("pageSize", str(BLOCKS_A_PAGE)), page])
        return ArchiveRequest(url=f"{self.index_origin}/{position.crawls[0]}-index?{fields}", documented=True)

    def read_index(self, query: str, resume_key: str | None, answer: Exchange) -> IndexPage:
        if answer.cut:
            raise NoIndex("half an answer")
        words = dict(parse_qsl(query))
        position, status = _Position.of(words["crawl"], resume_key), answer.status or 0
        entries, bad_rows = list[CdxEntry](), list[str]()
        onward: _Position | None
        if position is None:
            since, until = _day(words.get("from")), _day(words.get("to"))
            names = tuple(crawl.name for crawl in overlapping(crawls(status, answer.body), since, until))
            onward = _Position(names) if names else None
        elif position.page is None:
            onward = position.onward(0, page_count(status, answer.body))
        else:
            entries = index_entries(status, answer.body, bad_rows.append)
            onward = position.onward(position.page + 1, position.pages)
        return IndexPage(captures=tuple(entries), resume_key=onward.key() if onward else None, bad_rows=tuple(bad_rows))

    def capture_request(self, entry: CdxEntry) -> ArchiveRequest:
        first, last = _range(entry)
        headers = (("Range", f"bytes={first}-{last}"), ("Accept-Encoding", "identity"))
        return ArchiveRequest(url=f"{self.store_origin}/{entry.file}", headers=headers, documented=True)

    def read_capture(self, entry: CdxEntry, answer: Exchange) -> Exchange:
        """A capture that the crawl truncated at its size limit is `cut`, as its record states."""
        if answer.status in (404, 410):
            raise NoCapture(f"{entry.file}: status {answer.status}", gone=True)
        if answer.status == 200:
            raise NoCapture(f"{entry.file}: the whole file came in place of a range")
        if answer.status != 206:
            raise NoCapture(f"{entry.file}: status {answer.status}: {answer.body[:80]!r}")
        content_range = answer.header("content-range")
        first, last = _range(entry)
        if (byte_range(content_range) or ())[:2] != (first, last):
            raise NoCapture(f"{entry.file}: another range came than {first}-{last}: {content_range}")
        if answer.cut or len(answer.body) != last - first + 1:
            raise NoCapture(f"{entry.file}: half an answer")
        return replace(record(entry, answer.body), source=self.name, origin=f"{entry.file}, byte {entry.offset}")


def record(entry: CdxEntry, member: bytes) -> Exchange:
    """The capture in its gzip member. Raises NoCapture, always `gone`: another try would give the same."""
    where = f"{entry.file}, byte {entry.offset}"
    try:
        raw = raw_record_at(BytesIO(member), 0)
        parsed = parse_record(raw.raw)
    except BadRecord as broken:
        raise NoCapture(f"{where}: {broken}", gone=True) from broken
    if raw.length != len(member) or not isinstance(parsed, ResponseRecord):
        raise NoCapture(f"{where}: no record of an answer fills the range that the index names", gone=True)
    exchange = parsed.exchange
    at = exchange.captured_at
    if (exchange.url, at and at.replace(microsecond=0)) != (entry.url, entry.captured_at):
        raise NoCapture(f"{where}: the record is that of {exchange.url} at {at}", gone=True)
    if parsed.lacks_body:
        raise NoCapture(f"{where}: its body is that of an earlier capture", gone=True)
    return exchange


def _range(entry: CdxEntry) -> tuple[int, int]:
    assert entry.offset is not None
    assert entry.length is not None
    return entry.offset, entry.offset + entry.length - 1


# The index


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawl:
    """One crawl. began_on, ended_on: days of its first and last capture in UTC; None if unknown."""

    name: str
    began_on: date | None
    ended_on: date | None


def crawls(status: int, body: bytes) -> list[Crawl]:
    """The crawls that collinfo.json names, the newest first as it has them. Raises NoIndex."""
    _must_be_200(status, body)
    rows = _json(body, "the list of crawls")
    named = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    named = [row for row in named if isinstance(row.get("id"), str) and _CRAWL.fullmatch(row["id"])]
    if not named:
        raise NoIndex(f"the list of crawls is none: {body[:80]!r}")
    return [Crawl(name=row["id"], began_on=_day(row.get("from")), ended_on=_day(row.get("to"))) for row in named]


def overlapping(crawls: Iterable[Crawl], since: date | None, until: date | None) -> list[Crawl]:
    """Crawls with captures of these days, both included; those of unknown days, too."""
    return [crawl for crawl in crawls if overlap(crawl.began_on, crawl.ended_on, since, until)]


def page_count(status: int, body: bytes) -> int:
    """How many pages of the index there are. Raises NoIndex."""
    if _is_empty(status, body):
        return 0
    _must_be_200(status, body)
    answer = _json(body, "the number of index pages")
    pages = answer.get("pages") if isinstance(answer, dict) else None
    if not isinstance(pages, int) or isinstance(pages, bool) or pages < 0:
        raise NoIndex(f"the number of index pages is none: {body[:80]!r}")
    return pages


def index_entries(status: int, body: bytes, on_bad_row: Callable[[str], object] = lambda _: None) -> list[CdxEntry]:
    """The entries of a page of the index; [] for a page without captures.

    on_bad_row: called with a phrase for each line that is no entry. A page without any line like one raises NoIndex.
    """
    if _is_empty(status, body):
        return []
    _must_be_200(status, body)
    if body and not body.endswith(b"\n"):
        raise NoIndex(f"the page ends within a line: {body[-80:]!r}")
    lines = body.splitlines()
    if lines and not any(line.startswith(b"{") for line in lines):
        raise NoIndex(f"no line of an index: {body[:80]!r}")
    entries = []
    for line in lines:
        try:
            entries.append(index_entry(_json(line, "a line")))
        except NoIndex as error:
            on_bad_row(str(error))
    return entries


def index_entry(fields: Any) -> CdxEntry:
    """The entry with the fields of one line. Raises BadRow."""
    if not isinstance(fields, dict):
        raise BadRow(f"a line is no object: {str(fields)[:80]!a}")
    values = {name: _value(fields.get(name)) for name in _FIELDS}
    at = stamped_at(values["timestamp"])
    numbers = all(_DIGITS.fullmatch(values[name]) for name in ("offset", "length"))
    known = values["url"].startswith(("http://", "https://")) and _is_file(values["filename"])
    if at is None or not numbers or not known or not 0 < int(values["length"]) <= LONGEST_RECORD:
        raise BadRow(f"a line names no capture: {json.dumps(fields)[:200]}")
    return CdxEntry(
        url=values["url"],
        captured_at=at,
        status=int(values["status"]) if _STATUS.fullmatch(values["status"]) else None,
        mime=values["mime-detected"] or values["mime"] or None,
        digest=values["digest"].removeprefix("sha1:") or None,
        file=values["filename"],
        offset=int(values["offset"]),
        length=int(values["length"]),
    )


def _value(field: object) -> str:
    """A text or a number, as text; empty if missing. Raises BadRow."""
    if field is None:
        return ""
    if not isinstance(field, str | int) or isinstance(field, bool):
        raise BadRow(f"a field of another type: {str(field)[:80]!a}")
    text = str(field)
    try:
        text.encode()
    except UnicodeEncodeError as error:  # half of a pair of surrogates
        raise BadRow(f"a field that is no text: {text[:80]!a}") from error
    return text


def _is_empty(status: int, body: bytes) -> bool:
    """Whether a crawl, or a page of the index, has no captures: the index then answers 404."""
    return status == 404 and b"No Captures found" in body[:1000]


def _must_be_200(status: int, body: bytes) -> None:
    if status != 200:
        raise NoIndex(f"status {status}: {body[:80]!r}")


def _json(body: bytes, what: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise NoIndex(f"{what} is no JSON: {body[:80]!r}") from error


def _is_file(name: str) -> bool:
    return _FILE.fullmatch(name) is not None and "//" not in name and ".." not in name


def _day(text: object) -> date | None:
    try:
        return datetime.fromisoformat(str(text)).date()
    except ValueError:
        return None
