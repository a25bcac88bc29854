"""The `postscraper` command over an archive: its answers and its refusals."""

import csv
import io
import json
import os
import sqlite3
import subprocess
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pytest

from postscraper.items import Article, Block, DatedTeaser, Image, Listing, Receipt, Unread
from storage.archive import Archive
from storage.ledger.states import Discovery
from tests.helpers.commands import KHMER, SITE, refused, run, started
from tests.helpers.items import listing, teaser


def receipt(url: str, digest: str) -> Receipt:
    at = datetime(2018, 6, 21, tzinfo=UTC)
    return Receipt(url=url, captured_at=at, status=200, source="folder", digest=f"sha256:{digest}", record=None)


def article(slug: str, headline: str, body: str, **more: Any) -> Article:
    url = f"{SITE}/national/{slug}"
    usual = {"layout": "drupal_2017", "language": "en", "url": url, "canonical_url": url, "section": "National"}
    blocks = tuple(Block(kind="paragraph", text=text) for text in body.split("\n"))
    fields: dict[str, Any] = usual | {"headline": headline, "body": blocks, "capture": receipt(url, slug)} | more
    return Article(**fields)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli") / "archive"
    canal = article(
        "canal",
        "Canal reopens after nine years",
        "The canal carries rice barges again.\nFarmers cheered.",
        byline="Sok Dara",
        authors=("Sok Dara",),
        published_on=date(2018, 6, 20),
        images=(
            Image(url=f"{SITE}/canal.jpg", caption="A barge.", credit="Chan Vibol", caption_text="A barge. Chan Vibol"),
        ),
    )
    road = article(quote("ផ្លូវ"), KHMER, "ផ្លូវនេះវែងពីរគីឡូម៉ែត្រ។", language="km", published_on=date(2016, 1, 2))
    hostile = article("hostile", "Red \x1b[31malert\x1b]0;owned\x07 \u202eback", "Zebra.\x9b2J", section="\x1b[2J")
    lost = Unread(reason="challenge", detail="a bot check", url=f"{SITE}/x", capture=receipt(f"{SITE}/x", "x"))
    with Archive.open(folder) as opened:
        opened.add_many([(item, None) for item in (canal, road, hostile, lost)])
    return folder


def test_search_finds_english_and_khmer_and_obeys_its_limits(archive: Path) -> None:
    def found(*words: str) -> list[str]:
        hits = json.loads(run("search", *words, "--json", "--archive", archive).stdout)
        return [unquote(hit["canonical_url"]).rsplit("/", 1)[-1] for hit in hits]

    assert found("rice", "barges") == ["canal"]
    assert found("ទន្លេសាប") == ["ផ្លូវ"]
    assert found("rice", "--since", "2018-06-20", "--until", "2018-06-20") == ["canal"]
    assert found("rice", "--since", "2018-06-21") == []
    assert found("rice", "--since", "2018", "--until", "2018-06") == ["canal"]
    assert found("rice", "--until", "2018-05") == []
    assert found("ផ្លូវ", "--since", "2016-01", "--until", "2016") == ["ផ្លូវ"]
    assert found("rice", "--section", "national") == ["canal"]
    assert found("rice", "-zebra") == found("rice -zebra") == found("rice", "OR", "zebra", "-red") == ["canal"]
    assert found("rice", "-barges") == []
    assert found("NEAR(canal barges, 2)") == ["canal"]
    assert found("rice OR zebra", "--sort", "newest") == ["canal", "hostile"]
    assert found("rice OR zebra", "--sort", "newest", "--limit", "1", "--page", "2") == ["hostile"]
    assert found("rice", "--author", "dara") == ["canal"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["search", "rice", "--section", "Nationl"], "did you mean 'National'?"),
        (["search", "-rice"], "-rice only excludes"),
        (["search", '"'], "no word to search for in '\"'"),
        (["search", "rice OR"], "OR needs a word on both sides"),
        (["search", "rice", "--author", "(Dara"], "parenthesis"),
        (["audit", "--section", "buisness"], "did you mean 'business'?"),
        (["audit", "--section", "xyz"], "there are: 7days, "),
        (["reread", "--dry-run", "--layout", "drupal_2071"], "did you mean 'drupal_2017'?"),
    ],
    ids=" ".join,
)
def test_what_is_unknown_is_refused_with_the_nearest(archive: Path, words: list[str], told: str) -> None:
    refused(run(*words, "--archive", archive), 2, told)


def test_search_counts_all_that_it_finds(archive: Path) -> None:
    def last(*words: str) -> str:
        return run("search", *words, "--archive", archive).stdout.splitlines()[-1]

    assert last("rice") == "1 story"
    assert last("rice OR zebra OR ផ្លូវ") == "3 stories"
    assert last("rice OR zebra OR ផ្លូវ", "--limit", "2") == "2 of 3 stories · --page 2 has more"
    assert last("rice OR zebra OR ផ្លូវ", "--limit", "2", "--page", "2") == "3 to 3 of 3 stories"
    beyond = run("search", "rice", "--page", "2", "--archive", archive)
    assert (beyond.stdout, beyond.stderr) == ("", "There is 1 page, with 1 story.\n")


def test_search_prints_the_passage_with_the_words_marked(archive: Path) -> None:
    shown = run("search", "rice", "--archive", archive).stdout
    assert "Canal reopens after nine years" in shown
    assert "carries [rice] barges" in shown
    assert f"{SITE}/national/canal" in shown
    nothing = run("search", "elephant", "--archive", archive)
    assert (nothing.exit_code, nothing.stdout) == (0, "")
    assert run("search", "elephant", "--json", "--archive", archive).stdout == "[]\n"


def test_show_takes_any_address_or_the_number(archive: Path) -> None:
    by_address = run("show", "http://phnompenhpost.com/national/canal/?utm_source=x", "--archive", archive)
    number = json.loads(run("search", "rice", "--json", "--archive", archive).stdout)[0]["story_id"]
    assert by_address.exit_code == 0
    assert run("show", number, "--archive", archive).stdout == by_address.stdout
    for words in ("Canal reopens", "2018-06-20 · National · Sok Dara", "[A barge. · Chan Vibol]", "Farmers cheered."):
        assert words in by_address.stdout
    whole = json.loads(run("show", number, "--json", "--archive", archive).stdout)
    assert whole["revisions"][0]["item"]["headline"] == "Canal reopens after nine years"
    assert whole["story"]["published_on"] == "2018-06-20"


@pytest.mark.parametrize(
    "typed", ["phnompenhpost.com/national/canal", "www.phnompenhpost.com/national/canal/", "/national/canal"]
)
def test_show_takes_an_address_without_its_scheme(archive: Path, typed: str) -> None:
    assert "Canal reopens" in run("show", typed, "--archive", archive).stdout


def test_a_path_that_two_newspapers_have_is_refused(tmp_path: Path) -> None:
    other = "https://www.postkhmer.com/national/canal"
    with Archive.open(tmp_path) as opened:
        opened.add(article("canal", "One", "Words."))
        opened.add(article("canal", "Other", "Words.", url=other, canonical_url=other, capture=receipt(other, "o")))
    refused(run("show", "/national/canal", "--archive", tmp_path), 2, f"{SITE}/national/canal", other)
    assert "Other" in run("show", "postkhmer.com/national/canal", "--archive", tmp_path).stdout


@pytest.mark.parametrize(
    "typed",
    [f"{SITE}/national/cannal", "/nationl/canal", "phnompenhpost.com/national/canal-0", f"{SITE}/national/canal/amp/"],
)
def test_show_of_a_near_miss_names_the_story_that_is_meant(archive: Path, typed: str) -> None:
    refused(run("show", typed, "--archive", archive), 4, typed, f"did you mean {SITE}/national/canal?")


def test_show_of_an_address_that_gave_no_story_says_so(tmp_path: Path) -> None:
    with Archive.open(tmp_path) as opened:
        gone = Discovery(url=f"{SITE}/national/x", address=f"{SITE}/national/x", kind="story")
        opened.ledger.discover([gone], datetime(2018, 6, 21, tzinfo=UTC))
        opened.ledger.settle(f"{SITE}/national/x", "gone", "404", None, datetime(2018, 6, 21, tzinfo=UTC))
    refused(run("show", "/national/x", "--archive", tmp_path), 4, "the ledger has the address as gone (404)")


def test_one_is_one_and_more_are_many(tmp_path: Path) -> None:
    url = f"{SITE}/national"
    story = article("canal", "Canal", "Water.", published_on=date(2018, 6, 20))

    def listing(number: int) -> Listing:
        card = DatedTeaser(list=None, position=1, headline="Canal", url=story.url)
        seen = replace(receipt(url, f"l{number}"), captured_at=datetime(2018, 6, number, tzinfo=UTC))
        return Listing(
            layout="drupal_2017", language="en", url=url, canonical_url=url, teasers=(card,) * number, capture=seen
        )

    with Archive.open(tmp_path) as opened:
        opened.add_many([(story, None), (listing(1), None)])
    assert run("show", story.url, "--archive", tmp_path).stdout.endswith("Announced 1 time, on 1 page\n")
    with Archive.open(tmp_path) as opened:
        opened.add_many([(listing(2), None), (article("b", "B", "Water.", published_on=date(2018, 6, 22)), None)])
    assert run("show", story.url, "--archive", tmp_path).stdout.endswith("Announced 3 times, on 1 page\n")
    assert run("stats", "--archive", tmp_path).stdout.endswith("      1 day: 2018-06-21 to 2018-06-21\n")


def test_khmer_addresses_are_shown_in_khmer_and_taken_back(archive: Path) -> None:
    shown = run("search", "ទន្លេសាប", "--archive", archive).stdout
    assert f"{SITE}/national/ផ្លូវ\n" in shown
    assert KHMER in run("show", f"{SITE}/national/ផ្លូវ", "--archive", archive).stdout


@pytest.mark.parametrize("story", ["4711", "9" * 40, "http://[", f"{SITE}/national/never"])
def test_show_of_no_story(archive: Path, story: str) -> None:
    refused(run("show", story, "--archive", archive), 4, story)


def test_stats_count_stories_outcomes_and_gaps(archive: Path) -> None:
    found = json.loads(run("stats", "--json", "--archive", archive).stdout)
    assert found["stories"] == 3
    assert {"year": 2018, "stories": 1} in found["stories_by_year"]
    assert {"outcome": "unread", "captures": 1} in found["captures_by_outcome"]
    assert {"reason": "challenge", "unread": 1} in found["unread_by_reason"]
    assert found["gaps"] == [{"first_on": "2016-01-03", "last_on": "2018-06-19", "days": 899}]
    shown = run("stats", "--archive", archive).stdout
    assert "█" in shown
    assert "899 days: 2016-01-03 to 2018-06-19" in shown


def test_export_gives_a_line_a_story(archive: Path, tmp_path: Path) -> None:
    lines = [json.loads(line) for line in run("export", "--format", "jsonl", "--archive", archive).stdout.splitlines()]
    assert {line["headline"] for line in lines} >= {KHMER, "Canal reopens after nine years"}
    assert all(line["revisions"] == 1 and line["first_seen_at"] == "2018-06-21T00:00:00Z" for line in lines)
    out = tmp_path / "out.csv"
    told = run("export", "--format", "csv", "--since", "2018-01-01", "-o", out, "--archive", archive)
    rows = list(csv.DictReader(io.StringIO(out.read_text("utf-8"), newline="")))
    assert [row["body"] for row in rows] == ["The canal carries rice barges again.\n\nFarmers cheered."]
    assert told.stdout == f"{out}: 1 story\n"
    assert {each.name for each in tmp_path.iterdir()} == {
        "out.csv",
        "out.csv.datasheet.md",
        "out.csv.datasheet.json",
    }


@pytest.mark.parametrize("words", [["search", "zebra"], ["show", f"{SITE}/national/hostile"], ["stats"]], ids=str)
@pytest.mark.parametrize("form", [[], ["--json"]], ids=["text", "json"])
def test_nothing_a_page_says_commands_the_terminal(archive: Path, words: list[str], form: list[str]) -> None:
    shown = run(*words, *form, "--archive", archive).stdout
    assert shown.isprintable() or not {*map(ord, shown)} & {*range(9), *range(11, 32), *range(127, 160), 0x202E}
    if words[0] != "stats":
        assert "alert" in shown


@pytest.mark.parametrize(
    "words", [["search", "x"], ["show", "1"], ["stats"], ["export", "--format", "csv"], ["upgrade"]]
)
def test_no_archive_there(tmp_path: Path, words: list[str]) -> None:
    refused(run(*words, "--archive", tmp_path / "none"), 5, "none")
    assert not (tmp_path / "none").exists()


def test_the_archive_may_be_named_by_the_environment(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTSCRAPER_ARCHIVE", str(archive))
    assert json.loads(run("stats", "--json").stdout)["stories"] == 3


def test_the_archive_may_be_named_before_the_command(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTSCRAPER_ARCHIVE", "nowhere")
    assert json.loads(run("--archive", archive, "stats", "--json").stdout)["stories"] == 3
    assert json.loads(run("--archive", "none", "stats", "--json", "--archive", archive).stdout)["stories"] == 3
    refused(run("--archive", "none", "stats"), 5, "none")
    assert run("--archive", archive, "read", "x.html").exit_code == 2


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "archive.db").write_text("This is a diary and no database at all. " * 100)
    refused(run("stats", "--archive", tmp_path), 5, "not a database")


def _of_version(folder: Path, version: str) -> None:
    Archive.open(folder).close()
    connection = sqlite3.connect(folder / "archive.db")
    connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
    connection.commit()
    connection.close()


def test_another_version_names_the_command_that_mends_it(tmp_path: Path) -> None:
    _of_version(tmp_path, "9999")
    refused(run("search", "x", "--archive", tmp_path), 6, "later version")
    refused(run("upgrade", "--archive", tmp_path), 6, "no migration")


def test_promotion_of_a_story_that_nothing_announces(archive: Path) -> None:
    done = run("promotion", "/national/canal", "--archive", archive)
    assert (done.exit_code, done.stdout) == (0, f"Canal reopens after nine years\n{SITE}/national/canal\n")
    assert done.stderr == "No captured page or feed announces it.\n"


def test_upgrade_leaves_an_archive_of_this_version_alone(archive: Path) -> None:
    before = (archive / "archive.db").read_bytes()
    assert run("upgrade", "--archive", archive).exit_code == 0
    assert (archive / "archive.db").read_bytes() == before


def test_a_damaged_database(archive: Path, tmp_path: Path) -> None:
    whole = (archive / "archive.db").read_bytes()
    (tmp_path / "archive.db").write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    refused(run("stats", "--archive", tmp_path), 10, "damaged")


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="no device that is always full")
@pytest.mark.parametrize("words", [["show", "1"], ["stats", "--json"], ["export", "--format", "jsonl"]], ids=str)
def test_a_full_disk_is_no_traceback(archive: Path, words: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        ran = started(*words, "--archive", archive, capture_output=False, stdout=full, stderr=subprocess.PIPE)
    assert (ran.returncode, ran.stderr) == (9, b"postscraper: No space left on device\n")
    assert Path("/dev/full").is_char_device()


def test_a_reader_that_has_enough_ends_the_program_in_silence(archive: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = started("show", "1", "--archive", archive, capture_output=False, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (1, b"")


def test_an_address_that_is_like_no_other_gets_no_guess(archive: Path) -> None:
    assert (
        "did you mean https://www.phnompenhpost.com/national/canal?"
        in run("show", "/national/canall", "--archive", archive).stderr
    )
    assert "did you mean" not in run("show", "/national/canine-show", "--archive", archive).stderr


def test_a_moment_is_printed_with_the_zone_of_its_clock(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "archive") as opened:
        opened.add(listing(teaser("canal"), hours=0))
        opened.add(article("canal", "The canal", "Water rises."))
    for words in (("front", "/national", "--as-of"), ("as-of",)):
        shown = run(*words, "2018-06-20T12:00", "--archive", tmp_path / "archive").stdout
        assert "as of 2018-06-20 12:00 UTC+07:00" in shown.splitlines()[0].replace("As", "as")
        assert "captured 2018-06-20 01:10 UTC" in shown
    early = run("front", "/national", "--as-of", "2018-06-19", "--archive", tmp_path / "archive")
    assert "as old as 2018-06-19 23:59 UTC+07:00" in early.stderr


def test_the_paper_as_of_a_day_says_when_a_page_has_more(archive: Path) -> None:
    def shown(limit: int) -> list[str]:
        return run("as-of", "2018-07", "--limit", str(limit), "--archive", archive).stdout.splitlines()

    stories = len(json.loads(run("as-of", "2018-07", "--json", "--archive", archive).stdout)[0]["stories"])
    assert shown(stories)[0] == "The Phnom Penh Post as of 2018-07-31 23:59 UTC+07:00"
    assert shown(stories)[-1] == ""
    assert shown(stories - 1)[-1] == "--page 2 has more"
