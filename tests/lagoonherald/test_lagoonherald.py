"""A third newspaper, added by a package with its layouts and one entry: another language, clock and engine.

The recipe in CONTRIBUTING.md describes the package `lagoonherald`.
"""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.crawls import PROJECT
from tests.helpers.paths import ROOT
from tests.helpers.programs import complete

PACKAGE = Path(__file__).parent
PAGES = PACKAGE / "samples"
SAMPLES = sorted(PAGES.rglob("*.html"))


def call(folder: Path, *words: str, package: Path | None = PACKAGE) -> subprocess.CompletedProcess[str]:
    """A command of Python's, with the package on its path as an installed one is; None for no package."""
    return complete(folder, "-m", *words, environment=PROJECT, package=package)


def started(folder: Path, *words: str, path: Sequence[Path]) -> subprocess.CompletedProcess[str]:
    """The same, started by Python anew, for what is found or refused at the start."""
    environment = {**os.environ, **PROJECT, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, *path)))}
    return subprocess.run(
        [sys.executable, "-m", *words], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )


def read(page: str, folder: Path) -> dict[str, Any]:
    done = call(folder, "postscraper", "read", str(PAGES / "lagoonherald" / f"{page}.html"))
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("page", SAMPLES, ids=[each.stem for each in SAMPLES])
def test_a_sample_reads_as_expected(page: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    found, expected = read(f"{page.parent.name}/{page.stem}", tmp_path), page.with_suffix(".json")
    if request.config.getoption("--accept"):
        assert not os.environ.get("CI"), "CI never accepts"
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", "utf-8")
    assert found == json.loads(expected.read_text("utf-8"))


def test_time_is_on_the_clock_of_the_newsroom_in_winter_and_in_summer(tmp_path: Path) -> None:
    winter, summer = read("tabloide_2004/farol-da-barra", tmp_path), read("maresia_2019/baleia-na-baia", tmp_path)
    assert (winter["published_text"], winter["published_at"]) == (
        "14 de março de 2009, às 23h30",
        "2009-03-15T00:30:00Z",
    )
    assert winter["published_on"] == "2009-03-14"
    assert winter["capture"]["captured_at"] == "2009-03-20T11:00:00Z", "noted as 10:00, without an offset"
    assert summer["published_at"] == "2021-07-02T18:05:00Z"


def test_its_default_time_is_no_time_and_no_page_is_older_than_the_newspaper(tmp_path: Path) -> None:
    party = read("tabloide_2004/festa-do-emigrante", tmp_path)
    assert (party["published_on"], party["published_at"]) == ("2012-08-05", None)
    sea = read("maresia_2019/mar", tmp_path)
    assert [each["published_on"] for each in sea["teasers"]] == ["2021-07-02", None]
    assert [each["text"] for each in sea["problems"]] == ["1 de janeiro de 1970"]


def test_its_language_bylines_alts_and_addresses_are_its_own(tmp_path: Path) -> None:
    lighthouse, party = (
        read("tabloide_2004/farol-da-barra", tmp_path),
        read("tabloide_2004/festa-do-emigrante", tmp_path),
    )
    assert {lighthouse["language"], read("tabloide_2004/vila", tmp_path)["language"]} == {"pt"}
    assert lighthouse["authors"] == ["Ana Sousa", "Rui Melo"]
    assert (party["byline"], party["authors"], party["problems"]) == ("Redação", [], [])
    assert [each["alt"] for each in lighthouse["images"] + party["images"]] == [None, "O largo com as bancas de peixe"]
    assert lighthouse["canonical_url"] == "https://www.lagoonherald.example/index.php?artigo=412"


def test_credits_notes_and_messages_are_known_by_its_own_words(tmp_path: Path) -> None:
    whale = read("maresia_2019/baleia-na-baia", tmp_path)
    (picture,) = whale["images"]
    assert (picture["caption"], picture["credit"]) == ("A baleia diante da casa do Sr. Melo.", "Álvaro e Inês Faria")
    assert [each["kind"] for each in whale["body"]] == ["paragraph", "paragraph", "credit", "correction"]
    for title, reason in {
        "Página não encontrada": "soft_404",
        "Iniciar sessão": "log_in",
        "Site em manutenção": "server_error",
        "Page not found": "soft_404",
    }.items():
        page = tmp_path / "mensagem.html"
        page.write_text(f"<!DOCTYPE html><html><title>{title} - O Arauto</title><body><h1>{title}</h1></body></html>")
        done = call(tmp_path, "postscraper", "read", str(page), "--url", "https://www.lagoonherald.example/mar/x")
        assert json.loads(done.stdout)["reason"] == reason, title


def test_it_is_crawled_searched_and_verified_beside_the_others(tmp_path: Path) -> None:
    assert started(tmp_path, "scrapy", "list", path=[PACKAGE]).stdout.split() == ["lagoonherald", "post", "postkhmer"]
    source = ("-a", "source=folder", "-a", f"path={PAGES}")
    crawled = call(tmp_path, "scrapy", "crawl", "lagoonherald", *source, "-o", "items.jsonl")
    assert crawled.returncode == 0, crawled.stderr
    items = [json.loads(line) for line in (tmp_path / "items.jsonl").read_text("utf-8").splitlines()]
    expected = [json.loads(page.with_suffix(".json").read_text("utf-8")) for page in SAMPLES]
    assert sorted(each["canonical_url"] for each in items) == sorted(each["canonical_url"] for each in expected)
    assert {each["layout"] for each in items} == {"tabloide_2004", "maresia_2019"}
    other = call(tmp_path, "scrapy", "crawl", "post", *source, "-L", "WARNING")
    assert f"Left out: {len(SAMPLES)} pages of www.lagoonherald.example" in other.stderr
    found = call(tmp_path, "postscraper", "search", "farol", "--json")
    assert "https://www.lagoonherald.example/index.php?artigo=412" in found.stdout, found.stderr
    assert "festa" not in found.stdout
    verified = call(tmp_path, "postscraper", "verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    (evidence,) = {path.name.split("-")[0] for path in (tmp_path / "archive" / "evidence").glob("*.warc.gz")}
    assert evidence == "lagoonherald"
    for words in (("verify",), ("check",), ("rebuild",), ("merge", "archive", "--archive", "new")):
        done = call(tmp_path, "postscraper", *words, package=None)
        assert (done.returncode, done.stdout) == (2, ""), f"{words} without the package that brings the newspaper"
        assert done.stderr.endswith("install the package that brings lagoonherald\n")
    assert call(tmp_path, "postscraper", "verify").returncode == 0


BROKEN = {
    "no_module:PAPER": "ModuleNotFoundError: No module named 'no_module'",
    "json:dumps": "json:dumps is no Newspaper",
    "postscraper.newspapers:POST": "there is another newspaper of the name post or at www.phnompenhpost.com",
}


PROGRAMS = (("scrapy", "list"), ("scrapy", "crawl", "post"), ("postscraper", "stats"))
# Each program once, and `postscraper`, which starts fast, with each entry.
OFTEN = {*((words, "json:dumps") for words in PROGRAMS), *((PROGRAMS[2], entry) for entry in BROKEN)}


@pytest.mark.parametrize(
    ("words", "entry"),
    [
        pytest.param(words, entry, marks=[] if (words, entry) in OFTEN else pytest.mark.long)
        for words in PROGRAMS
        for entry in BROKEN
    ],
)
def test_an_entry_that_cannot_be_loaded_is_one_sentence(tmp_path: Path, words: tuple[str, ...], entry: str) -> None:
    about = tmp_path / "broken-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text(f"[postscraper.newspapers]\ngazette = {entry}\n")
    done = started(tmp_path, *words, path=[tmp_path])
    sentence = f"the newspaper gazette cannot be loaded: {BROKEN[entry]}; mend or uninstall the package broken"
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"postscraper: {sentence}\n")


def test_a_layout_that_is_missing_is_one_sentence(tmp_path: Path) -> None:
    about, package = tmp_path / "gazette-1.0.dist-info", tmp_path / "gazette.py"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: gazette\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[postscraper.newspapers]\ngazette = gazette:GAZETTE\n")
    package.write_text(
        "from dataclasses import replace\nfrom lagoonherald import HERALD\n"
        "GAZETTE = replace(HERALD, name='gazette', host='gazette.example', other_hosts=(), layouts=('gazette_2001',))\n"
    )
    page = SAMPLES[0]
    for words in (
        ("scrapy", "crawl", "gazette", "-a", "source=folder", "-a", f"path={PAGES}"),
        ("postscraper", "read", str(page), "--url", "https://gazette.example/a/b"),
    ):
        done = started(tmp_path, *words, path=[tmp_path, PACKAGE])
        assert done.returncode == 2
        assert done.stderr == "postscraper: the layout gazette_2001 cannot be loaded: No module named 'gazette_2001'\n"
