"""Rows of crawls, and what a withdrawal takes out of them."""

import json

import pytest
from sqlalchemy import select

from storage.archive import Archive
from storage.database.schema import CrawlRun
from storage.ingest import runs
from tests.helpers.items import SITE, at


@pytest.mark.parametrize(
    ("address", "url", "is_cleared"),
    [
        ("/national/a-story", "/national/a-story", True),
        ("/national/ទឹក", "/national/%E1%9E%91%E1%9E%B9%E1%9E%80", True),
        ("/national/a-story", "/national/a-story-2", False),
        ("/node/9", "/national/2019", False),
    ],
)
def test_a_withdrawn_address_leaves_the_arguments(archive: Archive, address: str, url: str, is_cleared: bool) -> None:
    arguments = json.dumps({"limit": 5, "since": "2019-01-01", "url": SITE + url})
    values = {"newspaper": "post", "source": "live", "arguments": arguments, "started_at": at(0)}
    with archive.write() as connection:
        runs.begin(connection, values)
        runs.forget(connection, [SITE + address])
    with archive.connect() as connection:
        stored = connection.execute(select(CrawlRun.arguments)).scalar_one()
    assert stored == (runs.WITHDRAWN if is_cleared else arguments)
