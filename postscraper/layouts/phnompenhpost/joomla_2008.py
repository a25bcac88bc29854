"""Phnom Penh Post, the Joomla 1.5 site (2008 to early 2013).

No page of it was found: everything here is built from the text order of copies and print-outs
and from the markup that Joomla 1.5 writes by itself (`contentpaneopen`, `contentheading`,
`createdate`, `small`; lists in `div.blog`; `ul.pagination`). What does not fit is reported.
Known by its generator, Joomla! 1.5.

- 2009: `Written by NAME`, then the day; later the day, the time and NAME in one line: samples
  …/harbour-crane, …/dry-season-wells. The time is read as Phnom Penh's clock.
- Picture, `Photo by:`, NAME, caption, dateline stand above the story in its own field; its first
  word is in capitals and stays so: …/harbour-crane
- `Share 11 Tweet 4` stands in the story and is skipped by name; the line with the reporter's
  address is a credit: …/school-boats
- The address carries the day and the story’s number; another printed day is reported: …/kiln-workers-return
- An address of a component long gone (com_ezrealty) serves the home page: …/ezrealty
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from postscraper.errors import PageRejected
from postscraper.extraction import assemble
from postscraper.extraction.body import body
from postscraper.extraction.dates import Printed, dated
from postscraper.extraction.elements import Node, words
from postscraper.extraction.page import Page, headline, link, many, maybe, maybe_link, nodes, one, there
from postscraper.extraction.text import clean
from postscraper.items import Article, DatedTeaser, Image, Listing, Problem, Teaser
from postscraper.layouts.phnompenhpost.damaged_text import restored
from postscraper.newspapers import PHNOM_PENH_DATES as DATES
from postscraper.urls import path_of

END = "body"  # what ends these pages is not known
STORY = "table.contentpaneopen"
SKIP = ".article_separator, .readon, .share-tools, .buttonheading"
PICTURES = ".mosimage, div.img_caption"
CAPTION = ".mosimage_caption, p.img_caption"

ADDRESS = re.compile(r"(?:/index\.php)?/(?P<day>20\d{6})(?P<id>\d+)/[^/]+/[^/]+\.html")
DATED = re.compile(rf"(?P<date>{DATES.day}{DATES.clock}?)(?:\s+(?P<byline>\D.*))?")
_OPTION = re.compile(r"[?&]option=(com_\w+)")
_LEAD = re.compile(r"Written by\s*:?\s*", re.I)
_SHARES = re.compile(r"Share \d* ?Tweet \d*")


def recognises(page: Page) -> bool:
    return page.generator.startswith("Joomla! 1.5")


def article(page: Page) -> Article | None:
    cells = text_cells(page)
    if not cells or there(page, ".blog"):
        return None
    printed_headline = headline(page, "td.contentheading, h2.contentheading")
    field = body(page, cells[-1], skip=SKIP, pictures=PICTURES, caption=CAPTION)
    shares = {index for index, block in enumerate(field.blocks) if _SHARES.fullmatch(block.text)}
    fields, odd = restored(page, field.without(shares))
    fields["images"] = _main_first(fields["images"])
    byline, date, problems = _published(page)
    number = ADDRESS.fullmatch(path_of(page.url))
    unread = tuple(
        Problem(kind="unread_words", detail="a cell above the story", text=words(each)) for each in cells[:-1]
    )
    return assemble.article(
        page,
        layout="joomla_2008",
        headline=printed_headline,
        byline=byline,
        section=_section(page),
        date=date,
        teasers=tuple(modules(page, Teaser)),
        node_id=int(number["id"]) if number else None,
        address=page.canonical(page.url),
        problems=(*problems, *unread, *odd),
        **fields,
    )


def _main_first(images: tuple[Image, ...]) -> tuple[Image, ...]:
    """The pictures; one that stands above all words is the main one."""
    if images and images[0].block == 0:
        return replace(images[0], block=None), *images[1:]
    return images


def _section(page: Page) -> str | None:
    """The section in the title 'Headline | National news | The Phnom Penh Post'; None in others."""
    parts = (maybe(page, "head > title") or "").split(" | ")
    return parts[-2] if len(parts) > 2 and parts[-1] == "The Phnom Penh Post" else None


def _published(page: Page) -> tuple[str | None, Printed | None, tuple[Problem, ...]]:
    """Byline and date, from one line or from two."""
    line = maybe(page, "table.contentpaneopen .createdate")
    match = DATED.fullmatch(line or "")
    byline = _LEAD.sub("", maybe(page, "table.contentpaneopen .small") or "") or (match["byline"] if match else None)
    date, problems = _dated(page, line)
    number = ADDRESS.fullmatch(path_of(page.url))
    if date and number and number["day"] != f"{date.on:%Y%m%d}":
        problems = (Problem(kind="odd_date", detail=f"the address says {number['day']}", text=date.text),)
    return byline, date, problems


def text_cells(where: Page | Node) -> list[Node]:
    """The cells of the engine's tables that hold words besides headline, author and date: the last is the story's."""
    meta = ".small, .createdate, .modifydate, .contentheading, .buttonheading"
    cells = nodes(where, "table.contentpaneopen > tbody > tr > td")
    texts = ((cell, words(cell)) for cell in cells if not cell.matches(meta) and not there(cell, meta))
    return [cell for cell, text in texts if text and text not in many(cell, ".readon")]


def _dated(page: Page, line: str | None) -> tuple[Printed | None, tuple[Problem, ...]]:
    """The day, or day and time, of 'Tuesday, 23 March 2010 15:04 NAME'."""
    match = DATED.fullmatch(line or "")
    return dated(page, match["date"] if match else line)


T = TypeVar("T", bound=Teaser)


def modules(page: Page, kind: type[T]) -> Iterator[T]:
    """The stories in the boxes beside the page, such as the most read, as teasers of a kind."""
    for box in nodes(page, ".moduletable"):
        name = maybe(box, "h3")
        for position, card in enumerate(nodes(box, "ul.mostread > li, ul.latestnews > li, ul.relateditems > li"), 1):
            yield kind(list=name, position=position, headline=one(card, "a"), url=link(page, card, "a[href]"))


def listing(page: Page) -> Listing | None:
    if not there(page, ".blog"):
        return None
    option = _OPTION.search(page.url)
    if (option and option[1] not in ("com_content", "com_frontpage")) or ADDRESS.fullmatch(path_of(page.url)):
        raise PageRejected("soft_404", "the address answers with a list of stories")
    cards = nodes(page, ".blog .leading, .blog .article_row > .article_column")
    announced = (each for position, card in enumerate(cards, 1) for each in _card(page, card, position))
    return assemble.listing(
        page,
        layout="joomla_2008",
        section=maybe(page, ".componentheading"),
        number=_page_number(page),
        entries=(*announced, *modules(page, DatedTeaser)),
        next_url=maybe_link(page, page, "ul.pagination a[title=Next][href]"),
    )


def _page_number(page: Page) -> int:
    """From 0: the pager prints the number of this page without a link."""
    numbers = (text for text in many(page, "ul.pagination span.pagenav") if text.isascii() and text.isdigit())
    return int(next(numbers, "1")) - 1


def _card(page: Page, card: Node, position: int) -> Iterator[DatedTeaser | Problem]:
    heading = ".contentheading a[href]"
    line = maybe(card, ".createdate")
    date, problems = _dated(page, line)
    yield from problems
    cells = text_cells(card)
    story = body(page, cells[-1], skip=SKIP, pictures=PICTURES, caption=CAPTION) if cells else None
    yield DatedTeaser(
        list=None,
        position=position,
        headline=one(card, heading),
        url=link(page, card, heading),
        summary=clean(story.text) or None if story else None,
        image_url=story.images[0].url if story and story.images else None,
        **(assemble.published(date) | {"published_text": line}),
    )
