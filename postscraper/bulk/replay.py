"""Replay WARC files in bulk: pages are read by worker processes and stored in the order of files and bytes.

    run = Run.open(paper, Scope(source="replay"), settings)
    Replay(run, paths, jobs=2).run(print)

A transaction stores a thousand pages, their links, and the safe offset of each file: a replay that was killed goes on
after its last transaction. The archive does not depend on the number of workers.
"""

import gc
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from postscraper.bulk.reader import Page, ReadPages, Setup, collect_garbage_rarely
from postscraper.bulk.workers import Batch, WorkerPool
from postscraper.items import Capture, Item
from postscraper.newspapers import other_papers
from postscraper.run.run import Run
from postscraper.sources.revisits import RevisitLookup
from postscraper.sources.warc import PageFilter, named, pages_of
from postscraper.sources.warc_files import WarcFile, warc_files
from storage.archive import Outcome
from storage.ingest import visits
from storage.ingest.prepare import PreparedItem
from storage.ledger.discoveries import MergedDiscovery
from storage.warc.exchange import Damage, Exchange, RecordLocation, SharedMember, Tally
from storage.warc.files import raw_records
from storage.warc.members import RawRecord

TRANSACTION = 1_000  # pages; made durable in a tenth of the time that it takes to write them
BATCH = 64  # pages
BATCH_BYTES = 2 * 2**20  # of bodies
MOST_UNWRITTEN = 200 * 2**20  # bytes of files, where few of the records are pages of the newspaper
_SHOWN = 2 * 2**20  # bytes of a file between two reports of progress


@dataclass(slots=True)
class Progress:
    """Progress of a replay.

    bytes: size of the files.
    before: bytes read by earlier runs.
    done: bytes read by now, the earlier ones included.
    fruitless: for each file without a page of the newspaper, a list of its contents.
    not_warc: names of files without a record; they are read again by the next replay.
    """

    bytes: int = 0
    before: int = 0
    done: int = 0
    pages: int = 0
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    damages: list[Damage] = field(default_factory=list)
    fruitless: list[str] = field(default_factory=list)
    not_warc: list[str] = field(default_factory=list)


class Replay:
    """One replay. `run` stores the pages, and their bytes unless `link`."""

    def __init__(
        self, run: Run, paths: Sequence[Path], *, jobs: int, link: bool = False, all_hosts: bool = False
    ) -> None:
        """all_hosts: take pages of all hosts, as from another archive's evidence.

        Raises BadRequest for a path that does not exist.
        """
        papers = other_papers(run.paper)
        self._page_filter = PageFilter(None if all_hosts else run.paper.host, run.aliases, papers=papers)
        self.progress = Progress(
            skipped=self._page_filter.skipped,
            fruitless=self._page_filter.without_pages,
            not_warc=self._page_filter.not_warc,
        )
        self._run, self._jobs, self._link = run, jobs, link
        files = warc_files(paths, self.progress.damages.append)
        # What one paper does not need of a file, another may.
        paper = f"{run.paper.name} with all" if all_hosts else run.paper.name
        self._names = {file: f"{file.identity()} {paper}" for file in files}
        known = run.archive.ask(visits.replay_offsets)
        self._safe = {
            file: max(file.start, min(file.start + known.get(name, 0), file.end)) for file, name in self._names.items()
        }
        self._dropped = run.archive.ledger.dropped()
        self._unwritten: list[tuple[PreparedItem, ...]] = []
        self._recorded: list[RecordLocation] = []
        self._discoveries: list[MergedDiscovery] = []
        self._moved: set[WarcFile] = set()
        self._offset = 0  # of the record read last
        self.progress.bytes = sum(file.end - file.start for file in files)
        self.progress.before = sum(safe - file.start for file, safe in self._safe.items())
        self.progress.done = self.progress.before

    def run(
        self, on_progress: Callable[[Progress], object], *, read: Callable[[Capture], Sequence[Item]] | None = None
    ) -> Progress:
        """Read and store the pages.

        on_progress: called after each batch, and every 2 MB of a file; the pages it counts are durable.
        read: another reading than that by the paper's layouts.
        Raises ArchiveError and EvidenceError.
        """
        collect_garbage_rarely()
        setup = Setup(
            paper=self._run.paper.name,
            aliases=dict(self._run.aliases),
            barred=self._run.archive.withdrawn(),
            read=read,
        )
        with TemporaryDirectory() as folder, WorkerPool(setup, self._jobs) as workers:
            original = RevisitLookup(list(self._names), Path(folder) / "originals.db")
            written = self.progress.done
            for batch, result in workers.read(self._batches(original, on_progress)):
                self._add(batch, result)
                if len(self._unwritten) >= TRANSACTION or self.progress.done - written >= MOST_UNWRITTEN:
                    self._write()
                    written = self.progress.done
                    gc.collect(1)  # a millisecond; what a transaction leaves in cycles would take 18 MB in ninety
                on_progress(self.progress)
            self._write()
            on_progress(self.progress)
        return self.progress

    def _batches(self, original: RevisitLookup, on_progress: Callable[[Progress], object]) -> Iterator[Batch]:
        for file in self._names:
            if self._safe[file] < file.end or file.start == file.end:  # an empty file is fruitless
                yield from self._batches_of(file, self._safe[file], original, on_progress)

    def _batches_of(
        self, file: WarcFile, start: int, original: RevisitLookup, on_progress: Callable[[Progress], object]
    ) -> Iterator[Batch]:
        tally = Tally(named(file, self.progress.damages.append))
        records = raw_records(file.path, tally, start=start, end=file.end)
        all_pages = pages_of(self._tracked(records, start, on_progress), file, self._page_filter, tally, original)
        if start == file.start:
            all_pages = self._page_filter.file(file, all_pages)
        pages: list[Page] = []
        size, end = 0, start
        for location, exchange in all_pages:
            is_full = len(pages) >= BATCH or size >= BATCH_BYTES
            if is_full and location.offset != pages[-1][0].offset:  # pages in one member stay together
                yield Batch(file, pages, end if end > pages[-1][0].offset else location.offset)
                pages, size = [], 0
            pages.append((location, exchange))
            size += len(exchange.body)
            # The record read last is the page's own request, or it and all after it belong to later pages: a restart
            # there repeats no page and loses no request.
            end = self._offset
        tally.close()
        self.progress.done += file.end - self._offset
        if file.name not in self.progress.not_warc:
            yield Batch(file, pages, file.end)

    def _tracked(
        self, records: Iterator[RawRecord], start: int, on_progress: Callable[[Progress], object]
    ) -> Iterator[RawRecord]:
        self._offset = shown = start
        for record in records:
            self.progress.done += record.offset - self._offset
            self._offset = record.offset
            if self._offset - shown > _SHOWN:
                shown = self._offset
                on_progress(self.progress)
            yield record

    def _add(self, batch: Batch, result: ReadPages) -> None:
        pages = zip(batch.pages, result.entries, strict=True)
        recorded = [(exchange, entries) for (location, exchange), entries in pages if self._records(location, exchange)]
        locations = self._run.recorder.record_all(exchange for exchange, _ in recorded)
        for location, (_, entries) in zip(locations, recorded, strict=True):
            for entry in entries:
                entry.set_location(location)
        self._recorded += locations
        self._unwritten += result.entries
        self._discoveries += result.discoveries.values()
        self.progress.damages += result.damages
        self._run.counts.update(result.counts)
        self._safe[batch.file] = batch.end
        self._moved.add(batch.file)

    def _records(self, location: RecordLocation, exchange: Exchange) -> bool:
        """Whether the bytes of a page are stored. Our records need a date."""
        # A revisit cannot be read from its record alone, nor a page from a member of several.
        needs_record = not self._link or exchange.revisit_of is not None or isinstance(location, SharedMember)
        return needs_record and exchange.captured_at is not None

    def _write(self) -> None:
        """Store all unwritten pages in one transaction, after their records."""
        self._run.recorder.sync()
        safe = {self._names[file]: self._safe[file] - file.start for file in self._moved}
        safe |= self._run.recorder.committed((location.file, location.offset) for location in self._recorded)
        admitted = [(self._admitted(entry), None) for entries in self._unwritten for entry in entries]
        outcomes = self._run.archive.replay(admitted, safe, self._discoveries)
        self.progress.outcomes.update(outcomes)
        self._run.counts.outcomes.update(outcome.value for outcome in outcomes)
        self.progress.pages += len(self._unwritten)
        self._unwritten, self._recorded, self._discoveries = [], [], []
        self._moved.clear()

    def _admitted(self, entry: PreparedItem) -> PreparedItem:
        """A page that a pipeline dropped stays dropped, for no pipeline gets pages read in bulk."""
        is_dropped = self._dropped and not self._dropped.isdisjoint((entry.address, entry.canonical_url))
        return entry.dropped("its address is kept out") if is_dropped and entry.outcome != "unread" else entry
