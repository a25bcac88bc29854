"""Answers of Common Crawl, written by hand: what is read of them, and what is refused."""

import gzip
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from recording import earlier, page_at, records

from postscraper.errors import BadAnswer
from postscraper.sources import commoncrawl
from postscraper.sources.commoncrawl import Crawl, Row, count, crawls, exchange, overlapping, record_range, rows

COLLINFO = b"""[
  {"id": "CC-MAIN-2018-30", "name": "July 2018 Index", "timegate": "https://index.commoncrawl.org/CC-MAIN-2018-30/",
   "cdx-api": "https://index.commoncrawl.org/CC-MAIN-2018-30-index", "from": "2018-07-15T22:02:07",
   "to": "2018-07-23T21:07:25"},
  {"id": "CC-MAIN-2018-26", "cdx-api": "https://index.commoncrawl.org/CC-MAIN-2018-26-index",
   "from": "2018-06-17T17:02:13", "to": "2018-06-26T02:03:10"},
  {"id": "CC-MAIN-2012", "name": "2012 Index", "cdx-api": "https://index.commoncrawl.org/CC-MAIN-2012-index"}
]"""
FILE = "crawl-data/CC-MAIN-2018-26/segments/1529267863411.67/warc/CC-MAIN-20180620011502-20180620031502-00042.warc.gz"
LINE: dict[str, Any] = {
    "urlkey": "com,phnompenhpost)/national/river-clinic", "timestamp": "20180620011000",
    "url": "https://www.phnompenhpost.com/national/river-clinic", "mime": "text/html",
    "mime-detected": "application/xhtml+xml", "status": "200", "digest": "HVDHV3X7P4NT6UWEULFZBGRESKOWDPX6",
    "length": "6173", "offset": "19181", "filename": FILE, "languages": "eng", "encoding": "UTF-8",
}  # fmt: skip
PAGE = page_at(LINE["url"], b"<html><h1>River clinic</h1></html>", 0)


def lines(*told: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in told)


def member(**changes: Any) -> bytes:
    """The gzip member with the record of the page, changed so."""
    return gzip.compress(records([replace(PAGE, **changes)])[1], mtime=0)


def at(data: bytes, **changes: Any) -> Row:
    """What the index says of a record that fills the bytes."""
    return replace(rows(200, lines(LINE))[0], length=len(data), **changes)


def told(row: Row) -> str:
    return f"bytes {row.offset}-{row.offset + row.length - 1}/987654321"


def test_the_list_of_crawls() -> None:
    assert crawls(COLLINFO) == [
        Crawl(name="CC-MAIN-2018-30", began_on=date(2018, 7, 15), ended_on=date(2018, 7, 23)),
        Crawl(name="CC-MAIN-2018-26", began_on=date(2018, 6, 17), ended_on=date(2018, 6, 26)),
        Crawl(name="CC-MAIN-2012", began_on=None, ended_on=None),
    ]


@pytest.mark.parametrize(
    ("since", "until", "names"),
    [
        (None, None, ["2018-30", "2018-26", "2012"]),
        ("2018-06-26", None, ["2018-30", "2018-26", "2012"]),
        ("2018-06-27", None, ["2018-30", "2012"]),
        (None, "2018-07-14", ["2018-26", "2012"]),
        ("2018-06-20", "2018-06-20", ["2018-26", "2012"]),
    ],
)
def test_crawls_of_some_days(since: str | None, until: str | None, names: list[str]) -> None:
    first, last = (date.fromisoformat(day) if day else None for day in (since, until))
    assert [each.name for each in overlapping(crawls(COLLINFO), first, last)] == [f"CC-MAIN-{name}" for name in names]


def test_addresses_of_the_index() -> None:
    origin = commoncrawl.INDEX_ORIGIN
    counted = urlsplit(commoncrawl.count_url(origin, "CC-MAIN-2018-26", "phnompenhpost.com"))
    assert (counted.netloc, counted.path) == ("index.commoncrawl.org", "/CC-MAIN-2018-26-index")
    asked = {"url": ["phnompenhpost.com"], "matchType": ["domain"], "output": ["json"], "pageSize": ["1"]}
    assert parse_qs(counted.query) == asked | {"showNumPages": ["true"]}
    page = urlsplit(commoncrawl.page_url(origin, "CC-MAIN-2018-26", "phnompenhpost.com", 3, to="20180630"))
    assert parse_qs(page.query) == asked | {"page": ["3"], "to": ["20180630"]}


def test_the_number_of_pages() -> None:
    assert count(200, b'{"pages": 4, "pageSize": 1, "blocks": 4}\n') == 4
    assert count(200, b'{"pages": 0, "pageSize": 1, "blocks": 0}') == 0
    assert count(404, b'{"message": "No Captures found for: phnompenhpost.com/"}') == 0


def test_a_page_of_the_index() -> None:
    (found, second) = rows(200, lines(LINE, LINE | {"status": "-", "digest": "sha1:ABC"}))
    assert found == Row(
        url="https://www.phnompenhpost.com/national/river-clinic",
        captured_at=datetime(2018, 6, 20, 1, 10, tzinfo=UTC),
        status=200,
        mime="application/xhtml+xml",
        digest="HVDHV3X7P4NT6UWEULFZBGRESKOWDPX6",
        file=FILE,
        offset=19181,
        length=6173,
    )
    assert (second.status, second.digest) == (None, "ABC")
    assert rows(404, b'{"message": "No Captures found for: phnompenhpost.com/"}') == []
    assert rows(200, b"") == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<!DOCTYPE html><title>Sorry</title>"),
        (200, b"null\n"),
        (200, b"[]\n"),
        (200, b"[" * 100_000 + b"\n"),
        (200, lines(LINE)[:-1]),
        (200, lines(LINE, LINE)[:-30]),
        (200, lines(LINE)[:200] + b"\xff\n"),
        (200, lines(LINE | {"offset": "-1"})),
        (200, lines(LINE | {"length": "0"})),
        (200, lines(LINE | {"length": "99999999999"})),
        (200, lines(LINE | {"timestamp": "20181320011000"})),
        (200, lines(LINE | {"filename": "crawl-data/../../etc/passwd.warc.gz"})),
        (200, lines(LINE | {"filename": "https://example.org/x.warc.gz"})),
        (200, lines(LINE | {"url": "dns:www.phnompenhpost.com"})),
        (404, b"<h1>Not Found</h1>"),
        (503, b"<Error><Code>SlowDown</Code></Error>"),
        (403, lines(LINE)),
    ],
)
def test_what_is_no_page_of_the_index(status: int, body: bytes) -> None:
    with pytest.raises(BadAnswer):
        rows(status, body)


@pytest.mark.parametrize("body", [b"<html>", b"3", b'{"pages": "4"}', b'{"pages": -1}', b'{"pages": true}', b"{}"])
def test_what_is_no_number_of_pages(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        count(200, body)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'["CC-MAIN-2018-26"]', b'[{"name": "x"}]'])
def test_what_is_no_list_of_crawls(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        crawls(body)


def test_a_record_is_the_capture_as_it_was() -> None:
    data = member()
    row = at(data)
    assert record_range(row) == f"bytes=19181-{19181 + row.length - 1}"
    found = exchange(row, 206, told(row), data)
    assert found == replace(PAGE, source="commoncrawl", origin=f"{FILE}, byte 19181", request_headers=())
    assert found.captured_at == datetime(2018, 6, 20, 1, 10, tzinfo=UTC)


def test_a_page_cut_by_the_crawl_is_cut() -> None:
    cut = member(cut="length")
    row = at(cut)
    assert exchange(row, 206, told(row), cut).cut == "length"


def test_what_is_no_answer_to_a_range() -> None:
    data = member()
    row = at(data)
    refused = [
        ("the whole file came", row, 200, "", data),
        ("status 416", row, 416, "", b"<Error><Code>InvalidRange</Code></Error>"),
        ("status 503", row, 503, "", b"<Error><Code>SlowDown</Code></Error>"),
        ("another range came", row, 206, "bytes 1-100/987654321", data),
        ("another range came", row, 206, "", data),
        ("ends inside", row, 206, told(row), data[: len(data) // 2]),
        ("no WARC record begins", row, 206, told(row), b"<html>" + data[6:]),
        ("damaged gzip member", row, 206, told(row), data[:40] + bytes(20) + data[60:]),
        ("no record of an answer fills", replace(row, length=row.length + 9), 206, None, data),
    ]
    for words, asked, status, content_range, body in refused:
        came = told(asked) if content_range is None else content_range
        with pytest.raises(BadAnswer, match=words):
            exchange(asked, status, came, body)


def test_another_record_than_the_index_names() -> None:
    data = member()
    for row in (
        at(data, url="https://www.phnompenhpost.com/other"),
        at(data, captured_at=datetime(2019, 1, 1, tzinfo=UTC)),
    ):
        with pytest.raises(BadAnswer, match="the record is that of"):
            exchange(row, 206, told(row), data)
    request = gzip.compress(records([PAGE])[2], mtime=0)
    with pytest.raises(BadAnswer, match="no record of an answer"):
        exchange(at(request), 206, told(at(request)), request)
    revisit = gzip.compress(records([PAGE], earlier(PAGE))[1], mtime=0)
    with pytest.raises(BadAnswer, match="earlier capture"):
        exchange(at(revisit), 206, told(at(revisit)), revisit)
