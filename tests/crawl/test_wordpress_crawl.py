"""`scrapy crawl post` over the real WordPress on loopback: every story once, exactly, by whatever door is open."""

import json
import sqlite3
import subprocess
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import copytree
from typing import Any, NamedTuple

import pytest

from tests.helpers.commands import run
from tests.helpers.crawls import PROJECT, options
from tests.helpers.programs import complete
from tests.standins.faults import Fault
from tests.wordpress.faults import (
    CLOSED_TO_REST,
    challenge,
    embed_author_fails,
    feed_excerpts,
    feed_footer,
    first_page_only,
    rest_cap,
    rest_gone,
    rest_log_in,
    robots,
    sections_missing,
)
from tests.wordpress.site import PHNOM_PENH, Site
from tests.wordpress.stories import AUTHORS, CATEGORIES, Story

pytestmark = pytest.mark.long  # a real WordPress answers each crawl, some of its doors closed

NAMES = {author.login: author.name for author in AUTHORS}
SECTIONS = {category.slug: category.name for category in CATEGORIES}
HOUSE = "Post Staff"
# Its second page is another address, and neither in its feed nor on its first page.
PAGED = "/post-in-depth/a-year-at-the-floating-school"


def crawl(site: Site, folder: Path, *words: str, delay: float = 0) -> subprocess.CompletedProcess[str]:
    """A run into folder/archive; `questions` counts what it asks. delay: seconds between two questions."""
    settings = options(f"DOWNLOAD_DELAY={delay}", "AUTOTHROTTLE_ENABLED=False", f"PAPER_ORIGIN={site.origin}")
    call = ("-m", "scrapy", "crawl", "post", *words, *settings, "-L", "WARNING")
    return complete(folder, *call, environment=PROJECT, timeout=300)


class FirstRun(NamedTuple):
    """A run over the whole site, made once: the folder of its archive, the paths that it asked for, what it said."""

    folder: Path
    paths: list[str]
    said: str


@pytest.fixture(scope="module")
def first_run(running_site: Site, tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    folder = tmp_path_factory.mktemp("first")
    return FirstRun(folder, *questions(running_site, lambda: crawl(running_site, folder)))


@pytest.fixture
def crawled(first_run: FirstRun, tmp_path: Path) -> Path:
    """A copy of its archive for one test."""
    copytree(first_run.folder / "archive", tmp_path / "archive")
    return tmp_path


def questions(site: Site, run_it: Callable[[], subprocess.CompletedProcess[str]]) -> tuple[list[str], str]:
    """The paths that a run asks for, robots.txt left out, and what it says."""
    before = len(site.proxy.log)
    done = run_it()
    assert done.returncode == 0, done.stderr
    return [each.path for each in site.proxy.log[before:] if each.path != "/robots.txt"], done.stderr


def exported(folder: Path) -> dict[str, dict[str, Any]]:
    """The stories by the path of their address."""
    lines = run("export", "--format", "jsonl", "--archive", folder / "archive").stdout.splitlines()
    items = [json.loads(line) for line in lines]
    return {item["canonical_url"].removeprefix("https://www.phnompenhpost.com"): item for item in items}


def asked(folder: Path, question: str) -> list[tuple[Any, ...]]:
    connection = sqlite3.connect(folder / "archive" / "archive.db")
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()


def later(folder: Path, hours: int) -> None:
    """Let what will be due by then be due now."""
    connection = sqlite3.connect(folder / "archive" / "archive.db")
    until = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
    connection.execute("UPDATE ledger SET due_at = ? WHERE due_at < ?", (datetime.now(UTC).isoformat(), until))
    connection.commit()
    connection.close()


def path_of(story: Story) -> str:
    """By which the archive knows it: escapes in capitals, no slash at the end."""
    head, *escapes = story.path.rstrip("/").split("%")
    return "%".join([head, *(each[:2].upper() + each[2:] for each in escapes)])


def as_put_in(story: Story) -> dict[str, Any]:
    """What every door gives of a story."""
    name = NAMES[story.author] if story.author else None
    return {
        "headline": story.headline,
        "byline": name,
        "authors": [] if name in (None, HOUSE) else [name],
        "language": story.language,
        "section": SECTIONS[story.categories[0]],
        "tags": sorted([*(SECTIONS[slug] for slug in story.categories[1:]), *story.tags]),
        "published_on": f"{story.date:%Y-%m-%d}",
        "published_at": moment(story.date),
        "node_id": story.id,
        "body": body_of((block.kind, block.text) for block in story.body if block.kind not in ("table_row", "embed")),
    }


def moment(local: datetime) -> str:
    return local.replace(tzinfo=PHNOM_PENH).astimezone(UTC).isoformat().replace("+00:00", "Z")


def given(item: dict[str, Any]) -> dict[str, Any]:
    found = {name: item[name] for name in as_put_in_fields() if name not in ("tags", "body")}
    return found | {
        "tags": sorted(item["tags"]),
        "body": body_of((block["kind"], block["text"]) for block in item["body"]),
    }


def as_put_in_fields() -> tuple[str, ...]:
    return (
        *("headline", "byline", "authors", "language", "section", "tags", "published_on", "published_at"),
        *("node_id", "body"),
    )


def body_of(blocks: Iterable[tuple[str, str]]) -> list[str]:
    """The words of the body, block by block, without what feeds drop of an emoji."""
    return [text.replace("\ufe0f", "") for _, text in blocks]


def assert_whole(site: Site, items: dict[str, dict[str, Any]], *, but: tuple[str, ...] = ()) -> None:
    expected = {path_of(story): as_put_in(story) for story in site.stories}
    assert items.keys() == expected.keys()
    for path, item in items.items():
        if path not in but:
            assert given(item) == expected[path], path


ONLY = {
    "pages": (challenge("feed"), challenge("rest")),
    "feeds": (challenge("html"), challenge("rest")),
    "rest": (challenge("html"), challenge("feed")),
}


def test_every_story_comes_once_and_exactly_and_a_second_run_asks_nothing(
    site: Site, first_run: FirstRun, crawled: Path
) -> None:
    assert "60 new stories" in first_run.said
    assert_whole(site, exported(crawled))
    assert asked(crawled, "SELECT canonical_url FROM story WHERE revisions > 1") == []
    second, _ = questions(site, lambda: crawl(site, crawled))
    assert len(second) < len(first_run.paths) / 20
    for command in (["verify"], ["check"], ["rebuild"], ["verify"]):
        done = run(*command, "--archive", crawled / "archive")
        assert done.exit_code == 0, done.output
    assert_whole(site, exported(crawled))


# By REST alone come the posts of one second, too, below.
@pytest.mark.parametrize(
    "door", [pytest.param(name, marks=pytest.mark.long if name == "rest" else ()) for name in ONLY]
)
def test_each_door_alone_gives_the_same_stories(site: Site, tmp_path: Path, door: str) -> None:
    site.set_option("posts_per_rss", 100)
    site.proxy.always(*ONLY[door])
    done = crawl(site, tmp_path)
    assert done.returncode == 0, done.stderr
    assert_whole(site, exported(tmp_path), but=() if door == "rest" else (PAGED,))
    assert "closed by a bot check" in done.stderr


def test_pictures_and_captions_are_those_that_a_door_has(site: Site, crawled: Path) -> None:
    items = exported(crawled)
    for story in site.stories:
        printed = {image["caption_text"] for image in items[path_of(story)]["images"] if image["caption_text"]}
        shown = {" ".join(filter(None, (each.caption, each.credit))) for each in story.pictures if each.caption}
        assert shown <= printed, story.slug
        featured = {story.featured.caption_text} if story.featured else set()
        assert printed <= shown | featured, story.slug


def test_with_pages_closed_the_stories_come_by_feed_and_rest(site: Site, tmp_path: Path) -> None:
    site.proxy.always(challenge("html"))
    done = crawl(site, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "HTML is closed by a bot check; " in done.stderr
    assert "60 stories came by the REST API" in done.stderr
    pages = [each for each in site.proxy.log if each.status == 403 and each.path != "/rss.xml"]
    assert len(pages) <= 2, "none is asked for behind the check but one that was under way"
    assert {each.agent for each in site.proxy.log} == {site.proxy.log[0].agent}, "nobody else is pretended to be"
    left = asked(tmp_path, "SELECT DISTINCT state FROM ledger WHERE why = 'challenge'")
    assert left == [("unread",)]


@pytest.mark.parametrize("kinds", [(), ("html", "feed", "rest", "sitemap", "robots", "file")])
def test_with_every_door_closed_the_run_says_so(site: Site, tmp_path: Path, kinds: tuple[Any, ...]) -> None:
    site.proxy.always(challenge(*kinds))
    done = crawl(site, tmp_path)
    assert done.returncode == 14, done.stderr
    assert "no door of the newspaper is open" in done.stderr
    assert len(site.proxy.log) <= 12


def test_pages_and_rest_closed_and_feeds_of_excerpts_are_no_open_door(site: Site, tmp_path: Path) -> None:
    site.proxy.always(challenge("html", "rest"), feed_excerpts)
    done = crawl(site, tmp_path)
    assert done.returncode == 14, done.stderr
    assert exported(tmp_path) == {}


@pytest.mark.parametrize(
    "faults",
    [
        # A check closes REST above, and robots.txt below.
        pytest.param((rest_log_in,), id="REST 401", marks=pytest.mark.long),
        pytest.param((rest_gone,), id="REST 404", marks=pytest.mark.long),
        pytest.param((feed_excerpts,), id="excerpts", marks=pytest.mark.long),
        pytest.param((feed_footer,), id="credited feeds", marks=pytest.mark.long),
        pytest.param((rest_cap(10),), id="ten at once", marks=pytest.mark.long),
        pytest.param((embed_author_fails(),), id="authors fail", marks=pytest.mark.long),
    ],
)
def test_what_one_door_lacks_another_has(site: Site, tmp_path: Path, faults: tuple[Fault, ...]) -> None:
    site.proxy.always(*faults)
    done = crawl(site, tmp_path)
    assert done.returncode == 0, done.stderr
    # Only REST has all pages of a story in several, and only the others its author then.
    rest_lacks = len(faults) == 1 and faults[0] not in (feed_excerpts, feed_footer)
    assert_whole(site, exported(tmp_path), but=(PAGED,) if rest_lacks else ())


def test_posts_of_one_second_come_all_where_ten_are_given_at_once(site: Site, tmp_path: Path) -> None:
    site.proxy.always(challenge("html", "feed"), rest_cap(10))
    crawl(site, tmp_path)
    assert_whole(site, exported(tmp_path))


def test_a_stale_cache_is_noticed_and_ends(site: Site, tmp_path: Path) -> None:
    site.proxy.always(first_page_only)
    found, _ = questions(site, lambda: crawl(site, tmp_path))
    assert_whole(site, exported(tmp_path))
    assert len(found) < 400


def test_robots_txt_closes_the_rest_api(site: Site, tmp_path: Path) -> None:
    site.proxy.always(robots(CLOSED_TO_REST))
    found, _ = questions(site, lambda: crawl(site, tmp_path))
    assert not [path for path in found if path.startswith("/wp-json")]
    assert_whole(site, exported(tmp_path), but=(PAGED,))


def test_the_first_twenty_questions_bring_stories(site: Site, tmp_path: Path) -> None:
    site.proxy.always(rest_gone, feed_excerpts, sections_missing)
    site.set_option("posts_per_page", 20)
    crawl(site, tmp_path, "-a", "limit=20", delay=0.3)  # time to read an answer before the next question
    assert len(exported(tmp_path)) >= 10


def test_an_edited_story_and_a_new_one_are_found_by_one_question(site: Site, crawled: Path) -> None:
    old = next(story for story in site.stories if story.slug == "mural-survives-the-rain")
    words = old.content.replace("It will dry", "It will never dry")
    site.edit(old, content=words, body=())
    later(crawled, 2)
    found, said = questions(site, lambda: crawl(site, crawled))
    assert "new revision" in said
    rest = [path for path in found if "orderby=modified" in path]
    assert len(rest) == 1
    assert "modified_after=" in rest[0]
    item = exported(crawled)[path_of(old)]
    assert (item["revisions"], "never dry" in item["body"][1]["text"]) == (2, True)


def test_another_theme_edits_nothing(site: Site, crawled: Path) -> None:
    before = asked(crawled, "SELECT canonical_url, revisions FROM story ORDER BY 1")
    site.switch_theme("block")
    later(crawled, 24 * 400)
    _, said = questions(site, lambda: crawl(site, crawled))
    assert "new revision" not in said
    assert asked(crawled, "SELECT canonical_url, revisions FROM story ORDER BY 1") == before


def test_a_renamed_story_is_followed_to_its_new_address(site: Site, crawled: Path) -> None:
    old = next(story for story in site.stories if story.slug == "mural-survives-the-rain")
    new = site.rename_slug(old, "mural-outlives-the-rain")
    later(crawled, 24 * 400)
    crawl(site, crawled)
    items = exported(crawled)
    assert items[path_of(new)]["same_words_as"] == items[path_of(old)]["canonical_url"]
    where = f"SELECT state FROM ledger WHERE address = '{items[path_of(old)]['canonical_url']}'"
    assert asked(crawled, where) == [("moved",)]


def test_a_section_and_a_year_are_asked_for_by_rest(site: Site, tmp_path: Path) -> None:
    site.proxy.always(challenge("html", "feed"))
    crawl(site, tmp_path, "-a", "section=business", "-a", "since=2026-01-01")
    expected = {path_of(story) for story in site.stories if "business" in story.categories and story.date.year >= 2026}
    assert exported(tmp_path).keys() == expected


def test_the_audit_names_what_the_site_says_it_has(site: Site, crawled: Path) -> None:
    data = json.loads(run("audit", "--json", "--archive", crawled / "archive").stdout)
    totals = data["site_says"]
    assert totals["stories"] == 61  # one is behind a password
    assert totals["sections"]["business"] == sum("business" in story.categories for story in site.stories)
    by_year = {
        year: sum(story.date.year == year for story in site.stories) for year in {s.date.year for s in site.stories}
    }
    assert {int(year): count for year, count in totals["years"].items() if count} == by_year | {2026: by_year[2026] + 1}
