"""Captures in WARC, ARC and WACZ files of any origin, with their own time, status and headers.

Only pages of one newspaper are returned; other records are counted by reason. Damage is reported with file and
offset; the records before and after it are read.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from postscraper.errors import BadRequest
from postscraper.sources.captures import is_page
from postscraper.sources.revisits import RevisitLookup
from postscraper.sources.warc_files import WarcFile, warc_files
from postscraper.urls import NO_ALIASES, Aliases, maybe_canonical
from storage.warc.exchange import AUXILIARY, IMPORTED, Exchange, RecordLocation, SharedMember, Tally
from storage.warc.files import FindOriginal, OnDamage, exchanges, own_info_id, raw_records
from storage.warc.members import RawRecord

# Only the usual spelling of the names, because a search that ignores case costs ten times as much; a record without a
# match is treated like one of the newspaper.
_HOST = re.compile(rb"\nWARC-Target-URI:[ \t]*<?https?://([^/\r\n?#> ]{1,255})")
_ARC_HOST = re.compile(rb"https?://([^/\r\n?#> ]{1,255})")
_SCHEME = re.compile(rb"(?:\A|\nWARC-Target-URI:[ \t]*<?)([a-z]{2,12}):")
_TYPE = re.compile(rb"\nWARC-Type:[ \t]*(\w{1,40})")
_ANSWERS = (b"response", b"revisit")
_OTHER_HOST = "another host"
MOST_HOSTS = 5  # named; the others are counted
# Content types of a page's pictures, styles and scripts, which crawlers fetch with it.
ASSET_TYPES = re.compile(
    r"(?:image|audio|video|font)/|text/css|(?:text|application)/(?:x-)?(?:java|ecma)script|application/font", re.I
)


@dataclass(slots=True)
class Contents:
    """Counts of the records of a file.

    total: all records that can be read.
    pages: of the newspaper.
    skipped: other answers, by the reason.
    hosts: of answers from other hosts.
    records: other records, by type or scheme, without requests, which belong to their answers.
    """

    total: int = 0
    pages: int = 0
    skipped: Counter[str] = field(default_factory=Counter)
    hosts: Counter[str] = field(default_factory=Counter)
    records: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        parts = [f"{count:,} {kind} records" for kind, count in self.records.most_common()]
        parts += [f"{count:,} left out ({why})" for why, count in self.skipped.most_common() if why != _OTHER_HOST]
        if self.hosts:
            hosts = [f"{host} {count:,}" for host, count in self.hosts.most_common(MOST_HOSTS)]
            hosts += ["…"] if len(self.hosts) > MOST_HOSTS else []
            parts.append(f"{self.hosts.total():,} answers of other hosts: {', '.join(hosts)}")
        return f"{self.pages:,} pages: {', '.join(parts) or 'no record that can be read'}"


class PageFilter:
    """Filter for the pages of one newspaper, or of another archive; counts other records by the reason."""

    def __init__(
        self,
        host: str | None,
        aliases: Aliases = NO_ALIASES,
        source: str = IMPORTED,
        papers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """host: of the newspaper; None: all rows of another archive, on any host.

        source: of the pages that pass.
        papers: names of other newspapers that can be read, by host.
        """
        self.contents = Contents()  # of the file
        self.skipped = Counter[str]()  # records of all files, by the reason
        self.without_pages: list[str] = []  # contents of each file without a page
        self.not_warc: list[str] = []  # names of files without a record
        self._host, self._aliases, self._source, self._papers = host, aliases, source, papers
        self._host_of = lru_cache(maxsize=4096)(self._canonical_host)

    def _canonical_host(self, origin: str) -> str | None:
        """origin: an address up to its path. None if it is no address."""
        address = maybe_canonical(origin, self._aliases)
        return address.split("/")[2] if address else None

    def records(self, records: Iterable[RawRecord]) -> Iterator[RawRecord]:
        """Drop records of other hosts, before they are parsed."""
        for raw in records:
            self.contents.total += 1
            named = _HOST.search(raw.raw, 0, 4096) or _ARC_HOST.match(raw.raw)
            host = self._host_of(f"https://{named[1].decode('latin-1')}") if named else None
            kind = _TYPE.search(raw.raw, 0, 4096)
            if kind is not None and kind[1] not in _ANSWERS:
                if kind[1] != b"request":
                    self.contents.records[kind[1].decode("latin-1")] += 1
            elif self._host is not None and host not in (self._host, None):
                self._skip(self._other_host(host))
            elif named is None and (scheme := _SCHEME.search(raw.raw, 0, 4096)):
                self.contents.records[f"{scheme[1].decode()}:"] += 1
            # A record without an address is reported by its parser.
            if self._host is None or host in (self._host, None):
                yield raw

    def pages(
        self, exchanges: Iterable[tuple[RecordLocation, Exchange]], file: WarcFile
    ) -> Iterator[tuple[RecordLocation, Exchange]]:
        """Pages with their source, and the file's name as their origin; records of this program keep their own."""
        own = own_info_id(file.path, file.start)
        for location, exchange in exchanges:
            is_own = own is not None and exchange.info_id == own
            why = self._reason_to_skip(exchange, location)
            if why is None and self._host is None and own is not None and not is_own:
                why = "of another file than the one they lie in"  # as a page may hold one
            if why is None:
                self.contents.pages += 1
                keeps = is_own or self._host is None
                origin = f"{file.path.name}, byte {location.offset}"
                yield location, exchange if keeps else replace(exchange, source=self._source, origin=origin)
            else:
                self._skip(why)

    def file(
        self, file: WarcFile, pages: Iterator[tuple[RecordLocation, Exchange]]
    ) -> Iterator[tuple[RecordLocation, Exchange]]:
        """The pages of a whole file; one without any is added to `without_pages`, or to `not_warc`."""
        self.contents = Contents()
        yield from pages
        if not self.contents.total and file.end > file.start:
            self.not_warc.append(file.name)
        elif not self.contents.pages:
            self.without_pages.append(f"{file.name}: {self.contents}")

    def _skip(self, why: str) -> None:
        self.contents.skipped[why] += 1
        self.skipped[why] += 1

    def _other_host(self, host: str) -> str:
        """Count a response of another host; returns the reason to skip it."""
        if host in self._papers:
            return f"of the paper {self._papers[host]}"
        self.contents.hosts[host] += 1
        return _OTHER_HOST

    def _reason_to_skip(self, exchange: Exchange, location: RecordLocation) -> str | None:
        why = None if self._host is None else self._reason_of_newspaper(exchange)
        # Our files cannot store undated records, and this one cannot be located in its own file.
        if why is None and isinstance(location, SharedMember) and exchange.captured_at is None:
            return "without a date, and packed with others as one"
        if why is None and exchange.source == AUXILIARY and self._host is None:
            return "an index or an error of another archive"
        if why is None and not is_page(exchange, self._aliases):
            return "robots.txt, or a redirect to the same address"
        return why

    def _reason_of_newspaper(self, exchange: Exchange) -> str | None:
        if exchange.method not in ("GET", "HEAD"):
            return "not asked for by GET"
        host = self._host_of("/".join(exchange.url.split("/", 3)[:3]))
        if host != self._host:
            return "no address" if host is None else self._other_host(host)
        if ASSET_TYPES.match((exchange.header("content-type") or "").strip()):
            return "a picture, style or script"
        return None


def pages(
    paths: Sequence[Path], page_filter: PageFilter, on_damage: OnDamage
) -> Iterator[tuple[RecordLocation, Exchange]]:
    """Every page in the files, with its location, whose file is an absolute path. Raises BadRequest."""
    return pages_in(warc_files(paths, on_damage), page_filter, on_damage)


def pages_in(
    files: Sequence[WarcFile], page_filter: PageFilter, on_damage: OnDamage
) -> Iterator[tuple[RecordLocation, Exchange]]:
    """As `pages`, in files that are known."""
    with TemporaryDirectory() as folder:
        original = RevisitLookup(files, Path(folder) / "originals.db")
        for file in files:
            tally = Tally(named(file, on_damage))
            records = raw_records(file.path, tally, start=file.start, end=file.end)
            yield from page_filter.file(file, pages_of(records, file, page_filter, tally, original))
            tally.close()


def pages_of(
    records: Iterable[RawRecord],
    file: WarcFile,
    page_filter: PageFilter,
    on_damage: OnDamage,
    original: FindOriginal,
) -> Iterator[tuple[RecordLocation, Exchange]]:
    """The pages among the records of one file."""
    responses = exchanges(page_filter.records(records), str(file.path), named(file, on_damage), original)
    yield from page_filter.pages(responses, file)


def check_are_warcs(not_warc: Sequence[str]) -> None:
    """Raises BadRequest for files without a record, after all others were read."""
    if not_warc:
        raise BadRequest(f"{', '.join(not_warc)}: no WARC, ARC or WACZ file; no record in it can be read")


def named(file: WarcFile, on_damage: OnDamage) -> OnDamage:
    """A callback that passes damage on with the file's whole name."""
    return lambda damage: on_damage(replace(damage, file=file.name))
