"""Counts, times and addresses in words, for terminals and pages alike."""

import re
from datetime import datetime, timedelta
from urllib.parse import unquote

# Private-use characters around each match of a snippet, for bold print or brackets later; no newspaper prints these.
MARKS = ("\ue000", "\ue001")

_ESCAPED_TEXT = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")


def counted(number: int, noun: str, nouns: str | None = None) -> str:
    """`1 story`, `1,204 stories`; nouns: the plural where it is not formed with an s."""
    return f"{number:,} {noun if number == 1 else nouns or noun + 's'}"


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
