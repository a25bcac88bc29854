"""`postscraper read`: print a saved page's item as JSON, without any archive."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

import click

from postscraper.cli.exit_codes import UNREAD
from postscraper.cli.output import print_json
from postscraper.errors import BadRequest
from postscraper.extraction.decode import MAX_BYTES
from postscraper.items import Capture, plain
from postscraper.newspapers import POST
from postscraper.reading.read import read
from postscraper.sources import folder
from postscraper.urls import absolute, newspaper_at, with_scheme


@click.command("read")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--url", help="The page's address. Default: FILE's sidecar NAME.url, else the page's canonical link.")
@click.option("--captured-at", metavar="TIME", help="When it was captured, as 2018-06-20T08:15:00+07:00.")
@click.pass_context
def command(ctx: click.Context, file: Path, url: str | None, captured_at: str | None) -> None:
    """Print the item of the saved page FILE as JSON. FILE may be - for standard input.

    Ends with 0 for an article or a listing, and with 3 for a page that is neither; the JSON then
    says why.

    \b
    Example:
      postscraper read page.html --url https://www.phnompenhpost.com/national/a-story
    """
    captured = capture(file, url, captured_at)
    item = read(captured, newspaper_at(captured.url) or POST)
    print_json(plain(item))
    if item.type == "unread":
        ctx.exit(UNREAD)


def capture(file: Path, url: str | None, captured_at: str | None) -> Capture:
    """The page in the file, or on standard input. Raises BadRequest."""
    if url is not None:
        url = address(url)
    at = folder.moment(captured_at, url) if captured_at else None
    if str(file) != "-":
        return folder.capture(file, url=url, captured_at=at)
    body = sys.stdin.buffer.read(MAX_BYTES + 1)  # a byte more shows that a page is too large
    url = url or folder.own_address(body)
    if url is None:
        raise BadRequest("nothing tells the page's address: pass --url")
    return Capture(url=url, captured_at=at, body=body, source="stdin")


def address(text: str) -> str:
    """The address, with a scheme if it lacks one. Raises BadRequest unless it is an http(s) address."""
    found = absolute(text, with_scheme(text))
    if found is None or not urlsplit(found).hostname:
        raise BadRequest(f"{text!r} is no address; write it with https://")
    return found
