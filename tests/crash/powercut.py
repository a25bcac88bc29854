"""Simulated power cuts: one run is traced, and its disk rebuilt as a cut at any operation could leave it.

    python -m tests.crash.powercut CUTS SEED

In each state the program's own recovery goes to work; then nothing acknowledged may be lost, and no row
may name a record that is not there. In some, the program is started whole, and must come to the same end
as the run that had no cut.
"""

import re
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from shutil import rmtree
from tempfile import TemporaryDirectory

from scrapy.settings import Settings

from postscraper.newspapers import POST
from postscraper.run import run as crawl
from postscraper.run.scope import scope
from tests.crash import holding
from tests.crash.disk import LOSSES, after
from tests.crash.program import REAL, Acknowledged, Run, acknowledged
from tests.crash.site import Site
from tests.crash.traced import UNDER, Operation, operations

PAGES = 60
RESTART_EVERY = 20  # cuts; the program's start takes two seconds, its recovery alone a twentieth


@dataclass
class Cuts:
    cuts: Counter[str] = field(default_factory=Counter)
    operations: int = 0
    acknowledged: int = 0
    restarts: int = 0
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def told(self) -> str:
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.cuts.items()))
        return (
            f"power cuts {self.cuts.total()} ({kinds}) among {self.operations} operations and "
            f"{self.acknowledged} acknowledged pages, restarts {self.restarts}; violations {len(self.violations)}, "
            f"{self.seconds:.0f} s"
        )


def recorded(folder: Path, site: Site, entry: Sequence[str] = REAL) -> list[Operation]:
    """A run under strace, into `folder`/archive. Raises RuntimeError when it does not come to its end."""
    log = folder.with_name(f"{folder.name}.strace")
    folder.mkdir()
    run = Run(folder / "archive", site.origin, entry, under=(*UNDER, log))
    if code := run.end():
        raise RuntimeError(f"the traced run ended with {code}: {run.stderr[-2000:]}")
    return list(operations(log, folder))


class Replay:
    def __init__(self, folder: Path, site: Site, entry: Sequence[str] = REAL) -> None:
        self._traced, self._state, self._site = folder / "traced", folder / "state", site
        self._operations = recorded(self._traced, site, entry)
        self._whole = holding.picture(self._traced / "archive", site.origin)
        self.result = Cuts(operations=len(self._operations))
        self.result.acknowledged = len(answers(self._operations))

    def run(self, cuts: int, chance: Random) -> Cuts:
        began = time.monotonic()
        for number in range(cuts):
            loss = LOSSES[number % len(LOSSES)]
            at = chance.randrange(1, len(self._operations) + 1)
            after(self._operations[:at], self._traced).leave(loss, chance, self._state)
            found = self._recovered(answers(self._operations[:at]))
            if not found and number % RESTART_EVERY == 0:
                found = self._restarted()
            rmtree(self._state)
            self.result.cuts[loss] += 1
            self.result.violations += [f"cut at {at}, {loss}: {each}" for each in found[:3]]
        self.result.seconds = time.monotonic() - began
        return self.result

    def _recovered(self, acknowledged_pages: Sequence[Acknowledged]) -> list[str]:
        archive = self._state / "archive"
        settings = Settings()
        settings.setmodule("postscraper.settings")
        settings.setdict({"PAPER_ORIGIN": self._site.origin, "ARCHIVE_DIR": str(archive)})
        try:
            run = crawl.Run.open(POST, scope(POST, {}), settings)
        except Exception as error:
            return [f"no start: {type(error).__name__}: {error}"]
        try:
            run.begin()
            run.give_back(due.address for due in run.due(8))
        finally:
            run.close()
        return [*holding.lost(archive, acknowledged_pages), *holding.damage(archive), *holding.twice(archive)]

    def _restarted(self) -> list[str]:
        self.result.restarts += 1
        archive = self._state / "archive"
        run = Run(archive, self._site.origin)
        if code := run.end():
            return [f"the next run ended with {code}: {run.sentence()}"]
        return [*holding.differences(holding.picture(archive, self._site.origin), self._whole)]


def answers(done: Sequence[Operation]) -> list[Acknowledged]:
    """The pages whose lines of the feed are among the operations."""
    feed = b"".join(each.data for each in done if each.name == "answer")
    return [page for line in re.findall(rb"[^\n]*\n", feed) if (page := acknowledged(line))]


def cut(folder: Path, cuts: int, seed: int, pages: int = PAGES, entry: Sequence[str] = REAL) -> Cuts:
    with Site(pages) as site:
        return Replay(folder, site, entry).run(cuts, Random(seed))


def main(cuts: int = 100, seed: int = 1) -> int:
    with TemporaryDirectory() as folder:
        result = cut(Path(folder), cuts, seed)
    print(result.told())
    for each in result.violations[:20]:
        print(" ", each)
    return 1 if result.violations else 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
