"""The crash tests in small; `make crash` runs them in full, on the same code."""

from pathlib import Path
from random import Random

import pytest
from scrapy.settings import Settings

from postscraper.newspapers import POST
from postscraper.run.run import Run, now
from postscraper.run.scope import scope
from storage.warc.exchange import Exchange
from tests.crash import faults, killloop, powercut, wrong_order
from tests.crash.disk import after
from tests.crash.faults import FAILED, FULL, IN_USE, cannot_mount
from tests.crash.pages import HOME
from tests.crash.traced import Operation
from tests.helpers.needed import needed

PAGES = 40
ENTRY = wrong_order.ENTRY

needs_strace = pytest.mark.usefixtures("strace")


@pytest.fixture
def strace() -> str:
    return needed("strace", "strace")


def opened(folder: Path, url: str) -> Run:
    settings = Settings({"ARCHIVE_DIR": str(folder)})
    settings.setmodule("postscraper.settings", priority="default")
    return Run.open(POST, scope(POST, {"url": url}), settings)


@pytest.mark.parametrize(
    ("asked", "location"),
    [("/national/a-ferry", "/national/a-ferry/"), ("/robots.txt", None)],
)
def test_what_leads_to_a_page_is_not_taken_for_one(tmp_path: Path, asked: str, location: str | None) -> None:
    """Killed between a redirect to the same address and its page, the crawl must ask again."""
    address = f"{HOME}/national/a-ferry"
    run = opened(tmp_path, address)
    run.begin()
    assert [due.address for due in run.due(1)] == [address]
    headers = (("Location", location),) if location else ()
    status = 301 if location else 200
    run.record(
        Exchange(url=HOME + asked, requested_at=None, captured_at=now(), status=status, headers=headers, body=b"")
    )
    run.close()
    run = opened(tmp_path, address)
    try:
        assert not list(run.archive.captures())
        assert [due.address for due in run.due(1)] == [address]
    finally:
        run.close()


@pytest.mark.long
def test_kills_change_nothing(tmp_path: Path) -> None:
    toll = killloop.killed(tmp_path, 4, seed=5, pages=300)
    assert toll.violations == []
    assert toll.kills.total() == 4
    assert toll.acknowledged > 100


@pytest.mark.long
@needs_strace
def test_power_cuts_lose_nothing_acknowledged(tmp_path: Path) -> None:
    result = powercut.cut(tmp_path, 10, seed=5, pages=PAGES)
    assert result.violations == []
    assert result.acknowledged > PAGES
    assert result.restarts


@pytest.mark.parametrize("order", [pytest.param("row_first", marks=pytest.mark.long), "answered_first"])
def test_the_kill_loop_finds_a_wrong_order(tmp_path: Path, order: str) -> None:
    assert killloop.killed(tmp_path, 6, seed=5, pages=200, entry=(*ENTRY, order)).violations


@pytest.mark.long
@needs_strace
def test_the_power_cuts_find_a_missing_sync(tmp_path: Path) -> None:
    result = powercut.cut(tmp_path, 12, seed=5, pages=10, entry=(*ENTRY, "unsynced"))
    assert result.acknowledged
    assert result.violations


@pytest.mark.long
@pytest.mark.skipif(cannot_mount() is not None, reason=f"no tmpfs: {cannot_mount()}")
def test_a_full_disk_is_told_and_harms_nothing(tmp_path: Path) -> None:
    result = faults.suffered(tmp_path, "full", 2, seed=5, pages=PAGES)
    assert result.violations == []
    assert result.ends[FULL]


@pytest.mark.long
@needs_strace
def test_a_failed_sync_ends_the_run(tmp_path: Path) -> None:
    result = faults.suffered(tmp_path, "syncs", 3, seed=5, pages=PAGES)
    assert result.violations == []
    assert result.ends[FAILED]


@pytest.mark.long
def test_a_second_start_is_refused(tmp_path: Path) -> None:
    result = faults.suffered(tmp_path, "starts", 3, seed=5, pages=PAGES)
    assert result.violations == []
    assert result.ends == {IN_USE: 3}


def test_a_sync_promises_nothing_of_what_is_written_while_it_runs(tmp_path: Path) -> None:
    path = str(tmp_path / "disk" / "file")
    early, late = (Operation("write", path, at, data) for at, data in ((0, b"early"), (5, b"late")))
    synced = [Operation("create", path), early, Operation("syncing", path), late, Operation("sync", path)]
    disk = after([*synced, Operation("sync", str(tmp_path / "disk"))], tmp_path / "disk")
    disk.leave("lost", Random(1), tmp_path / "left")
    assert (tmp_path / "left" / "file").read_bytes() == b"early"
