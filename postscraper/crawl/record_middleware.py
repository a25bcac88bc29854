"""Downloader middleware that records every exchange in the evidence before anything decodes it.

It is the middleware nearest to the network: responses are unchanged, except that the transfer coding is decoded and
the case of header names is lost.
"""

import re
from datetime import datetime, timedelta
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Response

from postscraper.crawl.spider import NEVER_AGAIN, UNANSWERED, NewspaperSpider
from postscraper.errors import RobotsUnavailable
from postscraper.run.run import now
from storage.errors import ArchiveError, EvidenceError
from storage.warc.exchange import Cut, Exchange


class EvidenceMiddleware:
    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._sent: dict[str, datetime] = {}  # the last request, by host

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        spider = self._crawler.spider
        if not isinstance(spider, NewspaperSpider) or response.url.startswith("data:"):
            return response
        if response.url.startswith("file:"):
            sentence = "a saved page is no answer: `postscraper read FILE` reads it, source=folder takes it in"
            spider.logger.warning("%s: %s", response.url, sentence)
            raise IgnoreRequest(sentence)
        exchange = Exchange(
            url=response.url,
            requested_at=request.meta.get("asked_at"),
            captured_at=now(),
            method=request.method,
            request_headers=_pairs(request.headers),
            status=response.status,
            protocol=response.protocol or "HTTP/1.1",
            headers=_pairs(response.headers),
            body=response.body,
            # Behind a proxy it is the proxy's.
            address=str(response.ip_address) if response.ip_address and not request.meta.get("proxy") else None,
            cut=_cut(response, by_digest="record" in request.meta),
        )
        try:
            record = request.meta.get("record", spider.run.record)
            # Scrapy gives a callback only the decoded response; meta carries the original exchange.
            request.meta["exchange"], request.meta["recorded"] = exchange, record(exchange) if record else None
        except (EvidenceError, ArchiveError) as error:
            spider.stop("archive", str(error), error)
            raise IgnoreRequest(str(error)) from error  # which Scrapy logs without its trace
        self._crawler.stats.inc_value("postscraper/answered")
        self._note_gap(request, exchange)
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Count the requests that were sent and got no response."""
        if not isinstance(exception, (IgnoreRequest, RobotsUnavailable, *NEVER_AGAIN)):
            self._crawler.stats.inc_value(UNANSWERED)

    def _note_gap(self, request: Request, exchange: Exchange) -> None:
        """Keep the shortest time between two requests to one host, by the moments at which they were sent."""
        assert exchange.captured_at is not None
        host = urlsplit(exchange.url).netloc
        sent = exchange.captured_at - timedelta(seconds=request.meta.get("download_latency", 0.0))
        if host in self._sent:
            self._crawler.stats.min_value("postscraper/shortest_gap", (sent - self._sent[host]).total_seconds())
        self._sent[host] = sent


# The end of a whole page, feed, sitemap or JSON text.
_END = re.compile(rb"</(?:html|rss|rdf:RDF|feed|urlset|sitemapindex)\s*>|[\]}]\s*\Z", re.I)


def _cut(response: Response, *, by_digest: bool) -> Cut | None:
    """by_digest: whether the index of an archive names the digest, so that a missing length leaves it undecided."""
    if "dataloss" in response.flags:
        return "disconnect"
    # Scrapy's name for an answer that only the end of the connection ends, as a server that dies does.
    if "partial" not in response.flags:
        return None
    if by_digest:
        return "unspecified"
    begins = response.body.lstrip()[:1]
    return "disconnect" if not begins or (begins in b"<[{" and not _END.search(response.body)) else None


# A secret for the proxy alone, which no server receives.
_FOR_THE_PROXY = b"Proxy-Authorization"


def _pairs(headers: Headers) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, values in headers.items()
        if name != _FOR_THE_PROXY
        for value in values
    )
