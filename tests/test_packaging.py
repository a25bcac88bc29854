"""The wheel, outside the source folder, and the locks."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.helpers.commands import SITE
from tests.helpers.paths import ROOT

PAGE = f'<html><head><link rel="canonical" href="{SITE}/national/a-story"></head><body><p>Words.</p></body></html>'


def call(*words: str | Path, cwd: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | settings
    words = tuple(map(str, words))
    return subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = call(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    assert built.returncode == 0, built.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files alone in a folder; what they need comes from the tests' environment."""
    site = tmp_path_factory.mktemp("installed")
    words = ("-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", site, wheel)
    done = call(sys.executable, *words, cwd=site)
    assert done.returncode == 0, done.stderr
    return site


def test_the_wheel_holds_both_packages_whole_and_nothing_else(wheel: Path) -> None:
    names = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    source = {
        str(each.relative_to(ROOT))
        for package in ("postscraper", "storage")
        for each in (ROOT / package).rglob("*")
        if each.is_file() and "__pycache__" not in each.parts
    }
    assert names == source
    assert {"postscraper/py.typed", "storage/py.typed", "storage/database/migrations/script.py.mako"} <= names
    assert any(re.match(r"storage/database/migrations/versions/\w+\.py", name) for name in names)


def test_the_command_works_where_there_is_no_source(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE)
    program = installed / "bin" / "postscraper"
    assert call(program, "--help", cwd=tmp_path, PYTHONPATH=str(installed)).returncode == 0
    read = call(program, "read", "page.html", cwd=tmp_path, PYTHONPATH=str(installed))
    assert f'"url": "{SITE}/national/a-story"' in read.stdout
    where = call(
        sys.executable, "-c", "import storage; print(storage.__file__)", cwd=tmp_path, PYTHONPATH=str(installed)
    )
    assert Path(where.stdout.strip()).is_relative_to(installed)


@pytest.mark.long
def test_scrapy_finds_the_spiders_by_the_settings_module(installed: Path, tmp_path: Path) -> None:
    settings = {"PYTHONPATH": str(installed), "SCRAPY_SETTINGS_MODULE": "postscraper.settings"}
    listed = call(sys.executable, "-m", "scrapy", "list", cwd=tmp_path, **settings)
    assert listed.stdout.split() == ["post", "postkhmer"], listed.stderr
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "page.html").write_text(PAGE)
    words = ("crawl", "post", "-a", "source=folder", "-a", f"path={pages}")
    crawled = call(sys.executable, "-m", "scrapy", *words, cwd=tmp_path, **settings)
    assert crawled.returncode == 0, crawled.stderr
    told = call(installed / "bin" / "postscraper", "stats", cwd=tmp_path, PYTHONPATH=str(installed))
    assert "captures: 1" in told.stdout


LOCKS = sorted(ROOT.glob("requirements*.lock"))
OURS = [each for each in LOCKS if "pywb" not in each.name]  # that environment holds another program alone


@pytest.mark.parametrize("lock", LOCKS, ids=[each.name for each in LOCKS])
def test_a_lock_pins_and_hashes_everything_and_names_no_registry(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert "index-url" not in text
    entries = [each for each in re.split(r"\n(?=\S)", text) if each.strip()]
    assert len(entries) > 20
    for entry in entries:
        assert re.match(r"[a-z0-9.-]+==\S+", entry), entry
        assert "--hash=sha256:" in entry, entry


@pytest.mark.parametrize("lock", OURS, ids=[each.name for each in OURS])
def test_a_lock_holds_every_core_dependency(lock: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = {re.match(r"[\w-]+", each)[0] for each in project["project"]["dependencies"]}  # type: ignore[index]
    locked = set(re.findall(r"^([a-z0-9.-]+)==", lock.read_text(), re.M))
    assert wanted <= locked
    assert "hatchling" in locked
