"""Faults between a reader and the newspaper: `site.proxy.always(challenge("html"), first_page_only)`.

Those of `standins.faults` (too many requests, half an answer …) can be switched on as well.
"""

import re
from typing import Literal, get_args
from urllib.parse import parse_qsl, urlencode, urlsplit

from werkzeug import Request, Response

from tests.helpers.paths import SAMPLES
from tests.standins.faults import Fault
from tests.standins.serving import Application, raw

Kind = Literal["html", "feed", "rest", "sitemap", "robots", "file"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_CHALLENGE = SAMPLES / "phnompenhpost" / "no_layout" / "challenge.html"
_FEED = re.compile(r"/(feed(/(rss2?|atom|rdf))?|rss2?|atom|rdf)/?$")

CLOSED_TO_REST = "User-agent: *\nDisallow: /wp-admin/\nDisallow: /wp-json/\nAllow: /wp-admin/admin-ajax.php\n"
CLOSED = "User-agent: *\nDisallow: /\n"


def kind_of(request: Request) -> Kind:
    path, query = request.path, request.args
    if path.startswith("/wp-json") or "rest_route" in query:
        return "rest"
    if _FEED.search(path) or "feed" in query:
        return "feed"
    if path == "/robots.txt":
        return "robots"
    if "sitemap" in path and path.endswith((".xml", ".xsl")):
        return "sitemap"
    return "file" if path.startswith(("/wp-content/", "/wp-includes/")) else "html"


def challenge(*kinds: Kind) -> Fault:
    """Cloudflare's bot check instead of these kinds of answers; of all but robots.txt when none is named."""
    closed = kinds or tuple(kind for kind in KINDS if kind != "robots")
    headers = {"cf-mitigated": "challenge", "Server": "cloudflare", "Cache-Control": "private, max-age=0, no-store"}

    def fault(request: Request, answer: Application) -> Response:
        if kind_of(request) not in closed:
            return answer(request)
        return Response(_CHALLENGE.read_bytes(), 403, headers, content_type="text/html; charset=UTF-8")

    return fault


def robots(text: str) -> Fault:
    """Without it WordPress writes its own, which names its sitemap."""
    plain = "text/plain; charset=utf-8"
    return lambda request, answer: (
        Response(text, content_type=plain) if kind_of(request) == "robots" else answer(request)
    )


def robots_naming(*sitemaps: str) -> str:
    return "User-agent: *\nDisallow:\n\n" + "".join(f"Sitemap: {url}\n" for url in sitemaps)


def first_page_only(request: Request, answer: Application) -> Response:
    """A stale cache: page 1 for every page of a list, a feed and the REST answers."""
    parts = urlsplit(raw(request))
    query = [(name, value) for name, value in parse_qsl(parts.query) if name not in ("page", "paged", "offset")]
    path = re.sub(r"/page/\d+/?$", "/", parts.path)
    return answer(_asking(request, path + (f"?{urlencode(query)}" if query else "")))


def sections_missing(request: Request, answer: Application) -> Response:
    """404 for the pages and feeds of sections, as where a plugin gives them another address."""
    section = request.path.startswith("/category/")
    return answer(_asking(request, "/no-such-section/no-such-page/") if section else request)


def without_validators(request: Request, answer: Application) -> Response:
    """No ETag, no Last-Modified, and no 304."""
    response = answer(_with(request, HTTP_IF_NONE_MATCH="", HTTP_IF_MODIFIED_SINCE=""))
    for name in ("ETag", "Last-Modified"):
        response.headers.pop(name, None)
    return response


def _of_wordpress(name: str) -> Fault:
    """What the must-use plugin php/standin.php does under this name."""

    def fault(request: Request, answer: Application) -> Response:
        named = request.environ.get("HTTP_X_STANDIN", "")
        return answer(_with(request, HTTP_X_STANDIN=f"{named} {name}".strip()))

    return fault


# The feeds have summaries alone.
feed_excerpts = _of_wordpress("feed-excerpts")
# Each story of a feed ends with "The post … appeared first on …".
feed_footer = _of_wordpress("feed-footer")
# 401 for every REST answer.
rest_log_in = _of_wordpress("rest-log-in")
# 404 for every REST answer, and no page names them.
rest_gone = _of_wordpress("rest-gone")


def rest_cap(most: int) -> Fault:
    """So many posts in a REST answer at most, whatever per_page says; X-WP-TotalPages follows."""
    return _of_wordpress(f"rest-cap={most}")


def embed_author_fails(number: int | None = None) -> Fault:
    """WordPress's error object in the place of the embedded author of this id, or of every one."""
    return _of_wordpress(f"embed-author={number or ''}")


def embed_picture_fails(number: int | None = None) -> Fault:
    """WordPress's error object in the place of the embedded picture of this id, or of every one."""
    return _of_wordpress(f"embed-media={number or ''}")


def _with(request: Request, **environ: str) -> Request:
    return Request({**request.environ, **environ})


def _asking(request: Request, address: str) -> Request:
    return _with(request, REQUEST_URI=address)
