"""The API against its description: every page has JSON, every path is described, and every answer has its schema."""

import json
from collections.abc import Iterator
from pathlib import Path
from shutil import copytree
from typing import Any
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from postscraper.web.answers.table import ANSWERS
from postscraper.web.app import PAGES
from postscraper.web.pages import Page
from storage.archive import Archive
from storage.ingest import runs
from tests.helpers.commands import run
from tests.helpers.items import at
from tests.helpers.reading_room import EDITED, KHMER, Room, serving
from tests.web.test_pages import data, sql

REDIRECTS = {"lookup"}


@pytest.fixture(scope="module")
def described(room: Room) -> dict[str, Any]:
    found: dict[str, Any] = data(room, "/docs/openapi.json")
    return found


def test_every_page_has_json_and_a_schema() -> None:
    assert [page.name for page in PAGES if "json" not in page.forms] == []
    assert {page.name for page in PAGES} == set(ANSWERS) | REDIRECTS


def test_every_route_is_described(room: Room, described: dict[str, Any]) -> None:
    """Static files and robots.txt are no part of the API."""
    paths = {page.path_in(form) for page in PAGES for form in page.forms}
    assert {path.replace(":number", "").replace(":day", "") for path in paths} <= set(described["paths"])
    files = {f"/capture/{{number}}/{name}" for name in ("text", "bytes", "picture")}
    assert set(described["paths"]) == {path.replace(":number", "").replace(":day", "") for path in paths} | files


def test_the_description_is_valid(described: dict[str, Any]) -> None:
    validator = pytest.importorskip("openapi_spec_validator")
    validator.validate(described)


def test_each_schema_is_one(described: dict[str, Any]) -> None:
    for schema in described["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def strict(schema: Any) -> Any:
    """The same schema, without fields that it does not name."""
    if isinstance(schema, list):
        return [strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: strict(inner) for name, inner in schema.items()}
    return closed | {"additionalProperties": False} if "properties" in schema and "required" in schema else closed


def _numbers(room: Room, query: str) -> list[int]:
    return [number for (number,) in sql(room, query)]


def addresses(room: Room, page: Page) -> Iterator[str]:
    """Addresses of a page in JSON: of every story and capture of the archive, and with parameters."""
    path = page.path_in("json")
    stories = _numbers(room, "SELECT id FROM story")
    if page.name == "proof":
        stories = stories[:3]
    if page.name == "replay":
        return  # without pywb there is none
    if "{day:day}" in path:
        yield from (path.replace("{day:day}", day) for day in ("2018-06-20", "2018-06-24", "1999-01-01"))
    elif page.name == "year":
        yield path.replace("{year:number}", "2018")
    elif page.name == "capture":
        yield from (path.replace("{number:number}", str(each)) for each in _numbers(room, "SELECT id FROM capture"))
    elif "{number:number}" in path:
        yield from (path.replace("{number:number}", str(each)) for each in stories)
    else:
        yield path
    if page.name in ("search", "trend"):
        yield from (f"{path}?q={quote(words)}&edited=0" for words in ("the", KHMER, "river;road"))
    if page.name == "story":
        yield from (f"/story/{each}.json?revision=1" for each in stories)
    if page.name == "photos":
        yield from (f"{path}?story={each}" for each in stories)


@pytest.mark.parametrize("page", [each for each in PAGES if each.name in ANSWERS], ids=lambda page: page.name)
def test_answers_have_their_schema(room: Room, described: dict[str, Any], page: Page) -> None:
    for address in addresses(room, page):
        assert not faults(described, page.path_in("json"), data(room, address)), address


def faults(described: dict[str, Any], path: str, answer: Any) -> list[str]:
    """The places where an answer is not as its schema says."""
    operation = described["paths"][path.replace(":number", "").replace(":day", "")]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    whole = strict({**schema, "components": described["components"]})
    validator = Draft202012Validator(whole, format_checker=FormatChecker())
    return [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(answer)]


def test_crawls_and_withdrawals_have_their_schema(furnished: Path, described: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    copytree(furnished, folder)
    begun = {"newspaper": "post", "source": "live", "arguments": '{"limit": 5}', "started_at": at(0)}
    ended = {
        "ended_at": at(1), "exit_code": 0, "outcomes": '{"new story": 4, "unread": 1}', "unread": '{"gone": 1}',
        "requests": 6, "answers": 6, "bytes": 81_204, "not_modified": 1, "delay_seconds": 1.0,
        "shortest_gap_seconds": 1.1, "filled": '{"byline": [1, 4, 0.5]}', "doors": '{"rest": "404"}', "queued": 0,
    }  # fmt: skip
    with Archive.open(folder) as archive, archive.write() as connection:
        runs.begin(connection, begun)
        runs.begin(connection, begun | ended)
    assert run("withdraw", EDITED, "--reason", "a court asked for it", "--yes", "--archive", folder).exit_code == 0
    with serving(folder) as room:
        for path, rows in (("/runs.json", "runs"), ("/index.json", "last_run"), ("/withdrawn.json", "withdrawn")):
            answer = data(room, path)
            assert answer[rows]
            assert not faults(described, path, answer)
        for path in ("/", "/runs"):
            assert "4 new stories, 1 unread" in room.ask(path).text


def test_a_replay_has_its_schema(furnished: Path, described: dict[str, Any]) -> None:
    with serving(furnished, replay="http://127.0.0.1:9/post") as room:
        [number, *_] = _numbers(room, "SELECT id FROM capture WHERE evidence_file NOT NULL AND captured_at NOT NULL")
        answer = data(room, f"/capture/{number}/replay.json")
    assert not faults(described, "/capture/{number}/replay.json", answer)


def test_failures_have_their_schema(room: Room, described: dict[str, Any]) -> None:
    schema = described["components"]["schemas"]["Failure"]
    for path, status in (("/story/999999.json", 404), ("/search.json?limit=0", 400), ("/nothing.json", 404)):
        answer = room.ask(path)
        assert answer.status == status
        Draft202012Validator(strict(schema)).validate(json.loads(answer.body))


def test_an_address_leads_to_its_story_in_the_same_form(room: Room) -> None:
    [number] = _numbers(room, f"SELECT id FROM story WHERE canonical_url = '{EDITED}'")
    for path in ("/story", "/search"):
        name = "url" if path == "/story" else "q"
        for form in ("", ".json"):
            answer = room.ask(f"{path}{form}?{name}={quote(EDITED, safe='')}")
            while answer.headers["location"].startswith("/story" + form + "?"):
                answer = room.ask(answer.headers["location"])
            assert (answer.status, answer.headers["location"]) == (303, f"/story/{number}{form}")
