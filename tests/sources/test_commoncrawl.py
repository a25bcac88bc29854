"""Questions to Common Crawl and its answers, written by hand: read, or refused."""

import gzip
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from postscraper.sources.commoncrawl import CommonCrawl, index_entries, record
from postscraper.sources.remote import NoCapture, NoIndex, targets
from storage.holdings.models import CdxEntry
from storage.warc.exchange import Exchange
from tests.helpers.warc_files import arc, earlier, page_at, records
from tests.sources.test_crawlindex import COLLINFO, FILE, LINE, lines

PAGE = page_at(LINE["url"], b"<html><h1>River clinic</h1></html>", 0)


def member(**changes: Any) -> bytes:
    """The gzip member with the record of the page, changed so."""
    return gzip.compress(records([replace(PAGE, **changes)])[1], mtime=0)


def at(data: bytes, **changes: Any) -> CdxEntry:
    """What the index says of a record that fills the bytes."""
    return replace(index_entries(200, lines(LINE))[0], **({"length": len(data)} | changes))


def answered(status: int, body: bytes, content_range: str = "", *, cut: str | None = None) -> Exchange:
    headers = (("Content-Range", content_range),) if content_range else ()
    return Exchange(
        url="https://data.commoncrawl.org/x", requested_at=None, captured_at=None, status=status, headers=headers,
        body=body, cut=cut,
    )  # fmt: skip


def range_header(listed: CdxEntry) -> str:
    assert listed.offset is not None
    assert listed.length is not None
    return f"bytes {listed.offset}-{listed.offset + listed.length - 1}/987654321"


PAPER = targets("phnompenhpost.com")


def walk(archive: CommonCrawl, answers: dict[str, Exchange], *days: date | None) -> tuple[list[str], list[CdxEntry]]:
    """The addresses that are asked, and what they list; answers: by a part of the address."""
    asked, found = [], []
    for query in archive.queries(PAPER, *days):
        key: str | None = None
        while True:
            asked.append(archive.index_request(query, key).url)
            answer = next(each for part, each in answers.items() if part in asked[-1])
            page = archive.read_index(query, key, answer)
            found += page.captures
            key = page.resume_key
            if key is None:
                break
    return asked, found


NOTHING = answered(404, b'{"message": "No Captures found for: phnompenhpost.com/"}')
ANSWERS = {
    "collinfo.json": answered(200, COLLINFO),
    "CC-MAIN-2018-26-index?url=phnompenhpost.com&matchType=domain&filter=%3Dstatus%3A200&output=json&pageSize=1"
    "&showNumPages=true": answered(200, b'{"pages": 2, "pageSize": 1, "blocks": 2}'),
    "page=0": answered(200, lines(LINE, LINE | {"timestamp": "20180621011000"})),
    "page=1": NOTHING,
    "showNumPages=true": answered(200, b'{"pages": 0, "pageSize": 1, "blocks": 0}'),
}


def test_a_crawl_is_read_page_by_page() -> None:
    asked, found = walk(CommonCrawl(("CC-MAIN-2018-26",)), ANSWERS)
    assert [urlsplit(url)[:3] for url in asked] == [("https", "index.commoncrawl.org", "/CC-MAIN-2018-26-index")] * 3
    assert len(found) == 2
    same = {"url": ["phnompenhpost.com"], "matchType": ["domain"], "output": ["json"], "pageSize": ["1"]}
    same |= {"filter": ["=status:200"]}
    places = [{"showNumPages": ["true"]}, {"page": ["0"]}, {"page": ["1"]}]
    assert [parse_qs(urlsplit(url).query) for url in asked] == [same | place for place in places]


def test_without_a_crawl_all_are_asked_one_after_the_other() -> None:
    asked, found = walk(CommonCrawl(), ANSWERS)
    assert asked[0] == "https://index.commoncrawl.org/collinfo.json"
    paths = [urlsplit(url).path for url in asked[1:]]
    assert paths == ["/CC-MAIN-2018-30-index"] + ["/CC-MAIN-2018-26-index"] * 3 + ["/CC-MAIN-2012-index"]
    assert len(found) == 2


def test_only_crawls_of_the_days_are_asked() -> None:
    asked, _ = walk(CommonCrawl(), ANSWERS, date(2018, 6, 30), date(2018, 7, 16))
    assert [urlsplit(url).path for url in asked[1:]] == ["/CC-MAIN-2018-30-index", "/CC-MAIN-2012-index"]
    assert parse_qs(urlsplit(asked[1]).query)["from"] == ["20180630"]
    assert parse_qs(urlsplit(asked[1]).query)["to"] == ["20180716"]
    assert walk(CommonCrawl(), ANSWERS, date(2018, 8, 1))[1] == []


def test_sections_and_addresses_are_asked_of_every_host() -> None:
    (query, *others) = CommonCrawl(("CC-MAIN-2018-26",)).queries(targets("phnompenhpost.com", ["/national"]))
    assert "url=phnompenhpost.com%2Fnational&matchType=prefix" in query
    assert len(others) == 2
    named = CommonCrawl().queries(
        targets("phnompenhpost.com", addresses=["https://www.phnompenhpost.com/national/a?x=1"])
    )
    assert "url=phnompenhpost.com%2Fnational%2Fa%3Fx%3D1&matchType=exact" in named[0]


def test_half_an_index_is_none() -> None:
    archive = CommonCrawl(("CC-MAIN-2018-26",))
    (query,) = archive.queries(PAPER)
    with pytest.raises(NoIndex, match="half an answer"):
        archive.read_index(query, "CC-MAIN-2018-26 0/2", answered(200, lines(LINE), cut="disconnect"))


STORE = CommonCrawl()


def test_a_record_is_the_capture_as_it_was() -> None:
    data = member()
    listed = at(data)
    question = STORE.capture_request(listed)
    assert question.url == f"https://data.commoncrawl.org/{FILE}"
    assert ("Range", f"bytes=19181-{19181 + len(data) - 1}") in question.headers
    found = STORE.read_capture(listed, answered(206, data, range_header(listed)))
    assert found == replace(PAGE, source="commoncrawl", origin=f"{FILE}, byte 19181", request_headers=())
    assert found.captured_at == datetime(2018, 6, 20, 1, 10, tzinfo=UTC)


def test_records_of_the_first_crawls_are_arc(tmp_path: Path) -> None:
    data = arc(tmp_path / "x.arc.gz", [PAGE]).read_bytes()
    data = data[data.index(b"\x1f\x8b\x08", 1) :]
    found = STORE.read_capture(at(data), answered(206, data, range_header(at(data))))
    assert (found.url, found.captured_at, found.status, found.body) == (PAGE.url, PAGE.captured_at, 200, PAGE.body)


def test_a_page_cut_by_the_crawl_is_cut() -> None:
    data = member(cut="length")
    assert STORE.read_capture(at(data), answered(206, data, range_header(at(data)))).cut == "length"


def test_what_is_no_answer_to_a_range_is_asked_for_again() -> None:
    data = member()
    listed = at(data)
    refused = [
        ("the whole file came", answered(200, data)),
        ("status 416", answered(416, b"<Error><Code>InvalidRange</Code></Error>")),
        ("status 503", answered(503, b"<Error><Code>SlowDown</Code></Error>")),
        ("another range came", answered(206, data, "bytes 1-100/987654321")),
        ("another range came", answered(206, data)),
        ("half an answer", answered(206, data[: len(data) // 2], range_header(listed))),
        ("half an answer", answered(206, data, range_header(listed), cut="disconnect")),
    ]
    for words, answer in refused:
        with pytest.raises(NoCapture, match=words) as error:
            STORE.read_capture(listed, answer)
        assert not error.value.gone
    with pytest.raises(NoCapture, match="status 404") as error:
        STORE.read_capture(listed, answered(404, b"<Error><Code>NoSuchKey</Code></Error>"))
    assert error.value.gone


def test_what_is_no_record_is_not_asked_for_again() -> None:
    data = member()
    request = gzip.compress(records([PAGE])[2], mtime=0)
    revisit = gzip.compress(records([PAGE], earlier(PAGE))[1], mtime=0)
    refused = [
        ("the record is that of", at(data, url="https://www.phnompenhpost.com/other"), data),
        ("the record is that of", at(data, captured_at=datetime(2019, 1, 1, tzinfo=UTC)), data),
        ("no record of an answer", at(request), request),
        ("no record of an answer", at(data), data + request),
        ("earlier capture", at(revisit), revisit),
        ("no WARC record begins", at(data), b"<html>" + data[6:]),
        ("damaged gzip member", at(data), data[:40] + bytes(20) + data[60:]),
        ("ends inside", at(data), data[:100]),
    ]
    for words, listed, body in refused:
        with pytest.raises(NoCapture, match=words) as error:
            record(listed, body)
        assert error.value.gone
