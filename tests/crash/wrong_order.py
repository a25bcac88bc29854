"""The program with its writes in the wrong order: what the crash tests must find, or they find nothing.

python -m tests.crash.wrong_order unsynced|row_first|answered_first crawl post …
"""

import os
import sys
from collections.abc import Sequence

from scrapy.cmdline import execute

from postscraper.items import Item
from postscraper.run.run import Run
from storage.archive import Outcome
from storage.evidence.store import Evidence, EvidenceFile
from storage.warc.exchange import Exchange, RecordLocation, RevisitTarget
from storage.warc.writer import response_and_request

ENTRY = ("-m", "tests.crash.wrong_order")


def unsynced() -> None:
    """Rows name records that are not yet durable: a power cut finds it, a kill never."""

    def nothing(self: Evidence) -> None: ...

    Evidence.sync = nothing  # type: ignore[method-assign]


def row_first() -> None:
    """Rows name records that still wait in the process, as in a file that nobody flushes."""
    write, close = EvidenceFile.append, EvidenceFile.close
    waiting = bytearray()

    def append(self: EvidenceFile, exchange: Exchange, same_as: RevisitTarget | None) -> RecordLocation:
        if not self.size:  # the head of the file goes in as ever
            return write(self, exchange, same_as)
        records = response_and_request(exchange, same_as=same_as, info_id=self._info_id)
        place = RecordLocation(file=self._path.name, offset=self.size, length=len(records[0]))
        self.size += sum(map(len, records))
        waiting.extend(b"".join(records))
        return place

    def close_last(self: EvidenceFile) -> None:
        os.write(self._descriptor, waiting)
        close(self)

    EvidenceFile.append, EvidenceFile.close = append, close_last  # type: ignore[method-assign]


def answered_first() -> None:
    """Pages are acknowledged before their commit, which waits for the end of the run."""
    commit, close = Run.commit, Run.close
    waiting: list[Item] = []

    def answer(self: Run, items: Sequence[Item]) -> list[list[Outcome]]:
        waiting.extend(items)
        return [[Outcome.NEW_STORY] for _ in items]

    def stay_pending(self: Run, item: Item) -> None: ...

    def close_last(self: Run) -> None:
        commit(self, waiting)
        close(self)

    Run.commit, Run.handled, Run.close = answer, stay_pending, close_last  # type: ignore[method-assign]


VARIANTS = {each.__name__: each for each in (unsynced, row_first, answered_first)}

if __name__ == "__main__":
    VARIANTS[sys.argv.pop(1)]()
    execute()
