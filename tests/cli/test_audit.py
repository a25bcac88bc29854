"""Known addresses against held stories; the ledger's commands."""

import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from postscraper.items import Capture
from storage.ledger.audit import AuditedAddress, estimate
from tests.helpers.archives import SITE, answer, file, fill, run_on, saved_pages
from tests.helpers.commands import refused, run


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audit") / "archive"
    pages = saved_pages()
    fill(folder, pages)
    with run_on(folder) as opened:
        file(opened, answer(replace(pages[1], url=f"{SITE}/sitemap-stories.xml", body=sitemap(pages))))
    return folder


def sitemap(pages: list[Capture]) -> bytes:
    """One that names every story of the English edition."""
    stories = (page.url for page in pages if page.url.startswith(SITE) and page.url.count("/") > 3)
    entries = "".join(f"<url><loc>{url}</loc></url>" for url in stories)
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'.encode()


@pytest.fixture
def archive(filled: Path, tmp_path: Path) -> Path:
    return copytree(filled, tmp_path / "archive")


def audited(folder: Path, *words: str) -> dict[str, Any]:
    told = run("audit", "--json", *words, "--archive", folder)
    assert (told.exit_code, told.stderr) == (0, "")
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def lacking(found: dict[str, Any], standing: str = "missing") -> set[str]:
    return {each["address"] for each in found["not_held"] if each["standing"] == standing}


def ask(folder: Path, question: str, *values: Any) -> list[Any]:
    with closing(sqlite3.connect(folder / "archive.db")) as database, database:
        return database.execute(question, values).fetchall()


def announced_and_held(folder: Path) -> list[str]:
    """Announced by a listing, which stays when stories are removed."""
    question = (
        "SELECT DISTINCT canonical_url FROM story JOIN sighting ON sighting.address = canonical_url"
        " JOIN capture ON capture.id = capture_id WHERE outcome = 'listing' ORDER BY 1"
    )
    found = ask(folder, question)
    return [address for (address,) in found]


def remove(folder: Path, address: str) -> None:
    """As if the story had never been fetched; what announced it stays."""
    story = "(SELECT id FROM story WHERE canonical_url = ?)"
    ask(folder, f"DELETE FROM image WHERE revision_id IN (SELECT id FROM revision WHERE story_id IN {story})", address)
    ask(folder, f"DELETE FROM revision WHERE story_id IN {story}", address)
    captures = f"(SELECT id FROM capture WHERE story_id IN {story})"
    ask(folder, f"DELETE FROM sighting WHERE capture_id IN {captures}", address)
    ask(folder, f"DELETE FROM capture WHERE story_id IN {story}", address)
    ask(folder, "DELETE FROM reading WHERE id NOT IN (SELECT reading_id FROM capture WHERE reading_id IS NOT NULL)")
    ask(folder, "DELETE FROM story WHERE canonical_url = ?", address)


def unlist(folder: Path, address: str) -> None:
    ask(folder, "DELETE FROM ledger WHERE address = ?", address)


def forget_visit(folder: Path, address: str) -> None:
    ask(folder, "UPDATE ledger SET state = 'known' WHERE address = ?", address)


def leave(_folder: Path, _address: str) -> None: ...


@pytest.mark.parametrize("also", [leave, unlist, forget_visit])
def test_names_exactly_the_known_addresses_that_were_removed(archive: Path, also: Callable[[Path, str], None]) -> None:
    before = audited(archive)
    removed = announced_and_held(archive)[::2]
    assert len(removed) >= 5
    for address in removed:
        remove(archive, address)
        also(archive, address)
    after = audited(archive)
    assert lacking(after) - lacking(before) == set(removed)
    assert after["totals"]["held"] == before["totals"]["held"] - len(removed)
    told = run("audit", "--archive", archive).stdout
    assert all(f"missing: {address}\n" in told for address in removed if "%" not in address)


def test_days_and_sections_add_up_and_can_be_asked_for(archive: Path) -> None:
    found = audited(archive)
    for standing, count in found["totals"].items():
        assert sum(day.get(standing, 0) for day in found["days"]) == count
    (address,) = announced_and_held(archive)[:1]
    on, section = ask(archive, "SELECT published_on, section FROM story WHERE canonical_url = ?", address)[0]
    of_day = audited(archive, "--since", on, "--until", on)
    assert {day["on"] for day in of_day["days"]} == {on, None}
    assert section
    national = audited(archive, "--section", "national")
    assert {day["section"] for day in national["days"]} == {"national"}
    assert 0 < national["totals"]["missing"] < found["totals"]["missing"]


def test_what_is_gone_failed_or_no_story_is_not_missing(archive: Path) -> None:
    gone, failed, listed = sorted(each for each in lacking(audited(archive)) if "phnompenhpost" in each)[:3]
    page = saved_pages()[1]
    listing = next(each for each in saved_pages() if each.url.endswith("/national"))
    with run_on(archive) as opened:
        file(opened, answer(replace(page, url=gone), status=404, body=b"<html>no such page</html>"))
        opened.failed(failed, "TimeoutError: no answer")
        file(opened, answer(replace(listing, url=listed)))
    found = audited(archive)
    assert gone in lacking(found, "gone")
    assert failed in lacking(found, "failed")
    assert listed in lacking(found, "unread")
    assert not {gone, failed, listed} & lacking(found)
    assert f"failed: {failed} · TimeoutError: no answer" in run("audit", "--archive", archive).stdout


def test_a_list_whose_address_looks_like_a_story_s_is_not_missing(archive: Path) -> None:
    read_as_list, further_page = sorted(lacking(audited(archive)))[:2]
    ask(archive, "UPDATE ledger SET kind = 'listing' WHERE address = ?", read_as_list)
    ask(archive, "UPDATE ledger SET how = 'pager' WHERE address = ?", further_page)
    assert not {read_as_list, further_page} & lacking(audited(archive))


def test_the_address_of_a_list_is_shown_by_another_command(archive: Path) -> None:
    refused(run("show", f"{SITE}/", "--archive", archive), 4, "it is a list: `postscraper front ")


def lists(chance: random.Random, likely: float) -> set[Any]:
    found = {"sitemap"} if chance.random() < likely else set()
    return found | ({"link"} if chance.random() < likely / 2 else set())


def test_estimates_what_no_list_knows() -> None:
    chance = random.Random(4)
    drawn = [AuditedAddress(str(number), lists=lists(chance, 0.6)) for number in range(2000)]
    found = estimate([each for each in drawn if each.lists])
    assert found is not None
    assert found.at_least <= 2000 <= found.at_most
    assert found.at_most - found.at_least < 300
    assert found.unknown == found.stories - len([each for each in drawn if each.lists])


def test_estimates_nothing_from_lists_that_hardly_overlap() -> None:
    alone = [AuditedAddress(str(n), lists={"sitemap"}) for n in range(50)] + [
        AuditedAddress(f"x{n}", lists={"link"}) for n in range(50)
    ]
    assert estimate(alone + [AuditedAddress(f"y{n}", lists={"feed", "teaser"}) for n in range(6)]) is None
    found = estimate(alone + [AuditedAddress(f"y{n}", lists={"feed", "teaser"}) for n in range(7)])
    assert found is not None
    # (57 + 1)(57 + 1)/(7 + 1) - 1
    assert (found.by_engine, found.by_people, found.in_both, found.stories) == (57, 57, 7, 420)


def test_lists_that_know_all_leave_nothing_unknown() -> None:
    found = estimate([AuditedAddress(str(n), lists={"sitemap", *(["link"] if n % 3 else [])}) for n in range(90)])
    assert found is not None
    assert (found.stories, found.unknown, found.at_least, found.at_most) == (90, 0, 90, 90)


def test_ledger_counts_states_and_reasons(archive: Path) -> None:
    counts = json.loads(run("ledger", "--json", "--archive", archive).stdout)
    stored = dict(ask(archive, "SELECT state, count(*) FROM ledger GROUP BY 1"))
    assert {each["state"]: each["addresses"] for each in counts} == stored
    assert all(sum(why["addresses"] for why in each["reasons"]) == each["addresses"] for each in counts)
    unread = json.loads(run("ledger", "--state", "unread", "--json", "--archive", archive).stdout)
    assert len(unread) == stored["unread"]
    assert {row["state"] for row in unread} == {"unread"}
    shown = run("ledger", "--state", "unread", "--archive", archive).stdout
    assert all(row["url"] in shown for row in unread if "%" not in row["url"])


def test_retry_queues_again_and_says_how_many(archive: Path) -> None:
    (count,) = ask(archive, "SELECT count(*) FROM ledger WHERE state = 'unread'")[0]
    far = "2099-01-01T00:00:00+00:00"
    ask(archive, "UPDATE ledger SET due_at = ? WHERE state IN ('unread', 'done')", far)
    assert f"Due again: {count} unread addresses;" in run("retry", "--state", "unread", "--archive", archive).stdout
    assert ask(archive, "SELECT DISTINCT state FROM ledger WHERE due_at = ?", far) == [("done",)]
    again = json.loads(run("retry", "--state", "failed", "--json", "--archive", archive).stdout)
    assert again["state"] == "failed"
    refused(run("retry", "--archive", archive / "none"), 5, "no archive")
    assert not (archive / "none").exists()
