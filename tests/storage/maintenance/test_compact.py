"""Evidence packed closer: the same archive to whoever reads it, and the same files when it is undone."""

import gzip
import json
import os
import subprocess
import zlib
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from shutil import copytree
from typing import BinaryIO

import fastwarc
import pytest
import zstandard

from postscraper.run.evidence_reader import EvidenceReader
from postscraper.run.reprocess import CaptureSelection, compare
from storage.archive import Archive
from storage.evidence import compact_format
from storage.evidence.store import Evidence
from storage.maintenance.check import check, verify
from storage.maintenance.compact import _member
from storage.warc.exchange import Damage
from tests.helpers.archives import answer, file, fill, run_on, saved_pages
from tests.helpers.canonical import canonical
from tests.helpers.commands import run
from tests.helpers.needed import needed
from tests.helpers.paths import ROOT
from tests.helpers.programs import complete
from tests.helpers.warc_files import exchanges_in


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One design that came bare, mostly, and a second run whose pages came compressed."""
    folder = tmp_path_factory.mktemp("filled") / "archive"
    pages = [each for each in saved_pages() if b"Drupal 7" in each.body]
    fill(folder, pages)
    with run_on(folder) as opened:
        coded = {"headers": (("Content-Encoding", "gzip"), ("Content-Type", "text/html"))}
        for each in pages:
            assert each.captured_at is not None
            later = each.captured_at + timedelta(days=1000)
            file(opened, answer(each, body=gzip.compress(each.body, mtime=0), captured_at=later, **coded))
    return folder


@pytest.fixture
def archive(filled: Path, tmp_path: Path) -> Path:
    return copytree(filled, tmp_path / "archive")


def bytes_of(archive: Path) -> dict[str, str]:
    return {path.name: sha256(path.read_bytes()).hexdigest() for path in (archive / "evidence").iterdir()}


def all_records(archive: Path) -> list[object]:
    evidence = Evidence.open(archive / "evidence")
    return [found for name in evidence.files() for found in evidence.records(name)]


def test_whoever_reads_the_evidence_finds_the_same(archive: Path) -> None:
    before, kept = canonical(archive), all_records(archive)
    done = json.loads(run("compact", "--json", "--archive", archive).stdout)
    bare, coded = done
    assert bare["why"] is None
    assert bare["after"] < bare["before"] / 3
    assert coded["why"].startswith("it would not get smaller")
    assert sorted(path.suffix for path in (archive / "evidence").iterdir()) == [".gz", ".zst"]
    assert all_records(archive) == kept
    assert canonical(archive) == before
    assert verify(archive, EvidenceReader(archive)).findings == []
    assert check(archive, EvidenceReader(archive))[0].findings == []
    with Archive.open(archive, readonly=True) as opened:
        report = compare(opened, EvidenceReader(archive), CaptureSelection())
    assert (report.changed, report.missing) == (0, [])


def test_undone_each_record_stands_where_it_stood(archive: Path) -> None:
    before, files = canonical(archive), bytes_of(archive)
    run("compact", "--archive", archive)
    assert bytes_of(archive) != files
    assert run("compact", "--undo", "--archive", archive).exit_code == 0
    assert bytes_of(archive) == files
    assert canonical(archive) == before
    assert "no file" in run("compact", "--undo", "--archive", archive).stdout


def test_rebuilt_crawled_on_and_backed_up_from_compact_files(archive: Path, tmp_path: Path) -> None:
    before = canonical(archive)
    run("compact", "--archive", archive)
    assert run("rebuild", "--archive", archive).exit_code == 0
    assert canonical(archive) == before
    assert run("backup", "--archive", archive, tmp_path / "copy").exit_code == 0
    assert verify(tmp_path / "copy", EvidenceReader(tmp_path / "copy")).findings == []
    page = next(each for each in saved_pages() if b"Drupal 7" not in each.body)
    with run_on(archive) as opened:
        file(opened, answer(page))
    assert len(canonical(archive)["captures"]) == len(before["captures"]) + 1
    numbers = [name.split("-")[-1] for name in Evidence.open(archive / "evidence").files()]
    assert numbers == ["00001.warc.gz", "00002.warc.gz", "00003.warc.gz"]


def test_any_reader_of_warc_files_reads_them(archive: Path) -> None:
    lost: list[Damage] = []
    lost_then: list[Damage] = []
    plain = first(archive)
    kept = [exchange for _, exchange in exchanges_in(plain, lost_then.append)]
    run("compact", "--archive", archive)
    compact = compact_format.file_of(plain)
    assert [exchange for _, exchange in exchanges_in(compact, lost.append)] == kept
    assert [each.what for each in lost] == [each.what for each in lost_then], "a revisit, for who has no original"


def test_other_programs_read_them(archive: Path, tmp_path: Path) -> None:
    plain = first(archive)
    with gzip.open(plain) as stream:
        content = stream.read()
    run("compact", "--archive", archive)
    compact = compact_format.file_of(plain)
    with BytesIO(content) as old, compact.open("rb") as new:
        assert by_fastwarc(new) == by_fastwarc(old)
    # The dictionary has the form of RFC 8878, as the specification of the container requires; each record names it.
    packed = compact.read_bytes()
    dictionary = zstandard.decompress(packed[8 : 8 + int.from_bytes(packed[4:8], "little")])
    known = zstandard.ZstdCompressionDict(dictionary, dict_type=zstandard.DICT_TYPE_FULLDICT)
    for offset in compact_format.offsets_of(compact).compact[:-1]:
        frame = zstandard.get_frame_parameters(packed[offset:])
        assert (frame.dict_id, frame.has_checksum) == (known.dict_id(), True)
        assert frame.content_size not in (zstandard.CONTENTSIZE_UNKNOWN, zstandard.CONTENTSIZE_ERROR)
    (tmp_path / "dictionary").write_bytes(dictionary)
    zstd = needed("zstd", "zstd")
    assert subprocess.check_output([zstd, "-dc", "-D", tmp_path / "dictionary", compact]) == content


def by_fastwarc(stream: BinaryIO) -> list[object]:
    records = fastwarc.ArchiveIterator(stream, parse_http=False)
    return [(dict(record.headers), record.reader.read()) for record in records]


def first(archive: Path) -> Path:
    (found,) = (archive / "evidence").glob("*-00001.warc.gz")
    return found


def test_a_damaged_record_costs_itself_alone(archive: Path) -> None:
    plain = first(archive)
    kept = all_records(archive)
    run("compact", "--archive", archive)
    compact = compact_format.file_of(plain)
    known = compact_format.offsets_of(compact)
    content = bytearray(compact.read_bytes())
    place = next(place for place, exchange in kept if len(exchange.body) > 5000 and not exchange.revisit_of)
    at = known.compact[known.number(place.offset)]
    content[at + 30 : at + 60] = bytes(30)
    compact.write_bytes(content)
    report = verify(archive, EvidenceReader(archive))
    assert report.counts["unreadable"] >= 1
    assert {finding.kind for finding in report.findings} == {"record"}
    assert len(all_records(archive)) >= len(kept) - 3, "what refers to it goes with it"


def test_a_file_that_holds_more_than_records_is_left(archive: Path) -> None:
    plain = first(archive)
    plain.write_bytes(plain.read_bytes()[:-7])
    files = bytes_of(archive)
    told = run("compact", "--archive", archive)
    assert f"{plain.name} is left as it is: damaged at byte" in told.stdout
    assert bytes_of(archive)[plain.name] == files[plain.name]


def test_members_of_a_given_length() -> None:
    raw = b"WARC/1.1\r\n" + bytes(range(256)) * 40
    least = len(_member(raw, 100_000) or b"")
    assert least == 100_000
    for length in (5_000, 2_000, 70_000):
        member = _member(raw, length)
        assert member is not None
        assert len(member) == length
        opener = zlib.decompressobj(31)
        assert opener.decompress(member + b"behind") == raw
        assert opener.unused_data == b"behind"
    assert _member(os.urandom(1000), 900) is None


@pytest.mark.parametrize("undone", [False, True])
@pytest.mark.parametrize("step", ["replace", "unlink"])
def test_killed_between_any_two_steps_it_is_begun_again(archive: Path, step: str, undone: bool) -> None:
    before, files, kept = canonical(archive), bytes_of(archive), all_records(archive)
    if undone:
        run("compact", "--archive", archive)
    script = (
        "import os, sys, pathlib\n"
        "from postscraper.cli.commands.prove.maintenance import compact_command as command\n"
        "call = getattr(pathlib.Path, sys.argv[1])\n"
        "def last(path, *args, **more):\n"
        "    call(path, *args, **more)\n"
        "    if '.warc.' in path.name:\n"
        "        os._exit(9)\n"
        "setattr(pathlib.Path, sys.argv[1], last)\n"
        "command(sys.argv[2:])\n"
    )
    words = ["--undo"] if undone else []
    assert complete(ROOT, "-c", script, step, *words, "--archive", archive).returncode == 9
    assert all_records(archive) == kept
    assert run("compact", *words, "--archive", archive).exit_code == 0
    assert all_records(archive) == kept
    assert canonical(archive) == before
    assert not [path for path in (archive / "evidence").iterdir() if path.suffix == ".part"]
    run("compact", "--undo", "--archive", archive)
    assert bytes_of(archive) == files
