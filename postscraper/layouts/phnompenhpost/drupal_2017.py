"""Phnom Penh Post and Post Khmer, the redesigned Drupal 7 theme (captures 2017-11 to 2023-09).

Known by its generator, Drupal 7, and by the theme's section wrapper and top bar.

Certain, from real markup of 2018: the article page with its hidden twins, its MOST VIEWED and
related lists. From text order, screen pictures and selectors that worked for others: the markup
around pictures inside a body, and all list pages (see drupal_2017_lists). No kicker and no
standfirst is known of stories that this site made.

- `dcterms.creator` is who posted the story, not its author; `dcterms.modified` precedes
  `dcterms.date`, and the printed time is the modified one: samples …/river-clinic
- The most viewed list is the site's, not the story's, and may hold the story itself; its name
  changed and is missing at times: …/ferry-landing, …/market-roof, …/schoolhouse-well
- The alternative text may be the caption, shorter, or a file name; a broken tag around a picture
  leaks into the words: …/weir-gate
- A stray end tag drops paragraphs beside the body; they are reported: …/stray-end-tag
- Stories of 1992 to 2012 came over damaged (see legacy), with 07:00 for a time: …/salt-boats
- The headline is printed thrice; an empty visible one is read from its hidden twins, and said
  so: …/headline-in-twin-only
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import replace

from postscraper.body import Body, body, main_picture
from postscraper.bylines import odd_byline, people
from postscraper.dates import DAY, Printed, at_seven, believable, printed
from postscraper.errors import NotAStory
from postscraper.extract import Node, Page, Words, language_of, maybe, nodes, scope, there, words
from postscraper.items import Article, Listing, Problem, Teaser
from postscraper.layouts.phnompenhpost import drupal, drupal_2017_lists
from postscraper.layouts.phnompenhpost.legacy import agency_of, mended
from postscraper.layouts.phnompenhpost.opening import Opening, captioned, opened

END = "footer"
STORY = "div#ArticleBody"

HEADLINE = "div.section-width-sidebar.single-article-header > h2"
TWINS = (".node-title h2 span[itemprop=name]", "header h1 .element-invisible")
BODY = "div.node-article div#ArticleBody, div#ArticleBody[itemprop=articleBody]"

# Hidden forms, the contact line and the lists stand inside or right behind the body.
SKIP = "#loginFormDIV, #createAccountFormDIV, .contact-author, .recommened-news, .related-content, .dfp_ad"
PICTURES = "figure, .node-image"
CAPTION = ".node-image-caption, figcaption"

# What stands beside the body in the story's box, and is read elsewhere or skipped by name.
BESIDE = (
    ".clear, .node-article, #ArticleBody, .node-main-image, .node-title, .one-col, .contact-author,"
    " #loginFormDIV, #createAccountFormDIV, .recommened-news, .related-content, .dfp_ad"
)

# Stories older than the Drupal site came over with the damage of their years, and a time that nobody printed.
_DRUPAL_SINCE = datetime.date(2013, 1, 1)

_SITE = re.compile(r"^Phnom Penh Post -\s*")
_PUBLISHED = re.compile(
    rf"^(?P<byline>.*?)\s*(?:\|?\s*(?:Publication date|Published(?: on)?)\s*:?\s+|(?:^|\|)\s*(?={DAY}))(?P<date>\S.*)$",
    re.I,
)
_NAMES_A_DATE = re.compile(r"\bpubli|\bdate\b|\d", re.I)


def recognises(page: Page) -> bool:
    theme = "div.section-width-sidebar", "div.block-ppp-top-navigation", "ul.pager-load-more"
    return page.generator.startswith("Drupal 7") and there(page, *theme)


def article(page: Page) -> Article | None:
    if "node-type-article" not in page.body_classes:
        return None
    headline, doubts = _headline(page)
    byline, date, odd = _published(page)
    opening, story = _story(page, old=date is None or date.on < _DRUPAL_SINCE)
    main, lost = main_picture(page, nodes(page, "div.node-main-image"), CAPTION)
    images, lone = captioned((*main, *story.images), opening)
    authors, agency = people(byline)
    head = drupal.head(page, headline)
    return Article(
        layout="drupal_2017",
        language=language_of(headline + story.text),
        url=page.url,
        canonical_url=head.canonical_url,
        node_id=head.node_id,
        headline=headline,
        kicker=opening.kicker,
        standfirst=opening.standfirst,
        byline=byline,
        authors=authors,
        agency=agency or agency_of(story),
        dateline=opening.dateline,
        section=head.section,
        tags=head.tags,
        published_at=date.at if date else None,
        published_on=date.on if date else None,
        published_text=date.text if date else None,
        modified_at=head.modified_at if date and date.at else None,
        images=images,
        body=story.blocks,
        teasers=(*_list(page, "div.recommened-news"), *_list(page, "div.related-content")),
        links=story.links,
        headline_variants=head.headline_variants,
        problems=(
            *page.problems,
            *head.problems,
            *odd_byline(byline),
            *doubts,
            *odd,
            *lost,
            *story.problems,
            *lone,
            *_beside(page),
        ),
        capture=page.receipt,
    )


def listing(page: Page) -> Listing | None:
    return drupal_2017_lists.listing(page)


def _headline(page: Page) -> tuple[str, tuple[Problem, ...]]:
    if printed := maybe(page, HEADLINE):
        return printed, ()
    for css in TWINS:
        if twin := _SITE.sub("", maybe(page, css) or ""):
            detail = f"{HEADLINE} holds no words; the headline is its hidden twin's, {css}"
            return twin, (Problem(kind="damage", detail=detail, text=twin),)
    raise NotAStory("no_headline", f"{HEADLINE} and its hidden twins hold no words")


def _story(page: Page, *, old: bool) -> tuple[Opening, Body]:
    """The body; editors' broken tags cut some in two. A story may be of pictures alone."""
    parts = nodes(page, BODY) or [scope(page, BODY)]
    story = body(page, *parts, skip=SKIP, pictures=PICTURES, caption=CAPTION)
    if not story.blocks and not story.images:
        raise NotAStory("no_body", "the body holds no words and no picture")
    if not old:
        return Opening(), story
    opening, rest = opened(story)
    return opening, mended(rest)


def _beside(page: Page) -> Iterator[Problem]:
    """Words in the story's box that belong to no known part of it: a stray end tag drops them there."""
    for box in (*nodes(page, "article"), *nodes(page, "div.node-article")):
        for child in box.children:
            if isinstance(child, Node):
                text = "" if child.tag in ("meta", "script") or child.matches(BESIDE) else words(child)
            else:
                text = child.text.strip() if isinstance(child, Words) else ""
            if text:
                yield Problem(kind="unread_words", detail="beside the body", text=text)


def _published(page: Page) -> tuple[str | None, Printed | None, tuple[Problem, ...]]:
    """Byline and date of the line 'Name | Publication date 20 June 2018 | 08:10 ICT'."""
    line = maybe(page, "div.single-article-header div.article-author-wrapper > p") or ""
    found = _PUBLISHED.match(line)
    if found is None:
        name, _, rest = (each.strip() for each in line.partition("|"))
        if rest or any(map(str.isdigit, line)) or _NAMES_A_DATE.search(line):
            odd = Problem(kind="odd_date", detail="no line of byline and date", text=line)
            return (None if _NAMES_A_DATE.search(name) else name or None), None, (odd,)
        return name or None, *drupal.hidden_day(page)
    byline = found["byline"].strip(" |") or None
    try:
        date = printed(found["date"])
    except ValueError as error:
        return byline, None, (Problem(kind="odd_date", detail=str(error), text=found["date"]),)
    if not believable(date.on, page.capture.captured_at):
        return byline, None, (Problem(kind="odd_date", detail="no day the paper can print", text=date.text),)
    vouched = date.zoned or date.halved
    if not vouched or (date.on < _DRUPAL_SINCE and date.at == at_seven(date.on)):
        return byline, replace(date, at=None), ()
    return byline, date, ()


def _list(page: Page, css: str) -> Iterator[Teaser]:
    """The teasers of the story page's side lists, card by card."""
    for box in nodes(page, css):
        name = maybe(box, "h2")
        for position, card in enumerate(nodes(box, ".item-list li"), 1):
            yield drupal.teaser(page, card, name, position)
