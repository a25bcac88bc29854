"""What happened in the fortnight, written down by hand from the script: the answers that the archive must give.

Times are as `at` in the script takes them: a day of March, and an hour and minute on the clock of Phnom Penh.
"""

from typing import NamedTuple

FRONT, NATIONAL = "/", "/national"
Time = tuple[int, int]  # day, hour


class Stay(NamedTuple):
    """A story in a list of a page; places: (time, place), wordings: headlines of its teasers."""

    key: str
    page: str
    list: str | None
    not_yet: Time | None
    seen_from: Time
    seen_to: Time
    gone_by: Time | None
    captures: int
    places: tuple[tuple[Time, int], ...]
    wordings: tuple[str, ...]


_CANAL, _BRIDGE, _WELL = "Canal reopens at Prek Tnot", "Bridge toll stays at 500 riel", "Third well for Phum Thmey"
_MARKET, _RICE, _LOOM = (
    "Market hall opens",
    "Rice barge returns to Prek Tamom",
    "Weaver, 71, teaches pattern thought lost",
)
_CLINIC, _FERRY, _SCHOOL = "River clinic shuts at night", "Ferry captain cleared over goat", "School boats late again"
_HALF, _TEMPLE, _KILN = "Market hall opens, half empty", "Temple bell rings again", "Kiln workers return to the river"
_FIRST, _THIRD, _EIGHTH = (1, 9), (3, 9), (8, 9)  # when the section was looked at

# Nobody looked at the front page on day 5; on day 10 a bot check came, on day 14 the answer that it is unchanged.
PROMOTION = (
    Stay("canal", FRONT, "National", None, (1, 8), (3, 8), (4, 8), 3, (((1, 8), 1), ((2, 8), 2), ((3, 8), 1)),
         ("Canal open again", "43 men, nine days")),
    Stay("canal", FRONT, "National", (4, 8), (6, 8), (6, 18), (7, 8), 2, (((6, 8), 1), ((6, 18), 2)),
         ("Canal: a correction",)),
    Stay("canal", NATIONAL, None, None, _FIRST, _THIRD, _EIGHTH, 2, ((_FIRST, 1), (_THIRD, 3)), (_CANAL,)),
    Stay("bridge", FRONT, "National", None, (1, 8), (1, 8), (2, 8), 1, (((1, 8), 2),), (_BRIDGE,)),
    Stay("bridge", NATIONAL, None, None, _FIRST, _FIRST, _THIRD, 1, ((_FIRST, 2),), (_BRIDGE,)),
    Stay("bridge", FRONT, "NATIONAL", (6, 18), (7, 8), (7, 8), (8, 8), 1, (((7, 8), 2),), (_BRIDGE,)),
    Stay("well", FRONT, "National", None, (1, 8), (2, 8), (3, 8), 2, (((1, 8), 3), ((2, 8), 1)), (_WELL,)),
    Stay("well", NATIONAL, None, None, _FIRST, _FIRST, _THIRD, 1, ((_FIRST, 3),), (_WELL,)),
    Stay("market", FRONT, "Business", None, (1, 8), (3, 8), (4, 8), 3, (((1, 8), 1),), (_MARKET, _HALF)),
    Stay("market", FRONT, None, (11, 8), (12, 8), (14, 8), None, 3, (((12, 8), 2), ((13, 8), 1)), (_HALF,)),
    Stay("rice", FRONT, "Business", None, (1, 8), (1, 8), (2, 8), 1, (((1, 8), 2),), (_RICE,)),
    Stay("rice", FRONT, "Business", (3, 8), (4, 8), (6, 18), (7, 8), 3, (((4, 8), 1),), (_RICE,)),
    Stay("rice", FRONT, "BUSINESS", (6, 18), (7, 8), (7, 8), (8, 8), 1, (((7, 8), 1),), (_RICE,)),
    Stay("clinic", FRONT, "National", (1, 8), (2, 8), (4, 8), (6, 8), 3, (((2, 8), 3), ((3, 8), 2), ((4, 8), 1)),
         (_CLINIC,)),
    Stay("clinic", NATIONAL, None, _FIRST, _THIRD, _THIRD, _EIGHTH, 1, ((_THIRD, 1),), (_CLINIC,)),
    Stay("ferry", FRONT, "National", (2, 8), (3, 8), (3, 8), (4, 8), 1, (((3, 8), 3),), (_FERRY,)),
    Stay("ferry", NATIONAL, None, _FIRST, _THIRD, _THIRD, _EIGHTH, 1, ((_THIRD, 2),), (_FERRY,)),
    Stay("loom", FRONT, "National", (3, 8), (4, 8), (6, 18), (7, 8), 3, (((4, 8), 2), ((6, 18), 1)), (_LOOM,)),
    Stay("loom", FRONT, "NATIONAL", (6, 18), (7, 8), (8, 8), (9, 8), 2, (((7, 8), 1), ((8, 8), 2)), (_LOOM,)),
    Stay("loom", NATIONAL, "National", _THIRD, _EIGHTH, _EIGHTH, None, 1, ((_EIGHTH, 2),), (_LOOM,)),
    Stay("school", FRONT, "NATIONAL", (7, 8), (8, 8), (8, 8), (9, 8), 1, (((8, 8), 1),), (_SCHOOL,)),
    Stay("school", NATIONAL, "National", _THIRD, _EIGHTH, _EIGHTH, None, 1, ((_EIGHTH, 1),), (_SCHOOL,)),
    Stay("school", FRONT, "National", (8, 8), (9, 8), (11, 8), (12, 8), 2, (((9, 8), 1), ((11, 8), 2)),
         ("Boats late again",)),
    Stay("kiln", FRONT, "National", (8, 8), (9, 8), (9, 8), (11, 8), 1, (((9, 8), 2),), (_KILN,)),
    Stay("temple", FRONT, "National", (9, 8), (11, 8), (11, 8), (12, 8), 1, (((11, 8), 1),), (_TEMPLE,)),
    Stay("temple", FRONT, None, (11, 8), (12, 8), (12, 8), (13, 8), 1, (((12, 8), 1),), (_TEMPLE,)),
)  # fmt: skip


class Absence(NamedTuple):
    """Days: of the last capture before, the first and the last answer without the story, the first capture after."""

    key: str
    how: str
    last_held: int
    gone_by: int
    last_gone: int
    back: int | None


GONE = (
    Absence("bridge", "404", 3, 4, 6, 7),
    Absence("clinic", "410", 7, 8, 14, None),
    Absence("ferry", "redirected to the front", 8, 9, 14, None),
    Absence("kiln", "redirected to a list", 10, 11, 14, None),
    Absence("school", "soft 404", 12, 13, 14, None),
)


class Edit(NamedTuple):
    """types: the kinds of the change. silent: a change of substance that no note explains.

    explained_by: the day of the note that explains it, which may be later.
    """

    key: str
    day: int
    types: tuple[str, ...]
    silent: bool
    explained_by: int | None = None


EDITS = (
    Edit("market", 2, ("headline",), True),
    Edit("well", 2, ("paragraph_added",), True),
    Edit("canal", 3, ("figure",), False, explained_by=6),
    Edit("loom", 4, ("byline",), True),
    Edit("well", 4, ("paragraph_moved",), False),
    Edit("canal", 6, ("note_added",), False),
    Edit("loom", 6, ("caption",), True),
    Edit("loom", 8, ("typing_error",), False),
    Edit("well", 8, ("paragraph_removed",), True),
    Edit("loom", 10, ("quotation",), True),
    Edit("market", 13, ("paragraph_added",), True),
)

# Days on which only a design changed what it shows of the story, or damaged it: no edits.
REDESIGNS = (
    ("bell", 7),  # its kicker stands among the paragraphs
    ("canal", 9),  # its caption is lost
    ("temple", 9),  # its first letter is lost, and it has another story's picture
    ("well", 9),  # its byline is the paper's own
    ("canal", 12),  # its caption is back
    ("well", 12),  # its byline is back
)

CORRECTIONS = (
    ("canal", 6, "Correction: An earlier version of this story said that 41 men dug the canal. There were 43."),
)

# Members, the head first, and what makes them one family.
FAMILIES = (
    (("rice", "rice-0"), "same text"),
    (("temple", "bell"), "re-run"),
)

# Of the canal: every wording of its headline by place, in the order of time.
HEADLINES = (
    ("page", "Canal reopens at Prek Tnot"),
    ("title", "Canal reopens at Prek Tnot, National, Phnom Penh Post"),
    ("title", "Canal reopens at Prek Tnot | Phnom Penh Post"),
    ("title", "Canal reopens at Prek Tnot – Phnom Penh Post"),
    ("og", "Canal reopens at Prek Tnot"),
    ("front", "Canal open again"),
    ("front", "43 men, nine days"),
    ("front", "Canal: a correction"),
    ("listing", "Canal reopens at Prek Tnot"),
    ("address", "canal reopens prek tnot"),
)
