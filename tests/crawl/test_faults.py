"""Every fault of the fault server, met by the real program: each address ends in a named state.

Takes about six minutes, for a crawl waits before it tries again: `pytest -m long` runs it.
"""

import json
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from postscraper.cli.exit_codes import DESIGN_CHANGED
from tests.helpers.crawls import PROJECT, options
from tests.helpers.paths import ROOT
from tests.helpers.programs import complete

SERVER = ROOT / "tests" / "hostile" / "faultserver.py"

# What a good crawler ends with, by the server's own word, as states of the ledger.
RIGHT = {
    "stored": {"done", "unchanged"},
    "partial": {"partial"},
    "retried": {"failed", "partial"},
    "refused": {"failed", "unread", "moved", "gone", "excluded"},
    "rejected": {"unread", "failed"},
}
# Where this program does better than it must, or says it in another word; each with its reason.
OTHERWISE = {
    "/redirect-ok": {"moved"},  # the address moved; the target, an address of its own, is stored
    "/redirect-relative": {"moved"},
    "/deep-100k": {"done", "unchanged"},  # the engine takes any depth: the story is whole
    "/attrs-100k": {"done", "unchanged"},
    "/headers-many": {"done", "unchanged"},  # 20,000 headers, and the story is whole
    "/continue-flood": {"done", "unchanged"},
    "/unknown-encoding": {"done", "unchanged"},  # plain markup under a coding that does not exist
    "/truncated-gzip": {"failed"},  # half the stream ends before the story begins
    "/206-unasked": {"failed"},  # the first 2,000 bytes end before the story begins
    "/sitemap-self.xml": {"done"},  # read once; it names itself, and is asked once
    "/sitemap-deep.xml": {"done"},  # one address in its canonical form
    "/403-then-ok": {"unread"},  # closed is closed; looked at again in a month
}
WALLS = ("/challenge-200", "/challenge-403", "/challenge-503", "/login-wall")

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def faults() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = [sys.executable, str(SERVER), "--port", str(port), "--canary-port", str(port + 1), "--life", "1500"]
    server = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert server.stdout is not None
    server.stdout.readline()
    yield f"http://127.0.0.1:{port}"
    server.send_signal(signal.SIGTERM)
    server.wait(20)
    server.stdout.close()


def listed() -> dict[str, str]:
    lines = subprocess.run([sys.executable, str(SERVER), "--list"], capture_output=True, text=True, check=True).stdout
    return dict(line.split("\t") for line in lines.splitlines())


def crawl(folder: Path, origin: str, paths: list[str]) -> subprocess.CompletedProcess[str]:
    folder.mkdir()
    settings = {
        "PAPER_ORIGIN": origin,
        "DOWNLOAD_DELAY": 0,
        "AUTOTHROTTLE_ENABLED": False,
        "CONCURRENT_REQUESTS": 8,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
        "LONGEST_PAUSE": 4,
        "LOG_LEVEL": "DEBUG",  # Scrapy's counts at its end
    }
    words = options(*(f"{name}={value}" for name, value in settings.items()))
    addresses = " ".join(origin + path for path in paths)
    call = ("-m", "scrapy", "crawl", "post", "-a", f"url={addresses}", *words)
    return complete(folder, *call, environment=PROJECT, timeout=900)


def states(folder: Path) -> dict[str, tuple[str, str | None]]:
    connection = sqlite3.connect(folder / "archive" / "archive.db")
    try:
        rows = connection.execute("SELECT address, state, why FROM ledger")
        return {address.removeprefix("https://www.phnompenhpost.com"): (state, why) for address, state, why in rows}
    finally:
        connection.close()


def test_every_fault_ends_in_its_outcome(faults: str, tmp_path: Path) -> None:
    right = {path: words for path, words in listed().items() if path not in WALLS}
    began = time.monotonic()
    done = crawl(tmp_path / "run", faults, list(right))
    assert done.returncode == DESIGN_CHANGED, done.stderr[-3000:]  # so many pages of these cannot be read
    assert "Traceback" not in done.stderr
    assert time.monotonic() - began < 900
    found = states(tmp_path / "run")
    wrong = {
        path: found.get(path)
        for path, words in right.items()
        if found.get(path, ("never heard of", None))[0] not in OTHERWISE.get(path, RIGHT[words])
    }
    assert not wrong
    assert not [path for path, (state, _) in found.items() if state == "leased"], "every address has an end state"
    assert all(why for state, why in found.values() if state in ("failed", "unread", "excluded", "partial"))
    stats = json.load(urlopen(f"{faults}/stats"))
    assert stats["canary"] == [], "no redirect reaches a private address"
    asked_to_wait = {"/429-retry-after": 3, "/503-retry-after": 3, "/429-retry-after-3x": 2, "/503-retry-after-date": 4}
    assert all(min(stats["gaps"][path]) >= seconds for path, seconds in asked_to_wait.items())
    peak = re.search(r"'memusage/max': (\d+)", done.stderr)
    assert peak is not None
    # Eight at a time; one at a time, as the newspaper is asked, takes less.
    assert int(peak[1]) < 300_000_000


@pytest.mark.parametrize("path", WALLS)
def test_a_wall_is_never_a_story(faults: str, tmp_path: Path, path: str) -> None:
    done = crawl(tmp_path / "run", faults, [path])
    state, why = states(tmp_path / "run")[path]
    assert state in ("unread", "failed"), why
    assert done.returncode in (0, 14)
    connection = sqlite3.connect(tmp_path / "run" / "archive" / "archive.db")
    assert connection.execute("SELECT count(*) FROM story").fetchone() == (0,)
    connection.close()
