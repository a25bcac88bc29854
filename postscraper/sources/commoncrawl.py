"""Common Crawl: a crawl of the web nearly every month since 2013, each with an index of its own.

The index of a crawl tells in pages of JSON lines where a capture lies: in which WARC file, at which byte, how many
bytes; that range of the file is one gzip member with one record. What the index answers is described at
https://pywb.readthedocs.io/en/latest/manual/cdxserver_api.html; it differs by its 404 for a page without captures.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

from postscraper.errors import BadAnswer
from storage.exchange import Exchange
from storage.warcfile import piece_at
from storage.warcreading import Answered, Broken, opened

NAME = "commoncrawl"  # of the source
INDEX_ORIGIN, STORE_ORIGIN = "https://index.commoncrawl.org", "https://data.commoncrawl.org"
BLOCKS_A_PAGE = 1  # of the index, each 3,000 lines: some 1.3 MB
LONGEST_RECORD = 16 * 2**20  # compressed; Common Crawl cuts a page at 1 MB, since March 2025 at 5 MB

_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(?:\d{1,18}|\*)")
_DIGITS = re.compile(r"\d{1,18}")
_FILE = re.compile(r"crawl-data/[\w./-]{1,300}\.w?arc\.gz")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crawl:
    """began_on, ended_on: days of its first and last capture, in UTC; None when the list does not tell."""

    name: str
    began_on: date | None
    ended_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Where a capture lies. status: None when the index has none; file: its path at data.commoncrawl.org.

    digest: SHA-1 of the body, in base32. captured_at: to the second.
    """

    url: str
    captured_at: datetime
    status: int | None
    mime: str
    digest: str
    file: str
    offset: int
    length: int

    @property
    def origin(self) -> str:
        return f"{self.file}, byte {self.offset}"


def crawls(body: bytes) -> list[Crawl]:
    """The crawls that collinfo.json names, the newest first as it has them. Raises BadAnswer."""
    told = _json(body, "the list of crawls")
    if not isinstance(told, list) or not told or not all(isinstance(each, dict) and "id" in each for each in told):
        raise BadAnswer(f"the list of crawls is none: {body[:80]!r}")
    return [
        Crawl(name=str(each["id"]), began_on=_day(each.get("from")), ended_on=_day(each.get("to"))) for each in told
    ]


def overlapping(found: Iterable[Crawl], since: date | None, until: date | None) -> list[Crawl]:
    """Those with captures of these days, both included; a crawl whose days are not told is never left out."""
    return [
        each
        for each in found
        if not (since and each.ended_on and each.ended_on < since)
        and not (until and each.began_on and each.began_on > until)
    ]


def count_url(origin: str, crawl: str, host: str, **bounds: str) -> str:
    """Where the index says how many pages it has of a host and all below it."""
    return _index_url(origin, crawl, host, {"showNumPages": "true"} | bounds)


def page_url(origin: str, crawl: str, host: str, page: int, **bounds: str) -> str:
    """One page of the index, from 0. bounds: `from` and `to`, of the moments of capture, in 1 to 14 digits."""
    return _index_url(origin, crawl, host, {"page": str(page)} | bounds)


def _index_url(origin: str, crawl: str, host: str, more: dict[str, str]) -> str:
    words = {"url": host, "matchType": "domain", "output": "json", "pageSize": str(BLOCKS_A_PAGE)} | more
    return f"{origin}/{crawl}-index?{urlencode(words)}"


def count(status: int, body: bytes) -> int:
    """How many pages of the index there are, from the answer to `count_url`. Raises BadAnswer."""
    if _is_empty(status, body):
        return 0
    _must_be_200(status, body)
    told = _json(body, "the number of index pages")
    pages = told.get("pages") if isinstance(told, dict) else None
    if not isinstance(pages, int) or isinstance(pages, bool) or pages < 0:
        raise BadAnswer(f"the number of index pages is none: {body[:80]!r}")
    return pages


def rows(status: int, body: bytes) -> list[Row]:
    """The captures that a page of the index names; [] for a page without. Raises BadAnswer.

    One line that cannot be read makes the page none: nothing of it is believed.
    """
    if _is_empty(status, body):
        return []
    _must_be_200(status, body)
    if body and not body.endswith(b"\n"):
        raise BadAnswer(f"the index page ends within a line: {body[-80:]!r}")
    return list(_rows(body.splitlines()))


def _rows(lines: Iterable[bytes]) -> Iterator[Row]:
    for line in lines:
        told = _json(line, "a line of the index")
        if not isinstance(told, dict):
            raise BadAnswer(f"a line of the index is no object: {line[:80]!r}")
        yield row(told)


def row(told: Mapping[str, Any]) -> Row:
    """Of one line's fields. Raises BadAnswer."""
    values = {name: str(told.get(name, "")) for name in ("url", "timestamp", "status", "filename", "offset", "length")}
    at = _moment(values["timestamp"])
    numbers = all(_DIGITS.fullmatch(values[name]) for name in ("offset", "length"))
    known = values["url"].startswith(("http://", "https://")) and _is_file(values["filename"])
    if at is None or not numbers or not known or not 0 < int(values["length"]) <= LONGEST_RECORD:
        raise BadAnswer(f"a line of the index names no capture: {json.dumps(told)[:200]}")
    return Row(
        url=values["url"],
        captured_at=at,
        status=int(values["status"]) if re.fullmatch(r"\d{3}", values["status"]) else None,
        mime=str(told.get("mime-detected") or told.get("mime") or ""),
        digest=str(told.get("digest", "")).removeprefix("sha1:"),
        file=values["filename"],
        offset=int(values["offset"]),
        length=int(values["length"]),
    )


def record_range(row: Row) -> str:
    """The header Range that asks for the one record."""
    return f"bytes={row.offset}-{row.offset + row.length - 1}"


def exchange(row: Row, status: int, content_range: str, body: bytes) -> Exchange:
    """The capture in the answer to a request for its range, as the crawl kept it. Raises BadAnswer.

    content_range: the answer's header; empty when it has none.
    """
    if status == 200:
        raise BadAnswer(f"{row.file}: the whole file came, not the {row.length} bytes from byte {row.offset}")
    if status != 206:
        raise BadAnswer(f"{row.origin}: status {status}: {body[:80]!r}")
    came = _CONTENT_RANGE.fullmatch(content_range.strip())
    if came is None or (int(came[1]), int(came[2])) != (row.offset, row.offset + row.length - 1):
        raise BadAnswer(f"{row.origin}: another range came: {content_range[:60]!r}")
    return capture(row, body)


def capture(row: Row, member: bytes) -> Exchange:
    """The capture in its gzip member. Raises BadAnswer."""
    try:
        piece = piece_at(BytesIO(member), 0)
        record = opened(piece.raw)
    except Broken as broken:
        raise BadAnswer(f"{row.origin}: {broken}") from broken
    if piece.length != row.length or not isinstance(record, Answered):
        raise BadAnswer(f"{row.origin}: no record of an answer fills the {row.length} bytes that the index names")
    found = record.exchange
    if (found.url, _second(found.captured_at)) != (row.url, row.captured_at):
        raise BadAnswer(f"{row.origin}: the record is that of {found.url} at {found.captured_at}")
    if record.lacks_body:
        raise BadAnswer(f"{row.origin}: the record refers to an earlier capture for its body")
    return replace(found, source=NAME, origin=row.origin)


def _is_empty(status: int, body: bytes) -> bool:
    """The index says 404 when a crawl, or a page of the index, has no captures; so does a crawl that does not exist."""
    return status == 404 and b"No Captures found" in body[:1000]


def _must_be_200(status: int, body: bytes) -> None:
    if status != 200:
        raise BadAnswer(f"the index answers with status {status}: {body[:80]!r}")


def _json(body: bytes, what: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadAnswer(f"{what} is no JSON: {body[:80]!r}") from error


def _is_file(name: str) -> bool:
    return _FILE.fullmatch(name) is not None and "//" not in name and ".." not in name


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC) if len(text) == 14 else None
    except ValueError:
        return None


def _day(text: object) -> date | None:
    try:
        return datetime.fromisoformat(str(text)).date()
    except ValueError:
        return None


def _second(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(microsecond=0)
