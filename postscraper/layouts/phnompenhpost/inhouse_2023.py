"""Phnom Penh Post and Post Khmer, the publisher's own system (captures 2023-12 to 2025-12).

Known by what built the page: no generator in the head, and pictures on DigitalOcean Spaces or
the system's boxes (`ads-social-left-title`, `section-article-header`, `more-contents`).

Nothing of its HTML is certain. Class names come from selectors that worked for others between
2023 and 2025; how they stand one inside the other is from the order of the words on ten pages:
headline, section, date, reporter, caption with credit, body. What does not fit is reported.

- 07:00 is the time of every story whose time the move lost; that day alone is taken: samples …/pagoda-ferry-1993
- Pictures and captions of other stories, dummy Latin captions, the section "Uncategorized": the
  last two are told as damage (…/latin-caption, …/letter-uncategorized); the first only older captures show.
- "Contact PhnomPenh Post for full article" heads the footer; the stories above it are whole.
- Cloudflare veils e-mail addresses; they are read as a browser shows them: …/bridge-lights
- A caption that is a bare paragraph is known by its credit alone: …/monday-clockmaker
- Lists: see inhouse_2023_lists.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from postscraper.body import Body, body
from postscraper.bylines import odd_byline, people
from postscraper.dates import CLOCK, DAY, ZONE, Printed, at_seven, believable, printed
from postscraper.errors import NotAStory
from postscraper.extract import (
    Page,
    headline,
    headline_variants,
    language_of,
    many,
    maybe,
    node,
    nodes,
    own_address,
    scope,
    there,
)
from postscraper.items import Article, Image, Listing, Problem
from postscraper.layouts.phnompenhpost import inhouse_2023_lists, inhouse_2023_pictures, legacy
from postscraper.urls import path_of

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

_DATE = re.compile(rf"{DAY}{CLOCK}?{ZONE}?")
_LABEL = re.compile(r"Publication date\s*:?", re.I)
_NO_SECTION = "Uncategorized"
_FOOTER_HEADING = "Contact PhnomPenh Post for full article"
_VEILED = "/cdn-cgi/l/email-protection"
_NUMBER = re.compile(r"/\d{4}-\d{2}-\d{2}-\d{4}-(\d{1,9})(?:\.html)?$")


def recognises(page: Page) -> bool:
    # The site after this one may show pictures of the same stores: WordPress names itself by its interface, too.
    if page.generator or there(page, "link[rel='https://api.w.org/']"):
        return False
    return node(page, f"{SKELETON}, {ASSETS}") is not None


def article(page: Page) -> Article | None:
    path = path_of(page.url)
    if path.startswith(("/gallery/", "/video/", "/multimedia/")):
        raise NotAStory("gallery" if path.startswith("/gallery/") else "video", f"the address {path} names the kind")
    if node(page, STORY) is None:
        return None
    printed = headline(page, ".section-article-header h2, .section-article-header h1")
    story, main = _story(page)
    facts = list(_facts(page))
    dates = [each for each in facts if isinstance(each, Printed)]
    section = maybe(page, SECTION)
    byline = _reporter(page)
    authors, agency = people(byline)
    url, odd_address = own_address(page)
    number = _NUMBER.search(path_of(url))
    return Article(
        layout="inhouse_2023",
        language=language_of(printed + story.text),
        url=page.url,
        canonical_url=url,
        node_id=int(number[1]) if number else None,
        headline=printed,
        byline=byline,
        authors=authors,
        agency=agency,
        section=None if section == _NO_SECTION else section,
        published_at=dates[0].at if dates else None,
        published_on=dates[0].on if dates else None,
        published_text=dates[0].text if dates else None,
        images=(*main, *story.images),
        body=story.blocks,
        teasers=tuple(inhouse_2023_lists.side_lists(page)),
        links=tuple(each for each in story.links if _VEILED not in each.url),
        headline_variants=headline_variants(page, printed),
        problems=(
            *page.problems,
            *odd_address,
            *odd_byline(byline),
            *(each for each in facts if isinstance(each, Problem)),
            *story.problems,
        ),
        capture=page.receipt,
    )


def listing(page: Page) -> Listing | None:
    return inhouse_2023_lists.listing(page)


def _story(page: Page) -> tuple[Body, tuple[Image, ...]]:
    """The body, and apart from it the picture above it."""
    where = scope(page, SCOPE if node(page, SCOPE) is not None else "#ArticleBody")
    for veil in nodes(where, "[data-cfemail]"):
        veil.text = _unveiled(veil.attr("data-cfemail") or "")
    story = body(page, where, skip=SKIP, pictures=PICTURES, caption=CAPTION)
    if story.blocks and story.blocks[-1].text == _FOOTER_HEADING:
        story = replace(story, blocks=story.blocks[:-1])
    story, main = inhouse_2023_pictures.main_apart(story)
    if not story.blocks and not main:
        raise NotAStory("no_body", "the body holds no words and no picture")
    return legacy.mended(story), main


def _reporter(page: Page) -> str | None:
    """The name in 'Reporter : Name'; None when none follows."""
    line = maybe(page, REPORTER) or ""
    return line.partition(":")[2].strip() or None if ":" in line else line or None


def _facts(page: Page) -> Iterator[Printed | Problem]:
    """The date in the box of section, date and reporter; and what else stands there."""
    rest = " ".join(many(page, FACTS))
    for known in (maybe(page, SECTION), maybe(page, REPORTER), *many(page, f"{FACTS} [class*='share']")):
        rest = rest.replace(known or "", "", 1)
    if maybe(page, SECTION) == _NO_SECTION:
        yield Problem(kind="damage", detail="the move of 2023 lost the story's section", text=_NO_SECTION)
    if found := _DATE.search(rest):
        rest = _LABEL.sub("", rest.replace(found[0], "", 1), count=1)
        yield _date(found[0], page)
    if left := rest.replace("More Topic", "", 1).strip(" |:"):
        yield Problem(kind="unread_words", detail=f"beside section and date in {FACTS}", text=left)


def _date(text: str, page: Page) -> Printed | Problem:
    try:
        date = printed(text)
    except ValueError as error:
        return Problem(kind="odd_date", detail=str(error), text=text)
    if not believable(date.on, page.capture.captured_at):
        return Problem(kind="odd_date", detail="no day the paper can print", text=text)
    vouched = (date.zoned or date.halved) and date.at != at_seven(date.on)
    return replace(date, at=date.at if vouched else None)


def _unveiled(code: str) -> str:
    """The address behind Cloudflare's veil: hex bytes, each xor the first."""
    try:
        key, *letters = bytes.fromhex(code)
        return bytes(key ^ letter for letter in letters).decode("utf-8")
    except ValueError:
        return "[email protected]"
