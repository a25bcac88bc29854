"""Saved pages in a folder.

The address of NAME.html comes from its sidecar NAME.url (first line: the address; second line, if any: the moment of
capture in ISO form), else from the page's own canonical link.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from postscraper.errors import BadRequest
from postscraper.items import Capture
from postscraper.newspapers import POST
from postscraper.urls import absolute, as_sent, newspaper_at

PAGES = frozenset({".html", ".htm", ".xhtml", ".xml", ".rss"})

# Compiled for the first page without a sidecar.
_CANONICAL = rb"(?i)<link[^>]{0,200}rel=[\"']?canonical[\"']?[^>]{0,400}>"
_OWN_ADDRESS = rb"(?i)<meta[^>]{0,200}property=[\"']?og:url[\"']?[^>]{0,400}>"
_SAVED_FROM = rb"<!-- saved from url=\(\d+\)(\S+)"
_VALUE = rb"(?i)(?:href|content)=[\"']?([^\"'\s>]+)"


def captures(path: Path, *, name: str = "folder") -> Iterator[Capture]:
    """Every saved page under the folder `path`, or the file `path`, sorted by name.

    Raises BadRequest if there is no such path or no page.
    """
    if not path.exists():
        raise BadRequest(f"{path}: no such file or folder; path=… names the saved pages")
    pages = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.suffix.lower() in PAGES)
    if not pages:
        raise BadRequest(f"{path}: no saved page; pages end in {', '.join(sorted(PAGES))}")
    for page in pages:
        yield capture(page, name=name)


def capture(
    page: Path, *, url: str | None = None, captured_at: datetime | None = None, name: str = "folder"
) -> Capture:
    """One saved page. Raises BadRequest if its address is unknown, or if it cannot be read."""
    try:
        body = page.read_bytes()
        noted_url, noted_at = _sidecar(page)
        saved_at = datetime.fromtimestamp(page.stat().st_mtime, UTC)
    except OSError as error:
        raise BadRequest(f"{page}: {error.strerror}") from error
    address = url or noted_url or own_address(body)
    if address is None:
        sidecar = page.with_suffix(".url").name
        raise BadRequest(f"{page}: nothing tells its address; write it into {sidecar}, or pass --url")
    return Capture(
        url=as_sent(address),
        captured_at=captured_at or noted_at or saved_at,
        body=body,
        source=name,
    )


def _sidecar(page: Path) -> tuple[str | None, datetime | None]:
    for sidecar in (page.with_suffix(".url"), page.with_name(page.name + ".url")):
        if sidecar.is_file():
            lines = [line.strip() for line in sidecar.read_text("utf-8", "replace").splitlines() if line.strip()]
            address = absolute(lines[0], lines[0]) if lines and "\ufffd" not in lines[0] else None
            if address is None:
                raise BadRequest(f"{sidecar}: the first line must be the page's http(s) address, in UTF-8")
            try:
                return address, moment(lines[1], address) if len(lines) > 1 else None
            except BadRequest as error:
                raise BadRequest(f"{sidecar}: {error}") from error
    return None, None


def moment(text: str, address: str | None) -> datetime:
    """Parse an ISO time, to UTC; without an offset it is in the zone of the newspaper. Raises BadRequest."""
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadRequest(f"{text!r} is no ISO moment; write it as 2018-06-20T08:15:00+07:00") from error
    paper = newspaper_at(address or "") or POST
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=paper.zone)).astimezone(UTC)


def own_address(body: bytes) -> str | None:
    """The address that the page itself contains; None without one."""
    saved = re.search(_SAVED_FROM, body[:2000])
    tags = (re.search(_CANONICAL, body[:200_000]), re.search(_OWN_ADDRESS, body[:200_000]))
    values = [re.search(_VALUE, tag[0]) for tag in tags if tag]
    links = [match[1].decode("utf-8", "replace").replace("&amp;", "&") for match in (*values, saved) if match]
    return next((address for link in links if (address := absolute("", link))), None)
