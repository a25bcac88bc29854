"""Growth of an archive: the rate of writing, bytes, memory, the time of questions and of pages at several sizes.

python -m benchmarks.growth NEW_FOLDER              # to 100,000 stories: a gigabyte, a quarter of an hour
python -m benchmarks.growth NEW_FOLDER --to 1000000

One archive is written through `Archive.add_many`, and asked whenever it has ten times as many stories as before.
"""

import argparse
import resource
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from benchmarks.pages import first_bytes
from benchmarks.searching import SAMPLED, latencies
from benchmarks.stories import stories
from benchmarks.tables import Table, Wanted
from postscraper.items import Article
from storage.archive import Archive

FIRST = 10_000  # stories of the smallest size, and of each rate
BATCH = 1_000  # stories a durable commit
RATE_BAR = 0.7  # of the first rate
SAMPLES = Path(__file__).parents[1] / "samples"


def write(made: Iterator[Article], folder: Path) -> float:
    """Write FIRST more stories; stories a second of CPU time, that of making them not counted."""
    spent = 0.0
    with Archive.open(folder) as archive:
        for _ in range(FIRST // BATCH):
            batch = [(item, None) for item in islice(made, BATCH)]
            begun = time.process_time()
            archive.add_many(batch)
            spent += time.process_time() - begun
    return FIRST / spent


def run(folder: Path, largest: int) -> Iterator[Table]:
    """Searches and pages at each size, then the table of all sizes."""
    made, sample = stories(largest, SAMPLES), list(stories(SAMPLED, SAMPLES))
    rates, rows, size = [], [], FIRST
    for held in range(FIRST, largest + 1, FIRST):
        rates.append(write(made, folder))
        if held == size:
            figures = f"{rates[-1]:,.0f}", f"{rates[-1] / rates[0]:.2f}", f"{_bytes(folder) / held:,.0f}"
            rows.append((f"{held:,}", *figures, f"{_peak() >> 10}"))
            yield latencies(sample, folder)
            yield first_bytes(sample, folder)
            size *= 10
    yield Table(
        title="Growth",
        columns=("stories", "stories/CPU s", "x the first", "bytes a story", "peak memory, MiB"),
        rows=rows,
        notes=(
            f"the rate of the last {FIRST:,} stories, {BATCH:,} a durable commit; bytes of the database",
            "x the first, of each ten thousand: " + ", ".join(f"{rate / rates[0]:.2f}" for rate in rates),
        ),
        wanted=(Wanted(what="times the first rate", figure=rates[-1] / rates[0], bar=RATE_BAR),),
    )


def _bytes(folder: Path) -> int:
    with Archive.open(folder, readonly=True) as archive, archive.connect() as connection:
        pages, each = (
            connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in ("page_count", "page_size")
        )
    return int(pages * each)


def _peak() -> int:
    """The largest resident memory so far, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of the archive, a new one")
    parser.add_argument("--to", type=int, default=10 * FIRST, metavar="STORIES", help="the largest size")
    options = parser.parse_args()
    if options.folder.exists():
        parser.error(f"{options.folder} is there already")
    for table in run(options.folder, options.to):
        print(f"{table.text()}\n", flush=True)


if __name__ == "__main__":
    main()
