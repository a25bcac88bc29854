"""However many files the evidence has, reading it needs the memory and the open files of a few."""

import gc
from pathlib import Path

import pytest

from postscraper.newspapers import NEWSPAPERS
from postscraper.run.discovery import Discoverer
from postscraper.run.evidence_reader import FILES_AT_ONCE, EvidenceReader
from storage.evidence.store import Evidence
from tests.helpers.archives import answer, saved_pages

FILES = 60


@pytest.fixture
def many(tmp_path: Path) -> Evidence:
    """Evidence of as many files as records."""
    pages = saved_pages()
    with Evidence.open(tmp_path / "evidence", prefix="post", writable=True, file_bytes=1) as evidence:
        for number in range(FILES):
            evidence.append(answer(pages[number % len(pages)]))
    return Evidence.open(tmp_path / "evidence")


def held() -> tuple[int, int]:
    gc.collect()
    discoverers = sum(isinstance(each, Discoverer) for each in gc.get_objects())
    return discoverers, len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="where open files are counted by /proc")
def test_reading_many_files_holds_a_few(tmp_path: Path, many: Evidence) -> None:
    discoverers, opened = held()
    reader = EvidenceReader(tmp_path)
    assert len(many.files()) == FILES
    for name in many.files():
        for place, exchange in many.records(name):
            assert reader.is_page(exchange, place)
            assert reader.read(exchange, place)[0][1] is not None
            assert reader.read(many.read(place), place)
    assert held() == (discoverers + len(NEWSPAPERS) + FILES_AT_ONCE, opened)
