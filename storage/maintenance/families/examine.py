"""Digest, sketch and marks of one story's text, for finding families. Loads no database, for worker processes."""

import signal
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from itertools import chain
from struct import pack
from zlib import crc32

from storage.maintenance.families.texts import FEWEST_WORDS, is_long_enough, is_rerun, is_wire, shingles, tokens
from storage.query.search.text import digest_of, normal

EXTRA = "rensa"
TOO_SHORT = b""
FEWEST_SHINGLES = 10  # beside stock phrases

# A shingle in so many stories of a sample is a stock phrase, as `could not be reached for comment`. Without these a
# million stories are compared as fast as their own words allow.
SAMPLE = 2_000
STOCK = 10

SHORTEST_PARAGRAPH = {"km": 20}  # tokens; a line of a story that lost its paragraphs has about 14 words
SHORTEST_ENGLISH = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The newest wording of a story, as in the tables `story` and `revision`."""

    story_id: int
    revision_id: int
    language: str
    words_digest: str
    kicker: str | None
    headline: str
    standfirst: str | None
    agency: str | None
    body: str


# Values of the table `family_sketch`: story_id, revision_id, digest, sketch, is_wire, is_rerun.
Examined = tuple[int, int, str, bytes | None, bool, bool]


def has_extra() -> bool:
    """Whether nearly equal texts can be found, and not equal ones alone."""
    return find_spec(EXTRA) is not None


def stock_phrases(texts: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The shingles in ten or more texts of a sample; texts: bodies and their languages."""
    counts = Counter(shingle for body, language in texts for shingle in shingles(tokens(body), language))
    return frozenset(shingle for shingle, count in counts.items() if count >= STOCK)


def examine(wordings: Sequence[Wording], stock: Collection[str]) -> list[Examined]:
    """stock: shingles that do not count."""
    paragraphs = [[tokens(paragraph) for paragraph in wording.body.split("\n\n")] for wording in wordings]
    whole = [list(chain(*of_text)) for of_text in paragraphs]
    sketches: Sequence[bytes | None] = [None] * len(wordings)
    if has_extra():
        sketches = _sketches(paragraphs, whole, [wording.language for wording in wordings], stock)
    return [
        (
            wording.story_id,
            wording.revision_id,
            # Headlines do not count, but of a text too short to compare alone: then all words must be equal.
            digest_of(normal(wording.body)) if len(text) >= FEWEST_WORDS else wording.words_digest,
            sketch,
            is_wire(wording.agency, wording.body),
            is_rerun(wording.kicker, wording.headline, wording.standfirst, wording.body),
        )
        for wording, text, sketch in zip(wordings, whole, sketches, strict=True)
    ]


def _sketches(
    paragraphs: Sequence[list[list[str]]], whole: Sequence[list[str]], languages: Sequence[str], stock: Collection[str]
) -> list[bytes]:
    """The bands of each text, and then the digests of its paragraphs, of four bytes each."""
    sketches = [TOO_SHORT] * len(whole)
    own: dict[int, set[str]] = {}
    for at, (text, language) in enumerate(zip(whole, languages, strict=True)):
        if (
            is_long_enough(text, language)
            and len(own_shingles := shingles(text, language).difference(stock)) > FEWEST_SHINGLES
        ):
            own[at] = own_shingles
    bands = import_module("storage.maintenance.families.sketches").bands(list(own.values()))
    for at, numbers in zip(own, bands, strict=True):
        fewest = SHORTEST_PARAGRAPH.get(languages[at], SHORTEST_ENGLISH)
        numbers += {crc32(" ".join(paragraph).encode()) for paragraph in paragraphs[at] if len(paragraph) >= fewest}
        sketches[at] = pack(f"<{len(numbers)}I", *numbers)
    return sketches


# Of a worker process.
_stock: Collection[str] = frozenset()


def begin(stock: frozenset[str]) -> None:
    """Begin a worker process; Ctrl-C is for its parent."""
    global _stock
    _stock = stock
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def examine_batch(wordings: Sequence[Wording]) -> list[Examined]:
    """As `examine`, in a worker process."""
    return examine(wordings, _stock)
