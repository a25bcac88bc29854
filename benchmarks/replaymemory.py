"""Peak memory of each process of a replay of 1,000 to 100,000 records: `python -m benchmarks.replaymemory`."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.processes import ROOT, memory
from benchmarks.records import write_files
from benchmarks.replay import command
from benchmarks.replaypeers import JOBS
from benchmarks.tables import Table, Wanted

COUNTS = (1_000, 10_000, 100_000)


def peaks(paths: list[Path], archive: Path) -> tuple[int, int]:
    """Largest resident memory of the writer, and of the larger reader, in MiB."""
    running = subprocess.Popen(command(paths, archive, JOBS), cwd=ROOT, stdout=subprocess.DEVNULL)
    writer, readers = 0, 0
    while running.poll() is None:
        writer = max(writer, _peak(running.pid))
        readers = max([readers, *map(_peak, _children(running.pid))])
        time.sleep(0.05)
    return writer, readers


def _children(pid: int) -> Iterator[int]:
    try:
        yield from map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    except OSError:
        return


def _peak(pid: int) -> int:
    size = memory(pid)
    return size.peak_bytes // 2**20 if size else 0


def run(counts: tuple[int, ...], samples: Path) -> Table:
    rows, writers = [], []
    for count in counts:
        with TemporaryDirectory() as name:
            paths = write_files(count, samples, Path(name))
            writer, reader = peaks(paths, Path(name) / "archive")
            rows.append((f"{count:,}", f"{writer}", f"{reader}"))
            writers.append(writer)
    *_, before, most = writers
    return Table(
        title="Memory of a replay",
        columns=("records", "writer, MiB", "a reader, MiB"),
        rows=rows,
        notes=(f"the most that a process held at any moment, {JOBS} readers",),
        wanted=(
            Wanted(what=f"times the writer of {counts[-2]:,} records", figure=most / before, bar=1.1, at_most=True),
        ),
    )


if __name__ == "__main__":
    print(run(COUNTS, ROOT / "samples").text())
