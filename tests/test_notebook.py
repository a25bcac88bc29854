"""docs/notebook.ipynb prints on a new demo what it shows, and shows nothing of a machine."""

from pathlib import Path

import nbformat
import pytest

from docs.notebook import NOTEBOOK, run, texts
from tests.helpers.transcripts import make_demo


@pytest.mark.long
def test_the_notebook_prints_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POSTSCRAPER_ARCHIVE", raising=False)
    make_demo(tmp_path)
    (tmp_path / "docs").mkdir()
    shown, printed = texts(nbformat.read(NOTEBOOK, as_version=4)), texts(run(tmp_path / "docs"))
    assert len(printed) >= 6
    assert printed == shown, "run: make notebook"


def test_the_notebook_is_small_and_names_no_machine() -> None:
    source = NOTEBOOK.read_text("utf-8")
    notebook = nbformat.reads(source, as_version=4)
    nbformat.validate(notebook)
    pictures = [
        output["data"]["image/png"]
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == 3
    assert len(source) < 150_000
    assert not any(path in source for path in ("/home/", "/root/", "/tmp/", str(Path.home())))
    assert set(notebook.metadata) == {"kernelspec"}
