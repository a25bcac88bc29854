"""Replay in the reading room: pywb's page in a frame without scripts, and nothing of it on this origin."""

import sqlite3
from pathlib import Path

import pytest

from tests.helpers.browser import launched
from tests.helpers.commands import refused, run
from tests.helpers.reading_room import Room, serving
from tests.standins import pywb

CAPTURE = """
SELECT capture.id, headline FROM revision JOIN capture ON capture.id = capture_id
WHERE url LIKE '%/river-clinic-opens-koh-thom' AND evidence_file NOT NULL LIMIT 1
"""


def capture_in(archive: Path) -> tuple[int, str]:
    """The number of a capture, and the headline of its story."""
    connection = sqlite3.connect(f"file:{archive / 'archive.db'}?mode=ro", uri=True)
    [(number, headline)] = connection.execute(CAPTURE)
    connection.close()
    return number, headline


def test_without_the_option_the_command_is_named(room: Room) -> None:
    number, _ = capture_in(room.archive)
    answer = room.ask(f"/capture/{number}/replay")
    assert answer.status == 404
    assert "postscraper serve --replay http://127.0.0.1:PORT/COLLECTION" in answer.text
    assert "/replay" not in room.ask(f"/capture/{number}").text


def test_a_pywb_that_does_not_run_is_named(furnished: Path) -> None:
    number, _ = capture_in(furnished)
    with serving(furnished, replay="http://127.0.0.1:9/post") as room:
        answer = room.ask(f"/capture/{number}/replay")
    assert answer.status == 200
    assert "pywb does not answer at http://127.0.0.1:9/post" in answer.text
    assert "<iframe" not in answer.text


@pytest.mark.parametrize("typed", ["127.0.0.1:8090", "javascript:alert(1)", "http://a/; script-src *", "http://a b/"])
def test_only_an_address_of_a_collection_is_taken(furnished: Path, typed: str) -> None:
    refused(run("serve", "--replay", typed, "--archive", furnished), 2, "write http://127.0.0.1:8090/post")


@pytest.mark.pywb
def test_pywb_shows_the_capture(furnished: Path, tmp_path: Path) -> None:
    number, headline = capture_in(furnished)
    pywb.collect(tmp_path, "post", (furnished / "evidence").glob("*.warc.gz"))
    with pywb.serving(tmp_path) as origin, serving(furnished, replay=f"{origin}/post") as room, launched() as browser:
        policy = room.ask(f"/capture/{number}/replay").headers["content-security-policy"]
        assert policy.endswith(f"frame-src {origin}")
        assert "frame-src" not in room.ask(f"/capture/{number}").headers["content-security-policy"]
        page = browser.new_page(base_url=room.address)
        page.goto(f"/capture/{number}")
        page.get_by_role("link", name="Replay").click()
        shown = page.frame_locator("iframe")
        assert headline in shown.locator("body").inner_text()
        assert page.locator("iframe").get_attribute("sandbox") == ""
        [frame] = [each for each in page.frames if each.url.startswith(origin)]
        assert frame.evaluate("window.origin") == "null"
