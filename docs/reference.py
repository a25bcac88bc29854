"""Write what follows from the code into docs/reference/ and README.md: `python -m docs.reference`."""

import ast
import dataclasses
import inspect
import tokenize
from collections.abc import Callable, Iterator, Mapping
from io import StringIO
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from postscraper import items, settings
from postscraper.cli.main import GROUPS, main
from postscraper.web.app import PAGES
from postscraper.web.openapi import description
from postscraper.web.views import captures
from storage.database.descriptions import described_names

FOLDER = Path(__file__).parent / "reference"
README = FOLDER.parents[1] / "README.md"
README_TABLE = "| to | commands |\n|---|---|\n"
WIDTH = 100  # columns of a command's help

COMMANDS_HEAD = """# Commands

Written from the code by `make reference`.

The text of each is that of `postscraper COMMAND --help`. `--archive DIR`, before or after the command, names the
archive, or the environment's `POSTSCRAPER_ARCHIVE` does; without either it is `archive`. Days are written `2018-06-20`,
`2018-06` or `2018`. `--json` prints JSON and nothing else. Archives are filled by `scrapy crawl`: [crawls](crawl.md).

The examples work on the demo, in the project's folder: after `make demo` and `export POSTSCRAPER_ARCHIVE=demo-archive`.
"""
SETTINGS_HEAD = """# Settings that differ from Scrapy's

Written from the code by `make reference`.

This is `postscraper/settings.py`, its reasons as text. [Crawls](crawl.md) has the settings that you may want to change;
all others are [Scrapy's](https://docs.scrapy.org/en/latest/topics/settings.html).
"""
ITEM_HEAD = """# The item

Written from the code by `make reference`.

What is read of a capture: an `Article`, a `Listing`, or an `Unread`. Their fields, in this order, are a contract;
feeds, `postscraper read` and `reading.item` in the database have them under these names. In JSON a moment is
`2018-06-20T01:10:00Z`, a day `2018-06-20`, and what is not known `null`.
"""
API_HEAD = """# API of the reading room

Written from the code by `make reference`.

`postscraper serve` answers these addresses with JSON, CSV or a feed, and describes them by OpenAPI at
`/docs/openapi.json`. Only GET and HEAD; no key is needed. Errors are objects with `status` and `error`.
"""

ITEMS = (
    (items.Article, items.Listing, items.Unread),
    (items.Block, items.Image, items.Link, items.Teaser, items.DatedTeaser, items.Problem, items.Receipt, items.Record),
)
EVERYWHERE = ("type", "layout", "language", "url", "canonical_url", "problems", "capture")
VALUES = ("BlockKind", "ProblemKind", "Reason", "Printable")


def commands() -> Iterator[str]:
    yield COMMANDS_HEAD
    above = click.Context(main, info_name="postscraper", **main.context_settings)
    for title, names in GROUPS.items():
        yield f"## {title}\n"
        for name, does in names.items():
            yield f"### {name}\n\n{does}\n"
            command = main.get_command(above, name)
            assert command is not None
            yield from _help(command, name, above)


def _help(command: click.Command, name: str, above: click.Context) -> Iterator[str]:
    """The help of a command and, if it is a group, of each command in it."""
    context = click.Context(command, info_name=name, parent=above, terminal_width=WIDTH, max_content_width=WIDTH)
    yield f"```text\n{command.get_help(context)}\n```\n"
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        yield from _help(inner, inner.name or "", context)


def settings_page() -> Iterator[str]:
    yield SETTINGS_HEAD
    groups = inspect.getsource(settings).split("__version__\n", 1)[1].strip().split("\n\n")
    for group in groups:
        for is_comment, lines in groupby(group.splitlines(), key=lambda line: line.startswith("# ")):
            text = "\n".join(line.removeprefix("# ") if is_comment else line for line in lines)
            yield f"{text}\n" if is_comment else f"```python\n{text}\n```\n"


def item() -> Iterator[str]:
    yield ITEM_HEAD
    for kind in ITEMS[0]:
        yield from _fields(kind)
    yield "## Parts\n"
    for kind in ITEMS[1]:
        yield from _fields(kind, "###")
    yield "## Closed lists of values\n"
    comments = _comments(inspect.getsource(items))
    for node in ast.parse(inspect.getsource(items)).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in VALUES:
            yield f"### {ast.unparse(node.targets[0])}\n\n| value | |\n|---|---|"
            for value in ast.walk(node.value):
                if isinstance(value, ast.Constant):
                    note = comments.get(value.lineno, "") if node.end_lineno != node.lineno else ""
                    yield f"| `{value.value}` | {note} |"
            yield ""


def _fields(kind: type[Any], heading: str = "##") -> Iterator[str]:
    summary, texts = field_texts(kind)
    yield f"{heading} {kind.__name__}\n\n{summary}\n\n| field | type | |\n|---|---|---|"
    types = {
        ast.unparse(node.target): ast.unparse(node.annotation)
        for parent in reversed(kind.__mro__[:-1])
        for node in ast.walk(ast.parse(inspect.getsource(parent)))
        if isinstance(node, ast.AnnAssign)
    }
    for field in dataclasses.fields(kind):
        # A bar ends a cell, in code too, and renderers differ in how they take one with a backslash.
        kind_of = types[field.name].replace("|", "&#124;")
        yield f"| `{field.name}` | <code>{kind_of}</code> | {texts.get(field.name, '')} |"
    yield ""


def field_texts(kind: type[Any]) -> tuple[str, Mapping[str, str]]:
    """The summary of a dataclass, and the texts of its fields, as its docstring and that of its parent have them.

    What a field means in every item stands in the docstring of `Article` alone.
    """
    common = {} if kind is items.Article else field_texts(items.Article)[1]
    texts = {name: text for name, text in common.items() if name in EVERYWHERE}
    summary = ""
    for parent in reversed(kind.__mro__[:-1]):
        names = [field.name for field in dataclasses.fields(parent)]
        summary, _, rest = (inspect.getdoc(parent) or "").partition("\n\n")
        for line in rest.replace("\n    ", " ").splitlines():
            texts |= described_names(line, names)
    return " ".join(summary.split()), texts


def _comments(source: str) -> Mapping[int, str]:
    """The comment of each line."""
    tokens = tokenize.generate_tokens(StringIO(source).readline)
    return {token.start[0]: token.string.removeprefix("# ") for token in tokens if token.type == tokenize.COMMENT}


def api() -> Iterator[str]:
    yield API_HEAD
    paths = [(path, methods["get"]) for path, methods in description(PAGES, captures.FILES)["paths"].items()]
    for summary, group in groupby(paths, key=lambda pair: pair[1]["summary"]):
        forms = list(group)
        yield f"## {forms[0][0]}\n\n{summary}\n"
        if others := [f"`{path}`" for path, _ in forms[1:]]:
            yield f"Also {' and '.join(others)}.\n"
        parameters = forms[0][1]["parameters"]
        if parameters:
            yield "| parameter | in | type | |\n|---|---|---|---|"
            for given in parameters:
                yield f"| `{given['name']}` | {given['in']} | {_type(given['schema'])} | {_meaning(given)} |"
            yield ""


def _type(schema: Mapping[str, Any]) -> str:
    return ", ".join(f"`{value}`" for value in schema["enum"] if value) if "enum" in schema else str(schema["type"])


def _meaning(parameter: Mapping[str, Any]) -> str:
    default = parameter["schema"].get("default")
    return parameter.get("description", "") + ("" if default in (None, "", False) else f" Without it: `{default}`.")


PAGES_BY_NAME: Mapping[str, Callable[[], Iterator[str]]] = {
    "commands.md": commands,
    "settings.md": settings_page,
    "item.md": item,
    "api.md": api,
}


def page(name: str) -> str:
    return "\n".join(PAGES_BY_NAME[name]()).rstrip("\n") + "\n"


def readme(text: str) -> str:
    """README.md with its table of commands as the groups of the help are now."""
    before, rest = text.split(README_TABLE)
    rows = [f"| {title.lower()} | {' '.join(f'`{name}`' for name in names)} |" for title, names in GROUPS.items()]
    return before + README_TABLE + "\n".join(rows) + "\n\n" + rest.split("\n\n", 1)[1]


if __name__ == "__main__":
    README.write_text(readme(README.read_text("utf-8")), "utf-8")
    for name in PAGES_BY_NAME:
        (FOLDER / name).write_text(page(name), "utf-8")
