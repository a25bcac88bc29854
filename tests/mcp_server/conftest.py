"""The archive of the reading room's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.archive import Archive
from tests.helpers.reading_room import furnished_in


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnished_in(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def archive(furnished: Path) -> Iterator[Archive]:
    with Archive.open(furnished, readonly=True) as opened:
        yield opened
