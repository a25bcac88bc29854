"""Every saved page gives the item that stands beside it."""

import json
import os
from pathlib import Path

import pytest

from postscraper.cli.commands.saved.read import unread_now
from postscraper.items import plain
from postscraper.newspapers import POST
from postscraper.reading.read import read
from postscraper.sources.folder import capture
from postscraper.urls import newspaper_at


def test_reads_as_expected(sample: Path, request: pytest.FixtureRequest) -> None:
    seen = capture(sample, name="samples")
    item = read(seen, newspaper_at(seen.url) or POST)
    found, expected = plain(item), sample.with_suffix(".json")
    accepts_unread = request.config.getoption("--accept-unread")
    if accepts_unread or request.config.getoption("--accept"):
        if not accepts_unread and (sentence := unread_now(expected, item)):
            pytest.fail(sentence, pytrace=False)
        assert not os.environ.get("CI"), "CI never accepts: run pytest --accept by hand and read the diff"
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
    assert expected.is_file(), (
        f"{expected.name} is missing: run `pytest --accept`, read it as an editor would, commit both"
    )
    assert found == json.loads(expected.read_text("utf-8"))
