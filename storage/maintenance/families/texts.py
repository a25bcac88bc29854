"""Text of a story as families compare it: tokens, shingles and figures."""

import re
from dataclasses import dataclass
from functools import cached_property

from storage.query.search.text import CLUSTER, composed

# Five English words, or ten Khmer clusters, which are about five words.
SHINGLE = {"km": 10}
WORDS_A_SHINGLE = 5
# A shorter text has too few shingles to measure, and may be a form, as "See the pictures below".
FEWEST_TOKENS = {"km": 40}
FEWEST_WORDS = 20

_TOKEN = re.compile(rf"{CLUSTER.pattern}|[^\W_\u1780-\u17ff]+")
_FIGURE = re.compile(r"\d+(?:[.,]\d+)*")
_KHMER_DIGITS = {0x17E0 + digit: str(digit) for digit in range(10)}

_RERUN = re.compile(r"this\s+(?:week|day|month)\s+in\s+(?:our\s+)?history|from\s+(?:our|the)\s+archives?\b", re.I)
_OPENING = 300  # characters of the body in which a re-run says that it is one
# The last line of agency text names its source: `- Reuters`, `… YOMIURI SHIMBUN (JAPAN)/ASIA NEWS NETWORK`.
_AGENCY = re.compile(
    r"(?:^|[\W_])(?:AFP|AP|dpa|DPA|Reuters|REUTERS|Xinhua|XINHUA|Kyodo|KYODO|Bloomberg|BLOOMBERG|ASIA NEWS NETWORK"
    r"|Asia News Network)\W*\Z"
)


def tokens(text: str) -> list[str]:
    """Words in lower case, and Khmer clusters, in order."""
    return _TOKEN.findall(composed(text).lower())


def shingles(words: list[str], language: str) -> set[str]:
    """The runs of five words, or ten Khmer clusters. words: as `tokens` returns them."""
    size = SHINGLE.get(language, WORDS_A_SHINGLE)
    return {" ".join(words[at : at + size]) for at in range(len(words) - size + 1)}


def is_long_enough(words: list[str], language: str) -> bool:
    return len(words) >= FEWEST_TOKENS.get(language, FEWEST_WORDS)


def figures(text: str) -> frozenset[str]:
    """The numbers in a text, in Arabic digits without separators."""
    numbers = _FIGURE.findall(text.translate(_KHMER_DIGITS))
    return frozenset(figure.replace(",", "") for figure in numbers)


def is_rerun(kicker: str | None, headline: str, standfirst: str | None, body: str) -> bool:
    """Whether a story says that it is printed again, as `THIS WEEK IN HISTORY` does."""
    return any(_RERUN.search(text) for text in (kicker, headline, standfirst, body[:_OPENING]) if text)


def is_wire(agency: str | None, body: str) -> bool:
    """Whether an agency is named, in the byline or at the end of the text."""
    return bool(agency) or _AGENCY.search(body) is not None


@dataclass(frozen=True)
class Text:
    """The text of one story; body: blocks with an empty line between."""

    body: str
    language: str

    @cached_property
    def shingles(self) -> set[str]:
        return shingles(tokens(self.body), self.language)

    @cached_property
    def figures(self) -> frozenset[str]:
        return figures(self.body)
