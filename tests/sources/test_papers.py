"""The newspaper of a saved page, and pages that another paper printed."""

from pathlib import Path

import pytest

from tests.helpers.crawls import asked, scrapy
from tests.helpers.paths import SAMPLES

DESIGN = SAMPLES / "phnompenhpost" / "drupal_2017"
CAPTURES = "SELECT address FROM capture"
BARE = """<html><head><link rel="canonical" href="{}"></head><body><h1>A page</h1><p>Words.</p></body></html>"""


def hosts(folder: Path) -> set[str]:
    return {str(row[0]).split("/")[2] for row in asked(folder, CAPTURES)}


@pytest.mark.parametrize(
    ("paper", "host", "other"),
    [
        ("post", "www.phnompenhpost.com", "www.postkhmer.com"),
        ("postkhmer", "www.postkhmer.com", "www.phnompenhpost.com"),
    ],
)
@pytest.mark.parametrize(
    "source", [("source=folder", f"path={SAMPLES}"), ("source=samples",)], ids=["folder", "samples"]
)
def test_saved_pages_of_other_hosts_are_left_out_and_counted(
    tmp_path: Path, source: tuple[str, ...], paper: str, host: str, other: str
) -> None:
    done = scrapy(tmp_path, "crawl", paper, *(word for each in source for word in ("-a", each)), "-L", "WARNING")
    assert done.returncode == 0, done.stderr
    assert hosts(tmp_path) == {host}
    addresses = [path.read_text("utf-8").split()[0] for path in SAMPLES.rglob("*.url")]
    count = sum(other.removeprefix("www.") in each for each in addresses)
    (left_out,) = [line for line in done.stderr.splitlines() if line.startswith("Left out: ")]
    assert f"{count} pages of {other}" in left_out
    assert "1 page of www.mekongherald.example" in left_out


def test_a_page_is_of_the_paper_that_its_canonical_link_names_and_aliases_are_home(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    for name, url in (
        ("a", "http://m.postkhmer.com/a"),
        ("b", "https://phnompenhpost.com/national/b"),
        ("c", "http://127.0.0.1:8000/national/c"),
    ):
        (pages / f"{name}.html").write_text(BARE.format(url))
    words = ("-a", "source=folder", "-a", f"path={pages}")
    assert scrapy(tmp_path, "crawl", "postkhmer", *words).returncode == 0
    assert hosts(tmp_path) == {"www.postkhmer.com"}
    done = scrapy(tmp_path, "crawl", "post", *words, settings=("PAPER_ORIGIN=http://127.0.0.1:8000",))
    assert "Left out: 1 page of www.postkhmer.com" in done.stderr
    assert {row[0] for row in asked(tmp_path, CAPTURES)} == {
        "https://www.postkhmer.com/a",
        "https://www.phnompenhpost.com/national/b",
        "https://www.phnompenhpost.com/national/c",
    }


def test_a_look_at_the_evidence_of_two_papers_is_of_one(tmp_path: Path) -> None:
    for paper in ("post", "postkhmer"):
        assert scrapy(tmp_path, "crawl", paper, "-a", "source=samples").returncode == 0
    done = scrapy(tmp_path, "crawl", "postkhmer", "-a", "source=archive", "-L", "WARNING")
    assert "13 pages in" in done.stderr
    assert "Left out: 86 pages of www.phnompenhpost.com" in done.stderr
