"""Printed dates as moments and days, and never more precise than the page.

The newsroom is in Phnom Penh: Indochina Time, UTC+07:00, without summer time.
"""

import re
from calendar import monthrange
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
_KHMER_DATE = re.compile(r"(\d{1,2})\s*(?:ខែ)?\s*([\u1780-\u17d3]+?)\s*(?:ឆ្នាំ)?\s*(\d{4})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Printed:
    """A date as a page prints it.

    on: the day in Phnom Penh. at: aware UTC; None when no time is printed or none is meant.
    """

    text: str
    on: date
    at: datetime | None = None


def printed_moment(text: str, form: str) -> Printed:
    """Day and time printed in the `strptime` form, on Phnom Penh's clock.

    Raises ValueError for another form or a day that does not exist.
    """
    local = _local(text, form)
    return Printed(text=text, on=local.date(), at=local.astimezone(UTC))


def printed_day(text: str, form: str) -> Printed:
    """A day alone, printed in the `strptime` form. Raises ValueError as above."""
    return Printed(text=text, on=_local(text, form).date())


# The cards of a list share a few days, and so do the lists of a time.
@lru_cache(maxsize=1024)
def _local(text: str, form: str) -> datetime:
    return datetime.strptime(" ".join(text.split()), form).replace(tzinfo=PHNOM_PENH)


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


def khmer_day(text: str) -> Printed:
    """A day printed as 'ថ្ងៃទី ២៦ ខែសីហា ឆ្នាំ២០១៦'. Raises ValueError for anything else."""
    words = text.translate(_KHMER_DIGITS).replace("\u200b", "")
    found = _KHMER_DATE.search(words)
    if found is None or found[2] not in _KHMER_MONTHS:
        raise ValueError(f"no Khmer date: {text[:80]!r}")
    return Printed(text=text, on=date(int(found[3]), _KHMER_MONTHS[found[2]], int(found[1])))


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


def believable(day: date, captured_at: datetime | None) -> bool:
    """Whether the paper can have published on that day: founded, and not after the capture.

    Two days of grace for clocks and for print dates ahead of the web's.
    """
    latest = (captured_at + timedelta(days=2)).date() if captured_at else date.max
    return FOUNDED_ON - timedelta(days=7) <= day <= latest
