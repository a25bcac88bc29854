"""Processes that are measured: where they run, how they are started, and what memory they take."""

import re
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
POSTSCRAPER = (sys.executable, "-m", "postscraper")

_SIZES = re.compile(r"^(VmRSS|VmHWM):\s+(\d+) kB$", re.M)


class Memory(NamedTuple):
    """Resident memory of a process, now and at its peak."""

    now_bytes: int
    peak_bytes: int


def memory(pid: int) -> Memory | None:
    """By Linux's own count, which begins with the process; None for one that has ended."""
    try:
        sizes = dict(_SIZES.findall(Path(f"/proc/{pid}/status").read_text("ascii", "replace")))
    except OSError:
        return None
    # A process that has ended and was not waited for has no sizes.
    return Memory(int(sizes["VmRSS"]) * 1024, int(sizes["VmHWM"]) * 1024) if sizes else None
