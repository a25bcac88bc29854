"""The reading room of the tests: one archive, and one server for each module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.reading_room import Room, furnish, serving


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("room")
    furnish(folder / "archive", folder / "hostile")
    return folder / "archive"


@pytest.fixture(scope="module")
def room(furnished: Path) -> Iterator[Room]:
    with serving(furnished) as running:
        yield running
