"""Languages: the words of each by which bylines, credits, notes and messages are known.

Like `postscraper.newspaper`, this imports the standard library alone. A newspaper's package gives the words of its own
languages in the same way.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Language:
    """A language in which a newspaper prints. The patterns are regular expressions without groups, None for no words.

    code: as in ISO 639-1.
    letters: the range of its script, as in a character class, where the newspaper's other languages use another;
        None for the language of all other texts.
    by: what stands before a name in a byline, as `by`. joins: what stands between two, as `and`.
    role: what somebody did for a story, as `photographs`; before a name or behind it.
    place: what stands between a name and a place, as `in`. title: how a title behind a name begins, as `head of`.
    label: what a theme prints before a byline, as `Written by`. In any case, as the next two.
    beside_byline: words that a theme prints between byline, date and section, as `posted on`.
    changed: what it prints before the day of the last change, as `last updated`.
    credit: a whole credit of a picture; of a name that stands behind other words, the group `by`.
    credit_opening: words that only a credit begins with, as `Photo`.
    no_credit: words of sentences that no credit has, in lower case.
    abbreviation: words whose full stop ends no sentence, with the stop.
    correction: what stands before the colon of a note that corrects or explains the story. In any case, as all below.
    credit_line: a whole paragraph that names who else worked on the story.
    not_found, log_in, server_error: in the titles of messages that come in place of a page.
    """

    code: str
    letters: str | None = None
    by: str | None = None
    joins: str | None = None
    role: str | None = None
    place: str | None = None
    title: str | None = None
    label: str | None = None
    beside_byline: str | None = None
    changed: str | None = None
    credit: str | None = None
    credit_opening: str | None = None
    no_credit: frozenset[str] = frozenset()
    abbreviation: str | None = None
    correction: str | None = None
    credit_line: str | None = None
    not_found: str | None = None
    log_in: str | None = None
    server_error: str | None = None


_PHOTO = r"(?i:Photograph(?:s|er)?|Photos?|Pictures?|Images?|Illustration|Graphic|Courtesy|Credit)"
_NAME = r"[A-Z][\w.'’-]*|AFP|AP|de|da|di|van|von|bin|al|of|the"

ENGLISH = Language(
    code="en",
    by=r"(?i:reporter)",
    joins=r"(?i:\b(?:and|with)\b)",
    role=(
        r"story|stories|text|words?|photo(?:s|graph(?:s|y|er)?)?|pictures?|images?|illustrations?|graphics?|videos?"
        r"|(?:additional |with )?report(?:s|er|ers|ing)?|interviews?|written|translat(?:ed|ion)|edit(?:ed|ing|or)"
        r"|compiled|research|opinion|analysis|commentary|essay|review|art(?:work)?|design|drawings?|infographics?|maps?"
        r"|camera"
    ),
    place="in|at|from",
    title=(
        r"Ph\.?\s?D|M\.?D|M\.?A|M\.?P|MBA|LLM|LLB|DBA|Esq|CEO|COO|CFO|the|a|an|of|for"
        r"|(?:vice[- ])?president|(?:deputy )?direct\w+"
        r"|chair\w*|minister|ambassador|professor|dean|editor\w*|correspondent|reporter|analyst|columnist|founder"
        r"|co-founder|head|chief|member|secretary|senior|executive|managing|former|national|country|general|lawyer"
        r"|attorney|lecturer|researcher|economist|manager|partner|student|author|writer|photographer|special|staff"
        r"|contribut\w+"
    ),
    label=r"(?:(?:written|posted|published|words|story|report) )?by|reporters?(?=\s*:)",
    beside_byline=r"\b(?:by|in|on|posted|published|written|updated|last|at)\b",
    changed=r"\b(?:last )?(?:updated|modified|edited|changed)(?: on)?",
    credit=(
        rf"{_PHOTO}\s+(?i:supplied|courtesy(?:\s+of\s+.+)?)"
        rf"|(?:{_PHOTO}\s*(?:(?i:by|of)\b\s*:?|[:/])|©)\s*(?P<by>.+)"
        rf"|(?:{_NAME})(?:[\s/&,]+(?:{_NAME}|and|staff|photo|supplied|pool|POOL)){{0,3}}"
        # A paper or agency of several words behind the name.
        rf"(?:\s?/\s?(?:{_NAME})(?:\s(?:{_NAME})){{0,3}})?|[Ss]upplied"
    ),
    credit_opening=_PHOTO,
    # Those of a day stand behind a `p.m.`.
    no_credit=frozenset(
        {
            *("is", "are", "was", "were", "has", "have", "had", "said", "says", "will", "can", "may"),
            *("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
        }
    ),
    # And initials.
    abbreviation=(
        r"(?:St|Mr|Mrs|Ms|Dr|Prof|Gen|Col|Lt|Maj|Brig|Adm|Cmdr|Capt|Sgt|Supt|Insp|Gov|Sen|Rep|Rev|Fr|Hon|Amb|Mt|Ft|No"
        r"|Vol|vs|Ave|Blvd|Rd|(?:[A-Z]\.)*[A-Z])\."
    ),
    correction=r"correction|clarification|editor[’']s note",
    credit_line=(
        r"(?:Additional reporting|Reporting|Translated|Translation|With reporting|Edited)(?: and \w+)? by\b.{2,120}"
        r"|(?:To contact the reporter|Contact the (?:reporter|author|writer)).{5,160}"
    ),
    not_found=r"page not found|404 not found|not found$|^404\b",
    log_in=r"access denied|403 forbidden|log ?in\b|user login|sign in",
    server_error=(
        r"under maintenance|^maintenance(?: mode)?$|site off-?line|unexpected error|bad gateway|error establishing"
        r"|^database error$|^wordpress › error$"
    ),
)

_KHMER_WORD = r"[\u1780-\u17d3]{2,14}"

KHMER = Language(
    code="km",
    letters="\u1780-\u17d3",
    by="អត្ថបទ(?:ដោយ)?|ដោយ",
    joins="\u200b?និង\u200b?",
    label="ដោយ",
    beside_byline="ដោយ",
    changed="(?:កែប្រែ|ធ្វើបច្ចុប្បន្នភាព|បច្ចុប្បន្នភាព)(?:ចុងក្រោយ)?",
    # A name of two or three words, of letters alone; in running text words are parted by zero-width spaces.
    credit=(
        rf"(?>រូប(?:ថត|ភាព)?\s*[៖:]?\s*)(?P<by>{_KHMER_WORD}(?:\s{_KHMER_WORD}){{0,2}})"
        rf"|(?!រូប){_KHMER_WORD}(?:\s{_KHMER_WORD}){{1,2}}"
    ),
    correction="កំណែតម្រូវ|កែតម្រូវ",
    not_found="រកមិនឃើញ",
)
