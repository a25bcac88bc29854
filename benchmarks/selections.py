"""Twelve selections of text from a story page, as a careful spider makes them, the same for every engine."""

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any, NamedTuple

import lxml.html
import parsel
import turbohtml
from lxml.cssselect import CSSSelector


class Selection(NamedTuple):
    """attribute: taken instead of the text, when named."""

    css: str
    attribute: str | None = None


SELECTIONS = (
    Selection("title"),
    Selection(".single-article-header > h2"),
    Selection(".single-article-header .article-author-wrapper > p"),
    Selection("#ArticleBody p"),
    Selection(".node-main-image img", "src"),
    Selection(".node-main-image-caption"),
    Selection(".recommened-news li a"),
    Selection(".related-content li a"),
    Selection("link[rel=canonical]", "href"),
    Selection("meta[property='og:title']", "content"),
    Selection("meta[name='dcterms.date']", "content"),
    Selection("meta[name=keywords]", "content"),
)

Found = list[str]
Selecting = Callable[[bytes], Found]


def peer(module: str) -> ModuleType | None:
    """A program measured beside this one; None when it is not installed."""
    return import_module(module) if find_spec(module.partition(".")[0]) else None


def turbohtml_selects(body: bytes) -> Found:
    tree = turbohtml.parse(body.decode())
    found: Found = []
    for css, attribute in SELECTIONS:
        nodes = tree.select(css)
        found += [node.attr(attribute) or "" for node in nodes] if attribute else [node.text for node in nodes]
    return found


def lexbor_selects(body: bytes, parse: Callable[[bytes], Any]) -> Found:
    tree = parse(body)
    found: Found = []
    for css, attribute in SELECTIONS:
        nodes = tree.css(css)
        found += [node.attrs.get(attribute) or "" for node in nodes] if attribute else [node.text() for node in nodes]
    return found


_COMPILED = tuple((CSSSelector(css), attribute) for css, attribute in SELECTIONS)
_LXML = lxml.html.HTMLParser(encoding="utf-8")


def lxml_parse(body: bytes) -> Any:
    return lxml.html.document_fromstring(body, parser=_LXML)


def lxml_selects(body: bytes) -> Found:
    tree = lxml_parse(body)
    found: Found = []
    for select, attribute in _COMPILED:
        nodes = select(tree)
        found += [node.get(attribute) or "" if attribute else "".join(node.itertext()) for node in nodes]
    return found


def select_parsel(page: Any) -> Found:
    """page: a parsel Selector or a Scrapy response."""
    found: Found = []
    for css, attribute in SELECTIONS:
        nodes = page.css(css)
        found += nodes.xpath(f"@{attribute}" if attribute else "string()").getall()
    return found


def parsel_selects(body: bytes) -> Found:
    return select_parsel(parsel.Selector(body.decode()))
