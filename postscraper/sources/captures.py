"""From an exchange that is kept to a capture, and whether anything is filed for it."""

from postscraper.items import Capture, Record
from postscraper.urls import Aliases, absolute, canonical, path_of, sent_on
from storage.warc.exchange import AUXILIARY, Exchange, RecordLocation, status_of


def capture_of(exchange: Exchange, place: RecordLocation) -> Capture:
    """What is read of an exchange that is kept at a place."""
    return Capture(
        url=exchange.url,
        captured_at=exchange.captured_at,
        status=status_of(exchange),
        headers=exchange.headers,
        body=exchange.body,
        source=exchange.source,
        record=Record(file=place.file, offset=place.offset, length=place.length),
        cut=exchange.cut is not None,
        conditional=_is_conditional(exchange),
    )


def _is_conditional(exchange: Exchange) -> bool | None:
    """Whether a 304 may answer the request (RFC 9110, 15.4.5); None when no header of it was kept."""
    if not exchange.request_headers:
        return None
    return any(name.lower() in ("if-none-match", "if-modified-since") for name, _ in exchange.request_headers)


def is_page(answer: Capture | Exchange, served: Aliases) -> bool:
    """Whether a run files an item for what it kept; the one rule of crawl, recovery and rebuild.

    None for robots.txt, and none for a redirect to another form of the same address, which is still
    to be visited: filed as moved, it would never be asked for again. None for what another archive said
    besides its captures.
    served: the aliases of the run that kept it.
    """
    url = answer.url
    if answer.source == AUXILIARY or path_of(url) == "/robots.txt":
        return False
    location = sent_on(answer.header("location")) if 300 <= (answer.status or 200) < 400 else None
    target = absolute(url, location) if location else None
    return target in (None, url) or canonical(target or "", served) != canonical(url, served)
