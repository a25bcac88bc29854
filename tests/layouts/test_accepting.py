"""Expected samples are never replaced by an unread page unasked."""

import json
import os
import subprocess
import sys
from pathlib import Path
from shutil import copy, copytree

import pytest

from tests.helpers.commands import run
from tests.helpers.paths import ROOT, SAMPLES

DESIGN = SAMPLES / "phnompenhpost" / "drupal_2017"


def accepted(sample: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`pytest --accept` over one sample, in a copy of the tests."""
    copied = sample.parents[3]
    copytree(ROOT / "tests", copied / "tests", dirs_exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if name != "CI"} | {"PYTHONPATH": str(ROOT)}
    own = ("-c", ROOT / "pyproject.toml", "--rootdir", copied, "-p", "no:cacheprovider")
    call = [sys.executable, "-m", "pytest", *map(str, (*own, copied / "tests/layouts/test_samples.py", *words))]
    return subprocess.run(call, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.long
def test_accept_never_makes_a_read_page_unread_without_a_word(tmp_path: Path) -> None:
    target = tmp_path / "samples" / "phnompenhpost" / "drupal_2017"
    target.mkdir(parents=True)
    for end in (".html", ".url", ".json"):
        copy(DESIGN / f"river-clinic{end}", target)
    page, expected = target / "river-clinic.html", target / "river-clinic.json"
    page.write_text("<html><title>Page not found</title><body><h1>Page not found</h1></body></html>")
    before = expected.read_bytes()
    refused = accepted(page, "--accept")
    assert refused.returncode == 1
    assert f"{expected} holds an article, and the page is unread now: " in refused.stdout
    assert "--accept-unread writes over it" in refused.stdout
    assert expected.read_bytes() == before
    assert accepted(page, "--accept-unread").returncode == 0
    assert json.loads(expected.read_text("utf-8"))["type"] == "unread"
    assert accepted(page, "--accept").returncode == 0, "it was unread before"


def test_sample_never_makes_a_read_page_unread_without_a_word(tmp_path: Path) -> None:
    feed, url = SAMPLES / "phnompenhpost" / "no_layout" / "feed-atom-km.xml", "https://www.postkhmer.com/feed/"
    words = ["--url", url, "--name", "feed", "--samples", tmp_path / "samples"]
    assert run("sample", feed, *words).exit_code == 0
    (expected,) = (tmp_path / "samples").rglob("feed.json")
    assert json.loads(expected.read_text("utf-8"))["type"] == "listing"
    before = expected.read_bytes()
    (tmp_path / "broken.xml").write_text("<?xml version='1.0'?><rss><channel>")
    refused = run("sample", tmp_path / "broken.xml", *words, "--force")
    assert refused.exit_code == 2
    assert f"{expected} holds a listing, and the page is unread now: " in refused.stderr
    assert expected.read_bytes() == before
    assert run("sample", tmp_path / "broken.xml", *words, "--force", "--accept-unread").exit_code == 0
    assert json.loads(expected.read_text("utf-8"))["type"] == "unread"
