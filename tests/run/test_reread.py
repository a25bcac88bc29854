"""Two versions of a layout over the same pages: the differences counted by hand, and no story rewritten by us."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from postscraper.run.evidence_reader import EvidenceReader
from postscraper.run.reprocess import CaptureSelection, Report, accept, compare
from storage.archive import Archive
from tests.helpers.archives import SITE, answer, file, run_on
from tests.helpers.canonical import ask, canonical
from tests.helpers.two_layouts import PAGES, START, read_by

OLD, NEW = 1, 2  # versions of the layout


@pytest.fixture(scope="module")
def read_by_the_old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("old") / "archive"
    with read_by(OLD), run_on(folder) as opened:
        for each in PAGES:
            file(opened, answer(each))
    return folder


@pytest.fixture
def archive(read_by_the_old: Path, tmp_path: Path) -> Path:
    return copytree(read_by_the_old, tmp_path / "archive")


def compared(folder: Path, version: int, **selection: Any) -> Report:
    with read_by(version), Archive.open(folder, readonly=True) as opened:
        return compare(opened, EvidenceReader(folder), CaptureSelection(**selection))


def accepted(folder: Path, version: int, **selection: Any) -> int:
    with read_by(version), Archive.open(folder) as opened:
        reader = EvidenceReader(folder)
        return accept(opened, reader, compare(opened, reader, CaptureSelection(**selection)))


def counts(report: Report) -> dict[str, tuple[int, int, int]]:
    fields = report.layouts["paddle"]
    return {name: (changes.changed, changes.gained, changes.lost) for name, changes in fields.items()}


def history(folder: Path) -> list[Any]:
    """The newspaper's edits: revisions by story, with number and times."""
    question = (
        "SELECT s.canonical_url, r.number, r.first_captured_at, r.last_captured_at, r.captures, s.revisions,"
        " s.first_seen_at, s.last_seen_at FROM revision r JOIN story s ON s.id = r.story_id ORDER BY 1, 2"
    )
    return ask(folder, question)


def test_the_report_says_what_was_counted_by_hand(archive: Path) -> None:
    before = canonical(archive)
    report = compared(archive, NEW)
    assert (report.read, report.changed, report.missing) == (9, 8, [])
    assert counts(report) == {
        "byline": (0, 3, 0),
        "body": (2, 0, 0),
        "kicker": (0, 0, 1),
        "section": (1, 0, 0),
        "teasers": (1, 0, 0),
    }
    assert report.changed_by_layout == {"paddle": 7, "unread → paddle": 1}
    assert {name: changes.changed for name, changes in report.outcomes.items()} == {"unread (no_headline) → article": 1}
    example = report.layouts["paddle"]["section"].examples[0]
    assert (example.url, example.before, example.after) == (f"{SITE}/national/net", "river life", "River Life")
    assert [len(each.examples) for each in report.layouts["paddle"].values()] == [3, 2, 1, 1, 1]
    assert canonical(archive) == before, "a report writes nothing"


def test_the_same_version_reports_nothing(archive: Path) -> None:
    report = compared(archive, OLD)
    assert (report.read, report.changed, report.layouts, report.outcomes) == (9, 0, {}, {})


def test_what_is_accepted_is_no_edit_of_the_newspapers(archive: Path) -> None:
    before, stories = history(archive), {f"{SITE}/national/{name}" for name in ("boat", "oar", "net", "rope")}
    assert {row[0]: row[5] for row in before} == {each: 2 if each.endswith("boat") else 1 for each in stories}
    assert accepted(archive, NEW) == 8
    after = history(archive)
    assert [row for row in after if row[0] in stories] == before
    assert [row[0] for row in after if row[0] not in stories] == [f"{SITE}/national/sail"]
    with Archive.open(archive) as opened:
        boat = opened.story(f"{SITE}/national/boat")
        assert [wording.row.byline for wording in boat.revisions] == ["Chan Sopheap", "Chan Sopheap"]
        assert opened.story(f"{SITE}/national/net").revisions[0].row.kicker is None
        assert [hit.headline for hit in opened.search("oar")] == ["Oars"]
    assert compared(archive, NEW).changed == 0
    assert ask(archive, "SELECT count(*) FROM capture WHERE words_of_another") == [(0,)]


def test_accepted_the_archive_is_as_if_read_so_at_first(archive: Path, tmp_path: Path) -> None:
    accepted(archive, NEW)
    with read_by(NEW), run_on(tmp_path / "fresh") as opened:
        for each in PAGES:
            file(opened, answer(each))
    found, fresh = canonical(archive), canonical(tmp_path / "fresh")
    for name in ("export", "revisions", "sightings", "images"):
        assert found[name] == fresh[name], name
    hidden = (6, 7, 8)  # file and place of the record
    bare = [
        [[value for n, value in enumerate(row) if n not in hidden] for row in each["captures"]]
        for each in (found, fresh)
    ]
    assert bare[0] == bare[1]
    states = [[(row[0], row[9], row[10], row[4], row[16]) for row in each["ledger"]] for each in (found, fresh)]
    assert states[0] == states[1]


def test_the_ledger_hears_of_what_was_overlooked_and_counts_no_visit(archive: Path) -> None:
    sail, keel = f"{SITE}/national/sail", f"{SITE}/national/keel"
    columns = "SELECT state, why, visits, visited_at FROM ledger WHERE address = ?"
    ((_, _, visits, visited_at),) = ask(archive, columns, sail)
    assert ask(archive, columns, keel) == []
    accepted(archive, NEW)
    assert ask(archive, columns, sail) == [("done", None, visits, visited_at)]
    assert ask(archive, columns, keel) == [("known", None, 0, None)]


def test_a_selection_leaves_the_others_as_they_are(archive: Path) -> None:
    assert compared(archive, NEW, layouts=("unread",)).changed_by_layout == {"unread → paddle": 1}
    assert compared(archive, NEW, layouts=("drupal_2017",)).read == 0
    assert counts(compared(archive, NEW, since=datetime(2018, 6, 22, tzinfo=UTC).date()))["byline"] == (0, 1, 0)
    before = history(archive)
    assert accepted(archive, NEW, until=START.date()) == 3, "the first captures of boat, oar and net"
    assert history(archive) == before, "their later captures follow, and none looks like an edit"
    assert accepted(archive, NEW) == 5
    assert [row for row in history(archive) if "sail" not in row[0]] == before


def test_captures_without_bytes_are_named_and_go_on_following(archive: Path) -> None:
    before = history(archive)
    oar = f"{SITE}/national/oar"
    ask(archive, "UPDATE capture SET evidence_file = NULL WHERE url = ? AND captured_at > '2018-06-21'", oar)
    report = compared(archive, NEW)
    assert report.missing == [(oar, "no record of it was kept")]
    assert counts(report)["body"] == (1, 0, 0)
    accepted(archive, NEW)
    assert [row for row in history(archive) if "sail" not in row[0]] == before


def test_a_run_that_is_cut_off_is_begun_again(archive: Path) -> None:
    """What is accepted by then stays; the rest is found again."""
    before = history(archive)
    with read_by(NEW), Archive.open(archive) as opened:
        reader = EvidenceReader(archive)
        report = compare(opened, reader, CaptureSelection())
        first = sorted(report.changed_ids)[:3]
        accept(opened, reader, replace(report, selection=CaptureSelection(layouts=("paddle",)), changed_ids=set(first)))
    assert compared(archive, NEW).changed == 8 - 3
    accepted(archive, NEW)
    assert [row for row in history(archive) if "sail" not in row[0]] == before
