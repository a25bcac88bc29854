"""Wordings by the time of their captures, whatever the order in which these come."""

from datetime import datetime
from itertools import groupby

from hypothesis import given
from hypothesis import strategies as st

from storage.ingest.timeline import Observation, Timeline
from tests.helpers.items import at


def seen(n: int, hours: float | None, words: str) -> Observation:
    moment: datetime | None = None if hours is None else at(hours)
    return Observation(n, moment, (f"{n:03}", "", ""), words, reading_id=n)


CAPTURES = st.lists(st.tuples(st.none() | st.integers(0, 9), st.sampled_from("ABC")), max_size=12)


def model(captures: list[tuple[int | None, str]]) -> list[str]:
    """Captures of unknown time, then by hour, then as numbered; equal neighbours are one wording."""
    order = sorted(enumerate(captures), key=lambda each: (-1 if each[1][0] is None else each[1][0], each[0]))
    return [words for words, _ in groupby(words for _, (_, words) in order)]


@given(CAPTURES, st.randoms(use_true_random=False))
def test_the_order_of_coming_does_not_matter(captures: list[tuple[int | None, str]], chance: object) -> None:
    coming = list(enumerate(captures))
    chance.shuffle(coming)  # type: ignore[attr-defined]
    timeline = Timeline()
    for n, (hours, words) in coming:
        timeline.add(seen(n, hours, words))
    assert [run.words for run in timeline.spans()] == model(captures)
    assert sum(run.captures for run in timeline.spans()) == len(captures)


@given(CAPTURES, st.none() | st.integers(0, 9), st.sampled_from("ABC"))
def test_add_says_whether_the_words_are_new_there(
    captures: list[tuple[int | None, str]], hours: int | None, words: str
) -> None:
    timeline = Timeline.of(seen(n, *each) for n, each in enumerate(captures))
    before = len(timeline.spans())
    said = timeline.add(seen(99, hours, words))
    assert said == (len(timeline.spans()) > before)


def test_a_wording_that_comes_back_is_a_third_revision() -> None:
    timeline = Timeline.of([seen(1, 0, "A"), seen(2, 2, "A")])
    assert len(timeline.spans()) == 1
    assert timeline.add(seen(3, 1, "B"))
    assert [run.words for run in timeline.spans()] == ["A", "B", "A"]


def test_a_run_knows_its_span_and_its_first_capture() -> None:
    timeline = Timeline.of([seen(3, 5, "A"), seen(1, None, "A"), seen(2, 1, "A")])
    (run,) = timeline.spans()
    assert (run.text.capture_id, run.first_captured_at, run.last_captured_at) == (1, at(1), at(5))


def test_a_reread_takes_its_neighbours_of_equal_words_with_it() -> None:
    timeline = Timeline.of([seen(1, 0, "A"), seen(2, 1, "A"), seen(3, 2, "B"), seen(4, 3, "A")])
    changed = timeline.reread(seen(2, 1, "C"))
    assert {each.capture_id for each in changed} == {1, 2}
    assert [run.words for run in timeline.spans()] == ["C", "B", "A"]
    assert timeline.spans()[0].text.capture_id == 2  # the first that was read with these words itself


@given(CAPTURES.filter(bool), st.data())
def test_a_reread_never_adds_a_wording(captures: list[tuple[int | None, str]], data: st.DataObject) -> None:
    timeline = Timeline.of(seen(n, *each) for n, each in enumerate(captures))
    n = data.draw(st.integers(0, len(captures) - 1))
    before = len(timeline.spans())
    timeline.reread(seen(n, captures[n][0], data.draw(st.sampled_from("ABCD"))))
    assert len(timeline.spans()) <= before


@given(CAPTURES, st.data())
def test_all_reread_on_their_own_is_as_if_never_read_otherwise(
    captures: list[tuple[int | None, str]], data: st.DataObject
) -> None:
    timeline = Timeline.of(seen(n, *each) for n, each in enumerate(captures))
    better = [(hours, data.draw(st.sampled_from("ABCD"))) for hours, _ in captures]
    for n in data.draw(st.permutations(range(len(captures)))):
        timeline.reread(seen(n, *better[n]))
    for n, each in enumerate(better):
        timeline.reread(seen(n, *each))  # the end of the run: those that followed stand alone
    assert [run.words for run in timeline.spans()] == model(better)
    assert not any(each.inherited for each in timeline.observations)
