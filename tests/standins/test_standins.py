"""The stand-ins for other people's archives speak as those do."""

import gzip
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from http.client import IncompleteRead
from pathlib import Path
from urllib.parse import quote

import pytest

from storage.warc.exchange import Exchange
from tests.helpers.warc_files import again, pages, records, warc_gz
from tests.standins import commoncrawl, faults
from tests.standins.commoncrawl import CRAWL
from tests.standins.serving import Standin, ask
from tests.standins.together import Standins, standins_of

pytestmark = pytest.mark.pywb


def _exchanges() -> list[Exchange]:
    """Twenty pages; the first three also an hour later; one that came compressed, and a redirect."""
    found = list(pages(20))
    packed = replace(found[4], url="https://www.phnompenhpost.com/packed", body=gzip.compress(found[4].body, mtime=0))
    packed = replace(packed, headers=(*packed.headers, ("Content-Encoding", "gzip")))
    away = (("Location", "https://www.phnompenhpost.com/national"),)
    moved = replace(found[5], url="http://www.phnompenhpost.com/old", status=301, headers=away, body=b"")
    return [*found, *(again(each, 60) for each in found[:3]), packed, moved]


EXCHANGES = _exchanges()


@pytest.fixture(scope="module")
def standins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standins]:
    with standins_of(EXCHANGES, tmp_path_factory.mktemp("pywb")) as found:
        yield found


@pytest.fixture(autouse=True)
def mended(standins: Standins) -> None:
    standins.mend()


def stamp(exchange: Exchange) -> str:
    assert exchange.captured_at is not None
    return f"{exchange.captured_at:%Y%m%d%H%M%S}"


CAPTURES = sorted((each.url, stamp(each)) for each in EXCHANGES)


def cdx(standin: Standin, words: str) -> list[list[str]]:
    answer = ask(f"{standin.origin}/cdx/search/cdx?output=json&{words}")
    assert answer.status == 200
    table: list[list[str]] = json.loads(answer.body)
    return table


def test_wayback_lists_a_host_page_by_page(standins: Standins) -> None:
    words = "url=phnompenhpost.com&matchType=domain&showResumeKey=true&limit=7"
    found, key = [], ""
    while True:
        head, *rows = cdx(standins.wayback, words + key)
        assert head == ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]
        more = len(rows) > 2 and rows[-2] == []
        found += rows[:-2] if more else rows
        assert len(rows[:-2] if more else rows) <= 7
        if not more:
            break
        key = f"&resumeKey={rows[-1][0]}"
    assert sorted((row[2], row[1]) for row in found) == CAPTURES
    assert all(len(row[5]) == 32 and row[6].isdigit() for row in found)


def test_wayback_filters_collapses_and_bounds(standins: Standins) -> None:
    words = "url=phnompenhpost.com&matchType=domain"
    moved = cdx(standins.wayback, words + "&filter=!statuscode:200")[1:]
    assert [row[2] for row in moved] == ["http://www.phnompenhpost.com/old"]
    assert len(cdx(standins.wayback, words + "&filter=statuscode:200&filter=mimetype:text/html")) == len(EXCHANGES)
    once = [row[0] for row in cdx(standins.wayback, words + "&collapse=urlkey")[1:]]
    assert len(once) == len(set(once)) < len(EXCHANGES)
    late = cdx(standins.wayback, words + "&from=20180620021000")[1:]
    assert {row[1] for row in late} == {time for _, time in CAPTURES if time >= "20180620021000"}
    other = cdx(standins.wayback, words + "&fl=original,mimetype&filter=!mimetype:.*(css|html).*")
    assert [row[0] for row in other] == ["original", "http://www.phnompenhpost.com/old"]
    assert sorted(tuple(row[::-1]) for row in cdx(standins.wayback, words + "&fl=timestamp,original")[1:]) == CAPTURES
    assert cdx(standins.wayback, "url=example.org") == []


def test_wayback_gives_captures_as_they_came(standins: Standins) -> None:
    for exchange in EXCHANGES:
        answer = ask(f"{standins.wayback.origin}/web/{stamp(exchange)}id_/{quote(exchange.url, safe=':/?=&%')}")
        assert (answer.status, answer.body) == (exchange.status, exchange.body)
        assert exchange.captured_at is not None
        assert answer.headers["memento-datetime"] == f"{exchange.captured_at:%a, %d %b %Y %H:%M:%S} GMT"
        came = {name.lower(): value for name, value in exchange.headers}
        told = {name.removeprefix("x-archive-orig-"): value for name, value in answer.headers.items()
                if name.startswith("x-archive-orig-")}  # fmt: skip
        assert came.items() <= told.items()
        assert answer.headers.get("content-encoding") == came.get("content-encoding")
    assert answer.headers["location"].endswith("id_/https://www.phnompenhpost.com/national")
    unknown = ask(f"{standins.wayback.origin}/web/20180620011000id_/http://example.org/")
    assert unknown.status == 404
    assert "memento-datetime" not in unknown.headers


def test_common_crawl_lists_its_crawls_and_pages(standins: Standins) -> None:
    index = standins.crawl.index.origin
    (told,) = json.loads(ask(f"{index}/collinfo.json").body)
    assert told["id"] == CRAWL
    asked = f"{told['cdx-api']}?url=phnompenhpost.com&matchType=domain&output=json"
    pages = json.loads(ask(asked + "&pageSize=1&showNumPages=true").body)
    assert pages["pages"] > 2
    found = [ask(f"{asked}&pageSize=1&page={number}").body.splitlines() for number in range(pages["pages"])]
    rows = [json.loads(line) for page in found for line in page]
    assert sorted((row["url"], row["timestamp"]) for row in rows) == CAPTURES
    assert {"urlkey", "status", "mime", "digest", "length", "offset", "filename"} <= rows[0].keys()
    good = ask(f"{asked}&filter=%3Dstatus:200&from=20180620&to=20180620").body.splitlines()
    assert len(good) == len(CAPTURES) - 1, "without the redirect"
    assert ask(f"{asked}&from=20180621").status == 404
    assert ask(f"{asked}&pageSize=1&page={pages['pages']}").status == 400
    nothing = ask(f"{told['cdx-api']}?url=example.org&output=json")
    assert (nothing.status, b"No Captures found" in nothing.body) == (404, True)
    assert json.loads(ask(f"{told['cdx-api']}?url=example.org&output=json&showNumPages=true").body)["pages"] == 0


def test_common_crawl_gives_ranges_of_its_files(standins: Standins) -> None:
    index, store = (each.origin for each in standins.crawl)
    found = ask(f"{index}/{CRAWL}-index?url=phnompenhpost.com&matchType=domain&output=json").body.splitlines()
    for row in map(json.loads, found):
        first, last = int(row["offset"]), int(row["offset"]) + int(row["length"]) - 1
        answer = ask(f"{store}/{row['filename']}", Range=f"bytes={first}-{last}")
        assert answer.status == 206
        assert answer.headers["content-range"].startswith(f"bytes {first}-{last}/")
        assert f"WARC-Target-URI: {row['url']}\r\n".encode() in gzip.decompress(answer.body)
    assert ask(f"{store}/{row['filename']}", Range="bytes=99999999-").status == 416
    assert ask(f"{store}/crawl-data/none.warc.gz").status == 404


def test_common_crawl_lists_its_news(standins: Standins) -> None:
    store = standins.crawl.store.origin
    (name,) = gzip.decompress(ask(f"{store}/crawl-data/CC-NEWS/2018/06/warc.paths.gz").body).decode().split()
    members = gzip.decompress(ask(f"{store}/{name}").body)
    assert members.count(b"WARC-Type: response") == sum(b"WARC-Type: response" in each for each in records(EXCHANGES))


def test_faults_come_when_they_are_planned(standins: Standins) -> None:
    store = standins.crawl.store
    list_of_files = f"{store.origin}/crawl-data/CC-NEWS/2018/06/warc.paths.gz"
    store.fault(faults.too_many(3), after=1)
    store.fault(faults.slow_down, times=2)
    answers = [ask(list_of_files) for _ in range(5)]
    assert [answer.status for answer in answers] == [200, 429, 503, 503, 200]
    assert answers[1].headers["retry-after"] == "3"
    assert len(store.asked) == 5


def test_each_fault_is_what_it_says(standins: Standins) -> None:
    store = standins.crawl.store
    whole = ask(f"{store.origin}/crawl-data/CC-NEWS/2018/06/warc.paths.gz").body
    address = f"{store.origin}/crawl-data/CC-NEWS/2018/06/warc.paths.gz"
    store.fault(faults.half)
    began = time.monotonic()
    with pytest.raises(IncompleteRead):
        ask(address)
    assert time.monotonic() - began < 5
    store.fault(faults.html)
    assert (ask(address).status, ask(address).body) == (200, whole)
    store.fault(faults.whole_file)
    answer = ask(address, Range="bytes=0-9")
    assert (answer.status, answer.body) == (200, whole)
    store.fault(faults.another_range)
    answer = ask(address, Range="bytes=0-9")
    assert (answer.status, answer.body) == (206, whole[1:101])
    assert ask(address, Range="bytes=0-9").body == whole[:10]


def test_the_files_lie_as_the_service_has_them(tmp_path: Path) -> None:
    warc = warc_gz(tmp_path / "pages.warc.gz", EXCHANGES)
    place = tmp_path / "mirror"
    place.mkdir()
    commoncrawl.lay_out(place, [warc.read_bytes()])
    index = place / f"cc-index/collections/{CRAWL}/indexes"
    lines = gzip.decompress((index / "cdx-00000.gz").read_bytes()).splitlines()
    assert len(lines) == len(EXCHANGES)
    for line in (index / "cluster.idx").read_text("utf-8").splitlines():
        first, shard, offset, length, _ = line.split("\t")
        block = (index / shard).read_bytes()[int(offset) : int(offset) + int(length)]
        assert gzip.decompress(block).decode().startswith(first)
