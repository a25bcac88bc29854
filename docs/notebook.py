"""Run docs/notebook.ipynb on the demo's archive, and keep what it prints: `make notebook`."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOK = Path(__file__).with_suffix(".ipynb")
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def run(folder: Path) -> NotebookNode:
    """The notebook as it is after all of its cells; folder: that of the notebook, beside the archive.

    Nothing of the machine stays in it: no times, no version, no path. Raises nbclient's CellExecutionError.
    """
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=120, record_timing=False, resources=resources).execute()
    notebook.metadata = NotebookNode({"kernelspec": KERNEL})
    return notebook


def texts(notebook: NotebookNode) -> list[str]:
    """What the cells print, without the pictures."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return [output.get("text") or output["data"].get("text/plain", "") for output in outputs]


if __name__ == "__main__":
    ran = run(NOTEBOOK.parent)
    sys.stdout.write("\n".join(texts(ran)))
    nbformat.write(ran, NOTEBOOK)
