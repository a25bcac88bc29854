"""Copies of Common Crawl's files in a folder, with the same paths as on its server.

    cc-index/collections/CC-MAIN-2018-26/indexes/cdx-00000.gz     or any *.cdxj, *.cdxj.gz
    crawl-data/CC-MAIN-2018-26/segments/…/warc/….warc.gz
    crawl-data/CC-NEWS/2018/06/….warc.gz                          which have no index

Of WARC files with an index, only the newspaper's records are read.
"""

import gzip
import json
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from postscraper.errors import BadRequest
from postscraper.sources import warc
from postscraper.sources.commoncrawl import index_entry
from postscraper.sources.remote import NoIndex
from postscraper.sources.warc import PageFilter
from postscraper.sources.warc_files import WarcFile
from storage.holdings.models import CdxEntry
from storage.warc.exchange import Damage, Exchange, RecordLocation
from storage.warc.files import OnDamage, no_original
from storage.warc.members import raw_record_at
from storage.warc.parser import BadRecord

_INDEXES = ("cdx-*.gz", "*.cdxj", "*.cdxj.gz")
_NEWS = "crawl-data/CC-NEWS"
_NO_FILE = "its WARC file is not in the folder"


def pages(
    folder: Path, host: str, page_filter: PageFilter, on_damage: OnDamage
) -> Iterator[tuple[RecordLocation, Exchange]]:
    """Every page of the newspaper in the folder, with its location; host: without www.

    Raises BadRequest if there is neither an index nor a WARC file of CC-NEWS.
    """
    indexes = sorted(chain.from_iterable(folder.rglob(pattern) for pattern in _INDEXES))
    news = folder / _NEWS
    if not indexes and not news.is_dir():
        raise BadRequest(f"{folder}: no index ({', '.join(_INDEXES)}) and no {_NEWS}; see docs/commoncrawl.md")
    for index in indexes:
        for entry in _entries(index, host, on_damage):
            yield from _page(folder, entry, page_filter, on_damage)
    if news.is_dir():
        yield from warc.pages([news], page_filter, on_damage)


def _entries(index: Path, host: str, on_damage: OnDamage) -> Iterator[CdxEntry]:
    """The entries of an index file for a host and all below it."""
    key = ",".join(reversed(host.split("."))).encode()
    ours = (key + b")", key + b",")
    try:
        with gzip.open(index) if index.suffix == ".gz" else index.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                if line.startswith(ours):
                    try:
                        yield _entry(line)
                    except NoIndex as error:
                        on_damage(Damage(file=str(index), offset=0, what=f"line {number}: {error}"))
    except (OSError, EOFError, zlib.error) as error:
        on_damage(Damage(file=str(index), offset=0, what=f"cannot be read to its end: {error}"))


def _entry(line: bytes) -> CdxEntry:
    parts = line.split(b" ", 2)
    try:
        fields = json.loads(parts[2]) | {"timestamp": parts[1].decode("ascii")}  # TypeError: no object
    except (IndexError, TypeError, ValueError, RecursionError) as error:
        raise NoIndex(f"no line of an index: {line[:80]!r}") from error
    return index_entry(fields)


def _page(
    folder: Path, entry: CdxEntry, page_filter: PageFilter, on_damage: OnDamage
) -> Iterator[tuple[RecordLocation, Exchange]]:
    assert entry.file is not None
    assert entry.offset is not None
    path = folder / entry.file
    if not path.is_file():
        page_filter.skipped[_NO_FILE] += 1
        return
    file = WarcFile(path=path, start=0, end=path.stat().st_size, name=str(path))
    try:
        with path.open("rb") as stream:
            raw = raw_record_at(stream, entry.offset)
    except BadRecord as broken:
        on_damage(Damage(file=file.name, offset=entry.offset, what=str(broken)))
        return
    yield from warc.pages_of([raw], file, page_filter, on_damage, no_original)
