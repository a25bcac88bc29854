"""robots.txt over loopback: what is missing allows all, what is out of reach is waited for, what forbids is obeyed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from storage.evidence.store import Evidence
from tests.helpers.crawls import FAST, asked, scrapy
from tests.helpers.paths import ROOT
from tests.helpers.raw_server import RawServer, answered, serving

PLAIN = "Content-Type: text/plain"
RULES = answered(b"User-agent: *\nDisallow: /national/forbidden\n", "200 OK", PLAIN)
PAGE = answered(b"<html><title>A page</title><body><p>Words.</p></body></html>")
LOOP = answered(b"", "302 Found", "Location: /robots.txt")
BUSY = answered(b"busy", "503 Service Unavailable", PLAIN)

# Answers for as long as the file is out of reach, and what is said of them.
OUT_OF_REACH = {
    "500": (answered(b"", "500 Internal Server Error"), "robots.txt answers with status 500"),
    "503": (BUSY, "robots.txt answers with status 503"),
    "429": (answered(b"", "429 Too Many Requests"), "robots.txt answers with status 429"),
    "407": (answered(b"", "407 Proxy Authentication Required"), "robots.txt answers with status 407"),
    "304": (answered(b"", "304 Not Modified", sized=False), "robots.txt answers with status 304"),
    "206": (
        answered(b"User-agent: *\n", "206 Partial Content", "Content-Range: bytes 0-13/40"),
        "robots.txt does not come whole",
    ),
    "loop": (LOOP, "robots.txt is behind more than 5 redirects"),
    "nowhere": (answered(b"", "302 Found"), "robots.txt answers with status 302"),
    "half": (answered(b"User-agent: *\n", length=60), "robots.txt does not come whole"),
    "closed": (b"", "robots.txt brings no answer: "),
    "silent": (b"HTTP/1.1 200 OK\r\n", "robots.txt brings no answer: "),
}


@pytest.fixture
def server() -> Iterator[RawServer]:
    with serving() as found:
        found.say("/national/a", PAGE)
        yield found


def crawl(
    folder: Path, server: RawServer, *words: str, paths: str = "/national/a", patience: int = 5, pause: int = 600
) -> subprocess.CompletedProcess[str]:
    """paths: that are asked for by name; none: the whole paper is."""
    named = ("-a", "url=" + " ".join(server.origin + path for path in paths.split())) if paths else ()
    done = scrapy(
        folder, "crawl", "post", *named, *words,
        settings=(f"PAPER_ORIGIN={server.origin}", f"ROBOTSTXT_PATIENCE={patience}", f"LONGEST_PAUSE={pause}", *FAST),
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return done


def pauses(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if "it is asked for again in" in line]


@pytest.mark.parametrize("name", OUT_OF_REACH)
def test_without_rules_nothing_is_asked_for(tmp_path: Path, server: RawServer, name: str) -> None:
    answer, why = OUT_OF_REACH[name]
    server.say("/robots.txt", answer)
    done = crawl(tmp_path, server, patience=0)
    assert done.returncode == 12
    sentence = done.stderr.splitlines()[-1]
    assert sentence.startswith(f"postscraper: could not reach 127.0.0.1:{server.port}: {why}")
    assert sentence.endswith("; what the archive has is kept, try again later")
    assert server.order == ["/robots.txt"] * (6 if name == "loop" else 1), "five redirects are followed, and no more"
    assert pauses(done) == []
    assert asked(tmp_path, "SELECT state FROM ledger") == [("known",)], "for it was never requested"
    count = {"closed": 1, "silent": 1}.get(name, 0)
    assert ("Without an answer: 1 request;" in done.stderr) == bool(count)
    assert asked(tmp_path, "SELECT requests - answers FROM run") == [(count,)]


@pytest.mark.parametrize(
    ("first", "why", "seconds"),
    [
        (OUT_OF_REACH["closed"][0], OUT_OF_REACH["closed"][1], 5),
        *(
            pytest.param(*case, marks=pytest.mark.long)
            for case in (
                (LOOP, OUT_OF_REACH["loop"][1], 5),
                (answered(b"", "429 Too Many Requests", "Retry-After: 7"), "robots.txt answers with status 429", 7),
                (answered(b"", "503 Service Unavailable", "Retry-After: 99"), "robots.txt answers with status 503", 8),
            )
        ),
    ],
    ids=["closed", "loop", "asked to wait", "asked to wait long"],
)
def test_what_is_out_of_reach_is_asked_for_again(
    tmp_path: Path, server: RawServer, first: bytes, why: str, seconds: int
) -> None:
    server.say("/robots.txt", *[first] * (6 if first == LOOP else 1), RULES)
    began = time.monotonic()
    done = crawl(tmp_path, server, paths="/national/a /national/forbidden", pause=8)
    assert done.returncode == 0, done.stderr
    assert time.monotonic() - began >= seconds
    (line,) = pauses(done)
    assert f"127.0.0.1:{server.port}: {why}" in line
    assert line.endswith(f"; it is asked for again in {seconds} s, and nothing else of the host before")
    assert [path for path in server.order if path != "/robots.txt"] == ["/national/a"], "and its rules are obeyed"
    assert server.order[-2:] == ["/robots.txt", "/national/a"]
    with Evidence.open(tmp_path / "archive" / "evidence") as evidence:
        (file,) = evidence.files()
        kept = [exchange for _, exchange in evidence.records(file) if exchange.url.endswith("/robots.txt")]
    assert kept[-1].body == RULES.partition(b"\r\n\r\n")[2]
    assert len(kept) == len(server.asked["/robots.txt"]) - (first == b""), "every answer is in the evidence"


@pytest.mark.long
def test_the_run_ends_when_its_patience_does(tmp_path: Path, server: RawServer) -> None:
    server.say("/robots.txt", BUSY)
    done = crawl(tmp_path, server, paths="")
    assert done.returncode == 12
    assert "robots.txt answers with status 503" in done.stderr.splitlines()[-1]
    assert server.order == ["/robots.txt"] * 2
    assert len(pauses(done)) == 1
    assert asked(tmp_path, "SELECT DISTINCT state FROM ledger") == [("known",)]
    assert asked(tmp_path, "SELECT count(*) FROM ledger")[0][0] > 10  # type: ignore[operator]
    server.say("/robots.txt", RULES)
    assert crawl(tmp_path, server, "-a", "limit=1", paths="").returncode == 0
    assert len(server.order) == 4, "what failed is asked for again"


@pytest.mark.long
def test_a_stop_is_heard_while_the_run_waits(tmp_path: Path, server: RawServer) -> None:
    server.say("/robots.txt", answered(b"", "503 Service Unavailable", "Retry-After: 500"))
    options = (f"PAPER_ORIGIN={server.origin}", *FAST)
    call = [sys.executable, "-m", "scrapy", "crawl", "post", *(word for each in options for word in ("-s", each))]
    environment = os.environ | {"SCRAPY_SETTINGS_MODULE": "postscraper.settings", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(call, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert any("asked for again in 500 s" in line for line in process.stderr)
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        process.wait(20)
    assert "Traceback" not in rest
    assert server.order == ["/robots.txt"]
    assert asked(tmp_path, "SELECT count(*) FROM ledger WHERE state = 'leased'") == [(0,)]


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "410 Gone"])
def test_what_is_missing_allows_all(tmp_path: Path, server: RawServer, status: str) -> None:
    server.say("/robots.txt", answered(b"User-agent: *\nDisallow: /\n", status))
    assert crawl(tmp_path, server).returncode == 0
    assert server.order == ["/robots.txt", "/national/a"]


def test_five_redirects_are_followed(tmp_path: Path, server: RawServer) -> None:
    hops = ["/robots.txt", *(f"/hop-{number}" for number in range(1, 6))]
    for here, there in pairwise(hops):
        server.say(here, answered(b"", "301 Moved Permanently", f"Location: {there}"))
    server.say(hops[-1], RULES)
    assert crawl(tmp_path, server, paths="/national/a /national/forbidden", patience=0).returncode == 0
    assert server.order == [*hops, "/national/a"]


@pytest.mark.parametrize("agent", ["*", "postscraper"])
def test_rules_that_forbid_all_end_the_run(tmp_path: Path, server: RawServer, agent: str) -> None:
    server.say("/robots.txt", answered(f"User-agent: {agent}\nDisallow: /\n".encode(), "200 OK", PLAIN))
    done = crawl(tmp_path, server, paths="")
    assert done.returncode == 12
    where = f"127.0.0.1:{server.port}"
    sentence = f"postscraper: robots.txt of {where} forbids all that this run could ask for; nothing was fetched"
    assert done.stderr.splitlines()[-1] == sentence
    assert server.order == ["/robots.txt"]
    assert asked(tmp_path, "SELECT count(*) > 10 FROM ledger WHERE state = 'known'") == [(1,)]
    assert asked(tmp_path, "SELECT count(*) FROM ledger WHERE state = 'excluded'") == [(0,)]


def test_rules_that_leave_a_door_open_do_not(tmp_path: Path, server: RawServer) -> None:
    server.say("/robots.txt", answered(b"User-agent: *\nDisallow: /\nAllow: /feed\n", "200 OK", PLAIN))
    server.say("/feed/", answered(b"<rss version='2.0'><channel></channel></rss>"))
    done = crawl(tmp_path, server, paths="")
    assert done.returncode == 0, done.stderr
    assert {path for path in server.order if not path.startswith("/feed")} == {"/robots.txt"}
    assert len(server.order) > 1
