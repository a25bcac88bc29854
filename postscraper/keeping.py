"""What a run keeps: each exchange once, in the evidence, before anything reads it."""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256

from storage.archive import Archive
from storage.evidence import Evidence
from storage.exchange import BESIDE, Earlier, Exchange, Place
from storage.unfiled import Unfiled

SMALLEST_REVISIT = 1000  # bytes; a revisit record is not much smaller


class Keeping:
    """The evidence of one run. One thread keeps while another files."""

    def __init__(self, archive: Archive, evidence: Evidence) -> None:
        self._archive, self._evidence = archive, evidence
        self._unfiled = Unfiled()

    def keep(self, exchange: Exchange) -> Place:
        """Where the exchange is kept now, durable after `sync`; `filed` or `passed` is to be told of it."""
        earlier = self._earlier(exchange)
        place = _again(exchange, earlier)
        if place is None:
            place = self._append(exchange, earlier)
            self._unfiled.add(place)
        return place

    def place(self, exchange: Exchange) -> Place:
        """The same, of an exchange that is filed in the order in which it is kept."""
        earlier = self._earlier(exchange)
        return _again(exchange, earlier) or self._append(exchange, earlier)

    def beside(self, exchange: Exchange) -> None:
        """Keep what another archive said that is no capture of the paper; no row will name it."""
        self._evidence.keep(replace(exchange, source=BESIDE))

    def _append(self, exchange: Exchange, earlier: Earlier | None) -> Place:
        small = len(exchange.body) < SMALLEST_REVISIT or exchange.status is None
        return self._evidence.keep(exchange, same_as=None if small else earlier)

    def sync(self) -> None:
        """Make durable what is kept, before a row names it."""
        self._evidence.sync()

    def passed(self, file: str, offset: int) -> None:
        """No row will name the record there."""
        self._unfiled.remove(file, offset)

    def filed(self, records: Iterable[tuple[str, int]]) -> dict[str, int]:
        """Rows name the records from now on; for each file the byte before which every record is dealt with."""
        for file, offset in records:
            self._unfiled.remove(file, offset)
        return self._unfiled.far()

    def has(self, exchange: Exchange) -> bool:
        """Whether this very capture is kept, and filed."""
        return _again(exchange, self._first(exchange)) is not None

    def _earlier(self, exchange: Exchange) -> Earlier | None:
        """The first capture with the same body; None when there is none, or nothing can refer to it."""
        small_and_new = len(exchange.body) < SMALLEST_REVISIT and exchange.source == "live"
        return None if small_and_new or exchange.cut else self._first(exchange)

    def _first(self, exchange: Exchange) -> Earlier | None:
        digest = "sha256:" + sha256(exchange.body).hexdigest()
        row = self._archive.kept(digest, exchange.url, exchange.captured_at)
        if row is None or row.captured_at is None:
            return None
        place = Place(file=row.evidence_file, offset=row.evidence_offset, length=row.evidence_length)
        return Earlier(url=row.url, captured_at=row.captured_at, payload_digest=digest, place=place)


def _again(exchange: Exchange, earlier: Earlier | None) -> Place | None:
    """Where the very capture is kept that comes a second time; None when it is another."""
    same = earlier is not None and (earlier.url, earlier.captured_at) == (exchange.url, exchange.captured_at)
    return earlier.place if earlier and same else None
