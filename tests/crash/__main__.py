"""`make crash`: every part in a process of its own, two at a time, and what each came to in a line.

N in the environment: how many kills, and how many power cuts (else 200 and 100).
"""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tests.crash.site import ROOT

AT_ONCE = 2
FULL_DISKS, FAILED_SYNCS, SECOND_STARTS = 20, 50, 50


def parts(kills: int, cuts: int) -> list[list[str]]:
    """The kills are shared by two loops, each with an archive and a run beside it of its own."""
    half = kills // 2
    return [
        ["tests.crash.killloop", str(kills - half), "1"],
        ["tests.crash.killloop", str(half), "2"],
        ["tests.crash.powercut", str(cuts), "1"],
        ["tests.crash.faults", "full", str(FULL_DISKS)],
        ["tests.crash.faults", "syncs", str(FAILED_SYNCS)],
        ["tests.crash.faults", "starts", str(SECOND_STARTS)],
    ]


def told(words: list[str]) -> int:
    done = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stderr[-3000:])
    print(done.stdout.rstrip(), flush=True)
    return done.returncode


def main() -> int:
    wanted = os.environ.get("N", "")
    kills, cuts = (int(wanted), int(wanted)) if wanted else (200, 100)
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as at_once:
        codes = list(at_once.map(told, parts(kills, cuts)))
    print(f"{'something was lost' if any(codes) else 'nothing was lost'}, {time.monotonic() - began:.0f} s in all")
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
