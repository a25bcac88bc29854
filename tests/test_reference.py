"""The pages of docs/reference/ against the code."""

import dataclasses
import re
from typing import get_args

import pytest

from docs.reference import FOLDER, ITEMS, PAGES_BY_NAME, README, field_texts, page, readme
from postscraper import settings
from postscraper.cli import exit_codes
from postscraper.cli.main import GROUPS
from postscraper.run.scope import ARGUMENTS, SOURCES
from storage.holdings.models import State


def table(name: str, heading: str) -> list[list[str]]:
    """The cells of the first table below a heading of a page, without its head."""
    text = (FOLDER / name).read_text("utf-8").split(f"# {heading}\n", 1)[1]
    rows = re.findall(r"^\|.*\|$", text.split("\n#", 1)[0], re.MULTILINE)
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row)[1:-1]] for row in rows[2:]]


@pytest.mark.parametrize("name", PAGES_BY_NAME)
def test_a_page_is_that_of_the_code(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == page(name), f"docs/reference/{name} is old; run: make reference"


def test_the_commands_in_the_readme_are_the_groups_of_the_help() -> None:
    text = README.read_text("utf-8")
    assert text == readme(text), "the table of commands in README.md is old; run: make reference"
    assert all(f"`{name}`" in text for names in GROUPS.values() for name in names)


def test_every_field_of_an_item_is_described() -> None:
    without = [
        f"{kind.__name__}.{field.name}"
        for kinds in ITEMS
        for kind in kinds
        for field in dataclasses.fields(kind)
        if not field_texts(kind)[1].get(field.name)
    ]
    assert without == [], "name each field before its description in the docstring of its class"


def test_the_arguments_of_a_crawl_are_those_of_the_code() -> None:
    shown = " ".join(row[0] for row in table("crawl.md", "Arguments"))
    assert set(re.findall(r"\b([a-z]+)=", shown)) == set(ARGUMENTS)
    assert set(re.findall(r"source=([a-z]+)", shown)) == set(SOURCES)


def test_the_settings_of_a_crawl_are_those_of_the_code() -> None:
    rows = {row[0].strip("`"): row[1] for row in table("crawl.md", "Settings")}
    assert {"CONTACT", "DOWNLOAD_DELAY", "PAPER_ORIGIN"} <= rows.keys()
    for name, shown in rows.items():
        value = getattr(settings, name)
        if name == "ARCHIVE_DIR":
            assert shown.startswith("`archive`")
        elif name.endswith("_ORIGIN") and shown != "none":  # the code that asks has the address itself
            assert value is None
        else:
            assert shown == ("none" if value is None else f"`{value}`"), name


def test_the_states_of_a_capture_elsewhere_are_those_of_the_code() -> None:
    states = {row[0].strip("`") for row in table("crawl.md", "Captures of other archives")}
    assert states == set(get_args(State))


def test_the_exit_codes_are_those_of_the_code() -> None:
    named = {value for value in vars(exit_codes).values() if type(value) is int}
    assert {int(row[0]) for row in table("exit-codes.md", "Exit codes")} == {0, *named, *exit_codes.EXIT_CODES.values()}
