"""Memory and speed of a long crawl, beside one that stores nothing: `python -m benchmarks.soak`.

`scrapy crawl post` over loopback, 16 requests at once and no delay, against the site of soaksite.py, and the
memory of its process against the pages it has committed. Then bare Scrapy, selecting with parsel, the same.
"""

import argparse
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.crawling import BARE, OURS, command, elapsed, served
from benchmarks.processes import ROOT, memory
from benchmarks.tables import Table, Wanted

PAGES = 10_000
WARM = 1_000  # pages after which nothing should grow any more
SPAN = 0.05  # of the pages: what is taken together as one moment
SAMPLED_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Moment:
    pages: int
    rss_mb: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Crawled:
    """states: of the ledger's addresses; empty for a crawl that keeps none."""

    seconds: float
    moments: list[Moment]
    states: Counter[str]

    @property
    def peak_mb(self) -> float:
        return max(moment.peak_mb for moment in self.moments)

    def at(self, least: float, most: float) -> float:
        """The median memory, in MB, while so many pages were committed; of a short crawl the next moment's."""
        within = [moment.rss_mb for moment in self.moments if least <= moment.pages <= most]
        after = (moment.rss_mb for moment in self.moments if moment.pages > most)
        return median(within) if within else next(after)


def crawl(name: str, origin: str, folder: Path) -> Crawled:
    """Raises RuntimeError when the crawl fails."""
    words, environment = command(name, origin)
    log = folder / "log"
    with log.open("wb") as written, subprocess.Popen(words, cwd=folder, env=environment, stderr=written) as crawling:
        moments = list(_watched(crawling, folder / "archive" / "archive.db"))
    seconds = elapsed(name, crawling.returncode, log.read_text("utf-8", "replace"))
    return Crawled(seconds, moments, _states(folder / "archive" / "archive.db"))


def _watched(crawling: subprocess.Popen[bytes], database: Path) -> Iterator[Moment]:
    while crawling.poll() is None:
        if size := memory(crawling.pid):
            yield Moment(_committed(database), size.now_bytes / 1e6, size.peak_bytes / 1e6)
        time.sleep(SAMPLED_SECONDS)


def _rows(database: Path, query: str) -> list[tuple[str, int]]:
    connection = sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def _committed(database: Path) -> int:
    """Captures in the archive; 0 before there is one."""
    try:
        return _rows(database, "SELECT '', coalesce(max(rowid), 0) FROM capture")[0][1]
    except sqlite3.OperationalError:
        return 0


def _states(database: Path) -> Counter[str]:
    return (
        Counter(dict(_rows(database, "SELECT state, count(*) FROM ledger GROUP BY state")))
        if database.is_file()
        else Counter()
    )


def run(count: int, samples: Path, *, alone: bool = False) -> Table:
    """alone: without the other crawl, and so without a word on speed."""
    crawls = {}
    for name in (OURS,) if alone else (OURS, BARE):  # a site each: some faults happen once
        with served(count, samples, by="benchmarks.soaksite") as origin, TemporaryDirectory() as folder:
            crawls[name] = crawl(name, origin, Path(folder))
    ours = crawls[OURS]
    rows = [
        (name, f"{crawled.seconds:.1f}", f"{count / crawled.seconds:,.0f}", f"{crawled.peak_mb:.0f}")
        for name, crawled in crawls.items()
    ]
    pace = [] if alone else [crawls[BARE].seconds / ours.seconds]
    return Table(
        title="A long crawl, one page in twenty hostile",
        columns=("crawl", "seconds", "pages/s", "peak MB"),
        rows=rows,
        notes=_course(count, ours),
        wanted=(*_bars(ours), *(Wanted(what="times bare Scrapy, wall", figure=each, bar=1) for each in pace)),
    )


def _course(count: int, ours: Crawled) -> tuple[str, ...]:
    done = ours.moments[-1].pages
    steps = [step * done / 10 for step in range(1, 11)]
    course = ", ".join(f"{ours.at(step - SPAN * done, step):.0f}" for step in steps)
    return (
        f"{count:,} story pages; {done:,} captures in the archive; memory after each tenth of them, MB: {course}",
        "the ledger at the end: " + ", ".join(f"{number:,} {state}" for state, number in ours.states.most_common()),
    )


def _bars(ours: Crawled) -> tuple[Wanted, ...]:
    done = ours.moments[-1].pages
    begun = min(WARM, done / 2)
    growth = 100 * (ours.at(done * (1 - SPAN), done) / ours.at(begun, begun + SPAN * done) - 1)
    unended = ours.states["known"] + ours.states["leased"]
    return (
        Wanted(what="MB at the peak", figure=ours.peak_mb, bar=400, at_most=True),
        Wanted(what=f"percent growth after {WARM:,} pages", figure=growth, bar=10, at_most=True),
        Wanted(what="addresses without an end", figure=unended, bar=0, at_most=True),
    )


def main() -> int:
    """Ends with 1 when a bar is not met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--pages", type=int, default=PAGES, help="how many")
    parser.add_argument("--alone", action="store_true", help="without bare Scrapy: a busy machine has no word on speed")
    options = parser.parse_args()
    table = run(options.pages, ROOT / "samples", alone=options.alone)
    print(table.text(), flush=True)
    return 0 if all(each.met for each in table.wanted) else 1


if __name__ == "__main__":
    sys.exit(main())
