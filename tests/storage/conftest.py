"""An empty archive for each test, copied from one that is made once."""

from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copytree

import pytest

from storage.archive import Archive


@pytest.fixture(scope="session")
def empty_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty") / "archive"
    Archive.open(folder).close()
    return folder


@pytest.fixture
def archive(tmp_path: Path, empty_archive: Path) -> Iterator[Archive]:
    with Archive.open(copytree(empty_archive, tmp_path / "archive")) as opened:
        yield opened


@pytest.fixture
def new_archive(tmp_path_factory: pytest.TempPathFactory, empty_archive: Path) -> Callable[[], Archive]:
    """For tests that need many: a fresh archive at each call, to be closed by the test."""
    return lambda: Archive.open(copytree(empty_archive, tmp_path_factory.mktemp("many") / "archive"))
