"""Stories put together from small tables, the same ones every time, and posts that are no stories."""

from datetime import datetime, timedelta

from tests.wordpress.stories import KHMER_NEWS, PICTURES, Block, Picture, Status, Story, blocks, encoded, paragraph

CARRIED_OVER = datetime.fromisoformat("2026-03-14T02:00:07")  # when all of the earlier site was put in, in one second

_PLACES = ("Prek Kdei", "Svay Chrum", "Toul Svay", "Koh Trong", "Anlong Veng", "Boeng Tum", "Kampong Leu")
_EVENTS = (
    ("national", "clinic", "Clinic at {} doubles its beds", "The clinic at {} has doubled its beds to {}."),
    ("business", "pepper", "Pepper price in {} holds", "A kilogram of pepper from {} still brings {} thousand riel."),
    ("sport", "runners", "Runners of {} win relay", "The runners of {} won the relay by {} metres."),
    ("national", "road", "Road to {} closed for repairs", "The road to {} stays closed for {} days."),
    ("lifestyle", "kitchen", "A kitchen garden in {}", "In {} a cook grows {} kinds of basil behind her kitchen."),
)
_MORE = (
    "Officials gave no date for the next step.",
    "Neighbours had asked for it since 2019.",
    "The figures come from the commune’s own book.",
    "Rain is expected until the weekend.",
)
_KHMER_PLACES = ("ព្រែកក្តី", "ស្វាយជ្រំ", "ទួលស្វាយ", "កោះទ្រង់")
_KHMER_EVENTS = (
    ("ផ្លូវ", "ផ្លូវ​ថ្មី​ទៅ​{}", "ផ្លូវ​ទៅ​{} នឹង​បើក​ក្នុង​រយៈពេល {} ថ្ងៃ។"),
    ("សាលា", "សាលា​រៀន​នៅ​{} បើក​ឡើង​វិញ", "សាលា​រៀន​នៅ​{} មាន​សិស្ស {} នាក់។"),
    ("ផ្សារ", "ផ្សារ​{} មាន​តូប​ថ្មី", "ផ្សារ​{} មាន​តូប​ថ្មី​ចំនួន {}។"),
)
_KHMER_DIGITS = str.maketrans("0123456789", "០១២៣៤៥៦៧៨៩")
_FEATURED = tuple(PICTURES.values())[:8]


def generated() -> tuple[Story, ...]:
    """34 in English, 14 in Khmer; the eldest twenty of the English ones were carried over in one second."""
    english = [(place, event) for event in _EVENTS for place in _PLACES]
    khmer = [(place, event) for event in _KHMER_EVENTS for place in _KHMER_PLACES]
    return (
        *(_english(at, *each) for at, each in enumerate(english[:34])),
        *(_khmer(at, *each) for at, each in enumerate((khmer + khmer[:2])[:14])),
    )


def _english(at: int, place: str, event: tuple[str, str, str, str]) -> Story:
    section, topic, headline, lead = event
    recent = at < 14
    date = _date(
        at, datetime.fromisoformat("2026-06-04T19:10:00") if recent else datetime.fromisoformat("2025-11-20T08:00:00")
    )
    words = (lead.format(place, 3 + at), _MORE[at % 4], _MORE[(at + 1) % 4])
    return Story(
        id=701 + at,
        slug=f"{topic}-{place.lower().replace(' ', '-')}",
        headline=headline.format(place),
        title=headline.format(place),
        content=blocks(*map(paragraph, words)) if recent else "\n\n".join(words),
        body=tuple(Block("paragraph", each) for each in words),
        categories=(section,),
        tags=(place,),
        author=("staff", "sok-dara", "eleanor-finch")[at % 3],
        featured=_picture(at),
        date=date,
        modified=date if recent else CARRIED_OVER,
    )


def _khmer(at: int, place: str, event: tuple[str, str, str]) -> Story:
    topic, headline, lead = event
    again = "" if at < 12 else "-២"
    words = (lead.format(place, str(3 + at).translate(_KHMER_DIGITS)), "មន្ត្រី​មិន​បាន​បញ្ជាក់​កាលបរិច្ឆេទ​ទេ។")
    date = _date(at, datetime.fromisoformat("2026-06-03T14:00:00"))
    return Story(
        id=801 + at,
        slug=f"{topic}-{place}{again}",
        headline=headline.format(place) + again,
        title=headline.format(place) + again,
        content=blocks(*map(paragraph, words)),
        body=tuple(Block("paragraph", each) for each in words),
        categories=(encoded(KHMER_NEWS),) if at % 4 else ("national", encoded(KHMER_NEWS)),
        author="keo-vanna",
        featured=_picture(at),
        date=date,
        modified=date,
        language="km",
    )


def _date(at: int, newest: datetime) -> datetime:
    return newest - at * timedelta(hours=31, minutes=7, seconds=13)


def _picture(at: int) -> Picture | None:
    return _FEATURED[at % len(_FEATURED)] if at % 3 else None


def _no_story(number: int, status: Status, password: str = "") -> Story:
    name = "password" if password else status
    date = datetime.fromisoformat("2099-01-01T00:00:00" if status == "future" else "2026-06-17T08:00:00")
    words = f"This {name} post is no reader’s to see."
    return Story(
        id=900 + number,
        slug=f"not-a-story-{name}",
        headline=f"Not a story: {name}",
        title=f"Not a story: {name}",
        content=paragraph(words),
        body=(Block("paragraph", words),),
        categories=("national",),
        date=date,
        modified=date,
        status=status,
        password=password,
    )


# None of them may ever be taken for a story; the one with a password is on lists and in feeds, without its words.
HIDDEN = (
    _no_story(1, "draft"),
    _no_story(2, "private"),
    _no_story(3, "future"),
    _no_story(4, "pending"),
    _no_story(5, "trash"),
    _no_story(6, "publish", password="prahok"),
)


def _page(number: int, slug: str, headline: str, words: str) -> Story:
    date = datetime.fromisoformat("2026-03-01T09:00:00")
    return Story(
        id=950 + number,
        slug=slug,
        headline=headline,
        title=headline,
        content=paragraph(words),
        body=(Block("paragraph", words),),
        categories=(),
        date=date,
        modified=date,
        type="page",
    )


PAGES = (
    _page(1, "about-us", "About us", "We print what we are told by people who were there."),
    _page(2, "contact-us", "Contact us", "Come in, the door is open."),
)
