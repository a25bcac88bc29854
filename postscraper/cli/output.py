"""Text of pages on a terminal: readable in every script, without control characters."""

import json
import os
import re
import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import click

from postscraper.phrases import address as address
from postscraper.phrases import counted as counted
from postscraper.phrases import duration as duration
from postscraper.phrases import minute as minute

# A headline may hold escape sequences (C0, DEL, C1) and signs that change the direction of the text after them
# (https://trojansource.codes).
_CONTROL = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"  # compiled with the first line printed
_NOT_IN_JSON = re.compile("[\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def safe(text: str) -> str:
    """The text with every control character but tab and line end written out, as `\\x1b`."""
    return re.sub(_CONTROL, lambda found: ascii(found[0])[1:-1], text)


def one_line(text: str) -> str:
    return safe(" ".join(text.split()))


def colours() -> bool:
    """Whether to print colours: on a terminal, unless NO_COLOR (https://no-color.org) or TERM forbids them."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def line(text: str = "", **style: bool) -> None:
    """Print a line; style: bold, italic, dim, where there are colours."""
    click.echo(click.style(safe(text), **style) if style else safe(text), color=colours())


_SIGNS = {"same": ("", ""), "removed": ("[-", "-]"), "added": ("{+", "+}")}
_STYLES: dict[str, dict[str, Any]] = {
    "same": {},
    "removed": {"fg": "red", "strikethrough": True},
    "added": {"fg": "green", "underline": True},
}


def marked(pieces: Iterable[tuple[str, str]]) -> str:
    """Pieces of text, each same, removed or added, as one text with the differences marked: by colours or signs."""
    if colours():
        return "".join(click.style(safe(text), **_STYLES[change]) for change, text in pieces)
    return "".join(f"{_SIGNS[change][0]}{safe(text)}{_SIGNS[change][1]}" for change, text in pieces)


def shortened(text: str, letters: int) -> str:
    """The text on one line, cut after so many letters."""
    text = one_line(text)
    return text if len(text) <= letters else f"{text[:letters]}…"


def span(first: datetime | None, last: datetime | None) -> str:
    """Two moments, or one where they are the same minute."""
    return " to ".join(dict.fromkeys((minute(first), minute(last))))


def note(text: str) -> None:
    """Print a sentence on standard error, beside an answer that is empty or that other programs read."""
    click.echo(safe(text), err=True)


def joined(*facts: object) -> str:
    """The known facts on one line; None and "" are unknown."""
    return " · ".join(one_line(str(fact)) for fact in facts if fact not in (None, ""))


def as_json(data: Any, *, indent: int | None = 2) -> bytes:
    """JSON in UTF-8 on any terminal, with its control characters escaped."""
    text = json.dumps(data, ensure_ascii=False, indent=indent)
    text = _NOT_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    return text.encode("utf-8", "backslashreplace") + b"\n"


def print_json(data: Any) -> None:
    sys.stdout.flush()
    sys.stdout.buffer.write(as_json(data))
    sys.stdout.buffer.flush()
