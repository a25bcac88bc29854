"""Safety of the reading room: the headers of every answer, and the requests that are refused before a page is made.

A page of another site can point a browser at this server. The checks of the host (against DNS rebinding), of the
method and of where the browser comes from keep such a page out: https://fetch.spec.whatwg.org and
https://www.w3.org/TR/fetch-metadata/.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from html import escape
from typing import Any
from urllib.parse import urlsplit

# Nothing but style sheets, fonts and pictures from this server; no script, no frame, no form to elsewhere.
POLICY = (
    "default-src 'none'; style-src 'self'; font-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "X-Robots-Tag": "noindex, nofollow, noarchive",
}
RAW_HEADERS = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]


def policy_with_frame(address: str) -> str:
    """The policy of a page with one frame; address: of the frame, whose origin alone is added."""
    parts = urlsplit(address)
    return f"{POLICY}; frame-src {parts.scheme}://{parts.netloc}"


METHODS = ("GET", "HEAD")
LARGEST_HEAD = 16 * 1024  # bytes of a request's head, as far as it came in one piece
LONGEST_TARGET = 8 * 1024  # bytes of a path with its query; a search of 500 Khmer words has 6,000

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def hosts_of(names: Iterable[str], port: int) -> frozenset[str]:
    """Values of the Host header that name this server; names: of hosts, or with a port of their own."""
    hosts = set()
    for name in names:
        bracketed = f"[{name}]" if name.count(":") > 1 and not name.startswith("[") else name
        has_port = ":" in bracketed.rpartition("]")[2]
        hosts.add(bracketed.lower() if has_port else f"{bracketed.lower()}:{port}")
        if port == 80 and not has_port:  # which browsers leave out
            hosts.add(bracketed.lower())
    return frozenset(hosts)


class Guard:
    """ASGI middleware: refuses requests by their head, and puts the headers on every answer."""

    def __init__(self, app: App, hosts: frozenset[str]) -> None:
        """hosts: as of `hosts_of`."""
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":  # the server's own start and end; it takes no other protocol
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                message["headers"] = [
                    *message["headers"],
                    *(pair for pair in RAW_HEADERS if pair[0] not in given),
                ]
            await send(message)

        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send_guarded)
        else:
            await _answer(scope, send_guarded, *refusal)

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Status and sentence for a request that is refused; None for one that is served."""
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name, []).append(value)
        if scope["method"] not in METHODS:
            return 405, "This server only reads: it answers GET and HEAD."
        if len(scope["raw_path"]) + len(scope["query_string"]) > LONGEST_TARGET:
            return 414, f"The address is longer than {LONGEST_TARGET:,} bytes."
        if sum(len(name) + len(value) for name, value in scope["headers"]) > LARGEST_HEAD:
            return 431, f"The head of the request is longer than {LARGEST_HEAD:,} bytes."
        hosts = headers.get(b"host", [])
        if len(hosts) != 1 or hosts[0].decode("latin-1").lower() not in self._hosts:
            return 421, "This server has another name. Open it by the address that postscraper serve printed."
        if b"transfer-encoding" in headers or headers.get(b"content-length", [b"0"]) != [b"0"]:
            return 413, "A request to this server has no body."
        origins = headers.get(b"origin", [])
        site = headers.get(b"sec-fetch-site", [b"none"])
        own = {f"{scope['scheme']}://{host}".encode() for host in self._hosts}
        if any(origin.lower() not in own for origin in origins) or site not in ([b"none"], [b"same-origin"]):
            return 403, "Another site sent this request, which this server does not answer."
        return None


async def _answer(scope: Scope, send: Send, status: int, sentence: str) -> None:
    """A small page of its own, without templates; a refused link can be followed from it."""
    follow = ""
    if status == 403:
        target = scope["raw_path"].decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        if not target.startswith("//"):
            address = escape(f"{target}?{query}" if query else target)
            follow = f'<p><a href="{address}">Open the page from here</a>'
    body = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{status}</title><h1>{status}</h1><p>{escape(sentence)}{follow}"
    ).encode()
    headers = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),  # a body that came with the request is not read
    ]
    if status == 405:
        headers.append((b"allow", ", ".join(METHODS).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
