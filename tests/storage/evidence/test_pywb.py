"""Another program replays our evidence: pywb, from an environment of its own.

    make pywb

A crawl over loopback is kept, and so is what it finds when it looks again; then pywb serves the WARC files,
and every body must be the one we have.
"""

import gzip
import json
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from urllib.parse import quote

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from storage.evidence.store import Evidence
from storage.warc.exchange import Exchange, RecordLocation
from tests.helpers.commands import program
from tests.helpers.crawls import crawl
from tests.helpers.mirror import Mirror
from tests.helpers.paths import SAMPLES
from tests.standins import pywb
from tests.standins.serving import ask

pytestmark = pytest.mark.pywb

COLLECTION = "post"
MOVED = "/national/story-that-moved"

Kept = list[tuple[RecordLocation, Exchange]]


class OldServer(Mirror):
    """Every second page comes compressed, every third without a validator; one address has moved."""

    def _answer(self, request: Request) -> Response:
        if request.path == MOVED:
            return Response(status=301, headers={"Location": f"{self.origin}/national"})
        answer = super()._answer(request)
        place = sorted(self.pages).index(request.path) if request.path in self.pages else 0
        if answer.status_code == 200 and place % 2:
            answer.set_data(gzip.compress(answer.get_data(), mtime=0))
            answer.headers["Content-Encoding"] = "gzip"
        if place % 3 == 1:
            answer.headers.pop("ETag", None)
        return answer


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two crawls of the same pages, a moment apart."""
    folder = tmp_path_factory.mktemp("crawled")
    with HTTPServer() as server:
        mirror = OldServer(server, SAMPLES)
        place = f"<url><loc>https://www.phnompenhpost.com{MOVED}</loc></url></urlset>".encode()
        mirror.pages["/sitemap.xml"] = mirror.pages["/sitemap.xml"].replace(b"</urlset>", place)
        for _ in range(2):
            done = crawl(folder, mirror)
            assert done.returncode == 0, done.stderr
            again = program("retry", "--state", "done", "--archive", folder / "archive")
            assert again.returncode == 0, again.stderr
            time.sleep(1)  # pywb tells captures of an address apart by whole seconds
        assert sum(mirror.conditional.values()) > 5
    return folder / "archive"


@pytest.fixture(scope="module")
def kept(archive: Path) -> Kept:
    """Every exchange that the evidence has, by our own reading."""
    with Evidence.open(archive / "evidence") as evidence:
        return [(place, evidence.read(place)) for file in evidence.files() for place, _ in evidence.records(file)]


@pytest.fixture(scope="module")
def served(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the collection that pywb serves."""
    folder = tmp_path_factory.mktemp("pywb")
    pywb.collect(folder, COLLECTION, (archive / "evidence").glob("*.warc.gz"))
    with pywb.serving(folder) as origin:
        yield f"{origin}/{COLLECTION}"


def stamp(exchange: Exchange) -> str:
    assert exchange.captured_at is not None
    return exchange.captured_at.astimezone(UTC).strftime("%Y%m%d%H%M%S")


def test_the_crawl_kept_records_of_every_kind(kept: Kept) -> None:
    assert any(("Content-Encoding", "gzip") in exchange.headers for _, exchange in kept)
    assert any(exchange.status == 301 for _, exchange in kept)
    assert any(exchange.status == 304 for _, exchange in kept)
    assert any(exchange.revisit_of and exchange.status == 200 for _, exchange in kept)


def test_every_body_is_replayed_byte_for_byte(kept: Kept, served: str) -> None:
    for _, exchange in kept:
        answer = ask(f"{served}/{stamp(exchange)}id_/{quote(exchange.url, safe=':/?=&%')}")
        assert (answer.status, answer.body) == (exchange.status, exchange.body), (
            f"{exchange.url}, {exchange.captured_at}"
        )


def test_the_index_names_every_capture(kept: Kept, served: str) -> None:
    told = ask(f"{served}/cdx?url={kept[0][1].url.split('/')[2]}&matchType=host&output=json").body
    found = sorted((line["url"], line["timestamp"]) for line in map(json.loads, told.splitlines()))
    assert found == sorted((exchange.url, stamp(exchange)) for _, exchange in kept)


def test_every_row_of_the_archive_is_among_them(archive: Path, kept: Kept) -> None:
    connection = sqlite3.connect(archive / "archive.db")
    rows = connection.execute("SELECT evidence_file, evidence_offset FROM capture").fetchall()
    connection.close()
    assert rows
    assert set(rows) <= {(place.file, place.offset) for place, _ in kept}


def test_another_reader_finds_every_record_whole(archive: Path) -> None:
    files = sorted((archive / "evidence").glob("*.warc.gz"))
    assert len(files) == 2
    for file in files:
        assert "digest pass" in pywb.done("warcio", "check", "-v", file, folder=archive)
