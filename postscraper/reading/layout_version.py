"""The version of a layout: a digest of the code that reads by it."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from postscraper.newspaper import Newspaper

# What is no module of a newspaper: stories of feeds and REST answers, and pages of unknown design.
_OTHERS = {
    "feed": "postscraper.reading.feeds",
    "wordpress_rest": "postscraper.layouts.wordpress.wordpress_rest",
    "generic": "postscraper.reading.generic",
}
_READER = "postscraper.reading.read"  # decoding, bot checks and the choice of the layout
_ENGINES = ("turbohtml", "trafilatura")
_DIGITS = 12


def layout_version(layout: str, paper: Newspaper) -> str:
    """Twelve hexadecimal digits that change with any code by which the layout reads, and with no other.

    Of SHA-256 over the names and sources of the layout's module, of the reader, and of all modules of their packages
    that these import, by name; and the versions of the HTML engines.
    Raises LookupError for a layout that the newspaper does not have.
    """
    modules = _OTHERS | {path.rsplit(".", 1)[-1]: path for path in paper.layouts}
    return _version(modules[layout])


@cache
def _version(module: str) -> str:
    digest = sha256()
    for name, path in sorted(_modules(module, _READER).items()):
        digest.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    for engine in _ENGINES:
        digest.update(f"{engine} {_installed(engine)}\0".encode())
    return digest.hexdigest()[:_DIGITS]


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def _modules(*names: str) -> dict[str, Path]:
    """The files of modules and of all that they import from their own packages, by dotted name."""
    packages = {name.split(".")[0] for name in names}
    files: dict[str, Path] = {}
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in files and name.split(".")[0] in packages and (path := _file(name)) is not None:
            files[name] = path
            pending += _imported(path)
    return files


def _file(name: str) -> Path | None:
    """None for a name that is no module: a class or a function that a module is asked for."""
    file = getattr(sys.modules.get(name), "__file__", None)
    if file is None:
        try:
            spec = find_spec(name)
        except ModuleNotFoundError:
            return None
        file = spec.origin if spec is not None else None
    return Path(file) if file else None


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
