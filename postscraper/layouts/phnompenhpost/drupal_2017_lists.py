"""The list pages of the redesigned Drupal 7 theme: front, sections, search results, authors, tags.

No real markup of these is known. Certain, from screen pictures and text dumps: their order, the
forms of their dates, the names of their blocks, the load-more pager. From selectors that worked
for others: the cards, `.stories-item` (2018), `div.item-list ul li h3 a` (2020), `li.views-row`
(2021) and `.view-content > .item-list li .article-image` (2023), and `li.search-result` (2023).

- Dates of 2017 to 2019 ending in ICT are moments. From 2020 on lists print a 12-hour clock
  without am or pm: samples …/national-list-2020, whose first story was of 23:04.
- The front page's summaries end in an ellipsis; its quote has a link and no headline: …/front
- Job advertisements print when they expire, and are skipped by name.
"""

import re
from collections import Counter
from dataclasses import replace
from datetime import date

from postscraper.dates import CLOCK, DAY, ZONE, Printed, believable, printed
from postscraper.errors import NotAStory
from postscraper.extract import Node, Page, clean, language_of, many, node, nodes, words
from postscraper.items import DatedTeaser, Listing, Problem, Reason
from postscraper.layouts.phnompenhpost import drupal
from postscraper.pictures import first_picture_url
from postscraper.urls import absolute, edition_of, page_of, path_of

CARDS = ".item-list li, .views-row, .stories-item, .first-item, .search-result, .quote-block"
# Lists of the site itself, and the advertisements: skipped by name.
CHROME = "header, nav, footer, form, .top-nav, .pager, .menu, .nice-menu, .dfp_ad, .jobs-block"
SIDE = ".sidebar"
HEADING = ":scope > h2, :scope > .title-bar, :scope > .block-title"

_TWELVE_HOURS_FROM = date(2020, 1, 1)
_DATE = re.compile(rf"(?:(?i:Publication date):?\s)?(?P<text>(?P<date>{DAY}{CLOCK}?{ZONE}?)(?: by .*)?)")
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
_FRONTS = frozenset({"/", "/front", "/home", "/index.html"})


def listing(page: Page) -> Listing | None:
    """Raises NotAStory for a page of another kind, and for the front page under a story's address."""
    for css, reason in _NO_LISTS:
        if node(page, css) is not None:
            raise NotAStory(reason, f"a page of another kind: {' '.join(sorted(page.body_classes))[:200]}")
    front = "front" in page.body_classes
    if front and path_of(page.url) not in _FRONTS:
        raise NotAStory("soft_404", "the address answers with the front page")
    section = _section(page)
    teasers, problems = _teasers(page, section)
    next_url = drupal.next_url(page)
    if not teasers and not front and next_url is None and not _LISTS.intersection(page.body_classes):
        return None
    headlines = "".join(each.headline or "" for each in teasers)
    return Listing(
        layout="drupal_2017",
        language=language_of(headlines) if headlines else edition_of(page.url),
        url=page.url,
        canonical_url=page.canonical(page.url),
        section=section if _in_menu(page) else None,
        page=page_of(page.url),
        teasers=tuple(teasers),
        next_url=next_url,
        problems=(*page.problems, *problems),
        capture=page.receipt,
    )


def _section(page: Page) -> str | None:
    """The name in the page's own title bar; None without one."""
    bars = (each for each in nodes(page, ".title-bar") if each.closest(f"{SIDE}, {CHROME}") is None)
    return next((text for each in bars if (text := words(each))), None)


def _in_menu(page: Page) -> bool:
    """Whether the page's term is one of the menu's: sections are, tags are not."""
    terms = [each for each in page.body_classes if re.fullmatch(r"page-taxonomy-term-\d+", each)]
    return any(node(page, f"nav .{term}, footer .{term}, .menu .{term}") is not None for term in terms)


def _teasers(page: Page, section: str | None) -> tuple[list[DatedTeaser], list[Problem]]:
    teasers: list[DatedTeaser] = []
    problems: list[Problem] = []
    positions: Counter[str | None] = Counter()
    names: dict[Node, str | None] = {}
    for card in nodes(page, CARDS):
        outer = card.parent.closest(CARDS) if isinstance(card.parent, Node) else None
        if outer is not None or card.closest(CHROME) is not None:
            continue
        name = _list_name(card, names)
        name = None if name == section else name
        teaser, doubts = _teaser(page, card, name, positions[name] + 1)
        problems += doubts
        if teaser is not None:
            positions[name] += 1
            teasers.append(teaser)
    return teasers, problems


def _list_name(card: Node, names: dict[Node, str | None]) -> str | None:
    """The heading of the nearest box around the card that has one."""
    for box in card.ancestors:
        if isinstance(box, Node):
            if box not in names:
                names[box] = next(iter(many(box, HEADING)), None)
            if names[box]:
                return names[box]
    return None


def _teaser(page: Page, card: Node, name: str | None, position: int) -> tuple[DatedTeaser | None, list[Problem]]:
    links = nodes(card, ":is(h2, h3, h4) a[href]") or nodes(card, "a[href]")
    headline = " ".join(text for each in links if (text := words(each)) and not _MORE.fullmatch(text)) or None
    url = next((found for each in links if (found := absolute(page.base, each.attr("href") or ""))), None)
    boxes = [(each.tag, text) for each in nodes(card, "div, p, span, time") if (text := words(each))]
    paragraphs = dict.fromkeys(text for tag, text in boxes if tag == "p" and text != headline)
    lines = [text for text in paragraphs if not _MORE.fullmatch(text)]
    dates = [text for _, text in boxes if _DATE.fullmatch(text)]
    summary = " ".join(line for line in lines if line not in dates) or None
    problems = _unread(card, [headline or "", *lines, *dates[:1]])
    if url is None or not (headline or summary):
        return None, problems
    printed, doubts = _date(page, dates[0]) if dates else (None, [])
    teaser = DatedTeaser(
        list=name,
        position=position,
        headline=headline,
        url=url,
        summary=summary,
        image_url=first_picture_url(page, card),
        published_on=printed.on if printed else None,
        published_at=printed.at if printed else None,
        published_text=printed.text if printed else None,
    )
    return teaser, problems + doubts


def _unread(card: Node, read: list[str]) -> list[Problem]:
    """A problem with the card's words that are none of those read."""
    rest = words(card)
    for text in sorted(read, key=len, reverse=True):
        rest = rest.replace(text, "", 1)
    rest = rest.strip(" |") and clean(_MORE.sub("", rest)).strip(" |")
    return [Problem(kind="unread_words", detail="in a card of a list", text=rest)] if rest else []


def _date(page: Page, text: str) -> tuple[Printed | None, list[Problem]]:
    """The date of a card; a moment only where the list prints one that is beyond doubt."""
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(text)
    odd = [Problem(kind="odd_date", detail="no day the paper can print", text=text)]
    try:
        date = printed(found["date"])
    except ValueError:
        return None, odd
    if not believable(date.on, page.capture.captured_at):
        return None, odd
    vouched = date.halved or (date.zoned and date.on < _TWELVE_HOURS_FROM)
    return replace(date, text=found["text"], at=date.at if vouched else None), []
