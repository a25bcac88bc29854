"""Answers of Common Crawl's index, written by hand: read, or refused."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postscraper.sources.commoncrawl import Crawl, crawls, index_entries, overlapping, page_count
from postscraper.sources.remote import NoIndex
from storage.holdings.models import CdxEntry

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


def lines(*entries: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in entries)


def test_the_list_of_crawls() -> None:
    assert crawls(200, COLLINFO) == [
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
    assert [each.name for each in overlapping(crawls(200, COLLINFO), first, last)] == [
        f"CC-MAIN-{name}" for name in names
    ]


def test_the_number_of_pages() -> None:
    assert page_count(200, b'{"pages": 4, "pageSize": 1, "blocks": 4}\n') == 4
    assert page_count(200, b'{"pages": 0, "pageSize": 1, "blocks": 0}') == 0
    assert page_count(404, b'{"message": "No Captures found for: phnompenhpost.com/"}') == 0


def test_a_page_of_the_index() -> None:
    (found, second) = index_entries(200, lines(LINE, LINE | {"status": "-", "digest": "sha1:ABC"}))
    assert found == CdxEntry(
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
    of_2012 = "crawl-data/CC-MAIN-2012/segments/1346876860493/1346907001024_97.arc.gz"
    assert index_entries(200, lines(LINE | {"filename": of_2012}))[0].file == of_2012
    assert index_entries(404, b'{"message": "No Captures found for: phnompenhpost.com/"}') == []
    assert index_entries(200, b"") == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<!DOCTYPE html><title>Sorry</title>"),
        (200, b"null\n"),
        (200, b"[]\n"),
        (200, b"[" * 100_000 + b"\n"),
        (200, lines(LINE)[:-1]),
        (200, lines(LINE, LINE)[:-30]),
        (404, b"<h1>Not Found</h1>"),
        (503, b"<Error><Code>SlowDown</Code></Error>"),
        (403, lines(LINE)),
    ],
)
def test_what_is_no_page_of_the_index(status: int, body: bytes) -> None:
    with pytest.raises(NoIndex):
        index_entries(status, body)


@pytest.mark.parametrize("body", [b"<html>", b"3", b'{"pages": "4"}', b'{"pages": -1}', b'{"pages": true}', b"{}"])
def test_what_is_no_number_of_pages(body: bytes) -> None:
    with pytest.raises(NoIndex):
        page_count(200, body)


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'["CC-MAIN-2018-26"]', b'[{"name": "x"}]'])
def test_what_is_no_list_of_crawls(body: bytes) -> None:
    with pytest.raises(NoIndex):
        crawls(200, body)


BAD_LINES = [
    lines(LINE)[:200] + b"\xff\n",
    lines(LINE)[:200] + b"\n",
    b"\n",
    b"-\n",
    b"[]\n",
    b"null\n",
    b"<br>\n",
    b"[" * 100_000 + b"\n",
    lines(LINE | {"offset": "-1"}),
    lines(LINE | {"offset": "9" * 5_000}),
    b'{"offset": ' + b"9" * 5_000 + b"}\n",
    lines(LINE | {"length": "0"}),
    lines(LINE | {"length": "99999999999"}),
    lines(LINE | {"length": 1.5}),
    lines(LINE | {"timestamp": "20181320011000"}),
    lines(LINE | {"timestamp": "-"}),
    lines(LINE | {"timestamp": "2018 6 20 1 1 "}),
    lines(LINE | {"filename": "crawl-data/../../etc/passwd.warc.gz"}),
    lines(LINE | {"filename": "https://example.org/x.warc.gz"}),
    lines(LINE | {"url": "dns:www.phnompenhpost.com"}),
    lines(LINE | {"url": "-"}),
    lines(LINE | {"url": ["https://www.phnompenhpost.com/"]}),
    lines(LINE | {"url": "https://www.phnompenhpost.com/\ud800"}),
    lines(LINE | {"digest": {"sha1": "ABC"}}),
    lines({}),
]


@pytest.mark.parametrize("bad", BAD_LINES, ids=range(len(BAD_LINES)))
def test_a_bad_line_costs_itself_and_is_counted(bad: bytes) -> None:
    why: list[str] = []
    other = LINE | {"url": "https://www.phnompenhpost.com/national/boats"}
    found = index_entries(200, lines(LINE) + bad + lines(other), why.append)
    assert [each.url for each in found] == [LINE["url"], other["url"]]
    assert len(why) == 1
    assert why[0].isascii()


@given(
    st.dictionaries(st.sampled_from(sorted(LINE)), st.none() | st.booleans() | st.integers() | st.text(), max_size=4)
)
def test_whatever_a_field_is_the_page_is_read(changes: dict[str, Any]) -> None:
    why: list[str] = []
    found = index_entries(200, lines(LINE | changes, LINE), why.append)
    assert len(found) + len(why) == 2
    assert found[-1].url == LINE["url"]
    for each in found:
        assert f"{each.url}{each.mime}{each.digest}".encode()
        assert each.offset is not None
        assert each.offset < 2**63


def test_a_bad_entry_in_the_list_of_crawls_costs_itself() -> None:
    bad = (
        b'[{"id": "CC-MAIN-2018-30"}, {"name": "x"}, {"id": 7}, {"id": "a b"}, null, {"id": "CC-MAIN-2012", "from": 9}]'
    )
    assert [each.name for each in crawls(200, bad)] == ["CC-MAIN-2018-30", "CC-MAIN-2012"]
