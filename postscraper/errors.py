"""Errors that this package raises on purpose.

PostscraperError
├── BadPage            what a page provokes; caught in reading.read alone
│   ├── Missing        a selector that must match once matches nothing
│   ├── Ambiguous      … matches more than once
│   └── PageRejected   the page is known, and is no article or listing; carries the reason
├── RobotsUnavailable  a host's robots.txt cannot be had: no page is requested until it can
└── BadRequest         a wrong argument, setting or file name; the message names the right ones
"""

from collections.abc import Iterable
from difflib import get_close_matches

from postscraper.items import Reason


class PostscraperError(Exception):
    """The root of the tree."""


class BadPage(PostscraperError):
    """A page is not what its layout expects."""


class Missing(BadPage):
    """Nothing matches where exactly one thing must."""


class Ambiguous(BadPage):
    """More matches than one."""


class PageRejected(BadPage):
    """The page is known and is neither article nor listing."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason: Reason = reason
        self.detail = detail


class RobotsUnavailable(PostscraperError):
    """The host's robots.txt cannot be had: no page is requested until it can."""


class BadRequest(PostscraperError):
    """A wrong argument, setting or file name; the message names the right ones."""


def closest(word: str, known: Iterable[str]) -> str:
    """The end of a sentence about an unknown word: the known one that it resembles, else all of them."""
    names = {name.casefold(): name for name in known}
    near = get_close_matches(word.casefold(), names, n=1)
    return f"; did you mean {names[near[0]]!r}?" if near else f"; there are: {', '.join(names.values())}"
