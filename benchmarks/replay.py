"""Bulk replay from WARC files to a durable archive with its search index, beside other programs.

The records are the samples, each again and again under another address and with other words. All read the same
files of gzip members with two processes, and write SQLite with write-ahead log and synchronous=FULL:

- `postscraper replay --link`: the command as it is typed; only its processes' start is measured.
- floor: FastWARC reads and unpacks, and the engine parses each page and selects nothing, in two processes; then
  the rows that the archive wrote, ready-made, go into the archive's own tables by raw sqlite3, a thousand in a
  transaction, and the search index is built at the end.
- the others, see replaypeers.py: their modules are loaded before the clock starts.
"""

import sqlite3
import subprocess
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from functools import partial
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.processes import POSTSCRAPER, ROOT
from benchmarks.records import FILES, write_files
from benchmarks.replaypeers import JOBS, PEERS, flat, load, opened
from benchmarks.tables import Table, Wanted
from benchmarks.timing import Rates, in_turn, ratio
from storage.database.bulk import chunks
from storage.query.search.text import searchable

BATCH = 1_000
NEEDED = ("fastwarc", "selectolax", *(module for module, _ in PEERS.values()))
OURS, OURS_ALONE = "postscraper replay", "postscraper replay, one reader"
FLOOR, TRAFILATURA = "floor: parse, rows by hand", "warcio + trafilatura + SQLite"


def command(paths: list[Path], archive: Path, jobs: int) -> list[str]:
    return [*POSTSCRAPER, "replay", *map(str, paths), "--link", "--jobs", str(jobs), "--archive", str(archive)]


def ours(paths: list[Path], archive: Path, jobs: int) -> int:
    done = subprocess.run(command(paths, archive, jobs), capture_output=True, text=True, check=True, cwd=ROOT)
    return int(done.stdout.split()[0].replace(",", ""))


def parse_all(path: Path) -> int:
    """One worker's part of the floor."""
    parse = import_module("selectolax.lexbor").LexborHTMLParser
    records = import_module("fastwarc.warc").ArchiveIterator
    response = import_module("fastwarc.warc").WarcRecordType.response
    count = 0
    with path.open("rb") as stream:
        for record in records(stream, record_types=response):
            parse(record.reader.read().decode("utf-8", "replace"))
            count += 1
    return count


def floor(paths: list[Path], rows: "Rows", out: Path) -> int:
    with ProcessPoolExecutor(JOBS, get_context("fork")) as pool:
        count = sum(pool.map(parse_all, paths))
    rows.write(out)
    return count


class Rows:
    """All that an archive holds, ready to be written by hand."""

    def __init__(self, database: Path) -> None:
        with closing(sqlite3.connect(database)) as connection:
            named = "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'words%'"
            self._tables = {
                name: (sql, connection.execute(f"SELECT * FROM {name}").fetchall())
                for name, sql in connection.execute(named).fetchall()
            }
            more = "SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
            self._indexes = [sql for (sql,) in connection.execute(more)]
            self._words = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'words'").fetchone()[0]

    def write(self, folder: Path) -> None:
        with closing(opened(folder / "by-hand.db")) as connection:
            for sql, _ in self._tables.values():
                connection.execute(sql)
            for sql in (*self._indexes, self._words):
                connection.execute(sql)
            for name, (_, rows) in self._tables.items():
                for batch in chunks(rows, BATCH):
                    connection.execute("BEGIN")
                    connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(batch[0]))})", batch)
                    connection.execute("COMMIT")
            connection.create_function("searchable", 1, searchable, deterministic=True)
            connection.execute("INSERT INTO words(words, rank) VALUES ('hashsize', 67108864)")
            columns = "id, searchable(headline), searchable(body), NULL, searchable(byline)"
            connection.execute(
                f"INSERT INTO words(rowid, headline, body, captions, byline) SELECT {columns} FROM revision"
            )


def run(count: int, samples: Path, *, rounds: int, slow: int) -> Table:
    """slow: of how many of the records the slow ones are measured."""
    with TemporaryDirectory() as name:
        work = Path(name)
        few, paths = work / "few", write_files(count, samples, work)
        few.mkdir()
        for peer in PEERS:
            load(peer)
        less = write_files(slow, samples, few)
        ours(paths, work / "filled", JOBS)
        rows = Rows(work / "filled" / "archive.db")
        rates, cpu = measured(runs(paths, less, rows), work, rounds)
    return Table(
        title="Replay of WARC files",
        columns=("program", "records/s wall", "x floor", "records/CPU s", "x floor"),
        rows=[(each, *_cells(each, rates), *_cells(each, cpu)) for each in rates],
        notes=(
            f"{count:,} records in {FILES} files ({slow:,} for the four others), {JOBS} readers",
            f"wall time with the start of the processes, medians of {rounds} rounds in turn",
        ),
        wanted=(
            Wanted(what="times the floor", figure=ratio(rates[OURS], rates[FLOOR]), bar=0.5),
            Wanted(what="times trafilatura", figure=ratio(rates[OURS], rates[TRAFILATURA]), bar=10),
            Wanted(what="times one reader", figure=ratio(rates[OURS], rates[OURS_ALONE]), bar=1.6),
        ),
    )


def _cells(name: str, rates: Rates) -> tuple[str, str]:
    return f"{median(rates[name]):,.0f}", f"{ratio(rates[name], rates[FLOOR]):.2f}"


def runs(paths: list[Path], less: list[Path], rows: Rows) -> Mapping[str, Callable[[Path], int]]:
    return {
        OURS: lambda out: ours(paths, out / "archive", JOBS),
        OURS_ALONE: lambda out: ours(paths, out / "archive", 1),
        FLOOR: lambda out: floor(paths, rows, out),
        **{name: partial(flat, less, name) for name in PEERS},
    }


def measured(programs: Mapping[str, Callable[[Path], int]], work: Path, rounds: int) -> tuple[Rates, Rates]:
    """Records a second of wall time, and of CPU time of all processes together."""
    wall: dict[str, list[float]] = {name: [] for name in programs}
    cpu: dict[str, list[float]] = {name: [] for name in programs}
    for name in in_turn(programs, rounds):
        with TemporaryDirectory(dir=work) as out:
            begun, spent = time.perf_counter(), _cpu_seconds()
            done = programs[name](Path(out))
            wall[name].append(done / (time.perf_counter() - begun))
            cpu[name].append(done / (_cpu_seconds() - spent))
    return wall, cpu


def _cpu_seconds() -> float:
    used = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
