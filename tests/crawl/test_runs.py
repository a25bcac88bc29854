"""Every crawl is a row, with what the server saw of it and what is new in the markup; `runs` lists and reports them."""

import json
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from storage.ingest.skeletons import BASELINE
from tests.helpers.commands import refused, run
from tests.helpers.crawls import asked, crawl, scrapy
from tests.helpers.mirror import Mirror
from tests.helpers.paths import SAMPLES


@pytest.fixture
def mirror(httpserver: HTTPServer) -> Mirror:
    return Mirror(httpserver, SAMPLES)


def test_a_run_has_the_servers_counts_and_its_exit_code(tmp_path: Path, mirror: Mirror, httpserver: HTTPServer) -> None:
    assert crawl(tmp_path, mirror, "-a", "limit=30").returncode == 0
    archive = tmp_path / "archive"
    report = json.loads(run("runs", 1, "--json", "--archive", archive).stdout)
    assert (report["newspaper"], report["source"], report["arguments"]) == ("post", "live", {"limit": 30})
    assert (report["exit_code"], report["reason"], report["ended_at"] is not None) == (0, None, True)
    assert report["requests"] == report["answers"] == len(httpserver.log)
    assert report["bytes"] > sum(len(response.get_data()) for _, response in httpserver.log)
    assert sum(report["outcomes"].values()) == asked(tmp_path, "SELECT count(*) FROM capture WHERE part = ''")[0][0]
    assert 0 <= report["shortest_gap_seconds"] < 5
    assert set(report["filled"]) == {"published_on", "section", "byline", "images"}
    # A second visit of what is held is answered 304.
    assert run("retry", "--state", "done", "--archive", archive).exit_code == 0
    before = sum(mirror.conditional.values())
    assert crawl(tmp_path, mirror, "-a", "limit=10").returncode == 0
    second = json.loads(run("runs", 2, "--json", "--archive", archive).stdout)
    assert second["not_modified"] == sum(mirror.conditional.values()) - before > 0
    lines = run("runs", "--archive", archive).stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["2", "1"]
    assert all("ended well" in line for line in lines)


def test_a_run_that_fails_says_why_in_list_and_page(tmp_path: Path, mirror: Mirror) -> None:
    mirror.pages["/"] = b"<html><title>Just a moment...</title><body><div id=challenge-form></div></body></html>"
    done = crawl(tmp_path, mirror, "-a", "url=https://www.phnompenhpost.com/")
    assert done.returncode == 14
    archive, page = tmp_path / "archive", tmp_path / "run.html"
    report = json.loads(run("runs", 1, "--json", "--html", page, "--archive", archive).stdout)
    assert report["exit_code"] == 14
    assert f"postscraper: {report['reason']}" == done.stderr.splitlines()[-1]
    assert report["doors"] == {"HTML": "a bot check"}
    assert "a bot check" in page.read_text("utf-8")
    assert "ended with 14" in run("runs", "--archive", archive).stdout


def test_runs_outlast_rebuilding_and_lose_the_address_of_a_withdrawn_story(tmp_path: Path, mirror: Mirror) -> None:
    story = "https://www.phnompenhpost.com/national/river-clinic-opens-koh-thom"
    assert crawl(tmp_path, mirror, "-a", f"url={story}").returncode == 0
    archive = tmp_path / "archive"
    before = asked(tmp_path, "SELECT * FROM run")
    assert run("rebuild", "--archive", archive).exit_code == 0
    assert asked(tmp_path, "SELECT * FROM run") == before
    assert run("withdraw", story, "--reason", "a test", "--yes", "--archive", archive).exit_code == 0
    assert asked(tmp_path, "SELECT arguments FROM run") == [('"withdrawn"',)]
    assert run("verify", "--archive", archive).exit_code == 0
    assert 'arguments: "withdrawn"' in run("runs", 1, "--archive", archive).stdout


def test_new_classes_in_the_markup_of_stories_are_in_summary_and_reports(tmp_path: Path) -> None:
    archive, page = tmp_path / "archive", tmp_path / "run.html"
    body = (SAMPLES / "phnompenhpost" / "drupal_2017" / "river-clinic.html").read_text("utf-8")

    def crawled(name: str, count: int, wrapper: str) -> list[str]:
        folder = tmp_path / name
        folder.mkdir()
        for number in range(count):
            url = f"https://www.phnompenhpost.com/national/{name}-{number}"
            text = body.replace("https://www.phnompenhpost.com/national/river-clinic-opens-koh-thom", url)
            text = text.replace('<article itemprop="about"', f'<article class="{wrapper}" itemprop="about"')
            (folder / f"{number}.html").write_text(text, "utf-8")
            (folder / f"{number}.url").write_text(f"{url}\n2018-06-20T08:15:00+07:00\n")
        done = scrapy(tmp_path, "crawl", "post", "-a", "source=folder", "-a", f"path={folder}", "-L", "WARNING")
        assert done.returncode == 0, done.stderr
        return [line for line in done.stderr.splitlines() if line.startswith("New in the markup")]

    assert crawled("first", BASELINE, "") == []
    example = "https://www.phnompenhpost.com/national/second-0"
    assert crawled("second", 4, "card-7") == [
        f"New in the markup of drupal_2017: class card-#, on 4 of 4 stories, as {example}"
    ]
    report = json.loads(run("runs", 2, "--json", "--html", page, "--archive", archive).stdout)
    assert report["skeletons"] == [{"layout": "drupal_2017", "name": "card-#", "stories": 4, "of": 4, "url": example}]
    assert f"<td>card-#<td>4<td>4<td>{example}" in page.read_text("utf-8")
    assert "card-#, 4 of 4" in run("runs", 2, "--archive", archive).stdout
    before = asked(tmp_path, "SELECT * FROM skeleton")
    assert run("rebuild", "--archive", archive).exit_code == 0
    assert asked(tmp_path, "SELECT * FROM skeleton") == before
    assert crawled("third", 4, "card-8") == []
    wrapped = '"><div class="'.join(("a", "b", "c", "d", "e"))
    assert crawled("fourth", 4, wrapped)[3:] == ["New in the markup: 2 further classes, see `postscraper runs 4`"]
    assert run("withdraw", example, "--reason", "a test", "--yes", "--archive", archive).exit_code == 0
    assert json.loads(run("runs", 2, "--json", "--archive", archive).stdout)["skeletons"][0]["url"] is None
    assert asked(tmp_path, "SELECT url FROM skeleton WHERE name = 'card-#'") == [(None,)]


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    assert scrapy(tmp_path, "crawl", "post", "-a", "source=samples", "-a", "limit=1").returncode == 0
    archive = tmp_path / "archive"
    assert json.loads(run("runs", 1, "--json", "--archive", archive).stdout)["requests"] == 0
    refused(run("runs", 7, "--archive", archive), 4, "no run 7", "`postscraper runs`")
    assert run("runs", "--html", tmp_path / "x", "--archive", archive).exit_code == 2
