"""Pauses of a run over another archive: after errors, and after refusals, which are limited per day."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from scrapy.http import Response

from postscraper.run.discovery import retry_after_seconds
from postscraper.run.run import now
from postscraper.sources.remote import OtherArchive
from storage.holdings.holdings import Holdings
from storage.ledger.states import BACK_OFF

MOST_REFUSALS = 2  # a day; then nothing is requested until the next
UNREACHABLE_AFTER = 2  # failed requests, without any response before: host or network is down
REFUSAL_SECONDS = 60.0  # pause after a refusal without a Retry-After

_log = logging.getLogger(__name__)


class Pacing:
    """Pauses between the requests of one run. Raises ArchiveError for errors of the database."""

    def __init__(
        self, archive: OtherArchive, holdings: Holdings, longest_pause: float, stop: Callable[[str, str], None]
    ) -> None:
        """stop: ends the run, with a reason and a sentence."""
        self.over = False  # nothing more is requested in this run
        self._archive, self._holdings, self._longest_pause, self._end = archive, holdings, longest_pause, stop
        self._paused_until = datetime.min.replace(tzinfo=UTC)
        self._errors = 0  # in a row
        self._reached = False  # whether any answer came at all

    def waits(self) -> bool:
        return self.over or now() < self._paused_until

    def is_resting_today(self) -> bool:
        """Whether the archive refused too many requests today, in any run; if so, ends the run."""
        today = now()
        if self._holdings.refusals(self._archive.name, today.date()) < MOST_REFUSALS:
            return False
        until = today.date() + timedelta(days=1)
        self.stop("resting", f"asked to be left alone for today; nothing is asked of it before {until}, UTC")
        return True

    def answered(self) -> None:
        self._errors, self._reached = 0, True

    def on_error(self, why: str, response: Response | None = None) -> None:
        """Pause, longer after each error in a row; after the fourth the run ends."""
        self._errors += 1
        self._reached = self._reached or response is not None
        pause_seconds = retry_after(response)
        silent = not self._reached and self._errors >= UNREACHABLE_AFTER
        if silent or self._errors > len(BACK_OFF) or pause_seconds > self._longest_pause:
            self.stop("unreachable", f"{why}; what was listed and fetched is kept, try again later")
        else:
            self._pause(max(BACK_OFF[self._errors - 1].total_seconds(), pause_seconds))

    def on_rate_limit(self, response: Response) -> None:
        """Count an answer 429. A Retry-After longer than LONGEST_PAUSE counts as the day's last refusal."""
        pause_seconds = retry_after(response)
        count = 1 if pause_seconds <= self._longest_pause else MOST_REFUSALS
        self._holdings.refused(self._archive.name, now().date(), count)
        if not self.is_resting_today():
            self._pause(pause_seconds or REFUSAL_SECONDS)

    def stop(self, reason: str, what: str) -> None:
        """End the run. what: end of a sentence that begins with the hosts of the archive."""
        self.over = True
        hosts = ", ".join(urlsplit(origin).netloc for origin in self._archive.origins)
        self._end(reason, f"{hosts}: {what}")

    def _pause(self, seconds: float) -> None:
        _log.info("%s: the next question in %d seconds", self._archive.name, seconds)
        self._paused_until = now() + timedelta(seconds=seconds)


def retry_after(response: Response | None) -> float:
    """The pause in seconds that a response requests; 0 if it requests none."""
    header = response.headers.get("Retry-After") if response is not None else None
    if response is None or header is None:
        return 0.0
    return max(retry_after_seconds(response.status, header.decode("latin-1"), now()) or 0.0, 0.0)
