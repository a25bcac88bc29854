"""Connections: what Twisted lets pass of answers whose head never ends, and of bodies that do not come whole.

Twisted bounds a line of a head, and nothing the whole. A head is not yet an answer, so Scrapy's limits of size do not
see it: 200 MB of one took 400 MB here.
"""

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
)
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadCancelledError, DownloadFailedError
from scrapy.http import Response
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web._newclient import HEADER, STATUS, HTTP11ClientProtocol, ResponseFailed
from twisted.web._newclient import Request as Asked
from twisted.web.http import _IdentityTransferDecoder
from twisted.web.iweb import IResponse

_MORE = 1  # byte that a decoder waits for: at the connection's end it then reports that data were lost
LONGEST_HEAD = 2**20  # bytes; browsers end at a quarter of it, and the paper's have 2 kB


class HeadTooLong(DownloadCancelledError):
    """An answer's head passes the limit; another try would meet it again."""


class BoundedHeads(HTTP11DownloadHandler):
    """Scrapy's own handler, but for connections that end with a head that is too long."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = _Connections

    async def download_request(self, request: Request) -> Response:
        try:
            return await super().download_request(request)
        except DownloadFailedError as error:
            failed = error.__cause__
            for reason in failed.reasons if isinstance(failed, ResponseFailed) else ():
                if isinstance(reason.value, HeadTooLong):
                    raise reason.value from None
            raise


class _Connection(_LenientHTTP11ClientProtocol):
    _head_bytes = 0

    def request(self, request: Asked) -> Deferred[IResponse]:
        self._head_bytes = 0
        return super().request(request)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802  # Twisted's name
        if self._parser is not None and self._parser.state in (STATUS, HEADER):
            self._head_bytes += len(data)
            if self._head_bytes > LONGEST_HEAD:
                self._give_up(HeadTooLong(f"more than {LONGEST_HEAD:,} bytes of headers"))
                return
        super().dataReceived(data)  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802  # Twisted's name
        """Without a length or chunks only an orderly end of the connection ends a body (RFC 9112, 8 and 9.8)."""
        decoder = self._body()
        orderly = isinstance(reason.value, ConnectionDone)
        if decoder is not None and decoder.contentLength is None and not orderly:
            decoder.contentLength = _MORE
        super().connectionLost(reason)  # type: ignore[no-untyped-call]

    def _finishResponse(self, rest: bytes) -> None:  # noqa: N802  # Twisted's name
        """What follows a body speaks for a Content-Length that is too small (RFC 9112, 6.3)."""
        decoder = self._body()
        if decoder is not None and decoder.contentLength == 0 and rest.strip():
            decoder.contentLength = _MORE
        super()._finishResponse(rest)

    def _body(self) -> _IdentityTransferDecoder | None:
        decoder = self._parser.bodyDecoder if self._parser is not None else None
        return decoder if isinstance(decoder, _IdentityTransferDecoder) else None

    def _give_up(self, why: HeadTooLong) -> None:
        self._giveUp(Failure(why))  # type: ignore[no-untyped-call]


class _Connections(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: IAddress | None) -> HTTP11ClientProtocol:  # noqa: N802  # Twisted's name
        return _Connection(self._quiescentCallback)  # type: ignore[no-untyped-call]
