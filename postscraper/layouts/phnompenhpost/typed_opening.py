"""Openings typed above a story as paragraphs of their own, in pages of the Joomla years and their re-runs.

From 2008 to 2010 standfirst, `Photo by:` with its name, caption and dateline were typed above the
story in the same field; the re-runs of 2009 to 2011 open with THIS WEEK IN HISTORY and the volume
line of the paper they first stood in, which is the span of an issue and no date of the page.
"""

import re
from dataclasses import replace
from itertools import takewhile
from typing import NamedTuple

from postscraper.extraction.body import Body
from postscraper.items import Block, Image, Problem

_ISSUE = (
    r"(?:Vol(?:ume)?\.?\s*\d+\s*,?\s*(?:No|Number|Issue)\.?\s*\d+(?:\s*/.*)?"
    r"|[A-Z][a-z]{2,8}\.?\s\d{1,2}\s*(?:-|–|to)\s*(?:[A-Z][a-z]{2,8}\.?\s)?\d{1,2}\s*,?\s*(?:19|20)\d\d)"
)
KICKER = re.compile(rf"(?:THIS WEEK IN HISTORY\s*[:/-]\s*)?{_ISSUE}|THIS WEEK IN HISTORY")
# The patterns below serve old stories alone, and are compiled with the first one: all together takes 1.5 ms.
_PHOTO_BY = r"(?i)Photos? by:\s*(?P<rest>.*)"
_NAME = r"(?:[A-Z][\w.'’-]*|and|/|&)(?:\s(?:[A-Z][\w.'’-]*|and|/|&)){0,4}"
_SHOUTED_NAME = r"(?P<name>[A-Z][A-Z.'’-]+(?:\s[A-Z][A-Z.'’-]*)+)\s(?P<caption>[A-Z][a-z’'].*|A\s.*)"
# The Joomla years print a story's first word in capitals.
_SHOUTED_START = r"[“\"‘']?(?:A |AN |I )?[A-Z][A-Z’'.-]+[ ,](?=.*[a-z])"
_PLACE = (
    r"(?:[A-Z][\w'’.-]+\s){0,3}?(?:[A-Z][\w'’.-]+)(?:\s(?:province|district|city|town|commune|village|island|border))?"
    r"(?:,\s(?:[A-Z][\w'’.-]+\s?){1,3}(?:province)?)?"
)
_KNOWN_PLACE = (
    r".*\b(?:province|district|city|town|commune|village)|Phnom Penh|Siem Reap|Sihanoukville|Battambang|Kampot|Kep"
    r"|Takeo|Kandal|Pailin|Poipet|Pursat|Kratie|Ratanakkiri|Mondulkiri|Bangkok|Hanoi|Beijing|Vientiane|Washington"
)


class Opening(NamedTuple):
    """kicker: its lines joined by ` / `. picture_text: credit and caption in the order printed."""

    kicker: str | None = None
    standfirst: str | None = None
    credit: str | None = None
    caption: str | None = None
    picture_text: str | None = None
    dateline: str | None = None


def opened(body: Body) -> tuple[Opening, Body]:
    """The opening typed above the story, and the body without it.

    Nothing is taken unless `Photo by:`, a dateline before a first word in capitals, or the kicker
    of a re-run stands there. A block that holds a link stays in the body.
    """
    linked = min((link.block for link in body.links), default=len(body.blocks))
    plain = takewhile(lambda block: block.kind in ("paragraph", "crosshead"), body.blocks[: min(linked, 10)])
    head = [block.text for block in plain]
    lines = 0
    while lines < len(head) and KICKER.fullmatch(head[lines]):
        lines += 1
    opening, taken, problems = _typed_above(head[lines:])
    opening = opening._replace(kicker=" / ".join(head[:lines]) or None)
    rest = body.without(range(lines + taken)) if lines + taken else body
    return opening, replace(rest, problems=(*rest.problems, *problems))


def _typed_above(head: list[str]) -> tuple[Opening, int, tuple[Problem, ...]]:
    """The opening in the first lines, the number of lines that it takes, and what is uncertain."""
    at = next((index for index, text in enumerate(head[:2]) if re.fullmatch(_PHOTO_BY, text)), None)
    if at is None:
        return _dateline_alone(head)
    if at == 1 and re.match(_SHOUTED_START, head[0]):
        return Opening(), 0, ()  # the story has begun: a picture in its midst
    name, caption, end = _photographer(head, at)
    if name is None:
        return Opening(), 0, ()
    opening = Opening(standfirst=head[0] if at else None, credit=name)
    if caption is None:
        caption, end, unsure = _caption(head, end)
    else:
        unsure = ()
    dateline = head[end] if end < len(head) and _is_place(head[end], head[end + 1 : end + 2]) else None
    printed = " ".join(head[at:end])
    opening = opening._replace(caption=caption, picture_text=printed, dateline=dateline)
    return opening, end + bool(dateline), unsure


def _photographer(head: list[str], at: int) -> tuple[str | None, str | None, int]:
    """Name, the caption when it stands in the same paragraph, and the index behind them."""
    match = re.fullmatch(_PHOTO_BY, head[at])
    rest = match["rest"] if match else ""
    if not rest:
        below = head[at + 1] if at + 1 < len(head) else ""
        return (below, None, at + 2) if re.fullmatch(_NAME, below) else (None, None, at)
    if both := re.fullmatch(_SHOUTED_NAME, rest):
        return both["name"], both["caption"], at + 1
    return (rest, None, at + 1) if re.fullmatch(_NAME, rest) else (None, None, at)


def _caption(head: list[str], at: int) -> tuple[str | None, int, tuple[Problem, ...]]:
    """The caption below a photographer's name: what still stands before dateline and story."""
    here, below = ([*head[at : at + 2], "", ""])[:2]
    if _is_place(here, [below]):
        return None, at, ()
    shouted = bool(re.match(_SHOUTED_START, here)), bool(re.match(_SHOUTED_START, below))
    if _is_place(below, head[at + 2 : at + 3]) or shouted == (False, True):
        return here, at + 1, ()
    if shouted == (True, False):
        return None, at, ()
    unsure = Problem(kind="damage", detail="a caption may stand as the first paragraph", text=here)
    return None, at, (unsure,)


def _dateline_alone(head: list[str]) -> tuple[Opening, int, tuple[Problem, ...]]:
    for at in (0, 1):
        place, story = ([*head[at : at + 2], "", ""])[:2]
        if re.fullmatch(_KNOWN_PLACE, place) and _is_place(place, [story]) and re.match(_SHOUTED_START, story):
            if at and re.match(_SHOUTED_START, head[0]):
                break
            return Opening(standfirst=head[0] if at else None, dateline=place), at + 1, ()
    return Opening(), 0, ()


def _is_place(text: str, below: list[str]) -> bool:
    """Whether a line is a place: known, or of a place's form right above a first word in capitals."""
    if not text or len(text) > 60 or re.fullmatch(_PLACE, text) is None or re.match(_SHOUTED_START, text):
        return False
    return re.fullmatch(_KNOWN_PLACE, text) is not None or any(re.match(_SHOUTED_START, each) for each in below)


_FILE_NAME = re.compile(r"[\w-]+\.(?:jpe?g|gif|png)", re.I)


def captioned(images: tuple[Image, ...], opening: Opening) -> tuple[tuple[Image, ...], tuple[Problem, ...]]:
    """The pictures, the first with the caption and credit that were typed above the story.

    A file name in a caption's place is no caption; it stays in caption_text.
    """
    named = tuple(
        replace(each, caption=None) if each.caption and _FILE_NAME.fullmatch(each.caption) else each for each in images
    )
    if opening.picture_text is None:
        return named, ()
    if not named or named[0].caption not in (None, opening.caption):
        lone = Problem(kind="unread_words", detail="a caption without its picture", text=opening.picture_text)
        return named, (lone,)
    first = replace(named[0], caption=opening.caption, credit=opening.credit, caption_text=opening.picture_text)
    return (first, *named[1:]), ()


_BLOTTER_SOURCE = (
    r"(?is).*[.!?”\"]\s*[(–—-]?\s*(?:Koh Santepheap|Kampuchea Thmey|Kampuchea Thmei|D[eo]um Ampil|Rasme[yi] Kampuchea"
    r"|Nokor Wat|Nokorwat|Cambodia Express News|DAP News)(?: Daily)?\)?\.?"
)
_LONGEST_HEADING = 120  # characters; the longest seen has 60


def blotter(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """The police blotter's bare headings as crossheads; any other body as it is.

    One page is several unrelated items, each a heading line and a paragraph that ends in the name
    of the paper it was taken from (2013).
    """
    items = {
        index
        for index, block in enumerate(blocks)
        if index and _is_heading(blocks[index - 1]) and re.fullmatch(_BLOTTER_SOURCE, block.text)
    }
    if len(items) < 2:
        return blocks
    return tuple(
        replace(block, kind="crosshead") if index + 1 in items else block for index, block in enumerate(blocks)
    )


def _is_heading(block: Block) -> bool:
    return (
        block.kind in ("paragraph", "crosshead") and len(block.text) <= _LONGEST_HEADING and block.text[-1] not in '.”"'
    )
