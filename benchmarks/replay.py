"""Replay in bulk, end to end: WARC files in, a durable archive with its index of words out.

The records are the samples, each again and again under another address and with other words. All read the same
files of gzip members with two processes, and write SQLite with write-ahead log and synchronous=FULL:

- `postscraper replay --link`: the command as it is typed; only its processes' start is measured.
- floor: FastWARC reads and unpacks, and the engine parses each page and selects nothing, in two processes; then
  the rows that the archive wrote, ready-made, go into the archive's own tables by raw sqlite3, a thousand in a
  transaction, and the index of words is built at the end.
- trafilatura: warcio reads, trafilatura extracts, one flat row a page with an index of words, in two processes.
- parsel: warcio reads, four selectors of parsel, the same flat rows.
"""

import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib import import_module
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.tables import Table, Wanted
from benchmarks.timing import Rates, ratio, turned
from postscraper.newspapers import POST
from postscraper.sources import folder
from postscraper.urls import canonical
from storage.exchange import Exchange
from storage.warcrecord import new_id, response_and_request, warcinfo
from storage.words import searchable

ROOT = Path(__file__).parents[1]
JOBS = 2
FILES = 4
BATCH = 1_000
FIRST = datetime(2019, 1, 1, tzinfo=UTC)
OURS, OURS_ALONE = "postscraper replay", "postscraper replay, one reader"
FLOOR, TRAFILATURA, PARSEL = "floor: parse, rows by hand", "warcio + trafilatura + SQLite", "warcio + parsel + SQLite"
HTML = (("Content-Type", "text/html; charset=utf-8"),)

Extract = Callable[[bytes, str], tuple[Any, ...]]


def exchanges(count: int, samples: Path) -> Iterator[Exchange]:
    """Pages of the newspaper; one in each round of the samples has new words and a new address."""
    pages = [page for page in folder.captures(samples) if canonical(page.url).split("/")[2] == POST.host]
    for number in range(count):
        page, turn = pages[number % len(pages)], number // len(pages)
        url = page.url.partition("?")[0].rstrip("/")
        new = f"{url}-x{turn}" if turn and url.count("/") > 3 else page.url
        body = page.body.replace(url.encode(), new.encode()).replace(b"</p>", b" Number %d.</p>" % turn)
        at = FIRST + timedelta(minutes=number)
        yield Exchange(url=new, requested_at=None, captured_at=at, status=200, reason="OK", headers=HTML, body=body)


def write_files(count: int, samples: Path, out: Path) -> list[Path]:
    paths = [out / f"records-{number}.warc.gz" for number in range(FILES)]
    found = exchanges(count, samples)
    for path in paths:
        with path.open("wb") as stream:
            name = new_id()
            stream.write(warcinfo(path.name, name, {"software": "benchmark"}))
            for exchange in islice(found, -(-count // FILES)):
                stream.write(b"".join(response_and_request(exchange, same_as=None, info_id=name)))
    return paths


def ours(paths: list[Path], archive: Path, jobs: int) -> int:
    words = ("replay", *map(str, paths), "--link", "--jobs", str(jobs), "--archive", str(archive))
    done = subprocess.run(
        [sys.executable, "-m", "postscraper", *words], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return int(done.stdout.split()[0].replace(",", ""))


def parse_all(path: Path) -> int:
    """One worker's part of the floor."""
    parse, records = import_module("turbohtml").parse, import_module("fastwarc.warc").ArchiveIterator
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
        with closing(_opened(folder / "by-hand.db")) as connection:
            for sql, _ in self._tables.values():
                connection.execute(sql)
            for sql in (*self._indexes, self._words):
                connection.execute(sql)
            for name, (_, rows) in self._tables.items():
                for at in range(0, len(rows), BATCH):
                    some = rows[at : at + BATCH]
                    connection.execute("BEGIN")
                    connection.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(some[0]))})", some)
                    connection.execute("COMMIT")
            connection.create_function("searchable", 1, searchable, deterministic=True)
            connection.execute("INSERT INTO words(words, rank) VALUES ('hashsize', 67108864)")
            columns = "id, searchable(headline), searchable(body), NULL, searchable(byline)"
            connection.execute(
                f"INSERT INTO words(rowid, headline, body, captions, byline) SELECT {columns} FROM revision"
            )


def _opened(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "cache_size = -65536"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def by_trafilatura(body: bytes, url: str) -> tuple[Any, ...]:
    found = import_module("trafilatura").bare_extraction(body.decode("utf-8", "replace"), url=url)
    return (url, None, None) if found is None else (url, found.title, found.text)


def by_parsel(body: bytes, url: str) -> tuple[Any, ...]:
    page = import_module("parsel").Selector(body.decode("utf-8", "replace"))
    headline = page.css("h1 ::text, h2.title ::text, title ::text").get()
    return url, headline, "\n".join(page.css("p ::text").getall())


def extract_all(path: Path, extract: Extract) -> list[tuple[Any, ...]]:
    records = import_module("warcio.archiveiterator").ArchiveIterator
    with path.open("rb") as stream:
        return [
            extract(record.content_stream().read(), record.rec_headers.get_header("WARC-Target-URI"))
            for record in records(stream)
            if record.rec_type == "response"
        ]


def flat(paths: list[Path], extract: Extract, out: Path) -> int:
    count = 0
    with closing(_opened(out / "flat.db")) as connection, ProcessPoolExecutor(JOBS, get_context("fork")) as pool:
        connection.execute("CREATE TABLE article (id INTEGER PRIMARY KEY, url TEXT, headline TEXT, body TEXT)")
        connection.execute(
            "CREATE VIRTUAL TABLE words USING fts5(headline, body, content='article', content_rowid='id')"
        )
        for rows in pool.map(extract_all, paths, [extract] * len(paths)):
            connection.execute("BEGIN")
            connection.executemany("INSERT INTO article(url, headline, body) VALUES (?, ?, ?)", rows)
            connection.execute("COMMIT")
            count += len(rows)
        connection.execute("INSERT INTO words(words) VALUES ('rebuild')")
    return count


def run(count: int, samples: Path, *, rounds: int, slow: int) -> Table:
    """slow: of how many of the records the slow ones are measured."""
    with TemporaryDirectory() as name:
        work = Path(name)
        few, paths = work / "few", write_files(count, samples, work)
        few.mkdir()
        less = write_files(slow, samples, few)
        ours(paths, work / "filled", JOBS)
        rows = Rows(work / "filled" / "archive.db")
        rates, cpu = measured(runs(paths, less, rows), work, rounds)
    return Table(
        title="Replay of WARC files",
        columns=("program", "records/s wall", "x floor", "records/CPU s", "x floor"),
        rows=[(each, *_cells(each, rates), *_cells(each, cpu)) for each in rates],
        notes=(
            f"{count:,} records in {FILES} files ({slow:,} for trafilatura and parsel), {JOBS} readers",
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
        PARSEL: lambda out: flat(less, by_parsel, out),
        TRAFILATURA: lambda out: flat(less, by_trafilatura, out),
    }


def measured(programs: Mapping[str, Callable[[Path], int]], work: Path, rounds: int) -> tuple[Rates, Rates]:
    """Records a second of wall time, and of CPU time of all processes together."""
    wall: dict[str, list[float]] = {name: [] for name in programs}
    cpu: dict[str, list[float]] = {name: [] for name in programs}
    for turn in range(rounds):
        for name in turned(list(programs), turn):
            out = work / "out"
            out.mkdir()
            begun, spent = time.perf_counter(), _cpu_seconds()
            done = programs[name](out)
            wall[name].append(done / (time.perf_counter() - begun))
            cpu[name].append(done / (_cpu_seconds() - spent))
            shutil.rmtree(out)
    return wall, cpu


def _cpu_seconds() -> float:
    used = [getrusage(who) for who in (RUSAGE_SELF, RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)
