"""Pages of the reading room: what they say is what the archive says."""

import csv
import json
import re
import sqlite3
from datetime import UTC, datetime
from html import unescape
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode
from xml.etree import ElementTree

import pytest
from sqlalchemy import insert

from postscraper.phrases import address
from postscraper.web import charts
from postscraper.web.views import pictures
from postscraper.web.views.proofs import run_data
from storage.archive import Archive
from storage.database.schema import CrawlRun
from storage.query.runs import runs
from tests.helpers.commands import run
from tests.helpers.reading_room import EDITED, KHMER, PHOTO, Room

ATOM = "{http://www.w3.org/2005/Atom}"


def data(room: Room, path: str) -> Any:
    answer = room.ask(path)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json"), path
    return json.loads(answer.body)


def sql(room: Room, query: str) -> Any:
    with sqlite3.connect(f"file:{room.archive / 'archive.db'}?mode=ro", uri=True) as connection:
        rows = connection.execute(query).fetchall()
    connection.close()
    return rows


@pytest.fixture(scope="module")
def edited(room: Room) -> int:
    """The number of the edited story."""
    [(number,)] = sql(room, f"SELECT id FROM story WHERE canonical_url = '{EDITED}'")
    return int(number)


def test_front_counts_what_the_database_holds(room: Room) -> None:
    front = data(room, "/index.json")
    for name in ("story", "revision", "capture"):
        [(count,)] = sql(room, f"SELECT count(*) FROM {name}")
        assert front["stories" if name == "story" else f"{name}s"] == count
    days = dict(sql(room, "SELECT published_on, count(*) FROM story WHERE published_on NOT NULL GROUP BY 1"))
    assert front["days"] == days
    assert sum(front["sections"].values()) == front["stories"]
    years = [each["year"] for each in front["years"]]
    assert years == list(range(min(years), max(years) + 1))  # years without a story are shown too


def test_front_as_a_page(room: Room) -> None:
    text = room.ask("/").text
    assert 'aria-label="2018: ' in text
    assert '<a href="/year/2018">' in text
    assert text.count("<path") > 40
    assert "not visited yet" in text  # the state `known` of the ledger


def test_year_leads_to_days(room: Room) -> None:
    found = data(room, "/year/2018.json")
    assert found["stories"] == sum(found["days"].values())
    text = room.ask("/year/2018").text
    assert 'href="/day/2018-06-20"' in text
    assert 'href="/day/2018-01-01"' not in text


def test_day_shows_the_front_in_place(room: Room, edited: int) -> None:
    [paper] = [each for each in data(room, "/day/2018-06-20.json")["papers"] if each["paper"] == "post"]
    front = paper["shown"]
    assert front["page"] == "https://www.phnompenhpost.com/"
    teasers = [(each["position"], each["headline"], each["story"]) for each in front["lists"][0]["teasers"]]
    assert teasers == [(1, "Not held", None), (3, "A road at last", edited)]
    assert edited in [each["id"] for each in paper["stories"]]
    assert [(each["id"], each["number"]) for each in paper["edited"]] == [(edited, 2)]
    [paper] = [each for each in data(room, "/day/2018-06-24.json")["papers"] if each["paper"] == "post"]
    assert [each["canonical_url"] for each in paper["gone"]] == [EDITED]
    text = room.ask("/day/2018-06-20").text
    assert '<span class="not-held">Not held</span>' in text
    assert "Grey headlines are of stories that are not held" in text
    chosen = [each["page"] for each in paper["fronts"]][-1]
    papers = data(room, f"/day/2018-06-24.json?{urlencode({'front': chosen})}")["papers"]
    assert chosen in [each["shown"]["page"] for each in papers]
    unknown = room.ask("/day/2018-06-24?front=https://example.org/")
    assert unknown.status == 404
    assert "No front or section page https://example.org/ was captured by the end of 2018-06-24." in unknown.text


def test_story(room: Room, edited: int) -> None:
    found = data(room, f"/story/{edited}.json")
    assert found["item"]["headline"] == "Riverside road opens at last"
    assert [each["kind"] for each in found["item"]["body"]] == ["paragraph", "crosshead", "quote", "list_item"]
    kinds = [[change["kind"] for change in each["changes"]] for each in found["revisions"]]
    assert kinds == [[], ["headline", "paragraph_added", "figure"]]
    assert found["promotion"]["stays"][0]["best"] == 1
    assert found["gone"][0]["how"] == "404"
    text = room.ask(f"/story/{edited}").text
    for words in (
        "Heng Vuthy",
        "The road at sunset.",
        "Chan Borith",
        "<blockquote",
        "Gone from the site",
        "20 June 2018",
    ):
        assert words in text
    assert "3 kilometres" not in text
    assert "3 kilometres" in room.ask(f"/story/{edited}?revision=1").text


def test_story_by_its_address(room: Room, edited: int) -> None:
    for typed in (EDITED, "phnompenhpost.com/national/riverside-road-opens", "/national/riverside-road-opens"):
        answer = room.ask(f"/story?{urlencode({'url': typed})}")
        assert (answer.status, answer.headers["location"]) == (303, f"/story/{edited}")
    searched = room.ask(f"/search?{urlencode({'q': EDITED})}")
    assert (searched.status, searched.headers["location"]) == (303, f"/story?{urlencode({'url': EDITED})}")
    for typed in (EDITED + "s", "/national/riverside-road-openss"):
        unknown = room.ask(f"/story?{urlencode({'url': typed})}")
        assert unknown.status == 404
        assert f"did you mean {EDITED}?" in unknown.text


def test_difference_marks_words(room: Room, edited: int) -> None:
    text = room.ask(f"/story/{edited}/difference?old=1&new=2").text
    assert "<del>3</del><ins>4</ins>" in text
    assert "<ins> at last</ins>" in text
    [captures] = sql(room, f"SELECT group_concat(capture_id) FROM revision WHERE story_id = {edited}")
    for capture, at in zip(captures[0].split(","), ("2018-06-20 01:10 UTC", "2018-06-20 09:10 UTC"), strict=True):
        assert re.search(f'<a href="/capture/{capture}"><time [^>]*>{at}<', text)
    pieces = data(room, f"/story/{edited}/difference.json")["fields"]["headline"]
    assert "".join(words for change, words in pieces if change != "added") == "Riverside road opens"
    assert room.ask(f"/story/{edited}/difference?new=9").status == 404


def test_edits_of_the_paper(room: Room, edited: int) -> None:
    [edit] = [each for each in data(room, "/changes.json?since=2018-06&until=2018-06")["edits"] if each["silent"]]
    assert (edit["story_id"], edit["revision"]) == (edited, 2)
    assert edited in [each["story_id"] for each in data(room, "/changes.json?kind=figure&silent=1")["edits"]]
    assert edited not in [each["story_id"] for each in data(room, "/changes.json?kind=byline")["edits"]]
    text = room.ask("/changes?kind=figure").text
    assert f'href="/story/{edited}/difference?new=2"' in text
    every, first = data(room, "/changes.json"), data(room, "/changes.json?limit=1")
    assert (len(every["edits"]), every["more"]) == (2, False)
    assert (first["edits"], first["more"]) == (every["edits"][:1], True)
    assert 'href="/changes?limit=500"' in room.ask("/changes?limit=1").text


def test_search_in_both_languages(room: Room) -> None:
    for words in ("river", KHMER):
        path = urlencode({"q": words})
        found = data(room, f"/search.json?{path}")
        assert found["total"] == len(found["hits"]) > 1
        assert any("[" in hit["snippet"] for hit in found["hits"])
        assert found["facets"]["stories"] == found["total"]
        page = room.ask(f"/search?{path}").text
        assert "<mark>" in page
        assert f"<strong>{found['total']} stories</strong>" in page
        assert page.count('<h2 dir="auto" lang="km">') == (found["total"] if words == KHMER else 0)
        assert f'<h1 class="unseen">Search: {words}</h1>' in page  # seen on paper
    shown = data(room, "/search.json?q=the")["facets"]
    assert f"And {shown['all_authors'] - 8} more." in room.ask("/search?q=the").text


def test_a_search_without_a_hit_says_how_to_go_on(room: Room) -> None:
    assert "Type words" in room.ask("/search?section=National").text
    text = room.ask("/search?q=zzzqqq").text
    assert 'href="/search?q=zzzqqq&amp;forms=1&amp;variants=1"' in text
    words = "No story has these words. Try other forms and spellings. OR between two words finds either."
    assert words in " ".join(re.sub("<[^>]+>", "", text).split())
    assert "Search without limits" not in text
    assert '<a href="/search?q=river">Search without limits</a>' in room.ask("/search?q=river&year=1901").text


def test_search_in_other_forms(room: Room) -> None:
    hits = data(room, "/search.json?q=river")["hits"]
    rows = list(csv.DictReader(StringIO(room.ask("/search.csv?q=river").text)))
    assert [row["canonical_url"] for row in rows] == [hit["canonical_url"] for hit in hits]
    feed = ElementTree.fromstring(room.ask("/search.atom?q=river").body)
    entries = [(each.findtext(f"{ATOM}id"), each.findtext(f"{ATOM}updated")) for each in feed.iter(f"{ATOM}entry")]
    assert entries == [(hit["canonical_url"], hit["updated_at"]) for hit in hits]
    assert feed.findtext(f"{ATOM}updated") == max(hit["updated_at"] for hit in hits)


def test_filters_and_pages(room: Room) -> None:
    every = data(room, "/search.json?q=the&sort=newest&limit=100")["hits"]
    pages = [data(room, f"/search.json?q=the&sort=newest&limit=7&page={n}")["hits"] for n in range(1, 30)]
    assert [hit for page in pages for hit in page][:100] == every
    found = data(room, "/search.json?q=the&year=2018")
    assert {hit["published_on"][:4] for hit in found["hits"]} == {"2018"}
    facets = data(room, "/search.json?q=the&limit=100")["facets"]
    assert data(room, "/search.json?q=the&edited=1")["total"] == facets["edited"] >= 1
    assert 0 < data(room, "/search.json?q=the&unique=1")["total"] < facets["stories"]


@pytest.mark.parametrize("form", ["json", "csv", "atom"])
def test_a_wrong_query_is_an_error_to_programs(room: Room, form: str) -> None:
    answer = room.ask(f"/search.{form}?q=NEAR(")
    assert answer.status == 400
    assert "NEAR is written" in answer.text
    assert room.ask("/search?q=NEAR(").status == 200


def test_lists_are_tables_and_feeds_too(room: Room, edited: int) -> None:
    """Each list as JSON, CSV and, where its rows have an address and a time, a feed."""
    for path, rows, name in (
        ("/changes", "edits", "canonical_url"),
        ("/gone", "gone", "canonical_url"),
        ("/unread", "captures", "url"),
        ("/pictures", "pictures", "url"),
    ):
        listed = [row[name] for row in data(room, f"{path}.json")[rows]]
        assert listed, path
        table = list(csv.DictReader(StringIO(room.ask(f"{path}.csv").text)))
        assert [row[name] for row in table] == listed, path
        feed = ElementTree.fromstring(room.ask(f"{path}.atom").body)
        names = [each.findtext(f"{ATOM}id") or "" for each in feed.iter(f"{ATOM}entry")]
        assert [each.partition("#")[0] for each in names] == [
            row["canonical_url"] if path == "/pictures" else row[name] for row in data(room, f"{path}.json")[rows]
        ]
        assert len(set(names)) == len(names), path
    of_day = list(csv.DictReader(StringIO(room.ask("/day/2018-06-20.csv").text)))
    assert str(edited) in [row["story_id"] for row in of_day]
    trend = list(csv.DictReader(StringIO(room.ask("/trend.csv?q=river;road").text)))
    assert {row["words"] for row in trend} == {"river", "road"}
    lacking = list(csv.DictReader(StringIO(room.ask("/audit.csv").text)))
    assert [row["address"] for row in lacking] == [row["address"] for row in data(room, "/audit.json")["not_held"]]
    for form in ("csv", "atom"):
        assert room.ask(f"/runs.{form}").status == 200
    assert room.ask("/withdrawn.csv").text.splitlines() == ["on,reason"]


def test_gone_is_a_facet(room: Room, edited: int) -> None:
    assert data(room, "/search.json?q=road")["gone"] == 1
    only = data(room, "/search.json?q=road&gone=1")
    assert [hit["story_id"] for hit in only["hits"]] == [edited]
    assert only["facets"]["stories"] == 1
    assert "gone=1" in room.ask("/search?q=road").text


def test_kept_pictures(room: Room, edited: int) -> None:
    [(capture,)] = sql(room, "SELECT id FROM capture WHERE reason = 'picture'")
    found = data(room, "/pictures.json")
    assert [(row["story_id"], row["capture_id"], row["credit"]) for row in found["pictures"]][1] == (
        *(edited, capture),
        "Chan Borith",
    )
    assert found["credits"] == {"Chan Borith": 2}
    assert data(room, "/pictures.json?until=2018")["pictures"] == found["pictures"][1:]
    assert data(room, "/pictures.json?credit=nobody")["pictures"] == []
    picture = room.ask(f"/capture/{capture}/picture")
    assert (picture.status, picture.headers["content-type"], picture.body[:3]) == (200, "image/jpeg", b"\xff\xd8\xff")
    for path in ("/pictures", f"/story/{edited}", "/pictures/again", f"/capture/{capture}"):
        assert f'src="/capture/{capture}/picture"' in room.ask(path).text, path


def test_credits_that_are_left_out_are_counted(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = data(room, "/pictures.json")
    assert whole["all_credits"] == len(whole["credits"]) > 0
    assert "<option disabled>" not in room.ask("/pictures").text
    monkeypatch.setattr(pictures, "_MOST_CREDITS", 0)
    text = room.ask("/pictures?until=2030").text  # an address of which no answer is kept
    assert f"<option disabled>and {whole['all_credits']} more</option>" in text


def test_photos_of_several_stories(room: Room, edited: int) -> None:
    [photo] = data(room, "/pictures/again.json")["photos"]
    assert [use["caption"] for use in photo["uses"]] == ["The road at sunset.", "The bank, a year ago."]
    assert {use["image_url"] for use in photo["uses"]} == {PHOTO}
    assert data(room, f"/pictures/again.json?story={edited}")["photos"] == [photo]
    assert data(room, f"/story/{edited}.json")["printed_again"] == 1
    assert f"/pictures/again?story={edited}" in room.ask(f"/story/{edited}").text
    assert room.ask("/pictures/again?story=99999").status == 404


def test_families_stand_beside_a_story(room: Room) -> None:
    members_of_others = sql(room, "SELECT story_id, head_id FROM family WHERE reason <> 'head' LIMIT 5")
    assert members_of_others
    for number, head in members_of_others:
        [members, *_] = data(room, f"/story/{number}.json")["families"]
        assert members[0]["story_id"] == head
        assert f'<a href="/story/{head}"' in room.ask(f"/story/{number}").text


def test_a_story_shows_its_citation_and_its_record(room: Room) -> None:
    rows = sql(
        room,
        "SELECT story.id, digest, evidence_offset FROM revision JOIN capture ON capture.id = capture_id"
        " JOIN story ON story.newest_revision_id = revision.id WHERE evidence_file NOT NULL ORDER BY language DESC",
    )
    for number, digest, offset in rows[:5]:
        printed = run("cite", str(number), "--style", "chicago", "--archive", room.archive).stdout
        found = data(room, f"/story/{number}.json")
        assert found["citation"].strip() == printed.strip()
        assert (found["record"]["digest"], found["record"]["evidence_offset"]) == (digest, offset)
        page = room.ask(f"/story/{number}").text
        assert digest in page
        assert address(found["citation"]) in unescape(page)


def test_trend_equals_the_search(room: Room) -> None:
    found = data(room, "/trend.json?q=river;road")
    river = found["series"][0]
    for period, count in zip(found["periods"], river["stories"], strict=True):
        assert data(room, f"/search.json?q=river&year={period}")["total"] == count
    assert data(room, "/trend.json?q=a;b;c;d;e")["notice"] is None
    assert data(room, "/trend.json?q=a;b;c;d;e;f")["notice"] == "Only the first 5 questions are compared."
    text = room.ask("/trend?q=river;road").text
    assert "/search?q=river&amp;since=2018&amp;until=2018" in text  # from a dot, and from the table
    found = [[0.012, None, 0.0], [0.083]]
    assert charts.scale([{"shares": shares} for shares in found]) == pytest.approx([0, 0.02, 0.04, 0.06, 0.08, 0.1])
    assert charts.scale([{"shares": [0.0]}]) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1])
    assert charts.ticks([str(year) for year in range(1993, 2010)]) == [
        *(("1993", 3), ("1996", 3), ("1999", 3), ("2002", 3), ("2005", 3), ("2008", 2))
    ]


def test_filters_and_pages_that_nothing_passes_are_named(room: Room) -> None:
    for query, sentence in (
        ("page=99", "There is no page 99; the last is "),
        ("section=Natinal", "The archive has no section “Natinal”; did you mean “National”?"),
        ("layout=none", "The archive has no design “none”."),
    ):
        found = data(room, f"/search.json?q=the&{query}")
        assert found["hits"] == []
        assert found["notice"].startswith(sentence)
        assert sentence in room.ask(f"/search?q=the&{query}").text
    assert data(room, "/search.json?q=the&section=national")["notice"] is None


def test_capture_is_never_a_page(room: Room) -> None:
    for number, outcome in sql(room, "SELECT id, outcome FROM capture WHERE evidence_file NOT NULL")[:40]:
        found = data(room, f"/capture/{number}.json")
        assert found["capture"]["outcome"] == outcome
        text, saved = room.ask(f"/capture/{number}/text"), room.ask(f"/capture/{number}/bytes")
        assert text.headers["content-type"] == "text/plain; charset=utf-8"
        assert saved.headers["content-type"] == "application/octet-stream"
        assert saved.headers["content-disposition"].startswith("attachment")
        assert len(saved.body) == found["bytes"]
        assert room.ask(f"/capture/{number}/picture").status == 404


def test_unread_pages_say_why_and_how_to_mend_it(room: Room) -> None:
    found = data(room, "/unread.json")
    assert found["total"] == sum(found["reasons"].values())
    reason = next(iter(found["reasons"]))
    assert {each["reason"] for each in data(room, f"/unread.json?reason={reason}")["captures"]} == {reason}
    number = found["captures"][0]["id"]
    assert f"postscraper sample capture-{number}.bin --url" in room.ask(f"/capture/{number}").text


def test_audit_equals_the_command(room: Room) -> None:
    found = data(room, "/audit.json")
    printed = json.loads(run("audit", "--json", "--archive", room.archive).stdout)
    assert {name: count for name, count in found["totals"].items() if count} == printed["totals"]
    assert found["estimate"] == printed["estimate"]
    assert "https://www.phnompenhpost.com/national/not-held" in [each["address"] for each in found["not_held"]]


def test_every_page_is_described(room: Room) -> None:
    described = data(room, "/docs/openapi.json")
    assert described == data(room, "/docs.json")
    text = room.ask("/docs").text
    assert all(path in text for path in described["paths"])
    operations = [path["get"]["operationId"] for path in described["paths"].values()]
    assert len(set(operations)) == len(operations)


def test_wrong_parameters_are_named(room: Room) -> None:
    for query, words in (
        ("page=0", "page is a number from 1"),
        ("since=2018-02-30", "since: '2018-02-30' is no day"),
        ("sort=x", "sort is one of best, newest, oldest"),
        ("language=fr", "language is one of en, km, not 'fr'"),
        ("format=xml", "format is one of html, json, csv, atom"),
    ):
        answer = room.ask(f"/search.json?q=a&{query}")
        assert answer.status == 400
        assert words in json.loads(answer.body)["error"]
        assert f"{words[0].upper()}{words[1:]}" in unescape(room.ask(f"/search?q=a&{query}").text)
    assert data(room, "/search.json?q=the&language=&sort=") == data(room, "/search.json?q=the")
    assert "There is no page 9; the last is 1." in room.ask("/gone?page=9").text


def test_queries_without_a_meaning_are_explained(room: Room) -> None:
    answer = room.ask(f"/search?q={quote('(canal')}")
    assert answer.status == 200
    assert "a parenthesis is not closed" in answer.text


def test_pages_weigh_little(room: Room, edited: int) -> None:
    """With the style sheet and both fonts, and without pictures."""
    files = ("room.css", "fonts/NotoSansKhmer-Regular.woff2", "fonts/NotoSansKhmer-Bold.woff2")
    shared = sum(len(room.ask(f"/static/{name}").body) for name in files)
    for path in ("/", "/year/2018", "/day/2018-06-20", f"/story/{edited}", "/search?q=the", "/trend?q=the;a"):
        answer = room.ask(path)
        assert answer.status == 200
        assert len(answer.body) + shared < 100_000, path


def test_citations_are_those_of_the_command(room: Room) -> None:
    [(number,)] = sql(room, "SELECT id FROM story WHERE canonical_url LIKE '%/river-clinic-opens-koh-thom'")
    found = data(room, f"/story/{number}/cite.json")
    for style in ("apa", "bibtex", "wikipedia"):
        printed = run("cite", str(number), "--style", style, "--archive", room.archive).stdout
        assert found["styles"][style].strip() == printed.strip()
    assert found["digest"] in room.ask(f"/story/{number}/cite").text


def test_proof_leads_to_the_record(room: Room) -> None:
    [(number, file, offset)] = sql(
        room,
        "SELECT story.id, evidence_file, evidence_offset FROM story JOIN capture ON story_id = story.id"
        " WHERE canonical_url LIKE '%/river-clinic-opens-koh-thom' AND evidence_file NOT NULL LIMIT 1",
    )
    found = data(room, f"/story/{number}/proof.json")
    assert found["sound"]
    assert (found["records"][0]["file"], found["records"][0]["offset"]) == (file, offset)
    text = room.ask(f"/story/{number}/proof").text
    assert "read again from the stored bytes, and confirmed" in text
    assert found["records"][0]["digest"] in text


def test_the_folders_of_a_run_are_not_shown(tmp_path: Path) -> None:
    arguments = {"paths": ["/home/someone/first.warc.gz"], "section": "national", "url": "https://example.org/a/b"}
    with Archive.open(tmp_path) as archive, archive.write() as connection:
        values = {"newspaper": "post", "source": "replay", "started_at": datetime(2026, 7, 1, tzinfo=UTC)}
        connection.execute(insert(CrawlRun).values(arguments=json.dumps(arguments), **values))
        shown = run_data(runs(connection)[0])["facts"]["arguments"]
    assert json.loads(shown) == arguments | {"paths": ["first.warc.gz"]}


def test_crawls(room: Room) -> None:
    assert data(room, "/runs.json") == {"runs": []}  # it was filled without one
    assert "No crawl is on record." in room.ask("/runs").text
