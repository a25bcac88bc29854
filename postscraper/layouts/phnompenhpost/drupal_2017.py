"""Phnom Penh Post and Post Khmer, the redesigned Drupal 7 theme (captures 2017-11 to 2023-09).

Known by its generator, Drupal 7, and by the theme's section wrapper and top bar.

Certain, from real markup of 2018: the article page with its hidden twins, its MOST VIEWED and
related lists. From text order, screen pictures and selectors that worked for others: the markup
around pictures inside a body, and all list pages. No kicker and no
standfirst is known of stories that this site made.

- `dcterms.creator` is who posted the story, not its author; `dcterms.modified` precedes
  `dcterms.date`, and the printed time is the modified one: samples …/river-clinic
- The most viewed list is the site's, not the story's, and may hold the story itself; its name
  changed and is missing at times: …/ferry-landing, …/market-roof, …/schoolhouse-well
- The alternative text may be the caption, shorter, or a file name; a broken tag around a picture
  leaks into the words: …/weir-gate
- A stray end tag drops paragraphs beside the body; they are reported: …/stray-end-tag
- Stories of 1992 to 2012 came over damaged (see damaged_text.py), with 07:00 for a time: …/salt-boats
- The headline is printed thrice; an empty visible one is read from its hidden twins, and said
  so: …/headline-in-twin-only
"""

import datetime
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from postscraper.errors import PageRejected
from postscraper.extraction import assemble
from postscraper.extraction.body import Body, body
from postscraper.extraction.dates import Printed, dated, is_default_time
from postscraper.extraction.elements import Node, Words, words
from postscraper.extraction.page import Page, headed, maybe, nodes, scope, there, unread
from postscraper.extraction.pictures import first_picture_url, main_picture
from postscraper.extraction.text import clean
from postscraper.items import Article, DatedTeaser, Listing, Problem, Reason, Teaser
from postscraper.layouts.phnompenhpost import drupal
from postscraper.layouts.phnompenhpost.damaged_text import restored
from postscraper.newspapers import PHNOM_PENH_DATES as DATES
from postscraper.urls import absolute, is_front

END = "footer"
STORY = "div#ArticleBody"

HEADLINE = "div.section-width-sidebar.single-article-header > h2"
TWINS = (drupal.TWIN, "header h1 .element-invisible")
BODY = "div.node-article div#ArticleBody, div#ArticleBody[itemprop=articleBody]"

# Hidden forms, the contact line and the lists stand inside or right behind the body.
SKIP = "#loginFormDIV, #createAccountFormDIV, .contact-author, .recommened-news, .related-content, .dfp_ad"
PICTURES = "figure, .node-image"
CAPTION = ".node-image-caption, figcaption"

# Parts of the story's box besides the body, which are read elsewhere or skipped by name.
BESIDE = (
    ".clear, .node-article, #ArticleBody, .node-main-image, .node-title, .one-col, .contact-author,"
    " #loginFormDIV, #createAccountFormDIV, .recommened-news, .related-content, .dfp_ad"
)

# Stories older than the Drupal site came over with the damage of their years, and a time that nobody printed.
_DRUPAL_SINCE = datetime.date(2013, 1, 1)

_SITE = re.compile(r"^Phnom Penh Post -\s*")
_PUBLISHED = re.compile(
    r"^(?P<byline>.*?)\s*(?:\|?\s*(?:Publication date|Published(?: on)?)\s*:?\s+"
    rf"|(?:^|\|)\s*(?={DATES.day}))(?P<date>\S.*)$",
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
    byline, date, problems = _published(page)
    main, lost = main_picture(page, nodes(page, "div.node-main-image"), CAPTION)
    fields, odd = restored(page, _story(page), main, old=date is None or date.on < _DRUPAL_SINCE)
    head = drupal.head(page)
    if date is None or date.at is None:
        head["modified_at"] = None
    return assemble.article(
        page,
        layout="drupal_2017",
        headline=headline,
        twin=drupal.TWIN,
        byline=byline,
        date=date,
        teasers=(*_list(page, "div.recommened-news"), *_list(page, "div.related-content")),
        problems=(*doubts, *problems, *lost, *odd, *_beside(page)),
        **fields,
        **head,
    )


def _headline(page: Page) -> tuple[str, tuple[Problem, ...]]:
    if printed := maybe(page, HEADLINE):
        return printed, ()
    for css in TWINS:
        if twin := _SITE.sub("", maybe(page, css) or ""):
            detail = f"{HEADLINE} holds no words; the headline is its hidden twin's, {css}"
            return twin, (Problem(kind="damage", detail=detail, text=twin),)
    raise PageRejected("no_headline", f"{HEADLINE} and its hidden twins hold no words")


def _story(page: Page) -> Body:
    """The body; editors' broken tags cut some in two. A story may be of pictures alone."""
    parts = nodes(page, BODY) or [scope(page, BODY)]
    story = body(page, *parts, skip=SKIP, pictures=PICTURES, caption=CAPTION)
    if not story.blocks and not story.images:
        raise PageRejected("no_body", "the body holds no words and no picture")
    return story


def _beside(page: Page) -> Iterator[Problem]:
    """Words in the story's box that belong to no known part of it: a stray end tag drops them there."""
    for box in (*nodes(page, "article"), *nodes(page, "div.node-article")):
        for child in box.children:
            if isinstance(child, Node):
                text = "" if child.tag in ("meta", "script", "style") or child.matches(BESIDE) else words(child)
            else:
                text = child.text.strip() if isinstance(child, Words) else ""
            if text:
                yield Problem(kind="unread_words", detail="beside the body", text=text)


def _published(page: Page) -> tuple[str | None, Printed | None, tuple[Problem, ...]]:
    """Byline and date of the line 'Name | Publication date 20 June 2018 | 08:10 ICT'."""
    line = maybe(page, "div.single-article-header div.article-author-wrapper > p") or ""
    match = _PUBLISHED.match(line)
    if match is None:
        name, _, rest = (each.strip() for each in line.partition("|"))
        if rest or any(map(str.isdigit, line)) or _NAMES_A_DATE.search(line):
            odd = Problem(kind="odd_date", detail="no line of byline and date", text=line)
            return (None if _NAMES_A_DATE.search(name) else name or None), None, (odd,)
        return name or None, *drupal.hidden_day(page)
    byline = match["byline"].strip(" |") or None
    date, problems = dated(page, match["date"])
    if date is None:
        return byline, None, problems
    vouched = date.zoned or date.halved
    if not vouched or (date.on < _DRUPAL_SINCE and is_default_time(date.at, page.paper)):
        return byline, replace(date, at=None), ()
    return byline, date, ()


def _list(page: Page, css: str) -> Iterator[Teaser]:
    """The teasers of the story page's side lists, card by card."""
    for box in nodes(page, css):
        name = maybe(box, "h2")
        for position, card in enumerate(nodes(box, ".item-list li"), 1):
            yield drupal.teaser(page, card, name, position)


CARDS = ".item-list li, .views-row, .stories-item, .first-item, .search-result, .quote-block"
# Lists of the site itself, and the advertisements: skipped by name.
CHROME = "header, nav, footer, form, .top-nav, .pager, .menu, .nice-menu, .dfp_ad, .jobs-block"
SIDE = ".sidebar"
BOXES = ":has(> h2, > .title-bar, > .block-title)"
HEADING = ":scope > h2, :scope > .title-bar, :scope > .block-title"

_TWELVE_HOURS_FROM = datetime.date(2020, 1, 1)
_DATE = re.compile(
    rf"(?:(?i:Publication date):?\s)?(?P<text>(?P<date>{DATES.day}{DATES.clock}?{DATES.zone}?)(?: by .*)?)"
)
# Lines of a card; words of it that stand in none are reported.
_LINES = "p, :is(div, span, time):not(:has(div, p))"
_MORE = re.compile(r"(?:READ )?MORE|LOAD MORE|Read more", re.I)

# Kinds of page that are neither story nor list: by Drupal's classes of the body, and their forms.
_NO_LISTS: tuple[tuple[str, Reason], ...] = (
    ("body:is(.page-jobs, .page-job, .node-type-job, .node-type-jobs)", "not_an_article"),
    ("body:is(.node-type-gallery, .node-type-photo-gallery, .page-gallery, .page-multimedia-photos)", "gallery"),
    ("body:is(.node-type-video, .page-video, .page-multimedia, .page-multimedia-videos)", "video"),
    ("body:is(.page-user-login, .page-user-register, .page-user-password), body.page-user #user-login", "log_in"),
    ("body:is([class*='node-type-'], .page-contact, .page-sitemap)", "not_an_article"),
)
_LISTS = frozenset({"page-taxonomy", "page-search", "page-author"})


def listing(page: Page) -> Listing | None:
    """Raises PageRejected for a page of another kind, and for the front page under a story's address."""
    for css, reason in _NO_LISTS:
        if there(page, css):
            raise PageRejected(reason, f"a page of another kind: {' '.join(sorted(page.body_classes))[:200]}")
    front = "front" in page.body_classes
    if front and not is_front(page.canonical(page.url)):
        raise PageRejected("soft_404", "the address answers with the front page")
    section = _section(page)
    entries = tuple(_cards(page, section))
    announces = any(isinstance(each, DatedTeaser) for each in entries)
    next_url = drupal.next_url(page)
    if not announces and not front and next_url is None and not _LISTS.intersection(page.body_classes):
        return None
    return assemble.listing(
        page,
        layout="drupal_2017",
        section=section if _in_menu(page) else None,
        entries=entries,
        next_url=next_url,
    )


def _section(page: Page) -> str | None:
    """The name in the page's own title bar; None without one."""
    bars = (each for each in nodes(page, ".title-bar") if each.closest(f"{SIDE}, {CHROME}") is None)
    return next((text for each in bars if (text := words(each))), None)


def _in_menu(page: Page) -> bool:
    """Whether the page's term is one of the menu's: sections are, tags are not."""
    terms = [each for each in page.body_classes if re.fullmatch(r"page-taxonomy-term-\d+", each)]
    return any(there(page, f"nav .{term}, footer .{term}, .menu .{term}") for term in terms)


def _cards(page: Page, section: str | None) -> Iterator[DatedTeaser | Problem]:
    positions: Counter[str | None] = Counter()
    headings = headed(page, BOXES, HEADING)
    for card in nodes(page, CARDS):
        outer = card.parent.closest(CARDS) if isinstance(card.parent, Node) else None
        if outer is not None or card.closest(CHROME) is not None:
            continue
        name = next((headings[box] for box in card.ancestors if box in headings), None)
        name = None if name == section else name
        for each in _card(page, card, name, positions[name] + 1):
            positions[name] += isinstance(each, DatedTeaser)
            yield each


def _card(page: Page, card: Node, name: str | None, position: int) -> Iterator[DatedTeaser | Problem]:
    links = nodes(card, ":is(h2, h3, h4) a[href]") or nodes(card, "a[href]")
    headline = " ".join(text for each in links if (text := words(each)) and not _MORE.fullmatch(text)) or None
    url = next((near for each in links if (near := absolute(page.base, each.attr("href") or ""))), None)
    boxes = [(each.tag, text) for each in nodes(card, _LINES) if (text := words(each))]
    paragraphs = dict.fromkeys(text for tag, text in boxes if tag == "p" and text != headline)
    lines = [text for text in paragraphs if not _MORE.fullmatch(text)]
    dates = [text for _, text in boxes if _DATE.fullmatch(text)]
    summary = " ".join(line for line in lines if line not in dates) or None
    rest = unread(words(card), [headline or "", *lines, *dates[:1]]).strip(" |")
    if rest := clean(_MORE.sub("", rest)).strip(" |"):
        yield Problem(kind="unread_words", detail="in a card of a list", text=rest)
    if url is None or not (headline or summary):
        return
    date, problems = _date(page, dates[0]) if dates else (None, ())
    yield from problems
    yield DatedTeaser(
        list=name,
        position=position,
        headline=headline,
        url=url,
        summary=summary,
        image_url=first_picture_url(page, card),
        **assemble.published(date),
    )


def _date(page: Page, text: str) -> tuple[Printed | None, tuple[Problem, ...]]:
    """The date of a card; a moment only where the list prints one that is beyond doubt."""
    match = _DATE.fullmatch(text)
    if match is None:
        raise ValueError(text)
    date, problems = dated(page, match["date"])
    if date is None:
        return None, problems
    vouched = date.halved or (date.zoned and date.on < _TWELVE_HOURS_FROM)
    return replace(date, text=match["text"], at=date.at if vouched else None), ()
