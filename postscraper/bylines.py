"""Who wrote, who photographed, who wired: names as the paper prints them."""

import re

# Wire services and partner papers that stand in bylines and credits of the Post's pages.
AGENCIES = (
    "AFP",
    "AP",
    "Agence France-Presse",
    "Agence Kampuchea Presse",
    "AKP",
    "ANN",
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
    "Reuters",
    "Straits Times",
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
    "Xinhua",
    "Yomiuri Shimbun",
)
_AGENCY = {name.casefold(): name for name in AGENCIES}

# Bylines that name no person.
_HOUSE = frozenset({"post staff", "staff", "the post", "phnom penh post", "the phnom penh post", "admin", "ភ្នំពេញ ប៉ុស្តិ៍"})

_LEAD = re.compile(r"^(?:by|written by|reporter|photographs? by|អត្ថបទ(?:ដោយ)?)\s*[:៖]?\s+", re.I)
_BETWEEN = re.compile(r"\s*(?:,|;|/|&|\||\band\b|\bwith\b|\bin\b(?=\s+[A-Z])|\u200b?និង\u200b?)\s*")

_NAME = r"[A-Z][\w.'’-]*|AFP|AP|de|da|di|van|von|bin|al|of|the"
_KHMER = r"[\u1780-\u17d3]{2,14}(?:\s[\u1780-\u17d3]{2,14})"
_CREDIT_LEAD = r"(?:Photograph(?:s|er)?|Photos?|Pictures?|Images?|Illustration|Graphic|Courtesy|Credit)"
_CREDIT = re.compile(
    rf"(?:{_CREDIT_LEAD}\s+(?:supplied|courtesy(?:\s+of\s+.+)?)|{_CREDIT_LEAD}\s*(?:by\b|of\b|:)\s*(?P<by>.+)"
    rf"|(?P<bare>(?:{_NAME})(?:[\s/&,]+(?:{_NAME}|and|staff|photo|supplied|pool|POOL)){{0,3}}|[Ss]upplied)"
    # Khmer: a name of two or three words, of letters alone; in running text words are parted by zero-width spaces.
    rf"|(?>រូប(?:ថត|ភាព)?\s*[៖:]?\s*)(?P<khmer_by>{_KHMER}{{0,2}})|(?!រូប)(?P<khmer>{_KHMER}{{1,2}}))"
)
# A caption's last full stop, and what stands behind it.
_LAST_STOP = re.compile(r"(?<=[.!?។’”\"'»)])[\s\u200b]+(?=[^\s\u200b])")
_VERBS = frozenset({"is", "are", "was", "were", "has", "have", "had", "said", "says", "will", "can", "may"})

_WRITTEN = re.compile(
    r"(?:Additional reporting|Reporting|Translated|Translation|With reporting|Edited)(?: and \w+)? by\b.{2,120}"
    r"|(?:To contact the reporter|Contact the (?:reporter|author|writer)).{5,160}",
    re.I,
)
# Not compiled before a paragraph asks for them, which few do: so many names take 1 ms.
_WIRED = (
    rf"(?i)(?P<mark>[-–—(]\s*)?(?:{'|'.join(map(re.escape, AGENCIES))})"
    r"(?(mark)(?:/[\w .-]+)?\)?\.?|(?:\s*/\s*[\w .()-]{2,40})?)"
)
_SHOUTED = frozenset(map(str.upper, AGENCIES))
_LONGEST_AGENCY = max(map(len, AGENCIES))
# A partner paper before the network, as in THE NATION/ASIA NEWS NETWORK.
_NETWORK = r"(?i)(?:[\w .,()’'&/-]{2,60}/\s*)?(?:ASIA NEWS NETWORK|ANN)(?:/[\w .()-]+)?"


def people(byline: str | None) -> tuple[tuple[str, ...], str | None]:
    """The people and the agency that a byline names; () and None when it names none."""
    if not byline:
        return (), None
    if agency := _AGENCY.get(byline.casefold()):
        return (), agency
    found = (part.strip(" .") for part in _BETWEEN.split(_LEAD.sub("", byline)) if part)
    parts = [part for part in found if part.strip()]
    agency = next((_AGENCY[part.casefold()] for part in parts if part.casefold() in _AGENCY), None)
    names = (part for part in parts if part.casefold() not in _AGENCY and part.casefold() not in _HOUSE)
    return tuple(dict.fromkeys(names)), agency


def split_credit(printed: str | None) -> tuple[str | None, str | None]:
    """Caption and credit of a picture from the one string the paper prints.

    The credit is a last "sentence" of one to four names without a verb. None for what is not
    there; the printed string is the caller's to keep.
    """
    if not printed:
        return None, None
    cut = max((stop.end() for stop in _LAST_STOP.finditer(printed)), default=0)
    credit = _credit(printed[cut:].strip(" ()"))
    if credit is None:
        return printed, None
    return printed[:cut].rstrip(" \u200b") or None, credit


def _credit(tail: str) -> str | None:
    if not tail or tail[-1] in ".!?។" or len(tail) > 80:
        return None
    found = _CREDIT.fullmatch(tail)
    if found is None or _VERBS & set(tail.casefold().split()):
        return None
    return found["by"] or found["khmer_by"] or tail


def is_credit_line(text: str) -> bool:
    """Whether a whole paragraph names only who wrote or wired the story."""
    if len(text) > 200:
        return False
    if _WRITTEN.fullmatch(text) is not None:
        return True
    wired = text.upper()
    if _may_name_a_wire(text, wired) and re.fullmatch(_WIRED, text) is not None:
        return True
    return ("ANN" in wired or "ASIA NEWS" in wired) and re.fullmatch(_NETWORK, text) is not None


def _may_name_a_wire(text: str, shouted: str) -> bool:
    """Whether a wire's name can stand there: behind a mark, before a slash, or alone. shouted: the text in capitals."""
    if text[:1] in "-–—(" or "/" in text:
        return True
    # In letters beyond ASCII, too: the pattern takes `ı` and `ſ` for ours.
    return len(text) <= _LONGEST_AGENCY and (shouted in _SHOUTED or not text.isascii())


_CORRECTION = re.compile(r"(?:correction|clarification|editor[’']s note|កំណែតម្រូវ|កែតម្រូវ)\s*[:៖]", re.I)


def is_correction(text: str) -> bool:
    """Whether a paragraph corrects or explains the story instead of telling it."""
    return _CORRECTION.match(text) is not None
