"""Charts as SVG, drawn on the server; colours and sizes are the style sheet's."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from math import ceil, sqrt
from typing import Any

from markupsafe import Markup

from postscraper import phrases
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
    drawn += [
        Markup('<path class="{}" d="{}"/>').format(name, "".join(squares)) for name, squares in sorted(cells.items())
    ]
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


_WIDTH_OF_TREND, _LINES, _BARS = 1000, 240, 40  # units: of both drawings, heights of the lines and of the bars
_MOST_DOTS = 300  # that lead to their stories, lest the page weigh more than its text
_MOST_TICKS = 8


# A dot, and around it a space as wide as its period, which is easier to hit.
_DOT = (
    '<a href="{}" tabindex="-1"><title>{}</title><path class="hit" d="M{}m-{:.1f} -12h{:.1f}v24h-{:.1f}z"/>'
    '<path class="s{} dot" d="M{}h.1"/></a>'
)


def scale(series: Sequence[Mapping[str, Any]]) -> list[float]:
    """Round values from 0 to above the largest share of any series with `shares`: the lines of the scale."""
    return phrases.scale(max((share for each in series for share in each["shares"] if share is not None), default=0), 6)


def percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def ticks(periods: Sequence[str]) -> list[tuple[str, int]]:
    """Labels below the axis of time, each with the number of periods up to the next."""
    every = ceil(len(periods) / _MOST_TICKS)
    if periods and len(periods[0]) > len("2018") and every > 1:
        every = ceil(every / 12) * 12
    starts = range(0, len(periods), max(every, 1))
    return [(periods[at], min(every, len(periods) - at)) for at in starts]


def lines(
    series: Sequence[Mapping[str, Any]], periods: Sequence[str], address: Callable[[str, str], str | None]
) -> Markup:
    """Shares as lines that break where there is no story, with a dot for each period that leads to its stories.

    series: with `words`, `stories`, `shares`. address: of the stories with these words in this period.
    """
    values = scale(series)
    step, top = _WIDTH_OF_TREND / max(len(periods), 1), values[-1]
    grid = "".join(f"M0 {_height(value, top):.1f}h{_WIDTH_OF_TREND}" for value in values)
    drawn = [Markup('<path class="grid" d="{}"/>').format(grid)]
    has_dots = sum(bool(count) for each in series for count in each["stories"]) <= _MOST_DOTS
    for number, each in enumerate(series, 1):
        path, pen, dots = "", "M", []
        for at, (period, count, share) in enumerate(zip(periods, each["stories"], each["shares"], strict=True)):
            if share is None:
                pen = "M"
                continue
            place = f"{(at + 0.5) * step:.1f} {_height(share, top):.1f}"
            path, pen = f"{path}{pen}{place}{'h.1' if pen == 'M' else ''}", "L"
            if count and has_dots:
                label = f"{each['words']}, {period}: {counted(count, 'story', 'stories')}, {percent(share)}"
                dots.append(
                    Markup(_DOT).format(
                        address(each["words"], period), label, place, step / 2, step, step, number, place
                    )
                )
        drawn += [Markup('<path class="s{}" d="{}"/>').format(number, path), *dots]
    return _drawing("lines", _LINES, drawn)


def _height(share: float, top: float) -> float:
    return 2 + (_LINES - 4) * (1 - share / top)


def coverage(all_stories: Sequence[int], periods: Sequence[str]) -> Markup:
    """The number of all stories of each period, as bars."""
    step, most = _WIDTH_OF_TREND / max(len(periods), 1), max(all_stories, default=0) or 1
    drawn = [Markup('<path class="grid" d="M0 {}h{}"/>').format(_BARS, _WIDTH_OF_TREND)]
    for at, (period, count) in enumerate(zip(periods, all_stories, strict=True)):
        if count:
            bar = '<path class="l2" d="M{:.1f} {}v-{:.1f}h{:.1f}V{}z"><title>{}</title></path>'
            label = f"{period}: {counted(count, 'story', 'stories')}"
            drawn.append(Markup(bar).format((at + 0.1) * step, _BARS, _BARS * count / most, step * 0.8, _BARS, label))
    return _drawing("cover", _BARS, drawn)


def _drawing(name: str, height: int, drawn: Sequence[Markup]) -> Markup:
    """Hidden from screen readers and the keyboard: the table behind it has the same numbers and links."""
    frame = '<svg class="{}" viewBox="0 0 {} {}" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
    return Markup(frame).format(name, _WIDTH_OF_TREND, height, Markup().join(drawn))
