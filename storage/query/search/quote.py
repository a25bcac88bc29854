"""Find a sentence in every wording of the stories, and in teasers: exact or nearly, and whether it still stands.

Candidates come from the index: revisions with the whole sentence as a phrase, and those that share most of its rarest
words (in Khmer: runs of three clusters). Each is then compared with the sentence word by word, by the rules of the
search: case, accents, punctuation and invisible signs do not count.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import SequenceMatcher
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import Connection, text

from storage.database.engine import require_sqlite
from storage.errors import BadQuery
from storage.query.history.differences import Piece, compared
from storage.query.search.syntax import MOST_TOKENS, Term
from storage.query.search.text import CLUSTER, Token, composed, encodable, folded, tokens

Standing = Literal["stands", "changed", "removed"]

LEAST_NEAR = 0.6  # similarity, of words in order: two sentences about one thing by two writers have less
LEAST_WORDS = 4  # of a sentence that is looked for in near forms, too
MOST_QUOTED = 1_000  # addresses that are given
_MOST_EXACT = 1_000  # stories, of which every wording is read
_MOST_CANDIDATES = 200  # revisions
_RAREST, _COUNTED = 8, 5_000  # units by which near forms are looked for; rows after which a unit is common
_RUN = 3  # clusters of Khmer that make a unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The sentence as printed in one place.

    place: headline, kicker, standfirst, body, byline, caption, teaser headline or teaser summary. similarity: 1 for an
    exact form. differences: pieces from the sentence to `text`; empty for an exact form. revisions: numbers of the
    wordings with this form; () for a teaser. seen: how many captures of teasers have it; None elsewhere.
    """

    place: str
    exact: bool
    similarity: float
    text: str
    differences: tuple[tuple[Piece, str], ...]
    revisions: tuple[int, ...]
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    seen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A story with the sentence, or an address with a teaser that has it.

    story_id: None for an address without a story. standing: of the best form in the story's wordings: in the newest
    one, there in a changed form, or no longer; None without a form in a wording. removed_at: the first capture of the
    wording that lost it, None otherwise or when unknown.
    """

    story_id: int | None
    canonical_url: str
    headline: str | None
    standing: Standing | None
    removed_at: datetime | None
    forms: tuple[Form, ...]

    @property
    def exact(self) -> bool:
        return any(form.exact for form in self.forms)


@dataclass(frozen=True, slots=True)
class _Match:
    exact: bool
    similarity: float
    text: str


class Sentence:
    """A sentence that is looked for in texts."""

    def __init__(self, typed: str) -> None:
        """Raises BadQuery without a word, or with more than a paragraph."""
        typed = encodable(typed)
        words_typed = list(tokens(typed))
        if not words_typed:
            raise BadQuery("a quotation needs a word")
        if len(words_typed) > MOST_TOKENS:
            raise BadQuery(f"a quotation takes at most {MOST_TOKENS} words, in Khmer clusters")
        self.typed = _passage(typed, words_typed)
        self.tokens = [token.text for token in words_typed]
        self.words = [folded(token.text) for token in words_typed]
        self._counts = Counter(self.words)

    def phrase(self) -> str:
        return Term(tuple(self.tokens)).expression()

    def units(self) -> list[str]:
        """Phrases by which near forms are looked for: words, and runs of clusters."""
        units = []
        for is_khmer, run in groupby(self.tokens, key=lambda token: bool(CLUSTER.match(token))):
            members = tuple(run)
            size = _RUN if is_khmer else 1
            units += [Term(members[at : at + size]).expression() for at in range(0, len(members), size)]
        return list(dict.fromkeys(units))

    def best_match(self, printed: str) -> _Match | None:
        """The passage of a text that is most like the sentence; None when none is like it."""
        printed_tokens = list(tokens(printed))
        words = [folded(token.text) for token in printed_tokens]
        size = len(self.words)
        if (at := _place(words, self.words)) is not None:
            return _Match(True, 1.0, _passage(printed, printed_tokens[at : at + size]))
        if size < LEAST_WORDS or not words:
            return None
        start = self._best_window(words)
        first, last = max(0, start - size // 2), min(len(words), start + size + size // 2)
        matcher = SequenceMatcher(None, self.words, words[first:last], autojunk=False)
        blocks = [block for block in matcher.get_matching_blocks() if block.size]
        if not blocks:
            return None
        begin, end = first + blocks[0].b, first + blocks[-1].b + blocks[-1].size
        similarity = 2 * sum(block.size for block in blocks) / (size + end - begin)
        if similarity < LEAST_NEAR:
            return None
        return _Match(False, similarity, _passage(printed, printed_tokens[begin:end]))

    def _best_window(self, words: Sequence[str]) -> int:
        """The first word of as many that share most words with the sentence, in any order."""
        size, missing = len(self.words), Counter(self._counts)
        shared = best = start = 0
        for at, word in enumerate(words):
            shared += missing[word] > 0
            missing[word] -= 1
            if at >= size:
                missing[words[at - size]] += 1
                shared -= missing[words[at - size]] > 0
            if shared > best:
                best, start = shared, max(0, at - size + 1)
        return start


def _place(words: Sequence[str], sentence: Sequence[str]) -> int | None:
    size, first = len(sentence), sentence[0]
    starts = (at for at, word in enumerate(words) if word == first)
    return next((at for at in starts if words[at : at + size] == sentence), None)


def _passage(printed: str, run: Sequence[Token]) -> str:
    return printed[run[0].start : run[-1].end]


def quote(
    connection: Connection, typed: str, *, exact_only: bool = False, limit: int = MOST_QUOTED
) -> tuple[int, list[Quoted]]:
    """At how many addresses a sentence stands, and the first of them: exact forms first, then the most similar.

    exact_only: without addresses that have nearly equal forms alone. Raises BadQuery, Unsupported.
    """
    require_sqlite(connection, "a search for a quotation")
    sentence = Sentence(typed)
    rarest = _rarest(connection, sentence)
    stories = [_quoted(connection, sentence, story_id) for story_id in _candidates(connection, sentence, rarest)]
    by_address = {each.canonical_url: each for each in stories if each is not None}
    teasers = dict(_teasers(connection, sentence))
    for address in by_address.keys() & teasers.keys():
        by_address[address] = replace(by_address[address], forms=(*by_address[address].forms, *teasers.pop(address)))
    for address, forms in teasers.items():
        by_address[address] = _in_teasers_alone(address, forms)
    chosen = [each for each in by_address.values() if each.exact or not exact_only]
    chosen.sort(key=lambda each: (-max(form.similarity for form in each.forms), each.canonical_url))
    return len(chosen), [_with_story(connection, each) for each in chosen[:limit]]


def _rarest(connection: Connection, sentence: Sentence) -> list[str]:
    """The rarest units of the sentence that any text has."""
    query = text("SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH :unit LIMIT :most)")
    counts = {
        unit: connection.execute(query, {"unit": unit, "most": _COUNTED}).scalar_one() for unit in sentence.units()
    }
    return sorted((unit for unit, count in counts.items() if count), key=lambda unit: counts[unit])[:_RAREST]


_EXACT = """
SELECT DISTINCT story_id FROM words CROSS JOIN search_row ON revision_id = words.rowid WHERE words MATCH :query
"""
_NEAR = f"""
SELECT DISTINCT story_id FROM (
    SELECT story_id FROM words CROSS JOIN search_row ON revision_id = words.rowid WHERE words MATCH :query
    ORDER BY bm25(words) LIMIT {_MOST_CANDIDATES}
)
"""


def _candidates(connection: Connection, sentence: Sentence, rarest: Sequence[str]) -> list[int]:
    exact = connection.execute(text(_EXACT), {"query": sentence.phrase()}).scalars().all()
    if len(exact) > _MOST_EXACT:
        raise BadQuery(
            f"{len(exact)} stories have these words; quote more of the sentence, or use `postscraper search`"
        )
    if len(sentence.words) < LEAST_WORDS or not rarest:
        return list(exact)
    near = connection.execute(text(_NEAR), {"query": " OR ".join(rarest)}).scalars()
    return list(dict.fromkeys([*exact, *near]))


_TEXTS = """
SELECT number, first_captured_at, last_captured_at, canonical_url, headline, kicker, standfirst, body, byline,
       (SELECT json_group_array(coalesce(caption_text, caption)) FROM image
        WHERE image.revision_id = revision.id AND coalesce(caption_text, caption) IS NOT NULL) AS captions
FROM revision JOIN story ON story.id = revision.story_id WHERE revision.story_id = :story ORDER BY number
"""
_PLACES = ("headline", "kicker", "standfirst", "body", "byline")


def _quoted(connection: Connection, sentence: Sentence, story_id: int) -> Quoted | None:
    """The story with the sentence; None when none of its wordings has a form of it."""
    rows = connection.execute(text(_TEXTS), {"story": story_id}).all()
    by_form: dict[tuple[str, _Match], list[Any]] = {}
    best: list[float] = []  # similarity, of each wording
    for row in rows:
        matches = {(place, match) for place, printed in _printed(row) if (match := sentence.best_match(printed))}
        best.append(max((match.similarity for _, match in matches), default=0.0))
        for found in sorted(matches, key=lambda each: (-each[1].similarity, each[0])):
            by_form.setdefault(found, []).append(row)
    if not by_form:
        return None
    top = max(best)
    last_with = max(number for number, similarity in enumerate(best) if similarity == top)
    stands = last_with == len(rows) - 1
    return Quoted(
        story_id=story_id,
        canonical_url=rows[-1].canonical_url,
        headline=rows[-1].headline,
        standing="stands" if stands else "changed" if best[-1] else "removed",
        removed_at=None if stands else _moment(rows[last_with + 1].first_captured_at),
        forms=tuple(_form(sentence, place, match, of) for (place, match), of in by_form.items()),
    )


def _printed(row: Any) -> Iterator[tuple[str, str]]:
    for place in _PLACES:
        if printed := getattr(row, place):
            yield place, printed
    for caption in json.loads(row.captions):
        yield "caption", caption


def _form(sentence: Sentence, place: str, match: _Match, rows: Sequence[Any]) -> Form:
    return Form(
        place=place,
        exact=match.exact,
        similarity=match.similarity,
        text=match.text,
        differences=_differences(sentence, match),
        revisions=tuple(row.number for row in rows),
        first_seen_at=_moment(rows[0].first_captured_at),
        last_seen_at=_moment(rows[-1].last_captured_at),
    )


def _differences(sentence: Sentence, match: _Match) -> tuple[tuple[Piece, str], ...]:
    return () if match.exact else tuple(compared(composed(sentence.typed), composed(match.text)))


def _moment(stored: str | None) -> datetime | None:
    return None if stored is None else datetime.fromisoformat(stored)


_TEASERS = """
SELECT sighting.address, headline, summary, captured_at FROM sighting JOIN capture ON capture.id = capture_id
WHERE instr(lower(coalesce(headline, '') || char(10) || coalesce(summary, '')), :one)
   OR instr(lower(coalesce(headline, '') || char(10) || coalesce(summary, '')), :other)
ORDER BY captured_at IS NOT NULL, captured_at, capture_id
"""


def _teasers(connection: Connection, sentence: Sentence) -> Iterator[tuple[str, list[Form]]]:
    """The forms in teasers, by address. No index has their words: those with a rare word are read."""
    one, other = _markers(connection, sentence)
    by_address: dict[str, dict[tuple[str, _Match], list[Any]]] = {}
    for row in connection.execute(text(_TEASERS), {"one": one, "other": other}):
        for place, printed in (("teaser headline", row.headline), ("teaser summary", row.summary)):
            if printed and (match := sentence.best_match(printed)):
                by_address.setdefault(row.address, {}).setdefault((place, match), []).append(row.captured_at)
    for address, forms in by_address.items():
        yield address, [_teaser(sentence, place, match, seen) for (place, match), seen in forms.items()]


# Letters alone, and Khmer clusters of a base and a sign at most; neither digits nor letters that have a second form.
_IN_ONE_WAY = re.compile("[a-z]+|[\u1780-\u17a1\u17a5-\u17b0\u17b3][\u17b6-\u17d1]?")


def _markers(connection: Connection, sentence: Sentence) -> tuple[str, str]:
    """The two rarest words of the sentence that are typed in one way alone; "" is in every text."""
    query = text("SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH :word LIMIT :most)")
    counts = {
        word: connection.execute(query, {"word": f'"{word}"', "most": _COUNTED}).scalar_one()
        for word in dict.fromkeys(sentence.words)
        if _IN_ONE_WAY.fullmatch(word)
    }
    rarest = sorted(counts, key=lambda word: (counts[word], -len(word)))
    return (rarest[0], rarest[min(1, len(rarest) - 1)]) if rarest else ("", "")


def _teaser(sentence: Sentence, place: str, match: _Match, seen: Sequence[str | None]) -> Form:
    return Form(
        place=place,
        exact=match.exact,
        similarity=match.similarity,
        text=match.text,
        differences=_differences(sentence, match),
        revisions=(),
        first_seen_at=_moment(next(filter(None, seen), None)),
        last_seen_at=_moment(seen[-1]),
        seen=len(seen),
    )


def _in_teasers_alone(address: str, forms: Iterable[Form]) -> Quoted:
    return Quoted(
        story_id=None, canonical_url=address, headline=None, standing=None, removed_at=None, forms=tuple(forms)
    )


_STORY = """
SELECT story.id, revision.headline FROM story JOIN revision ON revision.id = newest_revision_id
WHERE canonical_url = :address
"""


def _with_story(connection: Connection, quoted: Quoted) -> Quoted:
    """With the story of an address whose teasers alone have the sentence, if it is held."""
    if quoted.story_id is not None:
        return quoted
    row = connection.execute(text(_STORY), {"address": quoted.canonical_url}).first()
    return quoted if row is None else replace(quoted, story_id=row.id, headline=row.headline)
