"""Exports: exact text, one object or line a story."""

import csv
import io
import json
from datetime import date

from postscraper.items import plain
from storage.archive import Archive
from storage.query.export import csv_table, json_lines
from storage.query.export.records import COLUMNS
from tests.helpers.items import SITE, article, at, captioned, teaser

ODD = '=SUM(A1) "quoted", ទឹក\u200bឡើង\r\n\ttab'


def filled(archive: Archive) -> Archive:
    archive.add(article("b", published_on=date(2018, 6, 21)))
    archive.add(
        article(
            "a",
            hours=2,
            body=f"{ODD}\n\nSecond.",
            headline="New",
            authors=("Kun K", "Heng V"),
            images=captioned("A boat."),
            section="Uncategorized",
            teasers=(teaser("b"),),
        )
    )
    archive.add(article("a", hours=1, section="National", published_on=date(2018, 6, 20)))
    archive.add(article("c", published_on=date(2018, 6, 22)))
    return archive


def test_json_lines(archive: Archive) -> None:
    out = io.BytesIO()
    json_lines.write(filled(archive).stories(), out, "stories")
    first, *others = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [each["canonical_url"] for each in others] == [f"{SITE}/national/b", f"{SITE}/national/c"]
    assert first["body"] == [{"kind": "paragraph", "text": ODD}, {"kind": "paragraph", "text": "Second."}]
    assert (first["headline"], first["section"], first["published_on"]) == ("New", "National", "2018-06-20")
    assert (first["revisions"], first["first_seen_at"]) == (2, plain(at(1)))
    assert others[1]["same_words_as"] == others[0]["canonical_url"]
    assert "teasers" not in first
    assert "capture" not in first
    assert set(first) >= {"layout", "language", "url", "node_id", "authors", "tags", "images", "links", "problems"}


def test_csv(archive: Archive) -> None:
    out = io.BytesIO()
    csv_table.write(filled(archive).stories(), out, "stories")
    lines = list(csv.DictReader(io.StringIO(out.getvalue().decode(), newline="")))
    assert len(lines) == 3
    assert tuple(lines[0]) == tuple(COLUMNS["stories"])
    assert lines[0]["body"] == f"'{ODD}\n\nSecond."
    assert csv_table.exact(lines[0]["body"]) == f"{ODD}\n\nSecond."
    assert lines[0]["authors"] == "Kun K\nHeng V"
    assert lines[0]["images"] == f"{SITE}/0.jpg"
    assert (lines[1]["byline"], lines[1]["published_on"]) == ("", "2018-06-21")


def test_a_span_of_days(archive: Archive) -> None:
    filled(archive)
    span = archive.stories(since=date(2018, 6, 21), until=date(2018, 6, 21))
    assert [each["canonical_url"] for each in span] == [f"{SITE}/national/b"]


def test_stats(archive: Archive) -> None:
    filled(archive)
    archive.add(article("d", published_on=date(2018, 6, 26)))
    archive.add(article("e", published_on=date(2017, 1, 1), layout="joomla_2008"))
    archive.add(article("f"))
    stats = archive.stats()
    assert (stats.stories, stats.revisions, stats.captures, stats.sightings) == (6, 7, 7, 1)
    assert stats.same_words == 4
    assert stats.stories_by_year == {2017: 1, 2018: 4, None: 1}
    assert stats.stories_by_section == {None: 5, "National": 1}
    assert stats.captures_by_layout == {"drupal_2017": 6, "joomla_2008": 1}
    assert stats.gaps == [
        (date(2017, 1, 2), date(2018, 6, 19)),
        (date(2018, 6, 23), date(2018, 6, 25)),
    ]
    assert (stats.first_on, stats.last_on) == (date(2017, 1, 1), date(2018, 6, 26))
