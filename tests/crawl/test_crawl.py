"""The real program over loopback: `scrapy crawl post` as people type it, into an archive of its own."""

import json
import re
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from postscraper.crawl.connections import LONGEST_HEAD
from postscraper.newspapers import NEWSPAPERS
from tests.helpers.crawls import FAST, asked, crawl, scrapy
from tests.helpers.mirror import Mirror
from tests.helpers.paths import SAMPLES


@pytest.fixture
def mirror(httpserver: HTTPServer) -> Mirror:
    return Mirror(httpserver, SAMPLES)


def test_second_run_brings_nothing_twice(tmp_path: Path, mirror: Mirror) -> None:
    first = crawl(tmp_path, mirror)
    assert first.returncode == 0, first.stderr
    stories = asked(tmp_path, "SELECT canonical_url FROM story ORDER BY 1")
    revisions = asked(tmp_path, "SELECT count(*) FROM revision")
    assert len(stories) > 10
    fetched = dict(mirror.fetched)
    second = crawl(tmp_path, mirror)
    assert second.returncode == 0, second.stderr
    assert asked(tmp_path, "SELECT canonical_url FROM story ORDER BY 1") == stories
    assert asked(tmp_path, "SELECT count(*) FROM revision") == revisions
    again = {path for path, count in mirror.fetched.items() if count > fetched.get(path, 0)} - {"/robots.txt"}
    assert not again, "nothing is due within a minute of the first run"
    assert "Left alone, not due yet: " in second.stderr


def test_obeys_robots_and_says_who_it_is(tmp_path: Path, mirror: Mirror) -> None:
    done = crawl(
        tmp_path, mirror, "-a", "url=https://www.phnompenhpost.com/national/forbidden-story",
        "-s", "CONTACT=archive@example.org",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "/national/forbidden-story" not in mirror.fetched
    assert asked(tmp_path, "SELECT state, why FROM ledger") == [("excluded", "robots.txt")]
    assert all(agent.startswith("postscraper/") and "archive@example.org" in agent for agent in mirror.agents)


def test_a_bot_check_ends_the_crawl(tmp_path: Path, mirror: Mirror) -> None:
    mirror.pages["/"] = b"<html><title>Just a moment...</title><body><div id=challenge-form></div></body></html>"
    done = crawl(tmp_path, mirror)
    assert done.returncode == 14
    assert "no door of the newspaper is open: HTML is closed by a bot check" in done.stderr.splitlines()[-1]
    pages = [path for path in mirror.fetched if not re.search(r"feed|xml|wp-json|robots", path)]
    assert len(pages) <= 2, "no page is asked for behind the check but one that was under way"
    assert asked(tmp_path, "SELECT count(*) FROM story") == [(0,)]


def test_a_head_without_an_end_is_not_taken_into_memory(tmp_path: Path, httpserver: HTTPServer) -> None:
    long = {f"X-{number}": "v" * 8_000 for number in range(LONGEST_HEAD // 8_000 + 1)}
    for path, headers in (("/national/long", long), ("/national/a", dict(list(long.items())[:-2]))):
        httpserver.expect_request(path).respond_with_data("<html><p>A page.</p></html>", headers=headers)
    httpserver.expect_request("/robots.txt").respond_with_data("", 404)
    origin = httpserver.url_for("").rstrip("/")
    addresses = f"url={origin}/national/long {origin}/national/a"
    done = scrapy(tmp_path, "crawl", "post", "-a", addresses, settings=(f"PAPER_ORIGIN={origin}", *FAST))
    assert done.returncode == 0, done.stderr
    whys = {Path(str(address)).name: why for address, why in asked(tmp_path, "SELECT address, why FROM ledger")}
    assert whys == {"long": "HeadTooLong: more than 1,048,576 bytes of headers", "a": "unknown_layout"}


def test_a_design_that_may_have_changed_has_a_code_of_its_own(tmp_path: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("", 404)
    httpserver.expect_request(re.compile("/national/.*")).respond_with_data("<html><p>A page of no design.</p></html>")
    origin = httpserver.url_for("").rstrip("/")
    addresses = "url=" + " ".join(f"{origin}/national/{number}" for number in range(20))
    done = scrapy(tmp_path, "crawl", "post", "-a", addresses, settings=(f"PAPER_ORIGIN={origin}", *FAST))
    assert done.returncode == 17, done.stderr
    sentence = "postscraper: has a design changed? 20 of 20 pages could not be read"
    assert done.stderr.splitlines()[-1] == sentence


def test_the_archive_may_be_named_by_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTSCRAPER_ARCHIVE", "elsewhere")
    samples = ("crawl", "post", "-a", "source=samples", "-a", f"path={SAMPLES}", "-a", "limit=1")
    assert scrapy(tmp_path, *samples).returncode == 0
    assert (tmp_path / "elsewhere" / "archive.db").is_file()
    assert scrapy(tmp_path, *samples, settings=("ARCHIVE_DIR=set",)).returncode == 0
    assert (tmp_path / "set" / "archive.db").is_file()
    assert not (tmp_path / "archive").exists()


def test_limit_is_a_number_of_pages(tmp_path: Path, mirror: Mirror) -> None:
    assert crawl(tmp_path, mirror, "-a", "limit=3").returncode == 0
    assert sum(mirror.fetched.values()) - mirror.fetched["/robots.txt"] == 3


def test_samples_give_every_article_and_listing(tmp_path: Path) -> None:
    for paper in NEWSPAPERS:
        done = scrapy(tmp_path, "crawl", paper, "-a", "source=samples", "-o", "out.jsonl", "-o", "out.csv")
        assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    every = [json.loads(path.read_text("utf-8")) for path in SAMPLES.rglob("*.json")]
    expected = [each for each in every if not each["url"].startswith("https://www.mekongherald.example/")]
    assert sorted(each["url"] for each in lines) == sorted(each["url"] for each in expected)
    by_kind = {kind: {tuple(each) for each in expected if each["type"] == kind} for kind in ("article", "listing")}
    for kind, names in by_kind.items():
        found = {tuple(each) for each in lines if each["type"] == kind}
        assert found == names, f"the fields of every {kind}, by the contract's names and in its order"
    assert (tmp_path / "out.csv").read_text("utf-8").startswith("type,layout,language,url,canonical_url")


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-a", "sektion=national"), "did you mean 'section'?"),
        (("-a", "section=natinal"), "did you mean 'national'?"),
        (("-a", "since=yesterday"), "since=2020-01-31"),
        (("-a", "source=foldr"), "did you mean 'folder'?"),
        (("-a", "source=folder"), "needs path="),
        (("-a", "source=wayback", "-a", "path=pages"), "source=wayback takes no path"),
        (("-a", "limit=many"), "limit=50"),
        (("-a", "url=phnompenhpost"), "no http(s) address"),
        (("-s", "PAPER_ORIGIN=localhost:8000"), "PAPER_ORIGIN=http://127.0.0.1:8000"),
        (("-s", "WAYBACK_ORIGIN=archive.example"), "WAYBACK_ORIGIN=http://"),
        (("-s", "PAPER_ORIGIN=http://127.0.0.1:99999"), "PAPER_ORIGIN=http://127.0.0.1:8000"),
    ],
)
def test_a_typo_is_told(tmp_path: Path, words: tuple[str, ...], told: str) -> None:
    done = scrapy(tmp_path, "crawl", "post", *words)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "archive").exists()


@pytest.mark.parametrize("words", [(), ("-a", "limit=1")], ids=" ".join)
def test_without_a_network_the_crawl_says_which_host(tmp_path: Path, words: tuple[str, ...]) -> None:
    # A port that nothing listens on: refused at once, as a host without a route is.
    settings = ("PAPER_ORIGIN=http://127.0.0.1:9", "ROBOTSTXT_PATIENCE=0", *FAST)
    done = scrapy(tmp_path, "crawl", "post", *words, settings=settings)
    assert done.returncode == 12
    assert "could not reach 127.0.0.1:9" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    known = asked(tmp_path, "SELECT count(*) FROM ledger WHERE state IN ('known', 'failed')")
    assert known[0][0] > 10, "every address waits for the next run"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("source=folder", "path=nowhere"), "path=nowhere: there is no such file or folder"),
        (("source=warc", "path=nowhere.warc.gz"), "path=nowhere.warc.gz: there is no such file or folder"),
        (("url=https://example.org/x",), "url=https://example.org/x is no address of www.phnompenhpost.com"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(
    tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    done = scrapy(tmp_path, "crawl", "post", *(part for word in words for part in ("-a", word)))
    assert (done.returncode, done.stderr.splitlines()) == (2, [f"postscraper: {sentence}"])


def test_an_argument_with_an_underscore_is_of_who_runs_it(tmp_path: Path) -> None:
    done = scrapy(tmp_path, "crawl", "post", "-a", "_job=7", "-a", "source=samples", "-a", "limit=1")
    assert done.returncode == 0, done.stderr
