"""Modules that a replay loads before its first page, and its settings without Scrapy."""

import subprocess
import sys

import pytest
from scrapy.settings import Settings

from postscraper.cli.commands.fill.replay import Written
from tests.helpers.paths import ROOT


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("storage", ("sqlalchemy",)),
        ("postscraper.bulk.reader", ("scrapy", "sqlalchemy")),
        ("postscraper.cli.commands.fill.replay", ("scrapy", "alembic")),
    ],
)
def test_processes_start_with_what_they_need(module: str, unwanted: tuple[str, ...]) -> None:
    told = f"import sys, {module}; print([name for name in {unwanted} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_replay_has_the_settings_of_a_crawl() -> None:
    settings = Settings()
    settings.setmodule("postscraper.settings")
    written = Written(ARCHIVE_DIR="archive")
    for name in ("USER_AGENT", "DOWNLOAD_DELAY", "DOWNLOAD_MAXSIZE", "PAPER_ORIGIN", "ARCHIVE_DB_URL", "NOT_THERE"):
        assert written[name] == settings[name], name
    assert written.getbool("ROBOTSTXT_OBEY") is settings.getbool("ROBOTSTXT_OBEY")
    assert written.getfloat("LONGEST_PAUSE") == settings.getfloat("LONGEST_PAUSE")
