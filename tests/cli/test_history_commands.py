"""`history`, `diff`, `changes` and `show --revision` over an archive of a few edited stories."""

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from postscraper.items import Article
from storage.archive import Archive
from tests.helpers.commands import KHMER, refused, run
from tests.helpers.items import article, captioned

NOTE = "Correction: An earlier version of this story gave a wrong depth."
HOSTILE = '<script>alert("x")</script> & \x1b[31mred\u202e'


def wordings() -> list[Article]:
    khmer = {"language": "km", "headline": KHMER, "slug": "road", "section": "ព័ត៌មានជាតិ"}
    return [
        article(hours=0, body="The canal is 3 metres deep.\n\nBoats come.", section="National"),
        article(hours=5, body="The canal is 5 metres deep.\n\nBoats come.", section="National"),
        article(hours=9, body=f"The canal is 5 metres deep.\n\nBoats come.\n\n{NOTE}", section="National"),
        article(hours=0, body="ផ្លូវ​នេះ​វែង​ពីរ​គីឡូម៉ែត្រ។", **khmer),
        article(hours=30, body="ផ្លូវ​នេះ​វែង​បី​គីឡូម៉ែត្រ។", **khmer),
        article(hours=1, slug="odd", body=f"Zebra {HOSTILE}", headline=HOSTILE, section="Opinion"),
        article(
            hours=2, slug="odd", body=f"Gnu {HOSTILE}", headline=HOSTILE, section="Opinion", images=captioned("<b>A")
        ),
        article(hours=0, slug="still"),
    ]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("edits") / "archive"
    with Archive.open(folder) as opened:
        opened.add_many([(item, None) for item in wordings()])
    return folder


def data(*words: str | Path) -> Any:
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_history_prints_each_revision_with_its_changes_and_notes(archive: Path) -> None:
    said = run("history", "/national/canal", "--archive", archive).stdout
    first, second, third = said.split("\n\nRevision ")[1:]
    assert "captures: 1 · drupal_2017" in first
    assert "figure (body, block 1): 3 → 5" in second
    assert "silent" not in said
    assert "note added (body, block 3): + Correction: An earlier" in third
    assert "correction, explains revision 2: Correction: An earlier" in third

    revisions = data("history", "/national/canal", "--archive", archive)["revisions"]
    assert [[edit["kind"] for edit in each["edits"]] for each in revisions] == [[], ["figure"], ["note_added"]]
    assert [note["explains"] for each in revisions for note in each["corrections"]] == [2]


def test_a_change_without_a_note_is_called_silent(archive: Path) -> None:
    assert "silent: no note explains it" in run("history", "/national/road", "--archive", archive).stdout
    assert [each["silent"] for each in data("history", "/national/road", "--archive", archive)["revisions"]] == [
        False,
        True,
    ]


def test_changes_lists_edited_stories_the_last_first(archive: Path) -> None:
    def found(*words: str) -> list[tuple[str, int]]:
        listed = data("changes", *words, "--archive", archive)
        return [(each["canonical_url"].rsplit("/", 1)[-1], each["revision"]) for each in listed]

    assert found() == [("road", 2), ("canal", 3), ("canal", 2), ("odd", 2)]
    assert found("--type", "figure") == [("road", 2), ("canal", 2)]
    assert found("--silent") == [("road", 2), ("odd", 2)]
    assert found("--section", "national") == [("canal", 3), ("canal", 2)]
    assert found("--since", "2018-06-21") == [("road", 2)]
    assert found("--until", "2018-06-20", "--limit", "1") == [("canal", 3)]
    assert found("--type", "paragraph_moved") == []
    listed = run("changes", "--archive", archive).stdout
    assert "ពីរ → បី" in listed
    assert "\x1b" not in listed
    assert "\u202e" not in listed
    refused(run("changes", "--section", "Natonal", "--archive", archive), 2, "Natonal", "National")


def test_diff_marks_the_words(archive: Path) -> None:
    said = run("diff", "/national/canal", "--from", "1", "--to", "2", "--archive", archive).stdout
    assert "The canal is [-3-]{+5+} metres deep." in said
    said = run("diff", "/national/road", "--archive", archive).stdout.replace("\u200b", "")
    assert "[-ពីរ-]{+បី+}" in said
    pieces = data("diff", "/national/canal", "--from", "1", "--to", "3", "--archive", archive)["fields"]["body"]
    assert [piece["text"] for piece in pieces if piece["is"] == "removed"] == ["3"]
    backwards = data("diff", "/national/canal", "--from", "3", "--to", "1", "--archive", archive)["fields"]["body"]
    assert [piece["text"] for piece in backwards if piece["is"] == "added"] == ["3"]
    refused(run("diff", "/national/still", "--archive", archive), 4, "never edited")
    refused(run("diff", "/national/canal", "--to", "7", "--archive", archive), 4, "has 3 revisions, and no revision")


class Elements(HTMLParser):
    """The elements of a page, and the words that are marked."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.marked: list[tuple[str, str]] = []
        self.open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.open = tag

    def handle_endtag(self, tag: str) -> None:
        self.open = ""

    def handle_data(self, data: str) -> None:
        if self.open in ("del", "ins"):
            self.marked.append((self.open, data))


def test_the_page_of_a_diff_is_whole_and_escaped(archive: Path, tmp_path: Path) -> None:
    pages = {}
    for slug in ("canal", "road", "odd"):
        run("diff", f"/national/{slug}", "--html", tmp_path / slug, "--archive", archive)
        pages[slug] = (tmp_path / slug).read_text("utf-8")
    for page in pages.values():
        assert {"script", "img", "link", "b"}.isdisjoint(Elements(page).names)
        assert "\x1b" not in page
    assert Elements(pages["odd"]).marked == [("ins", "<b>A"), ("del", "Zebra"), ("ins", "Gnu")]
    assert [(name, text.replace("\u200b", "")) for name, text in Elements(pages["road"]).marked] == [
        ("del", "ពីរ"),
        ("ins", "បី"),
    ]
    assert 'lang="km"' in pages["road"]
    assert "prefers-color-scheme: dark" in pages["canal"]


def test_show_prints_an_older_wording(archive: Path) -> None:
    assert (
        "The canal is 3 metres deep." in run("show", "/national/canal", "--revision", "1", "--archive", archive).stdout
    )
    assert "The canal is 5 metres deep." in run("show", "/national/canal", "--archive", archive).stdout
    only = data("show", "/national/canal", "--revision", "2", "--archive", archive)["revisions"]
    assert [each["number"] for each in only] == [2]
    refused(
        run("show", "/national/canal", "--revision", "4", "--archive", archive), 4, "has 3 revisions, and no revision"
    )
