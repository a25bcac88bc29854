"""The archive against a plain model: any captures, in any order and any batches, read and reread."""

import io
from collections.abc import Callable
from itertools import groupby
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postscraper.items import Article
from storage.archive import Archive
from storage.query.export import csv_table, json_lines
from tests.helpers.items import SITE, article, teaser

# Not many examples: each makes an archive on the disk. The rules themselves are tested without one.
SOME = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
WORDS = ("Water rises.", "Water falls.", "ទឹកឡើង។")

PAGES = st.lists(
    st.tuples(st.sampled_from(("canal", "canal-0")), st.none() | st.integers(0, 5), st.sampled_from(WORDS)),
    max_size=10,
)


def item(n: int, slug: str, hours: int | None, words: str, layout: str = "drupal_2017") -> Article:
    page = f"page {n:03}"  # its own bytes, so that every page is a capture of its own
    return article(slug, hours, words, page=page, layout=layout, section=f"S{n}", teasers=(teaser(f"t{n}"),))


def expected(pages: list[tuple[str, int | None, str]], slug: str) -> list[str]:
    """The wordings of a story: by time (unknown first), then by the name of the bytes."""
    items = [item(n, *page) for n, page in enumerate(pages) if page[0] == slug]
    items.sort(key=lambda each: each.capture.digest)
    items.sort(key=lambda each: "" if each.capture.captured_at is None else str(each.capture.captured_at))
    return [words for words, _ in groupby(each.body[0].text for each in items)]


def told(archive: Archive) -> dict[str, list[str]]:
    return {
        story["canonical_url"].rpartition("/")[2]: [
            each.row.body for each in archive.story(story["canonical_url"]).revisions
        ]
        for story in archive.stories()
    }


def as_expected(pages: list[tuple[str, int | None, str]]) -> dict[str, list[str]]:
    return {slug: expected(pages, slug) for slug in ("canal", "canal-0") if expected(pages, slug)}


def exported(archive: Archive) -> bytes:
    out = io.BytesIO()
    json_lines.write(archive.stories(), out, "stories")
    csv_table.write(archive.stories(), out, "stories")
    return out.getvalue()


def add(archive: Archive, items: list[Article], chance: Random) -> None:
    """In any order, some twice, in batches of any size."""
    items = items + chance.sample(items, len(items) // 2)
    chance.shuffle(items)
    while items:
        size = chance.randint(1, len(items))
        archive.add_many([(each, None) for each in items[:size]])
        items = items[size:]


def found(archive: Archive) -> set[tuple[str, int]]:
    """Stories by their number of wordings with a word, as the index of words knows them."""
    return {(hit.canonical_url, hit.revision) for word in WORDS for hit in archive.search(word)}


@SOME
@given(PAGES, st.randoms(use_true_random=False), st.randoms(use_true_random=False))
def test_any_order_and_any_batches_give_one_archive(
    new_archive: Callable[[], Archive],
    pages: list[tuple[str, int | None, str]],
    chance: Random,
    other: Random,
) -> None:
    items = [item(n, *page) for n, page in enumerate(pages)]
    with new_archive() as one, new_archive() as two:
        add(one, items, chance)
        add(two, items, other)
        assert told(one) == told(two) == as_expected(pages)
        assert exported(one) == exported(two)
        assert one.stats().captures == len(items)
        assert {url for url, _ in found(one)} == {f"{SITE}/national/{slug}" for slug in as_expected(pages)}


@pytest.mark.long
@SOME
@given(PAGES, st.data(), st.randoms(use_true_random=False))
def test_read_anew_it_is_as_if_read_so_at_first(
    new_archive: Callable[[], Archive],
    pages: list[tuple[str, int | None, str]],
    data: st.DataObject,
    chance: Random,
) -> None:
    better = [(slug, hours, data.draw(st.sampled_from(WORDS))) for slug, hours, _ in pages]
    rereads = [item(n, *page, layout="newer") for n, page in enumerate(better)]
    with new_archive() as archive, new_archive() as at_first:
        add(archive, [item(n, *page) for n, page in enumerate(pages)], chance)
        revisions = archive.stats().revisions
        for each in chance.sample(rereads, min(1, len(rereads))):
            assert archive.add(each) == "reread"
            assert archive.stats().revisions <= revisions  # a better reading is no edit
        add(archive, rereads, chance)
        archive.end_rereading()
        add(at_first, rereads, chance)
        assert told(archive) == told(at_first) == as_expected(better)
        assert exported(archive) == exported(at_first)
        archive.reindex()  # without the rows of readings that are gone, which weigh in the ranking
        assert found(archive) == found(at_first)


def test_the_model_is_not_asked_in_vain(tmp_path: Path) -> None:
    pages = [("canal", 1, WORDS[0]), ("canal", 0, WORDS[1]), ("canal", 2, WORDS[0]), ("canal", 3, WORDS[1])]
    assert as_expected(pages) == {"canal": [WORDS[1], WORDS[0], WORDS[1]]}
