"""`postscraper withdraw` of a story that feeds and REST answers carry whole, among others."""

import json
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from postscraper.items import Capture
from storage.archive import Outcome
from storage.warc.exchange import Exchange
from tests.helpers.archives import SITE, answer, file, read, run_on
from tests.helpers.commands import run
from tests.helpers.crawls import scrapy
from tests.storage.maintenance.test_withdraw import asked, is_sound, raw

FERRY, MARKET, SCHOOL, BRIDGE = (f"{SITE}/national/{name}" for name in ("ferry-sinks", "market", "school", "bridge"))
WORDS = {
    FERRY: "The ferry went down below the old customs house.",
    MARKET: "The market opens at four in the morning from now on.",
    SCHOOL: "The school has a second teacher since last week.",
    BRIDGE: "The bridge is to be painted green, and nobody said why.",
}
FEED, POSTS = f"{SITE}/feed", f"{SITE}/wp-json/wp/v2/posts"
AT = datetime(2026, 4, 1, 8, tzinfo=UTC)
WITHDRAW = ("withdraw", FERRY, "--reason", "court order of 3 May 2026", "--yes")


def markup(url: str, more: str = "") -> str:
    return f"<p>{WORDS[url]}{more}</p><p>{'It was said so on the radio, too. ' * 12}</p>"


def entry(url: str, more: str) -> str:
    return (
        f"<item><title>{url[-6:]} today</title><link>{url}/</link><pubDate>Wed, 01 Apr 2026 03:00:00 +0000</pubDate>"
        f"<description>In short.</description><content:encoded><![CDATA[{markup(url, more)}]]></content:encoded></item>"
    )


def feed(*urls: str, hours: int = 0, more: str = "") -> Exchange:
    entries = "".join(entry(url, more) for url in urls)
    body = (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>The Phnom Penh Post</title>'
        f"<link>{SITE}/</link>{entries}</channel></rss>"
    )
    page = Capture(url=FEED, captured_at=AT + timedelta(hours=hours), body=body.encode(), source="live")
    return answer(page, headers=(("Content-Type", "application/rss+xml; charset=UTF-8"),))


def posts(*urls: str, hours: int = 0) -> Exchange:
    said = [
        {
            "id": number,
            "link": f"{url}/",
            "date": "2026-04-01T10:00:00",
            "date_gmt": "2026-04-01T03:00:00",
            "title": {"rendered": f"{url[-6:]} today"},
            "content": {"rendered": markup(url), "protected": False},
            "excerpt": {"rendered": "<p>In short.</p>"},
            "author": 0,
            "featured_media": 0,
        }
        for number, url in enumerate(urls, 1)
    ]
    page = Capture(url=POSTS, captured_at=AT + timedelta(hours=hours), body=json.dumps(said).encode(), source="live")
    return answer(page, headers=(("Content-Type", "application/json"),))


def captures(archive: Path) -> dict[tuple[str, str, str], bool]:
    """Whether the bytes of each capture are kept, by its URL, its hour and its part."""
    found = asked(archive, "SELECT url, captured_at, part, evidence_file FROM capture")
    return {(url, at[11:13], part): file is not None for url, at, part, file in found}


def kept(archive: Path, url: str, hour: str) -> dict[str, bool]:
    """Whether the bytes are kept of what came in one answer, by part."""
    return {part: is_kept for (each, at, part), is_kept in captures(archive).items() if (each, at) == (url, hour)}


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Of the other stories the market alone is also in an answer without the ferry."""
    folder = tmp_path / "archive"
    with run_on(folder) as opened:
        opened.begin()
        file(opened, feed(FERRY, MARKET, SCHOOL))
        file(opened, feed(FERRY, MARKET, SCHOOL, hours=1))  # the same bytes: a revisit record
        file(opened, feed(MARKET, hours=2))
        file(opened, posts(FERRY, BRIDGE, hours=3))
    assert all(captures(folder).values())
    is_sound(folder)
    return folder


def others(archive: Path) -> dict[str, list[Any]]:
    """What is stored of the other stories, but for the places of their bytes."""
    questions = {
        "story": "SELECT * FROM story WHERE canonical_url <> ?",
        "revision": "SELECT revision.* FROM revision JOIN story ON story.id = story_id WHERE canonical_url <> ?",
        "capture": "SELECT id, url, address, part, captured_at, digest, outcome, reading_id, words_digest FROM capture"
        " WHERE part <> ?",
        "sighting": "SELECT * FROM sighting WHERE address <> ?",
    }
    return {name: asked(archive, f"{question} ORDER BY 1", FERRY) for name, question in questions.items()}


def test_the_bytes_go_and_the_other_stories_stay(archive: Path) -> None:
    before = others(archive)
    assert WORDS[FERRY].encode() in raw(archive)
    done = run(*WITHDRAW, "--archive", archive)
    assert done.exit_code == 0, done.output
    assert WORDS[FERRY].encode() not in raw(archive)
    assert others(archive) == before
    bare = {"": False, MARKET: False, SCHOOL: False}
    assert kept(archive, FEED, "08") == kept(archive, FEED, "09") == bare
    assert kept(archive, FEED, "10") == {"": True, MARKET: True}
    assert kept(archive, POSTS, "11") == {"": False, BRIDGE: False}
    named = [line.split(": ")[0] for line in done.stderr.splitlines()]
    assert named == [BRIDGE, SCHOOL], "no other capture of these has bytes"
    assert "8 captures, of 3 other stories and of lists, stay without their bytes" in done.stdout
    is_sound(archive)
    assert "0 read otherwise" in run("reread", "--dry-run", "--archive", archive).stdout


def test_nobody_loses_bytes_unasked(archive: Path) -> None:
    before = captures(archive)
    refused = run("withdraw", FERRY, "--reason", "x", "--archive", archive)
    assert refused.exit_code == 2
    assert BRIDGE in refused.stderr
    assert "--yes" in refused.stderr
    assert captures(archive) == before


def test_a_story_that_shared_an_answer_can_go_next(archive: Path) -> None:
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    told = json.loads(run("withdraw", MARKET, *WITHDRAW[2:], "--json", "--archive", archive).stdout)
    assert (told["captures"], told["without_bytes"], told["without_other_bytes"]) == (3, 1, [])
    assert kept(archive, FEED, "10") == {"": False}
    assert not [part for _, _, part in captures(archive) if part in {FERRY, MARKET}]
    assert WORDS[MARKET].encode() not in raw(archive)
    is_sound(archive)


def test_mentions_take_the_lists_and_no_other_story(archive: Path) -> None:
    stories = others(archive)["story"]
    assert run(*WITHDRAW, "--mentions", "--archive", archive).exit_code == 0
    assert kept(archive, FEED, "08") == {MARKET: False, SCHOOL: False}
    assert kept(archive, FEED, "10") == {"": True, MARKET: True}
    assert others(archive)["story"] == stories
    is_sound(archive)


def test_what_comes_later_is_read_and_not_kept(archive: Path) -> None:
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    with run_on(archive) as opened:
        (outcomes,) = file(opened, feed(FERRY, MARKET, hours=5, more=" Or at five."))
    assert outcomes == [Outcome.LISTING, Outcome.WITHDRAWN, Outcome.NEW_REVISION]
    assert kept(archive, FEED, "13") == {"": False, MARKET: False}
    assert not asked(archive, "SELECT 1 FROM sighting WHERE address = ?", FERRY)
    with run_on(archive) as opened:  # the same capture again, as a repeated run may bring it
        (again,) = file(opened, feed(FERRY, MARKET, hours=5, more=" Or at five."))
        file(opened, feed(MARKET, hours=6))
    assert again == [Outcome.KNOWN_CAPTURE, Outcome.WITHDRAWN, Outcome.KNOWN_CAPTURE]
    assert kept(archive, FEED, "13") == {"": False, MARKET: False}
    assert kept(archive, FEED, "14") == {"": True, MARKET: True}
    assert WORDS[FERRY].encode() not in raw(archive)
    assert {row[0] for row in asked(archive, "SELECT address FROM withdrawn")} == {FERRY}
    ((state,),) = asked(archive, "SELECT state FROM ledger WHERE address = ?", FEED)
    assert state != "excluded"
    is_sound(archive)


@pytest.mark.parametrize("how", [[], ["--link"]], ids=["kept", "linked"])
def test_a_replay_of_such_answers(archive: Path, tmp_path: Path, how: list[str]) -> None:
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    with run_on(tmp_path / "other") as opened:
        file(opened, feed(FERRY, MARKET, hours=7))
        file(opened, feed(MARKET, SCHOOL, hours=8))
    evidence = tmp_path / "other" / "evidence"
    assert run("replay", evidence, "--jobs", "1", *how, "--archive", archive).exit_code == 0
    assert kept(archive, FEED, "15") == {"": False, MARKET: False}
    assert kept(archive, FEED, "16") == {"": True, MARKET: True, SCHOOL: True}
    assert WORDS[FERRY].encode() not in raw(archive)
    is_sound(archive)


def test_a_crawl_writes_it_into_no_feed_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "feed.xml").write_bytes(feed(FERRY, MARKET).body)
    (tmp_path / "pages" / "feed.url").write_text(f"{FEED}/\n")
    words = ("crawl", "post", "-a", "source=folder", "-a", f"path={tmp_path / 'pages'}", "-L", "WARNING")
    assert scrapy(tmp_path, *words, "-O", "before.jsonl").returncode == 0
    assert WORDS[FERRY] in (tmp_path / "before.jsonl").read_text()
    archive = tmp_path / "archive"
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    again = scrapy(tmp_path, *words, "-O", "after.jsonl")
    assert again.returncode == 0
    assert "1 withdrawn" in again.stderr
    left = [json.loads(line)["type"] for line in (tmp_path / "after.jsonl").read_text().splitlines()]
    assert left == ["article", "listing"]
    assert FERRY not in (tmp_path / "after.jsonl").read_text()
    assert WORDS[FERRY].encode() not in raw(archive)
    is_sound(archive)


def test_rebuild_takes_over_what_has_no_bytes(archive: Path) -> None:
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    before = captures(archive)
    assert run("rebuild", "--archive", archive).exit_code == 0
    assert captures(archive) == before
    assert [row[0] for row in asked(archive, "SELECT address FROM withdrawn")] == [FERRY]
    is_sound(archive)


def undo(archive: Path, saved: Path) -> None:
    """Bring the evidence back, as if the program had been killed behind its transaction."""
    shutil.rmtree(archive / "evidence")
    shutil.copytree(saved, archive / "evidence")
    connection = sqlite3.connect(archive / "archive.db")
    with connection:
        connection.execute("UPDATE withdrawn_record SET state = 'waiting'")
    connection.close()


def again(archive: Path) -> None:
    assert "was withdrawn before" in run(*WITHDRAW, "--archive", archive).stdout


def rebuild_first(archive: Path) -> None:
    assert run("rebuild", "--archive", archive).exit_code == 0
    again(archive)


def crawl_first(archive: Path) -> None:
    with run_on(archive) as opened:
        file(opened, feed(FERRY, SCHOOL, hours=9))


@pytest.mark.parametrize("finish", [again, rebuild_first, crawl_first])
def test_what_a_kill_leaves(archive: Path, tmp_path: Path, finish: Callable[[Path], None]) -> None:
    shutil.copytree(archive / "evidence", tmp_path / "saved")
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    before = captures(archive)
    undo(archive, tmp_path / "saved")
    assert run("check", "--archive", archive).exit_code == 15
    finish(archive)
    assert WORDS[FERRY].encode() not in raw(archive)
    assert captures(archive).items() >= before.items()
    is_sound(archive)


def test_a_reread_that_finds_it_takes_the_bytes(tmp_path: Path) -> None:
    """As of an archive whose feeds were once read for their lists alone."""
    archive = tmp_path / "archive"
    with run_on(archive) as opened:
        item, *_ = read(opened, feed(FERRY, MARKET))
        del opened._pending[item.capture][0][1:]
        opened.commit([opened.answer(item)])
    assert run(*WITHDRAW, "--archive", archive).exit_code == 0
    assert kept(archive, FEED, "08") == {"": True}
    assert run("reread", "--yes", "--archive", archive).exit_code == 0
    assert kept(archive, FEED, "08") == {"": False, MARKET: False}
    assert WORDS[FERRY].encode() not in raw(archive)
    is_sound(archive)


def test_a_list_of_the_rest_api_is_no_story(archive: Path) -> None:
    (address,) = asked(archive, "SELECT address FROM capture WHERE url = ? AND part = ''", POSTS)[0]
    done = run("withdraw", address, "--reason", "x", "--yes", "--archive", archive)
    assert done.exit_code == 4
    assert "is a list" in done.stderr
