"""Every saved page gives the item that stands beside it."""

import json
import os
from pathlib import Path

import pytest

from postscraper.items import plain
from postscraper.newspapers import POST
from postscraper.reading import read
from postscraper.sources.folder import capture


def test_reads_as_expected(sample: Path, request: pytest.FixtureRequest) -> None:
    found = plain(read(capture(sample, name="samples"), POST.layouts))
    expected = sample.with_suffix(".json")
    if request.config.getoption("--accept"):
        assert not os.environ.get("CI"), "CI never accepts: run pytest --accept by hand and read the diff"
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
    assert expected.is_file(), (
        f"{expected.name} is missing: run `pytest --accept`, read it as an editor would, commit both"
    )
    assert found == json.loads(expected.read_text("utf-8"))
