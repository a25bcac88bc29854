"""What a run reads without fetching it: sources that bring captures themselves.

A source says where captures are; the bytes of each are kept before anything reads them.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping

from postscraper.items import Capture
from postscraper.newspapers import other_papers
from postscraper.run.run import Run
from postscraper.run.selection import is_wanted
from postscraper.sources import commoncrawl, commoncrawl_copies, folder, warc
from postscraper.sources.captures import capture_of
from postscraper.sources.warc import PageFilter
from storage.evidence.store import log_damage
from storage.warc.exchange import IMPORTED, Exchange, RecordLocation


def _saved(desk: Run) -> Iterator[Capture]:
    assert desk.scope.path is not None
    for page in folder.captures(desk.scope.path, name=desk.scope.source):
        if desk.is_home(page.url):
            yield desk.record(_exchange(page))


def _exchange(page: Capture) -> Exchange:
    """A page saved by hand: there is no head of an answer to keep."""
    return Exchange(
        url=page.url, requested_at=None, captured_at=page.captured_at, status=None, body=page.body, source=page.source
    )


def _recorded(desk: Run) -> Iterator[Capture]:
    assert desk.scope.path is not None
    sieve = PageFilter(desk.paper.host, desk.aliases, IMPORTED, other_papers(desk.paper))
    return _sifted(desk, warc.pages([desk.scope.path], sieve, log_damage), sieve)


def _copied(desk: Run) -> Iterator[Capture]:
    assert desk.scope.path is not None
    sieve = PageFilter(desk.paper.host, desk.aliases, commoncrawl.NAME, other_papers(desk.paper))
    found = commoncrawl_copies.pages(desk.scope.path, desk.paper.host.removeprefix("www."), sieve, log_damage)
    return _sifted(desk, (each for each in found if is_wanted(desk, each[1])), sieve)


def _sifted(desk: Run, found: Iterable[tuple[RecordLocation, Exchange]], sieve: PageFilter) -> Iterator[Capture]:
    for place, exchange in found:
        if exchange.captured_at is None:  # which no record of ours can say: it is named where it lies
            yield desk.take(capture_of(exchange, place))
        else:
            yield desk.record(exchange)
    for why, count in sieve.skipped.most_common():
        logging.getLogger(__name__).info("records left out: %d, %s", count, why)
    for file in sieve.fruitless:
        logging.getLogger(__name__).info("%s", file)


def _kept(desk: Run) -> Iterator[Capture]:
    return (desk.take(capture) for capture in desk.captures() if desk.is_home(capture.url))


BROUGHT: Mapping[str, Callable[[Run], Iterator[Capture]]] = {
    "folder": _saved,
    "samples": _saved,
    "warc": _recorded,
    "archive": _kept,
    "commoncrawl": _copied,  # with path=…; without, its archive is asked
}
