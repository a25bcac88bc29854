"""Marks of an answer that did not come whole, as HTTP itself shows them before anything is read.

Such an answer is read as far as it goes, reports the flaw, and is requested again soon.
"""

import re
from dataclasses import replace

from postscraper.items import Capture, Item, Problem, Reason, Unread

# What is certain of a page by what came of it; any other reason may lie in what did not come.
SEEN_IN_PART: frozenset[Reason] = frozenset(
    {
        *("challenge", "log_in", "server_error", "moved", "another_paper"),
        *("pdf", "picture", "too_large", "hostile_markup", "broken_transfer"),
    }
)
CODING_ENDS_EARLY = "the content coding ends before its end"
_RANGE = re.compile(r"\s*bytes\s+(\d{1,15})-(\d{1,15})/(\d{1,15}|\*)\s*", re.I | re.A)


def flaw(capture: Capture) -> str | None:
    """The fault of a transfer, as a phrase; None when nothing shows one.

    A part is never taken for the page, although a 200 may by RFC 9110 (14.4) carry any Content-Range: a server that
    names a part sends a part.
    """
    if capture.cut:
        return "the answer breaks off"
    named = capture.header("content-range")
    match = _RANGE.fullmatch(named or "")
    if match is None:
        return "status 206, and no range is named" if capture.status == 206 else None
    first, last, whole = match.groups()
    if whole == "*" or (int(first), int(last) + 1) != (0, int(whole)):
        return f"a part that nobody asked for: {match[0].strip()}"
    return None


def marked(item: Item, flaw: str) -> Item:
    """The item, with the flaw of its transfer among its problems."""
    if isinstance(item, Unread):
        return item
    return replace(item, problems=(*item.problems, Problem(kind="broken_transfer", detail=flaw)))
