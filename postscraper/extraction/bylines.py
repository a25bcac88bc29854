"""Names in bylines and credits: authors, photographers, wire services."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from postscraper.items import Problem
from postscraper.newspaper import Newspaper

# Wire services and partner papers that stand in bylines and credits of the Post's pages.
AGENCIES = (
    "AFP",
    "AP",
    "Agence France-Presse",
    "Agence Kampuchea Presse",
    "AKP",
    "Al Jazeera",
    "ANN",
    "Antara",
    "Asia News Network",
    "Associated Press",
    "BBC",
    "Bangkok Post",
    "Bernama",
    "Bloomberg",
    "CNA",
    "China Daily",
    "dpa",
    "EFE",
    "IPS",
    "Jiji Press",
    "Kyodo",
    "Kyodo News",
    "Los Angeles Times",
    "New York Times",
    "Phnom Penh Post/ANN",
    "Radio Free Asia",
    "Reuters",
    "Straits Times",
    "TASS",
    "The Guardian",
    "The Jakarta Post",
    "The Korea Herald",
    "The Nation",
    "The New York Times",
    "The Star",
    "The Straits Times",
    "The Washington Post",
    "The Yomiuri Shimbun",
    "Tribune News Service",
    "UPI",
    "Viet Nam News",
    "Voice of America",
    "Xinhua",
    "Yomiuri Shimbun",
    "Yonhap",
)
# The same under other names.
_OTHER_NAMES = {
    "AFP-JIJI": "AFP-Jiji",
    "AFP-JIJI Press": "AFP-Jiji",
    "Agence France Presse": "Agence France-Presse",
    "Bloomberg News": "Bloomberg",
    "Deutsche Presse-Agentur": "dpa",
    "Inter Press Service": "IPS",
    "Kyodo News Agency": "Kyodo News",
    "Kyodo News Service": "Kyodo News",
    "Reuters News Agency": "Reuters",
    "Thomson Reuters": "Reuters",
    "The Associated Press": "Associated Press",
    "United Press International": "UPI",
    "Xinhua News Agency": "Xinhua",
}
_AGENCY = {name.casefold(): name for name in AGENCIES} | {
    other.casefold(): name for other, name in _OTHER_NAMES.items()
}
_CALLED_AGENCY = re.compile(
    r"[\w .'’-]{2,40}\b(?:News Agency|News Service|Press Agency|News Network|Newswire)"
    r"|(?:AFP|AP|UPI|dpa|AKP)-[\w ]{2,20}",  # a service of theirs, as AFP-Relaxnews
    re.I,
)

# Bylines that name no person, in any newspaper.
_HOUSE = frozenset(
    {
        *("staff", "staff reporter", "staff reporters", "staff writer", "staff writers", "agencies", "newsroom"),
        *("news desk", "unknown", "anonymous", "editor"),
        # Accounts of the engines.
        *("admin", "administrator", "super user", "webmaster", "web editor", "guest"),
    }
)

_MAIL = re.compile(r"[^\s@]{1,64}@\S+")
_SUFFIX = re.compile(r"Jr\.?|Sr\.?|I{2,3}|IV", re.I)
# Those of more than one word that stand behind a partner paper's name.
_COUNTRIES = frozenset({"hong kong", "new zealand", "south korea", "sri lanka", "viet nam"})
_PARTICLES = frozenset({"de", "da", "di", "van", "von", "bin", "al", "el", "le", "la", "ten", "ter", "dpa"})
_LONGEST_NAME = 6  # words

# A caption's last full stop, and what stands behind it.
_LAST_STOP = re.compile(r"(?<=[.!?។’”\"'»)])[\s\u200b]+(?=[^\s\u200b])")
# Compiled when the first paragraph needs it, which few do: so many names take 1 ms.
_WIRED = (
    rf"(?i)(?P<mark>[-–—(]\s*)?(?:{'|'.join(map(re.escape, AGENCIES))})"
    r"(?(mark)(?:/[\w .-]+)?\)?\.?|(?:\s*/\s*[\w .()-]{2,40})?)"
)
# A partner paper before the network, as in THE NATION/ASIA NEWS NETWORK.
_NETWORK = r"(?i)(?:[\w .,()’'&/-]{2,60}/\s*)?(?:ASIA NEWS NETWORK|ANN)(?:/[\w .()-]+)?"


class _BylinePatterns(NamedTuple):
    """lead: what stands before names, as what somebody did, anywhere in the line. between: what stands between them."""

    lead: re.Pattern[str]
    between: re.Pattern[str]
    role: re.Pattern[str]
    place: re.Pattern[str]
    shouted_place: re.Pattern[str]
    title: re.Pattern[str]


@cache
def _byline_patterns(paper: Newspaper) -> _BylinePatterns:
    by, joins, role, place, title = map(paper.words_for, ("by", "joins", "role", "place", "title"))
    return _BylinePatterns(
        lead=re.compile(
            rf"(?i:(?<!\w)(?:(?:{role})(?:\s*(?:,|/|&|\band\b)\s*(?:{role})){{0,3}}\s*(?:by\b\s*:?|:)|by\b\s*:?)\s*)"
            rf"|^(?:{by})\s*[:៖]?\s+"
        ),
        between=re.compile(rf"\s*([,/(])\s*|\s*(?:[;&|)]|{joins})\s*"),
        role=re.compile(role, re.I),
        place=re.compile(rf"\s+(?:{place})\s+[A-Z].*"),
        shouted_place=re.compile(rf"\s+(?:{place})\s+.*", re.I),
        title=re.compile(rf"(?:{title})\b.*", re.I),
    )


def people(byline: str | None, paper: Newspaper) -> tuple[tuple[str, ...], str | None]:
    """The people and the agency that a byline names; () and None when it names none.

    Places, roles and titles are left out; `Jr` stays with its name. See odd_byline for the rest.
    """
    if not byline:
        return (), None
    if agency := _agency(byline):
        return (), agency
    parts = _parts(byline, paper)
    agency = next((found for part in parts if (found := _agency(part))), None)
    names = (part for part in parts if not _agency(part) and _is_name(part, paper))
    return tuple(dict.fromkeys(names)), agency


def odd_byline(byline: str | None, paper: Newspaper) -> tuple[Problem, ...]:
    """The parts of a byline that are neither a name nor anything else that stands in one."""
    parts = (part for part in _parts(byline or "", paper) if not _agency(part) and not _is_house(part, paper))
    odd = (part for part in parts if not _is_name(part, paper))
    return tuple(Problem(kind="unread_words", detail="no name, in the byline", text=part) for part in odd)


def _agency(part: str) -> str | None:
    if known := _AGENCY.get(part.casefold()):
        return known
    return part if _CALLED_AGENCY.fullmatch(part) else None


def _is_house(part: str, paper: Newspaper) -> bool:
    return part.casefold() in _HOUSE or part.casefold() in paper.house_bylines


def _is_name(part: str, paper: Newspaper) -> bool:
    if _is_house(part, paper) or any(map(str.isdigit, part)):
        return False
    words = part.split()
    return len(words) <= _LONGEST_NAME and (not words[0][0].islower() or words[0] in _PARTICLES)


@lru_cache(maxsize=1024)
def _parts(byline: str, paper: Newspaper) -> tuple[str, ...]:
    """The names in a byline, without places, roles and titles."""
    return tuple(_pieces(byline, _byline_patterns(paper)))


def _pieces(byline: str, patterns: _BylinePatterns) -> Iterator[str]:
    place = patterns.shouted_place if byline.isupper() else patterns.place
    pieces = patterns.between.split(patterns.lead.sub(";", _MAIL.sub("", byline)))
    name, placed, titled = "", False, False  # the name before, not given out yet; whether its place or title follows
    for mark, piece in zip((None, *pieces[1::2]), pieces[::2], strict=True):
        part = " ".join(piece.split()).strip(" .-–—•*")
        if not part or ((name or placed) and (patterns.role.fullmatch(part) or place.fullmatch(f" {part}"))):
            continue
        behind = bool(name) and (mark == "," or titled)
        if behind and _SUFFIX.fullmatch(part):
            name = f"{name} {part}"
        elif behind and _is_title(part, patterns.title):
            titled = True
        elif not (mark and placed and _may_be_a_country(part)):  # behind its town, or the paper
            if name:
                yield name
            name, titled = place.sub("", part), False
            placed = name != part or _agency(name) is not None
    if name:
        yield name


def _may_be_a_country(part: str) -> bool:
    return _agency(part) is None and (" " not in part or part.casefold() in _COUNTRIES)


def _is_title(part: str, title: re.Pattern[str]) -> bool:
    return _agency(part) is None and (
        title.fullmatch(part) is not None or (part[0].islower() and part.split()[0] not in _PARTICLES)
    )


class _CreditPatterns(NamedTuple):
    """credits: of each language by itself."""

    credits: tuple[re.Pattern[str], ...]
    opening: re.Pattern[str]
    abbreviation: re.Pattern[str]
    no_credit: frozenset[str]


@cache
def _credit_patterns(paper: Newspaper) -> _CreditPatterns:
    return _CreditPatterns(
        credits=tuple(re.compile(each.credit) for each in paper.languages_read if each.credit),
        opening=re.compile(paper.words_for("credit_opening")),
        abbreviation=re.compile(paper.words_for("abbreviation")),
        no_credit=frozenset().union(*(each.no_credit for each in paper.languages_read)),
    )


def split_credit(printed: str | None, paper: Newspaper) -> tuple[str | None, str | None]:
    """Caption and credit of a picture from the one string the paper prints.

    The credit is a last "sentence" of one to four names without a verb. None for what is not
    there; the printed string is the caller's to keep.
    """
    if not printed:
        return None, None
    patterns = _credit_patterns(paper)
    *_, last = (None, *_LAST_STOP.finditer(printed))
    cut = last.end() if last else 0
    word = printed[: last.start()].rpartition(" ")[2].lstrip('(“"‘') if last else ""
    if last and (shortened := patterns.abbreviation.fullmatch(word)):
        # Only a credit that is none but one can end a sentence there; a name goes on with it.
        sure = _agency(printed[cut:].strip(" ()")) or patterns.opening.match(printed[cut:].strip(" ("))
        if not sure:
            cut = _sentence_before(printed, last.start() - len(shortened[0]), patterns.abbreviation)
    credit = _credit(printed[cut:].strip(" ()"), patterns)
    if credit is None:
        return printed, None
    return printed[:cut].rstrip(" \u200b") or None, credit


def _sentence_before(printed: str, end: int, abbreviation: re.Pattern[str]) -> int:
    """The start of the sentence around the abbreviation at `end`; abbreviations end no sentence."""
    stops = (stop for stop in _LAST_STOP.finditer(printed, 0, end))
    words = ((stop.end(), printed[: stop.start()].rpartition(" ")[2]) for stop in stops)
    return max((at for at, word in words if not abbreviation.fullmatch(word)), default=0)


def _credit(tail: str, patterns: _CreditPatterns) -> str | None:
    if not tail or tail[-1] in ".!?។" or len(tail) > 80:
        return None
    credit = next((match for each in patterns.credits if (match := each.fullmatch(tail))), None)
    if credit is None or patterns.no_credit & set(tail.casefold().split()):
        return None
    return credit.groupdict().get("by") or tail


@cache
def _note_patterns(paper: Newspaper) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The opening of a correction; a whole line of who worked on the story."""
    correction = rf"(?:{paper.words_for('correction')})\s*[:៖]"
    return re.compile(correction, re.I), re.compile(paper.words_for("credit_line"), re.I)


def is_correction(text: str, paper: Newspaper) -> bool:
    """Whether a paragraph corrects or explains the story instead of telling it."""
    return _note_patterns(paper)[0].match(text) is not None


def is_credit_line(text: str, paper: Newspaper) -> bool:
    """Whether a whole paragraph names only who wrote or wired the story."""
    if len(text) > 200:
        return False
    if _note_patterns(paper)[1].fullmatch(text) is not None:
        return True
    return any(re.fullmatch(pattern, text) for pattern in (_WIRED, _NETWORK))
