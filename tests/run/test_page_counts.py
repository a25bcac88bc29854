"""Counts of a run's pages, in one process or several."""

import pytest

from postscraper.items import Article, Capture
from postscraper.newspapers import POST
from postscraper.reading.read import read, read_all
from postscraper.reading.skeleton import MOST_CLASSES
from postscraper.run import page_counts
from postscraper.run.page_counts import PageCounts
from postscraper.sources import folder
from tests.helpers.paths import SAMPLES

PAGES = [page for page in folder.captures(SAMPLES / "phnompenhpost") if "phnompenhpost.com" in page.url]


def counted(pages: list[Capture]) -> PageCounts:
    counts = PageCounts()
    for page in pages:
        for item in read_all(page, POST, on_skeleton=counts.add_skeleton):
            counts.add(item, POST.floors)
    return counts


def test_parts_of_a_run_add_up_to_the_whole() -> None:
    whole, first = counted(PAGES), counted(PAGES[:30])
    first.update(counted(PAGES[30:]))
    assert first == whole
    assert whole.stories > 30
    items = [item for page in PAGES for item in read_all(page, POST)]
    stories = [item for item in items if isinstance(item, Article) and item.capture.part is None]
    assert whole.filled["byline"] == sum(bool(story.byline) for story in stories)
    known = sum(count for (layout, _), (count, _) in whole.skeletons.items() if layout == "drupal_2017")
    assert known == sum(story.layout == "drupal_2017" for story in stories)


def test_the_skeleton_has_the_classes_around_and_inside_the_words() -> None:
    counts = counted([page for page in PAGES if "river-clinic" in page.url])
    ((layout, names),) = counts.skeletons
    assert layout == "drupal_2017"
    assert {"node", "block-#", "node-image", "section", "recommened-news"} <= names


@pytest.mark.parametrize(
    "box", ['<div class="a%d x"></div>', '<div class="%d"></div>' + " " * 5], ids=["names", "numbers"]
)
def test_a_hostile_page_has_a_bounded_skeleton(box: str) -> None:
    (page,) = [page for page in PAGES if "river-clinic" in page.url]
    boxes = "".join(box.replace("%d", letters) for letters in _words(3000)).encode()
    long = b'<div class="' + b"x" * 100_000 + b'"></div>'
    sets: list[frozenset[str]] = []
    body = page.body
    at = body.index(b">", body.index(b'id="ArticleBody"')) + 1
    hostile = Capture(url=page.url, captured_at=page.captured_at, body=body[:at] + long + boxes + body[at:], source="x")
    read_all(hostile, POST, on_skeleton=lambda _, names: sets.append(names))
    (names,) = sets
    assert len(names) <= MOST_CLASSES
    assert max(map(len, names)) < 1000


def _words(count: int) -> list[str]:
    return ["".join(chr(97 + int(digit)) for digit in str(number)) for number in range(count)]


def test_a_design_with_other_classes_on_each_page_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_counts, "MOST_SKELETONS", 5)
    counts = PageCounts()
    story = read(next(page for page in PAGES if "river-clinic" in page.url), POST)
    assert isinstance(story, Article)
    for word in _words(20):
        counts.add_skeleton(story, frozenset({word}))
    assert len(counts.skeletons) == 6
    assert sum(count for count, _ in counts.skeletons.values()) == 20
