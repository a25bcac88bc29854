"""Correction notes among the words of a story: corrections, clarifications, editors' notes; English and Khmer."""

import re
from collections.abc import Iterator, Mapping, Sequence
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


_STORY = (
    r"(?:story|article|report|piece|column|editorial|op-ed|analysis|feature|obituary|interview|headline|caption|graphic"
    r"|version)"
)
_CHANGED = r"(?:corrected|amended|updated|clarified|edited|revised|changed|modified)"
_HAS_BEEN = r"(?:has (?:since )?been|was)"
# Not `amended by parliament`, an article of a law, and not `edited for length`, which is done before printing.
_OTHERWISE = r"(?! by\b)(?!(?:[ ,]+\w+){0,3}? for (?:length|clarity|style|brevity|space|grammar)\b)"
_WRONGLY = r"(?:in(?:correctly|accurately)|wrongly|mistakenly|erroneously)"
_GAVE = (
    r"(?:said|stated|reported|gave|named|identified|listed|described|quoted|referred|attributed|spelled|spelt|claimed"
    r"|put|called|cited|had|included|used|suggested|indicated|noted|wrote|implied|credited|contained|omitted|failed)"
)
_MISSTATED = r"mis(?:stated|spel\w+|quoted|identified|attributed|named|labell?ed|reported|represented)"
_EARLIER = (
    rf"(?:earlier|previous|original) (?:version|edition)s? of (?:(?:this|our) (?:\w+ )?{_STORY}\b"
    r"|the (?:story|article|headline|caption)\b)"
)
_ERROR = r"(?:errors?|mistakes?|confusion|inaccurac\w+|oversight|omissions?|mis[a-z]+ion)"
_REGRETS = rf"(?:regrets?|apologi[sz]es?) [^.]*\b{_ERROR}\b"
_MONTH = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_DATED = rf"(?:,? (?:of |on )?(?:{_MONTH} \d+|\d+ {_MONTH}))?(?:,? \d{{4}})?"
# A label needs a mark behind it, for "Correction officers said" opens a story.
_MARK = r"(?:\s*(?:[:៖.(\[]|[-–—])|[^\S\n]*\n)"
_KHMER_MARK = r"\s*[:៖()\]–—-]"
_UNQUOTED = r"(?<![“\"«])"  # in quotation marks somebody else regrets
# Openings of a paragraph, of each kind.
_OPENINGS: Mapping[NoteKind, Sequence[str]] = {
    "correction": (
        rf"(?:corrections?|corrected|errat(?:um|a))(?: to (?:this|the|our) {_STORY})?{_DATED}{_MARK}",
        r"correction\W*$",
        r"corrections? and clarifications?\b",
        rf"the (?:\w+ ){{0,2}}post {_REGRETS}",
        rf"{_UNQUOTED}we {_REGRETS}[^,“”\"]*$",
        rf"(?:(?:in|due to|because of|owing to) (?:an? [a-z ]{{1,30}}, )?)?(?:(?:an?|the) )?{_EARLIER}",
        rf"the (?:\w+ )?(?:headline|caption)s? (?:of|on|in|for|to|above) an {_EARLIER}",
        rf"the (?:\w+ )?(?:headline|caption)s? (?:of|on|in|for|to|above) (?:this|our) {_STORY} {_HAS_BEEN} {_CHANGED}",
        rf"this {_STORY} {_HAS_BEEN} (?:corrected|amended|changed)\b{_OTHERWISE}",
        rf"this {_STORY} {_HAS_BEEN} updated to correct\b",
        r"this version corrects\b",
        rf"this {_STORY} (?:(?:originally|previously|initially|{_WRONGLY}) {_GAVE}|{_MISSTATED})\b",
        rf"our {_STORY}\b[^.]{{0,80}} (?:{_WRONGLY} {_GAVE}|{_MISSTATED})\b",
        rf"(?:សូម)?(?:ការ|សេចក្ដី|សេចក្តី)?(?:កែតម្រូវ|កែតំរូវ|កំណែតម្រូវ){_KHMER_MARK}",
        r"កំណែ(?:មុន|ដើម)(?:នៃ|របស់)(?:អត្ថបទ|ព័ត៌មាន|ចំណងជើង)",
        r"អត្ថបទ(?:នេះ|ខាងលើ)ត្រូវបានកែ(?:តម្រូវ|តំរូវ|សម្រួល|ប្រែ)",
        rf"{_UNQUOTED}(?:យើង|ភ្នំពេញ\s*ប៉ុស្តិ៍|កាសែត|ការិយាល័យនិពន្ធ)[^«»“”]{{0,40}}(?:អភ័យទោស|អធ្យាស្រ័យ)[^«»“”]*"
        r"(?:កំហុស|ខុសឆ្គង|ភាន់ច្រឡំ|មិនត្រឹមត្រូវ)",
    ),
    "clarification": (
        rf"clarifications?{_DATED}{_MARK}",
        r"clarification\W*$",
        rf"this {_STORY} {_HAS_BEEN} (?:clarified|updated|edited|revised|modified)\b{_OTHERWISE}",
        rf"(?:ការ|សេចក្ដី|សេចក្តី)បំភ្លឺ{_KHMER_MARK}",
        r"អត្ថបទ(?:នេះ|ខាងលើ)ត្រូវបានធ្វើបច្ចុប្បន្នភាព",
    ),
    "editors_note": (
        rf"ed(?:itor)?[’']?s?[’']?\s+note{_MARK}",
        rf"note (?:from the editor|to readers){_MARK}",
        r"(?:កំណត់ចំណាំ|កំណត់សម្គាល់|សម្គាល់)(?:របស់|ពី)?(?:និពន្ធនាយក|អ្នកនិពន្ធ|ការិយាល័យនិពន្ធ)?\s*[:៖]",
    ),
}
_LABELS: Mapping[NoteKind, re.Pattern[str]] = {
    kind: re.compile(rf"\W*(?:(?:note|updated?)\s*:\s*)?(?:{'|'.join(openings)})", re.I | re.DOTALL)
    for kind, openings in _OPENINGS.items()
}
# Beginnings of all these, for one quick look at a paragraph.
_BEGINNING = re.compile(
    r"\W*(?:corr|errat|clarif|update|an? (?:ear|prev|orig)|the |this |our |we |ed|note|in an?|due to"
    r"|because of|owing to|earlier|previous|original|សូម|ការ\u200b?(?:កែ|បំ|ិ)|សេចក្|កែ\u200b?ត|កំណ|អត្ថ|សម្|យើង|ភ្នំ|កាសែត)",
    re.I,
)
# Words by which an editor's note says that the story was changed.
_SAYS_CORRECTED = re.compile(
    rf"\b(?:{_EARLIER}"
    rf"|{_STORY}\b(?: \w+){{0,6}}? (?:has|have|had|was|were) (?:since )?(?:been )?{_CHANGED}\b{_OTHERWISE}"
    rf"|{_STORY} (?:originally|previously|initially) {_GAVE}|corrects?\b|corrections?\b|{_WRONGLY} {_GAVE}|{_MISSTATED}"
    rf"|{_REGRETS})|កែតម្រូវ|កែតំរូវ|កែសម្រួល|បច្ចុប្បន្នភាព|កំហុស|ខុសឆ្គង|មិនត្រឹមត្រូវ|សរសេរខុស",
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
        kind = _kind_of(text) if _BEGINNING.match(text) else None
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
