"""`postscraper serve`: the reading room, a web application over an archive."""

import re
from importlib import import_module

import click

from postscraper.cli import options
from postscraper.errors import BadRequest
from storage.archive import Archive
from storage.errors import Unsupported

_COLLECTION = re.compile(r"https?://(?:[\w.-]+|\[[0-9a-fA-F:]+\])(?::\d{1,5})?(?:/[\w.~-]+)*", re.ASCII)
_NEEDS = ("h11", "jinja2", "markupsafe", "starlette", "uvicorn")


def _collection(_context: click.Context, _parameter: click.Parameter, typed: str | None) -> str | None:
    if typed is None or _COLLECTION.fullmatch(typed.rstrip("/")):
        return typed and typed.rstrip("/")
    raise BadRequest(f"--replay: {typed!r} is no address of a collection: write http://127.0.0.1:8090/post")


@click.command("serve")
@click.option("--port", type=options.Number(0, 65_535), default=8080, show_default=True, help="0: any free one.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", help="The address to listen on; loopback."
)
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="HOST",
    help="Another name by which readers open it, as behind a proxy; may be given again.",
)
@click.option(
    "--replay",
    metavar="URL",
    callback=_collection,
    help="Show captures as pywb replays them: its address and collection, as http://127.0.0.1:8090/post.",
)
@options.reading
def serve_command(port: int, host: str, names: tuple[str, ...], replay: str | None, archive: Archive) -> None:
    """Serve the archive as a web application, read-only, until Ctrl-C: search, stories with their
    history, the newspaper by days, every page as JSON too.

    It answers only requests that name this machine's own address, or a --name. It has no passwords:
    put a proxy that has them before it when others shall read. Needs the extra `web`.

    \b
    Example:
      postscraper serve --port 8080
    """
    try:
        rooms = import_module("postscraper.web.server")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _NEEDS:
            raise
        raise Unsupported("the reading room needs the extra `web`: pip install 'postscraper[web]'") from error
    with rooms.listen(host, port) as bound:
        click.echo(f"Reading room: {rooms.address_of(bound)} (Ctrl-C ends it)")
        rooms.run(archive, bound, names, replay=replay)
