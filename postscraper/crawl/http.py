"""Downloads from public addresses alone, with the content codings left on."""

import logging
import re
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.base import ReactorBase
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

from postscraper.errors import BadRequest

log = logging.getLogger(__name__)


def phrase(error: BaseException | None) -> str:
    """Kind and message of an error, to be followed by more words."""
    return f"{type(error).__name__}: {error}"[:300].rstrip(". ")


def _in_a_sentence(record: logging.LogRecord) -> bool:
    """Name an unhandled error of a request in a sentence; its trace is Scrapy's own path to the socket."""
    if record.exc_info and record.exc_info[1] and record.getMessage().startswith("Error downloading"):
        error = record.exc_info[1]
        record.msg, record.args = f"{record.getMessage()}: {phrase(error)}", ()
        record.exc_info = None
    return True


logging.getLogger("scrapy.core.scraper").addFilter(_in_a_sentence)

# Settings with the origin of a stand-in for a site, which need not be public.
ORIGINS = ("PAPER_ORIGIN", "WAYBACK_ORIGIN", "COMMONCRAWL_INDEX_ORIGIN", "COMMONCRAWL_ORIGIN")


def check_origins(settings: Mapping[str, Any]) -> None:
    """Raises BadRequest for a setting that is no origin."""
    for name in ORIGINS:
        origin = settings[name]
        if origin and not _is_origin(origin):
            raise BadRequest(f"{name}={origin} is no origin; write it as {name}=http://127.0.0.1:8000")


def _is_origin(text: str) -> bool:
    try:
        host, port = _served_at(text)
    except ValueError:  # a bad port, a bracket that is not closed
        return False
    return bool(host) and port is not None and urlsplit(text).scheme in ("http", "https")


# https://url.spec.whatwg.org/#ends-in-a-number-checker, https://www.rfc-editor.org/rfc/rfc6761#section-6.3
_UNRESOLVED = re.compile(r"(?:.*\.)?(?:localhost|\d+|0x[\da-f]*)\.?", re.I | re.A)


class PrivateAddress(IgnoreRequest):
    """A host is, or its name resolves to, an address that is not public: no newspaper has one."""


def is_public(address: str) -> bool:
    """Whether an IP address, of either version, belongs to the public internet."""
    ip = ip_address(address.strip("[]").split("%")[0])
    return ip.is_global and not ip.is_multicast


class PublicResolver(CachingThreadedResolver):
    """Resolver that refuses addresses which are not public, at the lookup that the connection uses.

    proxies: hosts of the proxies that the user named, in the environment or a request's meta; they may be private. A
        proxy resolves names itself, unchecked.
    """

    allowed: frozenset[str] = frozenset()
    proxies: ClassVar[set[str]] = set()  # one resolver serves the process

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: ReactorBase) -> Self:
        resolver = super().from_crawler(crawler, reactor)
        resolver.allowed = frozenset(host for host, _ in _stand_ins(crawler))
        return resolver

    def getHostByName(self, name: str, timeout: Any = ()) -> Deferred[str]:  # noqa: N802  # Twisted's name
        lookup: Deferred[str] = super().getHostByName(name, timeout)
        return lookup if name in self.allowed | self.proxies else lookup.addCallback(self._public, name)

    def _public(self, address: str, name: str) -> str:
        if not is_public(address):
            log.warning("%s resolves to %s, which is not public", name, address)
            raise DNSLookupError(f"{name} has no public address")  # any other error Twisted logs with its trace
        return address


class PublicAddresses:
    """Downloader middleware that refuses hosts written as a private, loopback or link-local address.

    After `HttpProxyMiddleware`, which puts the proxy into each request's meta.
    """

    def __init__(self, allowed: frozenset[tuple[str, int | None]]) -> None:
        """allowed: hosts, and their ports."""
        self._allowed = allowed

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(_stand_ins(crawler))

    def process_request(self, request: Request) -> None:
        host = urlsplit(request.url).hostname or ""
        if proxy := request.meta.get("proxy"):
            PublicResolver.proxies.add(urlsplit(proxy if "://" in proxy else f"//{proxy}").hostname or "")
        if _served_at(request.url) in self._allowed or request.url.startswith("data:"):
            return
        try:
            public = is_public(host)
        except ValueError:
            # A name, whose address is checked when it is resolved. A proxy resolves it unseen, and other spellings of
            # numbers, too, so that these are refused.
            public = host not in PublicResolver.proxies and not _UNRESOLVED.fullmatch(host)
        if not public:
            raise PrivateAddress(f"{host} is not public; {' and '.join(ORIGINS)} name stand-ins that are to be asked")


def _stand_ins(crawler: Crawler) -> frozenset[tuple[str, int | None]]:
    named = (crawler.settings[setting] for setting in ORIGINS)
    return frozenset(_served_at(origin) for origin in named if origin)


def _served_at(url: str) -> tuple[str, int | None]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or {"http": 80, "https": 443}.get(parts.scheme)


class Compression(HttpCompressionMiddleware):
    """Requests compressed pages and leaves them so: reading undoes the coding itself, and notices a cut one."""

    def process_response(
        self, request: Request, response: Response, spider: Spider | None = None
    ) -> Request | Response:
        if "address" in request.meta:
            return response
        decoded: Request | Response = super().process_response(request, response)
        return decoded
