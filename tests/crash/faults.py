"""A full disk, a disk that fails to sync, a second crawl: the program says so in a sentence, and loses nothing.

    python -m tests.crash.faults full|syncs|starts COUNT SEED

full: the archive lies on a tmpfs of COUNT sizes, and is then given room. syncs: the K-th sync of
the run fails, as strace makes it. starts: a second start while the first crawls, or at once with it.
"""

import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random
from shutil import rmtree
from tempfile import TemporaryDirectory

from postscraper.cli.exit_codes import EXIT_CODES, FILE_FAILED
from storage.database.lock import ArchiveInUse
from storage.errors import EvidenceError, Full
from tests.crash import holding
from tests.crash.program import Run
from tests.crash.site import Site

PAGES = 60
IN_USE, FULL, FAILED = (EXIT_CODES[kind] for kind in (ArchiveInUse, Full, EvidenceError))
SYNCS = "fsync,fdatasync"
STRACE = ("strace", "-f", "--seccomp-bpf")
SMALLEST_BYTES, STEP_BYTES = 2**13, 2**12
ROOM = "64m"


@dataclass
class Faults:
    """What a series of faults came to; ends: exit codes of the runs that met one."""

    what: str
    ends: Counter[int] = field(default_factory=Counter)
    acknowledged: int = 0
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def told(self) -> str:
        codes = ", ".join(f"{count} with {code}" for code, count in sorted(self.ends.items()))
        return (
            f"{self.what} {self.ends.total()} (ended {codes}), acknowledged {self.acknowledged}; "
            f"violations {len(self.violations)}, {self.seconds:.0f} s"
        )


@lru_cache
def whole(pages: int) -> tuple[holding.Picture, int]:
    """What the archive of a run without a fault holds, and its bytes; the same wherever the site is served."""
    with TemporaryDirectory() as folder, Site(pages) as site:
        archive = Path(folder) / "whole"
        run = Run(archive, site.origin)
        if code := run.end():
            raise RuntimeError(f"the run without a fault ended with {code}: {run.stderr}")
        size = sum(path.stat().st_size for path in archive.rglob("*") if path.is_file())
        return holding.picture(archive, site.origin), size


class Series:
    """One kind of fault, many times, on the same site."""

    def __init__(self, what: str, folder: Path, site: Site) -> None:
        self.result = Faults(what)
        self._folder, self._site = folder, site
        self._whole, self._whole_bytes = whole(site.count)

    def met(self, run: Run, name: str, codes: frozenset[int]) -> int:
        """How a run ended that met a fault, noted: with one of the codes, or 0 if it met none after all."""
        code = run.end()
        self.result.ends[code] += 1
        self.result.acknowledged += len(run.acknowledged)
        if code and code not in codes:
            self._note(name, f"ended with {code}: {run.stderr[-600:]}")
        if code and not run.sentence().startswith("postscraper: "):
            self._note(name, f"no sentence at the end: {run.stderr[-600:]}")
        if "Traceback" in run.stderr:
            self._note(name, run.stderr[:3000])
        return code

    def goes_on(self, archive: Path, run: Run, name: str) -> None:
        """The next run must come to the end, with all that was acknowledged."""
        following = Run(archive, self._site.origin)
        if code := following.end():
            self._note(name, f"the next run ended with {code}: {following.stderr[-600:]}")
            return
        for found in (holding.lost(archive, run.acknowledged), holding.damage(archive), holding.twice(archive)):
            for each in found:
                self._note(name, each)
        for each in holding.differences(holding.picture(archive, self._site.origin), self._whole):
            self._note(name, each)

    def _note(self, name: str, what: str) -> None:
        self.result.violations.append(f"{name}: {what}")

    # A disk that is full

    def full(self, count: int, chance: Random) -> None:
        for number in range(count):
            # With its log ahead the database takes twice its size while it is written.
            size = SMALLEST_BYTES + int(self._whole_bytes * 2 * (number + chance.random()) / count)
            with tmpfs(self._folder / "small", size // STEP_BYTES * STEP_BYTES) as small:
                run = Run(small / "archive", self._site.origin)
                self.met(run, f"{size} bytes", frozenset({FULL}))
                subprocess.run(["mount", "-o", f"remount,size={ROOM}", str(small)], check=True)
                self.goes_on(small / "archive", run, f"{size} bytes, then room")

    # A disk that fails to sync

    def syncs(self, count: int, chance: Random) -> None:
        log = self._folder / "counted.strace"
        counting = Run(self._folder / "counted", self._site.origin, under=(*STRACE, "-e", SYNCS, "-o", log))
        assert counting.end() == 0, counting.stderr
        calls = re.findall(r"^(\d+) +(fsync|fdatasync)\(", log.read_text("ascii"), re.M)
        for number in range(count):
            at = int(len(calls) * (number + chance.random()) / count)
            while not self._fails_at(calls, at) and at:
                at = at * 3 // 4  # pages share commits by chance: this run made fewer than the one that was counted

    def _fails_at(self, calls: list[tuple[str, str]], at: int) -> bool:
        """Whether a run met the error at one of the syncs that were counted."""
        call, time_of_it = calls[at][1], calls[: at + 1].count(calls[at])  # strace counts each of each thread
        archive, name = self._folder / "synced", f"sync {at} of {len(calls)}, {call} {time_of_it}"
        inject = ("-e", f"trace={call}", "-e", f"inject={call}:error=EIO:when={time_of_it}")
        run = Run(archive, self._site.origin, under=(*STRACE, *inject, "-o", "/dev/null"))
        code = self.met(run, name, frozenset({FAILED, FILE_FAILED}))
        self.goes_on(archive, run, f"after {name}")
        rmtree(archive)
        return code != 0

    # A second start

    def starts(self, count: int, chance: Random) -> None:
        """One in ten begins at the same moment as the first; the others while it crawls slowly."""
        for number in range(count // 10):
            archive = self._folder / f"together-{number}"
            both = [Run(archive, self._site.origin) for _ in range(2)]
            codes = sorted(run.end() for run in both)
            if codes != [0, IN_USE]:
                self._note("together", f"ended with {codes}: {[run.stderr[-300:] for run in both]}")
            refused = min(both, key=lambda run: len(run.acknowledged))
            self.met(refused, "together", frozenset({IN_USE}))
            self.goes_on(archive, refused, "together")
        first = self._slow(0)
        for number in range(count - count // 10):
            if not first.lives():  # on a machine so slow that its pages came to an end
                self._ended(first)
                first = self._slow(number)
            second = Run(first.archive, self._site.origin)
            self.met(second, f"start {number}", frozenset({IN_USE}))
            if second.acknowledged or len(second.stderr.splitlines()) != 1:
                self._note(f"start {number}", f"not one sentence: {second.stderr}")
        self._site.set(wait_ms=0)
        self._ended(first)

    def _slow(self, number: int) -> Run:
        """A run that has begun, in an archive of its own, and waits long for each answer."""
        self._site.set(wait_ms=500)
        run = Run(self._folder / f"shared-{number}", self._site.origin)
        run.wait_for(1)
        self._site.set(wait_ms=20_000)
        return run

    def _ended(self, first: Run) -> None:
        if code := first.end():
            self._note("the first run", f"ended with {code}: {first.stderr[-600:]}")
        self.goes_on(first.archive, first, "shared")


def cannot_mount() -> str | None:
    """Why no tmpfs can be mounted; None when one can."""
    if os.geteuid() != 0:
        return "only root may mount a tmpfs"
    with TemporaryDirectory() as folder:
        words = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", folder]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            subprocess.run(["umount", folder], check=True)
    return done.stderr.strip() or None


@contextmanager
def tmpfs(folder: Path, size: int) -> Iterator[Path]:
    folder.mkdir(exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


KINDS: dict[str, tuple[str, Callable[[Series, int, Random], None]]] = {
    "full": ("full disks", Series.full),
    "syncs": ("failed syncs", Series.syncs),
    "starts": ("second starts", Series.starts),
}


def suffered(folder: Path, kind: str, count: int, seed: int, pages: int = PAGES) -> Faults:
    what, suffer = KINDS[kind]
    began = time.monotonic()
    with Site(pages) as site:
        series = Series(what, folder, site)
        suffer(series, count, Random(seed))
    series.result.seconds = time.monotonic() - began
    return series.result


def main(kind: str, count: str, seed: str = "1") -> int:
    if kind == "full" and (why := cannot_mount()):
        print(f"full disks: skipped, {why}")
        return 0
    with TemporaryDirectory() as folder:
        result = suffered(Path(folder), kind, int(count), int(seed))
    print(result.told())
    for each in result.violations[:20]:
        print(" ", each)
    return 1 if result.violations else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
