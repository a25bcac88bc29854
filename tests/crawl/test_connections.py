"""Private names of Scrapy and Twisted: all that are used are listed, and the lack of one is named before a crawl."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from twisted.web import _newclient

from postscraper.crawl.connections import ASSIGNED, PRIVATE_NAMES, TESTED, missing_names
from tests.helpers.paths import ROOT

CRAWL_WITHOUT = """
from twisted.web import _newclient
del _newclient.HTTP11ClientProtocol._finishResponse
from scrapy.cmdline import execute
execute(["scrapy", "crawl", "post", "-a", "limit=1"])
"""


def test_the_installed_scrapy_and_twisted_have_every_name() -> None:
    missing = ", ".join(missing_names())
    assert not missing, f"postscraper/crawl/connections.py uses {missing}, and the installed Scrapy or Twisted has none"


@pytest.mark.parametrize(("place", "path"), PRIVATE_NAMES, ids=[path for _, path in PRIVATE_NAMES])
def test_each_name_is_missed(monkeypatch: pytest.MonkeyPatch, place: ModuleType, path: str) -> None:
    *owner, name = path.split(".")
    monkeypatch.delattr(getattr(place, owner[0]) if owner else place, name)
    assert missing_names() == [f"{place.__name__}.{path}"]


@pytest.mark.parametrize("kind", dict.fromkeys(kind for kind, _ in ASSIGNED), ids=lambda kind: kind.__name__)
def test_what_a_constructor_no_longer_assigns_is_missed(monkeypatch: pytest.MonkeyPatch, kind: type) -> None:
    monkeypatch.setattr(kind, "__init__", lambda self, crawler: None)
    assert missing_names() == [f"{kind.__name__}.{name}" for owner, name in ASSIGNED if owner is kind]


def test_a_class_that_is_gone_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(_newclient, "HTTPClientParser")
    assert missing_names() == ["twisted.web._newclient.HTTPClientParser.bodyDecoder"]


def test_a_crawl_without_one_of_them_ends_before_it_begins(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "SCRAPY_SETTINGS_MODULE": "postscraper.settings"}
    done = subprocess.run(
        [sys.executable, "-c", CRAWL_WITHOUT], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2, done.stderr
    sentence = done.stderr.splitlines()[-1]
    assert "lack twisted.web._newclient.HTTP11ClientProtocol._finishResponse" in sentence
    assert "install the versions that are tested, Scrapy 2.19 and Twisted 26.10: pip install" in sentence
    assert not (tmp_path / "archive").exists()


def test_the_tested_versions_are_those_of_the_lock() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    for package, version in TESTED.items():
        assert re.search(rf"^{package}=={re.escape(version)}\.", lock, re.MULTILINE | re.IGNORECASE), package


def test_no_other_private_name_is_used() -> None:
    files = (ROOT / "postscraper" / "crawl").rglob("*.py")
    tree = [node for path in files for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    attributes = {node.attr for node in tree if isinstance(node, ast.Attribute)}
    defined = {node.name for node in tree if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
    defined |= {node.id for node in tree if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    defined |= {node.attr for node in tree if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
    listed = {part for _, path in PRIVATE_NAMES for part in path.split(".")} | {name for _, name in ASSIGNED}
    listed.add("_replace")  # of every named tuple
    assert {name for name in attributes - defined if re.match("_(?!_)", name)} <= listed
    for path in (ROOT / "postscraper").rglob("*.py"):
        if path.name != "connections.py":
            assert not _imported(path), f"{path} imports a private name of Scrapy or Twisted"


def _imported(path: Path) -> list[str]:
    imports = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom))
    return [
        name
        for node in imports
        if (node.module or "").startswith(("scrapy", "twisted"))
        for name in [*(node.module or "").split("."), *(alias.name for alias in node.names)]
        if name.startswith("_")
    ]
