"""Captures in WARC, ARC and WACZ files of any origin, with their own time, status and headers.

Only pages of one newspaper are given; what is left out is counted by its reason. Damage is told with file
and offset, and what stands before and behind it is read.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from postscraper.filing import is_filed
from postscraper.sources.originals import Originals
from postscraper.sources.warcfiles import Part, parts
from postscraper.urls import NO_ALIASES, Aliases, canonical
from storage.exchange import ELSEWHERE, Exchange, Place
from storage.warc.file import Original, Piece, Report, exchanges, pieces

# As nearly all write the names, for a search that ignores case costs ten times as much; a record that these do
# not find is looked at like one of the paper's.
_HOST = re.compile(rb"\nWARC-Target-URI:[ \t]*<?https?://([^/\r\n:?#> ]{1,255})")
_ARC_HOST = re.compile(rb"https?://([^/\r\n:?#> ]{1,255})")
_REQUEST = re.compile(rb"\nWARC-Type:[ \t]*(?:request|metadata|resource|conversion)")
# What browsers and crawlers fetch beside a page, by label; a page served under one of these is none.
BESIDE = re.compile(
    r"(?:image|audio|video|font)/|text/css|(?:text|application)/(?:x-)?(?:java|ecma)script|application/font", re.I
)


class Sieve:
    """Lets through what is a page of one newspaper, and counts the rest by its reason."""

    def __init__(self, host: str, aliases: Aliases = NO_ALIASES, source: str = ELSEWHERE) -> None:
        """source: of the pages that it lets through."""
        self.skipped: Counter[str] = Counter()
        self._host, self._aliases, self._source = host, aliases, source
        self._host_of = lru_cache(maxsize=4096)(self._canonical_host)

    def _canonical_host(self, origin: str) -> str | None:
        """origin: an address up to its path. None when it is no address."""
        try:
            return canonical(origin, self._aliases).split("/")[2]
        except ValueError:
            return None

    def records(self, found: Iterable[Piece]) -> Iterator[Piece]:
        """Without those of other hosts, before anything of them is read."""
        for piece in found:
            host = _HOST.search(piece.raw, 0, 4096) or _ARC_HOST.match(piece.raw)
            # Of what is no address, whoever reads the record says what is wrong with it.
            if host is None or self._host_of(f"https://{host[1].decode('latin-1')}") in (self._host, None):
                yield piece
            elif _REQUEST.search(piece.raw, 0, 4096) is None:
                self.skipped["another host"] += 1

    def pages(self, found: Iterable[tuple[Place, Exchange]], file: str) -> Iterator[tuple[Place, Exchange]]:
        """file: its name alone, which a page gives as its origin."""
        for place, exchange in found:
            why = self._against(exchange)
            if why is None:
                yield place, replace(exchange, source=self._source, origin=f"{file}, byte {place.offset}")
            else:
                self.skipped[why] += 1

    def _against(self, exchange: Exchange) -> str | None:
        if exchange.method not in ("GET", "HEAD"):
            return "not asked for by GET"
        host = self._host_of("/".join(exchange.url.split("/", 3)[:3]))
        if host != self._host:
            return "no address" if host is None else "another host"
        if BESIDE.match((exchange.header("content-type") or "").strip()):
            return "a picture, style or script"
        return None if is_filed(exchange, self._aliases) else "robots.txt, or a redirect to the same address"


def pages(paths: Sequence[Path], sieve: Sieve, report: Report) -> Iterator[tuple[Place, Exchange]]:
    """Every page in the files, and where it stands; a place names its file by the whole path. Raises BadRequest."""
    found = parts(paths, report)
    with TemporaryDirectory() as folder:
        original = Originals(found, Path(folder) / "originals.db")
        for part in found:
            read = pieces(part.path, named(part, report), start=part.start, end=part.end)
            yield from answers(read, part, sieve, report, original)


def answers(
    found: Iterable[Piece], part: Part, sieve: Sieve, report: Report, original: Original
) -> Iterator[tuple[Place, Exchange]]:
    """The pages among the records of one file."""
    told = exchanges(sieve.records(found), str(part.path), named(part, report), original)
    yield from sieve.pages(told, part.path.name)


def named(part: Part, report: Report) -> Report:
    """The same report, with the file's whole name."""
    return lambda damage: report(replace(damage, file=part.name))
