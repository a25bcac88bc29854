"""A stand-in for the Wayback Machine on loopback, in its own dialect: the index, and captures as they came."""

import gzip
import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from itertools import groupby
from urllib.parse import quote, unquote, urlsplit

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from storage.warc.writer import payload_digest
from tests.helpers.mirror import _Any

FIELDS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
ERROR_PAGE = "<html><head><title>Internet Archive: Error</title></head><body>Please try again.</body></html>"
Change = Callable[[Response], Response | None]


@dataclass(frozen=True)
class Kept:
    """One capture of the machine."""

    original: str
    timestamp: str
    body: bytes
    statuscode: int = 200
    mimetype: str = "text/html"
    headers: tuple[tuple[str, str], ...] = (("Server", "nginx"), ("Content-Type", "text/html; charset=utf-8"))

    @property
    def urlkey(self) -> str:
        parts = urlsplit(self.original)
        host = re.sub(r"^www\d*\.", "", parts.hostname or "")
        query = f"?{parts.query}" if parts.query else ""
        return f"{','.join(reversed(host.split('.')))}){parts.path.rstrip('/') or '/'}{query}".lower()

    def row(self) -> list[str]:
        digest = payload_digest(self.body).removeprefix("sha1:")
        shown = (self.urlkey, self.timestamp, self.original, self.mimetype, self.statuscode, digest, len(self.body))
        return list(map(str, shown))


class Machine:
    """kept: its captures. indexed, replayed: what was asked for, the refused questions too.

    before: what becomes of the next answers, by what is asked for: "index" or "capture". Each is called with the
        usual answer, and gives another, or None for the usual one after whatever it did.
    rows: the most of one page, whatever is asked for.
    """

    def __init__(self, server: HTTPServer, kept: Iterable[Kept] = ()) -> None:
        self.kept = list(kept)
        self.rows = 10_000
        self.robots = "User-agent: *\nDisallow: /save/\n"
        self.indexed: list[dict[str, str]] = []
        self.replayed: list[str] = []
        self.asked_at: list[datetime] = []
        self.before: dict[str, list[Change]] = {"index": [], "capture": []}
        self.origin = server.url_for("").rstrip("/")
        server.expect_request(_Any()).respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        path = unquote(request.path)
        if path == "/robots.txt":
            return Response(self.robots, content_type="text/plain")
        self.asked_at.append(datetime.now(UTC))
        if path == "/cdx/search/cdx":
            self.indexed.append(request.args.to_dict())
            return self._instead("index", self._index(request))
        asked = re.fullmatch(r"/web/(\d{14})id_/(.+)", f"{path}?{request.query_string.decode()}".rstrip("?"))
        if asked is None:
            return Response(ERROR_PAGE, 404, content_type="text/html")
        self.replayed.append(f"{asked[1]} {asked[2]}")
        return self._instead("capture", self._replay(asked[1], asked[2]))

    def _instead(self, kind: str, usual: Response) -> Response:
        return (self.before[kind].pop(0)(usual) if self.before[kind] else None) or usual

    def _index(self, request: Request) -> Response:
        asked = request.args
        rows = [kept.row() for kept in sorted(self.kept, key=lambda kept: (kept.urlkey, kept.timestamp))]
        rows = [row for row in rows if _matches(row, asked["url"], asked.get("matchType", "exact"))]
        rows = [row for row in rows if asked.get("from", "") <= row[1] <= asked.get("to", "9") + "9" * 14]
        for each in asked.getlist("filter"):
            rows = [row for row in rows if _passes(row, each)]
        if field := asked.get("collapse"):
            rows = [next(same) for _, same in groupby(rows, key=lambda row: row[FIELDS.index(field)])]
        if after := unquote(asked.get("resumeKey", "")):
            rows = [row for row in rows if f"{row[0]} {row[1]}" > after]
        shown = rows[: min(int(asked["limit"]), self.rows)]
        fields = asked["fl"].split(",")
        table = [fields, *([row[FIELDS.index(name)] for name in fields] for row in shown)] if shown else []
        if asked.get("showResumeKey") == "true" and len(shown) < len(rows):
            table += [[], [quote(f"{shown[-1][0]} {shown[-1][1]}", safe="")]]
        return Response(json.dumps(table), content_type="application/json")

    def _replay(self, timestamp: str, url: str) -> Response:
        same = [kept for kept in self.kept if _bare(kept.original) == _bare(url)]
        if not same:
            headers = {"X-Archive-Wayback-Runtime-Error": f"ResourceNotInArchiveException: {url} was not found"}
            return Response(ERROR_PAGE, 404, headers, content_type="text/html")
        nearest = min(same, key=lambda kept: abs(int(kept.timestamp) - int(timestamp)))
        if nearest.timestamp != timestamp:
            there = f"{self.origin}/web/{nearest.timestamp}id_/{nearest.original}"
            return Response(status=302, headers={"Location": there})
        return Response(nearest.body, nearest.statuscode, list(self._headers(nearest)))

    def _headers(self, kept: Kept) -> Iterator[tuple[str, str]]:
        moment = datetime.strptime(kept.timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        yield "Content-Type", kept.mimetype
        yield "Memento-Datetime", format_datetime(moment, usegmt=True)
        yield "Link", f'<{kept.original}>; rel="original", <{self.origin}/web/{kept.original}>; rel="timegate"'
        yield "X-Archive-Src", "NO404-GDELT-20180620.warc.gz"
        yield from ((f"X-Archive-Orig-{name}", value) for name, value in kept.headers)


def refusal(seconds: str) -> Change:
    return lambda _: Response("Too many requests", 429, {"Retry-After": seconds})


def busy(seconds: str | None = None) -> Change:
    headers = {"Retry-After": seconds} if seconds else {}
    return lambda _: Response("<html>Service Temporarily Unavailable</html>", 503, headers, content_type="text/html")


def error_page(_: Response) -> Response:
    return Response(ERROR_PAGE, 200, content_type="text/html")


def usual(_: Response) -> None:
    """Leaves the answer as it is."""


def compressed(response: Response) -> Response:
    response.set_data(gzip.compress(response.get_data(), mtime=0))
    response.headers["Content-Encoding"] = "gzip"
    return response


def half(response: Response) -> Response:
    """The same answer, of which only the first half comes before the connection ends."""
    body = response.get_data()
    response.automatically_set_content_length = False
    response.set_data(body[: len(body) // 2])
    response.headers["Content-Length"] = str(len(body))
    return response


def _bare(url: str) -> str:
    parts = urlsplit(unquote(url))
    return f"{(parts.hostname or '').removeprefix('www.')}{parts.path.rstrip('/')}?{parts.query}"


def _matches(row: list[str], url: str, match: str) -> bool:
    asked = Kept(url if "://" in url else f"http://{url}", "", b"").urlkey
    if match == "domain":
        host = asked.split(")")[0]
        return row[0].startswith((f"{host})", f"{host},"))
    return row[0] == asked if match == "exact" else row[0].startswith(asked)


def _passes(row: list[str], told: str) -> bool:
    name, pattern = told.removeprefix("!").split(":", 1)
    return bool(re.fullmatch(pattern, row[FIELDS.index(name)])) is not told.startswith("!")
