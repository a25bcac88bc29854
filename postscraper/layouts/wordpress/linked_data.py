"""Machine-readable facts of a WordPress page: its JSON-LD, as the common SEO plugins and themes write it.

Yoast and Rank Math write one `@graph`, AIOSEO too, the themes single objects. A page of a story dates itself in an
Article or, where the plugin makes none, in its WebPage. Some describe other stories on the page as well.
"""

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any, NamedTuple

from postscraper.extraction.page import Page, nodes, own_address
from postscraper.extraction.text import clean
from postscraper.urls import absolute, why_not_own

_ARTICLES = frozenset({"Article", "NewsArticle", "BlogPosting", "ReportageNewsArticle", "OpinionNewsArticle", "Report"})
_DAY = re.compile(r"//[^/]+/\d{4}(?:/\d{1,2}){0,2}/?$")
_PAGES = frozenset({"WebPage", "ItemPage"})
# What hides a script's data from programs that take it for markup.
_WRAPPER = re.compile(r"^\s*<!--|-->\s*$|(?:/\*|//)?\s*(?:<!\[CDATA\[|\]\]>)\s*(?:\*/)?")


class LinkedData(NamedTuple):
    """sections: as the story's own object lists them. crumbs: the breadcrumb's names between front page and story.

    keywords: each. barred: whether the whole story is not free. broken: the data that are none, as far as they are
    of a story.
    """

    published: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    crumbs: tuple[str, ...] = ()
    barred: bool = False
    broken: tuple[str, ...] = ()


def linked_data(page: Page) -> LinkedData:
    """The facts of the story in the page's JSON-LD; empty fields where it has none or is broken."""
    texts = [_WRAPPER.sub("", script.text) for script in nodes(page, "script[type*='ld+json']")]
    parsed = [_parsed(text) for text in texts]
    things = [thing for data in parsed for thing in _things(data)]
    named = [(each, set(_addresses(page, each))) for each in things if _kinds(each) & _ARTICLES]
    own = {page.canonical(page.url), own_address(page)[0]} if named else set()
    stories = [each for each, addresses in named if own & addresses] or [
        each for each, addresses in named if not any(_may_be_a_storys(page, url) for url in addresses)
    ]
    dated = stories + [each for each in things if _kinds(each) & _PAGES]
    names = {each["@id"]: each.get("name") for each in things if isinstance(each.get("@id"), str)}
    return LinkedData(
        published=_all(dated, "datePublished"),
        modified=_all(dated, "dateModified"),
        sections=_all(stories, "articleSection"),
        # One text of all keywords parts them by commas, which no tag of WordPress can hold.
        keywords=tuple(dict.fromkeys(filter(None, map(str.strip, ",".join(_all(stories, "keywords")).split(","))))),
        authors=tuple(dict.fromkeys(_authors(dated, names))),
        crumbs=next((found for each in things if (found := tuple(_crumbs(each)))), ()),
        barred=any(str(each.get("isAccessibleForFree")).lower() == "false" for each in dated),
        broken=tuple(
            text for text, data in zip(texts, parsed, strict=True) if data is None and '"datePublished"' in text
        ),
    )


def _parsed(text: str) -> Any:
    """The data; None for a text that is none. Line ends inside a string are borne, as search engines do."""
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _things(data: Any) -> Iterator[dict[str, Any]]:
    for each in data if isinstance(data, list) else [data]:
        if isinstance(each, dict):
            graph = each.get("@graph")
            for thing in graph if isinstance(graph, list) else [each]:
                if isinstance(thing, dict):
                    yield thing
                    if isinstance(thing.get("mainEntity"), dict):
                        yield thing["mainEntity"]


def _may_be_a_storys(page: Page, address: str) -> bool:
    return why_not_own(page.canonical(page.url), address) is None


def _addresses(page: Page, thing: dict[str, Any]) -> Iterator[str]:
    """Those that the object names as its own, in their one form."""
    whole = thing.get("mainEntityOfPage")
    named = (thing.get("url"), thing.get("@id"), whole.get("@id") if isinstance(whole, dict) else whole)
    urls = (absolute(page.base, each) for each in named if isinstance(each, str))
    yield from (page.canonical(url) for url in urls if url)


def _kinds(thing: dict[str, Any]) -> set[str]:
    kind = thing.get("@type")
    return {each for each in (kind if isinstance(kind, list) else [kind]) if isinstance(each, str)}


def _all(things: list[dict[str, Any]], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text for thing in things for text in _texts(thing.get(name))))


def _texts(value: Any) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        if isinstance(each, str) and (text := clean(unescape(each))):
            yield text


def _authors(things: list[dict[str, Any]], names: dict[str, Any]) -> Iterator[str]:
    """The authors' names; some objects only point to a person by its id."""
    for thing in things:
        author = thing.get("author")
        for each in author if isinstance(author, list) else [author]:
            known_as = each if isinstance(each, str) else None
            if isinstance(each, dict):
                known_as = each.get("name") or each.get("@id")
            yield from (name for name in _texts(names.get(str(known_as), known_as)) if "://" not in name)


def _crumbs(thing: dict[str, Any]) -> Iterator[str]:
    """The names of a breadcrumb between the front page, the days of the archive, and the story."""
    steps = thing.get("itemListElement")
    if "BreadcrumbList" not in _kinds(thing) or not isinstance(steps, list):
        return
    for step in steps[1:]:
        item = step.get("item") if isinstance(step, dict) else None
        address = item.get("@id") or item.get("url") if isinstance(item, dict) else item
        if isinstance(address, str) and "/" in address.rstrip("/")[8:] and not _DAY.search(address):
            yield from _texts(step.get("name") or (item.get("name") if isinstance(item, dict) else None))
