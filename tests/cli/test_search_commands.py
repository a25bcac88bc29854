"""`search` with facets and SQL, `trend` and `quote`: what they print, and what they refuse."""

import csv
import json
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

from postscraper.cli.plot import bars, svg
from storage.archive import Archive
from storage.query.search.trend import Series, Trend
from tests.helpers.commands import refused, run
from tests.helpers.items import article, listing, teaser

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("search") / "archive"
    with Archive.open(folder) as opened:
        for n, year in enumerate((2012, 2012, 2013, 2015)):
            body = "Rice exports rise." if n % 2 else "Rice export falls in Phnom Penh."
            opened.add(
                article(f"s{n}", body=body, section="Business", published_on=date(year, 3, 1), authors=("Sok Dara",))
            )
        opened.add(
            article("s0", hours=5, body="Rice export rises in Phnom Penh.", section="Business", authors=("Sok Dara",))
        )
        opened.add(article("khmer", language="km", body="ទៅភ្នំពេញឆ្នាំ២០១៨", published_on=date(2015, 1, 1)))
        opened.add(listing(teaser("s1", headline="Rice exports rise")))
    return folder


def test_facets(archive: Path) -> None:
    printed = run("search", "rice", "--facets", "--archive", archive).stdout
    assert printed.splitlines()[0] == "4 stories · edited: 1 · corrected: 0"
    assert "        2  2012\n" in printed
    assert "        4  Sok Dara\n" in printed
    data = json.loads(run("search", "rice", "--facets", "--json", "--archive", archive).stdout)
    assert data["years"] == [
        {"value": 2012, "stories": 2},
        {"value": 2013, "stories": 1},
        {"value": 2015, "stories": 1},
    ]
    assert (data["stories"], data["edited"], data["all_authors"]) == (4, 1, 1)


@pytest.mark.parametrize(
    ("options", "found"),
    [
        (["--edited"], ["s0"]),
        (["--not-edited", "--year", "2015"], ["s3"]),
        (["--corrected"], []),
        (["--language", "km"], []),
        (["--layout", "drupal_2017", "--until", "2012"], ["s0", "s1"]),
    ],
)
def test_filters(archive: Path, options: list[str], found: list[str]) -> None:
    hits = json.loads(run("search", "rice", "--json", *options, "--archive", archive).stdout)
    assert sorted(hit["canonical_url"].rpartition("/")[2] for hit in hits) == found


def test_other_spellings(archive: Path) -> None:
    def total(*words: str) -> str:
        return run("search", *words, "--archive", archive).stdout.splitlines()[-1]

    assert total("exporting", "--forms") == "4 stories"
    assert total('"pnom pen"', "--variants") == "2 stories"
    assert total("2018") == total("២០១៨") == "1 story"


def test_sql_runs_in_any_sqlite(archive: Path) -> None:
    sql = run("search", "ភ្នំពេញ OR rice", "--year", "2015", "--sql", "--archive", archive).stdout
    with closing(sqlite3.connect(archive / "archive.db")) as plain:
        assert [url.rpartition("/")[2] for _, url, *_ in plain.execute(sql)] == ["s3", "khmer"]


def test_a_trend_is_printed_drawn_and_written(archive: Path, tmp_path: Path) -> None:
    drawing, numbers = tmp_path / "t.svg", tmp_path / "t.csv"
    files = ["--svg", drawing, "--csv", numbers]
    printed = run("trend", "rice exports", "absent", *files, "--archive", archive).stdout.splitlines()
    assert [line.split("  ")[0] for line in printed[:6]] == ["rice exports", "2012", "2013", "2014", "2015", ""]
    assert printed[1].endswith("1 of 2 (50 %)")
    assert printed[3].split() == ["2014", "no", "story"]
    assert printed[6] == "absent"
    rows = list(csv.reader(numbers.read_text("utf-8").splitlines()))
    assert rows[0] == ["words", "period", "stories", "all_stories", "share"]
    assert rows[1] == ["rice exports", "2012", "1", "2", "0.5"]
    assert rows[3] == ["rice exports", "2014", "0", "0", ""]
    words = [each.text for each in ET.parse(drawing).iter(f"{SVG}text")]
    assert {"stories", "year of publication", "2014", "● rice exports", "● absent"} <= set(words)
    data = json.loads(run("trend", "rice", "--by", "month", "--year", "2015", "--json", "--archive", archive).stdout)
    assert [(each["period"], each["stories"], each["share"]) for each in data["series"][0]["periods"]] == [
        ("2015-01", 0, 0.0), ("2015-02", 0, None), ("2015-03", 1, 1.0),
    ]  # fmt: skip


TREND = Trend(
    by="year",
    periods=("2012", "2013", "2014", "2015", "2016"),
    all_stories=(100, 80, 0, 50, 10),
    all_undated=0,
    series=(
        Series(words="<rice> & co", stories=(100, 40, 0, 1, 0), undated=2),
        Series(words="ស្រូវ", stories=(0, 0, 0, 50, 0), undated=0),
    ),
)


@pytest.mark.parametrize("relative", [False, True])
def test_bars_fill_the_terminal_on_one_scale(relative: bool) -> None:
    lines = list(bars(TREND, relative=relative, columns=60))
    assert max(map(len, lines)) <= 60
    full, half, gap, least, none = (line.split("  ")[1] for line in lines[1:6])
    assert set(full.strip()) == {"█"}
    assert half.count("█") == (len(full.strip()) // 2 if relative else len(full.strip()) * 40 // 100)
    assert least.strip()[0] in "▏▎▍▌▋▊▉█"
    assert (gap.strip(), none.strip()) == ("", "")
    assert lines[3].endswith("no story")
    assert lines[5].endswith("0 of 10 (0 %)")


def test_a_line_breaks_where_there_is_no_story() -> None:
    drawn = ET.fromstring(svg(TREND, relative=True))
    assert not [each for each in drawn.iter() if any("href" in name for name in each.attrib)]
    first, second = (each.attrib["d"] for each in drawn.iter(f"{SVG}path") if each.attrib.get("fill") == "none")
    assert [path.count(pen) for path in (first, second) for pen in "ML"] == [2, 2, 2, 2]
    assert len(list(drawn.iter(f"{SVG}circle"))) == 8
    assert {"20 %", "100 %", "● <rice> & co", "2014"} <= {each.text for each in drawn.iter(f"{SVG}text")}
    assert svg(Trend(by="year", periods=(), all_stories=(), all_undated=0, series=TREND.series[:0]), relative=False)


def test_a_quotation(archive: Path) -> None:
    printed = run("quote", "Rice export falls in Phnom Penh", "--archive", archive).stdout
    assert "changed by 2018-06-20 06:10 UTC" in printed
    assert "body · exact · revision 1 · 2018-06-20 01:10 UTC" in printed
    assert "Rice export [-falls-]{+rises+} in Phnom Penh" in printed
    found = json.loads(run("quote", "rice export falls", "--exact", "--json", "--archive", archive).stdout)
    assert [each["standing"] for each in found] == ["removed", "stands"]
    assert {each["forms"][0]["text"] for each in found} == {"Rice export falls"}
    teased = run("quote", "Rice exports rise", "--archive", archive).stdout
    assert "teaser headline · exact · seen 1 time" in teased
    nothing = run("quote", "No elephant ever said this", "--archive", archive)
    assert (nothing.stdout, nothing.exit_code) == ("", 0)
    assert "No wording" in nothing.stderr


def test_refusals(archive: Path) -> None:
    refused(run("trend", "rice OR", "--archive", archive), 2, "OR")
    refused(run("search", "rice", "--layout", "drupal_2016", "--archive", archive), 2, "did you mean 'drupal_2017'")
    refused(
        run("search", "rice", "--language", "fr", "--archive", archive), 2, "no story is of the language 'fr'", "km"
    )
    refused(run("quote", "—", "--archive", archive), 2, "a quotation needs a word")
