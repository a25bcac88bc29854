"""A page read anew by better layouts: another reading, never an edit by the newspaper."""

from sqlalchemy import text

from storage.archive import Archive
from tests.helpers.items import SITE, article, at, captioned, listing, sightings, teaser, unread

CANAL = f"{SITE}/national/canal"


def bodies(archive: Archive) -> list[str]:
    return [wording.row.body for wording in archive.story(CANAL).revisions]


def test_a_reread_replaces_the_words_of_its_capture(archive: Archive) -> None:
    archive.add(article(body="Water", page="1"))
    assert archive.add(article(body="Water rises.", page="1", layout="drupal_2017b")) == "reread"
    assert bodies(archive) == ["Water rises."]
    assert [hit.revision for hit in archive.search("rises")] == [1]
    assert archive.stats().captures_by_layout == {"drupal_2017b": 1}
    with archive.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM reading")).scalar_one() == 1


def test_the_other_captures_of_a_wording_follow_until_they_are_read(archive: Archive) -> None:
    for hours in (0, 1, 2):
        archive.add(article(hours=hours, body="Water", page=f"{hours}"))
    archive.add(article(hours=1, body="Water rises.", page="1"))
    assert bodies(archive) == ["Water rises."]
    archive.add(article(hours=2, body="Water rises. And falls.", page="2"))  # what the old reading hid
    assert bodies(archive) == ["Water rises.", "Water rises. And falls."]
    archive.add(article(hours=0, body="Water rises.", page="0"))
    assert bodies(archive) == ["Water rises.", "Water rises. And falls."]
    assert archive.end_rereading() == 0


def test_the_end_of_the_run_lets_every_reading_count(archive: Archive) -> None:
    for hours in (0, 1):
        archive.add(article(hours=hours, body="Water", page=f"{hours}"))
    assert archive.add(article(hours=0, body="Water", page="0")) == "known capture"
    archive.add(article(hours=1, body="Water rises.", page="1"))
    assert bodies(archive) == ["Water rises."]
    assert archive.end_rereading() == 1
    assert bodies(archive) == ["Water", "Water rises."]
    assert archive.story(CANAL).row.revisions == 2
    assert archive.end_rereading() == 0


def test_read_again_as_it_stands_a_follower_stands_alone(archive: Archive) -> None:
    for hours in (0, 1):
        archive.add(article(hours=hours, body="Water", page=f"{hours}"))
    archive.add(article(hours=1, body="Water rises.", page="1"))
    assert archive.add(article(hours=0, body="Water", page="0")) == "known capture"
    assert bodies(archive) == ["Water", "Water rises."]


def test_an_unread_page_becomes_a_story(archive: Archive) -> None:
    page = unread("unknown_layout")
    archive.add(page)
    story = article(capture=page.capture, teasers=(teaser("boats"),))
    assert archive.add(story) == "reread"
    assert archive.story(CANAL).row.first_seen_at == at(0)
    assert len(sightings(archive, f"{SITE}/national/boats")) == 1
    assert archive.stats().unread_by_reason == {}


def test_a_story_that_is_none_any_more_leaves_nothing_behind(archive: Archive) -> None:
    story = article(images=captioned("A canal."), teasers=(teaser("boats"),))
    archive.add(story)
    archive.add(article("boats"))
    nothing = unread("soft_404")
    assert archive.add(type(nothing)(reason="soft_404", detail="", url=CANAL, capture=story.capture)) == "reread"
    assert [item["canonical_url"] for item in archive.stories()] == [f"{SITE}/national/boats"]
    assert sightings(archive, f"{SITE}/national/boats") == []
    assert archive.search("canal") == archive.search("canal", section=None)
    assert [hit.canonical_url for hit in archive.search("water")] == [f"{SITE}/national/boats"]
    with archive.connect() as connection:
        for table in ("image", "sighting"):
            assert connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one() == 0


def test_a_better_canonical_address_moves_the_capture(archive: Archive) -> None:
    archive.add(article(page="1", canonical_url=f"{CANAL}?page=1"))
    archive.add(article(page="1"))
    assert [item["canonical_url"] for item in archive.stories()] == [CANAL]


def test_other_teasers_alone_are_a_reread(archive: Archive) -> None:
    page = listing(teaser("canal"))
    archive.add(page)
    better = type(page)(
        **{name: getattr(page, name) for name in page.__slots__} | {"teasers": (teaser("canal"), teaser("boats", 2))}
    )
    assert archive.add(better) == "reread"
    assert len(sightings(archive, CANAL)) == 1
    assert len(sightings(archive, f"{SITE}/national/boats")) == 1


def test_a_number_of_the_index_is_never_used_twice(archive: Archive) -> None:
    archive.add(article(body="Water", page="1"))
    archive.add(article("boats", body="Race", page="2"))
    gone = unread("soft_404", slug="boats")
    archive.add(type(gone)(reason="gone", detail="", url=gone.url, capture=article("boats", page="2").capture))
    archive.add(article("rice", body="Harvest", page="3"))
    assert archive.search("race") == []
    assert len(archive.search("harvest")) == 1
    assert archive.reindex() == 2
    assert [hit.canonical_url for hit in archive.search("water")] == [CANAL]
    assert archive.search("race") == []
