"""Fixtures and options of all tests: the samples and `--accept`, pages of others, a newspaper on WordPress."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.helpers.paths import REAL_PAGES, SAMPLES
from tests.wordpress.server import installed
from tests.wordpress.site import Site

os.environ.pop("POSTSCRAPER_ARCHIVE", None)  # who runs the tests may have an archive of their own

if "CI" not in os.environ:  # where Hypothesis has a profile of its own, with the same examples each time
    settings.register_profile("any machine", deadline=None)  # a busy one takes a second for what takes another 5 ms
    settings.load_profile("any machine")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="write what the samples give into their JSON; read the diff")
    parser.addoption("--accept-unread", action="store_true", help="the same, even for a page that is unread now")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "sample" in metafunc.fixturenames:
        pages = sorted(SAMPLES.rglob("*.html")) + sorted(SAMPLES.rglob("*.xml"))
        metafunc.parametrize("sample", pages, ids=[str(each.relative_to(SAMPLES)) for each in pages])


@pytest.fixture
def real_pages() -> Path:
    """The folder of real pages beside the checkout; they are other people's words, and not in it."""
    if not REAL_PAGES.is_dir():
        pytest.skip("the real pages are not beside this checkout")
    return REAL_PAGES


@pytest.fixture
def odd_pages() -> Path:
    """The folder of pages that are odd in a way of their own, beside the checkout."""
    folder = REAL_PAGES.parent / "cases"
    if not folder.is_dir():
        pytest.skip("the odd pages are not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def running_site() -> Iterator[Site]:
    """A newspaper made by a real WordPress; started once, and asked for by `site`."""
    if lacking := installed():
        (pytest.fail if "CI" in os.environ else pytest.skip)(lacking)
    site = Site()
    site.start()
    try:
        yield site
    finally:
        site.stop()


@pytest.fixture
def site(running_site: Site) -> Iterator[Site]:
    """The newspaper as it began, without faults; whatever a test does to it is undone."""
    yield running_site
    running_site.reset()
