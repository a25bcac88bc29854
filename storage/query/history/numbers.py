"""Numbers, days and amounts among the words of a text, in one form however they are written.

`300`, `three hundred` and បីរយ are one number; `$3.4m` and `$3,400,000` one amount. In English every number is found. In
Khmer, which has no spaces, a number word may be a piece of another word: there a number is a run of clusters that holds
nothing else (`khmer_numbers`).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from storage.query.history.tokens import Hunk, Token

_WIDER = 4  # clusters around a Khmer hunk that may belong to its number
_MOST_BESIDE = 6  # words and signs of one number beside a hunk
_LONGEST = 40  # words of one number, or Khmer clusters
_AROUND = 20  # tokens that show whether a text is Khmer


def _counted(start: int, words: str) -> dict[str, int]:
    return {word: value for value, word in enumerate(words.split(), start)}


def _by_word(forms: Mapping[str, str]) -> dict[str, str]:
    return {word: form for form, words in forms.items() for word in words.split()}


_UNITS = _counted(
    0,
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen"
    " eighteen nineteen",
)
_TENS = {
    word: 10 * value for word, value in _counted(2, "twenty thirty forty fifty sixty seventy eighty ninety").items()
}
_CARDINALS = _UNITS | _TENS
_SCALES = {"hundred": 10**2, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12, "dozen": 12}
_SHORT_SCALES = {"mn": 10**6, "bn": 10**9, "tn": 10**12}
_MONEY_SCALES = {"k": 10**3, "m": 10**6, "b": 10**9}  # of money alone: `5m` may be metres
_ORDINALS = _counted(
    1,
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth"
    " sixteenth seventeenth eighteenth nineteenth twentieth",
)
_ORDINAL_ENDINGS = frozenset(("st", "nd", "rd", "th"))
_PARTS = {"half": "0.5", "½": "0.5", "¼": "0.25", "¾": "0.75", "quarter": "quarter"}
_ROUGH = frozenset(("hundreds", "thousands", "millions", "billions", "dozens", "twice", "double"))
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_DAYS = frozenset((*_MONTHS, "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"))
# Beside figures alone: Jan, Mar and Nov are names, too.
_SHORT_MONTHS = {month[:3]: month for month in _MONTHS} | {"sept": "september"}

_CURRENCIES = _by_word(
    {"$": "dollar dollars usd", "€": "euro euros eur", "៛": "riel riels khr", "฿": "baht", "₫": "dong", "¥": "yuan yen"}
)
_MONEY = frozenset((*_CURRENCIES.values(), "£"))
_JOINS = frozenset("/-–—")
_PERCENT = frozenset(("%", "percent"))
_MEASURES = _by_word(
    {
        "kilometre": "km kilometre kilometer",
        "metre": "m metre meter",
        "centimetre": "cm centimetre centimeter",
        "millimetre": "mm millimetre millimeter",
        "kilogram": "kg kilo kilogram",
        "hectare": "ha hectare",
        "litre": "litre liter",
        "megawatt": "mw megawatt",
        "am": "am a",  # of 9am and 9 a.m.
        "pm": "pm p",
        **{each: each for each in ("kilowatt", "mile", "acre", "gram", "tonne", "ton", "barrel")},
        **{each: each for each in ("minute", "hour", "day", "week", "month", "year", "decade")},
    }
)

_KHMER_VALUES = _counted(0, "សូន្យ មួយ ពីរ បី បួន ប្រាំ") | {
    word: 10 * value
    for value, word in enumerate(["ដប់", "ម្ភៃ", "សាមសិប", "សែសិប", "ហាសិប", "ហុកសិប", "ចិតសិប", "ប៉ែតសិប", "កៅសិប"], 1)
}
_KHMER_SCALES = {"រយ": 10**2, "ពាន់": 10**3, "ម៉ឺន": 10**4, "សែន": 10**5, "លាន": 10**6, "កោដិ": 10**7}
_KHMER_DAYS = (
    *("មករា", "កុម្ភៈ", "មីនា", "មេសា", "ឧសភា", "មិថុនា", "កក្កដា", "សីហា", "កញ្ញា", "តុលា", "វិច្ឆិកា", "ធ្នូ"),
    *("ចន្ទ", "អង្គារ", "ពុធ", "ព្រហស្បតិ៍", "សុក្រ", "សៅរ៍", "អាទិត្យ", "ពាក់កណ្ដាល", "ពាក់កណ្តាល"),
)
_KHMER_MEASURES = (
    *("នាក់", "ភាគរយ", "គ្រឿង", "ខ្នង", "ដុល្លារ", "រៀល", "បាត", "ហិកតា", "តោន", "គីឡូម៉ែត្រ", "ម៉ែត្រ", "គីឡូក្រាម"),
    *("ថ្ងៃ", "ខែ", "ឆ្នាំ", "ម៉ោង", "នាទី"),
)
_NUMBERS = re.compile(rf"[0-9.]+|{'|'.join(_KHMER_DAYS)}")
_FIGURES = "[0-9]+(?:[.,][0-9]+)*"
_KHMER_WORD = re.compile(f"{_FIGURES}|{'|'.join(sorted((*_KHMER_VALUES, *_KHMER_SCALES), key=len, reverse=True))}")
_KHMER_PIECE = re.compile(
    f"(?P<number>(?P<count>(?:{_KHMER_WORD.pattern})+)|{'|'.join(_KHMER_DAYS)})|{'|'.join(_KHMER_MEASURES)}|[.,]"
)


class _Atom(NamedTuple):
    """A word, figures or a sign, or a part of a number word with hyphens. glued: no space stands before it."""

    word: str
    is_capital: bool
    glued: bool

    @property
    def is_figures(self) -> bool:
        return self.word[0].isdecimal()


def arabic(text: str) -> str:
    """The text with Arabic digits."""
    return "".join(str(int(sign)) if sign.isdecimal() else sign for sign in text)


def written(text: Sequence[Token], start: int, end: int) -> str:
    """The words between two places in one form: numbers as figures; no capitals, spaces, signs or hyphens."""
    return "".join(form for form, _ in _forms(text, start, end))


def figures(text: Sequence[Token], start: int, end: int) -> list[str]:
    """The numbers, days and months between two places: `300`, `12.5%`, `5000000$`, `2th`, `3-1`, `june`."""
    return [form for form, is_number in _forms(text, start, end) if is_number]


def are_same(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether two lists of figures are equal, in any order. A sum without its currency may be the same sum."""
    if len(one) != len(other):
        return False
    pairs = zip(sorted(map(_parted, one)), sorted(map(_parted, other)), strict=True)
    return all(
        a == b and (money == other_money or not (money and other_money)) for (a, money), (b, other_money) in pairs
    )


def _parted(form: str) -> tuple[str, str]:
    return (form[:-1], form[-1]) if form[-1] in _MONEY else (form, "")


def is_day(token: Token) -> bool:
    """Whether a word is a day of the week or a month."""
    return token.text[0].isupper() and token.key.casefold() in _DAYS


def with_numbers(hunk: Hunk) -> Hunk:
    """The hunk with the unchanged rest of the numbers at its ends: all of `3.4 million` and `3.4 billion`."""
    before = after = 0
    while before < _MOST_BESIDE and _belongs(hunk, hunk.start - before - 1, hunk.new_start - before - 1):
        before += 1
    while after < _MOST_BESIDE and _belongs(hunk, hunk.end + after, hunk.new_end + after):
        after += 1
    return hunk._replace(
        start=hunk.start - before, end=hunk.end + after, new_start=hunk.new_start - before, new_end=hunk.new_end + after
    )


def _belongs(hunk: Hunk, at: int, new_at: int) -> bool:
    """Whether both texts have the same piece of a number there."""
    if not (0 <= at < len(hunk.old) and 0 <= new_at < len(hunk.new)) or hunk.old[at].key != hunk.new[new_at].key:
        return False
    return any(map(_is_of_number, _atoms([hunk.old[at]])))


def _is_of_number(atom: _Atom) -> bool:
    lists = (_CARDINALS, _SCALES, _SHORT_SCALES, _ORDINALS, _PARTS, _MONEY, _PERCENT, _JOINS)
    return atom.is_figures or any(atom.word in words for words in lists)


def has_other_measure(hunk: Hunk) -> bool:
    """Whether one measure behind a number became another one: 14 days, 14 months."""
    sides = [[_measure(token.key.casefold()) for token in side] for side in (hunk.removed, hunk.added)]
    if any(len(side) != 1 or not side[0] for side in sides) or sides[0] == sides[1] or not hunk.start:
        return False
    return any(map(_is_of_number, _atoms([hunk.old[hunk.start - 1]])))


def _measure(word: str) -> str:
    return _MEASURES.get(word) or _MEASURES.get(word.removesuffix("s"), "")


def _forms(text: Sequence[Token], start: int, end: int) -> Iterator[tuple[str, bool]]:
    """The words between two places, each in its form, and whether it is a number; a number of several words as one."""
    is_khmer = any(token.is_khmer for token in text[max(start - _AROUND, 0) : end + _AROUND])
    atoms = list(_atoms(text[start:end], text[start - 1] if start else None))
    at, behind_number = 0, False
    while at < len(atoms):
        form, then = _span(atoms, at, is_khmer)
        if then > at:
            yield form, then > at + 1 or atoms[at].word != "one"  # `one of them` is no figure
        elif day := _day(atoms, at):
            yield day, True
        else:
            yield (_measure(atoms[at].word) if behind_number else "") or _plain(atoms[at].word), False
        at, behind_number = max(then, at + 1), then > at


def _atoms(text: Sequence[Token], before: Token | None = None) -> Iterator[_Atom]:
    """before: the token before the text."""
    for token in text:
        glued = before is not None and before.block == token.block and before.end == token.start
        word = arabic(token.key.casefold())
        parts = [part for part in word.split("-") if part]
        if len(parts) < 2 or not any(part in _CARDINALS or part in _SCALES for part in parts):
            parts = [word]
        for part in parts:
            yield _Atom(part, token.text[0].isupper(), glued)
            glued = True
        before = token


def _plain(word: str) -> str:
    if "\u1780" <= word[0] <= "\u17d7":  # Khmer clusters hold signs that are no letters
        return word
    return "and" if word == "&" else re.sub(r"[\W_]", "", word)


def _day(atoms: Sequence[_Atom], at: int) -> str:
    """The day of the week or month; "" for another word. `May Sam Oeun` is a name."""
    word = atoms[at].word
    if not atoms[at].is_capital:
        return ""
    following = [atom for atom in atoms[at + 1 : at + 3] if atom.word != "."][:1]
    if word in _DAYS:
        is_name = word == "may" and any(atom.is_capital and atom.word not in _DAYS for atom in following)
        return "" if is_name else word
    is_dated = any(atom.is_figures for atom in (*atoms[max(at - 1, 0) : at], *following))
    return _SHORT_MONTHS.get(word, "") if is_dated else ""


# --- Numbers of several words ----------------------------------------------------------------

# Each of these gives the form of the number that begins at an atom, and the place behind it: `at` itself for no number.


def _span(atoms: Sequence[_Atom], at: int, is_khmer: bool) -> tuple[str, int]:
    """A number, or several as a score, a date or a span of years: 3-1, 3/6/2018, 2010-12."""
    form, then = _amount(atoms, at, is_khmer)
    end = at + _LONGEST
    while at < then < end and _word(atoms, then) in _JOINS and atoms[then].glued and _is_figures(atoms, then + 1):
        following, then = _amount(atoms, then + 1, is_khmer)
        form = f"{form}-{following}"
    return form, then


def _is_figures(atoms: Sequence[_Atom], at: int) -> bool:
    return at < len(atoms) and atoms[at].is_figures and atoms[at].glued


def _amount(atoms: Sequence[_Atom], at: int, is_khmer: bool) -> tuple[str, int]:
    """A number with its sign, currency or per cent."""
    start, minus, money = at, "", ""
    if _word(atoms, at) in ("-", "−") and not atoms[at].glued and at + 1 < len(atoms) and atoms[at + 1].glued:
        minus, at = "-", at + 1
    if (_word(atoms, at), _word(atoms, at + 1)) == ("us", "$"):
        at += 1
    if _word(atoms, at) in _MONEY and at + 1 < len(atoms):
        money, at = _word(atoms, at), at + 1
    form, then = _number(atoms, at, is_khmer, is_money=bool(money))
    if then == at:
        return "", start
    if _word(atoms, then) == "us" and _word(atoms, then + 1) in ("dollar", "dollars"):
        then += 1
    behind = _word(atoms, then)
    if behind in _CURRENCIES:
        money, then = _CURRENCIES[behind], then + 1
    elif behind in _PERCENT:
        form, then = f"{form}%", then + 1
    elif (behind, _word(atoms, then + 1)) == ("per", "cent"):
        form, then = f"{form}%", then + 2
    return minus + form + money, then


def _word(atoms: Sequence[_Atom], at: int) -> str:
    return atoms[at].word if 0 <= at < len(atoms) else ""


def _number(atoms: Sequence[_Atom], at: int, is_khmer: bool, *, is_money: bool) -> tuple[str, int]:
    word = atoms[at].word
    if word in _ORDINALS:
        return f"{_ORDINALS[word]}th", at + 1
    if word in _PARTS or word in _ROUGH:
        return _PARTS.get(word, word), at + 1
    if word in _CARDINALS:
        return _in_words(atoms, at + 1, Decimal(_CARDINALS[word]))
    if word in _SCALES:
        return _in_words(atoms, at, Decimal(1))
    if word in ("a", "an") and _word(atoms, at + 1) in _SCALES:
        return _in_words(atoms, at + 1, Decimal(1))
    if atoms[at].is_figures:
        return _in_figures(atoms, at, is_khmer, is_money)
    return "", at


def _in_words(atoms: Sequence[_Atom], at: int, value: Decimal) -> tuple[str, int]:
    """value: of the word before `at`."""
    total, last, end = Decimal(0), _word(atoms, at - 1), min(len(atoms), at + _LONGEST)
    while at < end:
        word = atoms[at].word
        joins = last in _SCALES or last == "and"
        is_unit = last in _TENS and 0 < _CARDINALS.get(word, _ORDINALS.get(word, 0)) < 10
        if word in _SCALES:
            value *= _SCALES[word]
            if word != "hundred":
                total, value = total + value, Decimal(0)
        elif word in _CARDINALS and (joins or is_unit):
            value += _CARDINALS[word]
        elif word in _ORDINALS and is_unit:
            return f"{_plainly(total + value + _ORDINALS[word])}th", at + 1
        elif word != "and" or last not in _SCALES or _word(atoms, at + 1) not in _CARDINALS:
            break
        last, at = word, at + 1
    return _plainly(total + value), at


def _in_figures(atoms: Sequence[_Atom], at: int, is_khmer: bool, is_money: bool) -> tuple[str, int]:
    value = _decimal(atoms[at].word, is_khmer)
    if value is None:
        return atoms[at].word, at + 1
    is_short, end = len(atoms[at].word) <= 3, min(len(atoms), at + _LONGEST)
    at += 1
    while is_short and at < end and re.fullmatch(r"\d{3}", atoms[at].word) and not atoms[at].glued:
        value, at = value * 1000 + Decimal(atoms[at].word), at + 1  # 85 000
    if _word(atoms, at) in _ORDINAL_ENDINGS and atoms[at].glued:
        return f"{_plainly(value)}th", at + 1
    scales = _SCALES | _SHORT_SCALES | (_MONEY_SCALES if is_money else {})
    while at < end and atoms[at].word in scales:
        value, at = value * scales[atoms[at].word], at + 1
    return _plainly(value), at


def _plainly(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _decimal(figures: str, is_khmer: bool) -> Decimal | None:
    """The value of figures, a time as hours and a fraction; None for a date in figures.

    English has commas between thousands. Khmer has points there and a comma before the decimals, or writes as English.
    """
    figures = figures.replace(":", ".").lstrip("0") or "0"
    if re.fullmatch(rf"\d{{1,3}}(?:[{',.' if is_khmer else ','}]\d{{3}})+", figures):
        return Decimal(re.sub("[.,]", "", figures))
    if re.fullmatch(r"\d{1,3}(?:,\d{3})+\.\d+", figures):
        return Decimal(figures.replace(",", ""))
    return Decimal(figures.replace(",", ".")) if re.fullmatch(r"\d+(?:[.,]\d+)?", figures) else None


# --- Khmer -----------------------------------------------------------------------------------


def khmer_numbers(hunk: Hunk) -> tuple[str, str] | None:
    """Both sides in one form, if they are Khmer numbers, perhaps with letters around them that did not change.

    None for other words, and for a measure that came or went behind an equal number.
    """
    sides = hunk.removed, hunk.added
    if max(map(len, sides)) > _LONGEST or not any(token.is_khmer for side in sides for token in side):
        return None
    found: tuple[str, str] | None = None
    for before in range(_WIDER + 1):
        for after in range(_WIDER + 1):
            old = hunk.old[max(hunk.start - before, 0) : hunk.end + after]
            new = hunk.new[max(hunk.new_start - before, 0) : hunk.new_end + after]
            forms = _khmer_form(old), _khmer_form(new)
            if all(forms):
                found = forms
                if forms[0] == forms[1]:
                    return found
    is_measure = found and not all(sides) and _NUMBERS.findall(found[0]) == _NUMBERS.findall(found[1])
    return None if is_measure else found


def _khmer_form(side: Sequence[Token]) -> str:
    """A run of Khmer numbers and days by their values; "" if it holds anything else, or measures alone."""
    text = "".join(arabic(token.key) for token in side)
    pieces = list(_KHMER_PIECE.finditer(text))
    if sum(len(piece[0]) for piece in pieces) < len(text) or not any(piece["number"] for piece in pieces):
        return ""
    return "".join(_khmer_value(piece["count"]) if piece["count"] else piece[0].strip(".,") for piece in pieces)


def _khmer_value(count: str) -> str:
    """The value of figures and number words in a row: 3,4លាន is 3400000."""
    total, value = Decimal(0), Decimal(0)
    for word in _KHMER_WORD.findall(count):
        if word in _KHMER_SCALES and (value or not total):
            total, value = total + (value or 1) * _KHMER_SCALES[word], Decimal(0)
        elif word in _KHMER_SCALES:
            total *= _KHMER_SCALES[word]  # ពាន់លាន
        elif word in _KHMER_VALUES:
            value += _KHMER_VALUES[word]
        else:
            value = _decimal(word, is_khmer=True) or Decimal(0)
    return _plainly(total + value)
