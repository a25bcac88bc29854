"""The list pages of the first Drupal 7 theme: sections, front, search results, authors, columns.

Certain, from a real page: the section list, `.block-49` with its cards, and its pager. Built from
text order, and from the blocks beside that real list: the front page. Search results: selectors
that worked for others on the later theme.

A list's own blocks are read; the columns beside it (latest videos, opinion, police) are the
site's, stand on every page and are left out by name: they are no part of the section.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from postscraper.dates import DAY, Printed, believable, printed
from postscraper.errors import NotAStory
from postscraper.extract import Node, Page, language_of, link, maybe, node, nodes, one
from postscraper.items import DatedTeaser, Listing, Problem, Reason
from postscraper.layouts.phnompenhpost import drupal
from postscraper.pictures import first_picture_url
from postscraper.urls import edition_of, page_of, path_of

CARDS = ".category, .views-row-odd, .views-row-even, li.sub-category-articles"
LIST_NAME = ".title-bar, .title-block"

_BOOST = "<!-- Page cached by Boost @ "
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.A)
_BY = re.compile(rf"(?P<day>{DAY}) by .+")
_NO_STORIES: tuple[tuple[str, Reason], ...] = (
    ("node-type-video", "video"),
    ("node-type-photo-gallery", "gallery"),
    ("node-type-gallery", "gallery"),
    ("page-multimedia-photos", "gallery"),
    ("page-multimedia", "video"),
    ("page-user-login", "log_in"),
    ("page-user-register", "log_in"),
)
# First parts of addresses under which a list is named after an author or a word, and no section.
_NO_SECTIONS = frozenset({"author", "user", "tags"})


def built_at(page: Page) -> datetime | None:
    """When the site built the page, as its Boost cache notes below it; None without the note.

    The cache writes its server's clock and no zone; read as UTC it is within a day of the moment.
    """
    at = page.source_text.find(_BOOST, -2000)
    found = _TIME.match(page.source_text, at + len(_BOOST)) if at >= 0 else None
    return datetime.fromisoformat(found[0]).replace(tzinfo=UTC) if found else None


def listing(page: Page) -> Listing | None:
    _check_kind(page)
    problems: list[Problem] = []
    if node(page, "form#search-form, ol.search-results") is not None:
        section, teasers = None, tuple(_results(page, problems))
    elif "front" in page.body_classes:
        section, teasers = None, tuple(_front(page, problems))
    else:
        own = next(iter(nodes(page, ".block-49")), None)
        if own is None or node(own, ".category") is None:
            return None
        name = maybe(own, ".title-bar")
        section = None if path_of(page.url).split("/")[1] in _NO_SECTIONS else name
        teasers = tuple(_cards(page, own, None if section else name, problems))
    headlines = "".join(each.headline or "" for each in teasers)
    return Listing(
        layout="drupal_2013",
        language=language_of(headlines) if headlines else edition_of(page.url),
        url=page.url,
        canonical_url=page.canonical(page.url),
        section=section,
        page=page_of(page.url),
        teasers=teasers,
        next_url=drupal.next_url(page),
        problems=(*page.problems, *problems),
        capture=page.receipt,
    )


def _check_kind(page: Page) -> None:
    """Raises NotAStory for a page of another kind, and for the front page under another address."""
    for name, reason in _NO_STORIES:
        if name in page.body_classes:
            raise NotAStory(reason, f"the page is of the kind {name}")
    if any(name.startswith("node-type-") for name in page.body_classes):
        raise NotAStory("not_an_article", " ".join(sorted(page.body_classes))[:200])
    if "front" in page.body_classes and (path_of(page.url) != "/" or "option=" in page.url):
        raise NotAStory("soft_404", "the address answers with the front page")


def _front(page: Page, problems: list[Problem]) -> Iterator[DatedTeaser]:
    for block in nodes(page, "div[class^='block-']"):
        links = [each.attr("href") or "" for each in nodes(block, f":is({CARDS}) a[href]")]
        if not all("/video/" in each or "/jobs" in each for each in links):
            yield from _cards(page, block, maybe(block, LIST_NAME), problems)


def _cards(page: Page, block: Node, name: str | None, problems: list[Problem]) -> Iterator[DatedTeaser]:
    for position, card in enumerate(nodes(block, CARDS), 1):
        date = _day(page, maybe(card, ".posted-date"), problems)
        heading = "h3 a[href], .views-field-title a[href]"
        yield DatedTeaser(
            list=name,
            position=position,
            headline=one(card, heading),
            url=link(page, card, heading),
            summary=maybe(card, ".summary"),
            image_url=first_picture_url(page, card, ".article-image img, .first-item img"),
            published_on=date.on if date else None,
            published_text=date.text if date else None,
        )


def _results(page: Page, problems: list[Problem]) -> Iterator[DatedTeaser]:
    """The stories found; a search that finds none, or beyond its last page, has no list at all."""
    for position, card in enumerate(nodes(page, "ol.search-results > li.search-result"), 1):
        line = maybe(card, ".posted-date") or ""
        found = _BY.fullmatch(line)
        date = _day(page, found["day"] if found else line or None, problems)
        yield DatedTeaser(
            list=None,
            position=position,
            headline=one(card, "h3.title a[href]"),
            url=link(page, card, "h3.title a[href]"),
            summary=maybe(card, "p.search-snippet"),
            published_on=date.on if date else None,
            published_text=line or None,
        )


def _day(page: Page, text: str | None, problems: list[Problem]) -> Printed | None:
    if text is None:
        return None
    try:
        date = printed(text)
    except ValueError as error:
        problems.append(Problem(kind="odd_date", detail=str(error), text=text))
        return None
    if not believable(date.on, built_at(page) or page.capture.captured_at):
        problems.append(Problem(kind="odd_date", detail="no day the paper can print", text=text))
        return None
    return date
