"""A real browser for pages that are opened in one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from shutil import which

import pytest
from playwright.sync_api import Page, sync_playwright


@contextmanager
def browsing() -> Iterator[Page]:
    """A page of headless Chromium; skips the test where there is none, and fails it in CI."""
    chromium = which("chromium")
    if chromium is None:
        (pytest.fail if "CI" in os.environ else pytest.skip)("Chromium is not installed: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            yield browser.new_page()
        finally:
            browser.close()
