"""Crawls by the real `scrapy`, and what their archives hold."""

import sqlite3
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from tests.helpers.mirror import Mirror
from tests.helpers.programs import complete

FAST = ("DOWNLOAD_DELAY=0", "AUTOTHROTTLE_ENABLED=False")
# Other archives too are asked without a pause.
NO_WAIT = (
    """DOWNLOAD_SLOTS={"wayback": {"concurrency": 1, "delay": 0}, "commoncrawl": {"concurrency": 1, "delay": 0}}"""
)
PROJECT = MappingProxyType({"SCRAPY_SETTINGS_MODULE": "postscraper.settings"})


def options(*settings: str) -> list[str]:
    return [word for setting in settings for word in ("-s", setting)]


def scrapy(
    folder: Path,
    *words: str,
    settings: tuple[str, ...] = (),
    environment: Mapping[str, str | None] = MappingProxyType({}),
) -> subprocess.CompletedProcess[str]:
    return complete(folder, "-m", "scrapy", *words, *options(*settings), environment={**PROJECT, **environment})


def crawl(folder: Path, mirror: Mirror, *words: str) -> subprocess.CompletedProcess[str]:
    return scrapy(folder, "crawl", "post", *words, settings=(f"PAPER_ORIGIN={mirror.origin}", *FAST))


def asked(folder: Path, question: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(folder / "archive" / "archive.db")
    try:
        return connection.execute(question).fetchall()
    finally:
        connection.close()
