"""Tables made from other tables: filled with each batch, equal in whatever order captures come, and checked."""

from dataclasses import replace
from itertools import permutations
from typing import Any

from sqlalchemy import text

from postscraper.items import Article, Block, Link
from storage.archive import Archive
from storage.ingest import derived
from storage.maintenance.checks.rows import snapshot
from storage.maintenance.checks.stories import stories
from tests.helpers.items import SITE, article, at

NOTE = "Correction: An earlier version of this story gave a wrong depth."
DEEP = "The canal is 3 metres deep."


def ask(archive: Archive, query: str) -> list[Any]:
    with archive.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def findings(archive: Archive) -> list[str]:
    ids = [row[0] for row in ask(archive, "SELECT id FROM story")]
    with snapshot(archive) as connection:
        return [f"{found.kind}: {name}" for found in stories(connection, ids) for name in found.fields]


CHANGES = "SELECT number, kind, field, before, after, silent FROM change JOIN revision ON revision.id = revision_id"
IN_ORDER = f"{CHANGES} ORDER BY number, position"
CORRECTIONS = (
    "SELECT shows.number, explained.number, kind, correction.text FROM correction"
    " JOIN revision AS shows ON shows.id = revision_id LEFT JOIN revision AS explained ON explained.id = explains"
)


def wordings() -> list[Article]:
    return [
        article(hours=0, body=f"{DEEP}\n\nBoats come."),
        article(hours=1, body=f"{DEEP.replace('3', '5')}\n\nBoats come."),
        article(hours=2, body=f"{DEEP.replace('3', '5')}\n\nBoats come.", headline="A deep canal"),
        article(hours=3, body=f"{DEEP.replace('3', '5')}\n\nBoats come.\n\n{NOTE}", headline="A deep canal"),
    ]


def test_a_change_of_substance_is_silent_until_a_note_explains_it(archive: Archive) -> None:
    first, second, third, noted = wordings()
    archive.add(first)
    archive.add(second)
    archive.add(third)
    assert ask(archive, IN_ORDER) == [
        (2, "figure", "body", "3", "5", 1),
        (3, "headline", "headline", "The canal", "A deep canal", 1),
    ]
    archive.add(noted)
    assert ask(archive, IN_ORDER) == [
        (2, "figure", "body", "3", "5", 1),
        (3, "headline", "headline", "The canal", "A deep canal", 0),
        (4, "note_added", "body", None, NOTE, 0),
    ]
    assert ask(archive, CORRECTIONS) == [(4, 3, "correction", NOTE)]
    assert ask(archive, "SELECT DISTINCT changed_at FROM change ORDER BY 1") == [
        (at(hours).isoformat(),) for hours in (1, 2, 3)
    ]
    assert findings(archive) == []


def test_a_note_that_came_with_its_change_explains_that_one(archive: Archive) -> None:
    archive.add(article(hours=0, body=DEEP))
    archive.add(article(hours=1, body=f"{DEEP.replace('3', '5')}\n\n{NOTE}"))
    assert ask(archive, IN_ORDER) == [(2, "figure", "body", "3", "5", 0), (2, "note_added", "body", None, NOTE, 0)]
    assert ask(archive, CORRECTIONS) == [(2, 2, "correction", NOTE)]


def test_a_note_of_the_first_capture_explains_what_was_before_it(archive: Archive) -> None:
    archive.add(article(body=f"{DEEP}\n\n{NOTE}\n\nEditor's note: This is the first of three parts."))
    assert ask(archive, CORRECTIONS) == [
        (1, None, "correction", NOTE),
        (1, None, "editors_note", "Editor's note: This is the first of three parts."),
    ]
    assert findings(archive) == []


def test_the_rows_are_the_same_in_whatever_order_captures_come(new_archive: Any) -> None:
    tables = []
    for order in permutations(wordings()):
        with new_archive() as archive:
            for item in order[:2]:
                archive.add(item)
            archive.add_many([(item, None) for item in order[2:]])
            tables.append((ask(archive, IN_ORDER), ask(archive, CORRECTIONS)))
            assert findings(archive) == []
    assert all(each == tables[0] for each in tables)


def test_authors_tags_and_links_are_those_of_the_newest_wording(archive: Archive) -> None:
    link = Link(url=f"{SITE}/national/river", text="river", block=0)
    archive.add(article(hours=1, authors=("Sok Dara", "Lim Bopha"), tags=("Water", "Boats"), links=(link,)))
    facets = {
        "author": [(1, "Sok Dara"), (2, "Lim Bopha")],
        "tag": [(1, "Water"), (2, "Boats")],
    }
    for table, rows in facets.items():
        assert ask(archive, f"SELECT position, name FROM {table} ORDER BY 1") == rows
    assert ask(archive, "SELECT url, text, block FROM story_link") == [(link.url, "river", 0)]
    archive.add(article(hours=0, headline="An older one", authors=("Chan Vibol",), tags=("Old",)))
    for table, rows in facets.items():
        assert ask(archive, f"SELECT position, name FROM {table} ORDER BY 1") == rows
    archive.add(article(hours=2, headline="A newer one", authors=("Chan Vibol",)))
    assert ask(archive, "SELECT name FROM author") == [("Chan Vibol",)]
    assert ask(archive, "SELECT * FROM tag") == ask(archive, "SELECT * FROM story_link") == []
    assert findings(archive) == []


def test_a_wording_that_was_no_wording_takes_its_changes_along(archive: Archive) -> None:
    archive.add(article(hours=0, body=DEEP))
    archive.add(article(hours=1, body="Nothing but a bad reading.", page="one page"))
    archive.add(article(hours=2, body=DEEP))
    assert {row[0] for row in ask(archive, CHANGES)} == {2, 3}
    archive.reread([(article(hours=1, body=DEEP, page="one page"), None)])
    assert ask(archive, "SELECT revisions FROM story") == [(1,)]
    assert ask(archive, CHANGES) == []
    assert findings(archive) == []


def test_a_capture_of_known_words_writes_nothing(archive: Archive) -> None:
    for item in wordings():
        archive.add(item)
    # Rows that a new derivation would make otherwise, to see that none is made.
    with archive.write() as connection:
        connection.execute(text("UPDATE change SET after = 'untouched'"))
        connection.execute(text("UPDATE correction SET text = 'untouched'"))
    noted = wordings()[-1]
    again = replace(noted, capture=replace(noted.capture, captured_at=at(9)))
    archive.add(again)
    assert ask(archive, "SELECT count(*) FROM capture") == [(5,)]
    assert ask(archive, "SELECT DISTINCT after FROM change") == [("untouched",)]
    assert ask(archive, "SELECT text FROM correction") == [("untouched",)]


def test_a_standfirst_that_another_capture_printed_is_no_change(archive: Archive) -> None:
    lacks: Any = {"not_printed": ("standfirst",)}
    archive.add(article(hours=0, body=DEEP, standfirst="Ships may come."))
    archive.add(article(hours=1, body=DEEP.replace("3", "4"), **lacks))
    archive.add(article(hours=2, body=DEEP.replace("3", "4"), standfirst="Ships may come."))
    assert [row[1:] for row in ask(archive, CHANGES)] == [("figure", "body", "3", "4", 1)]


def test_wrong_rows_are_found_and_filled_anew(archive: Archive) -> None:
    for item in wordings():
        archive.add(item)
    archive.add(article(slug="road", authors=("Sok Dara",)))
    rows = ask(archive, IN_ORDER)
    for wrong, table in (
        ("UPDATE change SET kind = 'wording' WHERE kind = 'figure'", "change"),
        ("UPDATE correction SET explains = NULL", "correction"),
        ("DELETE FROM author", "author"),
        ("INSERT INTO tag VALUES (1, 1, 'Water')", "tag"),
    ):
        with archive.write() as connection:
            connection.execute(text(wrong))
        assert findings(archive) == [f"derived: {table}"]
        with archive.write() as connection:
            derived.fill(connection)
        assert findings(archive) == []
    assert ask(archive, IN_ORDER) == rows


def test_blocks_of_kind_correction_are_notes(archive: Archive) -> None:
    block = Block(kind="correction", text="The Post mixed up two canals.")
    archive.add(article(body=DEEP))
    item = article(hours=1, body=DEEP, page="with a note")
    archive.add(replace(item, body=(*item.body, block)))
    assert ask(archive, CORRECTIONS) == [(2, None, "correction", block.text)]
