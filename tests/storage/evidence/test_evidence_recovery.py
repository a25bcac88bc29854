"""After a crash the files hold what is whole, and the caller learns what has no row."""

import errno
import gzip
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from storage.errors import EvidenceFailed, EvidenceShort, RecordUnreadable
from storage.evidence.store import Evidence
from storage.warc.exchange import Damage, Exchange, RecordLocation, RevisitTarget
from storage.warc.writer import payload_digest, response_and_request
from tests.storage.evidence.test_evidence import checked, exchange

SMALL = [exchange(url=f"https://x.kh/{n}", body=bytes([65 + n]) * 9) for n in range(3)]


def kept(folder: Path, pages: list[Exchange] = SMALL) -> list[RecordLocation]:
    with Evidence.open(folder, writable=True) as evidence:
        return [evidence.append(page) for page in pages]


def end(place: RecordLocation) -> int:
    return place.offset + place.length


def recovered(
    folder: Path, known: dict[str, int], damages: list[Damage] | None = None
) -> list[tuple[RecordLocation, Exchange]]:
    with Evidence.open(folder, writable=True) as evidence:
        return list(evidence.recover(known, [].append if damages is None else damages.append))


def test_nothing_to_do(tmp_path: Path) -> None:
    assert recovered(tmp_path / "new", {}) == []
    last = kept(tmp_path)[-1]
    before = (tmp_path / last.file).read_bytes()
    assert recovered(tmp_path, {last.file: end(last)}) == []
    assert (tmp_path / last.file).read_bytes() == before


def test_a_whole_record_without_a_row_is_handed_back(tmp_path: Path) -> None:
    places = kept(tmp_path)
    found = list(zip(places, SMALL, strict=True))
    assert recovered(tmp_path, {places[0].file: end(places[0])}) == found[1:]
    assert recovered(tmp_path, {}) == found


def test_a_tail_torn_at_any_byte_is_cut_back(tmp_path: Path) -> None:
    places = kept(tmp_path)
    path = tmp_path / places[0].file
    whole = path.read_bytes()
    known = {path.name: end(places[1])}
    second_request = places[2].offset
    for size in range(end(places[1]), len(whole)):
        path.write_bytes(whole[:size])
        answer = size >= end(places[2])
        expected = [(places[2], SMALL[2])] if answer else []
        found = recovered(tmp_path, known)
        assert [place for place, _ in found] == [place for place, _ in expected], size
        assert [page.body for _, page in found] == [page.body for _, page in expected], size
        left = path.stat().st_size
        assert left == (end(places[2]) if answer else second_request if size >= second_request else end(places[1]))
        assert whole.startswith(path.read_bytes())
    assert checked(path) == 0


def test_a_file_torn_in_its_head_is_emptied_and_never_written_again(tmp_path: Path) -> None:
    place = kept(tmp_path, SMALL[:1])[0]
    path = tmp_path / place.file
    whole = path.read_bytes()
    for size in (0, 1, 2, 30, place.offset - 1):
        path.write_bytes(whole[:size])
        assert recovered(tmp_path, {}) == []
        assert path.read_bytes() == b""
    assert kept(tmp_path, SMALL[:1])[0].file != place.file


@pytest.mark.parametrize("rubbish", [b"\0" * 4096, b"\x1f\x8b\x08\0", b"rubbish", b"\x1f"])
def test_rubbish_behind_the_last_record_is_cut_off(tmp_path: Path, rubbish: bytes) -> None:
    last = kept(tmp_path)[-1]
    path = tmp_path / last.file
    whole = path.read_bytes()
    path.write_bytes(whole + rubbish)
    damages: list[Damage] = []
    assert recovered(tmp_path, {last.file: end(last)}, damages) == []
    assert path.read_bytes() == whole
    assert [(each.file, each.offset) for each in damages] == [(last.file, len(whole))]


TORN = {"the file ends": lambda raw: raw[:-70], "zeros": lambda raw: raw[:-70] + b"\0" * 70}


@pytest.mark.parametrize("how", TORN)
def test_a_page_that_holds_a_record_cannot_forge_one_from_a_torn_tail(tmp_path: Path, how: str) -> None:
    forged, _ = response_and_request(replace(SMALL[0], url="https://forged.kh/"), same_as=None, info_id="<urn:uuid:0>")
    first, last = kept(tmp_path, [SMALL[0], exchange(body=forged)])
    path = tmp_path / last.file
    raw = path.read_bytes()
    stored = gzip.compress(gzip.decompress(raw[last.offset : end(last)]), 0)  # as what cannot be compressed is
    assert forged in stored
    path.write_bytes(raw[: last.offset] + TORN[how](stored))
    assert recovered(tmp_path, {first.file: end(first)}) == []
    assert path.stat().st_size == last.offset


def test_whole_records_behind_a_damaged_one_are_kept(tmp_path: Path) -> None:
    places = kept(tmp_path)
    path = tmp_path / places[0].file
    raw = bytearray(path.read_bytes())
    raw[places[1].offset + 40] ^= 0xFF
    path.write_bytes(raw)
    damages: list[Damage] = []
    assert recovered(tmp_path, {path.name: end(places[0])}, damages) == [(places[2], SMALL[2])]
    assert [each.offset for each in damages] == [places[1].offset]
    assert path.read_bytes() == bytes(raw)


@pytest.mark.parametrize("missing", [False, True])
def test_less_than_the_database_knows_is_an_error_and_nothing_is_cut(tmp_path: Path, missing: bool) -> None:
    last = kept(tmp_path)[-1]
    path = tmp_path / last.file
    path.write_bytes(path.read_bytes()[: end(last) - 1])
    size = path.stat().st_size
    if missing:
        path.unlink()
    with pytest.raises(EvidenceShort, match=rf"{last.file}.* bring the file back from a copy"):
        recovered(tmp_path, {last.file: end(last)})
    assert missing or path.stat().st_size == size


def test_files_of_another_prefix_are_left_alone(tmp_path: Path) -> None:
    with Evidence.open(tmp_path, prefix="postkhmer", writable=True) as other:
        place = other.append(exchange())
        other.sync()
        with (tmp_path / place.file).open("ab") as stream:
            stream.write(b"\x1f\x8b")
        size = (tmp_path / place.file).stat().st_size
        with Evidence.open(tmp_path, prefix="post", writable=True) as evidence:
            assert list(evidence.recover({place.file: 10**9}, print)) == []
        assert (tmp_path / place.file).stat().st_size == size


def refuse(monkeypatch: pytest.MonkeyPatch, call: str, times: int = 1) -> list[int]:
    """The system call fails this often, then works again, as fsync does on Linux."""
    real, calls = getattr(os, call), []

    def failing(descriptor: int, *rest: Any) -> Any:
        calls.append(descriptor)
        if len(calls) <= times:
            raise OSError(errno.EIO, "Input/output error")
        return real(descriptor, *rest)

    monkeypatch.setattr(os, call, failing)
    return calls


@pytest.mark.parametrize("call", ["fsync", "write", "open"])
def test_after_an_error_of_the_disk_nothing_more_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    with Evidence.open(tmp_path, writable=True) as evidence:
        calls = refuse(monkeypatch, call)

        def keep_and_sync() -> None:
            evidence.append(exchange())
            evidence.sync()

        for again in (keep_and_sync, evidence.sync, keep_and_sync):
            with pytest.raises(EvidenceFailed, match="Input/output error"):
                again()
        assert len(calls) == 1  # never tried again


def test_an_error_while_the_tail_is_cut_ends_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    last = kept(tmp_path)[-1]
    with Evidence.open(tmp_path, writable=True) as evidence:
        refuse(monkeypatch, "fsync")
        with pytest.raises(EvidenceFailed):
            list(evidence.recover({}))
        with pytest.raises(EvidenceFailed):
            evidence.append(exchange())
    assert Evidence.open(tmp_path).read(last) == SMALL[-1]


def test_a_short_write_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:100]))
    places = kept(tmp_path)
    assert list(Evidence.open(tmp_path).records(places[0].file)) == list(zip(places, SMALL, strict=True))


def test_the_file_and_the_name_of_it_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []
    real = os.fsync

    def noting(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").resolve())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", noting)
    folder = tmp_path / "evidence"
    with Evidence.open(folder, writable=True) as evidence:
        assert synced == [tmp_path], "the name of the new folder"
        synced.clear()
        path = folder / evidence.append(exchange()).file
        assert synced == []
        evidence.sync()
        assert synced == [path, folder, tmp_path]
        evidence.append(exchange())
        evidence.sync()
        assert synced[3:] == [path]


def test_reading_alone_writes_nothing(tmp_path: Path) -> None:
    evidence = Evidence.open(tmp_path / "evidence")
    assert evidence.files() == []
    assert not (tmp_path / "evidence").exists()
    with pytest.raises(EvidenceFailed, match="for reading only"):
        evidence.append(exchange())


def test_a_record_that_is_no_answer_is_unreadable(tmp_path: Path) -> None:
    place = kept(tmp_path)[0]
    with pytest.raises(RecordUnreadable, match="no answer"):
        Evidence.open(tmp_path).read(RecordLocation(file=place.file, offset=0, length=0))


def test_a_revisit_that_refers_to_itself_is_unreadable(tmp_path: Path) -> None:
    """As only a forged file has it."""
    page, place = SMALL[0], kept(tmp_path, SMALL[:1])[0]
    digest = payload_digest(page.body)
    itself = RevisitTarget(
        url=page.url, captured_at=page.captured_at, payload_digest=digest, location=replace(place, offset=0)
    )
    packed, _ = response_and_request(page, same_as=itself, info_id="<urn:uuid:0>")
    (tmp_path / place.file).write_bytes(packed)
    with pytest.raises(RecordUnreadable, match="not to be had"):
        Evidence.open(tmp_path).read(replace(place, offset=0, length=len(packed)))
