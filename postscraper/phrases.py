"""Counts, times and addresses in words, for terminals and pages alike."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil, floor, log10
from urllib.parse import unquote

# Private-use characters around each match of a snippet, for bold print or brackets later; no newspaper prints these.
MARKS = ("\ue000", "\ue001")

_ESCAPED_TEXT = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")


def counted(number: int, noun: str, nouns: str | None = None) -> str:
    """`1 story`, `1,204 stories`; nouns: the plural where it is not formed with an s."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


_PLURALS = {
    "new story": "new stories",
    "new revision": "new revisions",
    "listing": "listings",
    "known capture": "known captures",
}


def outcomes(counts: Iterable[tuple[str, int]]) -> str:
    """Numbers of pages by what came of them, in the order given: `2 listings, 1 new story, 3 unread`."""
    return ", ".join(counted(count, name, _PLURALS.get(name, name)) for name, count in counts)


def scale(most: float, steps: int, least_step: float = 0) -> list[float]:
    """Labels of an axis: from 0 to `most` or just above it, in fewer than `steps` round steps to `most`.

    most: 0 is taken for 1.
    """
    most = most or 1
    power = 10.0 ** floor(log10(most))
    step = max(next(power * part for part in (0.2, 0.5, 1.0, 2.0) if most / (power * part) < steps), least_step)
    return [step * number for number in range(ceil(round(most / step, 9)) + 1)]


_UNITS = (("year", 365 * 24 * 60), ("day", 24 * 60), ("hour", 60), ("minute", 1))


def duration(length: timedelta) -> str:
    """`3 days`, `5 hours`: in the largest unit of which there are two, rounded down; `1 minute` at least."""
    minutes = max(round(abs(length).total_seconds() / 60), 1)
    name, size = next((unit for unit in _UNITS if minutes >= 2 * unit[1]), _UNITS[-1])
    return counted(minutes // size, name)


def minute(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "at a time unknown"


def address(url: str) -> str:
    """The address with Khmer letters in place of their escapes; it can be copied into a browser as it stands."""
    return _ESCAPED_TEXT.sub(lambda found: unquote(found[0], errors="backslashreplace"), url)
