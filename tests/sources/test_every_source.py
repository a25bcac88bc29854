"""The same forty pages give the same archive, wherever they come from; only where and when they were found differs."""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from werkzeug import Request, Response

from postscraper.items import Article, Capture, Unread
from postscraper.newspapers import POST
from postscraper.reading.read import read
from postscraper.run.discovery import Discoverer
from postscraper.run.scope import Scope
from postscraper.sources import folder
from postscraper.urls import canonical
from storage.warc.exchange import Exchange
from tests.helpers.commands import program
from tests.helpers.crawls import FAST, NO_WAIT, asked, scrapy
from tests.helpers.paths import SAMPLES
from tests.helpers.warc_files import warc_gz
from tests.standins import commoncrawl, pywb
from tests.standins.serving import raw, standing_in
from tests.standins.wayback import Wayback

pytestmark = pytest.mark.pywb

COUNT = 40
STORIES = """SELECT canonical_url, language, section, published_on, published_at, node_id, revisions, words_digest
             FROM story ORDER BY canonical_url"""
REVISIONS = """SELECT canonical_url, number, revision.words_digest, layout, headline, kicker, standfirst, byline,
               agency, dateline, body FROM revision JOIN story ON story.id = story_id ORDER BY canonical_url, number"""
DIGESTS = "SELECT address, digest, status, outcome, layout FROM capture ORDER BY address, digest"
SEEN = "SELECT url, captured_at FROM capture ORDER BY url"


def _chosen() -> list[Capture]:
    """Stories first; one capture of each address that a crawl would go to.

    None of the mobile host: by it its design is known, and a mirror has one host.
    """
    discoverer, found = Discoverer(POST, Scope(), {}), dict[str, tuple[bool, Capture]]()
    for capture in folder.captures(SAMPLES):
        address, item = canonical(capture.url), read(capture, POST)
        if isinstance(item, Unread) or item.layout in ("feed", "mobile_2017"):
            continue
        if urlsplit(address).netloc == POST.host and discoverer.exclusion_rule(address, 0) is None:
            found.setdefault(address, (isinstance(item, Article), capture))
    return [capture for _, capture in sorted(found.values(), key=lambda each: not each[0])[:COUNT]]


PAGES = _chosen()


def label(page: Capture) -> str:
    return "application/xml" if page.body.startswith(b"<?xml") else "text/html"


def exchanges() -> list[Exchange]:
    return [
        Exchange(
            url=page.url, requested_at=None, captured_at=page.captured_at, status=200, body=page.body,
            headers=(("Content-Type", label(page)), ("Server", "nginx")),
        )
        for page in PAGES
    ]  # fmt: skip


def from_folder(place: Path) -> None:
    for number, page in enumerate(PAGES):
        assert page.captured_at is not None
        (place / f"{number:02}.html").write_bytes(page.body)
        (place / f"{number:02}.url").write_text(f"{page.url}\n{page.captured_at.isoformat()}\n", "utf-8")
    crawl(place, "-a", "source=folder", "-a", f"path={place}")


def from_warc(place: Path) -> None:
    crawl(place, "-a", "source=warc", "-a", f"path={warc_gz(place / 'pages.warc.gz', exchanges())}")


def from_wacz(place: Path) -> None:
    """Of the evidence of an archive, not of the file that it was made from."""
    first = place / "first"
    first.mkdir()
    from_warc(first)
    package = wacz(first, place / "evidence.wacz")
    crawl(place, "-a", "source=warc", "-a", f"path={package}")


def from_live(place: Path) -> None:
    pages = {urlsplit(canonical(page.url))[2:4]: page for page in PAGES}

    def paper(request: Request) -> Response:
        page = pages.get(urlsplit(canonical(f"https://{POST.host}{raw(request)}"))[2:4])
        return Response(status=404) if page is None else Response(page.body, content_type=label(page))

    with standing_in(paper) as mirror:
        addresses = " ".join(canonical(page.url) for page in PAGES)
        crawl(place, "-a", f"url={addresses}", "-s", f"PAPER_ORIGIN={mirror.origin}")


def from_wayback(place: Path) -> None:
    pywb.collect(place, "web", [warc_gz(place / "pages.warc.gz", exchanges())])
    with pywb.serving(place) as origin, standing_in(Wayback(f"{origin}/web")) as wayback:
        crawl(place, "-a", "source=wayback", "-s", f"WAYBACK_ORIGIN={wayback.origin}")


def from_commoncrawl(place: Path) -> None:
    files = _laid_out(place)
    commoncrawl.configure(place, files)
    with pywb.serving(place) as origin, commoncrawl.serving(origin, files) as found:
        origins = (
            "-s",
            f"COMMONCRAWL_INDEX_ORIGIN={found.index.origin}",
            "-s",
            f"COMMONCRAWL_ORIGIN={found.store.origin}",
        )
        crawl(place, "-a", "source=commoncrawl", *origins)


def from_copies(place: Path) -> None:
    crawl(place, "-a", "source=commoncrawl", "-a", f"path={_laid_out(place)}")


def _laid_out(place: Path) -> Path:
    files = place / "files"
    files.mkdir()
    commoncrawl.lay_out(files, [warc_gz(place / "pages.warc.gz", exchanges()).read_bytes()])
    return files


def crawl(place: Path, *words: str) -> None:
    done = scrapy(place, "crawl", "post", *words, settings=(NO_WAIT, *FAST))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def wacz(archive: Path, package: Path) -> Path:
    """A WACZ of the archive's evidence, with the stories as its pages."""
    pages = package.with_suffix(".jsonl")
    head = {"format": "json-pages-1.0", "id": "pages", "title": "Stories"}
    lines = [head, *({"url": url, "ts": at.replace("+00:00", "Z")} for url, at in asked(archive, SEEN))]
    pages.write_text("".join(json.dumps(each) + "\n" for each in lines), "utf-8")
    files = sorted((archive / "archive" / "evidence").glob("*.warc.gz"))
    pywb.done("wacz", "create", "-o", package, "-p", pages, *files, folder=archive)
    return package


SOURCES: dict[str, Callable[[Path], None]] = {
    "folder": from_folder,
    "warc": from_warc,
    "wacz": from_wacz,
    "live": from_live,
    "wayback": from_wayback,
    "commoncrawl": from_commoncrawl,
    "copies of commoncrawl": from_copies,
}


Archives = Callable[[str], Path]


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Archives:
    """The folder of the archive that a source gives, made once."""

    @cache
    def made(source: str) -> Path:
        place = tmp_path_factory.mktemp(source.replace(" ", "-"))
        SOURCES[source](place)
        return place

    return made


def test_there_are_forty_pages_of_many_designs(archives: Archives) -> None:
    assert len(PAGES) == COUNT
    captures = asked(archives("folder"), DIGESTS)
    assert len(captures) == COUNT
    assert {row[3] for row in captures} == {"article", "listing"}
    assert {"joomla_2008", "drupal_2013", "drupal_2017", "inhouse_2023"} <= {row[4] for row in captures}
    assert len(asked(archives("folder"), STORIES)) > 30


@pytest.mark.parametrize("source", [name for name in SOURCES if name != "folder"])
def test_every_source_gives_what_the_saved_pages_give(source: str, archives: Archives) -> None:
    for question in (STORIES, REVISIONS, DIGESTS):
        assert asked(archives(source), question) == asked(archives("folder"), question)
    name = {"wacz": "warc", "copies of commoncrawl": "commoncrawl"}.get(source, source)
    assert asked(archives(source), "SELECT DISTINCT source FROM capture") == [(name,)]
    if source != "live":
        assert asked(archives(source), SEEN) == asked(archives("folder"), SEEN)


@pytest.mark.parametrize("source", ["wayback", "commoncrawl"])
def test_what_other_archives_gave_is_proved_by_our_evidence(source: str, archives: Archives) -> None:
    folder = archives(source)
    captures = asked(folder, SEEN)
    for command in ("check", "verify", "rebuild"):
        done = program(command, "--archive", folder / "archive")
        assert done.returncode == 0, done.stdout + done.stderr
    assert asked(folder, SEEN) == captures
    assert asked(folder, REVISIONS) == asked(archives("folder"), REVISIONS)
    assert asked(folder, "SELECT DISTINCT state FROM holding") == [("held",)]


def test_a_wacz_of_the_evidence_is_valid_until_it_is_damaged(archives: Archives, tmp_path: Path) -> None:
    package = wacz(archives("warc"), tmp_path / "evidence.wacz")
    assert "is valid" in pywb.done("wacz", "validate", "-f", package, folder=tmp_path)
    damaged = bytearray(package.read_bytes())
    middle = damaged.index(b"\x1f\x8b\x08", len(damaged) // 2)
    damaged[middle + 20] ^= 1
    package.write_bytes(damaged)
    assert pywb.command("wacz", "validate", "-f", package, folder=tmp_path).returncode != 0
