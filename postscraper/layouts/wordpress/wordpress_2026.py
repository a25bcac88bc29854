"""Any newspaper on WordPress, in any theme; the Phnom Penh Post and Post Khmer since the first half of 2026.

Known by what WordPress writes itself: its generator or the link to its REST interface, and the classes of the body or
of a post's `article`, or the shortlink.

Certain, from WordPress's source: the kinds of page by the body's classes, the post's number, the markup of the content
(see content.py), the form before a protected post, the numbering of a list's pages. Certain, from real pages of other
newspapers: headline, byline, date, featured picture and section of the themes Newspaper in its two kinds (td-, tdb-),
JNews, Jannah, and a block theme of a paper's own. Inferred, from the names that themes in wide use share: all the rest
of BOXES, HEADLINES, BYLINES, STANDFIRSTS and FEATURED. Nothing is known of the theme of the Post: a line between
headline and content that none of these names is reported.

- The section is the category that the address begins with; else the last of JSON-LD's breadcrumb; else the only one
  that JSON-LD names; else the first printed; else Open Graph's. WordPress's own "Uncategorized" is none, and other
  categories stand before the tags: samples …/rice-barge, …/well-diggers
- The byline is the theme's, without its label ("By", "Written by"); a name typed into the content stays there.
- A page may give two moments for its publication (see published): …/well-diggers. The printed date may be relative.
- Some themes drop WordPress's classes of the body; its links remain: …/page-not-found-at-temple
- A featured picture that a style sheet draws behind a box has no address on the page. One in a box of no known name
  is that of Open Graph, or that WordPress marks as a post's.
- Words behind the content's box are reported: a stray end tag in the content drops them there.
- The caption of a gallery or an embed, and a table, are reported: …/rice-barge
- A post behind a password has no words: …/protected-post
- What WordPress calls a page (`page-id-N`) is no story: …/about-us
- Lists: see wordpress_2026_lists.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import dropwhile, takewhile
from typing import cast

from postscraper.errors import PageRejected
from postscraper.extraction import assemble
from postscraper.extraction.body import NEVER_WORDS, Body
from postscraper.extraction.elements import Node, Words, classes, words
from postscraper.extraction.page import Page, ambiguous, maybe_link, no_body, nodes, own_address, there, unread
from postscraper.extraction.text import clean
from postscraper.items import Article, Image, Printable, Problem
from postscraper.layouts.wordpress import wordpress_2026_lists
from postscraper.layouts.wordpress.content import MORE_PAGES_FOLLOW, SKIP, content
from postscraper.layouts.wordpress.featured import featured, pictures
from postscraper.layouts.wordpress.linked_data import LinkedData, linked_data
from postscraper.layouts.wordpress.places import BOXES, CARDS, ELSEWHERE, Place, of_no_card
from postscraper.layouts.wordpress.published import metas, printed_date, published
from postscraper.layouts.wordpress.terms import section_and_tags
from postscraper.newspaper import Newspaper
from postscraper.urls import is_front, is_of_paper

# A theme's last box: it may be called anything, but footer is in its name.
END = (
    "footer:not(.entry-footer, .post-footer, article footer), #colophon, [id*='footer'],"
    " [class*='footer']:not([class*='entry-footer'], [class*='post-footer'])"
)

STORY = ", ".join(BOXES)
HEADLINES = (
    *("h1.entry-title", "h1.wp-block-post-title", "h1.tdb-title-text", "h1.jeg_post_title", "h1.post-title"),
    *("h1.single-title", "h1.article-title", "h1[itemprop=headline]", ".elementor-widget-theme-post-title h1", "h1"),
)
BYLINES = (
    *(".wp-block-post-author-name", ".wp-block-post-author__name", "a[rel~=author]", ".author.vcard"),
    *(".td-post-author-name a", ".tdb-author-name", ".jeg_meta_author a", ".meta-author a", ".entry-author a"),
    *("[itemprop=author] [itemprop=name]", ".byline a", ".byline", ".author-name", ".post-author"),
    "a[href*='/author/']",
)
STANDFIRSTS = (
    *(".td-post-sub-title", ".tdb_single_subtitle > .tdb-block-inner", ".jeg_post_subtitle", ".entry-sub-title"),
    ".wp-block-post-excerpt",
    *(".post-subtitle", ".entry-subtitle", ".post-excerpt", ".entry-summary", ".standfirst"),
)
CATEGORIES = (
    "a[rel~=category], .entry-category > a, a.tdb-entry-category, .jeg_meta_category > span > a, a.post-cat,"
    " .cat-links > a, .taxonomy-category > a"
)
TAGS = "a[rel~=tag]:not([rel~=category], .taxonomy-category > a), .td-tags > li > a, .tdb-tags > li > a"
# Where a theme would print a standfirst or a kicker of another name.
LINES = "h2, h3, h4, h5, h6, p"
# Lines of the site beside the story's own.
FURNITURE = f"{NEVER_WORDS}, {SKIP}, #breadcrumbs, .breadcrumb, .breadcrumbs, .yoast-breadcrumb, .rank-math-breadcrumb"
_LONGEST_LABEL = 24  # characters of what no line of its own holds, as a count of views or of minutes

# Types of post that newspapers write their stories as; any other is a shop's, a diary's or a builder's.
STORY_TYPES = frozenset({"post", "news", "article", "story", "opinion", "column", "blog"})
_KINDS = frozenset(
    {
        *("single", "page", "attachment", "error404", "home", "blog", "archive", "search", "category", "tag", "author"),
        *("date", "page-template", "wp-singular"),
    }
)
_POST_ID = re.compile(r"postid-(\d{1,18})")
_IN_LINK = re.compile(r"(?:[?&]p=|/wp/v2/posts/)(\d{1,18})$")
_REST = "link[rel='https://api.w.org/']"
_OF_POST = "link[rel=alternate][type='application/json'][href*='/wp/v2/posts/']"


def recognises(page: Page) -> bool:
    if not there(page, "meta[name=generator][content^='WordPress']", _REST):
        return False
    kind = page.body_classes & _KINDS or any(map(_POST_ID.fullmatch, page.body_classes))
    if not kind and not there(page, "link[rel=shortlink][href*='?p=']", "article[id^='post-']", "[class*='wp-block-']"):
        return False
    # Half of all newspapers are built so, and only the host shows whose the page is.
    return is_of_paper(page.canonical(page.url))


def article(page: Page) -> Article | None:
    number = _story_number(page)
    if number is None:
        return None
    box = _box(page, number)
    title = _headline(page, box)
    header = _header(title, box)
    printed = words(title)
    story = content(page, box)
    data = linked_data(page)
    below = _below(header, box)
    date = published(page, data, header if printed_date(header) is not None else below)
    byline = _byline(page, header, data) or _byline(page, below, data)
    categories = _labels(page, box, CATEGORIES)
    tags = data.keywords or tuple(metas(page, "article:tag")) or _labels(page, box, TAGS)
    named = [*categories, *metas(page, "article:section")]
    address, odd_address = own_address(page)
    section, rest = _section_and_tags(address, data, printed, named, list(tags))
    standfirst = next(map(words, header.first(STANDFIRSTS)), None)
    main, lost = featured(page, header, box)
    read = (byline, date.text, standfirst, main.caption_text if main else None, *categories)
    barred = [Problem(kind="paywall", detail="JSON-LD says that the story is not free")] if data.barred else []
    broken = (Problem(kind="damage", detail="broken JSON-LD", text=text[:200]) for text in data.broken)
    return assemble.article(
        page,
        layout="wordpress_2026",
        headline=printed,
        standfirst=standfirst,
        byline=byline,
        section=section,
        tags=rest,
        images=pictures(main, story),
        story=story,
        teasers=tuple(wordpress_2026_lists.side_lists(page, box)),
        node_id=number,
        address=address,
        odd_address=odd_address,
        not_printed=_not_printed(byline, standfirst, main, story),
        problems=(
            *date.problems,
            *_unread(header, title, read, page.paper),
            *lost,
            *story.problems,
            *_behind(box, read, page.paper),
            *barred,
            *broken,
        ),
        **date.fields(),
    )


listing = wordpress_2026_lists.listing


def _not_printed(byline: str | None, standfirst: str | None, main: Image | None, story: Body) -> tuple[Printable, ...]:
    """Fields that the theme may have no place for, since they are not there; the body if it goes on at other pages."""
    printed = {
        "standfirst": standfirst,
        "byline": byline,
        "captions": main and main.caption_text,
        "body": not any(problem.detail == MORE_PAGES_FOLLOW for problem in story.problems),
    }
    return tuple(cast(Printable, name) for name, value in printed.items() if not value)


def _story_number(page: Page) -> int | None:
    """The number of the post that the page is of; None for a page of another kind.

    Raises PageRejected for a page without stories, and for a post of another type than newspapers write.
    """
    body = page.body_classes
    if "error404" in body:
        raise PageRejected("soft_404", "WordPress says that nothing is there: error404")
    if "attachment" in body or (body & {"page", "page-template"} and not body & {"home", "search"}):
        raise PageRejected("not_an_article", f"a page of another kind: {' '.join(sorted(body))[:200]}")
    types = {name.removeprefix("single-") for name in body if name.startswith("single-")}
    number = next((int(match[1]) for name in body if (match := _POST_ID.fullmatch(name))), None)
    if "single" in body and types and not types & STORY_TYPES:
        raise PageRejected("not_an_article", f"a post of another type: {' '.join(sorted(types))[:200]}")
    if number is not None or body & _KINDS - {"single", "wp-singular"}:
        return number
    # The theme drops WordPress's classes; these links are of a single post only.
    if there(page, _OF_POST):
        link = maybe_link(page, page, f"{_OF_POST}, link[rel=shortlink]")
        match = _IN_LINK.search(link or "")
        return int(match[1]) if match else None
    return None


def _box(page: Page, number: int | None) -> Node:
    """The box of the post's content. Raises PageRejected without one, and Ambiguous."""
    for css in BOXES:
        boxes: dict[object, Node] = {each: each for each in nodes(page, css)}
        outer = (each for each in boxes.values() if boxes.keys().isdisjoint(each.ancestors))
        own = [each for each in outer if _is_own(each, number)]
        if len(own) > 1:
            raise ambiguous(css, map(words, own))
        if own:
            return own[0]
    raise no_body(page, "none of the boxes that themes put the content in is there")


def _is_own(box: Node, number: int | None) -> bool:
    """Whether a box is of the page's own post: of no list beside it, and of no other post."""
    if box.closest(ELSEWHERE) is not None or not (clean(box.text) or there(box, "img")):
        return False
    post = box.closest("article.type-post, article.hentry, [id^='post-'].type-post")
    return post is None or f"post-{number}" in (post.attr("id"), *classes(post))


def _headline(page: Page, box: Node) -> Node:
    """The element of the headline. Raises PageRejected when the page has none, and Ambiguous."""
    for css in HEADLINES:
        headings = [
            each
            for each in of_no_card(nodes(page, css), box)
            if words(each)
            and box not in each.ancestors
            and each.closest(f"{ELSEWHERE}, footer") is None
            and not _leads_home(page, each)
        ]
        if len(set(map(words, headings))) > 1:
            raise ambiguous(css, map(words, headings))
        if headings:
            return headings[0]
    raise PageRejected("no_headline", "no heading of the first rank holds words")


def _leads_home(page: Page, heading: Node) -> bool:
    """Whether it is the newspaper's name, linked to the front page."""
    url = maybe_link(page, heading, "a[href]")
    return url is not None and is_front(page.canonical(url))


def _header(title: Node, box: Node) -> Place:
    """The elements before the content in the innermost box around headline and content."""
    above = set(box.ancestors)
    around = next(each for each in title.ancestors if isinstance(each, Node) and each in above)
    before = set(takewhile(box.__ne__, nodes(around, "*"))).difference(above)
    return Place(around, before, frozenset(nodes(around, ELSEWHERE)))


def _below(header: Place, box: Node) -> Place:
    """Those behind the content, in no list or comment: some themes print byline and date below."""
    every = nodes(header.around, "*")
    behind = set(every[every.index(box) + 1 :]).difference(nodes(box, "*"))
    cards = set(nodes(header.around, CARDS)).difference(box.ancestors)
    return Place(header.around, behind, header.apart | cards)


def _byline(page: Page, header: Place, data: LinkedData) -> str | None:
    """The names as the theme prints them in the header, without its label."""
    links = header.first(BYLINES) or _named(page, header, data)
    names = list(dict.fromkeys(name for each in links if (name := _unlabelled(words(each), page.paper))))
    if len(names) < 2:
        return names[0] if names else None
    # Several links of one line: the line shows how the names are joined.
    around = (each for each in links[0].ancestors if isinstance(each, Node))
    line = next((each for each in around if all(each in name.ancestors for name in links)), None)
    printed = _unlabelled(words(line), page.paper) if line is not None else ""
    short = len(printed) <= sum(map(len, names)) + 5 * len(names)
    # Boxes set the names apart, and no character does.
    between = re.split("|".join(map(re.escape, sorted(names, key=len, reverse=True))), printed)[1:-1]
    return printed if short and all(map(str.strip, between)) else ", ".join(names)


def _named(page: Page, header: Place, data: LinkedData) -> list[Node]:
    """The element that prints, with or without a label, the author whom the page names to machines."""
    names = {*data.authors, page.meta("author")} - {None}
    lines = [each for each in header.all("span, p, div, a, li") if _unlabelled(words(each), page.paper) in names]
    return lines[-1:]


@cache
def _label(paper: Newspaper) -> re.Pattern[str]:
    return re.compile(rf"^(?:{paper.words_for('label')})\s*:?(?:\s+|$)|[\s|,–-]+$", re.I)


def _unlabelled(text: str, paper: Newspaper) -> str:
    return _label(paper).sub("", text)


def _unread(header: Place, title: Node, read: Iterable[str | None], paper: Newspaper) -> Iterator[Problem]:
    """The lines between headline and content that are none of what is read there, of the theme's labels, or FURNITURE.

    Of elements that are no paragraph or heading, those whose own words are more than a label.
    """
    known = list(filter(None, read))
    for each in dropwhile(title.__ne__, header.all("*")):
        is_line = each.matches(LINES)
        text = words(each) if is_line else _own_words(each)
        rest = _rest(text, known, paper)
        if not rest or (not is_line and (len(rest) <= _LONGEST_LABEL or each.closest(LINES) is not None)):
            continue
        if title not in (each, *each.ancestors) and each.closest(FURNITURE) is None:
            yield Problem(kind="unread_words", detail="between headline and content", text=text)


def _behind(box: Node, read: Iterable[str | None], paper: Newspaper) -> Iterator[Problem]:
    """The paragraphs right behind the content's box that are none of what is read: a stray end tag sets them there."""
    known = list(filter(None, read))
    for each in box.next_siblings:
        text = clean(each.data) if isinstance(each, Words) else ""
        if isinstance(each, Node) and each.tag in ("p", "blockquote") and not there(each, TAGS):
            text = "" if each.matches(FURNITURE) else words(each)
        if _rest(text, known, paper):
            yield Problem(kind="unread_words", detail="behind the content", text=text)


def _rest(text: str, known: Iterable[str], paper: Newspaper) -> str:
    """The letters of a line that are neither known nor of a theme's label."""
    return re.sub(rf"(?i)\W+|{paper.words_for('beside_byline')}|_", "", unread(text, known))


def _own_words(element: Node) -> str:
    """Those that stand in no element inside it."""
    return clean(" ".join(each.data for each in element.children if isinstance(each, Words)))


def _section_and_tags(
    address: str, data: LinkedData, headline: str, categories: list[str], tags: list[str]
) -> tuple[str | None, tuple[str, ...]]:
    """categories: as printed. The address decides, then the breadcrumb, then the only section that JSON-LD names."""
    crumbs = [each for each in data.crumbs if each != headline]
    # AIOSEO writes categories and tags into one string.
    single = data.sections if len(data.sections) == 1 and "," not in data.sections[0] else ()
    sections = [part for each in data.sections for part in ([each] if each in categories else each.split(", "))]
    return section_and_tags(address, [*crumbs[-1:], *single, *categories], tags, sections)


def _labels(page: Page, box: Node, css: str) -> list[str]:
    """The words of links above or below the content, and in no card of a list."""
    return list(map(words, of_no_card([each for each in nodes(page, css) if each.closest(ELSEWHERE) is None], box)))
