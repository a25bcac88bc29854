"""A design of the tests' own: pages, and two versions of the layout that reads them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import ModuleType

import pytest

from postscraper.items import Capture
from postscraper.newspapers import NEWSPAPERS, POST
from tests.helpers.archives import SITE

# A design of its own. What the first version overlooks or gets wrong stands in braces: {first|second}.
LAYOUT = """
from postscraper.errors import PageRejected
from postscraper.extraction.elements import words
from postscraper.extraction.page import Page, link, maybe, nodes, there
from postscraper.items import Article, Block, Listing, Teaser

END = "footer"
STORY = "div.words"


def recognises(page):
    return page.generator == "Paddle 1"


def article(page):
    if not there(page, "main.story"):
        return None
    headline = maybe(page, "h1{|, h2.headline}")
    if not headline:
        raise PageRejected("no_headline", "h1 holds no words")
    return Article(
        layout="paddle", language="en", url=page.url, canonical_url=page.canonical(page.url), headline=headline,
        kicker={maybe(page, "p.kicker")|None}, byline=maybe(page, "p.{author|author, p.writer}"),
        section={maybe(page, "p.section")|(maybe(page, "p.section") or "").title() or None},
        body=tuple(Block(kind="paragraph", text=words(each)) for each in nodes(page, "div.words p{|, div.words li}")),
        capture=page.receipt,
    )


def listing(page):
    cards = nodes(page, "ul.cards li{.first|}")
    teasers = (
        Teaser(list=None, position=number, headline=words(card), url=link(page, card, "a"))
        for number, card in enumerate(cards, 1)
    )
    return Listing(
        layout="paddle", language="en", url=page.url, canonical_url=page.canonical(page.url), teasers=tuple(teasers),
        capture=page.receipt,
    )
"""
HEAD = (
    '<!doctype html><html><head><meta charset="utf-8"><meta name="generator" content="Paddle 1"><title>x</title></head>'
)
START = datetime(2018, 6, 20, 1, 0, tzinfo=UTC)


@contextmanager
def read_by(version: int) -> Iterator[None]:
    """The Post's pages are read by this version of the layout, the first or the second, and by no other layout."""
    source = ""
    for part in LAYOUT.split("{"):
        choice, closed, rest = part.partition("}")
        source += choice.split("|")[version - 1] + rest if closed else part
    module = ModuleType(f"paddle_{version}")
    exec(source, module.__dict__)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, module.__name__, module)
        patch.setitem(NEWSPAPERS, POST.name, replace(POST, layouts=(module.__name__,)))
        yield


def page(path: str, day: int, body: str) -> Capture:
    whole = f"{HEAD}<body>{body}<footer>The end</footer></body></html>"
    at = START + timedelta(days=day)
    return Capture(url=SITE + path, captured_at=at, body=whole.encode(), source="live")


def story(path: str, day: int, *paragraphs: str, more: str = "", headline: str = "<h1>A boat is built</h1>") -> Capture:
    text = "".join(each if each.startswith("<") else f"<p>{each}</p>" for each in paragraphs)
    return page(path, day, f'<main class="story">{headline}{more}<div class="words">{text}</div></main>')


LONG = "The boat builder of Prek Ta Tean cuts a plank of koki wood, and then another."
WRITER = '<p class="writer">Chan Sopheap</p>'
PAGES = [
    # The newspaper edits this story once; on all three captures the second version reads a byline.
    story("/national/boat", 0, LONG, more=WRITER),
    story("/national/boat", 1, LONG, more=WRITER),
    story("/national/boat", 2, LONG, "A reader asked for the price.", more=WRITER),
    # The second version reads list entries too: the body changes, the words of the newspaper do not.
    story("/national/oar", 0, LONG, "<ul><li>An oar</li></ul>", headline="<h1>Oars</h1>"),
    story("/national/oar", 3, LONG, "<ul><li>An oar</li></ul>", headline="<h1>Oars</h1>"),
    # Loses its kicker, and its section is written otherwise.
    story("/national/net", 0, LONG, more='<p class="kicker">Fishing</p><p class="section">river life</p>'),
    # Nothing changes.
    story("/national/rope", 0, LONG, more='<p class="author">Sok Vanna</p>'),
    # No headline for the first version.
    story("/national/sail", 1, LONG, headline='<h2 class="headline">A sail</h2>'),
    # Of three teasers the first version reads one.
    page("/national", 1, '<ul class="cards"><li class="first"><a href="/national/boat">Boat</a></li>'
         '<li><a href="/national/oar">Oars</a></li><li><a href="/national/keel">Keel</a></li></ul>'),
]  # fmt: skip
