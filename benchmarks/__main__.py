"""Run all benchmarks and print their tables: `python -m benchmarks`.

Pages of samples/, and real pages in a folder beside the checkout when there is one. Nothing is fetched.
"""

import argparse
import json
import os
import platform
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import crawling, engines, evidence, reading, replay, searching, starting, writing
from benchmarks.processes import ROOT
from benchmarks.stories import stories
from benchmarks.tables import Table
from postscraper.items import Capture

SAMPLES = ROOT / "samples"
DESIGN = SAMPLES / "phnompenhpost" / "drupal_2017"
REAL_PAGES = ROOT.parent / "shared" / "pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is measured. pages: of samples, None for all. inputs: hostile ones; part: divides their size."""

    rounds: int
    least_seconds: float
    stories: int
    write_rounds: int
    starts: int
    pages: int | None
    inputs: int
    part: int
    crawled: int
    crawls: int
    replayed: int
    slow: int
    replays: int
    packed: int


FULL = Size(
    rounds=5, least_seconds=0.2, pages=None,
    stories=3_000, write_rounds=3, starts=9, inputs=4, part=1, crawled=1_500, crawls=3,
    replayed=20_000, slow=400, replays=3, packed=500,
)  # fmt: skip
QUICK = Size(
    rounds=1, least_seconds=0.0, pages=2,
    stories=200, write_rounds=1, starts=1, inputs=1, part=100, crawled=50, crawls=1,
    replayed=200, slow=40, replays=1, packed=40,
)  # fmt: skip


def read_pages(size: Size) -> Iterator[Table]:
    sets = ("story samples of 2017", _story_pages(size.pages)), ("real pages", _real_pages(size.pages))
    for name, captures in sets:
        if captures:
            yield reading.run(name, captures, rounds=size.rounds, least_seconds=size.least_seconds)


def write_and_search(size: Size) -> Iterator[Table]:
    items = list(stories(size.stories, SAMPLES))
    with TemporaryDirectory() as folder:
        filled = Path(folder) / "filled"
        writing.fill(items, filled)
        yield writing.run(items, filled, rounds=size.write_rounds)
        yield searching.run(items, filled, rounds=size.starts)


def start_up(size: Size) -> Iterator[Table]:
    yield starting.run(_story_file(), rounds=size.starts)


def compare_engines(size: Size) -> Iterator[Table]:
    bodies = [capture.body for capture in _story_pages(size.pages)]
    yield engines.run(
        bodies,
        _story_file(),
        rounds=size.rounds,
        least_seconds=size.least_seconds,
        part=size.part,
        inputs=size.inputs,
    )


def crawl(size: Size) -> Iterator[Table]:
    yield crawling.run(size.crawled, SAMPLES, rounds=size.crawls)


def replay_files(size: Size) -> Iterator[Table]:
    missing = [name for name in replay.NEEDED if find_spec(name) is None]
    if missing:
        print(f"\nnot installed, so replay is not measured: {', '.join(missing)}", flush=True)
        return
    yield replay.run(size.replayed, SAMPLES, rounds=size.replays, slow=size.slow)


def pack_evidence(size: Size) -> Iterator[Table]:
    yield evidence.run(size.packed, SAMPLES)


SECTIONS: Mapping[str, Callable[[Size], Iterator[Table]]] = {
    "reading": read_pages,
    "archive": write_and_search,
    "start": start_up,
    "engines": compare_engines,
    "replay": replay_files,
    "evidence": pack_evidence,
    "crawl": crawl,
}


@cache
def _story_pages(most: int | None) -> list[Capture]:
    """The English and Khmer stories among the samples of the 2017 design."""
    return reading.saved(DESIGN, ("article",), most)


def _story_file() -> Path:
    """One of them on the disk, with a body that hostile markup can go into."""
    for path in sorted(DESIGN.glob("*.html")):
        if b'id="ArticleBody"' in path.read_bytes():
            return path
    raise ValueError(f"{DESIGN}: no story page")


def _real_pages(most: int | None) -> list[Capture]:
    return reading.saved(REAL_PAGES, ("article", "listing"), most)


def about() -> dict[str, str]:
    """What was measured on; no names of hosts or folders."""
    cores = os.cpu_count()
    return {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "machine": f"{platform.system()} {platform.machine()}, {cores} cores",
    }


def main() -> int:
    """Prints every table as soon as it is made. Ends with 0, met or not: a busy machine is no broken build."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a smoke run of seconds; its figures mean nothing")
    parser.add_argument("--crawl", action="store_true", help="also crawl over loopback, which takes a minute more")
    parser.add_argument("--only", choices=SECTIONS, help="one section")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write the tables to FILE, too")
    options = parser.parse_args()
    chosen = [options.only] if options.only else [name for name in SECTIONS if name != "crawl" or options.crawl]
    machine = about()
    print(", ".join(machine.values()), flush=True)
    tables = []
    for name in chosen:
        for table in SECTIONS[name](QUICK if options.quick else FULL):
            print(f"\n{table.text()}", flush=True)
            tables.append(table.plain())
    if options.json:
        text = json.dumps(machine | {"quick": options.quick, "tables": tables}, ensure_ascii=False, indent=1)
        options.json.write_text(text + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    warnings.filterwarnings("ignore", module="newspaper")  # it asks for an extra that nothing here needs
    sys.exit(main())
