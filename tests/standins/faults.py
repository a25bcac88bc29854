"""Faults between an archive and its client. A fault answers one request in the place of the archive."""

from collections.abc import Callable

from werkzeug import Request, Response

Fault = Callable[[Request, Callable[[Request], Response]], Response]

# As the store of Common Crawl says it.
_SLOW_DOWN = """<?xml version="1.0" encoding="UTF-8"?>
<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"""
_SORRY = "<!DOCTYPE html><html><head><title>Sorry</title></head><body><h1>Temporarily Offline</h1></body></html>"


def too_many(seconds: int) -> Fault:
    """429, with a Retry-After of so many seconds."""
    headers = {"Retry-After": str(seconds)}
    return lambda *_: Response("<h1>Too Many Requests</h1>", 429, headers, content_type="text/html")


def out_of_order(seconds: int) -> Fault:
    """503, with a Retry-After of so many seconds."""
    headers = {"Retry-After": str(seconds)}
    return lambda *_: Response("<h1>Service Unavailable</h1>", 503, headers, content_type="text/html")


def missing(*_: object) -> Response:
    return Response("<Error><Code>NoSuchKey</Code></Error>", 404, content_type="application/xml")


def slow_down(*_: object) -> Response:
    return Response(_SLOW_DOWN, 503, content_type="application/xml")


def closed(*_: object) -> Response:
    return Response("<html><h1>403 Forbidden</h1></html>", 403, content_type="text/html")


def html(*_: object) -> Response:
    """An error page that says it is a good answer."""
    return Response(_SORRY, 200, content_type="text/html; charset=utf-8")


def half(request: Request, answer: Callable[[Request], Response]) -> Response:
    """The connection is closed in the middle of the body."""
    whole = answer(request)
    whole.direct_passthrough = False
    body = whole.get_data()
    whole.close()
    broken = Response(iter([body[: len(body) // 2]]), whole.status, whole.headers)
    broken.headers["Content-Length"] = str(len(body))
    return broken


def whole_file(request: Request, answer: Callable[[Request], Response]) -> Response:
    """The range is not heeded: 200, and the file from its first byte."""
    asked = dict(request.environ)
    asked.pop("HTTP_RANGE", None)
    return answer(Request(asked))


def another_range(request: Request, answer: Callable[[Request], Response]) -> Response:
    """206, with bytes that nobody asked for."""
    asked = dict(request.environ) | {"HTTP_RANGE": "bytes=1-100"}
    return answer(Request(asked))
