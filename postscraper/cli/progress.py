"""Progress of a long command on stderr: one live line on a terminal, else a line a minute."""

import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from postscraper.cli.output import counted, joined
from storage.archive import Archive
from storage.errors import ArchiveError
from storage.query.captures import count_stored

DRAWN_EVERY, WRITTEN_EVERY = 0.2, 60.0  # seconds
_ERASE = "\r\x1b[K"


class Meter:
    """A running count, with its rate and the time left."""

    def __init__(
        self,
        noun: str,
        nouns: str | None = None,
        *,
        total: int | None = None,
        say: Callable[[str], object] | None = None,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """noun, nouns: of the things counted.

        total: their number; None when unknown.
        say: writes the line of each minute; by default to `stream`.
        stream: standard error by default.
        """
        self._noun, self._nouns, self._total = noun, nouns, total
        self._stream = stream or sys.stderr
        self._say = say or (lambda text: print(text, file=self._stream, flush=True))
        self._clock = clock
        self._begun = clock()
        self._is_terminal = self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._every = DRAWN_EVERY if self._is_terminal else WRITTEN_EVERY
        self._shown_at = self._begun - DRAWN_EVERY  # on a terminal the first line is drawn at once
        self._is_drawn = False

    def is_due(self) -> bool:
        """Whether `show` would write a line now."""
        return self._clock() - self._shown_at >= self._every

    def show(self, done: int, share: float | None = None, note: str = "") -> None:
        """Show the count, if the last line is old enough.

        share: of the whole work, from 0 to 1; None: `done` of the total.
        """
        if not self.is_due():
            return
        now = self._shown_at = self._clock()
        text = self._text(done, share, note, now - self._begun)
        if not self._is_terminal:
            self._say(text)
            return
        width = shutil.get_terminal_size().columns
        self._stream.write(_ERASE + text[: width - 1])
        self._stream.flush()
        self._is_drawn = True

    def erase(self) -> None:
        """Erase the live line."""
        if self._is_drawn:
            self._stream.write(_ERASE)
            self._stream.flush()
            self._is_drawn = False

    def _text(self, done: int, share: float | None, note: str, seconds: float) -> str:
        if share is None and self._total:
            share = done / self._total
        many = counted(done, self._noun, self._nouns)
        whole = f"{done:,} of {counted(self._total, self._noun, self._nouns)}" if self._total else many
        if not done or seconds < DRAWN_EVERY:
            return joined(whole, note)
        left = f"{duration(seconds * (1 - share) / share)} left" if share and share <= 1 else None
        return joined(whole, note, _rate(done / seconds), left)


def _rate(each_second: float) -> str:
    return f"{each_second:,.0f}/s" if each_second >= 10 else f"{each_second * 60:,.0f}/min"


def duration(seconds: float) -> str:
    """In the two largest units: `41 s`, `12 min`, `4 h 05 min`, `3 days 4 h`."""
    minutes, hours = int(seconds // 60), int(seconds // 3600)
    if seconds < 60:
        return f"{seconds:.0f} s"
    if hours < 1:
        return f"{minutes} min"
    if hours < 24:
        return f"{hours} h {minutes % 60:02} min"
    return f"{counted(hours // 24, 'day')} {hours % 24} h"


def kept_pages(archive: Path) -> int | None:
    """The number of captures with bytes in the evidence; None when the database cannot be read."""
    try:
        with Archive.open(archive, readonly=True) as opened:
            return opened.ask(count_stored)
    except ArchiveError:
        return None


@contextmanager
def progress(noun: str, nouns: str | None = None, *, total: int | None = None) -> Iterator[Meter]:
    """A meter whose live line is erased at the end, and before each line of the log."""
    meter = Meter(noun, nouns, total=total)
    with beside_log(meter):
        yield meter


@contextmanager
def beside_log(meter: Meter) -> Iterator[None]:
    def erase(_: logging.LogRecord) -> bool:
        meter.erase()
        return True

    handlers = [*logging.getLogger().handlers, logging.lastResort]
    for handler in filter(None, handlers):
        handler.addFilter(erase)
    try:
        yield
    finally:
        for handler in filter(None, handlers):
            handler.removeFilter(erase)
        meter.erase()
