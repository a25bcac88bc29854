"""Plots of a trend: bars of block characters for a terminal, lines in an SVG file that needs nothing else."""

from collections.abc import Iterator, Sequence
from html import escape
from math import floor, log10

from postscraper.cli.output import one_line
from storage.query.search.trend import Series, Trend

_EIGHTHS = " ▏▎▍▌▋▊▉"
LEAST_BAR = 10  # columns

WIDTH, HEIGHT = 960, 480
LEFT, RIGHT, TOP, BOTTOM = 80, 20, 60, 60
# Colours that people who see red and green alike tell apart (Okabe and Ito, https://jfly.uni-koeln.de/color/).
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000")
MOST_LABELS = 24  # under the axis of time


def percent(share: float | None) -> str:
    """A share of stories with three digits; "no story" for a period without any."""
    return "no story" if share is None else f"{100 * share:.3g} %"


def _values(trend: Trend, series: Series, *, relative: bool) -> list[float | None]:
    """The plotted value of each period; None where the paper has no story, which is no zero."""
    shares = list(trend.shares(series))
    return (
        shares
        if relative
        else [None if share is None else count for share, count in zip(shares, series.stories, strict=True)]
    )


def bars(trend: Trend, *, relative: bool, columns: int) -> Iterator[str]:
    """A line for each period of each series, at most `columns` wide; the bars of all series have one scale."""
    plotted = [_values(trend, series, relative=relative) for series in trend.series]
    most = max((value for values in plotted for value in values if value is not None), default=0)
    for number, (series, values) in enumerate(zip(trend.series, plotted, strict=True)):
        if number:
            yield ""
        yield one_line(series.words)
        notes = [
            percent(share) if share is None else f"{count:,} of {of_all:,} ({percent(share)})"
            for count, of_all, share in zip(series.stories, trend.all_stories, trend.shares(series), strict=True)
        ]
        room = max(LEAST_BAR, columns - max(map(len, trend.periods), default=0) - max(map(len, notes), default=0) - 4)
        for period, value, note in zip(trend.periods, values, notes, strict=True):
            yield f"{period}  {_bar(value / most if value and most else 0, room)}  {note}"


def _bar(part: float, room: int) -> str:
    eighths = max(1, round(part * room * 8)) if part else 0
    return ("█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()).ljust(room)


def svg(trend: Trend, *, relative: bool) -> str:
    """A drawing with axes, labels and a legend; a line breaks where the paper has no story."""
    plotted = [_values(trend, series, relative=relative) for series in trend.series]
    most = max((value for values in plotted for value in values if value is not None), default=0) or 1
    step = _step(most) if relative else max(1, _step(most))
    top = step * (floor(most / step) + 1)
    title = f"Stories with {', '.join(series.words for series in trend.series)} by {trend.by}"
    unit = "share of all stories" if relative else "stories"
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="sans-serif"',
        'font-size="12">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        f'<text x="{LEFT}" y="24" font-size="16">{escape(title)}</text>',
        f'<text transform="translate(16 {HEIGHT / 2}) rotate(-90)" text-anchor="middle">{unit}</text>',
        f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{trend.by} of publication</text>',
        *_scale(step, top, relative=relative),
        *_times(trend.periods),
    ]
    for number, (series, values) in enumerate(zip(trend.series, plotted, strict=True)):
        parts += _line(series, values, top, number)
    return "\n".join([*parts, "</svg>", ""])


def _step(most: float) -> float:
    """A round distance between four to ten lines of the scale."""
    power = 10.0 ** floor(log10(most))
    return next(power * part for part in (0.2, 0.5, 1.0, 2.0) if most / (power * part) < 8)


def _scale(step: float, top: float, *, relative: bool) -> Iterator[str]:
    for number in range(round(top / step) + 1):
        at, y = number * step, _y(number * step, top)
        label = percent(at) if relative else f"{at:,.10g}"
        yield f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{"#000" if not number else "#ddd"}"/>'
        yield f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{label}</text>'


def _times(periods: Sequence[str]) -> Iterator[str]:
    every = -(-len(periods) // MOST_LABELS)
    if periods and len(periods[0]) > len("2018"):
        every = -(-every // 12) * 12 if every > 1 else 1  # of months every January, or all
    first = next((at for at, period in enumerate(periods) if period.endswith("-01")), 0) % every if every else 0
    for at in range(first, len(periods), every or 1):
        x = _x(at, len(periods))
        yield f'<path d="M{x:.1f} {HEIGHT - BOTTOM}v5" stroke="#000"/>'
        yield f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{periods[at]}</text>'


def _line(series: Series, values: Sequence[float | None], top: float, number: int) -> Iterator[str]:
    colour = COLOURS[number % len(COLOURS)]
    path, pen = "", "M"
    for at, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        path += f"{pen}{_x(at, len(values)):.1f} {_y(value, top):.1f}"
        pen = "L"
    yield f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    for at, value in enumerate(values):
        if value is not None:
            yield f'<circle cx="{_x(at, len(values)):.1f}" cy="{_y(value, top):.1f}" r="2.5" fill="{colour}"/>'
    x = LEFT + number * (WIDTH - LEFT - RIGHT) / max(4, number + 1)
    yield f'<text x="{x:.1f}" y="46" fill="{colour}">● {escape(series.words)}</text>'


def _x(at: int, periods: int) -> float:
    return LEFT + (WIDTH - LEFT - RIGHT) * (at + 0.5) / periods


def _y(value: float, top: float) -> float:
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / top
