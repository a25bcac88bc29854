"""CC-NEWS: Common Crawl's captures of news sites worldwide, a WARC file of about 1 GB every hour or two.

There is no index, so whole files are read; a list names those of each month
(https://commoncrawl.org/blog/news-dataset-available). A file is fetched in pieces by range requests, so that no file
is in memory as a whole and an interrupted download is resumed.
"""

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from postscraper.sources.remote import NoCapture, NoIndex, byte_range, overlap, stamped_at

NEWS = "CC-NEWS-"
PIECE_BYTES = 8 * 2**20  # half of the largest answer
LONGEST_LIST = 2**20  # a month's list has some 40 kB
# A file has captures of an hour or two from the time in its name on.
LONGEST_FILE = timedelta(days=1)

_FILE = re.compile(r"crawl-data/CC-NEWS/\d{4}/\d{2}/CC-NEWS-(\d{14})-\d{1,9}\.warc\.gz", re.A)
_GZIP = 31  # zlib's window bits for a gzip member
_BEYOND = re.compile(r"bytes \*/(\d{1,18})", re.A)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One WARC file; path: at data.commoncrawl.org; begun_at: of its first page."""

    path: str
    begun_at: datetime


def is_news(crawls: Sequence[str]) -> bool:
    return bool(crawls) and crawls[0].startswith(NEWS)


def list_url(origin: str, crawl: str) -> str:
    """The address of the list of a month's files; crawl: as CC-NEWS-2018-06."""
    year, month = crawl.removeprefix(NEWS).split("-")
    return f"{origin}/crawl-data/CC-NEWS/{year}/{month}/warc.paths.gz"


def files(status: int, body: bytes) -> list[File]:
    """The files in the list of a month, the oldest first. Raises NoIndex."""
    if status != 200:
        raise NoIndex(f"the list of CC-NEWS files answers with status {status}")
    try:
        inflate = zlib.decompressobj(_GZIP)
        text = inflate.decompress(body, LONGEST_LIST).decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise NoIndex(f"the list of CC-NEWS files is damaged: {error}") from error
    if not inflate.eof:
        raise NoIndex("the list of CC-NEWS files does not end")
    return sorted((_file(line) for line in text.split()), key=lambda file: file.path)


def _file(line: str) -> File:
    named = _FILE.fullmatch(line)
    begun_at = stamped_at(named[1]) if named else None
    if begun_at is None:
        raise NoIndex(f"the list of CC-NEWS files names {line[:80]!r}")
    return File(path=line, begun_at=begun_at)


def of_days(files: Iterable[File], since: date | None, until: date | None) -> list[File]:
    """Files that may have captures of these days, both included."""
    spans = ((file, file.begun_at.date(), (file.begun_at + LONGEST_FILE).date()) for file in files)
    return [file for file, first, last in spans if overlap(first, last, since, until)]


def piece_range(done: int) -> str:
    """The header Range for the piece after the first `done` bytes."""
    return f"bytes={done}-{done + PIECE_BYTES - 1}"


def piece(file: str, done: int, status: int, content_range: str, body: bytes) -> int:
    """The size of the file, in bytes, if `body` is the piece after the first `done`, or these are all.

    content_range: the answer's header; "" without one. Raises NoCapture.
    """
    if status in (404, 410):
        raise NoCapture(f"{file}: status {status}", gone=True)
    beyond = _BEYOND.fullmatch(content_range.strip())
    if status == 416 and beyond and int(beyond[1]) == done:
        return done
    if status != 206:
        raise NoCapture(f"{file}: status {status} for the bytes from {done}")
    first, last, size = byte_range(content_range) or (0, 0, None)
    if size is None:
        raise NoCapture(f"{file}: a range that cannot be read: {content_range[:60]!r}")
    if first != done or last != min(done + PIECE_BYTES, size) - 1:
        raise NoCapture(f"{file}: another range came than the bytes from {done}: {content_range}")
    if len(body) != last - first + 1:
        raise NoCapture(f"{file}: {len(body)} bytes came where the answer says {last - first + 1}")
    return size
