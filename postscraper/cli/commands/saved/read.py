"""`postscraper read` and `sample`: a saved page's item as JSON, and a page saved as a test."""

import json
import re
import sys
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import click

from postscraper.cli.exit_codes import UNREAD
from postscraper.cli.output import line, print_json
from postscraper.errors import BadRequest
from postscraper.extraction.content_coding import MAX_BYTES
from postscraper.items import Capture, Item, Unread, plain
from postscraper.newspapers import POST
from postscraper.reading.read import read
from postscraper.sources import folder
from postscraper.urls import absolute, newspaper_at, path_of, with_scheme


@click.command("read")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--url", help="The page's address. Default: FILE's sidecar NAME.url, else the page's canonical link.")
@click.option("--captured-at", metavar="TIME", help="When it was captured, as 2018-06-20T08:15:00+07:00.")
@click.pass_context
def read_command(ctx: click.Context, file: Path, url: str | None, captured_at: str | None) -> None:
    """Print the item of the saved page FILE as JSON. FILE may be - for standard input.

    Ends with 0 for an article or a listing, and with 3 for a page that is neither; the JSON then
    says why.

    \b
    Example:
      postscraper read samples/phnompenhpost/drupal_2017/bridge-toll.html
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
    url = absolute(text, with_scheme(text))
    if url is None or not urlsplit(url).hostname:
        raise BadRequest(f"{text!r} is no address; write it with https://")
    return url


LONGEST_SLUG = 80  # bytes; file systems allow 255, and the addresses of Khmer stories reach them
_NO_SLUG = re.compile(r"[^\w\u1780-\u17ff.-]+")


@click.command("sample")
@click.argument("page", metavar="FILE_OR_URL")
@click.option("--url", help="The address of a page in a file. Default as for `postscraper read`.")
@click.option("--captured-at", metavar="TIME", help="When a page in a file was captured, as 2018-06-20T08:15:00+07:00.")
@click.option(
    "--samples", type=click.Path(file_okay=False, path_type=Path), default=Path("samples"), help="Default: samples"
)
@click.option("--name", help="The sample's name. Default: the last part of its address.")
@click.option("--force", is_flag=True, help="Write over a sample of the same name.")
@click.option("--accept-unread", is_flag=True, help="With --force: even over one that was read, when this is not.")
def sample_command(
    page: str,
    url: str | None,
    captured_at: str | None,
    samples: Path,
    name: str | None,
    force: bool,
    accept_unread: bool,
) -> None:
    """Save a page with its address and its item under samples/PAPER/LAYOUT/ as a new test.

    An address is fetched once, through Scrapy, if the site's robots.txt allows it. Read the JSON as
    an editor would before you commit it; the pages belong to their newspaper.

    \b
    Example:
      postscraper sample page.html --url https://www.phnompenhpost.com/national/a-story
    """
    if with_scheme(page).startswith(("http://", "https://")) and not Path(page).exists():
        if url or captured_at:
            raise click.UsageError("--url and --captured-at are for pages in files")
        # Importing Scrapy takes half a second, and a page in a file does not need it.
        captured: Capture = import_module("postscraper.cli.commands.saved.fetch").fetched(address(page))
    else:
        captured = capture(Path(page), url, captured_at)
    item = read(captured, newspaper_at(captured.url) or POST)
    target = samples / _folder(captured, item) / _slug(name or path_of(captured.url))
    if force and not accept_unread and (sentence := unread_now(target.with_name(target.name + ".json"), item)):
        raise BadRequest(sentence)
    for written in _save(target, captured, force=force):
        line(str(written))
    if item.type == "unread":
        line(f"The page is unread: {item.reason} ({item.detail})")


def unread_now(expected: Path, item: Item) -> str | None:
    """Why an unread item must not replace the sample's expected item, which was read; None when it may."""
    if not isinstance(item, Unread) or not expected.is_file():
        return None
    kind = json.loads(expected.read_text("utf-8"))["type"]
    if kind == "unread":
        return None
    held = f"{expected} holds {'an' if kind == 'article' else 'a'} {kind}"
    return f"{held}, and the page is unread now: {item.reason} ({item.detail}); --accept-unread writes over it"


def _folder(captured: Capture, item: Item) -> Path:
    """PAPER/LAYOUT; PAPER is the package of the newspaper's layouts."""
    layouts = {path.split(".")[-1]: path for path in (newspaper_at(captured.url) or POST).layouts}
    paper = next(iter(layouts.values())).split(".")[-2]
    layout = None if item.type == "unread" else item.layout
    return Path(paper, layout if layout in layouts else "no_layout")


def _slug(path: str) -> str:
    """A file name from the last part of an address's path."""
    last = _NO_SLUG.sub("-", path.rstrip("/").rsplit("/", 1)[-1]).removesuffix(".html").strip(".")
    return last.encode()[:LONGEST_SLUG].decode("utf-8", "ignore") or "front"


def _save(target: Path, captured: Capture, *, force: bool) -> tuple[Path, Path, Path]:
    xml = captured.body.lstrip()[:5] == b"<?xml"
    # Names are joined, not suffixed: a slug may hold dots.
    page, noted, expected = (
        target.with_name(target.name + end) for end in (".xml" if xml else ".html", ".url", ".json")
    )
    taken = [each for each in (page, noted, expected) if each.exists()]
    if taken and not force:
        raise BadRequest(f"{taken[0]} is there already; pass --force to write over it, or --name for another name")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_bytes(captured.body)
    at = f"{captured.captured_at.isoformat()}\n" if captured.captured_at else ""
    noted.write_text(f"{captured.url}\n{at}", "utf-8")
    # Read from its file, as the test does.
    saved = folder.capture(page, name="samples")
    item = plain(read(saved, newspaper_at(saved.url) or POST))
    expected.write_text(json.dumps(item, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return page, noted, expected
