"""Pages that a run selects from files and the archive: by address, section and day of capture, and no others."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from postscraper.cli.commands.fill.replay import Written
from postscraper.newspapers import POST
from postscraper.run.local import LOCAL_SOURCES
from postscraper.run.run import Run
from postscraper.run.scope import scope
from storage.warc.exchange import Exchange
from tests.helpers.commands import run
from tests.helpers.crawls import scrapy
from tests.helpers.warc_files import HTML, warc_gz

HOST = "https://www.phnompenhpost.com"
PAGES = [
    Exchange(
        url=f"{HOST}{path}", requested_at=None, captured_at=at, status=200, headers=HTML, body=f"<p>{path}".encode()
    )
    for path, at in (
        ("/national/a", datetime(2018, 6, 20, 23, 59, tzinfo=UTC)),
        ("/national/b", datetime(2018, 6, 21, tzinfo=UTC)),
        ("/business/c", datetime(2018, 6, 22, 12, tzinfo=UTC)),
    )
]


@pytest.fixture
def places(tmp_path: Path) -> dict[str, str]:
    """The arguments of each source, whose pages are the same three."""
    (tmp_path / "pages").mkdir()
    for page in PAGES:
        saved = tmp_path / "pages" / page.url.rpartition("/")[2]
        saved.with_suffix(".html").write_bytes(page.body)
        saved.with_suffix(".url").write_text(f"{page.url}\n{page.captured_at}\n")
    warc_gz(tmp_path / "x.warc.gz", PAGES)
    assert run("replay", tmp_path / "x.warc.gz", "--jobs", 1, "--archive", tmp_path / "archive").exit_code == 0
    return {
        "folder": str(tmp_path / "pages"),
        "samples": str(tmp_path / "pages"),
        "warc": str(tmp_path / "x.warc.gz"),
        "archive": "",
    }


@pytest.mark.parametrize(
    ("arguments", "selected"),
    [
        ({}, "abc"),
        ({"section": "national"}, "ab"),
        ({"since": "2018-06-21"}, "bc"),
        ({"until": "2018-06-20"}, "a"),
        ({"since": "2018-06-21", "until": "2018-06", "section": "national"}, "b"),
        ({"url": "/national/b /business/c"}, "bc"),
        ({"url": "/national/b /business/c", "until": "2018-06-21"}, "b"),
        ({"url": "/national/d"}, ""),
    ],
)
def test_each_local_source_yields_the_selected_pages_and_counts_the_others(
    tmp_path: Path, places: dict[str, str], arguments: dict[str, str], selected: str
) -> None:
    for source, path in places.items():
        given = scope(POST, {"source": source, **({"path": path} if path else {}), **arguments})
        with closing(Run.open(POST, given, Written(ARCHIVE_DIR=str(tmp_path / "archive")))) as opened:
            urls = [exchange.url for exchange, _ in LOCAL_SOURCES[source](opened)]
            assert "".join(sorted(url[-1] for url in urls)) == selected, source
            by_day = source == "archive" and (
                "since" in arguments or "until" in arguments
            )  # its query leaves these out
            assert by_day or opened.unselected == len(PAGES) - len(selected), source


def test_the_summary_counts_what_was_left_out(tmp_path: Path, places: dict[str, str]) -> None:
    words = ["source=folder", f"path={places['folder']}", "section=national", "since=2018-06-21"]
    done = scrapy(tmp_path, "crawl", "post", *(each for word in words for each in ("-a", word)), "-L", "WARNING")
    assert done.returncode == 0, done.stderr
    assert "Left out: 2 pages outside of section=national, since=2018-06-21" in done.stderr.splitlines()
