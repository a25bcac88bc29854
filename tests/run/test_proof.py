"""Proof of a story: each field from its bytes, and what one flipped byte costs."""

import json
import random
import zlib
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from shutil import copytree

import pytest

from postscraper.newspapers import POST
from postscraper.reading.alignment import canonical
from postscraper.reading.layout_version import layout_version
from postscraper.run.evidence_reader import EvidenceReader
from postscraper.run.proof import Proof, ProvedField, ProvedRecord, prove
from storage.archive import Archive
from storage.errors import NoSuchStory, RecordUnreadable
from storage.evidence.compact_format import present_offset
from storage.evidence.store import Evidence
from storage.maintenance.check import verify
from storage.warc.exchange import RecordLocation
from storage.warc.parser import ResponseRecord
from tests.helpers.archives import answer, file, fill, run_on, saved_pages
from tests.helpers.canonical import ask
from tests.helpers.commands import refused, run
from tests.storage.maintenance.test_withdraw_parts import BRIDGE, FERRY, MARKET, SCHOOL, WORDS, feed, posts


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("proof") / "archive"
    fill(folder, saved_pages())
    return folder


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parts") / "archive"
    with run_on(folder) as opened:
        file(opened, feed(FERRY, MARKET, SCHOOL))
        file(opened, posts(FERRY, MARKET, BRIDGE, hours=1))
        file(opened, feed(FERRY, MARKET, hours=2, more=" It is certain now."))
    return folder


def proved(folder: Path, story: str | int, revision: int | None = None, field: str | None = None) -> Proof:
    with Archive.open(folder, readonly=True) as archive:
        number = archive.story(story).row.id
        return prove(archive, EvidenceReader(folder), number, revision=revision, field=field)


def all_proofs(folder: Path) -> Iterator[Proof]:
    for (number,) in ask(folder, "SELECT id FROM story ORDER BY id"):
        yield proved(folder, number)


def standing(found: Proof, field: ProvedField) -> str:
    """The characters that a field is read from."""
    text = found.texts[field.record]
    assert text is not None
    return "".join(text[start:end] for start, end in field.spans)


def test_every_field_of_every_design_is_confirmed_and_nearly_all_are_located(whole: Path) -> None:
    fields = [field for found in all_proofs(whole) for field in found.fields]
    assert {field.state for field in fields} == {"confirmed"}
    assert all(bool(field.spans) != bool(field.derived) for field in fields)
    lost = [field for field in fields if (field.derived or "").startswith("not located")]
    assert len(lost) < len(fields) / 50
    assert not any(field.name in ("headline", "byline", "published_text") for field in lost)


def test_the_words_stand_at_their_span_and_where_the_layout_reads_them(whole: Path) -> None:
    found = proved(whole, "https://www.phnompenhpost.com/national/river-clinic-opens-koh-thom")
    fields = {field.name: field for field in found.fields}
    for name in ("headline", "byline", "images 1.caption", "body 1", "body 9", "published_text"):
        assert canonical(standing(found, fields[name])) == canonical(str(fields[name].value)), name
    # The same words stand in the title, in og:title and in the heading, and each field has its own place.
    text = found.texts[0]
    assert text is not None
    before = {name: text[: fields[name].spans[0][0]] for name in ("headline", "headline_variants.og")}
    assert before["headline_variants.og"].endswith('content="')
    assert before["headline"].rstrip().endswith(">")
    assert unescape(standing(found, fields["images 1.url"])) == fields["images 1.url"].value
    assert fields["published_at"].spans == fields["published_text"].spans


def test_the_record_is_named_as_it_lies_on_the_disk(whole: Path) -> None:
    record = proved(whole, 1).records[0]
    assert record.file is not None
    assert record.offset is not None
    (path,) = (whole / "evidence").iterdir()
    assert (record.stored_in, record.stored_at) == (path.name, record.offset)
    packed = path.read_bytes()[record.offset :]
    member = zlib.decompressobj(31).decompress(packed)
    assert f"WARC-Record-ID: {record.record_id}\r\n".encode() in member
    assert record.version == layout_version(str(record.layout), POST)


def test_a_story_in_a_feed_or_a_rest_answer_is_located_in_its_own_part(parts: Path) -> None:
    for url, layout in ((SCHOOL, "feed"), (BRIDGE, "wordpress_rest")):
        found = proved(parts, url)
        assert found.sound
        assert found.records[0].layout == layout
        body = next(field for field in found.fields if field.name == "body 1")
        assert standing(found, body) == WORDS[url]
    assert [proved(parts, FERRY, number).revision for number in (1, 2)] == [1, 2]
    with pytest.raises(NoSuchStory, match="has 2 revisions, and no revision 3"):
        proved(parts, FERRY, 3)


def test_a_revisit_names_the_record_that_holds_the_body(tmp_path: Path) -> None:
    page = next(each for each in saved_pages() if b'id="ArticleBody"' in each.body)
    assert page.captured_at is not None
    with run_on(tmp_path) as opened:
        file(opened, answer(page))
        file(opened, answer(page, captured_at=page.captured_at + timedelta(days=1)))
    first, later = ask(
        tmp_path, "SELECT id, story_id, evidence_file, evidence_offset FROM capture ORDER BY captured_at"
    )
    ask(tmp_path, "UPDATE revision SET capture_id = ?", later[0])
    record = proved(tmp_path, later[1]).records[0]
    assert record.body_of is not None
    assert record.body_of[:2] == first[2:]
    assert record.fault is None


def test_a_wrong_value_in_the_database_differs_and_nothing_else(whole: Path, tmp_path: Path) -> None:
    folder = copytree(whole, tmp_path / "archive")
    ask(folder, "UPDATE revision SET headline = 'Another' WHERE story_id = 1")
    found = proved(folder, 1)
    assert [(field.name, field.value) for field in found.fields if field.state != "confirmed"] == [
        ("headline", "Another")
    ]
    assert run("proof", 1, "--archive", folder).exit_code == 15


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "archive"
    fill(folder, saved_pages(every=7))
    return folder


@pytest.mark.parametrize("form", ["gzip", pytest.param("compact", marks=pytest.mark.long)])
@pytest.mark.parametrize("flips", [10, pytest.param(600, marks=pytest.mark.long)])
def test_one_flipped_byte_loses_exactly_the_fields_of_its_record(
    small: Path, tmp_path: Path, form: str, flips: int
) -> None:
    """The head of the member, its trailer, and anywhere inside: the headline, the heads of WARC and HTTP."""
    folder = copytree(small, tmp_path / "archive")
    if form == "compact":
        assert run("compact", "--archive", folder).exit_code == 0
    (path,) = (folder / "evidence").iterdir()
    content = path.read_bytes()
    # The story has two captures of the same bytes, the second a revisit, which loses its body with the first.
    ((number, digest),) = ask(
        folder, "SELECT story_id, digest FROM capture WHERE story_id IS NOT NULL GROUP BY 2 HAVING count(*) > 1"
    )
    record = proved(folder, number).records[0]
    start, end = extent(folder, record)
    rows = ask(folder, "SELECT id, reading_id FROM capture WHERE digest = ?", digest)
    lost = {f"capture {row}": filled(folder, row, reading) for row, reading in rows}
    before = Evidence.open(folder / "evidence").response(location(record))
    chance = random.Random(7)
    spots = [*range(start, start + 12), *range(end - 9, end), *(chance.randrange(start, end) for _ in range(flips))]
    seen = 0
    for spot in spots:
        flipped = bytearray(content)
        flipped[spot] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        found = proved(folder, number)
        findings = verify(folder, EvidenceReader(folder)).findings
        if same_record(folder, record, before):
            # A time stamp in the head of a gzip member, bits of padding: no byte of the record, so no field is lost.
            assert (found.sound, findings) == (True, []), spot
            continue
        seen += 1
        assert {field.state for field in found.fields} == {"unreadable"}, spot
        assert found.records[0].fault, spot
        named = {finding.where.partition(" (")[0]: set(finding.fields) for finding in findings if finding.fields}
        assert named == lost, spot
    assert seen > flips
    sound = [each.canonical_url for each in all_proofs(folder) if each.sound]
    assert len(sound) == ask(folder, "SELECT count(*) FROM story")[0][0] - 1


def location(record: ProvedRecord) -> RecordLocation:
    assert record.file is not None
    assert record.offset is not None
    assert record.length is not None
    return RecordLocation(file=record.file, offset=record.offset, length=record.length)


def extent(folder: Path, record: ProvedRecord) -> tuple[int, int]:
    """The bytes of a record in the file that is on the disk."""
    place = location(record)
    path = folder / "evidence" / place.file
    return present_offset(path, place.offset), present_offset(path, place.offset + place.length)


def same_record(folder: Path, record: ProvedRecord, before: ResponseRecord) -> bool:
    try:
        return Evidence.open(folder / "evidence").response(location(record)) == before
    except RecordUnreadable:
        return False


def filled(folder: Path, capture: int, reading: int) -> set[str]:
    """The names of the stored fields of a capture."""
    item = json.loads(ask(folder, "SELECT item FROM reading WHERE id = ?", reading)[0][0])
    teasers = ask(folder, "SELECT 1 FROM sighting WHERE capture_id = ? LIMIT 1", capture)
    names = {f"reading.{name}" for name, value in item.items() if value not in (None, "", [], {})}
    return names | ({"sightings"} if teasers else set())


def test_the_command_prints_places_and_writes_the_page(small: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.txt"
    said = json.loads(run("proof", 1, "--json", "--page", page, "--archive", small).stdout)
    assert said["sound"] is True
    headline = next(field for field in said["fields"] if field["name"] == "headline")
    ((start, end),) = headline["spans"]
    assert canonical(page.read_text("utf-8")[start:end]) == canonical(headline["value"])
    lines = run("proof", 1, "--field", "headline", "--archive", small).stdout.splitlines()
    assert lines[-1] == "Fields · 1 confirmed"
    assert f"{start}–{end}" in lines[-3]
    refused(run("proof", 1, "--field", "title", "--archive", small), 2, "no field title", "headline")
    refused(run("proof", 1, "--revision", 9, "--archive", small), 4, "no revision 9")


def test_a_layout_keeps_its_version_until_its_code_changes() -> None:
    versions = {name: layout_version(name, POST) for name in ("drupal_2013", "drupal_2017", "feed", "generic")}
    assert versions == {name: layout_version(name, POST) for name in versions}
    assert len(set(versions.values())) == len(versions)
    with pytest.raises(LookupError):
        layout_version("drupal_1999", POST)
