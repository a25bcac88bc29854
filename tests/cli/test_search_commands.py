"""`search` with facets and SQL, `trend` and `quote`: what they print, and what they refuse."""

import csv
import json
import sqlite3
import xml.etree.ElementTree as ET
from contextlib import closing
from dataclasses import replace
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest

from postscraper.cli.commands.find.plot import Measure, bars, svg
from storage.archive import Archive
from storage.ingest.prepare import ArticleRow
from storage.query.search.text import tokens_of
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
    assert {"stories", "year of publication", "2014", "rice exports", "absent"} <= set(words)
    data = json.loads(run("trend", "rice", "--by", "month", "--year", "2015", "--json", "--archive", archive).stdout)
    assert [(each["period"], each["stories"], each["share"]) for each in data["series"][0]["periods"]] == [
        ("2015-01", 0, 0.0), ("2015-02", 0, None), ("2015-03", 1, 1.0),
        *((f"2015-{month:02}", 0, None) for month in range(4, 13)),
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


@pytest.mark.parametrize("measure", ["count", "stories"])
def test_bars_fill_the_terminal_on_one_scale(measure: Measure) -> None:
    lines = list(bars(TREND, measure, columns=60))
    assert max(map(len, lines)) <= 60
    full, half, gap, least, none = (line.split("  ")[1] for line in lines[1:6])
    assert set(full.strip()) == {"█"}
    assert half.count("█") == (len(full.strip()) // 2 if measure == "stories" else len(full.strip()) * 40 // 100)
    assert least.strip()[0] in "▏▎▍▌▋▊▉█"
    assert (gap.strip(), none.strip()) == ("", "")
    assert lines[3].endswith("no story")
    assert lines[5].endswith("0 of 10 (0 %)")


def test_a_line_breaks_where_there_is_no_story() -> None:
    drawn = ET.fromstring(svg(TREND, "stories"))
    assert not [each for each in drawn.iter() if any("href" in name for name in each.attrib)]
    strokes = [each for each in drawn.iter(f"{SVG}path") if each.attrib.get("fill") == "none"]
    assert len({each.attrib["stroke-dasharray"] for each in strokes}) == 2, "lines differ in more than colour"
    first, second = (each.attrib["d"] for each in strokes if "h" not in each.attrib["d"])
    assert [path.count(pen) for path in (first, second) for pen in "ML"] == [2, 2, 2, 2]
    assert len(list(drawn.iter(f"{SVG}circle"))) == 8
    assert {"20 %", "100 %", "<rice> & co", "2014"} <= {each.text for each in drawn.iter(f"{SVG}text")}
    assert svg(Trend(by="year", periods=(), all_stories=(), all_undated=0, series=TREND.series[:0]), "count")


def _svg_texts(drawing: str) -> list[tuple[float, float, str]]:
    texts = (each for each in ET.fromstring(drawing).iter(f"{SVG}text") if "x" in each.attrib)
    return [(float(each.attrib["x"]), float(each.attrib["y"]), each.text or "") for each in texts]


def test_a_drawing_has_room_for_its_title_legend_and_scale() -> None:
    words = [f"{'a long phrase of many words ' * 2}{n}" for n in range(7)]
    series = tuple(Series(words=each, stories=(100, 80, 0, 50, 10), undated=0) for each in words)
    texts = _svg_texts(svg(replace(TREND, series=series), "stories"))
    assert "110 %" not in [text for *_, text in texts], "a share ends at 100 %"
    assert max(len(text) for *_, text in texts) <= 105
    legend = [(x, y, len(text)) for x, y, text in texts if text in words]
    assert len(legend) == 7
    assert all(after[1] > before[1] or after[0] >= before[0] + 6 * before[2] for before, after in pairwise(legend)), (
        "entries stand side by side or below each other"
    )
    assert max(x + 6 * letters for x, _, letters in legend) <= 960


def test_labels_of_many_months_are_years() -> None:
    periods = tuple(f"{2008 + at // 12}-{at % 12 + 1:02}" for at in range(240))
    many = Trend(by="month", periods=periods, all_stories=(10,) * 240, all_undated=0, series=(
        Series(words="rice", stories=(1,) * 240, undated=0),
    ))  # fmt: skip
    labels = [text for *_, text in _svg_texts(svg(many, "count")) if text.isdigit() and len(text) == 4]
    assert labels == [str(year) for year in range(2008, 2028, 2)]


def test_a_trend_over_the_words_of_each_period(archive: Path, tmp_path: Path) -> None:
    done = run("trend", "rice", "--per", "words", "--csv", tmp_path / "t.csv", "--archive", archive)
    with Archive.open(archive, readonly=True) as opened:
        rows = [each for each in opened.stories() if str(each["published_on"]).startswith("2012")]
    words = sum(len(list(tokens_of(text))) for row in rows for text in ArticleRow.by(row).words)
    first, *_ = csv.DictReader((tmp_path / "t.csv").read_text("utf-8").splitlines())
    assert (first["period"], first["stories"], first["all_words"]) == ("2012", "2", str(words))
    assert float(first["per_million_words"]) == pytest.approx(2_000_000 / words)
    assert f"2 of 2 ({2_000_000 / words:,.0f} per million words)" in done.stdout


def test_periods_are_those_that_the_filters_name(archive: Path) -> None:
    def periods(*options: str) -> list[str]:
        data = json.loads(run("trend", "rice", "--json", *options, "--archive", archive).stdout)
        return [each["period"] for each in data["series"][0]["periods"]]

    assert periods("--since", "2010", "--until", "2016") == [str(year) for year in range(2010, 2017)]
    assert periods("--since", "2014") == ["2014", "2015"]
    assert periods("--since", "0001", "--by", "month")[0] == "2012-03", "a span too long is that of the stories"


def test_an_answer_that_is_empty_says_so_and_is_no_fault(archive: Path, tmp_path: Path) -> None:
    for words in (
        ("search", "elephant"), ("trend", "elephant"), ("quote", "no elephant"), ("gone",), ("changes", "--silent"),
        ("gone", "--since", "2018"), ("families",), ("images",), ("runs",),
        ("ledger", "--state", "failed"), ("audit", "--section", "world"),
        ("export", tmp_path / "a.csv", "--words", "elephant"), ("pack", tmp_path / "a.wacz", "--words", "elephant"),
    ):  # fmt: skip
        done = run(*words, "--archive", archive)
        assert done.exit_code == 0, words
        assert len(done.stderr.splitlines()) == 1, (words, done.stderr)


def test_a_quotation_mark_that_is_not_closed_is_named(archive: Path, tmp_path: Path) -> None:
    for words in (
        ("search", '"rice exports'),
        ("trend", '"rice exports'),
        ("export", tmp_path / "a.csv", "--words", '"rice'),
    ):
        done = run(*words, "--archive", archive)
        assert (done.exit_code, done.stderr.count("is not closed")) == (0, 1), words
    assert run("search", '"rice exports"', "--archive", archive).stderr == ""


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
