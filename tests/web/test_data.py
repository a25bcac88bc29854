"""Datasette under /data: its tables and questions, and that nothing of it is less safe than the other pages."""

import json
import sys
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import ConsoleMessage

from tests.helpers.browser import launched
from tests.helpers.reading_room import EDITED, KHMER, Room, serving

DATABASE = "/data/archive"


def rows(room: Room, path: str) -> list[dict[str, object]]:
    answer = room.ask(path)
    assert answer.status == 200, answer.text
    found: list[dict[str, object]] = json.loads(answer.body)
    return found


def test_every_table_is_shown(room: Room) -> None:
    assert room.ask("/data").headers["location"] == "/data/"
    front = room.ask("/data/")
    assert front.status == 200
    assert "Archive of a newspaper" in front.text
    assert 'href="/data/archive"' in front.text
    for path in ("/data/", f"{DATABASE}/story"):  # back to the other pages
        assert '<a href="/"> Reading room</a>' in " ".join(room.ask(path).text.split())
    [story] = rows(room, f"{DATABASE}/story.json?_shape=array&{urlencode({'canonical_url': EDITED})}")
    assert story["revisions"] == 2
    assert "Riverside road opens at last" in room.ask(f"{DATABASE}/article?_search=riverside").text


def test_questions_in_both_languages(room: Room) -> None:
    for words in ("river", KHMER):
        assert rows(room, f"{DATABASE}/search.json?_shape=array&words={quote(words)}")
    [count] = rows(room, f"{DATABASE}.json?_shape=array&{urlencode({'sql': 'SELECT count(*) AS n FROM story'})}")
    assert count == {"n": json.loads(room.ask("/index.json").body)["stories"]}


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM story",
        "ATTACH '/etc/passwd' AS other",
        "SELECT load_extension('x')",
        "SELECT length(zeroblob(100000000))",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    ],
)
def test_questions_that_write_or_never_end_are_refused(room: Room, sql: str) -> None:
    answer = room.ask(f"{DATABASE}.json?{urlencode({'sql': sql})}")
    assert answer.status == 400
    assert json.loads(answer.body)["ok"] is False


def test_its_pages_are_as_safe_as_the_others(room: Room) -> None:
    for path in ("/data/", DATABASE, f"{DATABASE}/story", f"{DATABASE}/nothing", "/data/-/static/app.css"):
        headers = {name.lower(): value for name, value in room.ask(path).headers.items()}
        assert headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'"), path
        assert "script" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    assert room.ask("/data/", "POST").status == 405
    assert room.ask("/data/", host="evil.example").status == 421
    assert room.ask("/data/", sec_fetch_site="cross-site").status == 403
    for path in ("/data/-/databases", "/data/-/versions", "/data/-/static/../../../app.py"):
        assert room.ask(path).status == 404, path
    assert room.ask("/data/archive.db").status == 403


def test_no_script_runs_in_a_table_of_hostile_texts(room: Room) -> None:
    with launched() as browser:
        page = browser.new_page(base_url=room.address)
        errors: list[str] = []

        def note(message: ConsoleMessage) -> None:
            errors.append(message.text)

        page.on("console", note)
        page.add_init_script("window.alert = () => { window.ran = true }")
        for path in (f"{DATABASE}/article?_size=100", f"{DATABASE}/revision?_size=100", f"{DATABASE}/reading?_size=50"):
            page.goto(path)
            assert page.evaluate("window.ran") is None, path
        assert any("Content Security Policy" in each for each in errors)


def test_without_the_extra_its_name_is_given(furnished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasette", None)
    with serving(furnished) as room:
        answer = room.ask("/data/")
    assert answer.status == 404
    assert "pip install &#39;postscraper[datasette]&#39;" in answer.text
