"""The reading room of the tests: one archive, and one server for each module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.reading_room import Room, furnished_in, serving


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return furnished_in(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def room(furnished: Path) -> Iterator[Room]:
    with serving(furnished) as running:
        yield running
