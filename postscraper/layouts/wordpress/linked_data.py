"""Machine-readable facts of a WordPress page: its JSON-LD, as the common SEO plugins and themes write it.

Yoast and Rank Math write one `@graph`, AIOSEO too, the themes single objects. A page of a story dates itself in an
Article or, where the plugin makes none, in its WebPage.
"""

import json
import re
from collections.abc import Iterator
from html import unescape
from typing import Any, NamedTuple

from postscraper.extraction.page import Page, nodes
from postscraper.extraction.text import clean

_ARTICLES = frozenset({"Article", "NewsArticle", "BlogPosting", "ReportageNewsArticle", "OpinionNewsArticle", "Report"})
_DAY = re.compile(r"//[^/]+/\d{4}(?:/\d{1,2}){0,2}/?$")
_PAGES = frozenset({"WebPage", "ItemPage"})


class LinkedData(NamedTuple):
    """sections: as the story's own object lists them. crumbs: the breadcrumb's names between front page and story.

    barred: whether the whole story is not free.
    """

    published: tuple[str, ...] = ()
    modified: tuple[str, ...] = ()
    sections: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    crumbs: tuple[str, ...] = ()
    barred: bool = False


def linked_data(page: Page) -> LinkedData:
    """The facts of the story in the page's JSON-LD; empty fields where it has none or is broken."""
    things = list(_things(page))
    stories = [each for each in things if _kinds(each) & _ARTICLES]
    dated = stories + [each for each in things if _kinds(each) & _PAGES]
    names = {each["@id"]: each.get("name") for each in things if isinstance(each.get("@id"), str)}
    return LinkedData(
        published=_all(dated, "datePublished"),
        modified=_all(dated, "dateModified"),
        sections=_all(stories, "articleSection"),
        keywords=_all(stories, "keywords"),
        authors=tuple(dict.fromkeys(_authors(dated, names))),
        crumbs=next((found for each in things if (found := tuple(_crumbs(each)))), ()),
        barred=any(str(each.get("isAccessibleForFree")).lower() == "false" for each in dated),
    )


def _things(page: Page) -> Iterator[dict[str, Any]]:
    for script in nodes(page, "script[type='application/ld+json']"):
        try:
            data = json.loads(script.text)
        except (ValueError, RecursionError):
            continue  # broken data holds no words of the page
        for each in data if isinstance(data, list) else [data]:
            if isinstance(each, dict):
                graph = each.get("@graph")
                yield from (
                    thing for thing in (graph if isinstance(graph, list) else [each]) if isinstance(thing, dict)
                )


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
