"""The worker processes, and slices of files in their order; a worker that dies costs one page, which is named."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import get_context, resource_tracker
from signal import SIG_BLOCK, SIG_SETMASK, SIGINT, pthread_sigmask
from types import TracebackType
from typing import Self

from postscraper.bulk.slices import ByteRange, Reader, Setup, SliceResult, begin, told
from postscraper.items import Capture, Unread
from storage.ledger.discoveries import merge
from storage.warc.exchange import Damage

DIED = "the process that read this page died of it"


def given_up(capture: Capture) -> tuple[Unread]:
    return (Unread(reason="layout_failed", detail=DIED, url=capture.url, capture=capture.receipt()),)


@contextmanager
def _without_interruption() -> Iterator[None]:
    """Processes that start meanwhile never get the terminal's Ctrl-C, which this process gets when it is over."""
    resource_tracker.ensure_running()  # which would end the blocking
    before = pthread_sigmask(SIG_BLOCK, {SIGINT})
    try:
        yield
    finally:
        pthread_sigmask(SIG_SETMASK, before)


class WorkerPool:
    """Slices are handed in at the end or at the head of a queue, and their answers come out in its order."""

    def __init__(self, setup: Setup, jobs: int) -> None:
        self._setup, self._jobs = setup, jobs
        self._pool = self._new_pool(jobs)
        self._queue: deque[tuple[ByteRange, Future[SliceResult]]] = deque()

    def _new_pool(self, jobs: int) -> ProcessPoolExecutor:
        # spawn: a forked child would hold the database's connection and whatever locks were taken.
        return ProcessPoolExecutor(jobs, get_context("spawn"), begin, (self._setup,))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def __len__(self) -> int:
        return len(self._queue)

    def append(self, wanted: ByteRange) -> None:
        self._queue.append((wanted, self._asked(wanted)))

    def put_first(self, wanted: ByteRange) -> None:
        self._queue.appendleft((wanted, self._asked(wanted)))

    def pop(self) -> tuple[ByteRange, SliceResult]:
        """The slice at the head, and what it holds."""
        wanted, future = self._queue.popleft()
        try:
            return wanted, future.result()
        except BrokenProcessPool:
            return wanted, self._again(wanted)

    def _asked(self, wanted: ByteRange) -> Future[SliceResult]:
        try:
            with _without_interruption():
                return self._pool.submit(told, wanted)
        except BrokenProcessPool as broken:
            failed: Future[SliceResult] = Future()
            failed.set_exception(broken)
            return failed

    def _again(self, wanted: ByteRange) -> SliceResult:
        """Read a slice that may have killed its reader, with no other beside it; then all go on."""
        self._pool.shutdown(cancel_futures=True)
        result = self._alone(wanted) or self._one_by_one(wanted)
        self._pool = self._new_pool(self._jobs)
        self._queue = deque((each, self._asked(each)) for each, _ in self._queue)
        return result

    def _alone(self, wanted: ByteRange) -> SliceResult | None:
        """None when the reader dies of it."""
        with self._new_pool(1) as pool:
            try:
                return pool.submit(told, wanted).result()
            except BrokenProcessPool:
                return None

    def _one_by_one(self, wanted: ByteRange) -> SliceResult:
        whole: SliceResult | None = None
        at = wanted
        pool = self._new_pool(1)
        while whole is None or (whole.end < wanted.end and len(whole.pages) < wanted.most):
            at = wanted if whole is None else replace(wanted, start=whole.end, exact=True)
            at = replace(at, most=1)
            try:
                page = pool.submit(told, at).result()
            except BrokenProcessPool:
                pool.shutdown()
                pool = self._new_pool(1)
                page = self._unread(at)
            whole = page if whole is None else _joined(whole, page)
        pool.shutdown()
        return whole

    def _unread(self, wanted: ByteRange) -> SliceResult:
        """The page that no reader survives: its bytes are taken from the file, and nothing of it is parsed."""
        page = Reader(replace(self._setup, read=given_up)).told(wanted)
        for each in page.pages:
            what = f"{each.entries[0].url}: {DIED}"
            page.damages.append(Damage(file=wanted.part.name, offset=each.place.offset, what=what))
        return page


def _joined(one: SliceResult, other: SliceResult) -> SliceResult:
    return SliceResult(
        first=one.first,
        end=other.end,
        pages=one.pages + other.pages,
        heard=merge(other.heard.values(), one.heard),
        damages=one.damages + other.damages,
        contents=one.contents + other.contents,
    )
