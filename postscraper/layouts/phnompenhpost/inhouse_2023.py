"""Phnom Penh Post and Post Khmer, the publisher's own system (captures 2023-12 to 2025-12).

Known by what built the page: no generator in the head, and pictures on DigitalOcean Spaces or
the system's boxes (`ads-social-left-title`, `section-article-header`, `more-contents`).

Nothing of its HTML is certain. Class names come from selectors that worked for others between
2023 and 2025; how they stand one inside the other is from the order of the words on ten pages:
headline, section, date, reporter, caption with credit, body. What does not fit is reported.

- 07:00 is the time of every story whose time the move lost; that day alone is taken: samples …/pagoda-ferry-1993
- Pictures and captions of other stories, dummy Latin captions, the section "Uncategorized": the
  last two are reported as damage (…/latin-caption, …/letter-uncategorized); the first only older captures show.
- "Contact PhnomPenh Post for full article" heads the footer; the stories above it are whole.
- Cloudflare veils e-mail addresses; they are read as a browser shows them: …/bridge-lights
- A caption that is a bare paragraph is known by its credit alone: …/monday-clockmaker
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from postscraper.errors import PageRejected
from postscraper.extraction import assemble
from postscraper.extraction.body import Body, body
from postscraper.extraction.bylines import split_credit
from postscraper.extraction.dates import Printed, dated, is_default_time
from postscraper.extraction.elements import Node, unseen, words
from postscraper.extraction.page import (
    Page,
    headed,
    headline,
    many,
    maybe,
    maybe_link,
    node,
    nodes,
    own_address,
    scope,
    there,
)
from postscraper.extraction.pictures import first_picture_url
from postscraper.items import Article, DatedTeaser, Image, Listing, Problem, Teaser
from postscraper.layouts.phnompenhpost import damaged_text
from postscraper.layouts.phnompenhpost.dummy import is_latin
from postscraper.newspaper import Newspaper
from postscraper.newspapers import PHNOM_PENH_DATES as DATES
from postscraper.urls import page_of, path_of

END = "footer"
STORY = ".section-article-header, .ads-social-left-title, .article-text, #ArticleBody"

SKELETON = ".ads-social-left-title, .section-article-header, .more-contents > .more-item"
# The papers' own stores: pppenglish, and the Khmer edition's.
ASSETS = "[src*='//ppp'][src*='.digitaloceanspaces.com/'], [href*='//ppp'][href*='.digitaloceanspaces.com/']"

FACTS = ".ads-social-left-title"
SECTION = ".ads-social-left-title h2"
REPORTER = ".authname"
SCOPE = ".article-text"
SKIP = ".ads, .advertisement, [id^='div-gpt-ad'], .more-topic, .latest-news, .more-contents, .social-share"
PICTURES = "figure, div:has(> img):has([class*='caption'])"
CAPTION = "figcaption, [class*='caption']"

_DATE = re.compile(rf"{DATES.day}{DATES.clock}?{DATES.zone}?")
_LABEL = re.compile(r"Publication date\s*:?", re.I)
_NO_SECTION = "Uncategorized"
_FOOTER_HEADING = "Contact PhnomPenh Post for full article"
_VEILED = "/cdn-cgi/l/email-protection"
_NUMBER = re.compile(r"/\d{4}-\d{2}-\d{2}-\d{4}-(\d{1,9})(?:\.html)?$")


def recognises(page: Page) -> bool:
    # The site after this one may show pictures of the same stores: WordPress names itself by its interface, too.
    if page.generator or there(page, "link[rel='https://api.w.org/']"):
        return False
    return there(page, f"{SKELETON}, {ASSETS}")


def article(page: Page) -> Article | None:
    path = path_of(page.url)
    if path.startswith(("/gallery/", "/video/", "/multimedia/")):
        raise PageRejected("gallery" if path.startswith("/gallery/") else "video", f"the address {path} names the kind")
    if not there(page, STORY):
        return None
    printed = headline(page, ".section-article-header h2, .section-article-header h1")
    story, main = _story(page)
    date, problems = _published(page)
    section = maybe(page, SECTION)
    address, odd_address = own_address(page)
    number = _NUMBER.search(path_of(address))
    return assemble.article(
        page,
        layout="inhouse_2023",
        headline=printed,
        byline=_reporter(page),
        section=None if section == _NO_SECTION else section,
        date=date,
        images=(*main, *story.images),
        story=replace(story, links=tuple(each for each in story.links if _VEILED not in each.url)),
        teasers=tuple(_side_lists(page)),
        node_id=int(number[1]) if number else None,
        address=address,
        odd_address=odd_address,
        problems=(*problems, *story.problems),
    )


def _story(page: Page) -> tuple[Body, tuple[Image, ...]]:
    """The body, and apart from it the picture above it."""
    where = scope(page, SCOPE if there(page, SCOPE) else "#ArticleBody")
    for veil in nodes(where, "[data-cfemail]"):
        veil.text = _unveiled(veil.attr("data-cfemail") or "")
    story = body(page, where, skip=SKIP, pictures=PICTURES, caption=CAPTION)
    if story.blocks and story.blocks[-1].text == _FOOTER_HEADING:
        story = story.without({len(story.blocks) - 1})
    story, main = _main_apart(story, page.paper)
    return damaged_text.mended(story), main


def _reporter(page: Page) -> str | None:
    """The name in 'Reporter : Name'; None when none follows."""
    line = maybe(page, REPORTER) or ""
    return line.partition(":")[2].strip() or None if ":" in line else line or None


def _published(page: Page) -> tuple[Printed | None, list[Problem]]:
    """The date in the box of section, date and reporter; and what else stands there."""
    rest = " ".join(many(page, FACTS))
    for known in (maybe(page, SECTION), maybe(page, REPORTER), *many(page, f"{FACTS} [class*='share']")):
        rest = rest.replace(known or "", "", 1)
    date, problems = None, []
    if maybe(page, SECTION) == _NO_SECTION:
        detail = "the move of 2023 lost the story's section"
        problems.append(Problem(kind="damage", detail=detail, text=_NO_SECTION))
    if match := _DATE.search(rest):
        rest = _LABEL.sub("", rest.replace(match[0], "", 1), count=1)
        date, odd = dated(page, match[0])
        problems += odd
        if date is not None and (not (date.zoned or date.halved) or is_default_time(date.at, page.paper)):
            date = replace(date, at=None)
    if rest := rest.replace("More Topic", "", 1).strip(" |:"):
        problems.append(Problem(kind="unread_words", detail=f"beside section and date in {FACTS}", text=rest))
    return date, problems


def _unveiled(code: str) -> str:
    """The address behind Cloudflare's veil: hex bytes, each xor the first."""
    try:
        key, *letters = bytes.fromhex(code)
        return bytes(key ^ letter for letter in letters).decode("utf-8")
    except ValueError:
        return "[email protected]"


CARDS = ".more-item, .article-news, .latest-news li"
BOXES = ".more-contents, .latest-news, .more-topic, section, main"
HEADING = ":scope > h2, :scope > h3, :scope > .title h2, :scope > .title h3, :scope > .container > h2"
# Lists at a story's side.
SIDE = ".more-contents .more-item, .latest-news li, .more-topic li"

_DAY = re.compile(rf"(?P<printed>{DATES.day}{DATES.clock}?)(?: (?P<label>[A-Z][A-Za-z ]+))?")
_LABELS = frozenset({"Breaking News", "Breaking", "New", "Update", "Live"})
_WORDS_OF_CARD = "a, p, span, time, small, h2, h3, h4, div:not(:has(*))"


def listing(page: Page) -> Listing | None:
    """None for a page without a list. Raises PageRejected for a list under a story's address."""
    cards = nodes(page, CARDS)
    if not cards and not there(page, ".more-contents, .btn-load"):
        return None
    path = path_of(page.url)
    if path.count("/") > 1:
        raise PageRejected("soft_404", f"a list answers under {path}, which is a story's address")
    entries = tuple(_teasers(page, cards))
    announces = any(isinstance(each, DatedTeaser) for each in entries)
    return assemble.listing(
        page,
        layout="inhouse_2023",
        section=_section(page, path),
        entries=entries,
        next_url=_next(page) if announces else None,
    )


def _section(page: Page, path: str) -> str | None:
    """The first part of 'National | Phnom Penh Post'; None on the front page and in a search."""
    title = node(page, "head > title")
    parts = words(title).split(" | ") if title is not None else []
    return parts[0] if len(parts) > 1 and path not in ("/", "/search") else None


def _next(page: Page) -> str | None:
    if not there(page, ".btn-load"):
        return None
    here = page.canonical(page.url).split("?")[0]
    return maybe_link(page, page, "a.btn-load[href*='page=']") or f"{here}?page={page_of(page.url) + 1}"


def _teasers(page: Page, cards: list[Node]) -> Iterator[DatedTeaser | Problem]:
    positions: Counter[str | None] = Counter()
    headings = headed(page, BOXES, HEADING)
    for card in cards:
        name = next((headings[box] for box in card.ancestors if box in headings), None)
        positions[name] += 1
        yield from _card(page, card, name, positions[name])


def _card(page: Page, card: Node, name: str | None, position: int) -> Iterator[DatedTeaser | Problem]:
    url = maybe_link(page, card, "a[href]")
    headline = next(iter(many(card, "a[href]")), None)
    if url is None or headline is None:
        if text := words(card):
            yield Problem(kind="unread_words", detail="a card without a link", text=text)
        return
    date: Printed | None = None
    summary: list[str] = []
    for text in _texts(card):
        match = _DAY.fullmatch(text)
        if match and (match["label"] or "Live") in _LABELS:
            date, problems = dated(page, match["printed"])
            yield from problems
        elif text != headline and text not in _LABELS:
            summary.append(text)
    yield DatedTeaser(
        list=name,
        position=position,
        headline=headline,
        url=url,
        summary=" ".join(summary) or None,
        image_url=first_picture_url(page, card),
        **assemble.published(date if date is None or date.halved else replace(date, at=None)),
    )


def _texts(card: Node) -> Iterator[str]:
    """The words of the card, element by element, each once."""
    taken = unseen(card)
    for each in nodes(card, _WORDS_OF_CARD):
        if not taken.isdisjoint((each, *each.ancestors)):
            continue
        if text := words(each):
            taken.add(each)
            yield text


def _side_lists(page: Page) -> Iterator[Teaser]:
    """The lists beside a story, card by card; a card holds a headline and no date."""
    for each in _teasers(page, nodes(page, SIDE)):
        if isinstance(each, DatedTeaser):
            yield assemble.undated(each)


def _main_apart(story: Body, paper: Newspaper) -> tuple[Body, tuple[Image, ...]]:
    """The story without the picture above it, and that picture; dummy captions are reported as damage."""
    story, main = _parted(story, paper)
    pictures = (*main, *story.images)
    latin = tuple(
        Problem(kind="damage", detail="dummy Latin in place of a caption", text=each.caption_text)
        for each in pictures
        if is_latin(each.caption_text)
    )
    story = replace(story, images=tuple(map(_without_latin, story.images)), problems=(*story.problems, *latin))
    return story, tuple(map(_without_latin, main))


def _parted(story: Body, paper: Newspaper) -> tuple[Body, tuple[Image, ...]]:
    """The picture before the first block, with the caption that may be that block."""
    if not story.images or story.images[0].block != 0:
        return story, ()
    main = replace(story.images[0], block=None)
    rest = replace(story, images=story.images[1:])
    first = story.blocks[0].text if story.blocks else None
    caption, credit = split_credit(first, paper)
    latin = is_latin(first)
    if main.caption_text is not None or first is None or not (latin or (caption and credit)):
        return rest, (main,)
    main = replace(main, caption=caption, credit=credit, caption_text=first)
    return rest.without({0}), (main,)


def _without_latin(picture: Image) -> Image:
    return replace(picture, caption=None, credit=None) if is_latin(picture.caption_text) else picture
