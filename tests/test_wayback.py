"""The real program against a stand-in for the Wayback Machine: `scrapy crawl post -a source=wayback`."""

import subprocess
from pathlib import Path

import pytest
from conftest import SAMPLES
from pytest_httpserver import HTTPServer
from test_crawl import FAST, asked, scrapy
from wayback_server import Kept, Machine

SITE = "http://www.phnompenhpost.com"
STORY = (SAMPLES / "phnompenhpost/drupal_2017/river-clinic.html").read_bytes()
SLUG = "/national/river-clinic-opens-koh-thom"
OTHER = (SAMPLES / "phnompenhpost/drupal_2017/bridge-toll.html").read_bytes()


def crawl(
    folder: Path, machine: Machine, *words: str, settings: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    own = (f"WAYBACK_ORIGIN={machine.origin}", "DOWNLOAD_SLOTS={}", *FAST, *settings)
    return scrapy(folder, "crawl", "post", "-a", "source=wayback", *words, settings=own)


@pytest.fixture
def machine(httpserver: HTTPServer) -> Machine:
    return Machine(
        httpserver,
        [
            Kept(f"{SITE}:80{SLUG}", "20180612032000", STORY),
            Kept(f"https://m.phnompenhpost.com{SLUG}", "20190612032000", STORY + b"<!-- 2 -->"),
            Kept(f"{SITE}/business/bridge-toll", "20180712032000", OTHER),
            Kept(f"{SITE}/sites/default/files/a.jpg", "20180712032001", b"JPEG", mimetype="image/jpeg"),
            Kept("http://jobs.phnompenhpost.com/", "20180712032002", b"<html>jobs</html>"),
        ],
    )


def test_captures_keep_their_moment_address_and_headers(tmp_path: Path, machine: Machine) -> None:
    done = crawl(tmp_path, machine)
    assert done.returncode == 0, done.stderr
    rows = asked(tmp_path, "SELECT url, captured_at, status, source FROM capture ORDER BY captured_at")
    assert rows == [
        (f"{SITE}:80{SLUG}", "2018-06-12T03:20:00+00:00", 200, "wayback"),
        (f"{SITE}/business/bridge-toll", "2018-07-12T03:20:00+00:00", 200, "wayback"),
        (f"https://m.phnompenhpost.com{SLUG}", "2019-06-12T03:20:00+00:00", 200, "wayback"),
    ]
    states = dict(asked(tmp_path, "SELECT state, count(*) FROM holding GROUP BY 1"))
    assert states == {"held": 3, "passed over": 1}
