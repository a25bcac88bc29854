"""Render templates: everything that is put into one is escaped, whatever it is."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from importlib.resources import files
from itertools import groupby
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from postscraper import phrases
from postscraper.extraction.page import language_of
from postscraper.newspapers import NEWSPAPERS
from postscraper.phrases import MARKS
from postscraper.web import charts
from storage.query.history.differences import side_by_side


def json_of(data: Any, indent: int | None = None) -> bytes:
    """JSON data in UTF-8, with brackets around the matches of a snippet; a lone surrogate becomes a question mark."""
    text = json.dumps(data, ensure_ascii=False, indent=indent)
    return text.replace(MARKS[0], "[").replace(MARKS[1], "]").encode("utf-8", "replace")


NAVIGATION = {
    "/": "Front",
    "/search": "Search",
    "/trend": "Trend",
    "/changes": "Edits",
    "/gone": "Gone",
    "/pictures": "Pictures",
    "/coverage": "Coverage",
    "/data/": "Tables",
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
        lang=_lang,
        day=_day,
        marked=_marked,
        minute=_minute,
        number=lambda value: f"{value:,}",
        outcomes=phrases.outcomes,
        web=web_address,
        words=lambda text: text.replace("_", " "),
    )
    environment.globals.update(
        by_day=by_day,
        charts=charts,
        navigation=NAVIGATION,
        paragraphs=paragraphs,
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


def by_day(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[date | None, list[Mapping[str, Any]]]]:
    """Rows of a list in the order of their days, day by day."""
    for day, of_day in groupby(rows, key=lambda row: row["published_on"]):
        yield day, list(of_day)


def _day(day: date | str | None) -> Markup:
    if day is None:
        return Markup("day unknown")
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return Markup(f'<time datetime="{day.isoformat()}">{day.day} {day:%B} {day.year:04}</time>')


def _lang(text: str | None) -> Markup:
    """The attribute with the language of a text in a script of its own, by which it is set and read aloud."""
    scripts = {each.code for paper in NEWSPAPERS.values() for each in paper.languages if each.letters}
    found = scripts & {language_of(text or "", paper) for paper in NEWSPAPERS.values()}
    return Markup(' lang="{}"').format(found.pop()) if found else Markup()


def _minute(moment: datetime | str | None) -> Markup:
    if moment is None:
        return Markup("at a time unknown")
    moment = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return Markup(f'<time datetime="{moment.isoformat()}">{phrases.minute(moment)}</time>')


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


class Paragraph(NamedTuple):
    """A block of a story's body as a page shows it; images: that stand before it."""

    kind: str
    words: Markup
    images: Sequence[Mapping[str, Any]]


def paragraphs(item: Mapping[str, Any], links: Iterable[Mapping[str, Any]]) -> list[Paragraph]:
    """The body of a story. links: with `block`, `url`, `text` and the held story's `story`, or None."""
    links_of, images_of = (_by_block(rows) for rows in (links, item["images"]))
    return [
        Paragraph(block["kind"], linked(block["text"], links_of.get(at, ())), images_of.get(at, ()))
        for at, block in enumerate(item["body"])
    ]


def _by_block(rows: Iterable[Mapping[str, Any]]) -> dict[int | None, list[Mapping[str, Any]]]:
    blocks: dict[int | None, list[Mapping[str, Any]]] = {}
    for row in rows:
        blocks.setdefault(row["block"], []).append(row)
    return blocks


def linked(text: str, links: Iterable[Mapping[str, Any]]) -> Markup:
    """A text with its links; as of `paragraphs`."""
    if not links:
        return escape(text)
    places: list[tuple[int, int, str, bool]] = []
    end = 0
    for link in links:
        at = text.find(link["text"], end) if link["text"] else -1
        target = f"/story/{link['story']}" if link.get("story") else web_address(link["url"])
        if at >= 0 and target:
            end = at + len(link["text"])
            places.append((at, end, target, bool(link.get("story"))))
    pieces, at = [Markup()], 0
    for begin, stop, target, is_held in places:
        mark = Markup() if is_held else Markup(' rel="noopener noreferrer external" class="out"')
        pieces += [escape(text[at:begin]), Markup('<a href="{}"{}>{}</a>').format(target, mark, text[begin:stop])]
        at = stop
    return Markup().join([*pieces, escape(text[at:])])
