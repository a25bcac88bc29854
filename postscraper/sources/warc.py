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

from postscraper.filing import captured, is_filed
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
        self._is_ours = lru_cache(maxsize=4096)(self._ours)

    def _ours(self, host: str) -> bool:
        try:
            return canonical(f"https://{host}/", self._aliases).split("/")[2] == self._host
        except ValueError:
            return True  # whoever reads the record says what is wrong with it

    def records(self, found: Iterable[Piece]) -> Iterator[Piece]:
        """Without those of other hosts, before anything of them is read."""
        for piece in found:
            host = _HOST.search(piece.raw, 0, 4096) or _ARC_HOST.match(piece.raw)
            if host is None or self._is_ours(host[1].decode("latin-1").lower()):
                yield piece
            elif _REQUEST.search(piece.raw, 0, 4096) is None:
                self.skipped["another host"] += 1

    def pages(self, found: Iterable[tuple[Place, Exchange]]) -> Iterator[tuple[Place, Exchange]]:
        for place, exchange in found:
            why = self._against(exchange, place)
            if why is None:
                origin = f"{Path(place.file).name}, byte {place.offset}"
                yield place, replace(exchange, source=self._source, origin=origin)
            else:
                self.skipped[why] += 1

    def _against(self, exchange: Exchange, place: Place) -> str | None:
        if exchange.method not in ("GET", "HEAD"):
            return "not asked for by GET"
        try:
            host = canonical(exchange.url, self._aliases).split("/")[2]
        except ValueError:
            return "no address"
        if host != self._host:
            return "another host"
        label = next((value for name, value in exchange.headers if name.lower() == "content-type"), "")
        if BESIDE.match(label.strip()):
            return "a picture, style or script"
        filed = is_filed(captured(exchange, place), self._aliases)
        return None if filed else "robots.txt, or a redirect to the same address"


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
    yield from sieve.pages(told)


def named(part: Part, report: Report) -> Report:
    """The same report, with the file's whole name."""
    return lambda damage: report(replace(damage, file=part.name))
