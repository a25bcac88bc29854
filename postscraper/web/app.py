"""The reading room as an ASGI application: the table of its pages, and how each is answered."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from typing import Any

from sqlalchemy import Connection
from starlette.applications import Starlette
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from postscraper.errors import PostscraperError
from postscraper.items import plain
from postscraper.web.database import TooSlow, Version, reading
from postscraper.web.feeds import atom_of, csv_of
from postscraper.web.kept import Kept
from postscraper.web.openapi import description
from postscraper.web.pages import BadParameter, Elsewhere, Form, NotFound, Page, Room, TakenOut
from postscraper.web.rendering import html_of, json_of
from postscraper.web.safety import App, Receive, Scope, Send, policy_with_frame
from postscraper.web.views import calendar, captures, coverage, pictures, proofs, search, stories
from storage.archive import Archive
from storage.database.engine import DATABASE
from storage.errors import ArchiveError, BadQuery, EvidenceError, Locked, NoSuchStory, ReadOnly, Unsupported

# Pages that are made at the same time, each in a thread with a connection. More threads would make no more
# pages, for they share one interpreter. Those that count over the whole archive take a hundred times the processor of a
# story, which must not wait behind them.
READERS, HEAVY_READERS = 2, 2
KEPT, KEPT_HEAVY = (512, 64 * 1024), (256, 256 * 1024)  # answers, and bytes of one, until the database changes
MOST_WAITING = 64  # requests; more are answered with 503 at once


def _docs(room: Room, connection: Connection) -> dict[str, Any]:
    return description(PAGES, captures.FILES)


PAGES: Sequence[Page] = (
    *calendar.PAGES,
    *search.PAGES,
    *stories.PAGES,
    *proofs.PAGES,
    *coverage.PAGES,
    *captures.PAGES,
    *pictures.PAGES,
    Page(name="docs", path="/docs", view=_docs, summary="The API: every page as JSON."),
)
TYPES: Mapping[Form, str] = {
    "html": "text/html; charset=utf-8",
    "json": "application/json",
    "csv": "text/csv; charset=utf-8",
    "atom": "application/atom+xml",
}
_STATIC_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".woff2": "font/woff2",
    ".svg": "image/svg+xml",
    ".txt": "text/plain",
}
_KEPT = "public, max-age=86400"  # seconds

_logger = logging.getLogger(__name__)


class _Number(Convertor[int]):
    regex = "[0-9]{1,15}"

    def convert(self, value: str) -> int:
        return int(value)

    def to_string(self, value: int) -> str:
        return str(value)


class _Day(Convertor[str]):
    regex = "[0-9]{4}-[0-9]{2}-[0-9]{2}"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("number", _Number())
register_url_convertor("day", _Day())

Answer = Callable[[Request], Response]


class Application:
    """The pages of one archive; `routes` are Starlette's."""

    def __init__(self, archive: Archive, replay: str | None) -> None:
        """replay: as of `Room`."""
        self._room = Room(archive=archive, replay=replay)
        self._threads = ThreadPoolExecutor(READERS, thread_name_prefix="reader")
        self._heavy = ThreadPoolExecutor(HEAVY_READERS, thread_name_prefix="heavy")
        self._longest = ThreadPoolExecutor(1, thread_name_prefix="longest")
        self._version = Version(archive)
        self._kept, self._kept_heavy = Kept(self._version, *KEPT), Kept(self._version, *KEPT_HEAVY)
        self._waiting = 0
        self._datasette: App | None = None
        self._loading = asyncio.Lock()

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """Ends the threads, and frees the archive's connections."""
        yield
        for threads in (self._threads, self._heavy, self._longest):
            threads.shutdown()
        self._version.close()

    def routes(self) -> list[BaseRoute]:
        forms = [(page, form) for page in PAGES for form in ("html", *page.forms)]
        return [
            *(Route(page.path_in(form), self._endpoint(page, form)) for page, form in forms),
            *(Route(path, self._in_thread(self._file(view), "html")) for path, view in captures.FILES.items()),
            Route("/docs/openapi.json", self._in_thread(lambda _: _json(description(PAGES, captures.FILES)), "json")),
            *(Route(f"/static/{name}", answer) for name, answer in _static().items()),
            Route("/robots.txt", _robots),
            Route("/data", _to_tables),
            Mount("/data", app=self._tables),
        ]

    async def _tables(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Datasette, loaded for its first page; of its pages about itself, which name files, only the static ones."""
        request = Request(scope)
        own_path = request.url.path.removeprefix("/data")
        if own_path.startswith("/-/") and not own_path.startswith("/-/static/"):
            await _failure(request, "html", 404, "This server has no such page.")(scope, receive, send)
        elif find_spec("datasette") is None:
            sentence = "The tables need the extra `datasette`: pip install 'postscraper[datasette]'"
            await _failure(request, "html", 404, sentence)(scope, receive, send)
        else:
            async with self._loading:
                if self._datasette is None:
                    tables = await asyncio.to_thread(import_module, "postscraper.web.data")
                    self._datasette = tables.Tables(self._room.folder / DATABASE)
            await self._datasette(scope, receive, send)

    def _endpoint(self, page: Page, form: Form) -> Callable[[Request], Awaitable[Response]]:
        answer = make = self._page(page, form)
        if not page.fresh:
            kept = self._kept_heavy if page.heavy else self._kept

            def answer(request: Request) -> Response:
                return kept.answer(str(request.url), lambda: make(request))

        threads = self._longest if page.seconds else self._heavy if page.heavy else self._threads
        return self._in_thread(answer, form, threads)

    def _page(self, page: Page, form: Form) -> Answer:
        def answer(request: Request) -> Response:
            given = request.query_params.get("format", form)
            if given not in ("html", *page.forms):
                raise BadParameter(f"format is one of {', '.join(('html', *page.forms))}, not {given[:80]!r}")
            values = page.values(request.query_params)
            with reading(self._room.archive, page.seconds) as connection:
                data = page.view(self._room, connection, **request.path_params, **values)
            return _in_form(page, given, data, request, values)

        return answer

    def _file(self, view: Callable[..., Response]) -> Answer:
        def answer(request: Request) -> Response:
            with reading(self._room.archive) as connection:
                row = captures.row_of(connection, **request.path_params)
            return view(self._room, row)

        return answer

    def _in_thread(
        self, answer: Answer, form: Form, threads: ThreadPoolExecutor | None = None
    ) -> Callable[[Request], Awaitable[Response]]:
        """threads: None for those of most pages."""

        async def endpoint(request: Request) -> Response:
            if self._waiting >= MOST_WAITING:
                return _failure(request, form, 503, "Too many readers at once. Try again in a moment.")
            self._waiting += 1
            try:
                return await asyncio.get_running_loop().run_in_executor(
                    threads or self._threads, _safely, answer, request, form
                )
            finally:
                self._waiting -= 1

        return endpoint


def application(archive: Archive, replay: str | None = None) -> Starlette:
    """The ASGI application over an archive that was opened for reading; closing it is the caller's.

    replay: as of `Room`.
    """
    pages = Application(archive, replay)
    app = Starlette(routes=pages.routes(), exception_handlers={404: _not_found}, lifespan=pages.lifespan)
    app.router.redirect_slashes = False  # a page has one address
    return app


# Statuses of errors that say themselves what is wrong; of two that fit the first counts.
_STATUSES: Mapping[type[Exception], int] = {
    BadParameter: 400,
    NotFound: 404,
    NoSuchStory: 404,
    TakenOut: 451,
    BadQuery: 400,
    Unsupported: 501,
    ReadOnly: 501,  # of a pack, which has no evidence
    Locked: 503,
    ArchiveError: 500,
    PostscraperError: 500,
}
# Sentences for those whose own are for the log, and not for the reader.
_SENTENCES: Mapping[type[Exception], tuple[int, str]] = {
    TooSlow: (503, "This question takes too long in this archive. Narrow it, or ask by the command line."),
    EvidenceError: (500, "The record of this capture cannot be read; `postscraper verify` names what is damaged."),
    Exception: (500, "This page failed. The terminal of `postscraper serve` says how."),
}


def _safely(answer: Answer, request: Request, form: Form) -> Response:
    """The answer, or the page of its failure: the only place that catches what a page raises."""
    form = "json" if request.query_params.get("format") == "json" else form
    try:
        return answer(request)
    except Elsewhere as error:
        path, mark, query = str(error).partition("?")
        return RedirectResponse(f"{path}{'.json' if form == 'json' else ''}{mark}{query}", 303)
    except Exception as error:
        own = next((status for kind, status in _STATUSES.items() if isinstance(error, kind)), None)
        other = next(pair for kind, pair in _SENTENCES.items() if isinstance(error, kind))
        status, sentence = (own, str(error)) if own else other
        if status == 500:
            _logger.exception("a page failed")
        return _failure(request, form, status, sentence)


def _in_form(page: Page, form: Form, data: dict[str, Any], request: Request, values: Mapping[str, Any]) -> Response:
    if form != "html" and "q" in values and data["fault"]:  # of a search; that of a capture is a fact about it
        raise BadQuery(data["fault"])
    if form == "json":
        return _json(plain(data))
    if form == "csv" and page.list:
        return Response(csv_of(page.list, data), media_type=TYPES["csv"], headers={"Content-Disposition": "attachment"})
    if form == "atom" and page.list:
        base, title = str(request.base_url).rstrip("/"), data.get("title") or page.summary
        feed = atom_of(page.list, data, title, base, _sibling(request, "atom"))
        return Response(feed, media_type=TYPES["atom"])
    query = {name: value for name, value in request.query_params.items() if name != "format"}
    forms: dict[str, str] = {each: _sibling(request, each) for each in page.forms}
    headers = {"Content-Security-Policy": policy_with_frame(data["frame"])} if data.get("frame") else {}
    body = html_of(page.name, request.url.path, query, forms, data, values)
    return Response(body, media_type=TYPES["html"], headers=headers)


def _sibling(request: Request, form: Form) -> str:
    path = request.url.path.removesuffix(f".{form}") if request.url.path != "/" else "/index"
    query = request.url.query
    return f"{path}.{form}{f'?{query}' if query else ''}"


def _json(data: Any) -> Response:
    return Response(json_of(data, indent=1), media_type=TYPES["json"])


_TITLES = {
    400: "That cannot be asked",
    404: "Nothing here",
    405: "This server only reads",
    451: "Taken out",
    501: "Not in this archive",
    503: "Too much at once",
}


def _failure(request: Request, form: Form, status: int, sentence: str) -> Response:
    headers = {"Retry-After": "5"} if status == 503 else {}
    if form == "json":
        response = _json({"status": status, "error": sentence})
        response.status_code = status
        response.headers.update(headers)
        return response
    data = {"status": status, "title": _TITLES.get(status, "This page failed"), "sentence": sentence}
    return Response(html_of("error", "", {}, {}, data, {}), status, headers, TYPES["html"])


async def _not_found(request: Request, error: Exception) -> Response:
    form: Form = "json" if request.url.path.endswith(".json") else "html"
    return _failure(request, form, 404, "This server has no such page.")


async def _to_tables(request: Request) -> Response:
    return RedirectResponse("/data/", 303)


async def _robots(request: Request) -> Response:
    return PlainTextResponse("User-agent: *\nDisallow: /\n")


def _static() -> dict[str, Callable[[Request], Awaitable[Response]]]:
    """Answers by name: the style sheet and the fonts, read once, and no other file."""
    folder = files("postscraper.web") / "static"
    answers = {}
    for name in ("room.css", "icon.svg", *(f"fonts/NotoSansKhmer-{weight}.woff2" for weight in ("Regular", "Bold"))):
        body = folder.joinpath(name).read_bytes()
        kind = _STATIC_TYPES["." + name.rpartition(".")[2]]
        answers[name] = _always(Response(body, media_type=kind, headers={"Cache-Control": _KEPT}))
    return answers


def _always(response: Response) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return response

    return answer
