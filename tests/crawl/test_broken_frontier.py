"""Faults in the program itself while it crawls another archive: the run ends, with one sentence, and does not hang."""

from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.crawl.test_wayback import CLINIC, SITE, STORY
from tests.helpers.crawls import FAST, NO_WAIT, PROJECT, options
from tests.helpers.programs import complete
from tests.helpers.wayback_server import Kept, Machine
from tests.sources.test_ccnews import WORDS, Standin, store  # noqa: F401  # a fixture
from tests.sources.test_ccnews import options as options_of

# A crawl with one function that fails, whatever it is given.
PROGRAM = """
import sys
from importlib import import_module
from scrapy.cmdline import execute

def fail(*_, **__):
    raise KeyError("a slip")

place, name = sys.argv[1].rsplit(".", 1)
module, _, kind = place.partition(":")
setattr(getattr(import_module(module), kind) if kind else import_module(module), name, fail)
execute(["scrapy", *sys.argv[2:]])
"""


def crawl(folder: Path, broken: str, *words: str) -> None:
    done = complete(folder, "-c", PROGRAM, broken, *words, environment=PROJECT, timeout=30)
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 18, done.stderr
    assert last.startswith("postscraper: KeyError: 'a slip' ("), last
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "broken",
    [
        *(f"postscraper.sources.wayback:Wayback.{name}" for name in ("queries", "index_request", "read_index")),
        "postscraper.sources.wayback:Wayback.capture_request",
        *(f"storage.holdings.holdings:Holdings.{name}" for name in ("add_listing", "lease", "waiting")),
        "postscraper.run.page_reader:PageReader.read",
    ],
)
def test_a_fault_while_an_index_and_its_captures_are_read(tmp_path: Path, httpserver: HTTPServer, broken: str) -> None:
    machine = Machine(httpserver, [Kept(f"{SITE}{STORY}", "20180612032000", CLINIC)])
    settings = options(f"WAYBACK_ORIGIN={machine.origin}", NO_WAIT, *FAST)
    crawl(tmp_path, broken, "crawl", "post", "-a", "source=wayback", *settings)


@pytest.mark.parametrize("broken", ["files", "piece", "piece_range"])
def test_a_fault_while_files_of_news_are_read(tmp_path: Path, store: Standin, broken: str) -> None:  # noqa: F811
    crawl(tmp_path, f"postscraper.sources.ccnews.{broken}", *WORDS, *options(*options_of(store)))


def test_a_fault_while_the_live_newspaper_is_asked(tmp_path: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/robots.txt").respond_with_data("", 404)
    settings = options(f"PAPER_ORIGIN={httpserver.url_for('').rstrip('/')}", *FAST)
    crawl(tmp_path, "storage.ledger.ledger:Ledger.lease", "crawl", "post", *settings)
