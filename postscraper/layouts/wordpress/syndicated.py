"""Stories that WordPress gives without a page around them: an entry of a feed, a post of the REST API.

Certain, from WordPress's source: the content is that of the page (`the_content`); a feed lacks the featured picture,
makes pictures of emoji, and has the first page alone of a story in several, without a sign; an automatic excerpt is the
story's first words with "[…]" behind them. Inferred, from plugins in wide use: the line "The post … appeared first on".
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from html import escape, unescape
from typing import Any

from postscraper.errors import PageRejected
from postscraper.extraction import assemble
from postscraper.extraction.body import Body
from postscraper.extraction.dates import believable
from postscraper.extraction.elements import Node, words
from postscraper.extraction.page import Answer, Page, the_node
from postscraper.extraction.swallowed import swallowed
from postscraper.extraction.text import clean
from postscraper.items import Article, Image, Problem
from postscraper.layouts.wordpress.content import content
from postscraper.layouts.wordpress.featured import pictures
from postscraper.layouts.wordpress.published import Published
from postscraper.layouts.wordpress.terms import section_and_tags

_EMOJI = re.compile(r"<img\b[^>]*\bclass=\"(?:wp-smiley|emoji)\"[^>]*>")
_ALT = re.compile(r"\balt=\"([^\"]*)\"")
# The line of Yoast's and other plugins, under the story or its excerpt.
_FIRST_ON = re.compile(
    r"\s*<p>\s*The (?:post|article) (?:(?!</p>).){0,2000}?(?:appeared first on|first appeared on|appeared on)"
    r"(?:(?!</p>).){0,1000}?</p>\s*$",
    re.S,
)
_PAGE_BREAK = "<!--nextpage-->"
_END = "div.end-of-content"  # put behind the content, to see whether something in it swallows the rest
# Behind the words of an excerpt: WordPress's own mark, and the links that themes put in its place.
_GOES_ON = re.compile(
    r"(?:\[(?:…|\.\.\.|&hellip;|&#8230;)\]|\((?:more|read more|continue reading)[^)]{0,10}\)"
    r"|(?:read more|continue reading|read the full story)\W{0,5})\s*$",
    re.I,
)
# What WordPress and themes put behind the first words of a story.
_CUT = re.compile(r"\s*\[?(?:…|\.{3})")


def plain_words(markup: str, answer: Answer) -> str:
    """The words of a headline, a name or an excerpt, which WordPress gives as markup."""
    if "<" not in markup:
        return clean(unescape(markup))
    return words(_fragment(markup, answer)[1])


def is_excerpt(markup: str, summary: str | None, answer: Answer) -> bool:
    """Whether an entry's content is its summary again, in one paragraph, or says that the story goes on elsewhere."""
    text = plain_words(_without_credit(markup), answer)
    if not text or _GOES_ON.search(text):
        return True
    return text == _GOES_ON.sub("", summary or "").rstrip() and markup.count("<p") < 2 and "<img" not in markup


def standfirst_of(excerpt: str | None, body: str, answer: Answer) -> str | None:
    """The words of an excerpt that somebody wrote; None for WordPress's own, which are the body's first words."""
    text = plain_words(_without_credit(excerpt or ""), answer)
    # A feed drops the selector of an emoji's form.
    shown, whole = text.replace("\ufe0f", ""), clean(body).replace("\ufe0f", "")
    first_words, *cut = _CUT.split(shown, maxsplit=1)
    its_start = whole.startswith(shown) or (cut and first_words and whole.startswith(first_words))
    written = text and not _GOES_ON.search(text) and not its_start
    return text if written else None


def article(
    answer: Answer,
    *,
    layout: str,
    address: str,
    part: str | None,
    headline: str,
    markup: str,
    base: str,
    excerpt: str | None,
    byline: str | None,
    categories: Iterable[str],
    tags: Iterable[str],
    published: Published,
    main: Image | None = None,
    problems: tuple[Problem, ...] = (),
    **others: Any,
) -> Article:
    """The story of an entry or post, read as the same content on a page is.

    address: its canonical one. part: see Receipt. headline, markup, excerpt: as WordPress gives them.
    base: what relative addresses in the markup are seen from; "" for the address of the capture.
    others: further fields of the article.
    Raises PageRejected without a headline or words, and for a post behind a password.
    """
    page, box = _fragment(_with_emoji(_without_credit(markup)), answer, base, problems)
    page.receipt = replace(answer.receipt, part=part)
    story = content(page, box)
    title = plain_words(headline, answer)
    if not title:
        raise PageRejected("no_headline", f"{address}: the title holds no words")
    section, rest = section_and_tags(address, categories, tags)
    published = _believed(published, answer)
    return assemble.article(
        page,
        layout=layout,
        headline=title,
        standfirst=standfirst_of(excerpt, story.text, answer),
        byline=byline,
        section=section,
        tags=rest,
        images=pictures(main, story),
        story=story,
        first_page=_first_page(markup, answer),
        address=address,
        problems=(*published.problems, *story.problems, *_swallowed(page, story)),
        **published.fields(),
        **others,
    )


def _swallowed(page: Page, story: Body) -> tuple[Problem, ...]:
    return () if any(problem.kind == "cut" for problem in story.problems) else swallowed(page, _END)


def _first_page(markup: str, answer: Answer) -> int | None:
    first, parted, _ = markup.partition(_PAGE_BREAK)
    return len(content(*_fragment(_with_emoji(first), answer)).blocks) if parted else None


def _believed(published: Published, answer: Answer) -> Published:
    captured_at, modified_at = answer.capture.captured_at, published.modified_at
    if published.on is not None and not believable(published.on, captured_at, answer.paper):
        odd = Problem(kind="odd_date", detail="no day the paper can print", text=published.text)
        return Published(text=published.text, problems=(odd,))
    too_early = modified_at and (published.at is None or modified_at < published.at)
    too_late = modified_at and captured_at and modified_at > captured_at
    return published._replace(modified_at=None) if too_early or too_late else published


def _fragment(markup: str, answer: Answer, base: str = "", problems: tuple[Problem, ...] = ()) -> tuple[Page, Node]:
    head = f'<!DOCTYPE html><base href="{escape(base)}">'
    # No box is around it, which a stray end tag in the content would close; the end tag behind shows what is swallowed.
    text = f'{head}<body>{markup}<div class="end-of-content"></div></div></body></html>'
    page = Page(text, answer.capture, answer.paper, problems, answer.aliases)
    return page, the_node(page, "body")


def _without_credit(markup: str) -> str:
    return _FIRST_ON.sub("", markup)


def _with_emoji(markup: str) -> str:
    """Emoji as the characters that stand on the page."""
    return _EMOJI.sub(lambda img: alt[1] if (alt := _ALT.search(img[0])) else "", markup)
