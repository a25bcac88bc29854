"""A start after a crash files what was kept and not committed, whatever the order."""

from pathlib import Path

import pytest

from postscraper.items import Capture
from storage.evidence.pending import PendingRecords
from storage.evidence.store import Evidence
from storage.ingest import visits
from storage.warc.exchange import RecordLocation
from tests.helpers.archives import SITE, answer, file, run_on, saved_pages


@pytest.fixture(scope="module")
def pages() -> list[Capture]:
    found = [each for each in saved_pages() if b'id="ArticleBody"' in each.body]
    assert len(found) > 3
    return found[:4]


def addresses(archive: Path) -> list[str]:
    with run_on(archive) as opened:
        return sorted(row.url for row in opened.archive.captures())


def test_a_page_kept_before_a_filed_one_is_not_lost(tmp_path: Path, pages: list[Capture]) -> None:
    with run_on(tmp_path) as crashed:
        first = crashed.record(answer(pages[0]))
        crashed.record(answer(pages[0], url=f"{SITE}/robots.txt", body=b"User-agent: *\n"))
        file(crashed, answer(pages[1]))
        assert crashed.archive.ask(visits.replay_offsets) == {first.file: first.offset}
    assert addresses(tmp_path) == sorted(page.url for page in pages[:2])


def test_a_page_filed_before_the_crash_is_filed_once(tmp_path: Path, pages: list[Capture]) -> None:
    with run_on(tmp_path) as crashed:
        crashed.record(answer(pages[0]))
        file(crashed, answer(pages[1]), answer(pages[2]))
        crashed.record(answer(pages[3]))
    for _ in range(2):
        assert addresses(tmp_path) == sorted(page.url for page in pages)


def test_what_is_dealt_with_is_read_once(tmp_path: Path, pages: list[Capture], monkeypatch: pytest.MonkeyPatch) -> None:
    with run_on(tmp_path) as crashed:
        crashed.record(answer(pages[0]))
        file(crashed, answer(pages[1]))
    read: list[RecordLocation] = []
    recover = Evidence.recover

    def noting(self: Evidence, *known: object, **more: object) -> object:
        for place, exchange in recover(self, *known, **more):  # type: ignore[arg-type]
            read.append(place)
            yield place, exchange

    monkeypatch.setattr(Evidence, "recover", noting)
    assert len(addresses(tmp_path)) == len(read) == 2
    assert len(addresses(tmp_path)) == 2
    assert len(read) == 2, "the second start reads nothing again"


def test_an_archive_without_marks_is_read_from_the_last_row(tmp_path: Path, pages: list[Capture]) -> None:
    """As versions before the marks left it."""
    with run_on(tmp_path) as crashed:
        file(crashed, answer(pages[0]))
        crashed.record(answer(pages[1]))
        with crashed.archive.connect() as connection:
            connection.exec_driver_sql("DELETE FROM replayed")
            connection.commit()
    assert addresses(tmp_path) == sorted(page.url for page in pages[:2])


def test_a_file_that_is_done_is_told_once() -> None:
    unfiled = PendingRecords()
    for file_, offset in (("a", 10), ("a", 20), ("b", 10)):
        unfiled.add(RecordLocation(file=file_, offset=offset, length=5), f"the answer at {offset} of {file_}")
    assert unfiled.location("the answer at 20 of a") == RecordLocation(file="a", offset=20, length=5)
    unfiled.remove("a", 20)
    assert unfiled.location("the answer at 20 of a") is None, "its row says where it is"
    assert unfiled.safe_offsets() == {"a": 10, "b": 10}
    unfiled.remove("a", 10)
    unfiled.remove("b", 10)
    unfiled.remove("c", 10)
    assert unfiled.safe_offsets() == {"a": 25, "b": 15}
    assert unfiled.safe_offsets() == {"b": 15}
