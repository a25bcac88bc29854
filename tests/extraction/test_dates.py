"""Printed dates: moments where a clock is printed, days where none is, and nothing where neither is sure."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postscraper.extraction.dates import believable, day_of, iso_moment, machine_moment, printed
from postscraper.newspapers import POST


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("20 June 2018 | 08:10 ICT", datetime(2018, 6, 20, 1, 10, tzinfo=UTC)),
        ("17 November 2019 | 23:31 | ICT", datetime(2019, 11, 17, 16, 31, tzinfo=UTC)),
        ("21 November 2015\n |  06:16 ICT", datetime(2015, 11, 20, 23, 16, tzinfo=UTC)),
        ("Tuesday, 23 March 2010 15:04", datetime(2010, 3, 23, 8, 4, tzinfo=UTC)),
        ("Tuesday, 23 March 2010 3:04 PM", datetime(2010, 3, 23, 8, 4, tzinfo=UTC)),
        ("23 Mar 2010 | 3:04 p.m. | ICT", datetime(2010, 3, 23, 8, 4, tzinfo=UTC)),
        ("23 Sept 2010, 12:04 AM", datetime(2010, 9, 22, 17, 4, tzinfo=UTC)),
        ("23 March 2010 at 12:04PM ICT", datetime(2010, 3, 23, 5, 4, tzinfo=UTC)),
        ("២០ មិថុនា ២០១៨ | ០៨:១០ ICT", datetime(2018, 6, 20, 1, 10, tzinfo=UTC)),
        ("ថ្ងៃទី២០ ខែមិថុនា ឆ្នាំ២០១៨ ម៉ោង ៨:១០ ល្ងាច", datetime(2018, 6, 20, 13, 10, tzinfo=UTC)),
    ],
)
def test_a_clock_is_phnom_penhs(text: str, at: datetime) -> None:
    found = printed(text, POST)
    assert (found.text, found.at, found.on) == (text, at, day_of(at, POST))


@pytest.mark.parametrize(
    ("text", "on"),
    [
        ("Wed, 20 June 2018", date(2018, 6, 20)),
        ("Fri, 14 October 2016", date(2016, 10, 14)),
        ("Wed, 25 Nov 2020", date(2020, 11, 25)),
        ("Tuesday, 31 March 2009", date(2009, 3, 31)),
        ("08 October 1993", date(1993, 10, 8)),
        ("1st May 2013", date(2013, 5, 1)),
        ("March 5, 2013", date(2013, 3, 5)),
        ("០៨ October ១៩៩៣", date(1993, 10, 8)),
    ],
)
def test_a_day_has_no_time(text: str, on: date) -> None:
    found = printed(text, POST)
    assert (found.text, found.on, found.at) == (text, on, None)


@pytest.mark.parametrize(
    "text",
    [
        *("31 June 2018 | 08:10 ICT", "20 June 2018 | 25:10 ICT", "20 June 2018 15:04 AM", "yesterday", ""),
        *("30 February 2018", "20 June 18", "20 Juin 2018", "20 Junes 2018", "20 June 2018 and more"),
    ],
)
def test_a_moment_that_does_not_exist_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        printed(text, POST)


MONTHS = ["មករា", "កុម្ភៈ", "មីនា", "មេសា", "ឧសភា", "មិថុនា", "កក្កដា", "សីហា", "កញ្ញា", "តុលា", "វិច្ឆិកា", "ធ្នូ"]
DIGITS = str.maketrans("0123456789", "០១២៣៤៥៦៧៨៩")


@given(st.dates(date(1992, 1, 1), date(2030, 12, 31)), st.booleans(), st.booleans())
def test_every_khmer_day_is_read(day: date, khmer_digits: bool, spaced: bool) -> None:
    text = (
        f"ថ្ងៃទី {day.day} ខែ{MONTHS[day.month - 1]} ឆ្នាំ{day.year}"
        if spaced
        else f"{day.day} {MONTHS[day.month - 1]} {day.year}"
    )
    text = text.translate(DIGITS) if khmer_digits else text
    found = printed(text, POST)
    assert (found.text, found.on, found.at) == (text, day, None)


@pytest.mark.parametrize("text", ["៣០ ខែកុម្ភៈ ឆ្នាំ២០១៦", "២៦ ខែមិនមាន ឆ្នាំ២០១៦", "ថ្ងៃអង្គារ", ""])
def test_what_is_no_khmer_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        printed(text, POST)


def test_khmer_days_hold_zero_width_spaces() -> None:
    assert printed("២៦\u200b ខែ\u200bសីហា\u200b ឆ្នាំ\u200b២០១៦", POST).on == date(2016, 8, 26)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2018-06-20T08:15+07:00", datetime(2018, 6, 20, 1, 15, tzinfo=UTC)),
        ("2018-06-20T08:15:30+07:00", datetime(2018, 6, 20, 1, 15, 30, tzinfo=UTC)),
        (" 2018-06-20T01:15:00Z ", datetime(2018, 6, 20, 1, 15, tzinfo=UTC)),
        ("2018-06-20T08:15", None),
        ("2018-06-20", None),
        ("2019-05-14T07:30:00+99:99", None),
        ("0001-01-01T00:00:00+07:00", None),
        ("2019-13-45", None),
        ("99999999999999", None),
        ("1e309", None),
        ("", None),
        (None, None),
    ],
)
def test_machine_moments_need_their_offset(text: str | None, at: datetime | None) -> None:
    assert machine_moment(text) == at


@given(st.text(max_size=40))
def test_a_machine_moment_is_aware_utc_or_none(text: str) -> None:
    found = machine_moment(text)
    assert found is None or found.utcoffset() == timedelta(0)


CAPTURED_AT = datetime(2018, 6, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(1992, 7, 10), True),
        (date(1992, 6, 1), False),
        (date(1970, 1, 1), False),
        (date(2018, 6, 20), True),
        (date(2018, 6, 22), True),
        (date(2018, 6, 23), False),
        (date(2199, 1, 1), False),
    ],
)
def test_the_paper_prints_from_its_founding_to_the_capture(day: date, expected: bool) -> None:
    assert believable(day, CAPTURED_AT, POST) is expected


def test_without_a_capture_time_any_later_day_stands() -> None:
    assert believable(date(2199, 1, 1), None, POST)
    assert not believable(date(1969, 7, 20), None, POST)


def test_phnom_penhs_clock_never_changed_in_the_papers_years() -> None:
    known = ZoneInfo("Asia/Phnom_Penh")
    moments = (
        datetime(year, month, 1, tzinfo=UTC) for year in range(POST.founded_on.year, 2050) for month in range(1, 13)
    )
    assert {moment.astimezone(known).utcoffset() for moment in moments} == {POST.zone.utcoffset(None)}


def test_the_day_is_phnom_penhs() -> None:
    assert day_of(datetime(2018, 6, 19, 17, 0, tzinfo=UTC), POST) == date(2018, 6, 20)
    assert day_of(datetime(2018, 6, 19, 16, 59, tzinfo=UTC), POST) == date(2018, 6, 19)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-06-02T08:10:00+07:00", "2026-06-02T08:10:00+07:00"),
        (" 2026-06-02T08:10:00 ", "2026-06-02T08:10:00"),
        *(
            (odd, None)
            for odd in ("0000-00-00 00:00:00", "0001-01-01T00:00:00+07:00", "soon", "", None, 7, ["2026-06-02"])
        ),
    ],
)
def test_an_iso_moment_keeps_its_offset_or_is_none(text: object, moment: str | None) -> None:
    found = iso_moment(text)
    assert (found and found.isoformat()) == moment
