"""Draw the folders and the two roads through them into CONTRIBUTING.md: `python -m docs.roads`.

Folders, first lines and arrows come from the code. A road is a list of modules, each imported by the nearest one above
it that is less indented, or named there in a string; those that are not indented are named in postscraper/settings.py,
by which Scrapy imports them. `check_road` compares each with the code.
"""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "CONTRIBUTING.md"
BEGIN = "<!-- Drawn from the imports by `make roads`: begin -->\n"
END = "<!-- end -->\n"
WIDTH = 120
SETTINGS = "postscraper.settings"

ROADS = {
    "The road of a page, from a due address to its rows": """
        postscraper/crawl/scheduler.py
            postscraper/run/run.py
                storage/archive.py
                    storage/ledger/ledger.py
        postscraper/crawl/robots.py
        postscraper/crawl/http.py
        postscraper/crawl/connections.py
        postscraper/crawl/record_middleware.py
            postscraper/run/run.py
                storage/evidence/store.py
                    storage/warc/writer.py
        postscraper/spiders/post.py
            postscraper/crawl/spider.py
                postscraper/run/run.py
                    postscraper/run/page_reader.py
                        postscraper/reading/read.py
                            postscraper/reading/blocked.py
                            postscraper/extraction/decode.py
                            postscraper/extraction/page.py
                                postscraper/extraction/elements.py
            postscraper/newspapers.py
                postscraper/layouts/phnompenhpost/drupal_2017.py
                    postscraper/extraction/body.py
                        postscraper/extraction/pictures.py
                        postscraper/extraction/bylines.py
                    postscraper/extraction/dates.py
        postscraper/crawl/pipeline.py
            storage/archive.py
                storage/ingest/prepare.py
                storage/ingest/batch.py
                    storage/ingest/timeline.py
                storage/ingest/write.py
                    storage/ingest/revisions.py
                    storage/ingest/search_index.py
                    storage/database/bulk.py
        """,
    "The road of an address, from the page that names it to its next visit": """
        postscraper/crawl/pipeline.py
            postscraper/run/page_reader.py
                postscraper/run/discovery.py
                    postscraper/urls.py
                    postscraper/run/limits.py
            storage/archive.py
                storage/ingest/visits.py
                    storage/ledger/discoveries.py
                    storage/ledger/rows.py
                        storage/ledger/states.py
        postscraper/crawl/scheduler.py
            postscraper/run/run.py
                storage/archive.py
                    storage/ledger/ledger.py
                        storage/ledger/rows.py
        """,
}


class WrongRoad(Exception):
    """A road names a module that does not exist, or one that is not imported where the road says so."""


@cache
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("postscraper", "storage", cache_dir=None)


def draw() -> str:
    return BEGIN + "\n" + "\n\n".join([_folders(), *(_road(name, text) for name, text in ROADS.items())]) + "\n" + END


def redrawn(text: str) -> str:
    """The page with a fresh drawing between the two marks."""
    before, rest = text.split(BEGIN)
    return before + draw() + rest.split(END, 1)[1]


def _road(title: str, text: str) -> str:
    rows: list[tuple[str, str]] = []
    seen: set[str] = set()
    for depth, path in check_road(text):
        line = "" if path in seen else _first_line(ROOT / path)
        seen.add(path)
        rows.append((f"{'  ' * depth}{path.removeprefix('postscraper/')}", line))
    return f"**{title}:**\n\n" + _block(rows)


def check_road(text: str) -> Iterator[tuple[int, str]]:
    """Depth and path of each line of a road. Raises WrongRoad."""
    above: list[str] = [SETTINGS]
    for line in filter(str.strip, text.splitlines()):
        path = line.strip()
        depth = (len(line) - len(line.lstrip())) // 4 - 2
        module = path.removesuffix(".py").replace("/", ".")
        if not (ROOT / path).is_file():
            raise WrongRoad(f"{path} is not there; give its new name to the road in docs/roads.py")
        del above[depth + 1 :]
        if depth == 0 and not any(module.startswith(name) for name in _named_in_settings()):
            raise WrongRoad(f"postscraper/settings.py does not name {path}; mend the road in docs/roads.py")
        imported = imports().direct_import_exists(importer=above[-1], imported=module)
        if depth and not imported and not _names(above[-1], module):
            chain = imports().find_shortest_chain(importer=above[-1], imported=module)
            how = f"imports {module} only by way of {', '.join(chain[1:-1])}" if chain else f"does not import {module}"
            raise WrongRoad(f"{above[-1]} {how}; mend the road in docs/roads.py")
        above.append(module)
        yield depth, path


def _names(importer: str, module: str) -> bool:
    """Whether strings name the package and the module: a newspaper's layouts are loaded when a page needs them."""
    package, _, name = module.rpartition(".")
    words = _strings(ROOT / f"{importer.replace('.', '/')}.py")
    return name in words and any(word.strip(".") == package for word in words)


@cache
def _named_in_settings() -> set[str]:
    """Modules of the project that strings of the settings name."""
    known = imports().modules
    words = {word for word in _strings(ROOT / "postscraper/settings.py") if word.startswith("postscraper.")}
    return {word if word in known else word.rpartition(".")[0] for word in words} & known


def _strings(path: Path) -> set[str]:
    constants = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant))
    return {node.value for node in constants if isinstance(node.value, str)}


def _folders() -> str:
    below = _folder_imports()
    rows = []
    for package in ("postscraper", "storage"):
        rows.append((f"{package}/", _first_line(ROOT / package / "__init__.py"), ""))
        inside = [name for name in below if name.startswith(f"{package}.")]
        for name in sorted(inside, key=lambda name: (-_height(name, below), name)):
            path = ROOT / name.replace(".", "/")
            file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
            nearest = below[name] - {each for other in below[name] for each in _reached(other, below)}
            arrows = " ".join(sorted(_short(each, package) for each in nearest))
            rows.append(
                (f"  {path.name}{'/' if path.is_dir() else '.py'}", _first_line(file), arrows and f"→ {arrows}")
            )
    return _block([(f"{name:<16}{arrows}", line) for name, line, arrows in rows])


def _folder_imports() -> Mapping[str, set[str]]:
    """What each folder, or module at the top of a package, imports of the others."""
    below: dict[str, set[str]] = {}
    for module in imports().modules:
        if "." in module and "__" not in module:  # __main__ imports when it is called
            mine = _folder(module)
            others = {_folder(name) for name in imports().find_modules_directly_imported_by(module) if "." in name}
            below.setdefault(mine, set()).update(others - {mine})
    return below


def _folder(module: str) -> str:
    return ".".join(module.split(".")[:2])


def _reached(name: str, below: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    for other in below[name]:
        reached |= {other} | _reached(other, below)
    return reached


def _height(name: str, below: Mapping[str, set[str]]) -> int:
    """The longest way down inside its package. The import contracts of pyproject.toml admit no circle."""
    inside = [other for other in below[name] if other.split(".")[0] == name.split(".")[0]]
    return 1 + max((_height(other, below) for other in inside), default=0)


def _short(name: str, package: str) -> str:
    return name.removeprefix(f"{package}.").replace(".", "/")


def _first_line(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition("\n")[0]


def _block(rows: list[tuple[str, str]]) -> str:
    column = max(len(left) for left, _ in rows) + 2
    lines = [f"{left:<{column}}{right}".rstrip() for left, right in rows]
    cut = [line if len(line) <= WIDTH else f"{line[: WIDTH - 2].rsplit(' ', 1)[0]} …" for line in lines]
    return "```text\n" + "\n".join(cut) + "\n```"


if __name__ == "__main__":
    PAGE.write_text(redrawn(PAGE.read_text("utf-8")), "utf-8")
