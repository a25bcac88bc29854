"""Phnom Penh Post and Post Khmer, the mobile hosts `m.` (captures 2017-03 to 2023).

Nothing of its HTML is known. Certain, from text dumps: the headline stands once, a list prints
date and author in one line (`Fri, 10 March 2017 James Reddick`). That the body keeps Drupal's
`articleBody`, and cards Drupal's `views-row`, is inferred: the same engine served both hosts.
What does not fit is reported, and a page without these is Unread.

Known by the host that answered, where no other design's markup stands on the page: from 2018 on
`m.` sometimes answered with the wide page. The story's own address is the www one.

- The line of a story has the author behind the date, or no author: samples …/school-bus, …/canal-boats-km
- A time is never printed.
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from postscraper.errors import PageRejected
from postscraper.extraction import assemble
from postscraper.extraction.body import body
from postscraper.extraction.dates import Printed, dated
from postscraper.extraction.elements import Node, words
from postscraper.extraction.page import Page, headline, many, maybe_link, nodes, own_address, scope, there
from postscraper.extraction.pictures import first_picture_url, main_picture
from postscraper.items import Article, DatedTeaser, Listing, Problem
from postscraper.layouts.phnompenhpost import damaged_text
from postscraper.newspapers import PHNOM_PENH_DATES as DATES
from postscraper.urls import newspaper_at, path_of

END = "footer, [data-role=footer]"
STORY = "[itemprop=articleBody]"

# Boxes of the wide designs: the page is theirs, whatever host served it.
OTHERS = (
    ".section-width-sidebar, .block-ppp-top-navigation, .pager-load-more, .single-article-header, .title-bar,"
    " .ads-social-left-title, .section-article-header, .more-contents, [src*='.digitaloceanspaces.com/']"
)
HEADLINE = "h1:not(header *), h2.title:not(header *)"
LINE = ".submitted, .posted-date"
PICTURES = "figure, .node-image"
CAPTION = "figcaption, .caption, .node-image-caption"
SKIP = ".social, .dfp_ad, .views-row, .related-content, .contact-author"
CARDS = ".views-row, .search-result"

_LINE = re.compile(rf"(?P<day>{DATES.day})(?:\s+(?:by )?(?P<name>\S.*))?")
_MORE = re.compile(r"(?:Read )?more", re.I)


def recognises(page: Page) -> bool:
    mobile = newspaper_at(page.url) is not None and (urlsplit(page.url).hostname or "").startswith("m.")
    if not mobile or page.generator.startswith("Joomla"):
        return False
    # Without any of the inferred boxes the page is not this design as far as it is known.
    return not there(page, OTHERS) and there(page, STORY, LINE, CARDS)


def article(page: Page) -> Article | None:
    if not there(page, STORY):
        if there(page, LINE) and not there(page, CARDS):
            raise PageRejected("no_body", f"{STORY} is not on the page")
        return None
    printed = headline(page, HEADLINE)
    story = damaged_text.mended(body(page, scope(page, STORY), skip=SKIP, pictures=PICTURES, caption=CAPTION))
    # Pictures inside the body belong to it; the main one stands above.
    inside = {each.url for each in story.images}
    above, lost = main_picture(page, nodes(page, PICTURES), CAPTION)
    main = tuple(each for each in above if each.url not in inside)
    lines = [each for each in many(page, LINE) if _LINE.fullmatch(each)]
    date, byline, problems = _line(page, lines[0]) if lines else (None, None, ())
    address, odd_address = own_address(page)
    return assemble.article(
        page,
        layout="mobile_2017",
        headline=printed,
        byline=byline,
        section=page.meta("articleSection"),
        date=date,
        images=(*main, *story.images),
        story=story,
        address=address,
        odd_address=odd_address,
        problems=(*problems, *(each for each in lost if each not in story.problems), *story.problems),
    )


def listing(page: Page) -> Listing | None:
    cards = nodes(page, CARDS)
    if not cards:
        return None
    is_named = path_of(page.url) != "/" and "/search" not in page.url
    return assemble.listing(
        page,
        layout="mobile_2017",
        section=next(iter(many(page, HEADLINE)), None) if is_named else None,
        entries=(each for position, card in enumerate(cards, 1) for each in _card(page, card, position)),
        next_url=maybe_link(page, page, ".pager-next a[href]"),
    )


def _line(page: Page, text: str) -> tuple[Printed | None, str | None, tuple[Problem, ...]]:
    """Day and author of 'Fri, 10 March 2017 James Reddick'."""
    match = _LINE.fullmatch(text)
    if match is None:
        return None, None, (Problem(kind="odd_date", detail="no line of date and author", text=text),)
    date, problems = dated(page, match["day"])
    return date, match["name"], problems


def _card(page: Page, card: Node, position: int) -> Iterator[DatedTeaser | Problem]:
    """A card's headline, picture and summary; who wrote it stands in no teaser, and with the story itself."""
    url = maybe_link(page, card, "a[href]")
    headlines = [text for text in many(card, "a[href]") if not _MORE.fullmatch(text)]
    if url is None or not headlines:
        yield Problem(kind="unread_words", detail="a card without a headline that links", text=words(card))
        return
    date: Printed | None = None
    for text in many(card, LINE):
        date, _, problems = _line(page, text)
        yield from problems
    yield DatedTeaser(
        list=None,
        position=position,
        headline=headlines[0],
        url=url,
        summary=" ".join(many(card, "p")) or None,
        image_url=first_picture_url(page, card),
        **assemble.published(date),
    )
