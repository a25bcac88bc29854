"""Benchmarks run and give every table; their figures are no test."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.paths import ROOT


@pytest.mark.long
def test_a_quick_run_gives_every_table(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--json", str(tmp_path / "figures.json")],
        cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text("utf-8"))
    tables = {table["title"]: table for table in figures["tables"]}
    wanted = {
        "Reading pages: story samples of 2017",
        "Archive writes",
        "Searches",
        "Start-up",
        "Engines, and hostile inputs",
    }
    assert wanted <= set(tables)
    for title, table in tables.items():
        assert title in done.stdout
        assert table["rows"], title
        assert all(len(row) == len(table["columns"]) for row in table["rows"]), title
    found = {row[0]: row[1] for row in tables["Searches"]["rows"]}
    assert all(int(stories) > 0 for stories in found.values()), (
        "every question has an answer in the archive that was written"
    )
