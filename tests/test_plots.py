"""The plots of docs/performance.md are drawn from its text."""

from pathlib import Path

from docs import plots


def test_every_figure_of_the_text_is_drawn(tmp_path: Path) -> None:
    text = plots.PAGE.read_text("utf-8")
    by_size = dict(plots.latencies(text))
    assert list(by_size) == [10_000, 100_000, 1_000_000]
    questions = set(by_size[10_000])
    assert all(set(figures) == questions for figures in by_size.values())
    assert by_size[1_000_000]["show"] == 2.0
    assert len(plots.rates(text)) == max(by_size) // plots.STEP
    plots.draw(text, tmp_path / "growth.svg")
    drawn = (tmp_path / "growth.svg").read_text("utf-8")
    assert [name for name in questions if f">{name}<" not in drawn] == []
