"""A real browser for pages that are opened in one."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from tests.helpers.needed import needed


@contextmanager
def launched() -> Iterator[Browser]:
    """Headless Chromium; skips the test where there is none, and fails it in CI."""
    chromium = needed("chromium", "chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def browsing() -> Iterator[Page]:
    """A page of it."""
    with launched() as browser:
        yield browser.new_page()
