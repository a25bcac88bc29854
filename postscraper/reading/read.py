"""Read a capture: its item, and the stories it carries whole. Errors that a page provokes are caught here alone."""

import codecs
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from importlib import import_module
from typing import Protocol, cast
from urllib.parse import urlsplit

from postscraper.errors import BadPage, BadRequest, PageRejected
from postscraper.extraction import decode
from postscraper.extraction.content_coding import unpacked
from postscraper.extraction.page import Page, maybe_link, nodes
from postscraper.extraction.swallowed import swallowed
from postscraper.items import Article, Capture, Item, Listing, Reason, Unread
from postscraper.newspaper import Newspaper
from postscraper.reading import blocked, generic, transfers
from postscraper.reading.skeleton import skeleton
from postscraper.urls import NO_ALIASES, Aliases, is_of_paper, is_picture, machine_kind, path_of


class Layout(Protocol):
    """A module for one page design.

    END: what stands at the end of every whole page of the design.
    STORY: the boxes that hold a story's words.
    `article` and `listing` return None when the page is of the other kind, and raise BadPage
    when it is of their kind and its markup is not the design's.
    """

    __name__: str
    END: str
    STORY: str

    def recognises(self, page: Page) -> bool: ...
    def article(self, page: Page) -> Article | None: ...
    def listing(self, page: Page) -> Listing | None: ...


OnSkeleton = Callable[[Article, frozenset[str]], object]


@cache
def loaded(layouts: tuple[str, ...]) -> tuple[Layout, ...]:
    """The modules of a newspaper's layouts. Raises BadRequest for one that cannot be imported."""
    modules = []
    for layout in layouts:
        try:
            modules.append(import_module(layout))
        except ImportError as error:
            raise BadRequest(f"the layout {layout} cannot be loaded: {error}") from error
    return cast(tuple[Layout, ...], tuple(modules))


def read(capture: Capture, paper: Newspaper, aliases: Aliases = NO_ALIASES) -> Item:
    """Read a capture by a newspaper's layouts: an Article, a Listing, or an Unread with the reason why it is neither.

    Never raises for anything that a capture holds.
    """
    return read_all(capture, paper, aliases)[0]


def read_all(
    capture: Capture, paper: Newspaper, aliases: Aliases = NO_ALIASES, on_skeleton: OnSkeleton | None = None
) -> tuple[Item, *tuple[Article, ...]]:
    """The item of `read`, and behind it the stories that a feed or a REST answer carries whole.

    Each of these names its part of the capture in its receipt.
    on_skeleton: called with the story of a page and the page's skeleton.
    """
    flaw: str | None = None
    reason: Reason
    try:
        blocked.check_status(capture, paper)
        flaw = transfers.flaw(capture)
        body, cut = unpacked(capture)
        flaw = flaw or (transfers.CODING_ENDS_EARLY if cut else None)
        item, *stories = _read(capture, body, paper, aliases, on_skeleton, cut=flaw is not None)
        return (transfers.marked(item, flaw) if flaw else item, *stories)
    except PageRejected as known:
        reason, detail = known.reason, known.detail
    except BadPage as unknown:
        reason, detail = "layout_failed", str(unknown)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, ArithmeticError) as broken:
        # A page must never stop a run; the detail names the fault for whoever mends the layout.
        reason, detail = "layout_failed", f"{type(broken).__name__}: {broken}"[:500]
    if flaw and reason not in transfers.SEEN_IN_PART:
        reason, detail = "broken_transfer", f"{flaw}; what came gives {reason}: {detail}"
    return (Unread(reason=reason, detail=detail, url=capture.url, capture=capture.receipt()),)


def _read(
    capture: Capture, body: bytes, paper: Newspaper, aliases: Aliases, on_skeleton: OnSkeleton | None, *, cut: bool
) -> tuple[Item, *tuple[Article, ...]]:
    """body: its content codings undone. cut: whether it is known not to be whole."""
    decode.look_at(body, capture.header("content-type"))
    if decode.is_feed(body):
        # Loaded when the first one comes: a tenth of the time that reading one page takes from the command line.
        feeds = import_module("postscraper.reading.feeds")
        items: tuple[Listing, *tuple[Article, ...]] = feeds.read(capture, body, paper, aliases, cut=cut)
        return items
    machine = machine_kind(capture.url)
    if machine == "rest" and body.removeprefix(codecs.BOM_UTF8).lstrip()[:1] in (b"[", b"{"):
        rest = import_module("postscraper.layouts.wordpress.wordpress_rest")
        answer: tuple[Article | Listing, *tuple[Article, ...]] = rest.read(capture, body, paper, aliases, cut=cut)
        return answer
    decode.guard(body)
    text, problems = decode.text_of(body, capture.header("content-type"))
    if not decode.looks_like_html(text):
        raise PageRejected("not_html", "the answer holds no markup of a page")
    text, leaked = decode.hidden_titles(text)
    page = Page(text, capture, paper, (*problems, *leaked, *decode.end_of_page(text)), aliases)
    layouts = loaded(paper.layouts)
    blocked.check_page(page, _story_boxes(layouts))
    if is_picture(capture.url):
        raise PageRejected("not_a_picture", "the address of a picture answers with a page")
    if machine:
        raise PageRejected("soft_404", "the address of a feed, a sitemap or the REST API answers with something else")
    layout = recognised(page, layouts)
    if layout is None:
        return (_unknown(page),)
    item = layout.article(page) or layout.listing(page)
    if item is None:
        raise PageRejected(
            "not_an_article", f"{_name(layout)} knows the design, and the page is neither story nor list"
        )
    _check_soft_404(page, item)
    if on_skeleton is not None and isinstance(item, Article):
        on_skeleton(item, skeleton(page, layout.STORY))
    return (_with_end(page, layout, item),)


@cache
def _story_boxes(layouts: tuple[Layout, ...]) -> str:
    return ", ".join(dict.fromkeys(layout.STORY for layout in layouts))


def _unknown(page: Page) -> Article:
    address = page.canonical(page.url)
    if not is_of_paper(address):
        host = urlsplit(address).netloc.removeprefix("www.")
        raise PageRejected("another_paper", f"{host} is no paper that is known here")
    written = page.source_text.count("<p") + page.source_text.count("<div")
    if written > 2 * len(nodes(page, "p, div, [class^=p]")) + 10:
        raise PageRejected("unknown_layout", "an unclosed tag swallows most of the page: a browser shows no more of it")
    return generic.article(page)


# First parts of addresses under which the site itself serves its lists besides their own names.
_LIST_ALIASES = frozenset({"taxonomy", "node", "author", "user", "search", "category", "tag", "page"})


def _check_soft_404(page: Page, item: Article | Listing) -> None:
    """Raises PageRejected when a listing answers under a story's address."""
    if item.type != "listing":
        return
    path = path_of(page.canonical(page.url))
    if path.count("/") < 2 or path.split("/")[1] in _LIST_ALIASES:
        return
    own = maybe_link(page, page, "link[rel=canonical]")
    if own is not None and path_of(page.canonical(own)) != path:
        raise PageRejected("soft_404", f"the address answers with another page: {own}")


def _with_end(page: Page, layout: Layout, item: Article | Listing) -> Article | Listing:
    """The item, with a problem when something on the page has swallowed words."""
    is_cut = any(problem.kind == "cut" for problem in item.problems)
    problems = () if is_cut else swallowed(page, layout.END)
    return replace(item, problems=(*item.problems, *problems)) if problems else item  # a copy has 26 fields


def recognised(page: Page, layouts: tuple[Layout, ...]) -> Layout | None:
    """The one layout that recognises the page; None when none does. Raises PageRejected for several."""
    claims = [layout for layout in layouts if layout.recognises(page)]
    if len(claims) > 1:
        raise PageRejected("ambiguous_layout", f"recognised by {', '.join(map(_name, claims))}")
    return claims[0] if claims else None


def _name(layout: Layout) -> str:
    return layout.__name__.rsplit(".", 1)[-1]
