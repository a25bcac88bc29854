"""The lists of a WordPress newspaper: front page, categories, tags, authors, days, search; and those beside a story.

Certain, from WordPress's source: the kind of list by the body's classes, the headings "Category: National" and
"Search results for", the pager's `page-numbers`, `post_class` on a card. Inferred, from real story pages of other
newspapers and the names that themes share: the cards, and what stands in them.

- A card's labels, its author and the count of its comments are skipped by name: samples …/national-list-page-2
- A search finds pages, too, that are no stories: …/search-barge
- A list at a story's side may hold the story itself.
- In a card of no known name the heading links to a story; the card is the largest box with no other heading.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import takewhile
from typing import NamedTuple

from postscraper.errors import PageRejected
from postscraper.extraction import assemble
from postscraper.extraction.body import NEVER_WORDS
from postscraper.extraction.dates import believable
from postscraper.extraction.elements import Node, Words, unseen, words
from postscraper.extraction.page import Page, many, maybe_link, node, nodes, there
from postscraper.extraction.pictures import Album, background_url, styled
from postscraper.extraction.text import NO_WORDS, clean
from postscraper.items import DatedTeaser, Listing, Problem, Teaser
from postscraper.layouts.wordpress.places import CARDS, Place
from postscraper.layouts.wordpress.published import moment_of, printed_date
from postscraper.urls import absolute, is_front, root_kind, why_not_own

# Lists of the site itself.
CHROME = "nav, .menu, .sub-menu, #comments, .comments-area, [class*='mega-menu'], [class*='mega_menu']"
HEADINGS = "h1, h2, h3, h4, h5, h6, .entry-title, .post-title, .jp-relatedposts-post-title, .wpp-post-title"
SUMMARY = (
    ".entry-summary, .wp-block-post-excerpt__excerpt, .td-excerpt, .jeg_post_excerpt, .post-excerpt, .entry-excerpt,"
    " .wp-block-latest-posts__post-excerpt, .entry-content, .excerpt"
)
# Words of a card besides headline, summary and date.
LABELS = (
    "a[rel~=category], a[rel~=tag], a[rel~=author], a[href*='/author/'], a[href*='/category/'], a[href*='/tag/'],"
    " .td-post-category, .post-cat-wrap, .cat-links,"
    " .tags-links, .taxonomy-category, .byline, .author, .posted-by, .wp-block-post-author, .td-post-author-name,"
    " .jeg_meta_author, .jeg_meta_comment, .jeg_post_category, .meta-author, .comments-link, .td-module-comments,"
    " .meta-comment, .more-link, .wp-block-read-more, .wp-block-post-excerpt__more-link, .read-more, .jeg_readmore,"
    " .edit-link, .screen-reader-text, .posted-on, .td-post-date, .sticky-post, .wpp-views, .post-views, .meta-views,"
    " figcaption, .wp-caption-text, .sticky .entry-footer > p:first-child"
)
LIST_NAMES = (
    ".widget-title, .widgettitle, .block-title, .td-block-title, .jeg_block_title, .jp-relatedposts-headline,"
    " .related-title, .section-title, .wp-block-heading, .the-global-title, .td-more-articles-box-title, h2, h3, h4"
)
# The heading of the page's own list.
TITLES = (
    "h1.page-title, h1.archive-title, h1.wp-block-query-title, h1.tdb-title-text, h1.td-page-title, h1.jeg_cat_title"
)
NEXT = (
    "a.next.page-numbers, a.wp-block-query-pagination-next, .nav-previous a, .pagination a.next, .page_nav.next,"
    " .page-nav a[aria-label='next-page'], link[rel=next]"
)

_PREFIX = re.compile(r"(?:Category|Tag|Author|Month|Year|Day|Archives?)\s*:\s*", re.I)
_MORE = re.compile(r"(?:continue reading|read more|read the story|more)\b.*", re.I)
# Headings that may link to a story.
_LINKED = ":is(h2, h3, h4, h5, h6):has(a[href]), a[href] :is(h2, h3, h4, h5, h6)"
_LISTS = frozenset({"home", "blog", "archive", "search", "category", "tag", "author", "date"})


def listing(page: Page) -> Listing | None:
    """None for a page without a list. Raises PageRejected for the front page at another's address, and the reverse."""
    kinds = page.body_classes & _LISTS
    address = page.canonical(page.url)
    if "home" in kinds and not is_front(address):
        raise PageRejected("soft_404", "the address answers with the front page")
    if kinds and kinds.isdisjoint({"home", "blog"}) and root_kind(address) == "front":
        raise PageRejected("soft_404", f"the front page's address answers with another list: {' '.join(sorted(kinds))}")
    # The name of the page's own list, without WordPress's "Category: ".
    title = next((_PREFIX.sub("", text) for text in many(page, TITLES)), None)
    entries = [
        each
        for card, name, position in _cards(page, None)
        for each in _card(page, card, None if name == title else name, position)
    ]
    if not any(isinstance(each, DatedTeaser) for each in entries):
        if not kinds:
            return None
        if "search-no-results" not in page.body_classes and not there(page, ".no-results", ".not-found"):
            entries.append(Problem(kind="unread_words", detail="no card of a list is known on the page"))
    return assemble.listing(
        page,
        layout="wordpress_2026",
        section=title if "category" in kinds else None,
        entries=entries,
        next_url=maybe_link(page, page, NEXT),
    )


def side_lists(page: Page, story: Node) -> Iterator[Teaser]:
    """The lists beside a story, card by card. story: the box of its content."""
    for card, name, position in _cards(page, story):
        if (content := _read(page, card, name, position)) is not None:
            yield assemble.undated(content.teaser)


def _cards(page: Page, story: Node | None) -> Iterator[tuple[Node, str | None, int]]:
    """The cards with the printed name of their list and their place in it, from 1; the innermost of nested ones."""
    around: set[object] = {story, *story.ancestors} if story is not None else set()
    within = set(nodes(story, CARDS)) if story is not None else set[Node]()
    outside = [each for each in nodes(page, CARDS) if each not in around and each not in within]
    outer: set[object] = set()
    for each in outside:
        outer.update(takewhile(lambda above: above not in outer, each.ancestors))
    known = {each for each in outside if each not in outer and each.closest(CHROME) is None and there(each, "a[href]")}
    unknown = set(_unknown_cards(page)) if story is None else set[Node]()
    marks = [
        each
        for each in nodes(page, "*" if unknown else f"{CARDS}, {LIST_NAMES}")
        if each in unknown or each.matches(f"{CARDS}, {LIST_NAMES}")
    ]
    cards = [each for each in marks if each in known or each in unknown]
    headings = _Headings(marks, cards, around)
    positions: Counter[str | None] = Counter()
    for card in cards:
        name = headings.of(card)
        positions[name] += 1
        yield card, name, positions[name]


def _unknown_cards(page: Page) -> Iterator[Node]:
    """The largest boxes around each heading that links to a story, outside the cards of known names."""
    address = page.canonical(page.url)
    for heading in nodes(page, _LINKED):
        link = node(heading, "a[href]") or heading.closest("a[href]")
        url = absolute(page.base, link.attr("href") or "") if link is not None else None
        is_story = url is not None and why_not_own(address, page.canonical(url)) is None
        if not is_story or not words(heading) or heading.closest(f"{CHROME}, {CARDS}") is not None:
            continue
        card = heading
        for above in heading.ancestors:
            if (
                not isinstance(above, Node)
                or above.tag in ("main", "body")
                or len(nodes(above, "h1, h2, h3, h4, h5, h6")) > 1
            ):
                break
            card = above
        yield card


class _Headings:
    """The headings of the lists on a page.

    marks: cards and headings in the order of the page. around: the story's boxes, whose headings are the story's.
    """

    def __init__(self, marks: list[Node], cards: list[Node], around: set[object]) -> None:
        inside: set[object] = set(cards)
        self._around = around
        self._order = {each: place for place, each in enumerate(marks)}
        self._above = {
            each: above
            for each in marks
            if not each.matches(CARDS) and inside.isdisjoint((each, *(above := set(each.ancestors)))) and words(each)
        }

    def of(self, card: Node) -> str | None:
        """The last heading before the card in the nearest box that has one; None without one."""
        for box in card.ancestors:
            if not isinstance(box, Node) or box.tag == "body" or box in self._around:
                return None
            for heading in reversed(self._above):
                if self._order[heading] < self._order[card] and box in self._above[heading]:
                    branches = (each for each in heading.ancestors if isinstance(each, Node) and each.parent is box)
                    if not any(there(branch, CARDS) for branch in branches):
                        # Newspaper sets lists behind tabs; the first is open.
                        return next(iter(many(heading, ".td-cur-simple-item")), None) or words(heading)
        return None


class _Card(NamedTuple):
    """teaser: without its date. read: the elements whose words are read, or skipped by name."""

    teaser: DatedTeaser
    date: Node | None
    read: set[object]


def _read(page: Page, card: Node, name: str | None, position: int) -> _Card | None:
    """The parts of a card; None for one without an address."""
    labels: set[object] = set(nodes(card, LABELS))
    parts = [*([card] if card.tag == "a" else []), *nodes(card, f"a[href], {HEADINGS}")]
    free = [each for each in parts if not labels.intersection({each, *each.ancestors})]
    links = [each for each in free if each.tag == "a"]
    headings = [each for each in nodes(card, HEADINGS) if labels.isdisjoint(nodes(each, "a"))]
    heading = next((each for each in (*headings, *links) if each in free and words(each)), None)
    own = () if heading is None else (heading, *nodes(heading, "a[href]"), *heading.ancestors)
    linked = next((each for each in (*(each for each in links if each in own), *links)), None)
    url = absolute(page.base, linked.attr("href") or "") if linked is not None else None
    if url is None:
        return None
    date = printed_date(Place(card))
    boxes = [each for each in Place(card).first((SUMMARY, "p")) if each not in labels and each is not date]
    summary = " ".join(filter(None, (_summary(each) for each in boxes)))
    album = Album(page)
    for img in nodes(card, "img:not(.avatar)"):
        album.add(img, None, 0)
    drawn = (found for each in styled(card) if (found := background_url(page, each)))
    teaser = DatedTeaser(
        list=name,
        position=position,
        headline=words(heading) if heading is not None else None,
        url=url,
        summary=summary or None,
        image_url=album.images[0].url if album.images else next(drawn, None),
    )
    return _Card(teaser, date, read={*labels, *boxes, heading, date})


def _summary(box: Node) -> str:
    """The words of a summary without the link to the story behind them."""
    text = words(box)
    for more in many(box, f"{LABELS}, a"):
        if _MORE.fullmatch(more):
            text = text.removesuffix(more).rstrip()
    return text


def _card(page: Page, card: Node, name: str | None, position: int) -> Iterator[DatedTeaser | Problem]:
    content = _read(page, card, name, position)
    if content is None:
        yield Problem(kind="unread_words", detail="a card without an address", text=words(card))
        return
    if rest := _unread(card, content.read):
        yield Problem(kind="unread_words", detail="in a card of a list", text=rest)
    text: str | None = words(content.date) if content.date is not None else None
    at, on = moment_of(content.date, page.paper) if content.date is not None else (None, None)
    if on is not None and not believable(on, page.capture.captured_at, page.paper):
        yield Problem(kind="odd_date", detail="no day the paper can print", text=text)
        at, on, text = None, None, None
    yield replace(content.teaser, published_on=on, published_at=at, published_text=text)


def _unread(card: Node, read: set[object]) -> str:
    """The card's words outside the elements that are read, without the marks between them."""
    skipped: set[object] = {*read, *nodes(card, NEVER_WORDS), *unseen(card)}
    rest = (each.text for each in card.descendants if isinstance(each, Words) and skipped.isdisjoint(each.ancestors))
    return clean(" ".join(rest)).strip(f" |,·•–—-/{NO_WORDS}")
