"""Crawl over loopback: `scrapy crawl post`, which stores everything, beside a bare spider that stores nothing.

Ours: the settings of the project but for its politeness (no delay, 16 requests at once, as Scrapy's default
is), so evidence in WARC files, one item a page, the archive with its index, all durable, and the ledger as
frontier. It also asks for robots.txt, front page, feeds and sections, which this server does not have.
Theirs: Scrapy's defaults, twelve selections by parsel, and nothing written anywhere.
"""

import os
import re
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.processes import ROOT
from benchmarks.tables import Table, Wanted
from benchmarks.timing import in_turn, ratio

OURS, BARE = "scrapy crawl post, all kept", "bare Scrapy and parsel, nothing kept"
AT_ONCE = 16
FEW = 25  # pages of a crawl that shows what starting and ending cost

_SETTINGS = {
    "DOWNLOAD_DELAY": 0,
    "AUTOTHROTTLE_ENABLED": False,
    "CONCURRENT_REQUESTS": AT_ONCE,
    "CONCURRENT_REQUESTS_PER_DOMAIN": AT_ONCE,
}
_LOGGED = ("-s", "LOG_LEVEL=INFO", "-s", "LOG_FORMAT=%(created)f %(message)s")
_OPENED, _CLOSED = (re.compile(rf"^([\d.]+) Spider {event}", re.M) for event in ("opened", "closed"))


@contextmanager
def served(count: int, samples: Path, *, by: str = "benchmarks.server") -> Iterator[str]:
    """The origin of a server with so many stories; by: its module."""
    command = [sys.executable, "-m", by, str(count), str(samples)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        assert server.stdin is not None
        try:
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.stdin.close()


def run(count: int, samples: Path, *, rounds: int) -> Table:
    wall: dict[str, list[float]] = {OURS: [], BARE: []}
    cpu: dict[str, list[float]] = {OURS: [], BARE: []}
    started: dict[str, list[float]] = {OURS: [], BARE: []}
    with served(count, samples) as origin, served(FEW, samples) as small:
        for name in in_turn([OURS, BARE], rounds):
            _, few = _crawl(name, small, FEW)
            elapsed, spent = _crawl(name, origin, count)
            wall[name].append(count / elapsed)
            cpu[name].append((count - FEW) / (spent - few))
            started[name].append(few)
    rows = [
        (
            *(name, f"{median(wall[name]):,.0f}", f"{ratio(wall[name], wall[BARE]):.2f}"),
            *(f"{median(cpu[name]):,.0f}", f"{ratio(cpu[name], cpu[BARE]):.2f}", f"{median(started[name]):.1f}"),
        )
        for name in wall
    ]
    return Table(
        title="Crawl over loopback",
        columns=("crawl", "pages/s wall", "x bare", "pages/CPU s", "x bare", f"CPU s for {FEW} pages"),
        rows=rows,
        notes=(
            f"{count:,} story pages, gzip; medians of {rounds} rounds in turn",
            f"wall: from the opening of the spider to its end; CPU: without start-up, of all pages but {FEW}",
        ),
        wanted=(
            Wanted(what="times bare Scrapy, wall", figure=ratio(wall[OURS], wall[BARE]), bar=1),
            Wanted(what="times bare Scrapy, CPU", figure=ratio(cpu[OURS], cpu[BARE]), bar=1),
        ),
    )


def command(name: str, origin: str) -> tuple[list[str], dict[str, str]]:
    """What starts a crawl, and its environment; its log gives `elapsed`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SCRAPY_SETTINGS_MODULE": "postscraper.settings"}
    if name == BARE:
        del environment["SCRAPY_SETTINGS_MODULE"]
        words = ["runspider", str(ROOT / "benchmarks" / "bare_spider.py"), "-a", f"origin={origin}"]
    else:
        settings = (word for name, value in _SETTINGS.items() for word in ("-s", f"{name}={value}"))
        words = ["crawl", "post", "-s", f"PAPER_ORIGIN={origin}", *settings]
    return [sys.executable, "-m", "scrapy", *words, *_LOGGED], environment


def elapsed(name: str, code: int, log: str) -> float:
    """Seconds from the opening of the spider to its end, by its log. Raises RuntimeError for a crawl that failed."""
    opened, closed = _OPENED.search(log), _CLOSED.search(log)
    if code or not opened or not closed:
        raise RuntimeError(f"{name} ended with {code}:\n{log[-2000:]}")
    return float(closed[1]) - float(opened[1])


def _crawl(name: str, origin: str, count: int) -> tuple[float, float]:
    """Wall seconds of a crawl from the opening of its spider, and CPU seconds of the whole process."""
    words, environment = command(name, origin)
    with TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = elapsed(name, done.returncode, done.stderr)
        if name == OURS:
            _check(Path(folder), count)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _check(folder: Path, count: int) -> None:
    """Raises RuntimeError unless every story is in the archive: what is left out is not fast."""
    connection = sqlite3.connect(folder / "archive" / "archive.db")
    stories = connection.execute("SELECT count(*) FROM story").fetchone()[0]
    connection.close()
    if stories != count:
        raise RuntimeError(f"the crawl kept {stories} stories of {count}")
