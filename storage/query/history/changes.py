"""Type the changes between two wordings of a story. Pure: two items in, their changes out."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, get_args

from storage.query.history.damage import LOST, fits
from storage.query.history.kinds import HunkKind, Vocabulary, kinds_of
from storage.query.history.notes import notes
from storage.query.history.paragraphs import Comparison, compared
from storage.query.history.tokens import Hunk, Token, hunks, spread, tokens
from storage.query.search.text import normal

ChangeKind = Literal[
    "headline",
    "kicker",
    "standfirst",
    "byline",  # or a credit line of the body
    "dateline",
    "caption",
    "figure",  # a number, an amount, a day
    "name",
    "quotation",
    "paragraph_added",
    "paragraph_removed",
    "paragraph_moved",
    "note_added",  # of a correction, see storage/query/history/notes.py
    "note_changed",
    "note_removed",
    "wording",  # any other rewording
    "typing_error",  # spelling, signs, capitals, the form of a number: the sense is the same
    "damage",  # no edit: words the site broke, or mended
    "redesign",  # no edit: what one design prints and another does not
]
KINDS: tuple[ChangeKind, ...] = get_args(ChangeKind)
NOT_EDITED: tuple[ChangeKind, ...] = ("damage", "redesign")
# Changes that a note would explain; silent without one.
SUBSTANCE: tuple[ChangeKind, ...] = (
    *("headline", "standfirst", "byline", "caption", "figure", "name", "quotation"),
    *("paragraph_added", "paragraph_removed"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change. field: headline, kicker, standfirst, byline, dateline, caption or body.

    before, after: the words concerned, several places of a block parted by ` … `; None for nothing.
    block: of the new body; of the old one where the new one has none; of a caption that of its picture, None for the
    main picture. None outside the body.
    """

    kind: ChangeKind
    field: str
    before: str | None
    after: str | None
    block: int | None = None


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    """The changes from one wording to the next, headline first; old, new: articles as JSON data.

    [] for two that differ in teasers, paragraphs' ends or other things that are no words of the story.
    """
    return list(_Pair(old, new).changes())


_FIELDS: tuple[ChangeKind, ...] = ("headline", "kicker", "standfirst", "byline", "dateline")
_PARTS = frozenset(("cut", "broken_transfer", "paywall", "excerpt"))  # problems of an item that is no whole story
_SEPARATOR = " … "
_QUOTED_WORDS = 3  # fewer between new quotation marks are no quotation
_LIKE = 0.5  # share of words by which a caption or note is the same one, reworded
# Leaked markup, a shortcode, the end of a tag.
_MARKUP = re.compile(
    r"""\b\w+="[^"]*"|itemtype=|(?:[^"<>]{0,80}")?\s*/>|</?[a-z]+[^>]{0,500}>"""
    r"""|\[/[a-z_-]+\]|\[[a-z][\w-]*(?: [\w-]+=(?:"[^"\]]*"|[^"\] ]*))+\]"""
    r"""|\[(?:gallery|caption|embed|video|audio|playlist)\]"""
)
_BY = re.compile(r"\W*(?:(?:written )?by|reporters?|ដោយ|អ្នកយកព័ត៌មាន)\b\s*:?\s*|\s+(?:and|និង)\s+|\s*[,&/|]\s*", re.I)


class _Pair:
    """Two wordings, and all that their comparison needs."""

    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self.old, self.new = old, new
        self.redesigned = old.get("layout") != new.get("layout")
        self.old_notes, self.new_notes = notes(old), notes(new)
        old_body, new_body = _body(old, new), _body(new, old)
        placed, new_placed = self._placed(old_body, new), self._placed(new_body, old)
        self.old_body = _tokens_of(old_body, {note.block for note in self.old_notes} | placed)
        self.new_body = _tokens_of(new_body, {note.block for note in self.new_notes} | new_placed)
        self.known = Vocabulary.of(self.old_body, self.new_body)
        # Whether every quotation has its end, so that the words within one are certain.
        bodies = (self.old_body, self.new_body)
        keys = [[token.key for token in body] for body in bodies]
        self.balanced = not any(body.count('"') % 2 or LOST in body for body in keys)
        self.damaged, self.new_damaged = _damaged_words(old), _damaged_words(new)

    def changes(self) -> Iterator[Change]:
        for name in _FIELDS:
            yield from self._field(name)
        yield from self._captions()
        yield from self._paragraphs()
        yield from self._notes()

    def _placed(self, body: Sequence[Mapping[str, Any]], other: Mapping[str, Any]) -> set[int]:
        """Blocks that another design prints as standfirst, byline, caption or credit."""
        if not self.redesigned:
            return set()
        own = self.old if other is self.new else self.new
        fields = {normal(other.get(name)) for name in _FIELDS if not own.get(name)}
        images = other.get("images") or ()
        captions = {normal(image.get(name)) for image in images for name in ("caption", "credit", "caption_text")}
        if captions - {""}:
            captions.add(normal("Photo by:"))
        elsewhere = (fields | captions) - {""}
        return {index for index, block in enumerate(body) if normal(block["text"]) in elsewhere}

    def _field(self, name: ChangeKind) -> Iterator[Change]:
        before, after = self.old.get(name) or None, self.new.get(name) or None
        if normal(before) == normal(after) or _is_unprinted(name, self.old) or _is_unprinted(name, self.new):
            return
        if _are_lost(before, after):
            yield Change(kind="damage", field=name, before=before, after=after)
            return
        names_nobody = [not item.get("authors") for item in (self.old, self.new)]
        is_house_byline = name == "byline" and names_nobody[0] != names_nobody[1]
        if self.redesigned and name != "headline" and (is_house_byline or not (before and after)):
            yield Change(kind="redesign", field=name, before=before, after=after)
            return
        if name == "byline" and _people(before) == _people(after):
            kind: ChangeKind = "redesign" if self.redesigned else "typing_error"
            yield Change(kind=kind, field=name, before=before, after=after)
            return
        yield from self._reworded(name, name, before, after, None)

    def _reworded(
        self, kind: ChangeKind, name: str, before: str | None, after: str | None, block: int | None
    ) -> Iterator[Change]:
        """Changes of a text that is no part of the body: of the whole text, and of its figures and names."""
        differences = hunks(tokens([(0, before or "")]), tokens([(0, after or "")]))
        typed = kinds_of(differences, self.known)
        if before and after and all(each == {"typing_error"} for _, each in typed):
            kind = "typing_error"
        yield Change(kind=kind, field=name, before=before, after=after, block=block)
        if before and after and kind != "byline":
            for also in ("figure", "name"):
                places = [hunk for hunk, each in typed if also in each]
                if places:
                    yield _change(also, name, places, block)

    def _captions(self) -> Iterator[Change]:
        removed, added = self._other_captions(self.old, self.new), self._other_captions(self.new, self.old)
        pairs, removed, added = _paired(removed, added)
        for (before, _), (after, block) in pairs:
            yield from self._reworded("caption", "caption", before, after, block)
        kind: ChangeKind = "redesign" if self.redesigned else "caption"
        for caption, block in removed if not _is_unprinted("captions", self.new) else ():
            yield Change(kind=kind, field="caption", before=caption, after=None, block=block)
        for caption, block in added if not _is_unprinted("captions", self.old) else ():
            yield Change(kind=kind, field="caption", before=None, after=caption, block=block)

    def _other_captions(self, item: Mapping[str, Any], other: Mapping[str, Any]) -> "list[_Text]":
        """Captions that the other item lacks. Another design may part them from their credits, or print them in the
        body.
        """
        there = {normal(image.get("caption")) for image in other.get("images") or ()}
        if self.redesigned:
            there |= {_printed(image) for image in other.get("images") or ()}
            there |= {normal(block["text"]) for block in other["body"]}
        missing: dict[str, _Text] = {}
        for image in item.get("images") or ():
            caption = normal(image.get("caption"))
            if caption and there.isdisjoint({caption, _printed(image)} if self.redesigned else {caption}):
                missing[caption] = image["caption"], image.get("block")
        return [*missing.values()]

    def _notes(self) -> Iterator[Change]:
        in_both = {normal(note.text) for note in self.old_notes} & {normal(note.text) for note in self.new_notes}
        removed: list[_Text] = [(note.text, note.block) for note in self.old_notes if normal(note.text) not in in_both]
        added: list[_Text] = [(note.text, note.block) for note in self.new_notes if normal(note.text) not in in_both]
        pairs, removed, added = _paired(removed, added)
        for (before, _), (after, block) in pairs:
            yield Change(kind="note_changed", field="body", before=before, after=after, block=block)
        for text, block in removed:
            yield Change(kind="note_removed", field="body", before=text, after=None, block=block)
        for text, block in added:
            yield Change(kind="note_added", field="body", before=None, after=text, block=block)

    def _paragraphs(self) -> Iterator[Change]:
        result = compared(self.old_body, self.new_body, old_is_part=_is_part(self.old), new_is_part=_is_part(self.new))
        for block in result.removed:
            yield self._whole("paragraph_removed", self.old, block, self.damaged)
        for block in result.added:
            yield self._whole("paragraph_added", self.new, block, self.new_damaged)
        for old_block, block in result.moved:
            before, after = self.old["body"][old_block]["text"], self.new["body"][block]["text"]
            yield Change(kind="paragraph_moved", field="body", before=before, after=after, block=block)
        yield from self._rewordings(result)

    def _rewordings(self, result: Comparison) -> Iterator[Change]:
        """Changes within paragraphs, one for each paragraph and kind."""
        places: dict[tuple[int, ChangeKind], list[Hunk]] = {}
        for before_words, after_words in result.quoted:
            if self.balanced and sum(token.is_word for token in after_words) >= _QUOTED_WORDS:
                hunk = Hunk(before_words, after_words, 0, len(before_words), 0, len(after_words))
                places.setdefault((hunk.block, "quotation"), []).append(hunk)
        for block, differences in groupby(result.hunks, key=lambda hunk: hunk.block):
            typed = kinds_of(list(differences), self.known)
            is_quoted = (block, "quotation") in places or any("quotation" in found_kinds for _, found_kinds in typed)
            for hunk, found_kinds in typed:
                if is_quoted and _is_marks(hunk):
                    continue  # of that quotation
                for kind in self._kinds(hunk, found_kinds):
                    places.setdefault((block, kind), []).append(hunk)
        for (block, kind), found in sorted(places.items(), key=lambda place: (place[0][0], KINDS.index(place[0][1]))):
            yield _change(kind, "body", found, block)

    def _whole(self, kind: ChangeKind, item: Mapping[str, Any], block: int, damaged: set[str]) -> Change:
        text = item["body"][block]["text"]
        if item["body"][block]["kind"] == "credit":
            kind = "redesign" if self.redesigned else "byline"
        is_drop_cap = block == 0 and len(text) == 1 and text.isalpha() and len(item["body"]) > 1
        if normal(text) in damaged or is_drop_cap or not _MARKUP.sub("", text).strip():
            kind = "damage"
        before, after = (text, None) if item is self.old else (None, text)
        return Change(kind=kind, field="body", before=before, after=after, block=block)

    def _kinds(self, hunk: Hunk, typed: set[HunkKind]) -> Iterable[ChangeKind]:
        if self._is_damage(hunk):
            return ("damage",)
        if self._is_dateline(hunk) or self._is_agency(hunk):
            return ("redesign",)
        (first, *_), item = (hunk.added, self.new) if hunk.added else (hunk.removed, self.old)
        if item["body"][first.block]["kind"] == "credit":
            return ("redesign",) if self.redesigned else ("byline",)
        return typed

    def _is_damage(self, hunk: Hunk) -> bool:
        """Whether the site broke or mended the words: its own problems name them, or their form shows it."""
        if _are_lost(spread(hunk.removed), spread(hunk.added)):
            return True
        removed, added = (normal(spread(side)) for side in (hunk.removed, hunk.added))
        if removed in self.damaged or added in self.new_damaged:
            return True
        letters = ["".join(re.findall(r"[^\W_]", text)).casefold() for text in (removed, added)]
        if hunk.start == 0 and hunk.new_start == 0 and letters[0] != letters[1] and all(letters):
            short, long = sorted(letters, key=len)
            if long[1:] == short:  # a lost drop cap
                return True
        if self.redesigned and letters[0] == letters[1]:  # hyphens of the print columns, a cut-off drop cap
            return "-" in removed + added or hunk.start == 0
        texts = [spread(side) for side in (hunk.removed, hunk.added)]
        is_bare = not any(re.sub(r"[\W_]", "", _MARKUP.sub("", text)) for text in texts)
        return is_bare and any(map(_MARKUP.search, texts))

    def _is_dateline(self, hunk: Hunk) -> bool:
        """Whether a place before the first words became the dateline in another design, or was it there."""
        if not self.redesigned or hunk.start or hunk.new_start:
            return False
        sides = ((hunk.removed, hunk.added, self.new), (hunk.added, hunk.removed, self.old))
        return any(
            gone and not others and _words(spread(gone)) == _words(item.get("dateline") or "")
            for gone, others, item in sides
        )

    def _is_agency(self, hunk: Hunk) -> bool:
        """Whether the name of the agency came to stand behind the words in another design, or stood there."""
        words = _words(spread(hunk.removed) + spread(hunk.added))
        return self.redesigned and words in {_words(item.get("agency") or "") for item in (self.old, self.new)} - {""}


def _are_lost(before: str | None, after: str | None) -> bool:
    """Whether two texts differ in letters alone that one of them lost."""
    damaged, clean = (before or "", after or "") if LOST in (before or "") else (after or "", before or "")
    return LOST in damaged and LOST not in clean and fits(damaged, clean)


def _body(item: Mapping[str, Any], other: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The blocks of a body; those of its first page, if the other item has no more."""
    body: Sequence[Mapping[str, Any]] = item["body"]
    first_page = item.get("first_page")
    return body[:first_page] if first_page and _is_unprinted("body", other) else body


def _tokens_of(body: Sequence[Mapping[str, Any]], without: set[int]) -> list[Token]:
    return tokens((index, block["text"]) for index, block in enumerate(body) if index not in without)


def _is_unprinted(name: str, item: Mapping[str, Any]) -> bool:
    return name in (item.get("not_printed") or ())


def _is_part(item: Mapping[str, Any]) -> bool:
    """Whether more words of the story may follow than the item has."""
    return _is_unprinted("body", item) or not _PARTS.isdisjoint(
        problem["kind"] for problem in item.get("problems") or ()
    )


def _damaged_words(item: Mapping[str, Any]) -> set[str]:
    """The words that the item's problems name as damaged by the site; of a lost first letter the first word."""
    words = set()
    for problem in item.get("problems") or ():
        if problem["kind"] == "damage" and problem.get("text"):
            text = problem["text"]
            words |= {normal(text), *map(normal, text.split(", "))}
    return words - {""}


def _printed(image: Mapping[str, Any]) -> str:
    """A caption with its credit."""
    return normal(image.get("caption_text")) or normal(image.get("caption")) + normal(image.get("credit"))


_Text = tuple[str, int | None]


def _paired(removed: list[_Text], added: list[_Text]) -> tuple[list[tuple[_Text, _Text]], list[_Text], list[_Text]]:
    """Texts that are the same one reworded, then what is gone and what came."""
    pairs = []
    unpaired = list(added)
    for text in removed:
        other = max(unpaired, key=lambda each: _likeness(text[0], each[0]), default=None)
        if other is not None and (_likeness(text[0], other[0]) >= _LIKE):
            pairs.append((text, other))
            unpaired.remove(other)
    gone = [text for text in removed if text not in [old for old, _ in pairs]]
    return pairs, gone, unpaired


def _likeness(one: str, other: str) -> float:
    old, new = tokens([(0, one)]), tokens([(0, other)])
    differing = sum(len(hunk.removed) + len(hunk.added) for hunk in hunks(old, new))
    return 1 - differing / (len(old) + len(new) or 1)


def _people(byline: str | None) -> list[str]:
    """The names of a byline, without the words around them."""
    return sorted(_words(part) for part in _BY.split(byline or "") if _words(part))


def _words(text: str) -> str:
    return re.sub(r"[\W_]", "", normal(text)).casefold()


def _is_marks(hunk: Hunk) -> bool:
    return all(token.key == '"' for token in (*hunk.removed, *hunk.added))


def _change(kind: ChangeKind, name: str, places: Sequence[Hunk], block: int | None) -> Change:
    sides: tuple[Callable[[Hunk], Sequence[Token]], ...] = (lambda hunk: hunk.removed, lambda hunk: hunk.added)
    before, after = (_SEPARATOR.join(filter(None, (spread(side(hunk)) for hunk in places))) or None for side in sides)
    return Change(kind=kind, field=name, before=before, after=after, block=block)
