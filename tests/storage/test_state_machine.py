"""An archive against a model, whatever happens to it in whatever order; and wrong programs, found out."""

import os
from collections.abc import Sequence
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from postscraper.items import Item
from postscraper.run.recorder import Recorder
from postscraper.run.run import Run, now
from storage.archive import Outcome
from storage.errors import EvidenceShort
from tests.helpers.archive_machine import Machine
from tests.helpers.archive_model import Model, Page

SOME = settings(
    max_examples=int(os.environ.get("EXAMPLES", "40")),
    stateful_step_count=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.mark.parametrize("examples", [6, pytest.param(SOME.max_examples, marks=pytest.mark.long)])
def test_whatever_happens_the_archive_says_what_came(examples: int) -> None:
    run_state_machine_as_test(Machine, settings=settings(SOME, max_examples=examples))


class Unsynced(Run):
    """Rows name records that were never made durable."""

    def commit(self, items: Sequence[Item]) -> list[list[Outcome]]:
        with patch.object(Recorder, "sync", lambda _: None):
            return super().commit(items)


class AnsweredFirst(Run):
    """Pages are acknowledged before their commit, which waits for the end of the run."""

    later: list[Item]

    def commit(self, items: Sequence[Item]) -> list[list[Outcome]]:
        self.later = [*getattr(self, "later", []), *items]
        return [[Outcome.NEW_STORY] for _ in items]

    def close(self) -> None:
        super().commit(getattr(self, "later", []))
        super().close()


class Unrecovered(Run):
    """What a crash left without a row stays without one."""

    def _recover(self) -> None:
        self.archive.ledger.release_all(now())


class Forgetful(Run):
    """A batch loses all that is behind its second page."""

    def commit(self, items: Sequence[Item]) -> list[list[Outcome]]:
        return super().commit(items[:2])


@pytest.mark.parametrize(
    "wrong", [AnsweredFirst, *(pytest.param(run, marks=pytest.mark.long) for run in (Unsynced, Unrecovered, Forgetful))]
)
def test_a_program_that_is_wrong_is_found_out(wrong: type[Run]) -> None:
    class Wrong(Machine):
        kind = wrong

    # Enough to find any of them always: it ends with the first that is found, most often after a dozen.
    only_found = settings(
        SOME, max_examples=1000, phases=[Phase.generate], report_multiple_bugs=False, print_blob=False
    )
    with pytest.raises((AssertionError, EvidenceShort)):
        run_state_machine_as_test(Wrong, settings=only_found)


class Newest(Model):
    """Takes what came last for the newest, whenever it was on the page."""

    def take(self, page: Page) -> None:
        super().take(page)
        if page.words and page.filed:
            seen = self.stories[page.exchange.url]
            seen[max(seen)] = page.words


@pytest.mark.long
def test_a_model_that_is_wrong_is_found_out() -> None:
    class Wrong(Machine):
        expected = Newest

    with pytest.raises(AssertionError):
        run_state_machine_as_test(Wrong, settings=settings(SOME, phases=[Phase.generate], report_multiple_bugs=False))
