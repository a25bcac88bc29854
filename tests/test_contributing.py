"""CONTRIBUTING.md against the code: the drawing of the roads, the words, and every path that it names."""

import ast
import re

import pytest

from docs.roads import PAGE, ROADS, WrongRoad, check_road, redrawn
from tests.helpers.paths import ROOT

TEXT = PAGE.read_text("utf-8")


def test_the_drawing_is_that_of_the_imports() -> None:
    assert redrawn(TEXT) == TEXT, "the map in CONTRIBUTING.md is not that of the code; run: make roads"


@pytest.mark.parametrize(
    ("line", "replacement", "reason"),
    [
        ("reading/read.py", "reading/reader.py", "postscraper/reading/reader.py is not there"),
        ("reading/read.py", "bulk/replay.py", "page_reader does not import postscraper.bulk.replay"),
        ("reading/read.py", "extraction/page.py", "postscraper.extraction.page only by way of"),
        ("        postscraper/crawl/robots.py", "        postscraper/crawl/pacing.py", "does not name"),
    ],
)
def test_a_wrong_road_is_not_drawn(line: str, replacement: str, reason: str) -> None:
    road = next(iter(ROADS.values()))
    assert list(check_road(road))
    with pytest.raises(WrongRoad, match=reason):
        list(check_road(road.replace(line, replacement)))


def _words() -> list[tuple[str, str]]:
    """Word and place of each row of the table."""
    table = TEXT.split("| word | means | where |\n|---|---|---|\n")[1].split("\n\n")[0]
    return [(cells[0], cells[-1]) for cells in (row.strip("| ").split(" | ") for row in table.splitlines())]


def test_the_words_are_few() -> None:
    assert 20 <= len([word for cell, _ in _words() for word in cell.split(", ")]) <= 30


@pytest.mark.parametrize(("word", "where"), _words())
def test_each_word_is_where_the_table_says(word: str, where: str) -> None:
    path, *names = re.findall(r"`([^`]+)`", where)
    body = ast.parse((ROOT / path).read_text("utf-8")).body
    functions = {node.name for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
    constants = {
        target.id
        for node in body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert set(names) <= functions | constants, f"{path} defines no {names} ({word})"


PATH = re.compile(r"`((?:postscraper|storage|tests|benchmarks|deploy|docs|samples)/[\w./-]*)`")


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", *(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/**/*.md"))]
)
def test_every_path_that_a_page_names_is_there(page: str) -> None:
    missing = [path for path in PATH.findall((ROOT / page).read_text("utf-8")) if not (ROOT / path).exists()]
    # Capital letters stand for the names that a recipe's reader fills in.
    assert not [path for path in missing if not re.search("[A-Z]{4}", path)]
