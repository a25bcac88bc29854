"""Whole files of the world's news, fetched piece by piece and sifted for one newspaper.

A file lies in the archive's folder until it is read: how far it came is its size there. That it was read is noted
among the questions to its archive (storage/elsewhere/holdings.py), and then it is removed.
"""

import logging
import os
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response
from scrapy.settings import BaseSettings
from twisted.python.failure import Failure

from postscraper.crawl.archives import common_crawl
from postscraper.crawl.pacing import Pacing
from postscraper.items import Item
from postscraper.run import selection
from postscraper.run.run import Run, now
from postscraper.sources import ccnews, warc
from postscraper.sources.remote import NoCapture, NoIndex
from postscraper.sources.warc import PageFilter
from storage.evidence.store import log_damage
from storage.files import make_folder
from storage.warc.exchange import EvidenceFailed, Exchange

FOLDER = "commoncrawl"
PIECE_SECONDS = 300  # a slow line, and 8 MB

_log = logging.getLogger(__name__)


class CcNewsFrontier:
    """The frontier of a run over months of CC-NEWS; as `Collecting`."""

    def __init__(
        self,
        desk: Run,
        settings: BaseSettings,
        stop: Callable[..., None],
        writing: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._desk, self._writing = desk, writing
        self._archive = common_crawl(settings, desk.scope)
        self._holdings = desk.archive.holdings
        self._patience = Pacing(self._archive, self._holdings, settings.getfloat("LONGEST_PAUSE"), stop)
        self._folder = Path(settings["ARCHIVE_DIR"]) / FOLDER
        self._begun = False
        self._left = desk.scope.limit
        self._lists: deque[str] = deque(desk.scope.crawls)
        self._files: deque[str] = deque()
        self._asking = False
        self._unfiled = 0  # items on their way into the archive
        self._read = False  # the first of the files, to its end

    def begin(self) -> None:
        self._begun = not self._patience.rests_today()

    def end(self) -> None:
        _log.info("%s: files not read to the end: %d", self._archive.name, len(self._files))

    def has_more(self) -> bool:
        return not self._patience.over and self._left != 0 and bool(self._lists or self._files)

    def handled(self) -> None:
        """An item has gone into the archive, or could not."""
        self._unfiled -= 1

    def next_request(self) -> Request | None:
        if not self._begun or self._asking or self._unfiled or self._patience.waits():
            return None
        with self._writing():
            return self._next()
        return None

    def _next(self) -> Request | None:
        if self._read:
            self._finish("read")
        if self._left == 0:
            return None
        if self._lists:
            return self._request(ccnews.list_url(self._archive.store_origin, self._lists[0]), self._take_list)
        if not self._files:
            return None
        done = self._done()
        headers = {"Range": ccnews.piece_range(done), "Accept-Encoding": "identity"}
        url = f"{self._archive.store_origin}/{self._files[0]}"
        return self._request(url, self._take_piece, headers, done=done, download_timeout=PIECE_SECONDS)

    def _request(
        self, url: str, callback: Callable[[Response], object], headers: dict[str, str] | None = None, **meta: object
    ) -> Request:
        self._asking = True
        own = {"dont_redirect": True, "download_slot": self._archive.name, "autothrottle_dont_adjust_delay": True}
        # The evidence is of the paper's pages; these bytes are there until those are in it. As for robots.txt, see
        # postscraper/sources/commoncrawl.py.
        own |= {"keep": _as_it_is, "dont_obey_robotstxt": True}
        return Request(
            url, headers=headers, callback=callback, errback=self._failed, dont_filter=True, meta={**own, **meta}
        )

    def _take_list(self, response: Response) -> None:
        self._asking = False
        if response.status == 429:
            self._patience.on_rate_limit(response)
            return
        scope = self._desk.scope
        if response.status == 404:
            _log.warning("%s: there is no such month", self._lists.popleft())
            return
        try:
            found = ccnews.files(response.status, response.body)
        except NoIndex as error:
            self._patience.on_error(str(error), response)
            return
        self._patience.answered()
        days = ccnews.of_days(found, scope.since, scope.until)
        unread = [file.path for file in days if not self._is_read(file.path)]
        _log.info("%s: files: %d, to be read: %d", self._lists[0], len(found), len(unread))
        self._files.extend(unread)
        self._lists.popleft()

    def _is_read(self, file: str) -> bool:
        return self._holdings.index_query(self._archive.name, self._question(file)) is not None

    def _question(self, file: str) -> str:
        """Whether a file was read is known of what was looked for in it."""
        sought = selection.sought(self._desk)
        words = [("host", sought.host), ("since", sought.since), ("until", sought.until)]
        several = [("path", each) for each in sought.paths] + [("url", each) for each in sought.urls]
        return urlencode([("file", file), *((name, value) for name, value in words if value), *several])

    def _take_piece(self, response: Response) -> Iterator[Item]:
        file, done = self._files[0], response.meta["done"]
        came = (response.headers.get("Content-Range") or b"").decode("latin-1")
        try:
            with self._writing():
                size = ccnews.piece(file, done, response.status, came, response.body)
                self._patience.answered()
                if response.status == 206:
                    self._append(response.body)
                if self._done() == size:
                    yield from self._pages()
        except NoCapture as error:
            with self._writing():
                self._refuse(error, response)
        finally:
            self._asking = False

    def _refuse(self, error: NoCapture, response: Response) -> None:
        if response.status == 429:
            self._patience.on_rate_limit(response)
        elif error.gone:
            _log.warning("%s", error)
            self._finish("not given")
        else:
            self._patience.on_error(str(error), response)

    def _pages(self) -> Iterator[Item]:
        """What the whole file has of the paper, and the archive has not."""
        sieve = PageFilter(self._desk.paper.host, self._desk.aliases, self._archive.name)
        for _, exchange in warc.pages([self._path()], sieve, log_damage):
            if (
                exchange.captured_at is None
                or not selection.is_wanted(self._desk, exchange)
                or self._desk.recorder.has(exchange)
            ):
                continue
            if self._left == 0:
                return
            self._left = None if self._left is None else self._left - 1
            self._unfiled += 1
            yield from self._desk.read(self._desk.record(exchange))
        for file in sieve.fruitless:
            _log.info("%s", file)
        self._read = True

    def _finish(self, how: str) -> None:
        self._read = False
        file = self._files[0]
        self._holdings.add_listing(self._archive.name, self._question(file), [], None, now())
        self._path().unlink(missing_ok=True)
        self._files.popleft()
        _log.info("%s: %s", file, how)

    def _path(self) -> Path:
        return self._folder / Path(self._files[0]).name

    def _done(self) -> int:
        return self._path().stat().st_size if self._path().exists() else 0

    def _append(self, piece: bytes) -> None:
        """Raises EvidenceFailed."""
        try:
            make_folder(self._folder)
            with self._path().open("ab") as stream:
                stream.write(piece)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise EvidenceFailed(f"{self._path()}: {error.strerror}") from error

    def _failed(self, failure: Failure) -> None:
        self._asking = False
        with self._writing():
            self._patience.on_error(f"{type(failure.value).__name__}: {failure.value}"[:300])


def _as_it_is(exchange: Exchange) -> Exchange:
    return exchange
