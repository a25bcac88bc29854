"""First byte of the reading room's pages: `postscraper serve` over an archive, asked for one page after another.

    python -m benchmarks.pages ARCHIVE    # of benchmarks.growth; its searches are of the same words

The time from the request to the head of the answer, over one connection, as a browser on the same machine would see it.
"""

import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from urllib.parse import quote_plus

from benchmarks.readers import processor_seconds, served
from benchmarks.searching import QUERIES, SAMPLED, p99, queries_of
from benchmarks.stories import stories
from benchmarks.tables import Table, Wanted
from postscraper.items import Article
from storage.archive import Archive

STORY_MILLISECONDS, SEARCH_MILLISECONDS = 50, 200  # at most, of a hundred pages ninety-nine
SAMPLES = Path(__file__).parents[1] / "samples"
TIMES = 5  # of a page of which there is one


def first_bytes(items: list[Article], folder: Path) -> Table:
    """Percentiles by kind of page; items: some of the archive's stories, whose words are searched for."""
    with Archive.open(folder, readonly=True) as archive:
        held = archive.stats().stories
    days = [item.published_on for item in items[:: len(items) // TIMES]]
    pages = {
        "story": [f"/story/{1 + number * held // QUERIES}" for number in range(QUERIES)],
        "search": [f"/search?q={quote_plus(words)}" for words in queries_of(items)],
        "trend": [f"/trend?q={quote_plus(words)}" for words in queries_of(items)[:TIMES]],
        "day": [f"/day/{day}" for day in days],
        "front": ["/"] * TIMES,
        "changes": ["/changes"] * TIMES,
    }
    rows, figures = [], {}
    with served(folder) as (port, pid):
        connection = HTTPConnection("127.0.0.1", port)
        ask(connection, "/story/1")  # imports, templates
        for kind, paths in pages.items():
            before = processor_seconds(pid)
            times, statuses = zip(*(ask(connection, path) for path in paths), strict=True)
            each = 1000 * (processor_seconds(pid) - before) / len(paths)
            figures[kind] = p99(times)
            milliseconds = (f"{figure:.1f}" for figure in (median(times), figures[kind], each))
            rows.append((kind, f"{len(paths)}", f"{len(paths) - statuses.count(200)}", *milliseconds))
    return Table(
        title=f"Pages of {held:,} stories",
        columns=("page", "asked", "refused", "first byte p50, ms", "p99, ms", "CPU a page, ms"),
        rows=rows,
        notes=("over HTTP on loopback, wall time; each story and search once, the commonest words among them",),
        wanted=tuple(
            Wanted(what=f"ms to the first byte, 99th percentile of {kind}", figure=figures[kind], bar=bar, at_most=True)
            for kind, bar in (("story", STORY_MILLISECONDS), ("search", SEARCH_MILLISECONDS))
        ),
    )


def ask(connection: HTTPConnection, path: str) -> tuple[float, int]:
    """Milliseconds until the head of the answer, and its status: 503 for a page that took too long."""
    begun = time.perf_counter()
    connection.request("GET", path)
    answer = connection.getresponse()
    elapsed = 1000 * (time.perf_counter() - begun)
    answer.read()
    return elapsed, answer.status


if __name__ == "__main__":
    print(first_bytes(list(stories(SAMPLED, SAMPLES)), Path(sys.argv[1])).text())
