"""Charts as SVG, drawn on the server; colours and sizes are the style sheet's."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from math import ceil, sqrt
from typing import Any

from markupsafe import Markup

from postscraper.phrases import counted

LEVELS = 4
WEEKS = 53
_CELL, _SIZE = 10, 9  # units of a week's cell with and without the space to the next
_WIDTH, _HEIGHT = WEEKS * _CELL, 14


def level(count: int, most: int) -> int:
    """0 for none, then 1 to LEVELS by the square root: a day with few stories is seen beside one with many."""
    return min(ceil(LEVELS * sqrt(count / most)), LEVELS) if count and most else 0


def week_of(day: date) -> int:
    """0 to 52, by sevens of days from New Year: every year then has one row."""
    return (day.timetuple().tm_yday - 1) // 7


def year(facts: Mapping[str, Any], most: int, first_on: date | None, last_on: date | None) -> Markup:
    """The row of one year. facts: of `years` on the front. most: of any week. first_on, last_on: of the archive."""
    number = facts["year"]
    first = week_of(first_on) if first_on and first_on.year == number else 0
    last = week_of(last_on) if last_on and last_on.year == number else WEEKS - 1
    if first_on is None or last_on is None or not first_on.year <= number <= last_on.year:
        first, last = 0, -1
    label = f"{number}: {counted(facts['stories'], 'story', 'stories')} on {counted(facts['days'], 'day')}"
    if lacking := sum(facts["not_held"]):
        label += f", {lacking:,} known and not held yet"
    return strip(facts["weeks"], most, first, last, facts["not_held"], label)


def strip(weeks: Sequence[int], most: int, first: int, last: int, lacking: Sequence[int], label: str) -> Markup:
    """A row of a year's weeks.

    most: the largest count of any week. first, last: weeks before and behind which nothing is expected. lacking: counts
    of stories that are known and not held. label: the whole row in words.
    """
    cells: dict[str, list[str]] = {}
    for week, count in enumerate(weeks):
        if count:
            cells.setdefault(f"l{level(count, most)}", []).append(f"M{week * _CELL} 0h{_SIZE}v{_SIZE}h-{_SIZE}z")
    marks = "".join(f"M{week * _CELL} 11h{_SIZE}v2h-{_SIZE}z" for week, count in enumerate(lacking) if count)
    drawn = []
    if first <= last:  # dashes, a week each
        drawn.append(
            Markup('<path class="weeks" d="M{} 4.5h{}"/>').format(first * _CELL, (last - first + 1) * _CELL - 1)
        )
    drawn += [Markup('<path class="{}" d="{}"/>').format(name, "".join(found)) for name, found in sorted(cells.items())]
    if marks:
        drawn.append(Markup('<path class="lacking" d="{}"/>').format(marks))
    frame = '<svg class="strip" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    return Markup(frame).format(_WIDTH, _HEIGHT, label, Markup().join(drawn))


def bar(count: float, most: float) -> Markup:
    """A bar of a table, beside the number itself, and so hidden from screen readers."""
    width = round(100 * count / most, 1) if most else 0
    return Markup(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="rail" width="100" height="8"/><rect width="{}" height="8"/></svg>'
    ).format(width)


def stretch(start: datetime, end: datetime, first: datetime, last: datetime) -> Markup:
    """The time from `start` to `end` on an axis from `first` to `last`; at least wide enough to be seen."""
    whole = max((last - first) / timedelta(seconds=1), 1)
    left = 100 * ((start - first) / timedelta(seconds=1)) / whole
    width = max(100 * ((end - start) / timedelta(seconds=1)) / whole, 1.5)
    return Markup(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        '<rect class="rail" width="100" height="8"/><rect x="{}" width="{}" height="8"/></svg>'
    ).format(round(min(left, 98.5), 2), round(width, 2))


def months(year: int) -> Iterator[tuple[str, list[list[date | None]]]]:
    """The months of a year by name, with their weeks from Monday; None for a day of another month."""
    for month in range(1, 13):
        day = date(year, month, 1)
        weeks: list[list[date | None]] = [[None] * day.weekday()]
        while day.month == month:
            if len(weeks[-1]) == 7:
                weeks.append([])
            weeks[-1].append(day)
            day += timedelta(days=1)
        weeks[-1] += [None] * (7 - len(weeks[-1]))
        yield f"{date(year, month, 1):%B}", weeks


def highest(series: Sequence[Mapping[str, Any]]) -> float:
    """The largest share of any period, of series with `shares`."""
    return max((share for each in series for share in each["shares"] if share is not None), default=0)


_TREND_WIDTH, _LINES, _BARS = 1000, 240, 40  # units: of the chart, of the part with lines, of the one with bars


def lines(series: Sequence[Mapping[str, Any]], all_stories: Sequence[int], periods: Sequence[str]) -> Markup:
    """Shares as lines that break where there is no story, above the number of all stories as bars."""
    most_share, most_stories = highest(series) or 1, max(all_stories, default=0) or 1
    step = _TREND_WIDTH / max(len(periods), 1)
    bars = []
    for at, count in enumerate(all_stories):
        height = round(_BARS * count / most_stories, 1)
        if height:
            bars.append(f"M{at * step:.1f} {_LINES + 10 + _BARS}v-{height}h{step * 0.85:.1f}v{height}z")
    drawn = [Markup('<path class="l2" d="{}"/>').format("".join(bars))]
    for number, each in enumerate(series, 1):
        places: list[str] = []
        pen_up = True
        for at, share in enumerate(each["shares"]):
            if share is None:
                pen_up = True
                continue
            x, y = (at + 0.425) * step, _LINES - (_LINES - 10) * share / most_share
            places.append(f"{'M' if pen_up else 'L'}{x:.1f} {y:.1f}{'h.1' if pen_up else ''}")
            pen_up = False
        drawn.append(Markup('<path class="s{}" d="{}"/>').format(number, "".join(places)))
    label = f"Share of stories by {'month' if '-' in periods[0] else 'year'}, {periods[0]} to {periods[-1]}"
    frame = '<svg class="lines" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    return Markup(frame).format(_TREND_WIDTH, _LINES + 10 + _BARS, label, Markup().join(drawn))
