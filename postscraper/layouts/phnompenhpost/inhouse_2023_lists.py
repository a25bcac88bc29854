"""The list pages of the publisher's own system, and the lists beside its stories.

Nothing of their HTML is certain. From selectors that worked for others: the cards
`.more-contents > .more-item` with `.more-text` and `.more-img` (2023 to 2025), `.latest-news li a`
(2024), `.article-news`, the button `.btn-load`. From text dumps of December 2025: in a card stand
headline, date, the label "Breaking News" on some, summary, in this order.

- A card's date is `08 December 2025 | 11:07`, on a clock of 12 or of 24 hours: the time is never taken.
- The label is skipped by name: it comes and goes with the hour.
- The button loads by script; `?page=N` gave the same stories in 2023 and 2024.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from postscraper.dates import CLOCK, DAY, Printed, believable, printed
from postscraper.errors import NotAStory
from postscraper.extract import Node, Page, language_of, many, maybe_link, node, nodes, words
from postscraper.items import DatedTeaser, Listing, Problem, Teaser
from postscraper.pictures import first_picture_url
from postscraper.urls import edition_of, page_of, path_of

CARDS = ".more-item, .article-news, .latest-news li"
BOXES = ".more-contents, .latest-news, .more-topic, section, main"
HEADING = ":scope > h2, :scope > h3, :scope > .title h2, :scope > .title h3, :scope > .container > h2"
# The lists that stand beside a story.
SIDE = ".more-contents .more-item, .latest-news li, .more-topic li"

_DAY = re.compile(rf"(?P<printed>{DAY}{CLOCK}?)(?: (?P<label>[A-Z][A-Za-z ]+))?")
_LABELS = frozenset({"Breaking News", "Breaking", "New", "Update", "Live"})
_WORDS_OF_CARD = "a, p, span, time, small, h2, h3, h4, div:not(:has(*))"


def listing(page: Page) -> Listing | None:
    """None for a page without a list. Raises NotAStory for a list under a story's address."""
    cards = nodes(page, CARDS)
    if not cards and node(page, ".more-contents, .btn-load") is None:
        return None
    path = path_of(page.url)
    if path.count("/") > 1:
        raise NotAStory("soft_404", f"a list answers under {path}, which is a story's address")
    found = tuple(_teasers(page, cards))
    teasers = tuple(each for each in found if isinstance(each, DatedTeaser))
    number = page_of(page.url)
    headlines = "".join(each.headline or "" for each in teasers)
    return Listing(
        layout="inhouse_2023",
        language=language_of(headlines) if headlines else edition_of(page.url),
        url=page.url,
        canonical_url=page.canonical(page.url),
        section=_section(page, path),
        page=number,
        teasers=teasers,
        next_url=_next(page, number) if teasers else None,
        problems=(*page.problems, *(each for each in found if isinstance(each, Problem))),
        capture=page.receipt,
    )


def _section(page: Page, path: str) -> str | None:
    """The first part of 'National | Phnom Penh Post'; None on the front page and in a search."""
    title = node(page, "head > title")
    parts = words(title).split(" | ") if title is not None else []
    return parts[0] if len(parts) > 1 and path not in ("/", "/search") else None


def _next(page: Page, number: int) -> str | None:
    if node(page, ".btn-load") is None:
        return None
    here = page.canonical(page.url).split("?")[0]
    return maybe_link(page, page, "a.btn-load[href*='page=']") or f"{here}?page={number + 1}"


def _teasers(page: Page, cards: list[Node]) -> Iterator[DatedTeaser | Problem]:
    positions: dict[str | None, int] = {}
    for card in cards:
        name = _list_name(card)
        position = positions[name] = positions.get(name, 0) + 1
        yield from _card(page, card, name, position)


def _list_name(card: Node) -> str | None:
    """The heading of the nearest box around a card that has one."""
    box = card.closest(BOXES)
    while box is not None:
        if found := many(box, HEADING):
            return found[0]
        box = box.parent.closest(BOXES) if isinstance(box.parent, Node) else None
    return None


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
        found = _DAY.fullmatch(text)
        if found and (found["label"] or "Live") in _LABELS:
            date, problem = _day(page, found["printed"])
            yield from problem
        elif text != headline and text not in _LABELS:
            summary.append(text)
    yield DatedTeaser(
        list=name,
        position=position,
        headline=headline,
        url=url,
        summary=" ".join(summary) or None,
        image_url=first_picture_url(page, card),
        published_on=date.on if date else None,
        published_at=date.at if date else None,
        published_text=date.text if date else None,
    )


def _texts(card: Node) -> Iterator[str]:
    """The words of the card, element by element, each once."""
    taken: set[Node] = set()
    for each in nodes(card, _WORDS_OF_CARD):
        if any(above in taken for above in each.ancestors):
            continue
        if text := words(each):
            taken.add(each)
            yield text


def _day(page: Page, text: str) -> tuple[Printed | None, tuple[Problem, ...]]:
    try:
        date = printed(text)
    except ValueError as error:
        return None, (Problem(kind="odd_date", detail=str(error), text=text),)
    if not believable(date.on, page.capture.captured_at):
        return None, (Problem(kind="odd_date", detail="no day the paper can print", text=text),)
    return replace(date, at=date.at if date.halved else None), ()


def side_lists(page: Page) -> Iterator[Teaser]:
    """The lists beside a story, card by card; a card holds a headline and no date."""
    for each in _teasers(page, nodes(page, SIDE)):
        if isinstance(each, DatedTeaser):
            yield Teaser(
                list=each.list,
                position=each.position,
                headline=each.headline,
                url=each.url,
                summary=each.summary,
                image_url=each.image_url,
            )
