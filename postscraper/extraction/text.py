"""Text of a page: white space and normal form, raised characters, and what editors' programs leave among the words."""

import re
from unicodedata import is_normalized, normalize

# Characters that make room and are no words: editors fill empty paragraphs with them.
NO_WORDS = "\u200b\u200c\u200d\u2060\ufeff\u00ad "

# Attributes as words, seen in stories of the 1990s and of 2018-19.
_LEAKED = re.compile(
    r"(?:\bitemscope\s+)?\b(?:item(?:type|prop|scope)|class|style|href|src|alt|width|height)=(\"[^\"]*\"|'[^']*')\s*/?>?"
    r"|\"\s*/>"
)

_RAISED = str.maketrans("0123456789+-−–=()", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻⁼⁽⁾")
_LOWERED = str.maketrans("0123456789+-−–=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ")
_EXPONENT = re.compile(r"[\d+\-−–=()]*\d[\d+\-−–=()]*|[+\-−–]", re.ASCII)
_INDEX = re.compile(r"[\d+\-−–=()aehijklmnoprstuvx]+", re.ASCII)


def shifted(text: str, tag: str) -> str:
    """Superior or inferior characters (tag: sup, sub) in Unicode: 10³, H₂O.

    Where Unicode has none: `10^3.5`, `x_(a b)`. Superior words without a figure, as in 20th, and
    what stands in brackets, as a note's number does, stay as they are.
    """
    characters = text.strip()
    known, marks = (_EXPONENT, _RAISED) if tag == "sup" else (_INDEX, _LOWERED)
    if known.fullmatch(characters):
        return text.translate(marks)
    if tag == "sup" and characters in ("n", "i"):
        return text.replace("n", "ⁿ").replace("i", "ⁱ")
    if not characters or characters[0] in "[(" or (tag == "sup" and not any(map(str.isdigit, characters))):
        return text
    return f"{'^' if tag == 'sup' else '_'}{f'({characters})' if ' ' in characters else characters}"


def clean(text: str) -> str:
    """Words with single spaces between them, in NFC; zero-width characters stay."""
    # Text that is printable has no white space but the space: most of it needs no cutting into words.
    text = text.strip(" ") if text.isprintable() and "  " not in text else " ".join(text.split())
    return text if text.isascii() or is_normalized("NFC", text) else normalize("NFC", text)


def without_markup(text: str) -> str:
    """The words without what an editor's broken tag left among them; "" when nothing else stands there."""
    rest = clean(_LEAKED.sub("", text))
    return rest if rest.strip("<>/ ") else ""


# What Word's HTML holds besides the words, once an editor's field has made text of it. Compiled when first used.
_WORD = (
    r"<?!?(?:--)?\s?\[(?:if\s[^\]]{1,60}|endif)\]\s?(?:--)?>?|<!--|-->|</?(?:xml|[owmv]:\w+)\b[^<>]*>"
    # Zoom, switches, languages, in the order of its settings.
    r"|(?:Clean\s){0,4}\bNormal(?:\.dotm?)?\s0\b(?=.{0,120}?\bfalse\sfalse\b)"
    r"(?:\s(?:\d[\d.,]*|pt|磅|false|true|[A-Z]{2}-[A-Z]{2,4}|X-NONE|KHM|MicrosoftInternetExplorer\d|DocumentEmail|Clean)\b)*"
    r"|/\*\s?(?:Style|Font|Page|List) Definitions\s?\*/|\bmso-[\w-]{1,60}:\s?(?:\"[^\"]{0,80}\"|[^;\"]{0,80});"
)
_RULE = r"\{[^{}]*\}"
_SELECTS = r"@[\w-]+|[\w-]*[.:#*\\][\w:.#*\\-]*[\w*],?|(?:table|tr|td|p|li|div|span|a|ul|ol|h[1-6]|l\d+),?|\*"
_LONGEST_SELECTOR = 400  # characters


def without_word(text: str) -> str:
    """Clean words without the settings and style rules that Word's HTML leaves; "" when nothing else is there."""
    parts: list[str] = []
    at = 0
    for rule in re.finditer(_RULE, text) if "{" in text else ():
        start = max(at, rule.start() - _LONGEST_SELECTOR)
        before = text[start : rule.start()].rstrip().split(" ")
        selector: list[str] = []
        while before and re.fullmatch(_SELECTS, before[-1]):
            selector.append(before.pop())
        if re.search(r"mso-|behavior:|Mso|@(?:font-face|page|list)", f"{' '.join(selector)} {rule[0]}"):
            parts.append(text[at : start + len(" ".join(before))])
            at = rule.end()
    return clean(re.sub(_WORD, "", " ".join((*parts, text[at:]))))
