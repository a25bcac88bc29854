"""Numbers in sentences: another value is a figure, another form of the same value is a typing error."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.query.history.changes import changes
from storage.query.history.numbers import figures, written
from storage.query.history.tokens import tokens

UNITS = re.findall(
    r"\w+",
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen",
)
TENS = re.findall(r"\S+", "- - twenty thirty forty fifty sixty seventy eighty ninety")
KHMER_UNITS = re.findall(r"\S+", "សូន្យ មួយ ពីរ បី បួន ប្រាំ ប្រាំមួយ ប្រាំពីរ ប្រាំបី ប្រាំបួន")
KHMER_TENS = re.findall(r"\S+", "- ដប់ ម្ភៃ សាមសិប សែសិប ហាសិប ហុកសិប ចិតសិប ប៉ែតសិប កៅសិប")
KHMER_SCALES = ((10**6, "លាន"), (10**5, "សែន"), (10**4, "ម៉ឺន"), (1000, "ពាន់"), (100, "រយ"))


def in_words(number: int) -> str:
    if number < 20:
        return UNITS[number]
    if number < 100:
        return TENS[number // 10] + (f"-{UNITS[number % 10]}" if number % 10 else "")
    if number < 1000:
        return f"{UNITS[number // 100]} hundred" + (f" and {in_words(number % 100)}" if number % 100 else "")
    scale, word = (1000, "thousand") if number < 10**6 else (10**6, "million")
    return f"{in_words(number // scale)} {word}" + (f" {in_words(number % scale)}" if number % scale else "")


def in_khmer_words(number: int) -> str:
    text, left = "", number
    for scale, word in KHMER_SCALES:
        if left >= scale:
            text, left = text + in_khmer_words(left // scale) + word, left % scale
    if left >= 10:
        text, left = text + KHMER_TENS[left // 10], left % 10
    return text + (KHMER_UNITS[left] if left or not number else "")


def in_khmer_digits(text: str) -> str:
    return "".join(chr(0x17E0 + int(sign)) if sign.isdecimal() else sign for sign in text)


FORMS = {
    "The ministry paid {} families in Takeo, and nobody was left.": (str, "{:,}".format, in_words),
    "ក្រសួងបានចំណាយលើគ្រួសារ {} នាក់នៅខេត្តតាកែវ។": (
        *(str, in_khmer_words, lambda number: in_khmer_digits(str(number))),
        *(lambda number, mark=mark: in_khmer_digits(f"{number:,}".replace(",", mark)) for mark in ". "),
    ),
}


@given(st.data(), st.sampled_from([*FORMS]), st.integers(2, 10**7), st.integers(2, 10**7) | st.none())
def test_a_number_is_its_value(data: Any, sentence: str, number: int, other: int | None) -> None:
    forms = st.sampled_from(FORMS[sentence])
    old, new = (
        {"layout": "one", "headline": "A", "body": [{"kind": "paragraph", "text": sentence.format(form(value))}]}
        for form, value in ((data.draw(forms), number), (data.draw(forms), other or number))
    )
    kinds = {change.kind for change in changes(old, new)}
    assert "figure" in kinds if other not in (None, number) else kinds <= {"typing_error"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("$3.4 million", "US$3,400,000"),
        ("$3.4m", "3.4 million dollars"),
        ("5%", "five per cent"),
        ("19th", "nineteenth"),
        ("Sept. 5", "September 5"),
        ("5km", "5 kilometres"),
        ("a dozen", "12"),
        ("½", "half"),
        ("10:30", "10.30"),
        ("45-year-old", "forty-five-year-old"),
        ("85 000", "85,000"),
    ],
)
def test_forms_of_one_number(one: str, other: str) -> None:
    forms = [written(tokens([(0, text)]), 0, 20) for text in (one, other)]
    assert forms[0] == forms[1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("In May 2018 May Sam Oeun said he may go", ["may", "2018"]),
        ("on Nov 5 Sun Chanthol met Nov Sokha", ["november", "5"]),
        ("from -5 to 12 degrees in 2010-12", ["-5", "12", "2010-12"]),
        ("won 3–1 on 3/6/2018", ["3-1", "3-6-2018"]),
        ("hundreds of men, one of them with two dozen ducks", ["hundreds", "24"]),
        ("in 2018 300 men spent $5bn", ["2018", "300", "5000000000$"]),
    ],
)
def test_the_numbers_of_a_text(text: str, found: list[str]) -> None:
    cut = tokens([(0, text)])
    assert figures(cut, 0, len(cut)) == found
