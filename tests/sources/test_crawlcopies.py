"""Copies of Common Crawl's files in a folder: found by their index, read where they lie."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from postscraper.errors import BadRequest
from postscraper.sources.commoncrawl_copies import pages as copies
from postscraper.sources.warc import PageFilter
from storage.warc.exchange import Damage, Exchange
from tests.helpers.crawls import asked, scrapy
from tests.helpers.paths import SAMPLES
from tests.helpers.warc_files import page_at, pages, records, warc_gz

HOST = "www.phnompenhpost.com"
WARC = "crawl-data/CC-MAIN-2018-26/segments/1/warc/x.warc.gz"
INDEX = "cc-index/collections/CC-MAIN-2018-26/indexes/cdx-00000.gz"
NEWS = "crawl-data/CC-NEWS/2018/06/CC-NEWS-20180620011000-00001.warc.gz"


def place(folder: Path, name: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def lay_out(folder: Path, found: list[Exchange], file: str = WARC) -> list[bytes]:
    """A WARC file, and the lines of its index."""
    lines, data = [], b""
    for record in records(found):
        packed = gzip.compress(record, mtime=0)
        if b"\r\nWARC-Type: response\r\n" in record:
            exchange = found[len(lines)]
            row = {"url": exchange.url, "mime": "text/html", "status": "200", "digest": "", "filename": file}
            row |= {"offset": str(len(data)), "length": str(len(packed))}
            key = "org,example)/" if "example.org" in exchange.url else "com,phnompenhpost)/"
            lines.append(f"{key} {exchange.captured_at:%Y%m%d%H%M%S} {json.dumps(row)}\n".encode())
        data += packed
    place(folder, file).write_bytes(data)
    return lines


def read(folder: Path) -> tuple[list[Exchange], PageFilter, list[Damage]]:
    page_filter, damages = PageFilter(HOST, source="commoncrawl"), list[Damage]()
    found = [exchange for _, exchange in copies(folder, "phnompenhpost.com", page_filter, damages.append)]
    return found, page_filter, damages


FOUND = list(pages(6))


def test_the_pages_that_an_index_names(tmp_path: Path) -> None:
    lines = lay_out(tmp_path, [*FOUND, page_at("https://example.org/", b"<html>", 9)])
    blocks = gzip.compress(b"".join(lines[:3]), mtime=0) + gzip.compress(b"".join(lines[3:]), mtime=0)
    place(tmp_path, INDEX).write_bytes(blocks)
    found, page_filter, damages = read(tmp_path)
    assert [(each.url, each.captured_at, each.body) for each in found] == [
        (each.url, each.captured_at, each.body) for each in FOUND
    ]
    assert {each.source for each in found} == {"commoncrawl"}
    assert found[0].origin is not None
    assert found[0].origin.startswith("x.warc.gz, byte ")
    assert (dict(page_filter.skipped), damages) == ({}, [])


def test_an_index_may_lie_unpacked_and_name_more_than_is_there(tmp_path: Path) -> None:
    lines = lay_out(tmp_path, FOUND[:2]) + lay_out(tmp_path, FOUND[2:4], "crawl-data/elsewhere.warc.gz")
    (tmp_path / "crawl-data/elsewhere.warc.gz").unlink()
    (tmp_path / "some.cdxj").write_bytes(b"".join(lines))
    found, page_filter, _ = read(tmp_path)
    assert [each.url for each in found] == [each.url for each in FOUND[:2]]
    assert dict(page_filter.skipped) == {"its WARC file is not in the folder": 2}


def test_damage_is_named_and_what_stands_around_it_is_read(tmp_path: Path) -> None:
    lines = lay_out(tmp_path, FOUND)
    warc = bytearray((tmp_path / WARC).read_bytes())
    offset = int(json.loads(lines[1].split(b" ", 2)[2])["offset"])
    warc[offset + 40 : offset + 60] = bytes(20)
    (tmp_path / WARC).write_bytes(warc)
    lines[3] = b"com,phnompenhpost)/x 20180620011000 {broken\n"
    place(tmp_path, INDEX).write_bytes(gzip.compress(b"".join(lines[:5])) + gzip.compress(lines[5])[:-9])
    found, _, damages = read(tmp_path)
    urls = [each.url for each in found]
    assert [FOUND[each].url for each in (0, 2, 4)] == urls[:3]
    assert FOUND[1].url not in urls
    in_warc, in_index, at_its_end = damages
    assert (in_warc.file, in_warc.offset) == (str(tmp_path / WARC), offset)
    assert in_index.what.startswith("line 4: no line of an index")
    assert "cannot be read to its end" in at_its_end.what


def test_news_without_an_index(tmp_path: Path) -> None:
    warc_gz(place(tmp_path, NEWS), [page_at("https://example.org/", b"<html>", 9), *FOUND])
    found, page_filter, _ = read(tmp_path)
    assert [each.url for each in found] == [each.url for each in FOUND]
    assert page_filter.skipped["another host"] == 1


def test_a_folder_of_something_else_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match="no index"):
        read(tmp_path)


def test_a_run_reads_copies_and_a_page_cut_by_the_crawl_is_partial(tmp_path: Path) -> None:
    page = (SAMPLES / "phnompenhpost/drupal_2017/river-clinic.html").read_bytes()
    story = page_at("https://www.phnompenhpost.com/national/river-clinic-opens-koh-thom", page, 0)
    later = replace(page_at("https://www.phnompenhpost.com/national/other-clinic", page, 9000), cut="length")
    later = replace(later, body=page[: page.rindex(b"</p>")])
    place(tmp_path, INDEX).write_bytes(gzip.compress(b"".join(lay_out(tmp_path, [story, later]))))
    words = ("-a", "source=commoncrawl", "-a", f"path={tmp_path}")
    done = scrapy(tmp_path, "crawl", "post", *words, "-a", "until=2018-06-20")
    assert done.returncode == 0, done.stderr
    assert asked(tmp_path, "SELECT address, state FROM ledger WHERE visits > 0") == [(story.url, "done")]
    done = scrapy(tmp_path, "crawl", "post", *words)
    assert done.returncode == 0, done.stderr
    states = dict(asked(tmp_path, "SELECT address, state FROM ledger WHERE visits > 0"))
    assert states[later.url] == "partial"
    assert asked(tmp_path, "SELECT DISTINCT source FROM capture") == [("commoncrawl",)]
