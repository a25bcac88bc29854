"""Items in the archive: new ones, the same again, and all of one transaction or none."""

from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import text

from postscraper.items import Block, Image, Link, Problem, Record, plain
from storage.archive import Archive, Outcome
from storage.errors import NoSuchStory
from storage.ingest.batch import of_moments
from storage.query.captures import evidence_ends
from tests.helpers.items import SITE, START, article, at, captioned, listing, receipt, sightings, teaser, unread

CANAL = f"{SITE}/national/canal"


def headlines(archive: Archive, story: str = CANAL) -> list[str]:
    return [wording.row.headline for wording in archive.story(story).revisions]


def count(archive: Archive, table: str) -> int:
    with archive.connect() as connection:
        return connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


@pytest.mark.parametrize(
    ("later", "outcome"),
    [
        (article(hours=1), "same words"),
        (article(hours=1, body="Water  rises\u200b."), "same words"),
        (article(hours=1, body="Water\n\nrises."), "same words"),
        (article(hours=1, section="National", tags=("canals",)), "same words"),
        (article(hours=1, teasers=(teaser("boats"),)), "same words"),
        (article(hours=1, images=(Image(url="other.jpg", credit="AFP"),)), "same words"),
        (article(hours=1, layout="inhouse_2023"), "same words"),
        (article(hours=1, source="wayback"), "same words"),
        (article(hours=1, headline="The long canal"), "new revision"),
        (article(hours=1, body="Water falls."), "new revision"),
        (article(hours=1, byline="Kun Kourchettana"), "new revision"),
        (article(hours=1, images=captioned("A canal.")), "new revision"),
        (article(slug="canal-0", hours=1), "new story"),
        (article(), "known capture"),
        (article(source="wayback", page="('Water rises.', [])"), "known capture"),  # whatever source brought it
        (article(layout="inhouse_2023", page="('Water rises.', [])"), "reread"),
        (listing(teaser("canal")), "listing"),
        (unread("soft_404", hours=1), "unread"),
    ],
)
def test_outcomes(archive: Archive, later: Any, outcome: str) -> None:
    assert archive.add(article()) == "new story"
    assert archive.add(later) == outcome
    assert archive.add(later) == "known capture"


def test_captures_are_found_by_address_and_moment_at_once(archive: Archive) -> None:
    with archive.connect() as connection:
        how = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {of_moments(1)}", {"u0": CANAL, "s0": ""}).all()
    assert "SEARCH capture USING INDEX sqlite_autoindex_capture_1 (url=? AND captured_at>? AND captured_at<?)" in {
        row[3] for row in how
    }


def test_one_batch_says_the_same_as_one_by_one(archive: Archive) -> None:
    items = [article(), article(hours=2), article(), article(hours=1, body="Other."), article("boats")]
    outcomes = archive.add_many([(item, None) for item in items])
    assert outcomes == ["new story", "same words", "known capture", "new revision", "new story"]
    assert archive.add_many([]) == []


def test_an_item_may_be_plain_json(archive: Archive) -> None:
    archive.add(article(published_on=date(2018, 6, 20), published_at=START))
    assert archive.add(plain(article(published_on=date(2018, 6, 20), published_at=START))) == "known capture"


def test_the_whole_item_comes_back(archive: Archive) -> None:
    item = article(
        node_id=104287,
        kicker="In brief",
        standfirst="It rains.",
        byline="Kun K and AFP",
        authors=("Kun K",),
        agency="AFP",
        dateline="Kampot",
        section="National",
        tags=("canals",),
        published_at=START,
        published_on=date(2018, 6, 20),
        published_text="20 June 2018 | 08:10 ICT",
        images=(Image(url="a.jpg", caption="A canal.", credit="AFP", caption_text="A canal. AFP", block=1),),
        links=(Link(url="https://example.org/", text="there", block=0),),
        headline_variants={"og": "Canal"},
        problems=(Problem(kind="odd_date", detail="two dates"),),
        teasers=(teaser("boats"),),
        record=Record(file="post-1.warc.gz", offset=5, length=90),
        body="ទឹក​ឡើង។",
    )
    archive.add(item)
    story = archive.story(CANAL)
    assert story.revisions[0].item == {
        name: value for name, value in plain(item).items() if name not in ("capture", "teasers")
    }
    (capture,) = story.captures
    assert (capture.captured_at, capture.evidence_file, capture.evidence_offset) == (START, "post-1.warc.gz", 5)
    assert "odd_date" in capture.problems
    assert story.revisions[0].images[0].credit == "AFP"
    assert story.row.published_at == START
    assert archive.story(story.row.id).row == story.row


def test_a_story_is_found_by_any_address_it_was_captured_at(archive: Archive) -> None:
    mobile = "http://m.phnompenhpost.com/national/canal"
    archive.add(article(url=mobile, capture=receipt(mobile, 0, "m")))
    assert archive.story(mobile).row.canonical_url == CANAL
    with pytest.raises(NoSuchStory, match="nowhere"):
        archive.story("nowhere")
    with pytest.raises(NoSuchStory):
        archive.story(77)


def test_captures_may_come_out_of_time(archive: Archive) -> None:
    archive.add(article(hours=4, headline="Third"))
    archive.add(article(hours=0, headline="First"))
    assert archive.add(article(hours=2, headline="Second")) == Outcome.NEW_REVISION
    assert archive.add(article(hours=3, headline="Third")) == Outcome.SAME_WORDS
    assert archive.add(article(hours=None, headline="Of unknown time")) == Outcome.NEW_REVISION
    assert headlines(archive) == ["Of unknown time", "First", "Second", "Third"]
    row = archive.story(CANAL).row
    assert (row.revisions, row.first_seen_at, row.last_seen_at) == (4, at(0), at(4))
    third = archive.story(CANAL).revisions[3].row
    assert (third.number, third.captures, third.first_captured_at) == (4, 2, at(3))


def test_equal_words_under_two_addresses_stay_two_stories(archive: Archive) -> None:
    archive.add(article("canal-0", hours=1))
    archive.add(article("canal", hours=0))
    twin, first = archive.story(f"{CANAL}-0"), archive.story(CANAL)
    assert (first.row.same_words_as, twin.row.same_words_as) == (None, first.row.id)
    assert first.same_words == [f"{CANAL}-0"]
    archive.add(article("canal-0", hours=2, body="Edited."))
    assert archive.story(f"{CANAL}-0").row.same_words_as is None


def test_the_best_reading_of_each_field_is_the_earliest_good_one(archive: Archive) -> None:
    morning = datetime(2018, 6, 20, 0, 0, tzinfo=UTC)  # 07:00 in Phnom Penh
    late = {"section": "Uncategorized", "published_at": morning, "images": (Image(url="wrong.jpg"),)}
    early = {"section": "Uncategorized", "published_at": None, "node_id": 7}
    good = {"section": "National", "published_at": START, "images": (Image(url="right.jpg"),)}
    archive.add(article(hours=9, **late))
    assert archive.story(CANAL).row.section == "Uncategorized"  # better than nothing
    archive.add(article(hours=1, **early))
    archive.add(article(hours=2, **good))
    archive.add(article(hours=None, section="Of unknown time", published_at=at(-99)))
    row = archive.story(CANAL).row
    assert (row.section, row.published_at, row.image_url, row.node_id) == ("National", START, "right.jpg", 7)
    captures = {capture.captured_at: capture.id for capture in archive.captures()}
    assert (row.section_capture_id, row.image_url_capture_id) == (captures[at(2)], captures[at(2)])
    assert row.node_id_capture_id == captures[at(1)]


def test_evidence_that_comes_later_is_noted(archive: Archive) -> None:
    archive.add(article())
    record = Record(file="post-1.warc.gz", offset=5, length=90)
    assert archive.add(article(record=record, page="('Water rises.', [])")) == "known capture"
    archive.add(article())
    (capture,) = archive.captures()
    assert (capture.evidence_file, capture.evidence_length) == ("post-1.warc.gz", 90)
    assert archive.ask(evidence_ends) == {"post-1.warc.gz": 95}


def test_teasers_are_sightings(archive: Archive) -> None:
    archive.add(article("boats", hours=0, teasers=(teaser("canal", 2), teaser("rice", 3))))
    archive.add(listing(teaser("canal", 1, headline="Canal opens", summary="Today."), hours=1))
    seen = sightings(archive, CANAL)
    assert [(each.captured_at, each.page_is, each.position, each.headline) for each in seen] == [
        (at(0), "article", 2, "canal"),
        (at(1), "listing", 1, "Canal opens"),
    ]
    archive.add(article())
    assert [each.page_url for each in sightings(archive, CANAL)] == [
        f"{SITE}/national/boats",
        f"{SITE}/national",
    ]


def test_words_that_look_like_an_escaped_nul_are_kept(archive: Archive) -> None:
    words = ("\\u0000", "\\\\u0000", "a\\\\\\u0000\0b")
    for number, each in enumerate(words):
        archive.add(article(f"nul-{number}", body=each))
    assert [each["body"][0]["text"] for each in archive.stories()] == [each.replace("\0", "") for each in words]


def test_text_that_no_database_takes_is_mended(archive: Archive) -> None:
    archive.add(article(headline="The \ud83dcanal", body="Water\0 rises."))
    (wording,) = archive.story(CANAL).revisions
    assert (wording.row.headline, wording.row.body) == ("The ?canal", "Water rises.")


@pytest.mark.parametrize(
    "wrong",
    [
        {"type": "video", "url": CANAL},
        asdict(article()) | {"capture": asdict(receipt(CANAL, 0, "")) | {"captured_at": datetime(2018, 1, 1)}},  # noqa: DTZ001
    ],
)
def test_a_wrong_item_stores_nothing_of_its_batch(archive: Archive, wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"type 'video'|without a zone"):
        archive.add_many([(article(), None), (wrong, None)])
    assert count(archive, "capture") == 0


def test_a_failing_write_stores_nothing_of_its_batch(archive: Archive) -> None:
    with archive.connect() as connection:
        connection.exec_driver_sql(
            "CREATE TRIGGER stop BEFORE INSERT ON sighting BEGIN SELECT raise(ABORT, 'stop'); END"
        )
        connection.commit()
    with pytest.raises(Exception, match="stop"):
        archive.add_many([(article("boats"), None), (article(teasers=(teaser("x"),)), None)])
    tables = ("story", "capture", "reading", "revision", "ledger", "words_docsize")
    assert [count(archive, table) for table in tables] == [0] * len(tables)


def test_what_was_added_survives_closing(new_archive: Callable[[], Archive]) -> None:
    with new_archive() as archive:
        archive.add(article())
        folder = archive.folder
    with Archive.open(folder) as archive:
        assert headlines(archive) == ["The canal"]


def test_captures_by_outcome_and_day(archive: Archive) -> None:
    archive.add_many([(article(hours=0), None), (article(hours=23), None), (unread(hours=48), None)])
    assert [row.captured_at for row in archive.captures(until=date(2018, 6, 20))] == [at(0)]
    assert [row.captured_at for row in archive.captures(since=date(2018, 6, 21))] == [at(23), at(48)]
    assert [row.reason for row in archive.captures() if row.outcome == "unread"] == ["gone"]


def test_reading_while_writing(archive: Archive) -> None:
    archive.add_many([(article(f"s{n}"), None) for n in range(3)])
    for n, row in enumerate(archive.captures()):
        archive.add(article(f"s{n}", hours=5, body=row.url))
    for n, item in enumerate(archive.stories()):
        archive.add(article(f"s{n}", hours=6, body=item["headline"]))
    assert count(archive, "capture") == 9


def test_blocks_keep_their_kinds_in_the_item(archive: Archive) -> None:
    item = replace(article(), body=(Block(kind="crosshead", text="Rain"), Block(kind="quote", text="Yes.")))
    archive.add(item)
    (wording,) = archive.story(CANAL).revisions
    assert wording.row.body == "Rain\n\nYes."
    assert [block["kind"] for block in wording.item["body"]] == ["crosshead", "quote"]
