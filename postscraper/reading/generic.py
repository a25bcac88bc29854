"""A page that no layout knows, read by a general extractor (trafilatura, the extra `generic`).

Its items say `layout = "generic"` and never pass for a good reading: of all fields only headline
and body are taken, for general extractors guess the others. They also take anything with words
for a story, so consent forms, parked domains and messages are recognised before.
"""

import re
from importlib import import_module
from importlib.util import find_spec

from postscraper.errors import PageRejected
from postscraper.extraction.elements import words
from postscraper.extraction.page import Page, maybe_link, node, nodes
from postscraper.extraction.text import clean
from postscraper.items import Article, Block, Reason
from postscraper.urls import absolute, path_of

# Characters. Consent pages, parked domains and messages of archives have less, the paper's briefs as much.
SHORTEST = 600
FEWEST_PARAGRAPHS = 2
FEWEST_WORDS = 2  # of a headline; Khmer parts its words by zero-width spaces
LONGEST_MESSAGE = 80  # characters of a heading

# The patterns below are compiled when a page needs them: few are of unknown design.

# The extractor parses anew with libxml2, whose time grows with the square of a tag's attributes and of open elements.
MOST_TAGS = 40_000
_LONG_TAG = r"<[A-Za-z][^<>]{64000}"

_REFRESH = r"(?i)\s*\d+\s*;\s*url\s*=\s*[\"']?(?P<to>[^\"']+)"

# How such pages head themselves; anchored, for a story may be about maintenance or a sale.
_MESSAGES: tuple[tuple[Reason, str], ...] = (
    ("refused", r"before you continue\b|we (?:value|care about) your privacy|(?:your )?cookie consent"),
    ("another_paper", r"(?:this |the )?domain\b.*\b(?:for sale|parked|expired)|\S+\.\w{2,6} is parked"),
    ("soft_404", r"internet archive wayback|hrm\.$|(?:the )?wayback machine has not archived"),
    ("soft_404", r"(?:the )?(?:page|file|article) (?:was |could )?not (?:be )?found|404\b|not found\b|oops"),
    ("server_error", r"(?:(?:we are|site|website) )?(?:is )?(?:currently )?(?:under|down for|scheduled) maintenance"),
    ("server_error", r"coming soon$|we.ll be (?:right )?back|(?:this )?account (?:has been )?suspended|50[0-4]\b"),
    ("server_error", r"(?:site|service) (?:is )?(?:temporarily )?(?:off-?line|unavailable)"),
    ("not_an_article", r"index of /|welcome to nginx|apache2? .*default page|it works!"),
)
# Who serves parked domains and consent forms: their code stands on no page of a paper's own.
_SERVED_BY: tuple[tuple[str, Reason], ...] = (
    (
        "script[src*='sedoparking'], script[src*='parkingcrew'], script[src*='bodis.com'], [href*='hugedomains.com'],"
        " [href*='dan.com/buy-domain'], [href*='afternic.com/forsale'], script[src*='parklogic']",
        "another_paper",
    ),
    ("form[action*='consent.'], form[action*='/consent'], form[action*='privacy-wall']", "refused"),
    ("p.impatient, [href*='/web/'][href*='/http'].impatient, #error.wayback", "moved"),
)


def article(page: Page) -> Article:
    """Raises PageRejected when the page is none, when the extra is missing, or when it finds too little."""
    _check_stub(page)
    if path_of(page.url).count("/") < 2:
        raise _unknown(", and the address is a front or a section's")
    if find_spec("trafilatura") is None:
        raise _unknown("; pip install 'postscraper[generic]' tries a general extractor")
    if page.source_text.count("<") > MOST_TAGS or re.search(_LONG_TAG, page.source_text):
        raise _unknown(", and it has more markup than an extractor can take", "hostile_markup")
    headline, lines = _extracted(page)
    _check_message(headline)
    long_enough = sum(map(len, lines)) >= SHORTEST and len(lines) >= FEWEST_PARAGRAPHS
    if len(re.split(r"[\s\u200b]+", headline)) < FEWEST_WORDS or not long_enough:
        raise _unknown(", and a general extractor finds no story")
    return Article(
        layout="generic",
        language=page.language_of(headline + "".join(lines)),
        url=page.url,
        canonical_url=page.canonical(page.url),
        headline=headline,
        body=tuple(Block(kind="paragraph", text=line) for line in lines),
        problems=page.problems,
        capture=page.receipt,
    )


def _unknown(why: str, reason: Reason = "unknown_layout") -> PageRejected:
    return PageRejected(reason, f"no layout knows this design{why}")


def _extracted(page: Page) -> tuple[str, list[str]]:
    """Headline and paragraphs as the extractor finds them, without the headline in the body."""
    try:
        extract = import_module("trafilatura").bare_extraction
    except Exception as error:  # of any of the packages it needs, one may be missing or of another version
        what = f", and the extra cannot be loaded: {type(error).__name__}: {error}"[:373]
        raise _unknown(f"{what}; pip install 'postscraper[generic]' mends it") from error
    try:
        story = extract(page.source_text, url=page.url, with_metadata=True, include_comments=False)
    except Exception as error:  # it asserts what broken pages violate, and documents no exceptions
        what = f", and the general extractor breaks on it: {type(error).__name__}: {error}"
        raise _unknown(what[:473]) from error
    if story is None:
        return "", []
    headline = clean(story.title or "")
    lines = [clean(line) for line in (story.text or "").splitlines()]
    return headline, [line for line in lines if line and line != headline]


def _check_stub(page: Page) -> None:
    """Raises PageRejected for a page that only leads elsewhere, and for what known services serve."""
    for refresh in nodes(page, "meta[http-equiv='refresh' i]"):
        match = re.match(_REFRESH, refresh.attr("content") or "")
        if match and len(page.tree.text) < SHORTEST:
            raise PageRejected("moved", absolute(page.base, match["to"].strip()) or match["to"][:200])
    for css, reason in _SERVED_BY:
        if (served := node(page, css)) is not None:
            where = maybe_link(page, page, css) or served.attr("action") or served.tag
            raise PageRejected(reason, f"a service's page in place of the paper's: {where[:200]}")
    for css in ("title", "h1"):
        for each in nodes(page, css)[:2]:
            _check_message(words(each))


def _check_message(heading: str) -> None:
    for reason, pattern in _MESSAGES:
        if len(heading) <= LONGEST_MESSAGE and re.match(pattern, heading.casefold()):
            raise PageRejected(reason, f"a message in place of the page: {heading!r}")
