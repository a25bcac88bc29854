"""Start-up: wall time of whole commands, in turn, each in a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.tables import Table, Wanted
from benchmarks.timing import in_turn, ratio

SCRAPY = "python -c 'import scrapy'"
HELP, READ = "postscraper --help", "postscraper read FILE"
OURS = (sys.executable, "-c", "from postscraper.__main__ import run; run()")  # as the installed script does

# Where byte code is not written, a checkout would be compiled anew by every start, and the installed packages never.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run(page: Path, *, rounds: int) -> Table:
    """page: a saved page with its sidecar, for `read`."""
    commands: Mapping[str, Sequence[str]] = {
        "python -c pass": (sys.executable, "-c", "pass"),
        HELP: (*OURS, "--help"),
        READ: (*OURS, "read", str(page)),
        "postscraper search --help": (*OURS, "search", "--help"),
        SCRAPY: (sys.executable, "-c", "import scrapy"),
    }
    if rounds > 1:  # once unmeasured: files into the cache, byte code onto the disk
        for command in commands.values():
            _seconds(command)
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    for name in in_turn(commands, rounds):
        seconds[name].append(_seconds(commands[name]))
    third = 1 / 3
    return Table(
        title="Start-up",
        columns=("command", "ms", "x import scrapy"),
        rows=[
            (name, f"{1000 * median(times):.0f}", f"{ratio(times, seconds[SCRAPY]):.2f}")
            for name, times in seconds.items()
        ],
        notes=(f"wall time, medians of {rounds} rounds in turn",),
        wanted=tuple(
            Wanted(
                what=f"of import scrapy, {name}", figure=ratio(seconds[name], seconds[SCRAPY]), bar=third, at_most=True
            )
            for name in (HELP, READ)
        ),
    )


def _seconds(command: Sequence[str]) -> float:
    """Raises CalledProcessError for a command that fails: what ends early is not fast."""
    begun = time.perf_counter()
    subprocess.run(command, env=_ENVIRONMENT, capture_output=True, check=True)
    return time.perf_counter() - begun
