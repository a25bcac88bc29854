"""Sample pages with one thing changed: what is printed otherwise is read right, or its problem is told."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from postscraper.items import Article, Capture
from postscraper.newspapers import POST
from postscraper.reading import read
from postscraper.sources.folder import capture

SAMPLES = Path(__file__).parents[1] / "samples/phnompenhpost"
CLINIC = SAMPLES / "drupal_2017/river-clinic.html"


def changed(sample: Path, *changes: tuple[str, str]) -> Capture:
    page = capture(sample, name="test")
    text = page.body.decode()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return replace(page, body=text.encode())


def story(page: Capture) -> Article:
    item = read(page, POST.layouts)
    assert isinstance(item, Article)
    return item
