"""Plots of a trend: bars of block characters for a terminal, lines in an SVG file that needs nothing else."""

from collections.abc import Iterator, Sequence
from html import escape
from itertools import pairwise
from math import ceil
from textwrap import wrap
from typing import Literal

from postscraper.cli.output import one_line, shortened
from postscraper.phrases import scale
from storage.query.search.trend import Series, Trend

# Stories with the words; their part of all stories; their number for each million words of all stories.
Measure = Literal["count", "stories", "words"]

_EIGHTHS = " ▏▎▍▌▋▊▉"
LEAST_BAR = 10  # columns

WIDTH, HEIGHT = 960, 400  # of the drawing, and of its plot
LEFT, RIGHT = 80, 40
COVER = 48  # height of the bars that show how much the archive holds
# Colours that people who see red and green alike tell apart (Okabe and Ito, https://jfly.uni-koeln.de/color/), and
# dashes for those who see none, and for print.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#7a5c00", "#56b4e9", "#000000")
DASHES = ("none", "8 4", "2 4", "10 3 2 3", "14 4")
_TITLE_LETTERS, _LETTER, _KHMER_LETTER = 100, 7.5, 9.0  # of a line of the title; widths at a size of 12
_MOST_LABELS = 14  # under the axis of time
_MOST_DOTS = 60  # periods; a line of more needs no dots to be followed
_LONGEST_WORDS = 60  # letters in the legend


def percent(share: float | None) -> str:
    """A share of stories with three digits; "no story" for a period without any."""
    return "no story" if share is None else f"{_digits(100 * share)} %"


def _digits(value: float) -> str:
    """Three digits at most behind a decimal point, and never an exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value >= 0.001 or not value else f"{value:.6f}"


def _values(trend: Trend, series: Series, measure: Measure) -> list[float | None]:
    """The plotted value of each period; None where the paper has no story, which is no zero."""
    shares = list(trend.shares(series))
    if measure == "words":
        return list(trend.per_million_words(series))
    if measure == "stories":
        return shares
    return [None if share is None else count for share, count in zip(shares, series.stories, strict=True)]


def bars(trend: Trend, measure: Measure, *, columns: int) -> Iterator[str]:
    """A line for each period of each series, at most `columns` wide; the bars of all series have one scale."""
    plotted = [_values(trend, series, measure) for series in trend.series]
    most = max((value for values in plotted for value in values if value is not None), default=0)
    for number, (series, values) in enumerate(zip(trend.series, plotted, strict=True)):
        if number:
            yield ""
        yield one_line(series.words)
        notes = list(_notes(trend, series, values, measure))
        room = max(LEAST_BAR, columns - max(map(len, trend.periods), default=0) - max(map(len, notes), default=0) - 4)
        for period, value, note in zip(trend.periods, values, notes, strict=True):
            yield f"{period}  {_bar(value / most if value and most else 0, room)}  {note}"


def _notes(trend: Trend, series: Series, values: Sequence[float | None], measure: Measure) -> Iterator[str]:
    shares = trend.shares(series)
    for count, of_all, share, value in zip(series.stories, trend.all_stories, shares, values, strict=True):
        if share is None:
            yield percent(share)
        elif measure == "words":
            yield f"{count:,} of {of_all:,} ({_digits(value or 0)} per million words)"
        else:
            yield f"{count:,} of {of_all:,} ({percent(share)})"


def _bar(part: float, room: int) -> str:
    eighths = max(1, round(part * room * 8)) if part else 0
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()).ljust(room)


def svg(trend: Trend, measure: Measure) -> str:
    """A drawing with axes, labels, a legend, and bars of how much the archive holds of each period.

    A line breaks where the paper has no story.
    """
    plotted = [_values(trend, series, measure) for series in trend.series]
    most = max((value for values in plotted for value in values if value is not None), default=0)
    labelled = scale(most, 8, least_step=1 if measure == "count" else 0)
    title = f"Stories with {', '.join(one_line(series.words) for series in trend.series)} by {trend.by}"
    heading = list(_heading(title))
    entries, top = _legend(trend.series, 30 + 20 * len(heading))
    plot = _Plot(top=top + 14, highest=labelled[-1], periods=trend.periods)
    height = plot.bottom + COVER + 74
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:.0f}" role="img"',
        'font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="#fff"/>',
        *heading,
        *entries,
        *plot.axes(labelled, measure),
        *plot.cover(trend, measure),
        f'<text x="{middle}" y="{height - 10:.0f}" text-anchor="middle">{trend.by} of publication</text>',
    ]
    for number, values in enumerate(plotted):
        parts += plot.line(values, number)
    return "\n".join([*parts, "</svg>", ""])


def _heading(title: str) -> Iterator[str]:
    for number, text in enumerate(wrap(title, _TITLE_LETTERS, max_lines=3, placeholder=" …")):
        yield f'<text x="{LEFT}" y="{28 + 20 * number}" font-size="16">{escape(text)}</text>'


def _legend(series: Sequence[Series], top: float) -> tuple[list[str], float]:
    """The entries, in as many lines as they need, and where they end."""
    parts: list[str] = []
    x, y = float(LEFT), top + 8
    for number, each in enumerate(series):
        words = shortened(each.words, _LONGEST_WORDS)
        width = 56 + sum(_LETTER if letter < "\u1780" else _KHMER_LETTER for letter in words)
        if x > LEFT and x + width > WIDTH - RIGHT:
            x, y = float(LEFT), y + 20
        parts.append(f'<path d="M{x:.0f} {y - 4:.0f}h30" {_stroke(number)}/>')
        parts.append(f'<text x="{x + 36:.0f}" y="{y:.0f}">{escape(words)}</text>')
        x += width
    return parts, y


def _stroke(number: int) -> str:
    colour, dashes = COLOURS[number % len(COLOURS)], DASHES[number % len(DASHES)]
    return f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dashes}" stroke-linejoin="round"'


def _label(value: float, measure: Measure) -> str:
    return percent(value) if measure == "stories" else f"{value:,.10g}"


class _Plot:
    """The part of a drawing between the axes; highest: the value at its upper edge."""

    def __init__(self, *, top: float, highest: float, periods: Sequence[str]) -> None:
        self.top, self.bottom = top, top + HEIGHT
        self._highest, self._periods = highest, periods
        self._step = (WIDTH - LEFT - RIGHT) / max(len(periods), 1)

    def _x(self, at: int) -> float:
        return LEFT + self._step * (at + 0.5)

    def _y(self, value: float) -> float:
        return self.bottom - HEIGHT * value / self._highest

    def axes(self, labelled: Sequence[float], measure: Measure) -> Iterator[str]:
        units = {"count": "stories", "stories": "share of all stories", "words": "stories per million words"}
        middle = self.top + HEIGHT / 2
        yield f'<text transform="translate(18 {middle:.0f}) rotate(-90)" text-anchor="middle">{units[measure]}</text>'
        for value in labelled:
            y = self._y(value)
            yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{"#000" if not value else "#ddd"}"/>'
            yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_label(value, measure)}</text>'
        end = self.bottom + COVER + 18
        for at, label in self._labels():
            yield f'<path d="M{self._x(at):.1f} {end:.1f}v5" stroke="#000"/>'
            yield f'<text x="{self._x(at):.1f}" y="{end + 20:.1f}" text-anchor="middle">{label}</text>'

    def _labels(self) -> Iterator[tuple[int, str]]:
        """Every period, or every second, fifth, … year; of many months each January, by its year."""
        periods = self._periods
        if len(periods) <= _MOST_LABELS:
            yield from enumerate(periods)
            return
        years = [(at, period[:4]) for at, period in enumerate(periods) if period[4:] in ("", "-01")]
        if len(years) < 3:
            yield from list(enumerate(periods))[:: ceil(len(periods) / _MOST_LABELS)]
            return
        every = next(step for step in (1, 2, 5, 10, 20, 50, 100, 1000) if len(years) <= step * _MOST_LABELS)
        yield from ((at, year) for at, year in years if int(year) % every == 0)

    def cover(self, trend: Trend, measure: Measure) -> Iterator[str]:
        """Bars of all stories, or of their words, below the plot."""
        counts = (trend.all_words or ()) if measure == "words" else trend.all_stories
        most, end = max(counts, default=0) or 1, self.bottom + COVER + 18
        width = max(self._step * 0.8, 0.5)
        bars = (
            f"M{self._x(at) - width / 2:.1f} {end:.1f}v-{COVER * count / most:.1f}h{width:.1f}V{end:.1f}z"
            for at, count in enumerate(counts)
            if count
        )
        yield f'<path d="{"".join(bars)}" fill="#bbb"/><path d="M{LEFT} {end:.1f}H{WIDTH - RIGHT}" stroke="#000"/>'
        what = "words" if measure == "words" else "stories"
        yield f'<text x="{LEFT - 8}" y="{end - COVER + 10:.1f}" text-anchor="end" fill="#555">{most:,}</text>'
        yield f'<text x="{LEFT - 8}" y="{end:.1f}" text-anchor="end" fill="#555">all {what}</text>'

    def line(self, values: Sequence[float | None], number: int) -> Iterator[str]:
        points = [None if value is None else (self._x(at), self._y(value)) for at, value in enumerate(values)]
        path = "".join(
            f"{'L' if before else 'M'}{point[0]:.1f} {point[1]:.1f}"
            for before, point in pairwise((None, *points))
            if point
        )
        yield f'<path d="{path}" {_stroke(number)}/>'
        around = zip((None, *points[:-1]), points, (*points[1:], None), strict=True)
        for before, point, after in around:
            if point and (len(points) <= _MOST_DOTS or not (before or after)):  # else a single period is not seen
                colour = COLOURS[number % len(COLOURS)]
                yield f'<circle cx="{point[0]:.1f}" cy="{point[1]:.1f}" r="3" fill="{colour}"/>'
