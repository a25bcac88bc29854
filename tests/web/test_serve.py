"""`postscraper serve`: its start, its end, and what it says when it cannot start; withdrawn and slow pages."""

import json
import re
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from postscraper.web import database
from storage.archive import Archive
from tests.helpers.commands import refused, run
from tests.helpers.items import article
from tests.helpers.programs import Program
from tests.helpers.reading_room import EDITED, Room, serving


def test_it_serves_until_it_is_ended(furnished: Path, tmp_path: Path) -> None:
    log = tmp_path / "output"
    with log.open("wb") as output:
        program = Program(tmp_path, "-m", "postscraper", "serve", "--port", "0", "--archive", furnished, output=output)
        for _ in range(200):
            if found := re.search(r"http://127\.0\.0\.1:\d+/", log.read_text("utf-8")):
                break
            time.sleep(0.1)
        assert found, log.read_text("utf-8")
        with urlopen(found[0]) as answer:
            assert b"Reading room" in answer.read()
        program.send_signal(signal.SIGTERM)
        assert program.wait(timeout=30) == 0


def test_a_taken_port_is_named(furnished: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        refused(run("serve", "--port", str(port), "--archive", furnished), 2, str(port), "--port")


def test_without_the_extra_the_command_to_install_it_is_named(furnished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "postscraper.web.server", raising=False)
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    refused(run("serve", "--archive", furnished), 11, "pip install 'postscraper[web]'")


def test_without_an_archive(tmp_path: Path) -> None:
    refused(run("serve", "--archive", tmp_path / "none"), 5, "there is no archive")


@pytest.fixture(scope="module")
def without(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A room from which the edited story was withdrawn."""
    folder = tmp_path_factory.mktemp("withdrawn") / "archive"
    copytree(furnished, folder)
    done = run("withdraw", EDITED, "--reason", "a court asked for it", "--yes", "--archive", folder)
    assert done.exit_code == 0, done.output
    with serving(folder) as running:
        yield running


def test_withdrawn_stories_are_shown_as_such(without: Room) -> None:
    answer = without.ask(f"/story?{urlencode({'url': EDITED})}")
    assert answer.status == 451
    assert "a court asked for it" in answer.text
    listed = without.ask("/withdrawn").text
    assert "a court asked for it" in listed
    assert "riverside-road" not in listed
    assert "Riverside road" not in without.ask("/search?q=riverside").text


@pytest.fixture(scope="module")
def packed(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A room over a pack, which has no evidence."""
    pack = tmp_path_factory.mktemp("packed") / "part.wacz"
    done = run("pack", pack, "--words", "clinic", "--archive", furnished)
    assert done.exit_code == 0, done.output
    with serving(pack) as running:
        yield running


def test_a_story_that_came_back_says_when_it_was_gone(furnished: Path, tmp_path: Path) -> None:
    folder = copytree(furnished, tmp_path / "archive")
    with Archive.open(folder) as archive:
        number = archive.story(EDITED).row.id
        archive.add(article("riverside-road-opens", 120, "It opened."))
    with serving(folder) as room:
        text = room.ask(f"/story/{number}").text
    assert "Gone from the site" not in text
    assert re.search(
        "Gone by <time [^>]*>2018-06-23 19:10 UTC</time> .404., back by <time [^>]*>2018-06-25 01:10 UTC<", text
    )


def test_a_pack_names_what_would_need_its_evidence(packed: Room) -> None:
    number = json.loads(packed.ask("/search.json?q=clinic+koh+thom").body)["hits"][0]["story_id"]
    assert packed.ask(f"/story/{number}").status == 200
    capture = json.loads(packed.ask(f"/story/{number}.json").body)["captures"][0]["id"]
    shown = packed.ask(f"/capture/{capture}")
    assert shown.status == 200
    assert "is a pack" in shown.text
    for path in (f"/story/{number}/proof", f"/capture/{capture}/text", f"/capture/{capture}/bytes"):
        answer = packed.ask(path)
        assert answer.status == 501, path
        assert "postscraper replay" in answer.text
    for path in ("/", "/audit", "/coverage", "/unread", "/gone", "/changes", "/runs", f"/story/{number}/cite"):
        assert packed.ask(path).status == 200, path


def test_slow_questions_end(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    assert room.ask("/search?q=river").status == 200
    monkeypatch.setattr(database, "STEPS", 1)
    monkeypatch.setattr(database, "SECONDS", 0)
    answer = room.ask("/search?q=another")
    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    assert "This question takes too long" in answer.text


def test_slow_proofs_end(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    number = json.loads(room.ask("/search.json?q=river").body)["hits"][0]["story_id"]
    assert room.ask(f"/story/{number}/proof").status == 200
    monkeypatch.setattr(database, "SECONDS", 0)
    assert room.ask(f"/story/{number}/proof").status == 503


def test_a_connection_is_free_of_the_limit_after_a_slow_question(room: Room) -> None:
    assert room.ask("/search?q=river").status == 200


def test_readers_go_on_beside_a_writer(furnished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    copytree(furnished, folder)
    with serving(folder) as running, Archive.open(folder) as writer:
        before = json.loads(running.ask("/index.json").body)["stories"]
        with writer.write() as connection:
            connection.exec_driver_sql("UPDATE story SET section = 'Held'")
            assert running.ask("/search?q=river").status == 200
        writer.add(article("written-beside", 1, "Words of a story that came beside the readers."))
        assert json.loads(running.ask("/index.json").body)["stories"] == before + 1
        assert "written-beside" in running.ask("/search.json?q=readers").text


def test_answers_that_are_kept_end_with_the_state_of_the_database(furnished: Path, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    copytree(furnished, folder)
    with serving(folder) as running:
        assert running.ask("/search?q=unheard").text == running.ask("/search?q=unheard").text
        with Archive.open(folder) as writer:
            writer.add(article("heard-now", 1, "An unheard word."))
        assert "heard-now" in running.ask("/search.json?q=unheard").text
        assert "<strong>1 story</strong>" in running.ask("/search?q=unheard").text
