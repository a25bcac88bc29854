"""A user's own pipelines, extensions, middlewares and add-ons beside those that keep the pages."""

import json
import subprocess
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from tests.helpers.commands import program
from tests.helpers.crawls import FAST, asked, crawl, scrapy
from tests.helpers.mirror import Mirror
from tests.helpers.paths import SAMPLES

DESIGN = SAMPLES / "phnompenhpost" / "drupal_2017"
CLINIC = "https://www.phnompenhpost.com/national/river-clinic-opens-koh-thom"
STORIES = "SELECT canonical_url FROM story"

# A module of the user's, in the folder where the crawl runs.
MINE = """
from dataclasses import asdict, replace

from scrapy import signals
from scrapy.exceptions import DropItem

from postscraper.items import Article, Listing


class Seen:
    def process_item(self, item):
        with open("seen", "a") as seen:
            seen.write(type(self).__name__ + "\\n")
        return item


class Loud:
    def process_item(self, item):
        return replace(item, headline=item.headline.upper()) if isinstance(item, Article) else item


class AsDict:
    def process_item(self, item):
        return asdict(item)


class NoWord:
    def process_item(self, item):
        return None


class Copied:
    def process_item(self, item):
        return replace(item)


class NoClinic:
    def process_item(self, item):
        if "river-clinic" in (item.capture.part or item.url):
            raise DropItem("no clinics")
        return item


class StoriesAlone:
    def process_item(self, item):
        if not isinstance(item, Article):
            raise DropItem("no story")
        return item


class Extension(Seen):
    @classmethod
    def from_crawler(cls, crawler):
        extension = cls()
        crawler.signals.connect(extension.process_item, signals.item_scraped)
        return extension


class Downloading(Seen):
    def process_request(self, request):
        self.process_item(None)


class Spidering(Seen):
    async def process_start(self, start):
        self.process_item(None)
        async for each in start:
            yield each


class Addon(Seen):
    def update_settings(self, settings):
        self.process_item(None)
        settings.set("ITEM_PIPELINES", {"mine.Seen": 1}, "spider")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.py").write_text(MINE)
    return tmp_path


def pages(folder: Path, *settings: str, source: Path = DESIGN) -> subprocess.CompletedProcess[str]:
    """A run over saved pages, with the user's settings."""
    words = ("crawl", "post", "-a", "source=folder", "-a", f"path={source}", "-O", "out.jsonl")
    return scrapy(folder, *words, settings=settings)


def with_pipeline(name: str, number: int = 300) -> str:
    return f"ITEM_PIPELINES={json.dumps({f'mine.{name}': number})}"


def exported(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "out.jsonl").read_text("utf-8").splitlines()]


@pytest.mark.parametrize(
    ("setting", "seen"),
    [
        (with_pipeline("Seen"), {"Seen"}),
        ('EXTENSIONS={"mine.Extension": 1}', {"Extension"}),
        ('SPIDER_MIDDLEWARES={"mine.Spidering": 1}', {"Spidering"}),
        ('ADDONS={"mine.Addon": 1}', {"Addon", "Seen"}),
        ('FEED_EXPORTERS={"json": "scrapy.exporters.JsonItemExporter"}', set()),
    ],
    ids=lambda each: each.split("=")[0] if isinstance(each, str) else "",
)
def test_a_component_of_the_users_comes_beside_ours(folder: Path, setting: str, seen: set[str]) -> None:
    done = pages(folder, setting)
    assert done.returncode == 0, done.stderr
    assert "post: " in done.stderr, "the summary, of an extension of ours"
    assert len(asked(folder, STORIES)) > 5
    assert (folder / "seen").is_file() == bool(seen)
    assert not seen or set((folder / "seen").read_text().split()) == seen


def test_a_downloader_middleware_of_the_users_comes_beside_ours(folder: Path, httpserver: HTTPServer) -> None:
    mirror = Mirror(httpserver, SAMPLES)
    settings = (f"PAPER_ORIGIN={mirror.origin}", *FAST, 'DOWNLOADER_MIDDLEWARES={"mine.Downloading": 1}')
    done = scrapy(folder, "crawl", "post", "-a", "limit=5", settings=settings)
    assert done.returncode == 0, done.stderr
    assert (folder / "seen").is_file()
    assert asked(folder, "SELECT count(*) FROM capture WHERE evidence_file IS NOT NULL")[0][0] == 5
    assert mirror.fetched["/robots.txt"] == 1


def test_what_a_user_says_of_our_own_components_counts_but_for_what_keeps_pages(folder: Path) -> None:
    off = json.dumps({"postscraper.crawl.pipeline.ArchivePipeline": None, "mine.Seen": 1})
    done = pages(folder, f"ITEM_PIPELINES={off}", 'EXTENSIONS={"postscraper.crawl.checks.Checks": null}')
    assert done.returncode == 0, done.stderr
    assert "postscraper.crawl.pipeline.ArchivePipeline keeps the pages: it cannot be switched off" in done.stderr
    assert "post: " not in done.stderr
    assert len(asked(folder, STORIES)) > 5


@pytest.mark.parametrize(
    ("pipeline", "sentence"),
    [
        ("Loud", "a pipeline changed headline of https://www.phnompenhpost.com/"),
        ("AsDict", "a pipeline passed on dict in the place of an item"),
        ("NoWord", "a pipeline passed on NoneType in the place of an item"),
    ],
)
def test_the_archive_takes_no_item_that_a_pipeline_changed(folder: Path, pipeline: str, sentence: str) -> None:
    done = pages(folder, with_pipeline(pipeline))
    assert done.returncode == 2
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"postscraper: {sentence}")
    assert "a number above that of postscraper.crawl.pipeline.ArchivePipeline, which is 900" in last
    assert "Traceback" not in done.stderr
    assert pages(folder).returncode == 0, "nothing is lost: the next run files what the pages say"
    of_the_post = [each for each in DESIGN.glob("*.url") if "phnompenhpost.com" in each.read_text("utf-8")]
    assert asked(folder, "SELECT count(*) FROM capture") == [(len(of_the_post),)]
    assert program("verify", "--archive", folder / "archive").returncode == 0


@pytest.mark.parametrize("pipeline", ["Loud", "AsDict"])
def test_behind_the_archive_an_item_may_be_changed(folder: Path, pipeline: str) -> None:
    done = pages(folder, with_pipeline(pipeline, 950))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    headlines = {each["headline"] for each in exported(folder) if each["type"] == "article"}
    stored = {row[0] for row in asked(folder, "SELECT headline FROM revision")}
    assert headlines == ({each.upper() for each in stored} if pipeline == "Loud" else stored)
    assert program("verify", "--archive", folder / "archive").returncode == 0


def test_a_copy_of_an_item_is_the_item(folder: Path) -> None:
    assert pages(folder, with_pipeline("Copied")).returncode == 0
    assert len(asked(folder, STORIES)) > 5


def sound(archive: Path) -> None:
    for command in ("check", "verify"):
        done = program(command, "--archive", archive)
        assert done.returncode == 0, done.stdout


def without_clinic(folder: Path) -> None:
    assert (CLINIC,) not in asked(folder, STORIES)
    assert asked(folder, "SELECT count(*) FROM revision WHERE headline LIKE '%clinic%'") == [(0,)]
    assert asked(folder, f"SELECT state, why, due_at FROM ledger WHERE address = '{CLINIC}'") == [
        ("excluded", "dropped", None)
    ]


@pytest.mark.long
def test_what_a_pipeline_drops_stays_out(folder: Path, httpserver: HTTPServer) -> None:
    mirror = Mirror(httpserver, SAMPLES)
    origin = (f"PAPER_ORIGIN={mirror.origin}", *FAST)
    done = scrapy(folder, "crawl", "post", settings=(*origin, with_pipeline("NoClinic")))
    assert done.returncode == 0, done.stderr
    assert "1 dropped" in done.stderr
    assert len(asked(folder, STORIES)) > 10
    without_clinic(folder)
    sound(folder / "archive")

    path = CLINIC.removeprefix("https://www.phnompenhpost.com")
    assert crawl(folder, mirror).returncode == 0, "another run, without the pipeline"
    without_clinic(folder)
    assert mirror.fetched[path] == 1
    assert not mirror.conditional[path]

    assert program("rebuild", "--archive", folder / "archive").returncode == 0
    without_clinic(folder)
    assert program("reread", "--archive", folder / "archive", "--yes").returncode == 0
    without_clinic(folder)
    assert program("replay", folder / "archive" / "evidence", "--archive", folder / "archive").returncode == 0
    without_clinic(folder)
    sound(folder / "archive")

    assert crawl(folder, mirror, "-a", f"url={CLINIC}").returncode == 0, "asked for by name it comes in"
    assert (CLINIC,) in asked(folder, STORIES)
    sound(folder / "archive")


@pytest.mark.long
def test_what_was_dropped_comes_in_by_another_look_at_the_evidence(folder: Path) -> None:
    assert pages(folder, with_pipeline("NoClinic")).returncode == 0
    without_clinic(folder)
    again = ("crawl", "post", "-a", "source=archive")
    assert scrapy(folder, *again, settings=(with_pipeline("NoClinic"),)).returncode == 0
    without_clinic(folder)
    assert scrapy(folder, *again).returncode == 0
    assert (CLINIC,) in asked(folder, STORIES)
    assert asked(folder, f"SELECT state FROM ledger WHERE address = '{CLINIC}'") == [("done",)]
    sound(folder / "archive")
    assert scrapy(folder, *again, settings=(with_pipeline("NoClinic"),)).returncode == 0
    without_clinic(folder)
    sound(folder / "archive")


def test_a_crawl_that_drops_lists_follows_them_all_the_same(folder: Path, httpserver: HTTPServer) -> None:
    mirror = Mirror(httpserver, SAMPLES)
    settings = (f"PAPER_ORIGIN={mirror.origin}", *FAST, with_pipeline("StoriesAlone"))
    done = scrapy(folder, "crawl", "post", settings=settings)
    assert done.returncode == 0, done.stderr
    assert len(asked(folder, STORIES)) > 10
    assert asked(folder, "SELECT count(*) FROM capture WHERE outcome = 'listing'") == [(0,)]
    states = dict(
        asked(folder, "SELECT why, group_concat(DISTINCT state) FROM ledger WHERE due_at NOT NULL GROUP BY 1")
    )
    assert states["dropped"] == "unread", "a list is looked at again"
    assert asked(folder, "SELECT count(*) FROM ledger WHERE why = 'gone' AND state = 'gone'")[0][0], (
        "and so is the rest"
    )
    sound(folder / "archive")


@pytest.mark.long
@pytest.mark.parametrize("pipeline", ["NoClinic", "StoriesAlone", "Loud"])
def test_stories_in_a_feed_obey_the_same_rules(folder: Path, pipeline: str) -> None:
    page, story = folder / "feed.xml", "<p>A clinic of eleven beds opened at Koh Thom on Monday.</p>"
    items = "".join(
        f"<item><title>{path}</title><link>https://www.phnompenhpost.com/national/{path}</link>"
        f"<guid>https://www.phnompenhpost.com/national/{path}</guid><pubDate>Mon, 11 Jun 2018 08:00:00 +0700</pubDate>"
        f"<content:encoded><![CDATA[{story * 3}]]></content:encoded></item>"
        for path in ("river-clinic", "ferry")
    )
    page.write_text(
        '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>News</title><link>https://www.phnompenhpost.com</link>{items}</channel></rss>"
    )
    page.with_suffix(".url").write_text("https://www.phnompenhpost.com/feed/\n2018-06-11T09:00:00+07:00\n")
    done = pages(folder, with_pipeline(pipeline), source=page)
    if pipeline == "Loud":
        assert (done.returncode, "changed headline of" in done.stderr) == (2, True)
        return
    assert done.returncode == 0, done.stderr
    dropped = {
        "NoClinic": {"https://www.phnompenhpost.com/national/river-clinic"},
        "StoriesAlone": {""},
    }[pipeline]
    assert {row[0] for row in asked(folder, "SELECT part FROM capture WHERE reason = 'dropped'")} == dropped
    stories = len(asked(folder, STORIES))
    assert stories == (1 if pipeline == "NoClinic" else 2)
    sound(folder / "archive")
    assert program("rebuild", "--archive", folder / "archive").returncode == 0
    assert len(asked(folder, STORIES)) == stories
    sound(folder / "archive")
