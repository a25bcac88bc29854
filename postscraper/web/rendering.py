"""Render templates: everything that is put into one is escaped, whatever it is."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from postscraper import phrases
from postscraper.phrases import MARKS as MARKS
from postscraper.web import charts
from storage.query.history.differences import side_by_side

NAVIGATION = {
    "/": "Front",
    "/search": "Search",
    "/trend": "Trend",
    "/changes": "Edits",
    "/gone": "Gone",
    "/coverage": "Coverage",
    "/docs": "API",
}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("postscraper.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        address=phrases.address,
        age=lambda seconds: phrases.duration(timedelta(seconds=seconds)),
        counted=phrases.counted,
        day=_day,
        linked=_linked,
        marked=_marked,
        minute=_minute,
        number=lambda value: f"{value:,}",
        web=web_address,
        words=lambda text: text.replace("_", " "),
    )
    environment.globals.update(
        charts=charts,
        navigation=NAVIGATION,
        query=query,
        side_by_side=side_by_side,
        style=f"/static/room.css?{_digest_of_style()}",
    )
    return environment


def html_of(
    name: str, path: str, given: Mapping[str, str], forms: Mapping[str, str], data: Any, values: Mapping[str, Any]
) -> bytes:
    """A page. name: of the template. path, given: of the request. forms: addresses of the page's other forms."""
    template = _environment().get_template(f"{name}.html")
    text = template.render(path=path, given=given, forms=forms, values=values, page=data)
    return text.encode("utf-8", "replace")


def _digest_of_style() -> str:
    """So that a browser never shows a page with the style of an earlier version."""
    return sha256((files("postscraper.web") / "static/room.css").read_bytes()).hexdigest()[:8]


def query(path: str, given: Mapping[str, Any], **changes: Any) -> str:
    """A path with the given parameters but for the changes; None takes one away."""
    pairs = {name: value for name, value in {**given, **changes}.items() if value not in (None, "")}
    return f"{path}?{urlencode(pairs)}" if pairs else path


def _day(day: date | str | None) -> Markup:
    if day is None:
        return Markup("day unknown")
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return Markup('<time datetime="{}">{} {} {}</time>').format(
        day.isoformat(), day.day, day.strftime("%B"), day.strftime("%Y").zfill(4)
    )


def _minute(moment: datetime | str | None) -> Markup:
    if moment is None:
        return Markup("at a time unknown")
    moment = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), phrases.minute(moment))


def _marked(snippet: str) -> Markup:
    """A snippet with its matches marked."""
    text = str(escape(snippet))
    return Markup(text.replace(MARKS[0], "<mark>").replace(MARKS[1], "</mark>"))


def web_address(url: str | None) -> str | None:
    """The address if it leads to a page of the web, and runs nothing; None for any other."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    return url if parts.scheme in ("http", "https") and parts.netloc else None


def _linked(text: str, links: Iterable[Mapping[str, Any]]) -> Markup:
    """A block of a story with its links; links: with `url`, `text` and the held story's `story`, or None."""
    found: list[tuple[int, int, str, bool]] = []
    end = 0
    for link in links:
        at = text.find(link["text"], end) if link["text"] else -1
        target = f"/story/{link['story']}" if link.get("story") else web_address(link["url"])
        if at >= 0 and target:
            end = at + len(link["text"])
            found.append((at, end, target, bool(link.get("story"))))
    pieces, at = [Markup()], 0
    for begin, stop, target, is_held in found:
        mark = Markup() if is_held else Markup(' rel="noopener noreferrer external" class="out"')
        pieces += [escape(text[at:begin]), Markup('<a href="{}"{}>{}</a>').format(target, mark, text[begin:stop])]
        at = stop
    return Markup().join([*pieces, escape(text[at:])])
