"""Convert stored exchanges to captures, and decide which exchanges are pages."""

from postscraper.items import Capture, Record
from postscraper.urls import Aliases, absolute, canonical, path_of, sent_on
from storage.warc.exchange import AUXILIARY, Exchange, RecordLocation, status_of


def capture_of(exchange: Exchange, location: RecordLocation) -> Capture:
    """The capture made from a stored exchange."""
    return Capture(
        url=exchange.url,
        captured_at=exchange.captured_at,
        status=status_of(exchange),
        headers=exchange.headers,
        body=exchange.body,
        source=exchange.source,
        record=Record(file=location.file, offset=location.offset, length=location.length),
        cut=exchange.cut is not None,
        conditional=_is_conditional(exchange),
    )


def _is_conditional(exchange: Exchange) -> bool | None:
    """Whether a 304 may answer the request (RFC 9110, 15.4.5); None if its headers are unknown."""
    if not exchange.request_headers:
        return None
    return any(name.lower() in ("if-none-match", "if-modified-since") for name, _ in exchange.request_headers)


def is_page(exchange: Exchange, aliases: Aliases) -> bool:
    """Whether an item is stored for an exchange; crawl, recovery and rebuild all use this rule.

    False for robots.txt, for responses of another archive that are not captures, and for a redirect to another form of
    the same address: stored as moved, the address would never be requested again.

    aliases: of the run that recorded the exchange.
    """
    url = exchange.url
    if exchange.source == AUXILIARY or path_of(url) == "/robots.txt":
        return False
    location = sent_on(exchange.header("location")) if 300 <= (exchange.status or 200) < 400 else None
    target = absolute(url, location) if location else None
    return target in (None, url) or canonical(target or "", aliases) != canonical(url, aliases)
