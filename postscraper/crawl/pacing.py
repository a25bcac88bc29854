"""How a run over another archive waits: after answers that are none, and when it is asked to stop for the day."""

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

MOST_REFUSALS = 2  # on one day; then the archive is left alone until the next
UNREACHABLE_AFTER = 2  # fetches without any answer, and none before: the host or the network is away
REFUSAL_SECONDS = 60.0  # to wait after the first that does not say how long

_log = logging.getLogger(__name__)


class Pacing:
    """stop: ends the run, for a reason and with a sentence. What the database refuses is raised as ArchiveError."""

    def __init__(
        self, archive: OtherArchive, holdings: Holdings, longest_pause: float, stop: Callable[[str, str], None]
    ) -> None:
        self.over = False  # nothing more is to be asked in this run
        self._archive, self._holdings, self._longest_pause, self._end = archive, holdings, longest_pause, stop
        self._paused_until = datetime.min.replace(tzinfo=UTC)
        self._amiss = 0  # answers in a row that were none
        self._reached = False  # whether any answer came at all

    def waits(self) -> bool:
        return self.over or now() < self._paused_until

    def rests_today(self) -> bool:
        """Whether the archive asked to be left alone today, in this run or another; ends the run then."""
        today = now()
        if self._holdings.refusals(self._archive.name, today.date()) < MOST_REFUSALS:
            return False
        until = today.date() + timedelta(days=1)
        self.stop("resting", f"asked to be left alone for today; nothing is asked of it before {until}, UTC")
        return True

    def answered(self) -> None:
        self._amiss, self._reached = 0, True

    def on_error(self, why: str, response: Response | None = None) -> None:
        """Wait, longer each time; after the fourth time in a row the run ends."""
        self._amiss += 1
        self._reached = self._reached or response is not None
        asked = _asked(response)
        silent = not self._reached and self._amiss >= UNREACHABLE_AFTER
        if silent or self._amiss > len(BACK_OFF) or asked > self._longest_pause:
            self.stop("unreachable", f"{why}; what was listed and fetched is kept, try again later")
        else:
            self._pause(max(BACK_OFF[self._amiss - 1].total_seconds(), asked))

    def on_rate_limit(self, response: Response) -> None:
        """The archive answers 429: too many questions. One pause beyond what a run waits for counts as the last."""
        asked = _asked(response)
        count = 1 if asked <= self._longest_pause else MOST_REFUSALS
        self._holdings.refused(self._archive.name, now().date(), count)
        if not self.rests_today():
            self._pause(asked or REFUSAL_SECONDS)

    def stop(self, reason: str, what: str) -> None:
        """what: the sentence that begins with where the archive is asked."""
        self.over = True
        where = ", ".join(urlsplit(origin).netloc for origin in self._archive.origins)
        self._end(reason, f"{where}: {what}")

    def _pause(self, seconds: float) -> None:
        _log.info("%s: the next question in %d seconds", self._archive.name, seconds)
        self._paused_until = now() + timedelta(seconds=seconds)


def _asked(response: Response | None) -> float:
    """The seconds that an answer asks to wait; 0 when it asks for none."""
    said = response.headers.get("Retry-After") if response is not None else None
    if response is None or said is None:
        return 0.0
    return max(retry_after_seconds(response.status, said.decode("latin-1"), now()) or 0.0, 0.0)
