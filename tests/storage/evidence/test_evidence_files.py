"""The files of the evidence: their names, sizes and heads."""

from pathlib import Path

from warcio.archiveiterator import ArchiveIterator

from storage.evidence.store import Evidence
from tests.storage.evidence.test_evidence import URL, checked, exchange


def test_the_head_of_a_file_says_who_wrote_it_and_what_is_not_exact(tmp_path: Path) -> None:
    with Evidence.open(
        tmp_path, writable=True, software="postscraper 1.2", robots="obey", settings={"USER_AGENT": "us\r\nx: y"}
    ) as evidence:
        file = evidence.append(exchange()).file
    with (tmp_path / file).open("rb") as stream:
        record = next(iter(ArchiveIterator(stream)))
        text = record.content_stream().read().decode()
    assert record.rec_type == "warcinfo"
    assert record.rec_headers.get_header("WARC-Filename") == file
    for line in ("software: postscraper 1.2", "robots: obey", "USER_AGENT: us x: y", "description: Not as on the wire"):
        assert f"{line}" in text


def test_a_new_file_begins_before_one_grows_too_large(tmp_path: Path) -> None:
    pages = [exchange(url=f"{URL}&n={n}", body=bytes([n]) * 30_000) for n in range(9)]
    with Evidence.open(tmp_path, writable=True, file_bytes=100_000) as evidence:
        places = [evidence.append(page) for page in pages]
        files = evidence.files()
        assert files == list(dict.fromkeys(place.file for place in places))
        assert [name[-13:-8] for name in files] == [f"{n:05}" for n in range(1, len(files) + 1)]
        assert len(files) > 1
        assert [found for name in files for found in evidence.records(name)] == list(zip(places, pages, strict=True))
        assert all(checked(tmp_path / name) == 0 for name in files)
        assert all((tmp_path / name).stat().st_size <= 100_000 for name in files)


def test_the_next_run_writes_the_next_file(tmp_path: Path) -> None:
    for _ in range(2):
        with Evidence.open(tmp_path, writable=True) as evidence:
            evidence.append(exchange())
    assert [name.split("-")[-1] for name in evidence.files()] == ["00001.warc.gz", "00002.warc.gz"]
