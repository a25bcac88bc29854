"""Printed dates as moments and days, and never more precise than the page."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from postscraper.extraction.page import Page
from postscraper.items import Problem
from postscraper.newspaper import DateForms, Newspaper


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A date as a page prints it.

    on: the day on the newspaper's clock. at: aware UTC; None when no time is printed or none is meant.
    halved: whether the clock says AM or PM. zoned: whether it names its zone.
    """

    text: str
    on: date
    at: datetime | None = None
    halved: bool = False
    zoned: bool = False


# The cards of a list share a few days, and so do the lists of a time.
@lru_cache(maxsize=1024)
def printed(text: str, paper: Newspaper) -> Printed:
    """Day and time on the newspaper's clock; the day alone when no time is printed.

    A clock without AM or PM is taken for one of 24 hours. Raises ValueError for another form, and
    for a day or an hour that does not exist.
    """
    forms = paper.dates
    pattern, digits = _compiled(forms)
    match = pattern.fullmatch(" ".join(text.translate(digits).replace("\u200b", "").split()))
    if match is None:
        raise ValueError(f"no date: {text[:80]!r}")
    day = _day(match["day"], forms, text)
    if not match["clock"]:
        return Printed(text=text, on=day, zoned=bool(match["zone"]))
    hour, minute, halved = _clock(match["clock"], forms, text)
    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=paper.zone)
    return Printed(text=text, on=day, at=local.astimezone(UTC), halved=halved, zoned=bool(match["zone"]))


def dated(
    page: Page, text: str | None, *, captured_at: datetime | None = None
) -> tuple[Printed | None, tuple[Problem, ...]]:
    """The date that a page prints; None, and a problem that says why, for one that cannot be read or trusted.

    text: None for a page that prints none. captured_at: when the page was built, where that is known better than by
    its capture.
    """
    if text is None:
        return None, ()
    try:
        date = printed(text, page.paper)
    except ValueError as error:
        return None, (Problem(kind="odd_date", detail=str(error), text=text),)
    if not believable(date.on, captured_at or page.capture.captured_at, page.paper):
        return None, (Problem(kind="odd_date", detail="no day the paper can print", text=text),)
    return date, ()


@cache
def _compiled(forms: DateForms) -> tuple[re.Pattern[str], dict[int, str]]:
    pattern = rf"(?P<day>{forms.day})(?P<clock>{forms.clock})?(?P<zone>{forms.zone})?"
    return re.compile(pattern), str.maketrans(dict(forms.digits))


def _day(words: str, forms: DateForms, text: str) -> date:
    match = next((match for parts in forms.day_parts if (match := re.search(parts, words))), None)
    if match is None:
        raise ValueError(f"no date: {text[:80]!r}")
    month = forms.months.get(match["month"].casefold())
    if month is None:
        raise ValueError(f"no month: {text[:80]!r}")
    return date(int(match["year"]), month, int(match["day"]))


def _clock(words: str, forms: DateForms, text: str) -> tuple[int, int, bool]:
    """Hour, minute, and whether the clock says AM or PM."""
    match = re.search(forms.clock_parts, words)
    if match is None:
        raise ValueError(f"no time: {text[:80]!r}")
    hour, half = int(match["hour"]), (match["half"] or "").lower()
    if not half:
        return hour, int(match["minute"]), False
    morning = half in forms.mornings
    if hour > 12 and morning:
        raise ValueError(f"no hour of a morning: {text[:80]!r}")
    return hour % 12 + (0 if morning else 12), int(match["minute"]), True


_YEAR_OR_MONTH = re.compile(r"(\d{4})(?:-(\d{2}))?", re.A)


def span(text: str) -> tuple[date, date]:
    """First and last day of a year, a month or a day in ISO form: `2018`, `2018-06`, `2018-06-20`.

    Raises ValueError for anything else and for a day that does not exist.
    """
    if not (match := _YEAR_OR_MONTH.fullmatch(text)):
        day = date.fromisoformat(text)
        return day, day
    first, last = (int(match[2]), int(match[2])) if match[2] else (1, 12)
    year = int(match[1])
    return date(year, first, 1), date(year, last, monthrange(year, last)[1])


def iso_moment(text: Any) -> datetime | None:
    """A moment in ISO form, aware where it names its offset; None for anything else."""
    try:
        moment = datetime.fromisoformat(text.strip()) if isinstance(text, str) else None
        _ = moment and moment.astimezone(UTC)  # raises for one that is out of range there
    except (ValueError, OverflowError):
        return None
    return moment


def machine_moment(text: Any) -> datetime | None:
    """An ISO moment with its offset, as `dcterms.date` carries, in UTC; None for anything else."""
    moment = iso_moment(text)
    return moment.astimezone(UTC) if moment and moment.tzinfo else None


def day_of(moment: datetime, paper: Newspaper) -> date:
    """The day on the newspaper's clock at that moment."""
    return moment.astimezone(paper.zone).date()


def is_default_time(moment: datetime | None, paper: Newspaper) -> bool:
    """Whether the moment has the time that the newspaper's engines gave to stories without one."""
    if moment is None or paper.default_time is None:
        return False
    return moment.astimezone(paper.zone).time() == paper.default_time


def believable(day: date, captured_at: datetime | None, paper: Newspaper) -> bool:
    """Whether the newspaper can have published on that day: founded, and not after the capture.

    Two days of grace for clocks and for print dates ahead of the web's.
    """
    latest = (captured_at + timedelta(days=2)).date() if captured_at else date.max
    return paper.founded_on - timedelta(days=7) <= day <= latest
