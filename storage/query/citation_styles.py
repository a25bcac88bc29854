"""Citations in the styles of APA, Chicago and MLA, and for BibTeX, RIS and Wikipedia.

APA 7, section 10.1, example 16; Chicago 17, 14.191, notes and bibliography; MLA 9, chapter 5. Differences, on purpose:
headlines keep their capitals; a name whose order is not known stands as printed; the capture follows the address.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, get_args

from storage.query.citation import Citation, Names, csl_json

NAMES: tuple[str, ...] = get_args(Names)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MLA_MONTHS = ("Jan.", "Feb.", "Mar.", "Apr.", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.")
_INNER_QUOTES = str.maketrans('“”"', "‘’'")
_MOST_APA = 20  # authors; of more the first 19 and the last
_MOST_CHICAGO, _FIRST_CHICAGO = 10, 7
_ENDS = ("?", "!", ".", "…", "?”", "!”", "?’", "!’", "។", "៕")

Name = Mapping[str, str]


def cited(reference: Citation, style: str) -> str:
    """The citation in one of STYLES."""
    return STYLES[style](reference)


def _apa(reference: Citation) -> str:
    item, issued = reference.item, _day(reference.item)
    when = f"({issued.year}, {_MONTHS[issued.month - 1]} {issued.day})." if issued else "(n.d.)."
    names = [_inverted(name, initials=True) for name in _authors(item)]
    if len(names) > _MOST_APA:
        who = f"{', '.join(names[: _MOST_APA - 1])}, … {names[-1]}"
    else:
        who = f"{', '.join(names[:-1])}, & {names[-1]}" if len(names) > 1 else "".join(names)
    title = _ended(item["title"])
    start = f"{_ended(who)} {when} {title}" if who else f"{title} {when}"
    return f"{start} {_ended(item['container-title'])} {item['URL']} {reference.note}"


def _chicago(reference: Citation) -> str:
    item, issued = reference.item, _day(reference.item)
    names = _authors(item)
    shown = [_inverted(names[0]), *map(_straight, names[1:])] if names else []
    is_long = len(names) > _MOST_CHICAGO
    who = f"{', '.join(shown[:_FIRST_CHICAGO])}, et al." if is_long else _joined(shown)
    when = f"{_MONTHS[issued.month - 1]} {issued.day}, {issued.year}" if issued else "n.d."
    parts = (_ended(who) if who else "", _quoted(item["title"]), f"{item['container-title']}, {_ended(when)}")
    return " ".join(filter(None, (*parts, f"{item['URL']}. {reference.note}")))


def _mla(reference: Citation) -> str:
    item, issued = reference.item, _day(reference.item)
    names = _authors(item)
    shown = [_inverted(names[0]), *map(_straight, names[1:])] if names else []
    who = f"{shown[0]}, et al." if len(shown) > 2 else _joined(shown)
    when = f"{issued.day} {_MLA_MONTHS[issued.month - 1]} {issued.year}" if issued else "n.d."
    parts = (_ended(who) if who else "", _quoted(item["title"]), f"{item['container-title']}, {when},")
    return " ".join(filter(None, (*parts, f"{item['URL']}. {reference.note}")))


def _authors(item: Mapping[str, Any]) -> Sequence[Name]:
    authors: Sequence[Name] = item.get("author", ())
    return authors


def _inverted(name: Name, *, initials: bool = False) -> str:
    if "literal" in name:
        return name["literal"]
    given = name["given"]
    if initials:
        given = " ".join("-".join(f"{part[0]}." for part in word.split("-") if part) for word in given.split())
    return ", ".join(filter(None, (name["family"], given, name.get("suffix"))))


def _straight(name: Name) -> str:
    if "literal" in name:
        return name["literal"]
    return " ".join(filter(None, (name["given"], name["family"], name.get("suffix"))))


def _joined(names: Sequence[str]) -> str:
    """`A`, `A and B`, `A, B, and C`; a comma stands behind an inverted first name, too."""
    if len(names) < 2:
        return "".join(names)
    comma = "," if len(names) > 2 or "," in names[0] else ""
    return f"{', '.join(names[:-1])}{comma} and {names[-1]}"


def _ended(text: str) -> str:
    return text if text.endswith(_ENDS) else f"{text}."


def _quoted(title: str) -> str:
    return f"“{_ended(title.translate(_INNER_QUOTES))}”"


def _day(item: Mapping[str, Any], name: str = "issued") -> date | None:
    return date(*item[name]["date-parts"][0]) if name in item else None


_TEX = {
    **{sign: f"\\{sign}" for sign in "{}$&%#_"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
}


def _tex(text: str) -> str:
    return "".join(_TEX.get(sign, sign) for sign in " ".join(text.split()))


def _bibtex(reference: Citation) -> str:
    item, issued, accessed = reference.item, _day(reference.item), _day(reference.item, "accessed")
    fields = {
        "author": " and ".join(map(_bibtex_name, _authors(item))),
        # The second braces keep the capitals of the headline.
        "title": f"{{{_tex(item['title'])}}}",
        "journal": _tex(item["container-title"]),
        "entrysubtype": "newspaper",
        "date": issued.isoformat() if issued else "",
        "year": str(issued.year) if issued else "",
        "month": _MONTHS[issued.month - 1][:3].lower() if issued else "",
        "url": _bare_url(item["URL"]),
        "urldate": accessed.isoformat() if accessed else "",
        "langid": {"en": "english", "km": "khmer"}.get(item.get("language", ""), ""),
        "note": _tex(reference.note),
    }
    lines = (f"  {name} = {{{value}}}," for name, value in fields.items() if value and name != "month")
    month = [f"  month = {fields['month']},"] if issued else []
    return "\n".join((f"@article{{{item['id']},", *lines, *month, "}"))


def _bibtex_name(name: Name) -> str:
    if "literal" in name:
        return f"{{{_tex(name['literal'])}}}"
    return ", ".join(_tex(name[part]) for part in ("family", "suffix", "given") if name.get(part))


def _bare_url(url: str) -> str:
    return re.sub(r"[{}\\|\[\]\s<>\"]", lambda sign: f"%{ord(sign[0]):02X}", url)


def _ris(reference: Citation) -> str:
    item, issued, accessed = reference.item, _day(reference.item), _day(reference.item, "accessed")
    fields = [("TY", "NEWS"), ("ID", item["id"])]
    fields += [("AU", _inverted(name)) for name in _authors(item)]
    fields += [("TI", item["title"]), ("T2", item["container-title"])]
    fields += [("PY", str(issued.year)), ("DA", f"{issued:%Y/%m/%d}/")] if issued else []
    fields += [("SE", item.get("section", "")), ("UR", item["URL"])]
    fields += [("Y2", f"{accessed:%Y/%m/%d}/")] if accessed else []
    fields += [
        ("LA", item.get("language", "")),
        ("L2", reference.archive_url or ""),
        ("N1", reference.note),
        ("ER", ""),
    ]
    lines = (f"{tag}  - {' '.join(value.split())}" for tag, value in fields if value or tag == "ER")
    return "\n".join(lines)


_WIKI = re.compile(r"[&|\[\]{}<>=]|''+|~{3,}")


def _wiki(text: str) -> str:
    """The text without a sign that a template, a link or emphasis begins or ends with."""
    return _WIKI.sub(lambda signs: "".join(f"&#{ord(sign)};" for sign in signs[0]), " ".join(text.split()))


def _wikipedia(reference: Citation) -> str:
    item, issued = reference.item, _day(reference.item)
    values: dict[str, str] = {}
    authors = _authors(item)
    for number, name in enumerate(authors, 1):
        digit = str(number) if len(authors) > 1 else ""
        if "literal" in name:
            values[f"author{digit}"] = _wiki(name["literal"])
        else:
            values[f"last{digit}"] = _wiki(name["family"])
            values[f"first{digit}"] = _wiki(" ".join(filter(None, (name["given"], name.get("suffix")))))
    values |= {
        "title": _wiki(item["title"]),
        "url": _bare_url(item["URL"]),
        "work": _wiki(item["container-title"]),
        "agency": _wiki(reference.agency or ""),
        "date": f"{issued.day} {_MONTHS[issued.month - 1]} {issued.year}" if issued else "n.d.",
        "language": item.get("language", ""),
        "archive-url": _bare_url(reference.archive_url or ""),
        "archive-date": f"{reference.captured_at:%Y-%m-%d}" if reference.archive_url else "",
        "id": reference.pwid or "",
    }
    filled = "".join(f" |{name}={value}" for name, value in values.items() if value)
    return f"{{{{cite news{filled}}}}}<!-- {reference.note.replace('--', '- -')} -->"


STYLES: Mapping[str, Callable[[Citation], str]] = {
    "apa": _apa,
    "chicago": _chicago,
    "mla": _mla,
    "bibtex": _bibtex,
    "ris": _ris,
    "csl-json": csl_json,
    "wikipedia": _wikipedia,
}
