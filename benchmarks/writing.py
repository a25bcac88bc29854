"""Writing to the archive, with search index and durable commits.

The same stories go into the archive and, by hand, into SQLite (see byhand.py). All write in batches of 200
stories, with write-ahead log and synchronous=FULL (what a commit has acknowledged survives a power cut) and
the archive's page size and cache, into a new file in the same folder. Making the items is not measured, nor is
opening the files.

The others do less: `Archive.add_many` takes items as layouts give them, turns them into rows, compares
their words and their pages with what it has, keeps the order of time, and only then writes; the rows by hand
are ready-made. Their best line, with an index by batch, is what the archive's writing could come down to.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.byhand import BATCH, Fed, flat_rows, same_rows
from benchmarks.tables import Table, Wanted
from benchmarks.timing import in_turn, ratio
from postscraper.items import Article
from storage.archive import Archive
from storage.database.bulk import chunks

OURS = "Archive.add_many"
SAME = "the same rows by hand"
FLAT = "one flat table by hand"
FEDS: tuple[Fed, ...] = ("index by trigger", "index by batch", "no index")
SAME_BAR, FLAT_BAR = f"{SAME}, {FEDS[0]}", f"{FLAT}, {FEDS[0]}"

Writer = Callable[[Path], tuple[float, float]]


def fill(items: list[Article], folder: Path) -> tuple[float, float]:
    """Write the items into a new archive; CPU and wall seconds."""
    with Archive.open(folder) as archive:
        cpu, wall = time.process_time(), time.perf_counter()
        for batch in chunks(items, BATCH):
            archive.add_many((item, None) for item in batch)
        return time.process_time() - cpu, time.perf_counter() - wall


def run(items: list[Article], filled: Path, *, rounds: int) -> Table:
    """filled: an archive that holds the items; the others are made beside it."""
    writers: dict[str, Writer] = {OURS: lambda folder: fill(items, folder / "archive")}
    for name, written in ((SAME, same_rows(filled / "archive.db")), (FLAT, flat_rows(items))):
        writers |= {f"{name}, {fed}": partial(written.write, fed) for fed in FEDS}
    cpu: dict[str, list[float]] = {name: [] for name in writers}
    wall: dict[str, list[float]] = {name: [] for name in writers}
    for name in in_turn(writers, rounds):
        with TemporaryDirectory(dir=filled.parent) as new:
            spent, passed = writers[name](Path(new))
        cpu[name].append(len(items) / spent)
        wall[name].append(len(items) / passed)
    kilobytes = sum(len(block.text.encode()) for item in items for block in item.body) / len(items) / 1000
    return Table(
        title="Archive writes",
        columns=("writer", "stories/CPU s", "x same by trigger", "x flat by trigger", "stories/s wall"),
        rows=_rows(cpu, wall),
        notes=(
            f"{len(items):,} stories with {kilobytes:.1f} kB of words in the body, {BATCH} a durable commit",
            f"medians of {rounds} rounds in turn",
        ),
        wanted=(
            Wanted(what=f"times {SAME_BAR}", figure=ratio(cpu[OURS], cpu[SAME_BAR]), bar=2),
            Wanted(what=f"times {FLAT_BAR}", figure=ratio(cpu[OURS], cpu[FLAT_BAR]), bar=2),
        ),
    )


def _rows(cpu: Mapping[str, list[float]], wall: Mapping[str, list[float]]) -> list[tuple[str, ...]]:
    rows = []
    for name, rates in cpu.items():
        beside = (f"{ratio(rates, cpu[bar]):.2f}" for bar in (SAME_BAR, FLAT_BAR))
        rows.append((name, f"{median(rates):,.0f}", *beside, f"{median(wall[name]):,.0f}"))
    return rows
