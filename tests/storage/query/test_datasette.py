"""Datasette's own client over a sample archive: its pages, the questions, and the search in both languages."""

import json
import shlex
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from datasette import app as datasette

from storage.archive import Archive
from storage.query.datasette import METADATA, PLUGINS, QUERIES
from tests.helpers.commands import run
from tests.helpers.items import SITE, article, captioned, listing, teaser

pytestmark = pytest.mark.filterwarnings("ignore")  # of Datasette's own code

KHMER = "អ្នកភូមិព្រែកសំណាងបានទទួលអណ្តូងទឹកថ្មី"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("datasette") / "archive"
    body = "The ferry carried 41 passengers and a pig in a basket across the river this morning, and nobody was late."
    with Archive.open(folder) as archive:
        ferry = article("ferry", body=body, headline="Ferry", published_on=date(1993, 10, 8), section="National")
        archive.add(ferry)
        archive.add(article("ferry", 5, f"{body} Again.", headline="A ferry", images=captioned("A pig.")))
        archive.add(article("ferry-0", 9, f"{body} Again.", published_on=date(1993, 10, 9)))
        archive.add(article("well", headline=KHMER, body=KHMER, language="km", published_on=date(2016, 10, 14)))
        archive.add(listing(teaser("ferry", headline="By ferry")))
    assert run("families", "--find", "--archive", folder).exit_code == 0
    written = json.loads(run("datasette", "--json", "--archive", folder).stdout)
    assert [Path(file).is_file() for file in written["files"]] == [True, True]
    assert shlex.split(run("datasette", "--archive", folder).stdout) == written["command"]
    out = folder / "datasette"
    metadata = json.loads((out / METADATA).read_text("utf-8"))
    return datasette.Datasette([str(folder / "archive.db")], metadata=metadata, plugins_dir=str(out / PLUGINS))


async def rows(server: Any, path: str, **values: str) -> list[dict[str, Any]]:
    response = await server.client.get(f"/archive/{path}.json?{urlencode({'_shape': 'array', **values})}")
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()
    return found


@pytest.mark.parametrize(
    ("words", "headlines"),
    [
        ("ferry", {"Ferry", "The canal"}),
        ("ភូមិ", {KHMER}),
        ("ទឹកថ្មី", {KHMER}),
        ('"pig in a basket" -Again', {"Ferry"}),
        ("", set()),
    ],
)
async def test_search_shows_headlines_of_both_languages(server: Any, words: str, headlines: set[str]) -> None:
    found = await rows(server, "search", words=words)
    assert {row["headline"] for row in found} == headlines


@pytest.mark.parametrize(("words", "headlines"), [("pig", {"A ferry", "The canal"}), ("ភូមិ", {KHMER})])
async def test_the_search_box_of_articles(server: Any, words: str, headlines: set[str]) -> None:
    assert {row["headline"] for row in await rows(server, "article", _search=words)} == headlines


async def test_each_question_has_an_answer(server: Any) -> None:
    values = {"words": "pig", "address": f"{SITE}/national/ferry"}
    answers = {name: await rows(server, name, **values) for name in QUERIES}
    assert [name for name in QUERIES if not answers[name]] == ["addresses"], "no crawl filled the ledger"
    by_year = {(row["year"], row["section"]): row["stories"] for row in answers["stories_by_year"]}
    assert by_year == {("1993", "National"): 1, ("1993", None): 1, ("2016", None): 1}
    assert [row["headline"] for row in answers["edited"]] == ["Ferry", "A ferry"]
    assert answers["announced"][0]["headline"] == "By ferry"
    assert answers["families"][0]["reason"] == "same text"
    assert answers["captions"][0]["caption"] == "A pig."


async def test_pages_carry_titles_and_descriptions(server: Any) -> None:
    home = (await server.client.get("/archive")).text
    assert "Search in both languages" in home
    article_page = (await server.client.get("/archive/article")).text
    assert "The newest wording of each story" in article_page
    assert "day of publication, in the zone of the newspaper" in article_page
    assert "section=National" in article_page, "a facet"
    for name in ("story", "revision", "capture", "photo", "family", "promotion"):
        assert (await server.client.get(f"/archive/{name}")).status_code == 200
