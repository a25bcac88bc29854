"""The checkout, its samples, and the pages of other people that may lie beside it."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
REAL_PAGES = ROOT.parent / "shared" / "pages"
