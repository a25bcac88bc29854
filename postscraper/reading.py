"""From a capture to exactly one item; the only place that catches what a page provokes."""

import re
from dataclasses import replace
from types import ModuleType
from typing import Protocol, cast
from urllib.parse import urlsplit

from postscraper import decoding, feeds
from postscraper.body import NEVER_WORDS
from postscraper.errors import BadPage, NotAStory
from postscraper.extract import Page, inside, maybe_link, node, nodes, words
from postscraper.items import Article, Capture, Item, Listing, Problem, Reason, Unread
from postscraper.layouts import generic
from postscraper.urls import NO_ALIASES, PAPER_HOSTS, Aliases, path_of


class Layout(Protocol):
    """A module that knows one page design.

    END: what stands at the end of every whole page of the design.
    `article` and `listing` return None when the page is of the other kind, and raise BadPage
    when it is of their kind and not as they know it.
    """

    __name__: str
    END: str

    def recognises(self, page: Page) -> bool: ...
    def article(self, page: Page) -> Article | None: ...
    def listing(self, page: Page) -> Listing | None: ...


Layouts = tuple[ModuleType, ...]


def read(capture: Capture, layouts: Layouts, aliases: Aliases = NO_ALIASES) -> Item:
    """What the capture says: an Article, a Listing, or an Unread that says why it is neither.

    Never raises for anything that a capture holds.
    """
    try:
        return _read(capture, layouts, aliases)
    except NotAStory as known:
        return _unread(capture, known.reason, known.detail)
    except BadPage as unknown:
        return _unread(capture, "layout_failed", str(unknown))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, ArithmeticError) as broken:
        # A page must never stop a run; the detail names the fault for whoever mends the layout.
        return _unread(capture, "layout_failed", f"{type(broken).__name__}: {broken}"[:500])


def _unread(capture: Capture, reason: Reason, detail: str) -> Unread:
    return Unread(reason=reason, detail=detail, url=capture.url, capture=capture.receipt())


def _read(capture: Capture, layouts: Layouts, aliases: Aliases) -> Item:
    _check_status(capture)
    body, cut = decoding.unpacked(capture)
    decoding.look_at(body)
    if decoding.is_feed(body):
        return feeds.listing(capture, body, aliases)
    text, problems = decoding.text_of(body, capture.header("content-type"))
    decoding.guard(text)
    if not decoding.looks_like_html(text):
        raise NotAStory("not_html", "the answer holds no markup of a page")
    page = Page(text, capture, (*problems, *decoding.end_of_page(text, cut)), aliases)
    _check_wall(page)
    layout = recognised(page, layouts)
    if layout is None:
        return _unknown(page)
    item = layout.article(page) or layout.listing(page)
    if item is None:
        raise NotAStory("not_an_article", f"{_name(layout)} knows the design, and the page is neither story nor list")
    _check_soft_404(page, item)
    return _with_end(page, layout, item)


def _unknown(page: Page) -> Article:
    host = urlsplit(page.canonical(page.url)).netloc.removeprefix("www.")
    if host not in PAPER_HOSTS:
        raise NotAStory("another_paper", f"{host} is no paper that is known here")
    return generic.article(page)


def _check_soft_404(page: Page, item: Article | Listing) -> None:
    """Raises NotAStory when a listing answers under another page's address."""
    own = maybe_link(page, page, "link[rel=canonical]")
    asked = path_of(page.canonical(page.url))
    if item.type == "listing" and own is not None and path_of(page.canonical(own)) != asked and asked.count("/") > 1:
        raise NotAStory("soft_404", f"the address answers with another page: {own}")


def _with_end(page: Page, layout: Layout, item: Article | Listing) -> Article | Listing:
    """The item, with a problem when what stands at the end of every whole page was swallowed."""
    if any(problem.kind == "cut" for problem in item.problems):
        return item
    never = frozenset(nodes(page, NEVER_WORDS))
    if any(not inside(end, never) for end in nodes(page, layout.END)):
        return item
    swallowed = Problem(
        kind="cut", detail=f"{layout.END} is missing: an unclosed tag has swallowed the rest, or it is cut"
    )
    return replace(item, problems=(*item.problems, swallowed))


_STATUS: dict[int, Reason] = {
    304: "not_modified",
    401: "refused",
    403: "refused",
    404: "gone",
    410: "gone",
    451: "refused",
}


def _check_status(capture: Capture) -> None:
    status = capture.status
    if status in (200, 203, 206, 226):
        return
    if 300 <= status < 400 and status != 304:
        raise NotAStory("moved", capture.header("location") or "to an address that is not named")
    if status >= 500 or status == 429:
        raise NotAStory("server_error", f"status {status}")
    raise NotAStory(_STATUS.get(status, "bad_status"), f"status {status}")


# What bot checks of the services in front of newspapers are built with; seen by their markup.
_CHALLENGE = (
    "#challenge-form, #challenge-running, #cf-wrapper, #cf-error-details, .cf-browser-verification, .g-recaptcha, "
    " .h-captcha, script[src*='/cdn-cgi/challenge-platform/'], form[action*='__cf_chl'], iframe[src*='captcha']"
)
_CHALLENGE_TITLES = (
    "just a moment",
    "attention required!",
    "checking your browser",
    "ddos-guard",
    "verifying you are human",
)
_SHORTEST_STORY = 400  # characters; the messages seen have 60 to 200
_MESSAGES: tuple[tuple[re.Pattern[str], Reason], ...] = (
    (re.compile(r"page not found|404 not found|not found$|^404\b|រកមិនឃើញ", re.I), "soft_404"),
    (re.compile(r"access denied|403 forbidden|log ?in\b|user login|sign in", re.I), "log_in"),
    (
        re.compile(r"under maintenance|site off-?line|unexpected error|bad gateway|error establishing", re.I),
        "server_error",
    ),
)


def _check_wall(page: Page) -> None:
    """Raises NotAStory for a bot check, a log-in form or a message in place of the page."""
    title = (words(found) if (found := node(page, "title")) is not None else "").casefold()
    story = node(page, "#ArticleBody, .article-text")
    if story is not None and len(story.text) >= _SHORTEST_STORY:
        return  # words enough: whatever the title says, it is a story that may be headed so
    if "_cf_chl_opt" in page.source_text or title.startswith(_CHALLENGE_TITLES) or node(page, _CHALLENGE) is not None:
        raise NotAStory("challenge", f"a bot check: {title[:80]!r}")
    head = re.split(r" \| |, ", title)[0]
    for pattern, reason in _MESSAGES:
        if len(head) <= 40 and pattern.search(head):
            raise NotAStory(reason, f"a message in place of the page: {title[:80]!r}")


def recognised(page: Page, layouts: Layouts) -> Layout | None:
    """The one layout that recognises the page; None when none does. Raises NotAStory for several."""
    found = [layout for layout in cast(tuple[Layout, ...], layouts) if layout.recognises(page)]
    if len(found) > 1:
        raise NotAStory("ambiguous_layout", f"recognised by {', '.join(map(_name, found))}")
    return found[0] if found else None


def _name(layout: Layout) -> str:
    return layout.__name__.rsplit(".", 1)[-1]
