"""Hostile and broken WARC files: every intact record is read, damage is named with its offset."""

import gzip
import json
import subprocess
import sys
import time
import zlib
from pathlib import Path
from random import Random

import pytest

from storage.evidence.store import Evidence
from storage.warc import members
from storage.warc.exchange import Damage, Exchange, RecordLocation
from storage.warc.files import raw_records
from storage.warc.members import LARGEST_BYTES
from tests.helpers.warc_files import exchanges_in
from tests.storage.evidence.test_evidence import exchange
from tests.storage.evidence.test_evidence_recovery import SMALL, end, kept

SCRIPT = Path(__file__).parents[2] / "hostile" / "badpages.py"
INPUTS = 51
# Faults of the body, not of the record: the reader of the page finds them.
OF_THE_BODY = {"too_large", "truncated_body"}
# The expected number leaves out what stands behind the damage; it is found again here.
FOUND_AGAIN = {"gz-then-append-after-cut": 5, "gz-garbage-middle": 2}
NOT_DAMAGE = {"date_future", "date_bad", "digest_unchecked", "digest_missing", "duplicate_record_id"}


@pytest.fixture(scope="session")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hostile") / "out"
    subprocess.run([sys.executable, str(SCRIPT), str(folder), "--only", "warc"], check=True, capture_output=True)
    return folder / "warc"


def told(path: Path) -> tuple[list[tuple[RecordLocation, Exchange]], list[Damage]]:
    damages: list[Damage] = []
    return list(exchanges_in(path, damages.append)), damages


@pytest.mark.long
def test_hostile_files(hostile: Path) -> None:
    sidecars = sorted(hostile.glob("*.json"))
    assert len(sidecars) >= INPUTS
    for sidecar in sidecars:
        case = json.loads(sidecar.read_text())
        name, expect = case["id"].removeprefix("warc--"), case["expect"]
        flags = set(expect["flags"])
        started = time.monotonic()
        found, damages = told(sidecar.with_suffix(""))
        assert time.monotonic() - started < case["limits"]["seconds"], name
        if expect.get("records") is not None:
            wanted = FOUND_AGAIN.get(name, 1 if flags & OF_THE_BODY else expect["records"])
            assert len(found) == wanted, name
        assert bool(damages) == bool(flags - OF_THE_BODY - NOT_DAMAGE) or expect.get("records") is None, name
        size = sidecar.with_suffix("").stat().st_size
        assert all(each.what and 0 <= each.offset <= size for each in damages), name
        assert all(raw(sidecar.with_suffix(""), place).startswith(b"WARC/") for place, _ in found), name


def raw(path: Path, place: RecordLocation) -> bytes:
    part = path.read_bytes()[place.offset : place.offset + place.length]
    return gzip.decompress(part) if part.startswith(b"\x1f\x8b") else part


@pytest.mark.long
def test_cut_bodies_say_so(hostile: Path) -> None:
    for why in ("length", "disconnect"):
        [(_, page)], damages = told(hostile / f"warc--truncated-header-{why}.warc")
        assert page.cut == why
        assert not damages


def test_chunks_are_undone_where_there_are_any(hostile: Path) -> None:
    assert told(hostile / "warc--chunked-ok.warc")[0][0][1].body == b"<p>ab"
    assert told(hostile / "warc--chunked-said-but-plain.warc")[0][0][1].body.startswith(b"<!")


def test_an_unreadable_date_is_none(hostile: Path) -> None:
    assert told(hostile / "warc--date-junk.warc")[0][0][1].captured_at is None


@pytest.mark.parametrize("mask", [0xFF, *(1 << bit for bit in range(8))])
def test_a_flipped_byte_costs_at_most_its_own_record(tmp_path: Path, mask: int) -> None:
    places = kept(tmp_path)
    path = tmp_path / places[0].file
    whole = path.read_bytes()
    target = places[1]
    for position in range(target.offset, end(target)):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ mask]) + whole[position + 1 :])
        damages: list[Damage] = []
        found = list(Evidence.open(tmp_path).records(path.name, damages.append))
        assert found[0] == (places[0], SMALL[0])
        assert found[-1] == (places[2], SMALL[2]), position
        # What is not told is in a hint or padding bit: the record is the same without it.
        assert damages or found[1] == (target, SMALL[1]), position
        assert {each.offset for each in damages} <= {target.offset}


def test_a_request_before_its_answer_is_found_too(tmp_path: Path) -> None:
    """As Wget writes them."""
    place = kept(tmp_path, SMALL[:1])[0]
    path = tmp_path / place.file
    whole = path.read_bytes()
    swapped = whole[: place.offset] + whole[end(place) :] + whole[place.offset : end(place)]
    path.write_bytes(swapped)
    [(_, page)], damages = told(path)
    assert page == SMALL[0]
    assert not damages


def test_the_same_records_uncompressed(tmp_path: Path) -> None:
    place = kept(tmp_path)[0]
    plain = tmp_path / "plain.warc"
    plain.write_bytes(gzip.decompress((tmp_path / place.file).read_bytes()))
    found, damages = told(plain)
    assert [page for _, page in found] == SMALL
    assert not damages


def test_a_bomb_is_not_opened(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.warc.gz"
    bomb.write_bytes(gzip.compress(b"WARC/1.1\r\n" + bytes(4 * LARGEST_BYTES), mtime=0))
    started = time.monotonic()
    found, [damage] = told(bomb)
    assert not found
    assert damage.offset == 0
    assert "a record of more than" in damage.what
    assert time.monotonic() - started < 5


def test_a_file_is_read_one_record_at_a_time(tmp_path: Path) -> None:
    pages = [exchange(url=f"https://x.kh/{n}", body=bytes([n]) * 2**22) for n in range(24)]
    place = kept(tmp_path, pages)[0]
    code = (
        "import resource, sys; from pathlib import Path\n"
        "from storage.warc.files import exchanges, no_original, raw_records\n"
        "path = Path(sys.argv[1])\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "print(sum(len(page.body) for _, page in exchanges(raw_records(path, print), '', print, no_original)))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / place.file)],
        check=True, capture_output=True, text=True, cwd=Path(__file__).parents[3],
    )  # fmt: skip
    read, grown_kib = map(int, done.stdout.split())
    assert read == 24 * 2**22
    assert grown_kib < 40 * 2**10  # ten records of the 24


@pytest.mark.skipif(members.inflating is zlib, reason="without the extra `fast` there is one inflater")
def test_both_inflaters_find_the_same_records_and_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = Random(31)
    whole = b"".join(gzip.compress(b"WARC/1.1\r\n" + chance.randbytes(20) * size) for size in (0, 40, 2_000))
    for _ in range(400):
        damaged = bytearray(whole)
        for _ in range(chance.randint(0, 2)):
            damaged[chance.choice((chance.randrange(len(whole)), chance.randrange(12)))] = chance.randrange(256)
        path = tmp_path / "x.warc.gz"
        path.write_bytes(damaged[: chance.choice((len(whole), chance.randrange(len(whole))))])
        told = []
        for inflating in (zlib, members.inflating):
            with monkeypatch.context() as patched:
                patched.setattr(members, "inflating", inflating)
                damages = list[Damage]()
                told.append((list(raw_records(path, damages.append)), damages))
        assert told[0] == told[1]
