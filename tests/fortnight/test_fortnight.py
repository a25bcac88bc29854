"""Two weeks of the newspaper, captured day by day: the archive's answers against a record made by hand."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from random import Random
from shutil import copytree
from typing import Any, NamedTuple

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from postscraper.items import Article, Item, Listing, Unread
from postscraper.urls import redirect_target
from storage.archive import Archive
from storage.query.families import all_families
from storage.query.history.as_of import page_as_of, stories_as_of, story_as_of
from storage.query.history.edits import edits
from storage.query.history.edits import of_story as edits_of_story
from storage.query.history.gone import gone
from storage.query.history.promotion import headlines, promotion
from storage.query.history.readings import of_story
from storage.warc.exchange import Exchange
from tests.fortnight import record
from tests.fortnight.pages import HOME
from tests.fortnight.script import STORIES, Seen, as_edited, at, captures, day
from tests.helpers.archives import read, run_on
from tests.helpers.commands import run
from tests.helpers.crawls import FAST, PROJECT, options
from tests.helpers.paths import ROOT

KEYS = {said.url: key for key, said in STORIES.items()}


class Kept(NamedTuple):
    """An item as it was read, for the search by brute force."""

    at: datetime
    url: str
    item: Item


def exchange(seen: Seen) -> Exchange:
    status, body, headers = seen.answer
    asked = ("If-None-Match", '"1"') if seen.conditional else ("Accept", "text/html")
    return Exchange(
        url=seen.url, requested_at=seen.at, captured_at=seen.at, status=status, body=body, source="live",
        headers=headers, request_headers=(asked,),
    )  # fmt: skip


class Fortnight(NamedTuple):
    archive: Archive
    kept: list[Kept]


@pytest.fixture(scope="module")
def fortnight(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fortnight]:
    folder = tmp_path_factory.mktemp("fortnight") / "archive"
    kept = []
    with run_on(folder) as opened:
        for _, of_day in groupby(captures(), lambda seen: seen.at.date()):
            items = [(seen, read(opened, exchange(seen))[0]) for seen in of_day]
            opened.commit([opened.answer(item) for _, item in items])
            kept += [Kept(seen.at, seen.url, item) for seen, item in items]
    with Archive.open(folder, readonly=True) as archive:
        yield Fortnight(archive, kept)


def ours(moment: datetime | None) -> record.Time | None:
    """A moment as the record has it."""
    if moment is None:
        return None
    local = moment + timedelta(hours=7)
    return local.day, local.hour


def test_where_each_story_stood(fortnight: Fortnight) -> None:
    check_promotion(fortnight.archive)
    bests = {(stay.page, stay.best) for stay in fortnight.archive.ask(promotion, STORIES["clinic"].url).stays}
    assert bests == {(f"{HOME}/", 1), (f"{HOME}/national", 1)}


def check_promotion(archive: Archive) -> None:
    found = [
        record.Stay(
            key, stay.page.removeprefix(HOME), stay.list, ours(stay.not_yet_at), ours(stay.seen_from),
            ours(stay.seen_to), ours(stay.gone_by), stay.captures,
            tuple((ours(place.at), place.position) for place in stay.places),
            tuple(headline or "" for headline, _ in stay.wordings),
        )
        for url, key in KEYS.items()
        for stay in archive.ask(promotion, url).stays
    ]  # fmt: skip
    assert sorted(found, key=repr) == sorted(record.PROMOTION, key=repr)


def test_every_wording_of_a_headline(fortnight: Fortnight) -> None:
    story = fortnight.archive.story(STORIES["canal"].url)
    found = fortnight.archive.ask(headlines, story.row)
    assert tuple((each.place, each.headline) for each in found) == record.HEADLINES


def test_which_stories_are_gone(fortnight: Fortnight) -> None:
    check_gone(fortnight.archive)
    targets = {each.target for each in fortnight.archive.ask(gone, redirect_target)}
    assert targets == {None, f"{HOME}/", f"{HOME}/national"}


def check_gone(archive: Archive) -> None:
    found = [
        record.Absence(
            KEYS[each.canonical_url], each.how, _day(each.last_held_at), _day(each.gone_by), _day(each.last_gone_at),
            each.back_at and _day(each.back_at),
        )
        for each in archive.ask(gone, redirect_target)
    ]  # fmt: skip
    assert tuple(found) == record.GONE


def _day(moment: datetime) -> int:
    return (moment + timedelta(hours=7)).day


def test_the_revisions_are_the_edits_and_what_the_designs_did(fortnight: Fortnight) -> None:
    check_revisions(fortnight.archive)


def check_revisions(archive: Archive) -> None:
    found = {
        (key, _day(revision.row.first_captured_at))
        for url, key in KEYS.items()
        for revision in archive.story(url).revisions[1:]
    }
    assert found == {(edit.key, edit.day) for edit in record.EDITS} | set(record.REDESIGNS)


def test_each_edit_has_its_types(fortnight: Fortnight) -> None:
    check_edits(fortnight.archive)


def check_edits(archive: Archive) -> None:
    """A figure or a name that stands in a changed headline or caption is named beside it, and is no edit of its own."""
    found = archive.ask(edits, limit=1_000)
    types = {
        (KEYS[edit.canonical_url], _day(edit.changed_at)): {
            change.kind for change in edit.changes if change.field == "body" or change.kind not in ("figure", "name")
        }
        for edit in found
        if edit.changed_at is not None
    }
    assert types == {(edit.key, edit.day): set(edit.types) for edit in record.EDITS}
    silent = {(KEYS[edit.canonical_url], _day(edit.changed_at)) for edit in found if edit.changed_at and edit.silent}
    assert silent == {(edit.key, edit.day) for edit in record.EDITS if edit.silent}


def test_the_note_explains_its_edit(fortnight: Fortnight) -> None:
    explained = {edit.key: (edit.day, edit.explained_by) for edit in record.EDITS if edit.explained_by}
    for key, number, text in record.CORRECTIONS:
        story = fortnight.archive.story(STORIES[key].url)
        (note,) = fortnight.archive.ask(edits_of_story, story.row.id).corrections
        days = [_day(story.revisions[place - 1].row.first_captured_at) for place in (note.explained, note.number)]
        assert (note.text, days[1], tuple(days)) == (text, number, explained[key])


def test_families(fortnight: Fortnight, tmp_path: Path) -> None:
    folder = copytree(fortnight.archive.folder, tmp_path / "archive")
    done = run("families", "--find", "--archive", folder)
    assert done.exit_code == 0, done.output
    with Archive.open(folder, readonly=True) as archive:
        families = archive.ask(all_families)
    found = {tuple(KEYS[each.canonical_url] for each in family): family[-1].reason for family in families}
    assert found == dict(record.FAMILIES)


def test_the_best_reading_is_what_the_editors_have(fortnight: Fortnight) -> None:
    check_best(fortnight.archive)


def check_best(archive: Archive) -> None:
    for key in STORIES:
        said = as_edited(key, 14)
        item = archive.ask(of_story, archive.story(STORIES[key].url).row.id).item
        kicker = (item["kicker"],) if item["kicker"] else ()
        assert (*kicker, *(block["text"] for block in item["body"])) == said.body, key
        captions = [image["caption_text"] for image in item["images"]]
        assert captions == ([said.picture[1]] if said.picture else []), key
        facts = (said.headline, said.byline, said.section, said.published_on.isoformat())
        assert (item["headline"], item["byline"], item["section"], item["published_on"]) == facts, key


# --- As of a moment, against a search through all captures --------------------------------------


def _moments(count: int) -> list[datetime]:
    drawn, first = Random(14), datetime(2026, 2, 28, 17, tzinfo=UTC)
    return [first + timedelta(minutes=drawn.randrange(15 * 24 * 60)) for _ in range(count)]


MOMENTS = [*_moments(46), at(1), at(14, 9, 42), at(6, 18) - timedelta(microseconds=1), at(6, 18)]
_GONE = ("gone", "soft_404", "moved")


def _front_by_hand(kept: list[Kept], moment: datetime) -> tuple[Any, ...] | None:
    found = None
    for each in kept:
        if each.at <= moment and each.url == f"{HOME}/":
            if isinstance(each.item, Listing):
                teasers = [
                    (card.list, card.position, card.headline, card.url.rstrip("/")) for card in each.item.teasers
                ]
                found = (each.at, each.at, teasers)
            elif isinstance(each.item, Unread) and each.item.reason == "not_modified" and found:
                found = (found[0], each.at, found[2])
    return found


def _story_by_hand(kept: list[Kept], url: str, moment: datetime) -> tuple[str, datetime, Article] | None:
    """State, moment of the capture, and what it shows; of a story that was seen later its first capture."""
    own = [each for each in kept if each.url == url]
    shown = [(each.at, each.item) for each in own if each.at <= moment and isinstance(each.item, Article)]
    if not shown:
        first = next((each.at, each.item) for each in own if isinstance(each.item, Article))
        published = first[1].published_at
        assert published is not None
        return ("seen later", *first) if published <= moment else None
    last = [each.item for each in own if each.at <= moment][-1]
    is_gone = isinstance(last, Unread) and last.reason in _GONE
    return ("gone" if is_gone else "stands", *shown[-1])


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_as_of_a_moment_equals_a_search_through_all_captures(fortnight: Fortnight, moment: datetime) -> None:
    archive, kept = fortnight
    by_hand = _front_by_hand(kept, moment)
    front = archive.ask(page_as_of, f"{HOME}/", moment)
    assert (front is None) == (by_hand is None)
    if front is not None:
        cards = [(row.list, row.position, row.headline, row.address) for row in front.teasers]
        assert (front.captured_at, front.seen_at, cards) == by_hand
        assert front.age == moment - front.seen_at
    last_day = (moment + timedelta(hours=7)).date() - timedelta(days=1)
    found = {
        each.canonical_url: each
        for each in archive.ask(stories_as_of, moment, last_day, redirect_target, host=HOME[8:])
    }
    for url in KEYS:
        expected = _story_by_hand(kept, url, moment)
        if expected is None:
            assert url not in found
            continue
        state, captured_at, item = expected
        stood = found[url]
        assert (stood.state, stood.captured_at, stood.item["headline"]) == (state, captured_at, item.headline)
        assert [block["text"] for block in stood.item["body"]] == [block.text for block in item.body]
        assert stood.age == moment - captured_at
        row = archive.story(url).row
        assert archive.ask(story_as_of, row, moment, last_day, redirect_target) == stood


# --- The commands -------------------------------------------------------------------------------


def test_the_commands_print_what_the_questions_answer(fortnight: Fortnight) -> None:
    def printed(*words: str) -> str:
        result = run(*words, "--archive", fortnight.archive.folder)
        assert result.exit_code == 0, result.output
        return result.stdout

    shown = printed("promotion", "/national/canal-reopens-prek-tnot")
    assert "seen 2026-03-01 01:00 UTC to 2026-03-03 01:00 UTC · 3 captures · gone by 2026-03-04 01:00 UTC" in shown
    assert "place 1 · 2 at 2026-03-02 01:00 UTC · 1 at 2026-03-03 01:00 UTC · best 1" in shown
    assert len(json.loads(printed("promotion", "/national/canal-reopens-prek-tnot", "--json"))["stays"]) == 3
    assert "a teaser on the front page\n  Canal open again\n" in printed(
        "headlines", "/national/canal-reopens-prek-tnot"
    )
    # The day ends at midnight in Phnom Penh: 16 hours after the front page was looked at.
    assert "captured 2026-03-03 01:00 UTC · 16 hours before · drupal_2013" in printed("front", "--as-of", "2026-03-03")
    early = json.loads(printed("front", "--as-of", "2026-03-03T07:59", "--json"))
    assert (early["captured_at"], early["age_seconds"]) == ("2026-03-02T01:00:00Z", 23 * 3600 + 59 * 60)
    assert early == json.loads(printed("front", "--as-of", "2026-03-03T00:59Z", "--json"))
    assert "captured 2026-03-13 01:00 UTC · unchanged at 2026-03-14 01:00 UTC" in printed("front")
    assert "School boats late again" in printed("front", "national", "--as-of", "2026-03-09")
    clinic = printed("as-of", "2026-03-10", "/national/river-clinic-shuts-night")
    assert "revision 1 · captured 2026-03-07 02:36 UTC · 3 days before · gone by 2026-03-08 02:36 UTC: 410" in clinic
    [overview] = json.loads(printed("as-of", "2026-03-02", "--json"))
    assert [page["page"] for page in overview["pages"]] == [f"{HOME}/", f"{HOME}/national"]
    assert len(overview["stories"]) == sum(said.published_on <= day(2) for said in STORIES.values())
    assert "5 stories" in printed("gone")
    assert "gone by 2026-03-04 02:33 UTC: 404 · back at 2026-03-07 02:33 UTC" in printed(
        "gone", "--until", "2026-03-04"
    )
    why = printed("show", "/national/temple-bell-rings-again", "--why")
    assert "drupal_2013 · undamaged · the first letter is lost" in why
    assert "After thirty years without a voice" in printed("show", "/national/temple-bell-rings-again")


# --- The same, crawled --------------------------------------------------------------------------


@pytest.mark.long
def test_the_same_fortnight_crawled_on_loopback(httpserver: HTTPServer, tmp_path: Path) -> None:
    served: dict[str, Seen] = {}

    def answer(request: Request) -> Response:
        seen = served.get(request.path.rstrip("/") or "/")
        if seen is None:
            return Response("", 200 if request.path == "/robots.txt" else 404, content_type="text/plain")
        status, body, headers = seen.answer
        tag = sha256(body or b"the same").hexdigest()[:16] if not seen.conditional else request.headers["If-None-Match"]
        if status == 304 or request.headers.get("If-None-Match") == f'"{tag}"':
            return Response(status=304, headers={"ETag": tag})
        with_tag = {"ETag": f'"{tag}"'} if status == 200 else {}
        return Response(body, status, content_type="text/html", headers=dict(headers) | with_tag)

    httpserver.expect_request(re.compile("")).respond_with_handler(answer)
    settings = options(f"PAPER_ORIGIN={httpserver.url_for('').rstrip('/')}", f"ARCHIVE_DIR={tmp_path}", *FAST)
    for moment, seen_then in groupby(captures(), lambda seen: seen.at.replace(minute=0)):
        served.clear()
        served.update({seen.url.removeprefix(HOME): seen for seen in seen_then})
        urls = " ".join(f"{HOME}{path}" for path in served)
        words = (moment.isoformat(), "crawl", "post", "-a", f"url={urls}", *settings)
        done = subprocess.run(
            [sys.executable, "-m", "tests.fortnight.clock", *words],
            env=os.environ | PROJECT | {"PYTHONPATH": str(ROOT)},
            cwd=ROOT, capture_output=True, text=True, check=False,
        )  # fmt: skip
        is_check = any(seen.answer[0] == 403 for seen in served.values())
        assert done.returncode == (14 if is_check else 0), done.stderr[-2000:]
    with Archive.open(tmp_path, readonly=True) as archive:
        for check in (check_promotion, check_gone, check_revisions, check_best):
            check(archive)
