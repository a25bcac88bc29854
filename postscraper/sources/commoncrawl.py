"""Common Crawl: a crawl of the web nearly every month since 2013, each with an index of its own.

The index tells where a capture lies: in which WARC file, at which byte, how many bytes. That range of the file is
one gzip member with one record. Both are to be asked by programs (https://commoncrawl.org/get-started), one question
at a time; their robots.txt keeps crawlers out.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from io import BytesIO
from urllib.parse import parse_qsl, urlencode

from postscraper.sources import commoncrawl_index
from postscraper.sources.remote import IndexPage, NoCapture, NoIndex, Question, Target
from storage.holdings.models import CdxEntry
from storage.warc.exchange import Exchange
from storage.warc.files import raw_record_at
from storage.warc.parser import BadRecord, ResponseRecord, parse_record

INDEX, STORE = "https://index.commoncrawl.org", "https://data.commoncrawl.org"
NAME = "commoncrawl"
BLOCKS_A_PAGE = 1  # of the index, each 3,000 lines: some 1.3 MB
ALL = "all"

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(?:\d{1,18}|\*)", re.A)
_KEY = re.compile(r"(?P<crawl>\S+) (?:\?|(?P<page>\d{1,9})/(?P<pages>\d{1,9}))(?P<rest>(?: \S+)*)", re.A)


@dataclass(frozen=True, slots=True)
class _Turn:
    """The next question: how many pages the first of the crawls has, or one of them."""

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

    def queries(self, targets: Iterable[Target], since: date | None, until: date | None) -> tuple[str, ...]:
        days = [("from", since), ("to", until)]
        span = [(name, f"{day:%Y%m%d}") for name, day in days if day]
        return tuple(
            urlencode([("crawl", crawl), ("url", url), ("matchType", match), ("filter", "=status:200"), *span])
            for crawl in self.crawls or (ALL,)
            for url, match in targets
        )

    def index(self, query: str, resume_key: str | None) -> Question:
        (_, crawl), *words = parse_qsl(query)
        turn = _Turn.of(crawl, resume_key)
        if turn is None:
            return Question(url=f"{self.index_origin}/collinfo.json", documented=True)
        place = ("showNumPages", "true") if turn.page is None else ("page", str(turn.page))
        asked = urlencode([*words, ("output", "json"), ("pageSize", str(BLOCKS_A_PAGE)), place])
        return Question(url=f"{self.index_origin}/{turn.crawls[0]}-index?{asked}", documented=True)

    def listed(self, query: str, resume_key: str | None, answer: Exchange) -> IndexPage:
        if answer.cut:
            raise NoIndex("half an answer")
        words = dict(parse_qsl(query))
        turn, status, found = _Turn.of(words["crawl"], resume_key), answer.status or 0, list[CdxEntry]()
        bad = list[str]()
        onward: _Turn | None
        if turn is None:
            told = commoncrawl_index.crawls(status, answer.body)
            crawls = commoncrawl_index.overlapping(told, _day(words.get("from")), _day(words.get("to")))
            onward = _Turn(tuple(crawl.name for crawl in crawls)) if crawls else None
        elif turn.page is None:
            onward = turn.onward(0, commoncrawl_index.count(status, answer.body))
        else:
            found = commoncrawl_index.captures(status, answer.body, bad.append)
            onward = turn.onward(turn.page + 1, turn.pages)
        return IndexPage(captures=tuple(found), resume_key=onward.key() if onward else None, bad_rows=tuple(bad))

    def wanted(self, listed: CdxEntry) -> Question:
        first, last = _range(listed)
        headers = (("Range", f"bytes={first}-{last}"), ("Accept-Encoding", "identity"))
        return Question(url=f"{self.store_origin}/{listed.file}", headers=headers, documented=True)

    def capture(self, listed: CdxEntry, answer: Exchange) -> Exchange:
        """One that the crawl cut at its limit of size is cut; its record says so."""
        if answer.status in (404, 410):
            raise NoCapture(f"{listed.file}: status {answer.status}", gone=True)
        if answer.status == 200:
            raise NoCapture(f"{listed.file}: the whole file came in place of a range")
        if answer.status != 206:
            raise NoCapture(f"{listed.file}: status {answer.status}: {answer.body[:80]!r}")
        came = _CONTENT_RANGE.fullmatch(answer.header("content-range") or "")
        first, last = _range(listed)
        if came is None or (int(came[1]), int(came[2])) != (first, last):
            raise NoCapture(f"{listed.file}: another range came than {first}-{last}: {came and came[0]}")
        if answer.cut or len(answer.body) != last - first + 1:
            raise NoCapture(f"{listed.file}: half an answer")
        return replace(record(listed, answer.body), source=self.name, origin=f"{listed.file}, byte {listed.offset}")


def record(listed: CdxEntry, member: bytes) -> Exchange:
    """The capture in its gzip member. Raises NoCapture: asked again, the archive would give the same."""
    where = f"{listed.file}, byte {listed.offset}"
    try:
        piece = raw_record_at(BytesIO(member), 0)
        found = parse_record(piece.raw)
    except BadRecord as broken:
        raise NoCapture(f"{where}: {broken}", gone=True) from broken
    if piece.length != len(member) or not isinstance(found, ResponseRecord):
        raise NoCapture(f"{where}: no record of an answer fills the range that the index names", gone=True)
    exchange = found.exchange
    at = exchange.captured_at
    if (exchange.url, at and at.replace(microsecond=0)) != (listed.url, listed.captured_at):
        raise NoCapture(f"{where}: the record is that of {exchange.url} at {at}", gone=True)
    if found.lacks_body:
        raise NoCapture(f"{where}: its body is that of an earlier capture", gone=True)
    return exchange


def _range(listed: CdxEntry) -> tuple[int, int]:
    assert listed.offset is not None
    assert listed.length is not None
    return listed.offset, listed.offset + listed.length - 1


def _day(text: str | None) -> date | None:
    return datetime.strptime(text, "%Y%m%d").date() if text else None  # noqa: DTZ007  # a day, without a zone
