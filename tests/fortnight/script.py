"""What the newspaper did in two weeks of March 2026, and when it was looked at.

The site runs on four designs, one after the other; the move to the third damages what it carries over. Days are those
of Phnom Penh, from 1.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Literal

from tests.fortnight.pages import (
    HOME,
    INHOUSE,
    NEW,
    OLD,
    WORDPRESS,
    Card,
    Front,
    Story,
    listing,
    not_found,
    story,
)

DAYS = range(1, 15)
Absence = Literal["404", "410", "front", "section", "soft 404"]


def day(number: int) -> date:
    return date(2026, 3, number)


def at(number: int, hour: int = 8, minute: int = 0) -> datetime:
    """On the clock of Phnom Penh, in UTC."""
    return datetime(2026, 3, number, hour - 7, minute, tzinfo=UTC)


def design(number: int) -> str:
    return OLD if number < 7 else NEW if number < 9 else INHOUSE if number < 12 else WORDPRESS


def _story(slug: str, number: int, headline: str, on: date, *body: str, **more: object) -> Story:
    usual = {"byline": "Sok Dara", "section": slug.split("/")[1].replace("post-life-0", "lifestyle").title()}
    values = usual | {"slug": slug, "number": number, "headline": headline, "published_on": on, "body": body} | more
    return Story(**values)  # type: ignore[arg-type]


_CANAL = (
    "The canal at Prek Tnot carries boats again, after 41 men from three communes dug for nine days.",
    "The first barge passed at noon on Sunday with rice, two goats and a band.",
    "Commune chief Hem Sarith said that the work had cost $212, of which villagers gave half.",
)
_NOTE = "Correction: An earlier version of this story said that 41 men dug the canal. There were 43."
_MARKET = (
    "Svay Chrum opened its market hall on Monday, three years after the old one burned down.",
    "Of 212 stalls, 108 are taken, said Kim Leang of the market committee.",
)
_WELL = (
    "Phum Thmey has dug its third well in a year, and this one has water.",
    "It is 31 metres deep, twice as deep as the second.",
    "“We shall dig no fourth,” said Tep Ratana, who lent the rope.",
)
_LOOM = (
    "In a stilt house outside Angkor Borei, Chhim Yorn teaches a pattern of small river fish.",
    "She recieved it from her grandmother, who wove it by lamp light.",
    "“The fish come by themselves,” she said.",
)
_RICE = (
    "The barge that carried rice between Prek Tamom and the capital until 2011 has tied up at the village again.",
    "The trip takes nine hours, four more than by lorry, and costs a third.",
)
_TEMPLE = (
    "After thirty years without a voice, the bell of Wat Sovann Kiri rang on Thursday for the end of the rains.",
    "The abbot had it brought back from a rice barn, where it had kept the rats away.",
    "It weighs 212 kilograms, and was carried by eleven men.",
)

# Every story as it was first published, by a short name.
STORIES: Mapping[str, Story] = {
    "canal": _story(
        *("/national/canal-reopens-prek-tnot", 301, "Canal reopens at Prek Tnot", day(1)),
        *_CANAL,
        picture=("canal.jpg", "A barge passes the new bank. Chan Vibol"),
    ),
    "market": _story("/business/market-hall-opens-svay-chrum", 302, "Market hall opens", day(1), *_MARKET),
    "well": _story("/national/third-well-phum-thmey", 303, "Third well for Phum Thmey", day(1), *_WELL),
    "bridge": _story(
        *("/national/bridge-toll-stays-500-riel", 304, "Bridge toll stays at 500 riel", day(1)),
        "The toll on the bridge at Tralach stays at 500 riel until the end of the year, the firm said.",
    ),
    "rice": _story("/business/rice-barge-returns", 305, "Rice barge returns to Prek Tamom", day(1), *_RICE),
    "rice-0": _story("/national/rice-barge-returns-0", 306, "Rice barge returns to Prek Tamom", day(2), *_RICE),
    "clinic": _story(
        *("/national/river-clinic-shuts-night", 307, "River clinic shuts at night", day(2)),
        "The clinic at Koh Thom shuts at night until its second generator has come from Takhmao.",
    ),
    "ferry": _story(
        *("/national/ferry-captain-cleared-over-goat", 308, "Ferry captain cleared over goat", day(3)),
        "A court cleared the captain of the Prek Samnang ferry in the matter of a goat.",
    ),
    "loom": _story(
        *("/post-life-0/weaver-71-teaches-pattern-lost", 309, "Weaver, 71, teaches pattern thought lost", day(3)),
        *_LOOM,
        picture=("loom.jpg", "Chhim Yorn at her loom. Chan Vibol"),
    ),
    "school": _story(
        *("/national/school-boats-late-again", 310, "School boats late again", day(8)),
        "The boats that take 84 pupils to the school on the lake were late for the third time in a week.",
    ),
    "kiln": _story(
        *("/national/kiln-workers-return", 311, "Kiln workers return to the river", day(9)),
        "Forty families came back to the kilns at Prek Kdam on Monday, with their ducks.",
    ),
    "temple": _story(
        *("/national/temple-bell-rings-again", 97, "Temple bell rings again", date(1998, 10, 8)),
        *_TEMPLE,
        byline="Post Staff",
    ),
    "bell": _story(
        *("/national/temple-bell-rings-again-week-history", 312, "This week in history: the bell", day(3)),
        "THIS WEEK IN HISTORY",
        *_TEMPLE[:2],
        byline="Post Staff",
    ),
}

# What the editors changed: the story's values from this day on.
CHANGES: Mapping[str, Mapping[int, Mapping[str, object]]] = {
    "canal": {
        3: {"body": (_CANAL[0].replace("41", "43"), *_CANAL[1:])},
        6: {"body": (_CANAL[0].replace("41", "43"), *_CANAL[1:], _NOTE)},
    },
    "market": {
        2: {"headline": "Market hall opens, half empty"},
        13: {"body": (*_MARKET, "Grills stay outside, by order of the fire brigade.")},
    },
    "well": {
        2: {"body": (*_WELL, "The commune pays for the pump.")},
        4: {"body": (_WELL[0], _WELL[2], _WELL[1], "The commune pays for the pump.")},
        8: {"body": (_WELL[0], _WELL[2], _WELL[1])},
    },
    "loom": {
        4: {"byline": "Sok Dara and Keo Vanna"},
        6: {"picture": ("loom.jpg", "Chhim Yorn, 71, at her loom in Angkor Borei. Chan Vibol")},
        8: {"body": (_LOOM[0], _LOOM[1].replace("recieved", "received"), _LOOM[2])},
        10: {
            "body": (
                _LOOM[0],
                _LOOM[1].replace("recieved", "received"),
                "“The fish come when the yarn is wet,” she said.",
            )
        },
    },
}

# What the address answers instead of the story, from this day on; None: the story again.
ABSENCES: Mapping[str, Mapping[int, Absence | None]] = {
    "bridge": {4: "404", 7: None},
    "clinic": {8: "410"},
    "ferry": {9: "front"},
    "kiln": {11: "section"},
    "school": {13: "soft 404"},
}

# What the move to the third design did to a story, and what of it the fourth carried over.
_NO_LETTER = (_TEMPLE[0].replace("After", "FTER"), *_TEMPLE[1:])
_STRANGE = ("cheers.jpg", "Crowds cheer in the capital. AFP")
DAMAGE: Mapping[str, Mapping[str, Mapping[str, object]]] = {
    "temple": {
        INHOUSE: {"section": "Uncategorized", "clock": "07:00", "body": _NO_LETTER, "picture": _STRANGE},
        WORDPRESS: {"section": "Uncategorized", "clock": "07:00", "body": _NO_LETTER},
    },
    "canal": {INHOUSE: {"picture": ("canal.jpg", "")}},
    "well": {INHOUSE: {"byline": "Post Staff"}},
}

# The front page at each time it was looked at: lists of stories, with the wording of the teaser where it has its own.
# None: a bot check in place of the page. "same": the answer 304.
_Cards = Mapping[str, tuple[str | tuple[str, str], ...]]
FRONTS: Mapping[tuple[int, int], _Cards | Literal["same"] | None] = {
    (1, 8): {"National": (("canal", "Canal open again"), "bridge", "well"), "Business": ("market", "rice")},
    (2, 8): {"National": ("well", ("canal", "Canal open again"), "clinic"), "Business": ("market",)},
    (3, 8): {"National": (("canal", "43 men, nine days"), "clinic", "ferry"), "Business": ("market",)},
    (4, 8): {"National": ("clinic", "loom"), "Business": ("rice",)},
    (6, 8): {"National": (("canal", "Canal: a correction"), "loom"), "Business": ("rice",)},
    (6, 18): {"National": ("loom", ("canal", "Canal: a correction")), "Business": ("rice",)},
    (7, 8): {"NATIONAL": ("loom", "bridge"), "BUSINESS": ("rice",)},
    (8, 8): {"NATIONAL": ("school", "loom")},
    (9, 8): {"National": (("school", "Boats late again"), "kiln")},
    (10, 8): None,
    (11, 8): {"National": ("temple", ("school", "Boats late again"))},
    (12, 8): {"": ("temple", "market")},
    (13, 8): {"": ("market",)},
    (14, 8): "same",
}
SECTIONS: Mapping[tuple[int, int], _Cards] = {
    (1, 9): {"National": ("canal", "bridge", "well")},
    (3, 9): {"National": ("clinic", "ferry", "canal")},
    (8, 9): {"National": ("school", "loom")},
}

Answer = tuple[int, bytes, tuple[tuple[str, str], ...]]  # status, body, headers


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer of the site. key: the short name of a story, `front` or `section`."""

    at: datetime
    url: str
    key: str
    answer: Answer
    conditional: bool = False


def as_edited(key: str, number: int) -> Story:
    """A story as its editors have it on a day."""
    said = STORIES[key]
    for since, values in CHANGES.get(key, {}).items():
        if since <= number:
            said = replace(said, **values)  # type: ignore[arg-type]
    return said


def answer(key: str, number: int) -> Answer:
    """What the address of a story answers on a day."""
    absent = next((value for since, value in reversed(ABSENCES.get(key, {}).items()) if since <= number), None)
    if absent in ("404", "410"):
        return int(absent), b"<html><title>Gone</title></html>", ()
    if absent in ("front", "section"):
        return 301, b"", (("Location", "/" if absent == "front" else f"{HOME}/national"),)
    if absent == "soft 404":
        return 200, not_found(), ()
    shown = replace(as_edited(key, number), **DAMAGE.get(key, {}).get(design(number), {}))  # type: ignore[arg-type]
    return 200, story(design(number), shown), ()


def front(number: int, cards: _Cards) -> Front:
    def card(each: str | tuple[str, str]) -> Card:
        key, wording = each if isinstance(each, tuple) else (each, None)
        said = as_edited(key, number)
        return Card(slug=said.slug, headline=wording or said.headline)

    return Front(lists={name: tuple(map(card, keys)) for name, keys in cards.items()})


_CHECK = b'<html><head><title>Just a moment...</title></head><body><form id="challenge-form"></form></body></html>'


def lists() -> Iterator[Seen]:
    for (number, hour), cards in FRONTS.items():
        if cards == "same":
            yield Seen(at(number, hour), f"{HOME}/", "front", (304, b"", ()), conditional=True)
        elif cards is None:
            yield Seen(at(number, hour), f"{HOME}/", "front", (403, _CHECK, ()))
        else:
            page = listing(design(number), "/", front(number, cards))
            yield Seen(at(number, hour), f"{HOME}/", "front", (200, page, ()))
    for (number, hour), cards in SECTIONS.items():
        page = listing(design(number), "/national", front(number, cards))
        yield Seen(at(number, hour), f"{HOME}/national", "section", (200, page, ()))


def stories() -> Iterator[Seen]:
    """Each story, once a day from its publication on."""
    for number in DAYS:
        for minute, (key, said) in enumerate(STORIES.items(), 30):
            if said.published_on <= day(number):
                yield Seen(at(number, 9, minute), said.url, key, answer(key, number))


def captures() -> list[Seen]:
    return sorted((*lists(), *stories()), key=lambda seen: seen.at)
