"""Citations: every style from one CSL-JSON, beside what it must be, and as other programs read it."""

import json
import re
import subprocess
import warnings
from datetime import UTC, date, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from storage.archive import Archive
from storage.errors import NoSuchStory
from storage.query.citation import Citation, author, citation, pwid
from storage.query.citation_styles import STYLES, cited
from storage.query.proof import stored_wording
from tests.helpers.commands import refused, run
from tests.helpers.items import article
from tests.helpers.needed import needed

GOLDEN = Path(__file__).parent / "citations"
KHMER = "អណ្តូងទឹកថ្មីនៅភូមិព្រែកសំណាង"
STORIES: dict[str, dict[str, Any]] = {
    "one": {"authors": ("Sem Bopha",), "byline": "Sem Bopha", "section": "National"},
    "two": {"authors": ("Sem Bopha", "Anna van der Berg"), "agency": "AFP"},
    "three": {"authors": ("Sem Bopha", "John Q Smith, Jr", "Mary-Ann Lee"), "headline": "Who owns “the lake”?"},
    "many": {"authors": tuple(f"Writer Number{letter}" for letter in "abcdefghijklmnopqrstuvw")},
    "agency": {"agency": "Asia News Network", "byline": "ANN"},
    "staff": {"byline": "Post Staff"},
    "nobody": {"headline": "Police blotter"},
    "undated": {"published_on": None, "authors": ("Sem Bopha",)},
    "khmer": {"headline": KHMER, "authors": ("ចាន់ សុវណ្ណារ៉ា",), "language": "km"},
    "signs": {"headline": "50% {off} | A_B & C#1 ~ ^ \\ [x] ''bold'' <ref> $5 = “five”", "authors": ("O’Neil & Sons",)},
}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cite") / "archive"
    with Archive.open(folder) as opened:
        for slug, fields in STORIES.items():
            usual = {"published_on": date(2018, 6, 20), "headline": "Canal reopens after nine years"}
            opened.add(article(slug, 0.25, **(usual | fields)))
        opened.add(article("one", 9, headline="Canal reopens", authors=("Sem Bopha",), published_on=date(2018, 6, 20)))
        opened.add(article("wayback", 2, authors=("Sem Bopha",), source="wayback"))
    return folder


def found(archive: Path, slug: str, number: int | None = None, names: Any = "printed") -> Citation:
    with Archive.open(archive, readonly=True) as opened:
        story = opened.story(f"https://www.phnompenhpost.com/national/{slug}").row.id
        title = "The Phnom Penh Post"
        return opened.ask(citation, story, number, newspaper=title, archive_id="library.example", names=names)


def everything(archive: Path, style: str) -> str:
    texts = [cited(found(archive, slug), style) for slug in (*STORIES, "wayback")]
    texts += [cited(found(archive, slug, names="given-first"), style) for slug in ("two", "three", "many", "khmer")]
    return "\n\n".join((*texts, cited(found(archive, "one", 1, "family-first"), style))) + "\n"


@pytest.mark.parametrize("style", STYLES)
def test_each_style_is_as_it_must_be(archive: Path, style: str, request: pytest.FixtureRequest) -> None:
    golden = GOLDEN / f"{style}.txt"
    said = everything(archive, style)
    if request.config.getoption("--accept"):
        golden.write_text(said, "utf-8")
    assert said == golden.read_text("utf-8")


def test_names_are_taken_apart_only_when_their_order_is_given() -> None:
    assert author("Sok Dara", "printed") == {"literal": "Sok Dara"}
    assert author("Sok Dara", "family-first") == {"family": "Sok", "given": "Dara"}
    assert author("Anna van der Berg", "given-first") == {"family": "van der Berg", "given": "Anna"}
    assert author("John Smith, Jr.", "given-first") == {"family": "Smith", "given": "John", "suffix": "Jr."}
    assert author("Sukarno Jr", "given-first") == {"literal": "Sukarno Jr"}
    assert author("ចាន់ សុវណ្ណារ៉ា", "family-first") == {"literal": "ចាន់ សុវណ្ណារ៉ា"}


def test_the_pwid_is_a_urn_of_the_file() -> None:
    at = datetime(2018, 6, 12, 3, 20, 11, tzinfo=UTC)
    said = pwid("archive.org", at, "https://x.org/a?b#c")
    assert said == "urn:pwid:archive.org:2018-06-12T03:20:11Z:part:https://x.org/a%3Fb%23c"
    assert re.fullmatch(r"urn:pwid:[\x21-\x7e]+", pwid("a", at, "https://x.org/ទឹក"))


def test_a_revision_is_cited_with_its_own_headline_and_capture(archive: Path) -> None:
    first, newest = found(archive, "one", 1), found(archive, "one")
    assert (first.item["title"], newest.item["title"]) == ("Canal reopens after nine years", "Canal reopens")
    assert first.digest != newest.digest
    with pytest.raises(NoSuchStory, match="has 2 revisions, and no revision 3"):
        found(archive, "one", 3)


def test_a_story_that_is_not_held_is_named(archive: Path) -> None:
    with Archive.open(archive, readonly=True) as opened, pytest.raises(NoSuchStory, match="no story 99"):
        opened.ask(stored_wording, 99)


def test_the_archive_of_a_citation_is_named_whole(archive: Path) -> None:
    with Archive.open(archive, readonly=True) as opened:
        item = opened.ask(citation, 1, newspaper="The Post", archive_id="localhost:8000").item
    assert item["archive"] == "localhost:8000"


def test_the_command(archive: Path) -> None:
    said = run("cite", "/national/one", "--style", "bibtex", "--archive-id", "library.example", "--archive", archive)
    assert said.stdout.strip() == cited(found(archive, "one"), "bibtex")
    (item,) = json.loads(run("cite", "/national/one", "--json", "--archive", archive).stdout)
    assert item["container-title"] == "The Phnom Penh Post"
    refused(run("cite", "/national/one", "--revision", 7, "--archive", archive), 4, "no revision 7")


# Other programs' reading of what is written.


def pandoc(text: str, *words: str) -> str:
    done = subprocess.run(
        [needed("pandoc", "pandoc"), *words], input=text, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


SAME = ("title", "container-title", "issued", "accessed", "URL")


@pytest.mark.parametrize("form", ["biblatex", "csljson"])
def test_a_processor_reads_the_same_item(archive: Path, form: str) -> None:
    style = {"biblatex": "bibtex", "csljson": "csl-json"}[form]
    for slug in (*STORIES, "wayback"):
        for names in ("printed", "given-first"):
            mine = found(archive, slug, names=names)
            (theirs,) = json.loads(pandoc(cited(mine, style), "-f", form, "-t", "csljson"))
            for name in SAME:
                assert plain(theirs.get(name)) == plain(mine.item.get(name)), (slug, name)
            assert len(theirs.get("author", [])) == len(mine.item.get("author", ()))
            for one, other in zip(theirs.get("author", []), mine.item.get("author", ()), strict=True):
                assert whole(one) == whole(other)


def plain(value: Any) -> Any:
    """Without the marks by which a processor keeps capitals, and its own forms of quotes and spaces."""
    if isinstance(value, str):
        text = re.sub(r"<[^>]*class=\"nocase\">|</span>|\s", "", value)
        return re.sub("[“”‘’\"']+", "'", text)
    return [[int(part) for part in parts] for parts in value["date-parts"]] if value else value


def whole(name: dict[str, str]) -> set[str]:
    return {word.strip(",.") for value in name.values() if isinstance(value, str) for word in value.split()}


def test_a_processor_formats_it_as_chicago_does(archive: Path) -> None:
    """Pandoc's own style is Chicago's author-date: the same parts, so that none is lost."""
    for slug in ("one", "three", "agency", "undated", "khmer"):
        mine = found(archive, slug, names="given-first")
        page = f"---\nnocite: '@*'\nreferences: {json.dumps([mine.item], ensure_ascii=False)}\n---\n"
        theirs = pandoc(page, "-f", "markdown", "-t", "plain", "--citeproc", "--wrap=none").casefold()
        for part in (mine.item["title"].strip("?”"), "phnom penh post", mine.item["URL"]):
            assert plain(part.casefold())[:20] in plain(theirs), (slug, part)


def test_citeproc_formats_every_item(archive: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own code, and of fields that its style has no use for
        citeproc = import_module("citeproc")
        source = import_module("citeproc.source.json")
        for slug in (*STORIES, "wayback"):
            mine = found(archive, slug, names="given-first")
            style = citeproc.CitationStylesStyle("harvard-cite-them-right", validate=False)
            read = source.CiteProcJSON(json.loads(cited(mine, "csl-json")))
            shelf = citeproc.CitationStylesBibliography(style, read, citeproc.formatter.plain)
            shelf.register(citeproc.Citation([citeproc.CitationItem(mine.item["id"].lower())]))
            (text,) = map(str, shelf.bibliography())
            assert plain(mine.item["title"])[:10].casefold() in plain(text).casefold(), text
            assert all(
                plain(name.get("family", name.get("literal", "")))[:5] in plain(text)
                for name in mine.item.get("author", ())[:1]
            ), text


def test_ris_has_a_field_a_line_and_no_other_line(archive: Path) -> None:
    for record in everything(archive, "ris").split("\n\n"):
        lines = record.rstrip("\n").split("\n")
        assert lines[0] == "TY  - NEWS"
        assert lines[-1] == "ER  - "
        assert all(re.match(r"[A-Z][A-Z0-9]  - ", line) for line in lines)
