"""Readers of the reading room while a replay writes: whether either keeps the other waiting.

    python -m benchmarks.readers [RECORDS] [PAUSE_SECONDS]

A quarter of the records is in the archive before. The rest is replayed by turns without readers and beside 32, who open
one story after another; pause: the mean time that each looks at a story, 0 for programs that look at none.
"""

import asyncio
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from benchmarks.records import write_files

ROOT = Path(__file__).parents[1]
READERS = 32


@dataclass
class Reading:
    """seconds: of each answer. failures: heads of answers that were no page. processor_seconds: of the server."""

    seconds: list[float] = field(default_factory=list)
    failures: list[bytes] = field(default_factory=list)
    processor_seconds: float = 0.0

    def text(self) -> str:
        ordered = sorted(self.seconds)
        middle, most = ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)]
        each = 1000 * self.processor_seconds / len(ordered)
        return (
            f"{len(ordered):,} pages, median {1000 * middle:.0f} ms, p99 {1000 * most:.0f} ms, "
            f"{each:.1f} ms of the processor each, {len(self.failures)} errors"
        )


@contextmanager
def replaying(paths: list[Path], archive: Path) -> Iterator[subprocess.Popen[str]]:
    words = ("replay", *map(str, paths), "--link", "--archive", str(archive))
    command = [sys.executable, "-m", "postscraper", *words]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as replay:
        yield replay
    assert replay.returncode == 0


@contextmanager
def served(archive: Path) -> Iterator[tuple[int, int]]:
    """Port and number of the process of `postscraper serve`."""
    command = [sys.executable, "-m", "postscraper", "serve", "--port", "0", "--archive", str(archive)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        match = re.search(r":(\d+)/", server.stdout.readline())
        assert match is not None
        try:
            yield int(match[1]), server.pid
        finally:
            server.terminate()


def processor_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100  # user and system, in ticks


async def read(port: int, stories: list[int], pause: float, replay: subprocess.Popen[str], reading: Reading) -> float:
    """Read until the replay ends; the moment of its end, of the monotonic clock."""

    async def one(number: int) -> None:
        rng = Random(number)
        stream, out = await asyncio.open_connection("127.0.0.1", port)
        while True:
            begun = time.monotonic()
            out.write(b"GET /story/%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % (rng.choice(stories), port))
            head = await stream.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head, re.I)
            assert length is not None
            await stream.readexactly(int(length[1]))
            reading.seconds.append(time.monotonic() - begun)
            if not head.startswith(b"HTTP/1.1 200 "):
                reading.failures.append(head)
            await asyncio.sleep(rng.expovariate(1 / pause) if pause else 0)

    readers = [asyncio.create_task(one(number)) for number in range(READERS)]
    await asyncio.to_thread(replay.wait)
    ended = time.monotonic()
    for reader in readers:
        reader.cancel()
    for outcome in await asyncio.gather(*readers, return_exceptions=True):
        if not isinstance(outcome, asyncio.CancelledError):
            raise outcome
    return ended


def measure(paths: list[Path], begun: Path, folder: Path, pause: float | None) -> tuple[float, Reading]:
    """Seconds of the replay, and the pages that were read meanwhile; pause: None without readers."""
    archive, reading = folder / "archive", Reading()
    shutil.copytree(begun, archive)
    with closing(sqlite3.connect(archive / "archive.db")) as connection:
        stories = [number for (number,) in connection.execute("SELECT id FROM story")]
    if pause is None:
        start = time.monotonic()
        with replaying(paths, archive) as replay:
            replay.communicate()
        elapsed = time.monotonic() - start
    else:
        with served(archive) as (port, pid):
            before, start = processor_seconds(pid), time.monotonic()
            with replaying(paths, archive) as replay:
                elapsed = asyncio.run(read(port, stories, pause, replay, reading)) - start
            reading.processor_seconds = processor_seconds(pid) - before
    shutil.rmtree(archive)
    return elapsed, reading


def main(records: int = 8_000, pause: float = 0.0, turns: int = 2) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        first, *paths = write_files(records, ROOT / "samples", folder)
        begun = folder / "begun"
        with replaying([first], begun) as replay:
            replay.communicate()
        pages = records * len(paths) // (len(paths) + 1)
        for _ in range(turns):
            alone, _none = measure(paths, begun, folder, None)
            beside, reading = measure(paths, begun, folder, pause)
            print(f"replay {pages / alone:.0f} pages/s alone, {pages / beside:.0f} beside: {alone / beside:.2f}")
            print(f"readers: {reading.text()}", flush=True)


if __name__ == "__main__":
    main(*(number(word) for number, word in zip((int, float, int), sys.argv[1:], strict=False)))
