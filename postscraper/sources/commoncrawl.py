"""Common Crawl: a crawl of the web nearly every month since 2013, each with an index of its own.

An index entry gives the WARC file of a capture, its offset and length. That range of the file is one gzip member with
one record. Both servers are there for programs (https://commoncrawl.org/get-started), one request at a time; their
robots.txt keeps crawlers out. The answers of the index are described at
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
    stamped_at,
)
from storage.holdings.models import CdxEntry
from storage.warc.exchange import Exchange
from storage.warc.files import raw_record_at
from storage.warc.parser import BadRecord, ResponseRecord, parse_record

INDEX, STORE = "https://index.commoncrawl.org", "https://data.commoncrawl.org"
NAME = "commoncrawl"
BLOCKS_A_PAGE = 1  # of the index, each 3,000 lines: some 1.3 MB
ALL = "all"

LONGEST_RECORD = 16 * 2**20  # compressed, and as long as an answer may be; a page is cut at 1 MB, since 2025 at 5 MB

_DIGITS = re.compile(r"\d{1,18}", re.A)
_STATUS = re.compile(r"\d{3}", re.A)
_CRAWL = re.compile(r"[\w.-]{1,100}", re.A)
_FIELDS = ("url", "timestamp", "status", "filename", "offset", "length", "mime", "mime-detected", "digest")
_FILE = re.compile(r"\w[\w./-]{1,300}\.w?arc\.gz", re.A)  # those of 2008 to 2012 are ARC files
_KEY = re.compile(r"(?P<crawl>\S+) (?:\?|(?P<page>\d{1,9})/(?P<pages>\d{1,9}))(?P<rest>(?: \S+)*)", re.A)


@dataclass(frozen=True, slots=True)
class _Turn:
    """The next request: how many pages the first of the crawls has, or one of them."""

    crawls: tuple[str, ...]
    page: int | None = None
    pages: int = 0

    @classmethod
    def of(cls, crawl: str, resume_key: str | None) -> "_Turn | None":
        """None when it is to be asked which crawls there are."""
        if resume_key is None:
            return None if crawl == ALL else cls((crawl,))
        key = _KEY.fullmatch(resume_key)
        if key is None:
            raise NoIndex(f"{resume_key[:40]!r} is no place in the index")
        crawls = (key["crawl"], *key["rest"].split())
        return cls(crawls) if key["page"] is None else cls(crawls, int(key["page"]), int(key["pages"]))

    def key(self) -> str:
        place = "?" if self.page is None else f"{self.page}/{self.pages}"
        return " ".join((self.crawls[0], place, *self.crawls[1:]))

    def onward(self, page: int, pages: int) -> "_Turn | None":
        """A page of the crawl, or the next crawl behind its last; None behind the last crawl."""
        if page < pages:
            return _Turn(self.crawls, page, pages)
        return _Turn(self.crawls[1:]) if self.crawls[1:] else None


@dataclass(frozen=True, slots=True)
class CommonCrawl:
    """crawls: those that are asked; (): all that have captures of the days that are sought."""

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
        turn = _Turn.of(crawl, resume_key)
        if turn is None:
            return ArchiveRequest(url=f"{self.index_origin}/collinfo.json", documented=True)
        place = ("showNumPages", "true") if turn.page is None else ("page", str(turn.page))
        asked = urlencode([*words, ("output", "json"), ("pageSize", str(BLOCKS_A_PAGE)), place])
        return ArchiveRequest(url=f"{self.index_origin}/{turn.crawls[0]}-index?{asked}", documented=True)

    def read_index(self, query: str, resume_key: str | None, answer: Exchange) -> IndexPage:
        if answer.cut:
            raise NoIndex("half an answer")
        words = dict(parse_qsl(query))
        turn, status, found = _Turn.of(words["crawl"], resume_key), answer.status or 0, list[CdxEntry]()
        bad = list[str]()
        onward: _Turn | None
        if turn is None:
            since, until = _day(words.get("from")), _day(words.get("to"))
            names = tuple(crawl.name for crawl in overlapping(crawls(status, answer.body), since, until))
            onward = _Turn(names) if names else None
        elif turn.page is None:
            onward = turn.onward(0, page_count(status, answer.body))
        else:
            found = index_entries(status, answer.body, bad.append)
            onward = turn.onward(turn.page + 1, turn.pages)
        return IndexPage(captures=tuple(found), resume_key=onward.key() if onward else None, bad_rows=tuple(bad))

    def capture_request(self, entry: CdxEntry) -> ArchiveRequest:
        first, last = _range(entry)
        headers = (("Range", f"bytes={first}-{last}"), ("Accept-Encoding", "identity"))
        return ArchiveRequest(url=f"{self.store_origin}/{entry.file}", headers=headers, documented=True)

    def read_capture(self, entry: CdxEntry, answer: Exchange) -> Exchange:
        """One that the crawl cut at its limit of size is cut; its record says so."""
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
    """The capture in its gzip member. Raises NoCapture: asked again, the archive would give the same."""
    where = f"{entry.file}, byte {entry.offset}"
    try:
        piece = raw_record_at(BytesIO(member), 0)
        found = parse_record(piece.raw)
    except BadRecord as broken:
        raise NoCapture(f"{where}: {broken}", gone=True) from broken
    if piece.length != len(member) or not isinstance(found, ResponseRecord):
        raise NoCapture(f"{where}: no record of an answer fills the range that the index names", gone=True)
    exchange = found.exchange
    at = exchange.captured_at
    if (exchange.url, at and at.replace(microsecond=0)) != (entry.url, entry.captured_at):
        raise NoCapture(f"{where}: the record is that of {exchange.url} at {at}", gone=True)
    if found.lacks_body:
        raise NoCapture(f"{where}: its body is that of an earlier capture", gone=True)
    return exchange


def _range(entry: CdxEntry) -> tuple[int, int]:
    assert entry.offset is not None
    assert entry.length is not None
    return entry.offset, entry.offset + entry.length - 1


# The index


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawl:
    """began_on, ended_on: days of its first and last capture, in UTC; None when the list does not tell."""

    name: str
    began_on: date | None
    ended_on: date | None


def crawls(status: int, body: bytes) -> list[Crawl]:
    """The crawls that collinfo.json names, the newest first as it has them. Raises NoIndex."""
    _must_be_200(status, body)
    told = _json(body, "the list of crawls")
    named = [each for each in told if _names_crawl(each)] if isinstance(told, list) else []
    if not named:
        raise NoIndex(f"the list of crawls is none: {body[:80]!r}")
    return [Crawl(name=each["id"], began_on=_day(each.get("from")), ended_on=_day(each.get("to"))) for each in named]


def _names_crawl(told: object) -> bool:
    return isinstance(told, dict) and isinstance(told.get("id"), str) and _CRAWL.fullmatch(told["id"]) is not None


def overlapping(found: Iterable[Crawl], since: date | None, until: date | None) -> list[Crawl]:
    """Those with captures of these days, both included; a crawl whose days are not told is never left out."""
    return [
        each
        for each in found
        if not (since and each.ended_on and each.ended_on < since)
        and not (until and each.began_on and each.began_on > until)
    ]


def page_count(status: int, body: bytes) -> int:
    """How many pages of the index there are. Raises NoIndex."""
    if _is_empty(status, body):
        return 0
    _must_be_200(status, body)
    told = _json(body, "the number of index pages")
    pages = told.get("pages") if isinstance(told, dict) else None
    if not isinstance(pages, int) or isinstance(pages, bool) or pages < 0:
        raise NoIndex(f"the number of index pages is none: {body[:80]!r}")
    return pages


def index_entries(status: int, body: bytes, pass_over: Callable[[str], object] = lambda _: None) -> list[CdxEntry]:
    """The captures that a page of the index names; [] for a page without.

    pass_over: called with a phrase for each line that names none. Raises NoIndex.
    """
    if _is_empty(status, body):
        return []
    _must_be_200(status, body)
    if body and not body.endswith(b"\n"):
        raise NoIndex(f"the page ends within a line: {body[-80:]!r}")
    lines = body.splitlines()
    if lines and not any(line.startswith(b"{") for line in lines):
        raise NoIndex(f"no line of an index: {body[:80]!r}")
    found = []
    for line in lines:
        try:
            found.append(index_entry(_json(line, "a line")))
        except NoIndex as error:
            pass_over(str(error))
    return found


def index_entry(fields: Any) -> CdxEntry:
    """Of one line's fields. Raises BadRow."""
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


def _value(told: object) -> str:
    """A text or a number, as text; empty when it is missing. Raises BadRow."""
    if told is None:
        return ""
    if not isinstance(told, str | int) or isinstance(told, bool):
        raise BadRow(f"a field of another type: {str(told)[:80]!a}")
    text = str(told)
    try:
        text.encode()
    except UnicodeEncodeError as error:  # half of a pair of surrogates
        raise BadRow(f"a field that is no text: {text[:80]!a}") from error
    return text


def _is_empty(status: int, body: bytes) -> bool:
    """The index says 404 when a crawl, or a page of the index, has no captures."""
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
