"""Frontier over CC-NEWS: whole files of the world's news, fetched in pieces and filtered for one newspaper.

A file stays in the archive's folder until it is read; its size there is the offset of the next piece. A file that was
read is stored as a finished index query (storage/holdings/holdings.py), and deleted.
"""

import logging
import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

from scrapy import Request
from scrapy.http import Response
from scrapy.settings import BaseSettings

from postscraper.crawl.remote import Frontier, Spider, common_crawl
from postscraper.items import Item
from postscraper.run.run import now
from postscraper.run.selection import is_selected
from postscraper.sources import ccnews, warc
from postscraper.sources.remote import ArchiveRequest, NoCapture, NoIndex
from postscraper.sources.warc import PageFilter
from postscraper.sources.warc_files import WarcFile
from storage.errors import EvidenceFailed
from storage.evidence.store import log_damage
from storage.files import make_folder

FOLDER = "commoncrawl"
PIECE_SECONDS = 300  # a slow line, and 8 MB

_log = logging.getLogger(__name__)


class CcNewsFrontier(Frontier):
    """Frontier over months of CC-NEWS."""

    def __init__(self, spider: Spider, settings: BaseSettings) -> None:
        super().__init__(spider, settings)
        self._store_origin = common_crawl(settings, self._run.scope).store_origin
        self._folder = Path(settings["ARCHIVE_DIR"]) / FOLDER
        self._months: deque[str] = deque(self._run.scope.crawls)
        self._files: deque[str] = deque()
        self._is_file_read = False  # the first of the files, to its end

    def end(self) -> None:
        _log.info("%s: files not read to the end: %d", self._archive.name, len(self._files))

    def has_more(self) -> bool:
        return not self._pacing.over and self._pages_left != 0 and bool(self._months or self._files)

    def _next(self) -> Request | None:
        if self._is_file_read:
            self._finish("read")
        if self._pages_left == 0:
            return None
        # The evidence is of the paper's pages alone: the file is kept until they are in it. As for robots.txt, see
        # postscraper/sources/commoncrawl.py.
        if self._months:
            request = ArchiveRequest(url=ccnews.list_url(self._store_origin, self._months[0]), documented=True)
            return self._request(request, self._read_list, record=None)
        if not self._files:
            return None
        size = self._size()
        headers = (("Range", ccnews.piece_range(size)), ("Accept-Encoding", "identity"))
        request = ArchiveRequest(url=f"{self._store_origin}/{self._files[0]}", headers=headers, documented=True)
        return self._request(request, self._read_piece, record=None, size=size, download_timeout=PIECE_SECONDS)

    def _read_list(self, response: Response) -> None:
        scope = self._run.scope
        if response.status == 404:
            _log.warning("%s: there is no such month", self._months.popleft())
            return
        try:
            files = ccnews.files(response.status, response.body)
        except NoIndex as error:
            self._pacing.on_error(str(error), response)
            return
        self._pacing.answered()
        paths = [file.path for file in ccnews.of_days(files, scope.since, scope.until)]
        unread = [path for path in paths if self._holdings.index_query(self._archive.name, self._query(path)) is None]
        _log.info("%s: files: %d, to be read: %d", self._months.popleft(), len(files), len(unread))
        self._files.extend(unread)

    def _query(self, file: str) -> str:
        """The name under which it is stored that a file was read, for pages of this host, these days and sections."""
        scope, paper = self._run.scope, self._run.paper
        limits = [("host", paper.host.removeprefix("www.")), ("since", scope.since), ("until", scope.until)]
        paths = [("path", paper.sections[name]) for name in scope.sections]
        addresses = [("url", address) for address in self._run.selection.addresses or ()]
        return urlencode([("file", file), *((name, value) for name, value in limits if value), *paths, *addresses])

    def _read_piece(self, response: Response) -> Iterator[Item]:
        file, offset = self._files[0], response.meta["size"]
        content_range = (response.headers.get("Content-Range") or b"").decode("latin-1")
        try:
            size = ccnews.piece(file, offset, response.status, content_range, response.body)
        except NoCapture as error:
            if error.gone:
                _log.warning("%s", error)
                self._finish("not given")
            else:
                self._pacing.on_error(str(error), response)
            return
        self._pacing.answered()
        if response.status == 206:
            self._append(response.body)
        if self._size() == size:
            yield from self._pages()

    def _pages(self) -> Iterator[Item]:
        """The pages of the paper in the whole file that the archive does not hold."""
        page_filter = PageFilter(self._run.paper.host, self._run.aliases, self._archive.name)
        # Named as the archive names it: the copy is gone when it is read.
        file = WarcFile(path=self._path(), start=0, end=self._size(), name=self._files[0])
        for _, exchange in warc.pages_in([file], page_filter, log_damage):
            at = exchange.captured_at
            if at is None or not is_selected(self._run, exchange.url, at) or self._run.recorder.has(exchange):
                continue
            if self._pages_left == 0:
                return
            self._pages_left = None if self._pages_left is None else self._pages_left - 1
            yield from self._run.read(exchange, self._run.record(exchange))
        for contents in page_filter.without_pages:
            _log.info("%s", contents)
        for name in page_filter.not_warc:
            _log.warning("%s: no record in it can be read", name)
        self._is_file_read = True

    def _finish(self, how: str) -> None:
        self._is_file_read = False
        file = self._files[0]
        self._holdings.add_listing(self._archive.name, self._query(file), [], None, now())
        self._path().unlink(missing_ok=True)
        self._files.popleft()
        _log.info("%s: %s", file, how)

    def _path(self) -> Path:
        return self._folder / Path(self._files[0]).name

    def _size(self) -> int:
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
