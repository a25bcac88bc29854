"""A slice of a WARC file, read in a worker process: what comes back is ready to be stored.

A file is cut at round bytes before anybody knows where its records begin. So a slice says where its first
record began and where the next one does; who puts slices together accepts one only where the one before
ended, and has it read again from there otherwise. What is read does not depend on how files are cut.
"""

import gc
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, starmap
from multiprocessing import parent_process
from pathlib import Path
from signal import SIG_IGN, SIGINT, signal
from threading import Thread
from typing import NamedTuple

from postscraper.items import Capture, Item
from postscraper.newspapers import NEWSPAPERS, other_papers
from postscraper.run.discovery import Discoverer
from postscraper.run.page_reader import PageReader
from postscraper.run.scope import Scope
from postscraper.sources.revisits import RevisitLookup
from postscraper.sources.warc import Contents, PageFilter, answers
from postscraper.sources.warc_files import WarcFile
from postscraper.urls import Aliases
from storage.ingest.prepare import PreparedItem, discoveries_of, prepare
from storage.ledger.discoveries import MergedDiscovery, merge
from storage.warc.exchange import Damage, Exchange, Oddity, RecordLocation, SharedMember, Tally
from storage.warc.files import RawRecord, raw_records
from storage.warc.lenient import next_record

SLICE_BYTES = 2 * 2**20  # some 250 pages of 30 kB
AT_ONCE = 64  # pages; a fifth faster than one at a time
MOST_GROUPS = 2_000  # answers in one slice: of pages packed very small, a slice would hold too many

_ID = re.compile(rb"\nWARC-Record-ID:[ \t]*(\S+)")
_CONCURRENT = re.compile(rb"\nWARC-Concurrent-To:[ \t]*(\S+)")
_REQUEST = re.compile(rb"\nWARC-Type:[ \t]*request\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What a worker process is told once. keeps: whether the bytes are wanted too. all_hosts: whether those are
    taken that lay elsewhere than on the paper's.

    barred: addresses of withdrawn stories.
    index: where the index of originals is made when it is needed.
    """

    paper: str
    aliases: Aliases
    parts: tuple[WarcFile, ...]
    index: Path
    keeps: bool
    all_hosts: bool = False
    barred: frozenset[str] = frozenset()
    read: Callable[[Capture], Sequence[Item]] | None = None  # None: by the layouts of the paper


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteRange:
    """The records of a file that begin from `start` to `end`. exact: a record begins at `start`."""

    part: WarcFile
    start: int
    end: int
    exact: bool
    most: int = MOST_GROUPS


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedPage:
    """One answer.

    entries: of the answer itself, and of the stories in its parts. exchange: None when its bytes stay where they are,
    at `place`.
    """

    entries: tuple[PreparedItem, ...]
    place: RecordLocation
    exchange: Exchange | None


@dataclass(slots=True, kw_only=True)
class SliceResult:
    """What a slice holds. first: where its first record begins; end: where the next one behind it does.

    heard: what its pages let the ledger hear, put together; their visits do not say it again.
    """

    first: int
    end: int
    pages: list[ImportedPage] = field(default_factory=list)
    heard: dict[str, MergedDiscovery] = field(default_factory=dict)
    damages: list[Damage] = field(default_factory=list)
    contents: Contents = field(default_factory=Contents)


class _Names(NamedTuple):
    """A record's own name, and that of a record that came with it; None where there is none."""

    own: bytes | None
    other: bytes | None

    def goes_with(self, names: "_Names") -> bool:
        return (self.other is not None and self.other == names.own) or (
            names.other is not None and names.other == self.own
        )


class Reader:
    def __init__(self, setup: Setup) -> None:
        paper = NEWSPAPERS[setup.paper]
        self._setup, self._host = setup, None if setup.all_hosts else paper.host
        self._others = other_papers(paper)
        discoverer = Discoverer(paper, Scope(source="warc"), setup.aliases)
        self._reader = PageReader(discoverer, withdrawn=setup.barred, read=setup.read)
        self._original = RevisitLookup(setup.parts, setup.index)

    def told(self, wanted: ByteRange) -> SliceResult:
        part = wanted.part
        start = wanted.start if wanted.exact else _first(wanted)
        told = SliceResult(first=start, end=part.end)
        damages: list[Damage] = []
        sieve = PageFilter(self._host, self._setup.aliases, papers=self._others)
        found = raw_records(part.path, damages.append, start=start, end=part.end)
        inside = (piece for group in _inside(found, wanted, told) for piece in group)
        if not self._setup.keeps:
            inside = (piece for piece in inside if not _is_usual_request(piece))
        pages = answers(inside, part, sieve, damages.append, self._original)
        while some := list(islice(pages, AT_ONCE)):
            told.pages += self._pages(some, told)
        # The slices before and behind say what they find odd in what this one looked at to find its ends.
        own = (each for each in damages if not isinstance(each, Oddity) or told.first <= each.offset < told.end)
        tally = Tally(told.damages.append)
        for each in own:
            tally(replace(each, file=part.name))
        tally.close()
        told.contents = sieve.contents
        return told

    def _pages(self, some: Sequence[tuple[RecordLocation, Exchange]], told: SliceResult) -> Iterator[ImportedPage]:
        entries = [tuple(starmap(prepare, readings)) for readings in self._reader.read_batch(some)]
        for each in entries:
            merge(discoveries_of(each[0]), told.heard)
        for each, (place, exchange) in zip(entries, some, strict=True):
            # A revisit cannot be read from its record alone, nor can a record of ours lack its moment.
            bytes_needed = self._setup.keeps or exchange.revisit_of is not None or isinstance(place, SharedMember)
            kept = exchange.captured_at is not None and bytes_needed
            quiet = (each[0].without_links(), *each[1:])
            yield ImportedPage(entries=quiet, place=place, exchange=exchange if kept else None)


def _first(wanted: ByteRange) -> int:
    with wanted.part.path.open("rb") as stream:
        found = next_record(stream, wanted.start)
    return wanted.part.end if found is None else min(found, wanted.part.end)


def _inside(found: Iterable[RawRecord], wanted: ByteRange, told: SliceResult) -> Iterator[list[RawRecord]]:
    """The groups that begin in the slice; `told` learns where they begin and end."""
    count = 0
    for group in _groups(found):
        start = group[0].offset
        if not count and not wanted.exact:
            if len(group) == 1 and _REQUEST.search(group[0].raw, 0, 4096):
                continue  # it belongs to the answer before, in the slice before
            told.first = start
        if start >= wanted.end or count >= wanted.most:
            told.end = start
            return
        count += 1
        yield group


def _groups(found: Iterable[RawRecord]) -> Iterator[list[RawRecord]]:
    """Records that came together: an answer and its request, or all that are packed as one."""
    group: list[RawRecord] = []
    last = _Names(None, None)
    for piece in found:
        names = _names(piece.raw)
        if group and not last.goes_with(names) and group[-1].offset != piece.offset:
            yield group
            group = []
        group.append(piece)
        last = names
    if group:
        yield group


def _is_usual_request(piece: RawRecord) -> bool:
    """One that tells nothing about its page; left where it is, it need not be opened."""
    end = _end_of_head(piece.raw)
    return piece.raw.startswith(b"\r\n\r\nGET ", end) and _REQUEST.search(piece.raw, 0, end) is not None


def _names(raw: bytes) -> _Names:
    end = _end_of_head(raw)
    own, other = _ID.search(raw, 0, end), _CONCURRENT.search(raw, 0, end)
    return _Names(own and own[1], other and other[1])


def _end_of_head(raw: bytes) -> int:
    line_end = b"\r\n" if raw[: raw.find(b"\n", 0, 4096)].endswith(b"\r") else b"\n"
    end = raw.find(line_end + line_end, 0, 4096)
    return 4096 if end < 0 else end


_reader: Reader | None = None  # of this worker process


def begin(setup: Setup) -> None:
    """Called in each worker process when it starts; it ends with the process that started it, however that ends."""
    global _reader
    _reader = Reader(setup)
    forbear()
    signal(SIGINT, SIG_IGN)  # the terminal sends Ctrl-C to all; the writer ends its readers
    Thread(target=_end_with_parent, daemon=True).start()


def forbear() -> None:
    """Look for lost cycles of objects rarely, and not among those that are there: pages come and go without any."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def told(wanted: ByteRange) -> SliceResult:
    assert _reader is not None
    return _reader.told(wanted)
