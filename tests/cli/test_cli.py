"""The `postscraper` command without an archive: help, reading a page, making a sample."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from postscraper.cli.main import COMMANDS
from tests.helpers.commands import KHMER, SITE, program, refused, run, started
from tests.helpers.paths import ROOT, SAMPLES
from tests.helpers.raw_server import answered, serving

STORY = SAMPLES / "phnompenhpost" / "drupal_2017" / "bridge-toll.html"


def test_every_command_explains_itself_with_an_example() -> None:
    assert all(name in run("--help").stdout for name in COMMANDS)
    for name in COMMANDS:
        told = run(name, "--help").stdout
        assert f"\n    postscraper {name}" in told
        assert "Example:" in told


# What crawls and archives need, and what a page in a rare coding does.
UNNEEDED = {"scrapy", "twisted", "sqlalchemy", "rich", "brotli", "zstandard", "zoneinfo", "trafilatura"}


@pytest.mark.parametrize(
    "words", [["--help"], ["read", "--help"], ["read", str(STORY)]], ids=["help", "read-help", "read"]
)
def test_neither_help_nor_reading_loads_what_it_does_not_need(words: list[str]) -> None:
    code = (
        "import sys\nfrom postscraper.cli.main import main\n"
        "try: main(sys.argv[1:], prog_name='postscraper')\n"
        f"finally: print(sorted({UNNEEDED} & set(sys.modules)), file=sys.stderr)"
    )
    call = [sys.executable, "-c", code, *words]
    ran = subprocess.run(call, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True)
    assert ran.stdout
    assert ran.stderr.splitlines() == ["[]"]


@pytest.mark.parametrize(("typed", "meant"), [(["serach", "x"], "search"), (["search", "x", "--sinc", "y"], "--since")])
def test_a_typo_is_answered_with_the_right_word(typed: list[str], meant: str) -> None:
    result = run(*typed)
    assert result.exit_code == 2
    assert meant in result.stderr


def test_read_prints_the_item_beside_the_sample(sample: Path) -> None:
    result = run("read", sample)
    expected = json.loads(sample.with_suffix(".json").read_text("utf-8"))
    expected["capture"]["source"] = "folder"
    assert json.loads(result.stdout) == expected
    assert result.exit_code == (3 if expected["type"] == "unread" else 0)
    assert result.stderr == ""


def test_read_takes_standard_input_and_says_why_a_page_is_no_story() -> None:
    result = run("read", "-", "--url", f"{SITE}/national/a", "--captured-at", "2018-06-20T08:15", stdin=b"\x89PNG\r\n")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["type"], found["reason"]) == (3, "unread", "picture")
    assert found["capture"]["captured_at"] == "2018-06-20T01:15:00Z"


def test_help_shows_the_commands_in_groups_and_what_fills_an_archive() -> None:
    told = run("--help").stdout
    titles = [line for line in told.splitlines() if line.endswith(":") and not line.startswith(" ")]
    groups = ("Find", "Read", "Count", "Share", "Fill", "Prove and mend", "Saved pages")
    assert titles == ["Options:", *(f"{group}:" for group in groups)]
    assert told.index("Find:") < told.index("  search ") < told.index("Fill:") < told.index("  replay ")
    assert "scrapy crawl post" in told


def test_an_address_of_the_paper_needs_no_scheme() -> None:
    found = json.loads(run("read", "-", "--url", "www.phnompenhpost.com/national/a", stdin=b"<html>").stdout)
    assert found["url"] == f"{SITE}/national/a"


def test_read_takes_the_address_a_page_gives_itself() -> None:
    page = f'<html><head><link rel="canonical" href="{SITE}/national/own"></head><body></body></html>'.encode()
    assert json.loads(run("read", "-", stdin=page).stdout)["url"] == f"{SITE}/national/own"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["read", "nowhere.html"], "No such file"),
        (["read", "-"], "--url"),
        (["read", "-", "--url", "example.com"], "https://"),
        (["read", "-", "--url", f"{SITE}/a", "--captured-at", "noon"], "2018-06-20T08:15:00+07:00"),
    ],
)
def test_read_names_what_is_missing(words: list[str], told: str) -> None:
    refused(run(*words, stdin=b"<html>"), 2, told)


def test_read_writes_utf_8_whatever_the_terminal() -> None:
    page = f"<html><body><h2>{KHMER}</h2></body></html>".encode()
    words = ["read", "-", "--url", f"{SITE}/{KHMER}"]
    as_usual = started(*words, input=page)
    in_ascii = started(*words, input=page, settings={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert KHMER in json.loads(as_usual.stdout)["url"]
    assert in_ascii.stdout == as_usual.stdout


PAGE = (
    '<html><head><link rel="canonical" href="{url}"></head><body><h1>A page nobody knows</h1>'
    "<p>Words of a page.</p></body></html>"
)


def test_sample_makes_a_test_of_a_page_and_keeps_what_is_there(tmp_path: Path) -> None:
    page = tmp_path / "saved.html"
    page.write_text(PAGE.format(url=f"{SITE}/national/a-story"))
    words = ["sample", page, "--captured-at", "2018-06-20T08:15:00+07:00", "--samples", tmp_path / "samples"]
    assert run(*words).exit_code == 0
    saved = next((tmp_path / "samples").rglob("a-story.html"))
    assert saved.read_bytes() == page.read_bytes()
    assert saved.with_suffix(".url").read_text() == f"{SITE}/national/a-story\n2018-06-20T01:15:00+00:00\n"
    found = json.loads(saved.with_suffix(".json").read_text())
    assert json.loads(run("read", saved).stdout) | {"capture": found["capture"]} == found
    refused(run(*words), 2, "--force", "--name")
    assert run(*words, "--force").exit_code == 0
    assert run(*words, "--name", "../../b").exit_code == 0
    assert saved.with_name("b.html").is_file()


@pytest.mark.long
def test_half_a_page_is_no_sample(tmp_path: Path) -> None:
    with serving() as server:
        server.say("/robots.txt", answered(b"", "404 Not Found"))
        server.say("/national/a-story", answered(PAGE.format(url="/").encode(), length=99_999))
        done = program("sample", f"{server.origin}/national/a-story", "--samples", tmp_path)
    assert (done.returncode, done.stdout) == (12, "")
    assert "the answer did not come whole" in done.stderr
    assert not list(tmp_path.rglob("*.html"))


@pytest.mark.long
def test_sample_asks_the_site_once_and_obeys_its_robots_txt(tmp_path: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("User-agent: *\nDisallow: /private\n")
    httpserver.expect_request("/national/a-story").respond_with_data(PAGE.format(url="/"), content_type="text/html")
    asked = program("sample", httpserver.url_for("/national/a-story"), "--samples", tmp_path)
    assert asked.returncode == 0, asked.stderr
    saved = next(tmp_path.rglob("a-story.html"))
    assert "A page nobody knows" in saved.read_text()
    private = program("sample", httpserver.url_for("/private/a"), "--samples", tmp_path)
    assert (private.returncode, private.stdout) == (12, "")
    assert "robots.txt" in private.stderr
    paths = [request.path for request, _ in httpserver.log]
    assert paths.count("/national/a-story") == 1
    assert "/private/a" not in paths
