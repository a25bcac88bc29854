"""Replay in bulk: what the readers find goes into the archive, in the order of files and bytes.

    with Desk.open(paper, Scope(source="warc"), settings) as desk: ...
    replay(desk, paths, jobs=2, link=False, seen=print)

One transaction takes a thousand pages, what they announce, and how far each file is read: a replay that is
killed goes on where its last transaction ended. With the same files the archive is the same whatever the
number of readers.
"""

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from postscraper.bulk.slices import SLICE_BYTES, ByteRange, Setup, SliceResult, forbear
from postscraper.bulk.workers import WorkerPool
from postscraper.items import Capture, Item
from postscraper.run.run import Run
from postscraper.sources.warc import Contents
from postscraper.sources.warc_files import WarcFile, parts
from storage.archive import Outcome
from storage.ingest.prepare import PreparedItem
from storage.warc.exchange import Damage, RecordLocation, Tally

BATCH = 1_000  # pages in a transaction; it is durable in a tenth of the time that they take to write
MOST_UNWRITTEN = 100  # slices, where few of the records are of the newspaper
AHEAD = 3  # slices read ahead for each reader


@dataclass(slots=True)
class Progress:
    """How far a replay is.

    bytes: of the files; before: those that an earlier run read; done: those with them. fruitless: of each file in
    which nothing is wanted, what it holds.
    """

    bytes: int = 0
    before: int = 0
    done: int = 0
    pages: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    damages: list[Damage] = field(default_factory=list)
    fruitless: list[str] = field(default_factory=list)


class Replay:
    """One run; `desk` writes, and keeps the bytes unless `link`."""

    def __init__(
        self, desk: Run, paths: Sequence[Path], *, jobs: int, link: bool = False, all_hosts: bool = False
    ) -> None:
        """all_hosts: for another archive's evidence, all of which is wanted. Raises BadRequest for a path where
        nothing is.
        """
        self.progress = Progress()
        self._desk, self._jobs, self._link, self._all_hosts = desk, jobs, link, all_hosts
        self._parts = parts(paths, self.progress.damages.append)
        self._far = {part: part.start for part in self._parts}
        self._moved: set[WarcFile] = set()
        # What one paper does not want of a file, another may.
        paper = f"{desk.paper.name} with all" if all_hosts else desk.paper.name
        self._names = {part: f"{part.identity()} {paper}" for part in self._parts}
        self._contents: dict[WarcFile, Contents] = {}
        self._dropped = desk.archive.ledger.dropped()
        known = desk.archive.replayed()
        for part, name in self._names.items():
            self._far[part] = max(part.start, min(part.start + known.get(name, 0), part.end))
            if self._far[part] == part.start:
                self._contents[part] = Contents()
        self.progress.bytes = sum(part.end - part.start for part in self._parts)
        self.progress.before = sum(self._far[part] - part.start for part in self._parts)
        self.progress.done = self.progress.before

    def run(
        self, seen: Callable[[Progress], object], *, read: Callable[[Capture], Sequence[Item]] | None = None
    ) -> Progress:
        """seen: called whenever something is read. read: another reading than that of the paper's layouts.

        Raises ArchiveError and EvidenceError; what was seen is durable.
        """
        forbear()
        with TemporaryDirectory() as folder:
            setup = Setup(
                paper=self._desk.paper.name,
                aliases=dict(self._desk.aliases),
                parts=tuple(self._parts),
                index=Path(folder) / "originals.db",
                keeps=not self._link,
                all_hosts=self._all_hosts,
                barred=self._desk.archive.withdrawn(),
                read=read,
            )
            with WorkerPool(setup, self._jobs) as readers:
                waiting: list[SliceResult] = []
                for told in self._in_order(readers):
                    waiting.append(told)
                    if sum(len(each.pages) for each in waiting) >= BATCH or len(waiting) >= MOST_UNWRITTEN:
                        self._write(waiting)
                        waiting = []
                        gc.collect(1)  # a millisecond; what a batch leaves in cycles would take 18 MB in ninety
                    seen(self.progress)
                self._write(waiting)
                seen(self.progress)
        self._sum_up()
        return self.progress

    def _sum_up(self) -> None:
        damages = list[Damage]()
        tally = Tally(damages.append)
        for each in self.progress.damages:
            tally(each)
        tally.close()
        self.progress.damages = damages
        read = ((part, held) for part, held in self._contents.items() if self._far[part] == part.end)
        self.progress.fruitless = [f"{part.name}: {held}" for part, held in read if not held.pages]

    def _slices(self) -> Iterator[ByteRange]:
        for part in self._parts:
            start = self._far[part]
            for at in range(start, part.end, SLICE_BYTES):
                yield ByteRange(part=part, start=at, end=min(at + SLICE_BYTES, part.end), exact=at == start)

    def _in_order(self, readers: WorkerPool) -> Iterator[SliceResult]:
        """Slices such that each begins where the one before ended; `_far` follows."""
        rest = self._slices()
        while True:
            while len(readers) < AHEAD * self._jobs and (each := next(rest, None)):
                readers.append(each)
            if not len(readers):
                return
            wanted, told = readers.pop()
            far = self._far[wanted.part]
            if far >= wanted.end:
                continue  # the record before reaches over it
            if told.first != far and not wanted.exact:
                readers.put_first(replace(wanted, start=far, exact=True))
                continue
            if told.end < wanted.end:
                readers.put_first(replace(wanted, start=told.end, exact=True))
            self._far[wanted.part] = told.end
            self._moved.add(wanted.part)
            self.progress.done += told.end - far
            self.progress.skipped += told.contents.skipped
            if wanted.part in self._contents:
                self._contents[wanted.part] += told.contents
            # What lies before is told already, by the slice that looked for its end.
            self.progress.damages += [each for each in told.damages if each.offset >= far]
            yield told

    def _let_in(self, entry: PreparedItem) -> PreparedItem:
        """What a pipeline kept out stays out, for no pipeline sees what is read in bulk."""
        kept_out = self._dropped and not self._dropped.isdisjoint((entry.address, entry.canonical_url))
        return entry.dropped("its address is kept out") if kept_out and entry.outcome != "unread" else entry

    def _write(self, some: Sequence[SliceResult]) -> None:
        """All in one transaction, behind their evidence."""
        pages = [page for told in some for page in told.pages]
        kept: list[RecordLocation] = []
        for page in pages:
            if page.exchange is not None:
                kept.append(self._desk.recorder.record(page.exchange))
                for entry in page.entries:
                    entry.set_location(kept[-1])
        self._desk.sync()
        far = {self._names[part]: self._far[part] - part.start for part in self._moved}
        far |= self._desk.recorder.committed((place.file, place.offset) for place in kept)
        heard = (report for told in some for report in told.heard.values())
        entries = [(self._let_in(entry), None) for page in pages for entry in page.entries]
        self.progress.outcomes.update(self._desk.archive.replay(entries, far, heard))
        self.progress.pages += len(pages)
        self._moved.clear()
