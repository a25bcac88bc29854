"""HTTP connections with a bound on an answer's head, which report each body that did not come whole.

Twisted bounds a line of a head, not the whole head, and Scrapy's limits of size count bodies alone: a head of 200 MB
took 400 MB of memory here. Scrapy's own connections are used, with a class of this module before theirs.
"""

from functools import cache
from importlib.metadata import version
from operator import attrgetter
from typing import Any

from scrapy.core import scraper
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares import robotstxt
from scrapy.exceptions import DownloadCancelledError
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Factory, connectionDone
from twisted.python.failure import Failure
from twisted.web import _newclient, client, http
from twisted.web.iweb import IResponse

# The names that Scrapy and Twisted do not promise to keep: used here, and Scrapy's also in spider.py and robots.py.
PRIVATE_NAMES = (
    (scraper, "Scraper._check_if_closing"),
    (robotstxt, "RobotsTxtMiddleware._parse_robots"),
    (robotstxt, "RobotsTxtMiddleware._robots_error"),
    (client, "HTTPConnectionPool._factory"),
    (_newclient, "HTTP11ClientProtocol._parser"),
    (_newclient, "HTTP11ClientProtocol._finishResponse"),
    (_newclient, "HTTPClientParser.bodyDecoder"),
    (http, "_IdentityTransferDecoder.contentLength"),
)
# And those that a constructor assigns.
ASSIGNED = (
    (HTTP11DownloadHandler, "_pool"),
    *((robotstxt.RobotsTxtMiddleware, name) for name in ("_parsers", "_stats")),
    *((robotstxt.RobotsTxtMiddleware, name) for name in ("_robotstxt_useragent", "_default_useragent")),
)
TESTED = {"Scrapy": "2.19", "Twisted": "26.10"}

_MORE = 1  # byte that a decoder waits for: at the connection's end it then reports that data were lost
LONGEST_HEAD = 2**20  # bytes; browsers end at a quarter of it, and the paper's have 2 kB


def missing_names() -> list[str]:
    """Private names that the installed Scrapy and Twisted lack."""
    missing = []
    for place, path in PRIVATE_NAMES:
        try:
            attrgetter(path)(place)
        except AttributeError:
            missing.append(f"{place.__name__}.{path}")
    # A class does not have what its constructor assigns, but the constructor's code has its name.
    absent = (pair for pair in ASSIGNED if pair[1] not in pair[0].__init__.__code__.co_names)
    return [*missing, *(f"{kind.__name__}.{name}" for kind, name in absent)]


if missing := missing_names():
    raise ImportError(
        f"Scrapy {version('scrapy')} and Twisted {version('twisted')} lack {', '.join(missing)}; "
        f"install the versions that are tested, {' and '.join(map(' '.join, TESTED.items()))}: "
        "pip install --require-hashes --no-deps -r requirements.lock"
    )


class HeadTooLong(DownloadCancelledError):
    """An answer's head passes the limit; another try would meet it again."""


class BoundedHeads(HTTP11DownloadHandler):
    """Scrapy's own handler, with connections that end when a head is too long."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _before(self._pool._factory, _BoundedFactory)


class _BoundedFactory(Factory):
    def buildProtocol(self, addr: IAddress | None) -> Any:  # noqa: N802  # Twisted's name
        protocol: Any = super().buildProtocol(addr)
        # Scrapy names the class of its connections inside its factory; it changes that of the parser in the same way.
        protocol.__class__ = _before(protocol.__class__, _BoundedConnection)
        return protocol


@cache
def _before(theirs: type, ours: type) -> Any:
    """A class with the methods of both, ours first."""
    return type(ours.__name__, (ours, theirs), {})


class _BoundedConnection(_newclient.HTTP11ClientProtocol):
    _head_bytes = 0

    def request(self, request: Any) -> Deferred[IResponse]:
        self._head_bytes = 0
        return super().request(request).addErrback(self._failed)

    def _failed(self, failure: Failure) -> Failure:
        if self._head_bytes <= LONGEST_HEAD:
            return failure
        return Failure(HeadTooLong(f"more than {LONGEST_HEAD:,} bytes of headers"))  # type: ignore[no-untyped-call]

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        if self._parser is not None and self._parser.bodyDecoder is None:
            self._head_bytes += len(data)
        if self._head_bytes > LONGEST_HEAD:
            self.transport.abortConnection()  # type: ignore[union-attr]
        else:
            super().dataReceived(data)  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802  # Twisted's name
        """Without a length or chunks only an orderly end of the connection ends a body (RFC 9112, 8 and 9.8)."""
        decoder = self._body()
        orderly = isinstance(reason.value, ConnectionDone)
        if decoder is not None and decoder.contentLength is None and not orderly:
            decoder.contentLength = _MORE
        super().connectionLost(reason)  # type: ignore[no-untyped-call]

    def _finishResponse(self, rest: bytes) -> None:  # noqa: N802  # Twisted's name
        """What follows a body shows that its Content-Length is too small (RFC 9112, 6.3)."""
        decoder = self._body()
        if decoder is not None and decoder.contentLength == 0 and rest.strip():
            decoder.contentLength = _MORE
        super()._finishResponse(rest)

    def _body(self) -> http._IdentityTransferDecoder | None:
        decoder = self._parser.bodyDecoder if self._parser is not None else None
        return decoder if isinstance(decoder, http._IdentityTransferDecoder) else None
