"""Classes in the markup of stories: what is new is reported once, and what editors write now and then never."""

from collections.abc import Iterable, Mapping

import pytest

from storage.archive import Archive
from storage.ingest.skeletons import BASELINE, add_skeletons

LAYOUT = "drupal_2017"
USUAL = frozenset({"node", "node-image"})


def counted(archive: Archive, run: int, pages: Mapping[Iterable[str], int], layout: str = LAYOUT) -> list[str]:
    """The new classes after a run. pages: how many have each set of classes."""
    counts = {(layout, frozenset(names)): (count, f"https://x.example/{run}") for names, count in pages.items()}
    with archive.write() as connection:
        return [each.name for each in add_skeletons(connection, run, counts)]


def test_the_first_run_of_a_layout_is_its_baseline(archive: Archive) -> None:
    assert counted(archive, 1, {USUAL: BASELINE, ("node", "gallery"): 40}) == []
    assert counted(archive, 2, {USUAL: 10}, layout="drupal_2013") == []
    assert counted(archive, 3, {USUAL: 10, ("node", "gallery"): 10}) == []


def test_few_stories_are_no_baseline(archive: Archive) -> None:
    assert counted(archive, 1, {USUAL: BASELINE - 1}) == []
    assert counted(archive, 2, {("wrapper",): 30}) == []


@pytest.mark.parametrize("pages_a_run", [30, 1], ids=["in one run", "story by story"])
def test_what_the_design_prints_anew_is_reported_once_with_the_first_story(archive: Archive, pages_a_run: int) -> None:
    counted(archive, 1, {USUAL: BASELINE})
    reports = [counted(archive, run, {USUAL | {"wrapper"}: pages_a_run}) for run in range(2, 8)]
    first = 0 if pages_a_run > 1 else 2
    assert reports == [["wrapper"] if at == first else [] for at in range(6)]


def test_the_report_counts_from_the_first_story_with_it(archive: Archive) -> None:
    counted(archive, 1, {USUAL: 100})
    counts = {
        (LAYOUT, USUAL): (4, "https://x.example/usual"),
        (LAYOUT, USUAL | {"wrapper"}): (6, "https://x.example/new"),
    }
    with archive.write() as connection:
        (new,) = add_skeletons(connection, 2, counts)
    assert (new.layout, new.name, new.stories, new.of, new.url) == (LAYOUT, "wrapper", 6, 10, "https://x.example/new")


def test_what_editors_paste_into_one_story_in_ten_is_never_reported(archive: Archive) -> None:
    counted(archive, 1, {USUAL: BASELINE})
    assert [counted(archive, run, {USUAL: 18, USUAL | {"pasted"}: 2}) for run in range(2, 12)] == [[]] * 10
