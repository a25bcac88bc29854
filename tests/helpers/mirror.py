"""The samples served on loopback, as the paper's site would: with validators, robots.txt and a sitemap."""

from collections import Counter
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from postscraper.items import Unread
from postscraper.newspapers import POST
from postscraper.reading.read import read
from postscraper.sources.folder import captures
from postscraper.urls import canonical

HOME = "https://www.phnompenhpost.com"


class Mirror:
    """Serves every sample of the English edition under its own path; counts what is asked for.

    pages: body by path and query. fetched: whole answers by path; conditional: 304s by path.
    """

    def __init__(self, server: HTTPServer, samples: Path) -> None:
        self.pages: dict[str, bytes] = {}
        self.fetched: Counter[str] = Counter()
        self.conditional: Counter[str] = Counter()
        self.agents: set[str] = set()
        self.origin = server.url_for("").rstrip("/")
        for capture in captures(samples):
            item = read(capture, POST)
            if isinstance(item, Unread) and item.reason in ("challenge", "log_in", "server_error"):
                continue  # a bot check ends a crawl, as it should, and a site being mended is waited for
            address = urlsplit(canonical(capture.url))
            if address.netloc == urlsplit(HOME).netloc:
                self.pages.setdefault(_asked(address.path, address.query), capture.body)
        self.pages["/sitemap.xml"] = self._sitemap()
        self.pages["/robots.txt"] = b"User-agent: *\nDisallow: /national/forbidden\n"
        server.expect_request(_Any()).respond_with_handler(self._answer)

    def _sitemap(self) -> bytes:
        entries = "".join(f"<url><loc>{HOME}{path}</loc></url>" for path in self.pages if path.count("/") > 1)
        return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'.encode()

    def _answer(self, request: Request) -> Response:
        asked = _asked(urlsplit(canonical(HOME + request.full_path.rstrip("?"))).path, request.query_string.decode())
        self.agents.add(request.headers.get("User-Agent", ""))
        body = self.pages.get(asked)
        if body is None:
            self.fetched[asked] += 1
            return Response("<html><title>Page not found</title></html>", 404, content_type="text/html")
        etag = sha256(body).hexdigest()[:16]
        if request.headers.get("If-None-Match") == f'"{etag}"':
            self.conditional[asked] += 1
            return Response(status=304, headers={"ETag": f'"{etag}"'})
        self.fetched[asked] += 1
        kind = "application/xml" if body.lstrip()[:5] in (b"<?xml", b"<urls", b"<site", b"<rss ") else "text/html"
        return Response(body, content_type=kind, headers={"ETag": f'"{etag}"'})


def _asked(path: str, query: str) -> str:
    return f"{path}?{query}" if query else path


class _Any(str):
    """A path that every request matches."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__
