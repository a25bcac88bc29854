"""What a run reads without fetching it: sources that bring captures themselves.

A source says where captures are; the bytes of each are kept before anything reads them.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from postscraper.desk import Desk
from postscraper.filing import captured
from postscraper.items import Capture
from postscraper.sources import folder, warc
from storage.evidence import log_damage
from storage.exchange import Exchange

SAMPLES = Path(__file__).parents[1] / "samples"


def _saved(desk: Desk) -> Iterator[Capture]:
    for page in folder.captures(desk.scope.path or SAMPLES, name=desk.scope.source):
        yield desk.keep(_exchange(page))


def _exchange(page: Capture) -> Exchange:
    """A page saved by hand: there is no head of an answer to keep."""
    return Exchange(
        url=page.url, requested_at=None, captured_at=page.captured_at, status=None, body=page.body, source=page.source
    )


def _recorded(desk: Desk) -> Iterator[Capture]:
    assert desk.scope.path is not None
    sieve = warc.Sieve(desk.paper.host, desk.aliases)
    for place, exchange in warc.pages([desk.scope.path], sieve, log_damage):
        if exchange.captured_at is None:  # which no record of ours can say: it is named where it lies
            yield desk.take(captured(exchange, place))
        else:
            yield desk.keep(exchange)
    for why, count in sieve.skipped.most_common():
        logging.getLogger(__name__).info("%d records left out: %s", count, why)


def _kept(desk: Desk) -> Iterator[Capture]:
    return (desk.take(capture) for capture in desk.captures())


BROUGHT: Mapping[str, Callable[[Desk], Iterator[Capture]]] = {
    "folder": _saved,
    "samples": _saved,
    "warc": _recorded,
    "archive": _kept,
}
