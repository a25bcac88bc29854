"""Correction notes among the words of a story: corrections, clarifications, editors' notes; English and Khmer."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

NoteKind = Literal["correction", "clarification", "editors_note"]


class Note(NamedTuple):
    """A note; block: index of the block it stands in.

    explains: whether it says that the story was changed, which an editor's note need not.
    """

    kind: NoteKind
    language: str
    text: str
    block: int
    explains: bool


_STORY = r"(?:story|article|report|piece|column|interview|headline|caption|version)"
_CHANGED = r"(?:corrected|amended|updated|clarified|edited|revised|changed|modified)"
_MARK = r"\s*(?:[:៖.(\[]|[-–—])"
# Openings of a paragraph: of each language and kind one pattern. A label needs a mark behind it, for "Correction
# officers said" opens a story.
_LABELS: Mapping[NoteKind, re.Pattern[str]] = {
    "correction": re.compile(
        rf"\W*(?:corrections?{_MARK}|corrections? and clarifications?\b|(?:the )?post (?:regrets|apologi[sz]es)\b"
        rf"|an? (?:earlier|previous|original) (?:version|edition) of (?:this|the|our) |the original version of this "
        rf"|this {_STORY} (?:has been|was) (?:corrected|amended|changed)\b"
        rf"|this {_STORY} (?:originally|previously|initially|incorrectly|wrongly|mistakenly|erroneously)"
        r" (?!published|appeared|ran\b|printed)\w+"
        r"|(?:ការ|សេចក្ដី|សេចក្តី)?(?:កែតម្រូវ|កែតំរូវ)\s*[:៖(]|កំណែតម្រូវ|កំណែ(?:មុន|ដើម)(?:នៃ|របស់)"
        r"|អត្ថបទ(?:នេះ|ខាងលើ)ត្រូវបានកែ(?:តម្រូវ|តំរូវ|សម្រួល|ប្រែ))",
        re.I | re.DOTALL,
    ),
    "clarification": re.compile(
        rf"\W*(?:clarifications?{_MARK}|this {_STORY} (?:has been|was) (?:clarified|updated|edited|revised|modified)\b"
        r"|(?:ការ|សេចក្ដី|សេចក្តី)បំភ្លឺ\s*[:៖(])",
        re.I,
    ),
    "editors_note": re.compile(
        rf"\W*(?:editor[’']?s?[’']?\s+note{_MARK}|note (?:from the editor|to readers){_MARK}"
        r"|(?:កំណត់ចំណាំ|កំណត់សម្គាល់|សម្គាល់)(?:របស់|ពី)?(?:និពន្ធនាយក|អ្នកនិពន្ធ|ការិយាល័យនិពន្ធ)?\s*[:៖])",
        re.I,
    ),
}
# Beginnings of all these, for one quick look at a paragraph: three times faster.
_OPENING = re.compile(
    r"\W*(?:corr|clarif|an? (?:ear|prev|orig)|the (?:orig|post)|this |editor|note |post "
    r"|ការ\u200b?(?:កែ|បំ)|សេចក្|កែ\u200b?ត|កំណ|អត្ថ|សម្)",
    re.I,
)
# Words by which an editor's note says that the story was changed.
_SAYS_CORRECTED = re.compile(
    rf"\b(?:(?:earlier|previous|original) version|{_CHANGED}|corrects?|errors?|erroneous\w*|incorrect\w*|wrong\w*"
    r"|misstated|misspel\w+|misquoted|misidentified|mistaken\w*|apologi[sz]es?)\b|កែតម្រូវ|កែតំរូវ|កែសម្រួល|កំហុស|ខុស",
    re.I,
)
_SAYS_CLARIFIED = re.compile(r"\bclarif\w+|បំភ្លឺ", re.I)
_KHMER = re.compile("[\u1780-\u17ff]")


def notes(article: Mapping[str, Any]) -> tuple[Note, ...]:
    """The notes of an article (JSON data), in the order of the body."""
    return tuple(_notes(article))


def _notes(article: Mapping[str, Any]) -> Iterator[Note]:
    for index, block in enumerate(article["body"]):
        text = block["text"]
        kind = _kind_of(text) if _OPENING.match(text) else None
        if kind is None and block["kind"] == "correction":
            kind = "correction"
        if kind is not None:
            yield Note(kind, "km" if _KHMER.search(text) else "en", text, index, kind != "editors_note")


def _kind_of(text: str) -> NoteKind | None:
    """The kind of note that a paragraph is; None for words of the story."""
    text = text.replace("\u200b", "")
    for kind, pattern in _LABELS.items():
        if pattern.match(text):
            if kind == "editors_note" and _SAYS_CORRECTED.search(text):
                return "correction"
            if kind == "editors_note" and _SAYS_CLARIFIED.search(text):
                return "clarification"
            return kind
    return None
