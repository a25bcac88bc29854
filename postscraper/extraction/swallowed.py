"""Words that an unclosed tag or quote hides: a browser shows nothing of them."""

from postscraper.extraction.elements import Node, is_hidden
from postscraper.extraction.page import Page, nodes, there
from postscraper.items import Problem

# Elements that hide all their words: an unclosed one swallows the rest of the page.
_HIDES = "template, noscript, object, svg, select, audio, video, canvas, [hidden]"
# An attribute that holds markup: its closing quote is missing, and tags and words went into it.
_SWALLOWED = {
    "div": "div:is([class*='<'], [id*='<'], [style*='<'])",
    "p": "p:is([class*='<'], [style*='<'])",
    "span": "span:is([class*='<'], [style*='<'])",
    "a": "a[href*='<']",
    "img": "img[src*='<']",
}


def swallowed(page: Page, end: str) -> tuple[Problem, ...]:
    """A problem when something on the page has swallowed words. end: selector of what ends every whole page."""
    if all(map(_is_swallowed, nodes(page, end))):
        detail = f"{end} is missing: an unclosed tag has swallowed the rest, or it is cut"
    elif tag := _swallower(page):
        detail = f"an unclosed quote in a <{tag}> has swallowed what follows it"
    else:
        return ()
    return (Problem(kind="cut", detail=detail),)


def _is_swallowed(end: Node) -> bool:
    if end.closest(_HIDES) is not None:
        return True
    around = (end, *end.ancestors) if end.closest("[style], [aria-hidden]") is not None else ()
    return any(isinstance(each, Node) and is_hidden(each) for each in around)


def _swallower(page: Page) -> str | None:
    """The tag of an element whose attribute holds markup; None without one."""
    # The engine compares letter by letter, and the addresses of Khmer stories have hundreds: one look at all together.
    linked = "<" in "".join(page.addresses)
    return next((tag for tag, css in _SWALLOWED.items() if (tag != "a" or linked) and there(page, css)), None)
