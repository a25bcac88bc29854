"""A WARC file of a selection: records byte for byte, with their warcinfo, requests and revisit targets."""

import gzip
from datetime import date, timedelta
from pathlib import Path

import pytest

from storage.archive import Archive
from storage.evidence.copies import copies
from storage.evidence.store import Evidence
from storage.maintenance.compact import compact
from storage.query.export.selection import StorySelection
from storage.query.export.warc import locations
from storage.query.search.filters import Filters
from storage.warc.exchange import Damage
from storage.warc.files import raw_records
from tests.helpers.archives import answer, file, fill, run_on, saved_pages
from tests.helpers.commands import run


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evidence of two runs; the second found the first story again, with the same bytes."""
    folder = tmp_path_factory.mktemp("warc") / "archive"
    pages = [page for page in saved_pages() if b'id="ArticleBody"' in page.body][:8]
    fill(folder, pages)
    with run_on(folder) as opened:
        opened.begin()
        assert pages[1].captured_at is not None
        file(opened, answer(pages[1], captured_at=pages[1].captured_at + timedelta(days=40)))
    return folder


def members(path: Path) -> list[bytes]:
    """The gzip members of a file, one for each record."""
    data = path.read_bytes()
    damages: list[Damage] = []
    found = [data[each.offset : each.offset + each.length] for each in raw_records(path, damages.append)]
    assert b"".join(found) == data
    assert damages == []
    return found


def kind(member: bytes) -> str:
    return gzip.decompress(member).partition(b"WARC-Type: ")[2].partition(b"\r\n")[0].decode()


def test_records_are_copied_byte_for_byte(archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "all.warc.gz"
    assert run("export", out, "--archive", archive).exit_code == 0
    found = members(out)
    stored = [member for path in sorted((archive / "evidence").iterdir()) for member in members(path)]
    assert set(found) <= set(stored)
    assert len(set(found)) == len(found)
    left = [member for member in stored if member not in found]
    assert all(b"/robots.txt" in gzip.decompress(member) for member in left)  # of no story
    assert {"warcinfo", "response", "request", "resource", "revisit"} == set(map(kind, found))


def test_a_revisit_brings_its_target(archive: Path, tmp_path: Path) -> None:
    """Of the second run alone, whose only record refers to one of the first."""
    with Evidence.open(archive / "evidence") as evidence:
        last = list(evidence.records(evidence.files()[-1]))
    damages: list[Damage] = []
    found = list(copies(archive / "evidence", [last[-1][0]], damages.append))
    kinds = [kind(copy.packed) for copy in found]
    assert kinds == ["warcinfo", "response", "request", "warcinfo", "revisit", "request"]
    assert damages == []


def test_a_selection(archive: Path, tmp_path: Path) -> None:
    with Archive.open(archive, readonly=True) as opened, opened.connect() as connection:
        one = next(iter(opened.stories()))
        day = date.fromisoformat(one["published_on"])
        selection = StorySelection(filters=Filters(since=day, until=day, section=one["section"]))
        some = list(locations(connection, "stories", selection))
        every = list(locations(connection, "stories", StorySelection()))
    assert 0 < len(some) < len(every)
    assert set(some) <= set(every)


def test_compact_evidence_gives_the_same_records(archive: Path, tmp_path: Path) -> None:
    def raw() -> list[bytes]:
        with Archive.open(archive, readonly=True) as opened, opened.connect() as connection:
            found = locations(connection, "stories", StorySelection())
            return [copy.raw for copy in copies(archive / "evidence", found, pytest.fail)]

    before = raw()
    assert any(done.why is None for done in compact(archive))
    assert raw() == before


def test_what_cannot_be_read_is_left_out_and_said(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    fill(folder, saved_pages()[:6])
    (path,) = (folder / "evidence").iterdir()
    with Archive.open(folder, readonly=True) as opened, opened.connect() as connection:
        first = next(locations(connection, "stories", StorySelection()))
    data = bytearray(path.read_bytes())
    data[first.offset + 40] ^= 255
    path.write_bytes(data)
    done = run("export", tmp_path / "out.warc.gz", "--archive", folder)
    assert done.exit_code == 0
    assert f"left out: {path.name}, byte {first.offset}" in done.stderr
    assert f"byte {first.offset}" in (tmp_path / "out.warc.gz.datasheet.md").read_text("utf-8")
