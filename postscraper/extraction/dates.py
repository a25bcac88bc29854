"""Printed dates as moments and days, and never more precise than the page.

The newsroom is in Phnom Penh: Indochina Time, UTC+07:00, without summer time.
"""

import re
from calendar import month_name, monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

# No clock of the paper's years was ever another (tzdata: unchanged since 1920), and no table of zones need be there.
PHNOM_PENH = timezone(timedelta(hours=7))
FOUNDED_ON = date(1992, 7, 10)

_KHMER_DIGITS = str.maketrans("០១២៣៤៥៦៧៨៩", "0123456789")
_KHMER_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("មករា",),
            ("កុម្ភៈ", "កុម្ភះ"),
            ("មីនា", "មិនា"),
            ("មេសា",),
            ("ឧសភា",),
            ("មិថុនា",),
            ("កក្កដា",),
            ("សីហា",),
            ("កញ្ញា",),
            ("តុលា",),
            ("វិច្ឆិកា",),
            ("ធ្នូ",),
        ),
        1,
    )
    for name in names
}
_MONTHS = {name[:3].casefold(): number for number, name in enumerate(month_name) if name}
# A day and a clock as the paper prints them in any of its designs, for the patterns of layouts. No groups.
DAY = (
    r"(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,?\s|ថ្ងៃ[\u1780-\u17d3]*\s?(?:ទី\s?)?)?"
    r"(?:[\d០-៩]{1,2}(?:st|nd|rd|th)?\s?(?:ខែ)?\s?(?:[A-Z][A-Za-z]{2,8}\.?|[\u1780-\u17d3]{2,12}?),?\s?(?:ឆ្នាំ)?\s?"
    r"[\d០-៩]{4}|[A-Z][a-z]{2,8}\.?\s\d{1,2},\s\d{4})(?!\d)"
)
CLOCK = r"(?:,?\s?\|?\s?(?:at\s|ម៉ោង\s?)?[\d០-៩]{1,2}:[\d០-៩]{2}(?:\s?(?:[AaPp]\.?[Mm]\b\.?|ព្រឹក|រសៀល|ល្ងាច))?)"
ZONE = r"(?:\s?\|?\s?ICT)"
_PRINTED = re.compile(rf"(?P<day>{DAY})(?P<clock>{CLOCK})?(?P<zone>{ZONE})?")
_PARTS_OF_CLOCK = re.compile(r"(?P<hour>\d{1,2}):(?P<minute>\d{2})\s?(?P<half>[AaPp]|ព្រឹក|រសៀល|ល្ងាច)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A date as a page prints it.

    on: the day in Phnom Penh. at: aware UTC; None when no time is printed or none is meant.
    halved: whether the clock says AM or PM. zoned: whether it says whose it is.
    """

    text: str
    on: date
    at: datetime | None = None
    halved: bool = False
    zoned: bool = False


# The cards of a list share a few days, and so do the lists of a time.
@lru_cache(maxsize=1024)
def printed(text: str) -> Printed:
    """Day and time, in English or Khmer, on Phnom Penh's clock; the day alone when no time is printed.

    A clock without AM or PM is taken for one of 24 hours. Raises ValueError for another form, and
    for a day or an hour that does not exist.
    """
    words = " ".join(text.translate(_KHMER_DIGITS).replace("\u200b", "").split())
    found = _PRINTED.fullmatch(words)
    if found is None:
        raise ValueError(f"no date: {text[:80]!r}")
    day = _day(found["day"], text)
    if not found["clock"]:
        return Printed(text=text, on=day, zoned=bool(found["zone"]))
    hour, minute, halved = _clock(found["clock"], text)
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=PHNOM_PENH)
    return Printed(text=text, on=day, at=local.astimezone(UTC), halved=halved, zoned=bool(found["zone"]))


def _day(words: str, text: str) -> date:
    year = int(words[-4:])
    if american := re.search(r"([A-Z][a-z]+)\.? (\d{1,2}), \d{4}$", words):
        return date(year, _month(american[1], text), int(american[2]))
    found = re.search(r"(\d{1,2})(?:st|nd|rd|th)? ?(?:ខែ)? ?([^\W\d].*?)[.,]? ?(?:ឆ្នាំ)? ?\d{4}$", words)
    if found is None:
        raise ValueError(f"no date: {text[:80]!r}")
    return date(year, _month(found[2], text), int(found[1]))


def _month(name: str, text: str) -> int:
    number = _KHMER_MONTHS.get(name) or _MONTHS.get(name[:3].casefold())
    full = month_name[number].casefold() if number else ""
    if number is None or not (name in _KHMER_MONTHS or name.casefold() in (full, full[:3], full[:4])):
        raise ValueError(f"no month: {text[:80]!r}")
    return number


def _clock(words: str, text: str) -> tuple[int, int, bool]:
    """Hour, minute, and whether the clock says AM or PM."""
    found = _PARTS_OF_CLOCK.search(words)
    if found is None:
        raise ValueError(f"no time: {text[:80]!r}")
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if not half:
        return hour, int(found["minute"]), False
    morning = half in ("a", "ព្រឹក")
    if hour > 12 and morning:
        raise ValueError(f"no hour of a morning: {text[:80]!r}")
    return hour % 12 + (0 if morning else 12), int(found["minute"]), True


_YEAR_OR_MONTH = re.compile(r"(\d{4})(?:-(\d{2}))?", re.A)


def span(text: str) -> tuple[date, date]:
    """First and last day of a year, a month or a day in ISO form: `2018`, `2018-06`, `2018-06-20`.

    Raises ValueError for anything else and for a day that does not exist.
    """
    if not (found := _YEAR_OR_MONTH.fullmatch(text)):
        day = date.fromisoformat(text)
        return day, day
    first, last = (int(found[2]), int(found[2])) if found[2] else (1, 12)
    year = int(found[1])
    return date(year, first, 1), date(year, last, monthrange(year, last)[1])


def machine_moment(text: str | None) -> datetime | None:
    """An ISO moment with its offset, as `dcterms.date` carries, in UTC; None for anything else."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def day_of(moment: datetime) -> date:
    """The day in Phnom Penh at that moment."""
    return moment.astimezone(PHNOM_PENH).date()


def at_seven(day: date) -> datetime:
    """07:00 in Phnom Penh, midnight in UTC: what the engines gave to stories without a time."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def believable(day: date, captured_at: datetime | None) -> bool:
    """Whether the paper can have published on that day: founded, and not after the capture.

    Two days of grace for clocks and for print dates ahead of the web's.
    """
    latest = (captured_at + timedelta(days=2)).date() if captured_at else date.max
    return FOUNDED_ON - timedelta(days=7) <= day <= latest
