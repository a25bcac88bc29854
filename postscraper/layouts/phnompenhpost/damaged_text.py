"""The damage of 1992 to 2010 stories as the later engines serve them, mended where it is certain.

The source's hard line ends became paragraphs, drop caps were cut off or lost, hyphens of the
print columns stayed, a wire's name was glued to the last sentence. The item's problems name
what was mended and what was left. A body without these marks passes through as it is.
"""

import re
from bisect import bisect_left
from dataclasses import replace
from itertools import pairwise
from typing import Any, NamedTuple

from postscraper.extraction.body import Body
from postscraper.extraction.bylines import AGENCIES, people
from postscraper.extraction.page import Page
from postscraper.items import Block, BlockKind, Image, Problem
from postscraper.layouts.phnompenhpost.typed_opening import KICKER, Opening, blotter, captioned, opened
from postscraper.newspaper import Newspaper


class _Piece(NamedTuple):
    """A block, and the index of the first block of the page that it holds words of."""

    kind: BlockKind
    text: str
    first: int
    mendable: bool

    def saying(self, text: str) -> "_Piece":
        return _piece(self.kind, text, self.first)


def _piece(kind: BlockKind, text: str, first: int) -> _Piece:
    return _Piece(kind, text, first, kind == "paragraph" and not KICKER.fullmatch(text))


_Mended = tuple[list[_Piece], list[Problem]]


def mended(body: Body) -> Body:
    """`body` with the damage undone that can be undone with certainty, and a problem for each kind.

    No letter is lost or added; a hyphen that is taken out is named in its problem.
    """
    pieces = [_piece(block.kind, block.text, index) for index, block in enumerate(blotter(body.blocks))]
    problems = list(body.problems)
    for mend in (_drop_caps, _hard_line_ends, _lost_letter, _print_hyphens, _wire_tail):
        pieces, damage = mend(pieces)
        problems += damage
    starts = [piece.first for piece in pieces]
    return Body(
        blocks=tuple(Block(kind=piece.kind, text=piece.text) for piece in pieces),
        images=tuple(
            image if image.block is None else replace(image, block=bisect_left(starts, image.block))
            for image in body.images
        ),
        links=tuple(replace(link, block=_holding(pieces, link.block, link.text)) for link in body.links),
        problems=tuple(problems),
    )


def _holding(pieces: list[_Piece], first: int, words: str) -> int:
    """The index of the piece that holds the words of the page's block `first`."""
    last = max(index for index, piece in enumerate(pieces) if piece.first <= first)
    alike = [index for index, piece in enumerate(pieces) if piece.first == pieces[last].first]
    return next((index for index in alike if words in pieces[index].text), alike[0])


# --- Drop caps -------------------------------------------------------------------------------

# Words that the paper's stories open with.
_OPENERS = frozenset(
    {
        *("after", "against", "all", "although", "among", "an", "and", "another", "as", "at", "cambodia", "cambodian"),
        *("cambodians", "despite", "during", "every", "five", "four", "from", "government", "hundreds", "if", "in"),
        *("it", "its", "many", "more", "most", "nine", "no", "not", "now", "of", "officials", "on", "once", "one"),
        *("only", "opposition", "our", "over", "phnom", "police", "prime", "seven", "since", "six", "some", "that"),
        *("the", "their", "there", "these", "they", "this", "thousands", "three", "to", "two", "under", "until", "up"),
        *("villagers", "we", "what", "when", "where", "while", "who", "with", "workers"),
    }
)
_ALONE = re.compile(r"[“\"‘']?([A-Z])")
_FIRST_WORD = re.compile(r"[^\W\d_]+")
_CUT_OFF = re.compile(r"([“\"‘']?)([A-Z]) ([A-Z]+|[a-z]+)\b")
_WORDS_OF_ONE_LETTER = frozenset("AIO")


def _drop_caps(pieces: list[_Piece]) -> _Mended:
    """`F` above `our years after …` and `U P to 40 percent`, rejoined where no other word is possible."""
    out: list[_Piece] = []
    joined: list[str] = []
    unsure: list[str] = []
    for piece in pieces:
        cap = _ALONE.fullmatch(out[-1].text) if out else None
        word = _FIRST_WORD.match(piece.text)
        if cap and word and piece.mendable and (word[0].islower() or word[0].isupper()):
            if _is_one_word(cap[1], word[0], pieces) or cap[1] not in _WORDS_OF_ONE_LETTER:
                out[-1] = _piece(piece.kind, out[-1].text + piece.text, out[-1].first)
                joined.append(cap[1] + word[0])
                continue
            unsure.append(f"{cap[1]} {word[0]}")
        out.append(piece)
    at = next((index for index, piece in enumerate(out) if piece.mendable), None)
    if at is not None and (cut := _CUT_OFF.match(out[at].text)) and _is_one_word(cut[2], cut[3], pieces):
        out[at] = out[at].saying(f"{cut[1]}{cut[2]}{out[at].text[cut.end(2) + 1 :]}")
        joined.append(cut[2] + cut[3])
    return out, [
        *_damage("a cut-off drop cap rejoined", joined),
        *_damage("a drop cap that may be a word of its own", unsure),
    ]


def _is_one_word(letter: str, rest: str, pieces: list[_Piece]) -> bool:
    whole = (letter + rest).casefold()
    if whole in _OPENERS or letter in _WORDS_OF_ONE_LETTER:
        return whole in _OPENERS  # "A round of talks" may stand in a story that has "around" too
    return whole in _vocabulary(pieces) or (rest.isupper() and len(rest) > 1)


def _vocabulary(pieces: list[_Piece]) -> frozenset[str]:
    return frozenset(map(str.casefold, _FIRST_WORD.findall("\n".join(piece.text for piece in pieces))))


def _damage(detail: str, words: list[str]) -> list[Problem]:
    return [Problem(kind="damage", detail=detail, text=", ".join(words))] if words else []


# Openers without their first letter, which are no words.
_BEHEADED = frozenset(
    {
        *("fter", "gainst", "lthough", "mong", "nother", "ambodia", "ambodian", "ambodians", "espite", "uring"),
        *("ive", "rom", "overnment", "undreds", "ost", "fficials", "nce", "nly", "pposition", "hnom", "olice"),
        *("ince", "ome", "hese", "hree", "housands", "nder", "ntil", "illagers", "hile", "orkers"),
    }
)


def _lost_letter(pieces: list[_Piece]) -> _Mended:
    """`FTER having …`: reported and left, for the letter is nowhere on the page."""
    story = next((piece.text for piece in pieces if piece.mendable), "")
    word = _FIRST_WORD.match(story.lstrip("“\"‘'"))
    lost = word is not None and word[0].isupper() and word[0].casefold() in _BEHEADED
    return pieces, _damage("the first letter is lost", [story[:60]] if lost else [])


# --- Hard line ends --------------------------------------------------------------------------

_FEWEST_LINES = 6
_LONGEST_LINE = 110  # characters; the source's lines have about 80
_SHORTEST_LINE = 45  # of lines that run on, in the middle: shorter ones are verse or a list
_ENDS_IN_HYPHEN = re.compile(r"[^\W\d_]-$")


def _hard_line_ends(pieces: list[_Piece]) -> _Mended:
    """Lines of about 80 characters joined into paragraphs, only when the whole body is of such lines.

    A line ends its paragraph when the next word would still have fitted behind it. Where that was
    not so the paragraphs' border is lost, and the text runs on.
    """
    width = _room(pieces)
    if width is None:
        return pieces, []
    runs = [[pieces[0]]]
    for before, piece in pairwise(pieces):
        if before.mendable and piece.mendable and (_runs_on(before, piece) or _needed(before, piece) >= width):
            runs[-1].append(piece)
        else:
            runs.append([piece])
    out = [run[0] if len(run) == 1 else run[0].saying(_joined(run)) for run in runs]
    return out, [Problem(kind="damage", detail=f"hard line ends: {len(pieces)} lines joined into {len(out)} blocks")]


def _joined(lines: list[_Piece]) -> str:
    """The lines as one text; a hyphen at the end of one stays, and no space behind it."""
    *rest, last = (line.text for line in lines)
    return "".join(text if _ENDS_IN_HYPHEN.search(text, max(len(text) - 2, 0)) else f"{text} " for text in rest) + last


def _room(pieces: list[_Piece]) -> int | None:
    """The least room, in characters, that lines which surely run on had no longer; None for other bodies."""
    lines = [piece for piece in pieces if piece.mendable]
    too_long = sum(len(line.text) > _LONGEST_LINE for line in lines)
    if len(lines) < _FEWEST_LINES or too_long * 20 > len(lines):
        return None
    pairs = [(before, piece) for before, piece in pairwise(pieces) if before.mendable and piece.mendable]
    sure = [(before, piece) for before, piece in pairs if _runs_on(before, piece)]
    if not sure or len(sure) * 5 < len(pairs) * 2:
        return None
    lengths = sorted(len(before.text) for before, _ in sure)
    if lengths[len(lengths) // 2] < _SHORTEST_LINE:
        return None
    rooms = sorted(_needed(before, piece) for before, piece in sure)
    return rooms[len(rooms) // 10]  # a tenth may be torn lines of the source itself


def _runs_on(before: _Piece, piece: _Piece) -> bool:
    word = _FIRST_WORD.match(piece.text.lstrip("“\"‘'("))
    return word is not None and word[0][0].islower() and not _ends_sentence(before.text)


def _ends_sentence(text: str) -> bool:
    return text.rstrip("”\"’')]").endswith((".", "!", "?", ":", ";"))


def _needed(before: _Piece, piece: _Piece) -> int:
    return len(before.text) + 1 + len(piece.text.split(" ", 1)[0])


# --- Print hyphens and the wire's name ---------------------------------------------------------

_HYPHENATED = re.compile(r"(?<![\w-])([A-Za-z]+)-([a-z]+)(?![\w-])")
# Ends of words that are no words, which compounds never have behind their hyphen. Compiled when first used.
_FRAGMENT = (
    r"(?:\w{0,3}(?:tion|sion)(?:s|al|ally|ed|ing)?|i?ent(?:ly)?|i?ence|ance|ments?|(?:er)?nments?|isters?|inces?"
    r"|ional(?:ly)?|icials?|i[sz]ation|[ia]ties|[ia]ty|ness|tures?|tary|tives?|bodians?|bodia|aysians?|aysia|namese"
    r"|land(?:ers)?ese|ingly|ciation|ernor|idents?)"
)


def _print_hyphens(pieces: list[_Piece]) -> _Mended:
    """`Mal-aysian`: joined where the joined word stands elsewhere in the story, else reported."""
    with_any = (piece.text for piece in pieces if "-" in piece.text)
    broken = [match for text in with_any for match in _HYPHENATED.finditer(text) if re.fullmatch(_FRAGMENT, match[2])]
    if not broken:
        return pieces, []
    vocabulary = _vocabulary(pieces)
    joined: list[str] = []
    unsure: list[str] = []

    def mend(match: re.Match[str]) -> str:
        if not re.fullmatch(_FRAGMENT, match[2]):
            return match[0]
        sure = (match[1] + match[2]).casefold() in vocabulary
        (joined if sure else unsure).append(match[0])
        return match[1] + match[2] if sure else match[0]

    out = [piece.saying(_HYPHENATED.sub(mend, piece.text)) if "-" in piece.text else piece for piece in pieces]
    return out, [*_damage("print hyphens taken out", joined), *_damage("print hyphens, as they stand", unsure)]


_TAIL = rf"(?is)(?P<story>.*[.!?][”\"’]?)\s*(?P<wire>[-–—]\s*(?:{'|'.join(map(re.escape, AGENCIES))})(?:/[\w .-]+)?\.?)"


def _wire_tail(pieces: list[_Piece]) -> _Mended:
    """`… returned home.-Reuters` as the story and a credit."""
    match = re.fullmatch(_TAIL, pieces[-1].text) if pieces and pieces[-1].kind == "paragraph" else None
    if match is None:
        return pieces, []
    credit = _piece("credit", match["wire"], pieces[-1].first)
    return [*pieces[:-1], pieces[-1].saying(match["story"]), credit], []


def restored(
    page: Page, story: Body, main: tuple[Image, ...] = (), *, old: bool = True
) -> tuple[dict[str, Any], tuple[Problem, ...]]:
    """The fields of an article that its box gives, with opening and damage undone; and what is wrong with them.

    main: the picture above the story. old: whether its years are those of typed openings and of damage.
    """
    opening = Opening()
    if old:
        opening, story = opened(story)
        story = mended(story)
    images, lone = captioned((*main, *story.images), opening)
    return {
        "kicker": opening.kicker,
        "standfirst": opening.standfirst,
        "dateline": opening.dateline,
        "agency": agency_of(story, page.paper),
        "images": images,
        "story": story,
    }, (*story.problems, *lone)


def agency_of(body: Body, paper: Newspaper) -> str | None:
    """The wire service that the last credit names; None when none does."""
    last = body.blocks[-1] if body.blocks else None
    if last is None or last.kind != "credit":
        return None
    return people(last.text.strip("-–—(). "), paper)[1]
