"""Answers in place of a page: another status, a bot check, a log-in form, a message."""

import re
from contextlib import suppress
from functools import cache

from postscraper.errors import PageRejected
from postscraper.extraction import decode
from postscraper.extraction.content_coding import unpacked
from postscraper.extraction.elements import words
from postscraper.extraction.page import Page, node, nodes, there
from postscraper.items import Capture, Reason
from postscraper.newspaper import Newspaper
from postscraper.urls import sent_on

_STATUS: dict[int, Reason] = {
    304: "not_modified",
    401: "refused",
    403: "refused",
    404: "gone",
    410: "gone",
    451: "refused",
}
# Statuses behind which a bot check may stand.
_WALLS = frozenset({401, 403, 429, 503})

# What bot checks of the services in front of newspapers are built with; seen by their markup.
_CHALLENGE = (
    "#challenge-form, #challenge-running, #cf-wrapper, #cf-error-details, .cf-browser-verification, [action*=__cf_chl]"
)
# Whole pages carry these too: a captcha in a form, Cloudflare's silent check of the browser.
_CHALLENGE_IF_SHORT = (
    *("script[src*='/cdn-cgi/challenge-platform/']", "iframe[src*='captcha']"),
    ".g-recaptcha, .h-captcha",
)
# One of these stands in every bot check that the selectors match.
_CHALLENGE_SIGNS = ("challenge", "captcha", "cf-", "cf_chl")
_CHALLENGE_TITLES = (
    "just a moment",
    "attention required!",
    "checking your browser",
    "ddos-guard",
    "verifying you are human",
    # Of Wordfence, Imunify360, SiteGround, AWS, F5, Vercel, HUMAN and LiteSpeed.
    "your access to this site has been limited",
    "one moment, please",
    "robot challenge screen",
    "human verification",
    "client challenge",
    "vercel security checkpoint",
    "access to this page has been denied",
    "please verify you are human",
)
_SHORTEST_STORY = 400  # characters; the messages seen have 60 to 200
_SHORTEST_PAGE = 3_000  # characters with menus and code; bot checks have some hundred


def check_status(capture: Capture, paper: Newspaper) -> None:
    """Raises PageRejected unless the status is a page's."""
    status = capture.status
    if status in (200, 203, 206, 226):
        return
    if status == 304 and capture.conditional is False:
        raise PageRejected("broken_transfer", "status 304 to a request that named no version")
    if 300 <= status < 400 and status != 304:
        # The detail is the address, and empty when the answer names none.
        raise PageRejected("moved", sent_on(capture.header("location")) or "")
    if status in _WALLS:
        _check_answer(capture, paper)
    if status >= 500 or status == 429:
        raise PageRejected("server_error", f"status {status}")
    raise PageRejected(_STATUS.get(status, "bad_status"), f"status {status}")


def _check_answer(capture: Capture, paper: Newspaper) -> None:
    """Raises PageRejected for a refusal that is a bot check."""
    # https://developers.cloudflare.com/cloudflare-challenges/challenge-types/challenge-pages/detect-response/
    if (capture.header("cf-mitigated") or "").lower() == "challenge":
        raise PageRejected("challenge", "the answer says that it is a challenge")
    text = ""
    with suppress(PageRejected):
        body, _ = unpacked(capture)
        decode.guard(body)
        text, _ = decode.text_of(body, capture.header("content-type"))
    if text and (wall := _bot_check(Page(text, capture, paper))):
        raise wall


def check_page(page: Page, stories: str) -> None:
    """Raises PageRejected for a bot check, a log-in form or a message in place of the page.

    stories: the boxes in which the layouts find a story's words.
    """
    wall = _bot_check(page) or _message(page)
    # With words enough it is a story, whatever its title: it may be headed so.
    if wall is not None and not any(len(each.text) >= _SHORTEST_STORY for each in nodes(page, stories)):
        raise wall


def _bot_check(page: Page) -> PageRejected | None:
    title = _title(page)
    is_check = title.startswith(_CHALLENGE_TITLES) or _is_challenge(page)
    return PageRejected("challenge", f"a bot check: {title[:80]!r}") if is_check else None


@cache
def _messages(paper: Newspaper) -> tuple[tuple[re.Pattern[str], Reason], ...]:
    """Patterns of the titles of messages, with the reasons for which their pages are unread."""
    names: tuple[tuple[str, Reason], ...]
    names = ("not_found", "soft_404"), ("log_in", "log_in"), ("server_error", "server_error")
    return tuple((re.compile(paper.words_for(name), re.I), reason) for name, reason in names)


def _message(page: Page) -> PageRejected | None:
    title = _title(page)
    head = re.split(r" [|–] |, ", title)[0]
    for pattern, reason in _messages(page.paper):
        if len(head) <= 40 and pattern.search(head):
            return PageRejected(reason, f"a message in place of the page: {title[:80]!r}")
    return None


def _is_challenge(page: Page) -> bool:
    # The selectors look at every element, and take five times as long as a look for their words: rfind, for it
    # takes an eighth of the time of `in`.
    source = page.source_text
    if all(source.rfind(sign) < 0 for sign in _CHALLENGE_SIGNS):
        return False
    return (
        source.rfind("_cf_chl_opt") >= 0
        or there(page, _CHALLENGE)
        or (there(page, *_CHALLENGE_IF_SHORT) and len(page.tree.text) < _SHORTEST_PAGE)
    )


def _title(page: Page) -> str:
    title = node(page, "title")
    return words(title).casefold() if title is not None else ""
