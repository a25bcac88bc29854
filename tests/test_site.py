"""The documentation as a site: it builds without a warning, its links lead somewhere, and it asks no other host."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.helpers.browser import launched
from tests.helpers.paths import ROOT


class Links(HTMLParser):
    """Addresses that a page names, and its anchors. loaded: those that a browser asks for by itself."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.named: list[str] = []
        self.loaded: list[str] = []
        self.anchors = {"", "__skip", "__consent"}
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.anchors |= {value for name in ("id", "name") if (value := attributes.get(name))}
        if address := attributes.get("href") or attributes.get("src"):
            (self.named if tag == "a" else self.loaded).append(address)


def copy(folder: Path) -> Path:
    """What the site is built from."""
    shutil.copytree(ROOT / "docs", folder / "docs", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("mkdocs.yml", "CONTRIBUTING.md"):
        shutil.copy(ROOT / name, folder)
    return folder


def build(folder: Path) -> subprocess.CompletedProcess[str]:
    call = [str(Path(sys.executable).with_name("zensical")), "build", "--strict"]
    return subprocess.run(call, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = copy(tmp_path_factory.mktemp("site"))
    done = build(folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "site"


@pytest.mark.parametrize("link", ["[x](nowhere.md)", "[x](tutorial.md#nowhere)", '--8<-- "CONTRIBUTING.md:nowhere"'])
def test_a_broken_link_ends_the_build(link: str, tmp_path: Path) -> None:
    with (copy(tmp_path) / "docs" / "sql.md").open("a") as page:
        page.write(f"\n{link}\n")
    assert build(tmp_path).returncode != 0


def test_every_link_leads_to_a_page_and_an_anchor_of_it(site: Path) -> None:
    pages = {page: Links(page) for page in site.rglob("*.html")}
    broken = []
    for page, links in pages.items():
        for address in (*links.named, *links.loaded):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or page.name == "404.html":
                continue
            target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            target = target / "index.html" if target.is_dir() else target
            anchors = pages[target].anchors if target in pages else {parts.fragment}
            if not target.is_file() or unquote(parts.fragment) not in anchors:
                broken.append(f"{page.relative_to(site)}: {address}")
    assert sum(len(links.named) for links in pages.values()) > 1000
    assert broken == []


def test_every_page_is_in_the_navigation_and_no_script_in_the_site(site: Path) -> None:
    linked = {address.removeprefix("./").partition("#")[0] for address in Links(site / "index.html").named}
    sources = {page.relative_to(ROOT / "docs").with_suffix(".html") for page in (ROOT / "docs").rglob("*.md")}
    assert {page.relative_to(site) for page in site.rglob("*.html")} == {*sources, Path("404.html")}
    assert {str(page) for page in sources} - linked <= {"index.html"}, "name each page in the `nav` of mkdocs.yml"
    assert list(site.rglob("*.py")) == []


def test_no_page_loads_anything_of_another_host(site: Path) -> None:
    for page in site.rglob("*.html"):
        assert [address for address in Links(page).loaded if urlsplit(address).netloc] == [], page
    for sheet in site.rglob("*.css"):
        assert re.findall(r"(?:url\(|@import)\s*[\"']?(?:https?:)?//[^)]*", sheet.read_text("utf-8")) == [], sheet


@contextmanager
def served(folder: Path) -> Iterator[str]:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.mark.long
def test_a_browser_asks_no_other_host_and_finds_words(site: Path) -> None:
    with served(site) as origin, launched() as browser:
        page = browser.new_page()
        requested: list[str] = []
        errors: list[str] = []
        page.on("request", lambda request: requested.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        for name in ("tutorial.html", "reference/api.html", "explanation/ethics.html", "index.html"):
            page.goto(f"{origin}/{name}")
        page.wait_for_load_state("networkidle")
        page.keyboard.press("/")
        page.keyboard.type("tombstone", delay=10)
        page.wait_for_selector("text=/Taking a story out of the archive/i >> visible=true", timeout=10_000)
        assert errors == []
        assert len(requested) > 10
        assert [url for url in requested if not url.startswith((origin, "data:", "blob:"))] == []


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "tests/README.md", "deploy/README.md"])
def test_every_link_of_a_page_outside_the_site_leads_to_a_file(name: str) -> None:
    page = ROOT / name
    addresses = re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8"))
    missing = []
    for parts in map(urlsplit, addresses):
        target = page.parent / parts.path if parts.path else page
        headings = re.findall(r"^#+ (.*)", target.read_text("utf-8"), re.M) if target.suffix == ".md" else []
        anchors = {"", *(re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings)}
        if not parts.scheme and not (target.exists() and parts.fragment in anchors):
            missing.append(parts.geturl())
    assert missing == []
