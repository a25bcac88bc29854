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

Texts = list[str]


def peer(module: str) -> ModuleType | None:
    """A program measured beside this one; None when it is not installed."""
    return import_module(module) if find_spec(module.partition(".")[0]) else None


def turbohtml_selects(body: bytes) -> Texts:
    tree = turbohtml.parse(body.decode())
    texts: Texts = []
    for css, attribute in SELECTIONS:
        nodes = tree.select(css)
        texts += [node.attr(attribute) or "" for node in nodes] if attribute else [node.text for node in nodes]
    return texts


def lexbor_selects(body: bytes, parse: Callable[[bytes], Any]) -> Texts:
    tree = parse(body)
    texts: Texts = []
    for css, attribute in SELECTIONS:
        nodes = tree.css(css)
        texts += [node.attrs.get(attribute) or "" for node in nodes] if attribute else [node.text() for node in nodes]
    return texts


_COMPILED = tuple((CSSSelector(css), attribute) for css, attribute in SELECTIONS)
_LXML = lxml.html.HTMLParser(encoding="utf-8")


def lxml_parse(body: bytes) -> Any:
    return lxml.html.document_fromstring(body, parser=_LXML)


def lxml_selects(body: bytes) -> Texts:
    tree = lxml_parse(body)
    texts: Texts = []
    for select, attribute in _COMPILED:
        nodes = select(tree)
        texts += [node.get(attribute) or "" if attribute else "".join(node.itertext()) for node in nodes]
    return texts


def select_parsel(page: Any) -> Texts:
    """page: a parsel Selector or a Scrapy response."""
    texts: Texts = []
    for css, attribute in SELECTIONS:
        nodes = page.css(css)
        texts += nodes.xpath(f"@{attribute}" if attribute else "string()").getall()
    return texts


def parsel_selects(body: bytes) -> Texts:
    return select_parsel(parsel.Selector(body.decode()))
