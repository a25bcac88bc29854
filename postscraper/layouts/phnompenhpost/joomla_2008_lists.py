"""The list pages of the Joomla 1.5 site, and what its stories share with them: cells, dates, boxes.

Built like the story pages (see joomla_2008) from what Joomla 1.5 writes by itself: `div.blog` with
`.leading` and `.article_column`, `ul.pagination`, `.moduletable` with `ul.mostread`.
"""

import re
from collections.abc import Iterator
from typing import TypeVar

from postscraper.body import body
from postscraper.dates import CLOCK, DAY, Printed, printed
from postscraper.errors import Missing, NotAStory
from postscraper.extract import Node, Page, many, maybe, maybe_link, node, nodes, one, words
from postscraper.items import DatedTeaser, Listing, Problem, Teaser
from postscraper.urls import edition_of, path_of

SKIP = ".article_separator, .readon, .share-tools, .addthis_toolbox, .buttonheading"
PICTURES = ".mosimage, div.img_caption"
CAPTION = ".mosimage_caption, p.img_caption"

ADDRESS = re.compile(r"(?:/index\.php)?/(?P<day>20\d{6})(?P<id>\d+)/[^/]+/[^/]+\.html")
DATED = re.compile(rf"(?P<date>{DAY}{CLOCK}?)(?:\s+(?P<byline>\D.*))?")
_OPTION = re.compile(r"[?&]option=(com_\w+)")


def text_cells(where: Page | Node) -> list[Node]:
    """The cells of the engine's tables that hold words besides headline, author and date: the last is the story's."""
    meta = ".small, .createdate, .modifydate, .contentheading, .buttonheading"
    cells = nodes(where, "table.contentpaneopen > tbody > tr > td")
    told = [cell for cell in cells if not cell.matches(meta) and node(cell, meta) is None and words(cell)]
    return [cell for cell in told if words(cell) not in many(cell, ".readon")]


def moment(line: str) -> Printed:
    """The day, or day and time, of 'Tuesday, 23 March 2010 15:04 NAME'. Raises ValueError for anything else."""
    found = DATED.fullmatch(line)
    if found is None:
        raise ValueError(f"no date: {line[:80]!r}")
    return printed(found["date"])


T = TypeVar("T", bound=Teaser)


def modules(page: Page, kind: type[T]) -> Iterator[T]:
    """The stories in the boxes beside the page, such as the most read, as teasers of a kind."""
    for box in nodes(page, ".moduletable"):
        name = maybe(box, "h3")
        for position, card in enumerate(nodes(box, "ul.mostread > li, ul.latestnews > li, ul.relateditems > li"), 1):
            url = maybe_link(page, card, "a[href]")
            if url is None:
                raise Missing(f"{name}: a story without an address")
            yield kind(list=name, position=position, headline=one(card, "a"), url=url)


def listing(page: Page) -> Listing | None:
    if node(page, ".blog") is None:
        return None
    option = _OPTION.search(page.url)
    if (option and option[1] not in ("com_content", "com_frontpage")) or ADDRESS.fullmatch(path_of(page.url)):
        raise NotAStory("soft_404", "the address answers with a list of stories")
    cards = nodes(page, ".blog .leading, .blog .article_row > .article_column")
    problems: list[Problem] = []
    teasers = [_teaser(page, card, position, problems) for position, card in enumerate(cards, 1)]
    return Listing(
        layout="joomla_2008",
        language=edition_of(page.url),
        url=page.url,
        canonical_url=page.canonical(page.url),
        section=maybe(page, ".componentheading"),
        page=_page_number(page),
        teasers=(*teasers, *modules(page, DatedTeaser)),
        next_url=maybe_link(page, page, "ul.pagination a[title=Next][href]"),
        problems=(*page.problems, *problems),
        capture=page.receipt,
    )


def _page_number(page: Page) -> int:
    """From 0: the pager prints the number of this page without a link."""
    numbers = (text for text in many(page, "ul.pagination span.pagenav") if text.isascii() and text.isdigit())
    return int(next(numbers, "1")) - 1


def _teaser(page: Page, card: Node, position: int, problems: list[Problem]) -> DatedTeaser:
    heading = ".contentheading a[href]"
    url = maybe_link(page, card, heading)
    if url is None:
        raise Missing(f"{heading}: no address")
    line = maybe(card, ".createdate")
    date = _date(line, problems) if line else None
    cells = text_cells(card)
    story = body(page, cells[-1], skip=SKIP, pictures=PICTURES, caption=CAPTION) if cells else None
    return DatedTeaser(
        list=None,
        position=position,
        headline=one(card, heading),
        url=url,
        summary=" ".join(story.text.split("\n")) or None if story else None,
        image_url=story.images[0].url if story and story.images else None,
        published_on=date.on if date else None,
        published_at=date.at if date else None,
        published_text=line,
    )


def _date(line: str, problems: list[Problem]) -> Printed | None:
    try:
        return moment(line)
    except ValueError as error:
        problems.append(Problem(kind="odd_date", detail=str(error), text=line))
        return None
