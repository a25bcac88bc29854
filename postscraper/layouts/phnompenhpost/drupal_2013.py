"""Phnom Penh Post and Post Khmer, the first Drupal 7 theme (captures 2013 to 2017-11).

Known by its generator, Drupal 7, and by the theme's home icon, social counters or footer line,
none of which the theme of 2017 has.

Certain, from the real markup of one page of October 2016: the section list, the frame around it,
the pager and the Boost cache's line. No markup of an article is known:
`#ArticleBody`, `img[itemprop=contentURL]` worked for others in 2016; the order picture, caption,
headline, date, byline, body is that of text dumps, and the hidden twins of the 2017 theme, which
kept it, give the classes. The comments' box is built from its words alone.

- An editor's alternative text doubles the caption, with or without the credit: samples …/flood-wall
- A day is printed, no time: the moment is the head's `dcterms.date` when it falls on that day.
  07:00 is what the engine gave to stories that had none: …/salt-road-closed
- Stories of 1992 to 2010 are damaged (see damaged_text.py): …/salt-road-closed, …/rail-sleepers-gone
- Re-runs name the issue they first stood in, and are stories of their own, as their originals
  are: …/night-market-burns (1998), …/night-market-burns-0 (2010)
- A Khmer story opens with its town in bold, as the real list's summaries do: …/khmer-well
- The police blotter is one page of several items: …/police-blotter-stolen-buffalo
- Old Joomla addresses answer with the front page: …/joomla-address
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

from postscraper.errors import PageRejected
from postscraper.extraction import assemble
from postscraper.extraction.body import body
from postscraper.extraction.dates import Printed, dated, day_of, is_default_time, machine_moment
from postscraper.extraction.elements import Node, classes, words
from postscraper.extraction.page import Page, headline, link, maybe, node, nodes, one, scope, there
from postscraper.extraction.pictures import first_picture_url, main_picture
from postscraper.items import Article, DatedTeaser, Listing, Problem, Reason
from postscraper.layouts.phnompenhpost import drupal
from postscraper.layouts.phnompenhpost.damaged_text import restored
from postscraper.newspapers import PHNOM_PENH_DATES as DATES
from postscraper.urls import is_front, path_of

END = "footer .footer-line"
STORY = "div#ArticleBody"

# The comments' box ("0 Comments", "Please, login or register to post a comment"), the column's
# "Latest Video" and the rest of the frame, should an editor's broken tag draw them into the body.
SKIP = (
    "#comments, .comment-wrapper, .login-to-comment, .latest-videos, .contact-author, .social-counters, .dfp_ad,"
    " #loginFormDIV, #createAccountFormDIV, .related-content"
)
PICTURES = "figure, .node-image"
CAPTION = ".node-image-caption, figcaption"


def recognises(page: Page) -> bool:
    theme = "span.home-icon", "div.social-counters", "div.footer-line"
    return page.generator.startswith("Drupal 7") and there(page, *theme)


def article(page: Page) -> Article | None:
    if "node-type-article" not in page.body_classes:
        return None
    printed_headline = headline(page, ".node-title > h2")
    story = body(page, scope(page, "#ArticleBody"), skip=SKIP, pictures=PICTURES, caption=CAPTION)
    main, lost = main_picture(page, nodes(page, ".node-main-image"), CAPTION)
    fields, odd = restored(page, story, main)
    fields["dateline"] = fields["dateline"] or _khmer_dateline(page)
    date, problems = _published(page)
    return assemble.article(
        page,
        layout="drupal_2013",
        headline=printed_headline,
        twin=drupal.TWIN,
        byline=maybe(page, ".authoring-information .byline"),
        date=date,
        problems=(*problems, *lost, *odd),
        **fields,
        **drupal.head(page),
    )


def _khmer_dateline(page: Page) -> str | None:
    """The town that opens a Khmer story in bold, with the sign that stands for a colon; the body keeps both."""
    bold = node(page, "#ArticleBody > p:first-of-type > strong:first-child")
    town = words(bold) if bold is not None else ""
    return town[:-1].strip() if town.endswith(("ៈ", "៖")) and len(town) <= 40 else None


def _published(page: Page) -> tuple[Printed | None, tuple[Problem, ...]]:
    """The printed day, with the moment on it that the head vouches for."""
    text = maybe(page, ".authoring-information .posted-date")
    if text is None:
        return drupal.hidden_day(page)
    date, problems = dated(page, text, captured_at=built_at(page))
    at = machine_moment(page.meta("dcterms.date"))
    if date is None or at is None or day_of(at, page.paper) != date.on or is_default_time(at, page.paper):
        return date and replace(date, at=None), problems
    return replace(date, at=at), problems


CARDS = ".category, .views-row-odd, .views-row-even, li.sub-category-articles"
LIST_NAME = ".title-bar, .title-block"

_BOOST = "<!-- Page cached by Boost @ "
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", re.A)
_BY = re.compile(rf"(?P<day>{DATES.day}) by .+")
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
    """The moment at which the site built the page, as its Boost cache notes below it; None without the note.

    The cache writes its server's clock and no zone; read as UTC it is within a day of the moment.
    """
    at = page.source_text.find(_BOOST, -2000)
    match = _TIME.match(page.source_text, at + len(_BOOST)) if at >= 0 else None
    return datetime.fromisoformat(match[0]).replace(tzinfo=UTC) if match else None


def listing(page: Page) -> Listing | None:
    _check_kind(page)
    section = None
    if there(page, "form#search-form, ol.search-results"):
        entries = _results(page)
    elif "front" in page.body_classes:
        entries = _front(page)
    else:
        own = next(iter(nodes(page, ".block-49")), None)
        if own is None or not there(own, ".category"):
            return None
        name = maybe(own, ".title-bar")
        section = None if path_of(page.url).split("/")[1] in _NO_SECTIONS else name
        entries = _cards(page, own, None if section else name)
    next_url = drupal.next_url(page)
    return assemble.listing(page, layout="drupal_2013", section=section, entries=entries, next_url=next_url)


def _check_kind(page: Page) -> None:
    """Raises PageRejected for a page of another kind, and for the front page under another address."""
    for name, reason in _NO_STORIES:
        if name in page.body_classes:
            raise PageRejected(reason, f"the page is of the kind {name}")
    if any(name.startswith("node-type-") for name in page.body_classes):
        raise PageRejected("not_an_article", " ".join(sorted(page.body_classes))[:200])
    if "front" in page.body_classes and not is_front(page.canonical(page.url)):
        raise PageRejected("soft_404", "the address answers with the front page")


def _front(page: Page) -> Iterator[DatedTeaser | Problem]:
    for block in (each for each in nodes(page, "div[class*='block-']") if classes(each)[0].startswith("block-")):
        links = [each.attr("href") or "" for each in nodes(block, f":is({CARDS}) a[href]")]
        if not all("/video/" in each or "/jobs" in each for each in links):
            yield from _cards(page, block, maybe(block, LIST_NAME))


def _cards(page: Page, block: Node, name: str | None) -> Iterator[DatedTeaser | Problem]:
    for position, card in enumerate(nodes(block, CARDS), 1):
        date, problems = dated(page, maybe(card, ".posted-date"), captured_at=built_at(page))
        yield from problems
        heading = "h3 a[href], .views-field-title a[href]"
        yield DatedTeaser(
            list=name,
            position=position,
            headline=one(card, heading),
            url=link(page, card, heading),
            summary=maybe(card, ".summary"),
            image_url=first_picture_url(page, card, ".article-image img, .first-item img"),
            **assemble.published(date and replace(date, at=None)),
        )


def _results(page: Page) -> Iterator[DatedTeaser | Problem]:
    """The stories found; a search that finds none, or beyond its last page, has no list at all."""
    for position, card in enumerate(nodes(page, "ol.search-results > li.search-result"), 1):
        line = maybe(card, ".posted-date")
        match = _BY.fullmatch(line or "")
        date, problems = dated(page, match["day"] if match else line, captured_at=built_at(page))
        yield from problems
        yield DatedTeaser(
            list=None,
            position=position,
            headline=one(card, "h3.title a[href]"),
            url=link(page, card, "h3.title a[href]"),
            summary=maybe(card, "p.search-snippet"),
            published_on=date.on if date else None,
            published_text=line,
        )
