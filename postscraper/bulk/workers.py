"""Worker processes that read batches of pages, in order; a page that kills its worker costs itself alone."""

import os
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing import get_context, resource_tracker
from signal import SIG_BLOCK, SIG_SETMASK, SIGINT, pthread_sigmask
from threading import Thread
from types import TracebackType
from typing import Self

from postscraper.bulk.reader import Page, Reader, ReadPages, Setup, begin, read
from postscraper.items import Capture, Unread
from postscraper.sources.warc_files import WarcFile
from storage.ledger.discoveries import merge
from storage.warc.exchange import Damage

AHEAD = 4  # batches queued for each worker: enough while one transaction is written
DIED = "the process that read this page died of it"


@dataclass(frozen=True, slots=True)
class Batch:
    """Pages of a file, in file order. end: safe offset for a restart after them."""

    file: WarcFile
    pages: Sequence[Page]
    end: int


def given_up(capture: Capture) -> tuple[Unread]:
    return (Unread(reason="layout_failed", detail=DIED, url=capture.url, capture=capture.receipt()),)


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    """Processes started meanwhile never get the terminal's Ctrl-C; this process gets it afterwards."""
    resource_tracker.ensure_running()  # its start would end the blocking
    before = pthread_sigmask(SIG_BLOCK, {SIGINT})
    try:
        yield
    finally:
        pthread_sigmask(SIG_SETMASK, before)


def _end_broken(pool: ProcessPoolExecutor) -> None:
    """End the other processes of a pool of which one died.

    Python 3.11.2, of Debian 12, would wait for ever for a write that no process reads any more, so it is read here:
    https://github.com/python/cpython/issues/94777
    """
    if sys.version_info < (3, 11, 7):
        with suppress(OSError):  # the pipe is closed already
            pipe = os.dup(pool._call_queue._reader.fileno())  # type: ignore[attr-defined]  # it has no public name
            Thread(target=_drain, args=(pipe,)).start()
    pool.shutdown(cancel_futures=True)


def _drain(pipe: int) -> None:
    with os.fdopen(pipe, "rb", buffering=0) as stream:
        while stream.read(1 << 16):
            pass


class WorkerPool:
    """The worker processes of a replay, and the batches that wait for their turn."""

    def __init__(self, setup: Setup, jobs: int) -> None:
        self._setup, self._jobs = setup, jobs
        self._pool = self._new_pool(jobs)
        self._queue: deque[tuple[Batch, Future[ReadPages]]] = deque()

    def _new_pool(self, jobs: int) -> ProcessPoolExecutor:
        # spawn: a forked child would inherit the database's connection and any lock.
        return ProcessPoolExecutor(jobs, get_context("spawn"), begin, (self._setup,))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def read(self, batches: Iterator[Batch]) -> Iterator[tuple[Batch, ReadPages]]:
        """The batches with what was read of them, in their order."""
        while True:
            while len(self._queue) < AHEAD * self._jobs and (batch := next(batches, None)):
                self._queue.append((batch, self._submit(batch)))
            if not self._queue:
                return
            batch, future = self._queue.popleft()
            try:
                result = future.result()
            except BrokenProcessPool:
                result = self._recover(batch)
            yield batch, result

    def _submit(self, batch: Batch) -> Future[ReadPages]:
        try:
            with _sigint_blocked():
                return self._pool.submit(read, batch.pages)
        except BrokenProcessPool as error:
            failed: Future[ReadPages] = Future()
            failed.set_exception(error)
            return failed

    def _recover(self, batch: Batch) -> ReadPages:
        """Read a batch that may have killed its worker, and start all workers anew."""
        _end_broken(self._pool)
        result = self._read_alone(batch.file, batch.pages)
        self._pool = self._new_pool(self._jobs)
        self._queue = deque((waiting, self._submit(waiting)) for waiting, _ in self._queue)
        return result

    def _read_alone(self, file: WarcFile, pages: Sequence[Page]) -> ReadPages:
        """Read pages in a process of their own; if it dies, in halves, down to the page that kills it."""
        with self._new_pool(1) as pool:
            try:
                return pool.submit(read, pages).result()
            except BrokenProcessPool:
                _end_broken(pool)
        if len(pages) == 1:
            [(location, exchange)] = pages
            result = Reader(replace(self._setup, read=given_up)).read(pages)
            result.damages.append(Damage(file=file.name, offset=location.offset, what=f"{exchange.url}: {DIED}"))
            return result
        middle = len(pages) // 2
        first, second = self._read_alone(file, pages[:middle]), self._read_alone(file, pages[middle:])
        first.counts.update(second.counts)
        return ReadPages(
            counts=first.counts,
            entries=first.entries + second.entries,
            discoveries=merge(second.discoveries.values(), first.discoveries),
            damages=first.damages + second.damages,
        )
