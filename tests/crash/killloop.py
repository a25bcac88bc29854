"""The real program, killed at random moments and started again, beside one that nobody kills.

    python -m tests.crash.killloop KILLS SEED

The site has editions: when one is crawled to its end the next begins, every address is due again,
half of the stories have new words, and the others answer 304. After the last kill one run goes to
its end; the archive must then hold what the other holds, and nothing twice.
"""

import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from signal import SIGKILL, SIGTERM
from tempfile import TemporaryDirectory

from postscraper.cli.exit_codes import INTERRUPTED
from storage.archive import Archive
from tests.crash import holding
from tests.crash.program import REAL, Run
from tests.crash.site import Site

PAGES = 700
STARTUP_SECONDS = 2.0  # until the first start told better
WORK_SECONDS = 0.7  # a page takes some 5 ms: a kill falls behind up to 150 of them
SHUTDOWN_SECONDS = 0.4
KILLED = (-SIGKILL, -SIGTERM)


@dataclass
class Toll:
    """What a loop came to. cut: torn tails of files; read_in: pages kept before a kill, filed at the next start."""

    kills: Counter[str] = field(default_factory=Counter)
    editions: int = 0
    acknowledged: int = 0
    cut: int = 0
    read_in: int = 0
    rowless: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def told(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.kills.items()))
        without = ", ".join(f"{count} {kind}" for kind, count in sorted(self.rowless.items())) or "none"
        return (
            f"kills {self.kills.total()} ({kinds}), editions {self.editions}, acknowledged {self.acknowledged}, "
            f"tails cut {self.cut}, pages read in {self.read_in}, records without a row: {without}; "
            f"violations {len(self.violations)}, {self.seconds:.0f} s"
        )


def due_again(archive: Path) -> None:
    """As `postscraper retry` does for every state that a visit leaves."""
    with Archive.open(archive) as opened:
        for state in holding.REVISITED:
            opened.ledger.retry(state, datetime.now(UTC))


class Loop:
    def __init__(self, folder: Path, site: Site, chance: Random, entry: Sequence[str] = REAL) -> None:
        self.toll = Toll()
        self._archive, self._site, self._chance, self._entry = folder / "killed", site, chance, entry
        self._startup_seconds = STARTUP_SECONDS

    def run(self, kills: int) -> Toll:
        """Stops early when the program cannot go on, or lost what it acknowledged."""
        while self.toll.kills.total() < kills and not self.toll.violations:
            self._once(killed=True)
        if not self.toll.violations:
            self._once(killed=False)
        return self.toll

    def _once(self, *, killed: bool) -> bool:
        """Start the program once; whether it came to its end."""
        before = self._files()
        run = Run(self._archive, self._site.origin, self._entry)
        kind = self._wait_to_kill(run) if killed else "end"
        if killed:
            run.kill()
        code = run.end()
        self._compare_tails(before)
        self._look_at(run, code)
        if run.first_seconds is not None:
            self._startup_seconds = (3 * self._startup_seconds + run.first_seconds) / 4
        if code in KILLED:
            self.toll.kills[kind] += 1
        elif killed and not self.toll.violations and not self._due():
            self._next_edition()
        return code == 0

    def _wait_to_kill(self, run: Run) -> str:
        """Until a moment of its start, its work or its shutdown; which it was."""
        kind = self._chance.choices(("startup", "work", "shutdown"), (15, 65, 20))[0]
        if kind == "startup":
            run.wait(self._chance.uniform(0, self._startup_seconds))
            return kind
        run.wait_for(1)
        run.wait(self._chance.uniform(0, WORK_SECONDS))
        if kind == "shutdown" and run.lives():
            run.ask_to_stop()
            run.wait(self._chance.uniform(0, SHUTDOWN_SECONDS))
        return kind

    def _look_at(self, run: Run, code: int) -> None:
        found = holding.lost(self._archive, run.acknowledged)
        if "Traceback" in run.stderr:
            found.append(f"traceback: {run.stderr[-2000:]}")
        stopped = code == INTERRUPTED and "interrupted" in run.sentence()  # as a run that is asked to stop ends
        if code not in (0, *KILLED) and not stopped:
            found.append(f"ended with {code}: {run.sentence()}")
        self.toll.acknowledged += len(run.acknowledged)
        self.toll.violations += found

    def _files(self) -> dict[str, tuple[int, int]]:
        """Each file of the evidence: its bytes, and the pages that have a row."""
        if not (self._archive / holding.DATABASE).exists():
            return {}
        try:
            rows = dict(holding.asked(self._archive, "SELECT evidence_file, count(*) FROM capture GROUP BY 1"))
        except sqlite3.OperationalError:
            rows = {}  # killed before there was a table
        files = (self._archive / "evidence").glob("*.warc.gz")
        return {path.name: (path.stat().st_size, rows.get(path.name, 0)) for path in files}

    def _compare_tails(self, before: dict[str, tuple[int, int]]) -> None:
        after = self._files()
        for name, (size, rows) in before.items():
            self.toll.cut += after[name][0] < size
            self.toll.read_in += after[name][1] - rows

    def _due(self) -> int:
        """How many addresses the edition still has: an interrupted run may have ended before them."""
        now = datetime.now(UTC).isoformat()
        question = f"SELECT count(*) FROM ledger WHERE kind != 'page' AND due_at <= '{now}'"
        return int(holding.asked(self._archive, question)[0][0])

    def _next_edition(self) -> None:
        self.toll.editions += 1
        self._site.set(edition=self.toll.editions)
        due_again(self._archive)

    def archive(self) -> Path:
        return self._archive


def compare(toll: Toll, archive: Path, folder: Path, site: Site) -> None:
    """Crawl the same editions with nobody killing, and note every difference in the toll."""
    beside = folder / "beside"
    for edition in range(toll.editions + 1):
        site.set(edition=edition)
        if edition:
            due_again(beside)
        run = Run(beside, site.origin)
        if code := run.end():
            toll.violations.append(f"the run that nobody kills ended with {code}: {run.sentence()}")
            return
    toll.violations += holding.differences(holding.picture(archive, site.origin), holding.picture(beside, site.origin))
    toll.violations += holding.damage(archive)
    toll.violations += holding.twice(archive)
    toll.rowless, unnamed = holding.rowless(archive, site.origin)
    toll.violations += unnamed + holding.checked(archive)


def killed(folder: Path, kills: int, seed: int, pages: int = PAGES, entry: Sequence[str] = REAL) -> Toll:
    """The whole loop in a folder, with its comparison unless something is amiss already."""
    began = time.monotonic()
    with Site(pages) as site:
        loop = Loop(folder, site, Random(seed), entry)
        toll = loop.run(kills)
        if not toll.violations:
            compare(toll, loop.archive(), folder, site)
    toll.seconds = time.monotonic() - began
    return toll


def main(kills: int = 200, seed: int = 1) -> int:
    with TemporaryDirectory() as folder:
        toll = killed(Path(folder), kills, seed)
    print(toll.told())
    for each in toll.violations[:20]:
        print(" ", each)
    return 1 if toll.violations else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
