"""`postscraper families`: finding, asking, and refusing."""

import json
from pathlib import Path

from storage.archive import Archive
from tests.helpers.commands import refused, run
from tests.helpers.items import SITE, article

BODY = (
    "The bar sign over the market has been repaired for the ninth time by a man who cannot read it, and who asks every"
    * 2
)


def test_families_are_found_printed_and_refused(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    with Archive.open(folder) as archive:
        archive.add_many((article(slug, hours, BODY), None) for hours, slug in enumerate(("sign", "sign-0")))
    asked = run("families", "--archive", folder)
    assert (asked.exit_code, asked.stdout) == (0, "")
    assert "families --update" in asked.stderr
    found = json.loads(run("families", "--find", "--json", "--archive", folder).stdout)
    assert (found["stories"], found["families"], found["members"]) == (2, 1, {"head": 1, "same text": 1})
    assert "0 were new or edited" in run("families", "--update", "--archive", folder).stdout
    assert "All 2 stories compared anew" in run("families", "--find", "--archive", folder).stdout
    printed = run("families", "/national/sign-0", "--archive", folder).stdout
    assert "same text · 100% similar · 0% its own" in printed
    assert f"{SITE}/national/sign\n" in printed
    ((head, copy),) = json.loads(run("families", "--json", "--archive", folder).stdout)
    assert (head["reason"], copy["compared_url"]) == ("head", head["canonical_url"])
    refused(run("families", "/national/other", "--archive", folder), 4, "no story")
    assert run("families", "--find", "--update", "--archive", folder).exit_code == 2
    assert run("families", "/national/sign", "--find", "--archive", folder).exit_code == 2


def test_a_story_that_was_compared_in_vain_is_not_sent_to_be_compared(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    with Archive.open(folder) as archive:
        archive.add(article("sign", 0, BODY))
    assert "no family yet" in run("families", "1", "--archive", folder).stderr
    run("families", "--find", "--archive", folder)
    for words, sentence in (((), "There are no families.\n"), (("1",), "This story is in no family.\n")):
        assert run("families", *words, "--archive", folder).stderr == sentence
