"""Search queries as people type them, parsed into expressions of FTS5.

    rice export*            both words must occur; a star means any end
    "rice export"           a phrase
    rice -export            without a word
    rice OR corn price      either of two neighbours, and the price
    NEAR(rice export, 5)    at most so many words (in Khmer: clusters) apart
    (rice price) OR corn    parentheses group

All other punctuation separates words. OR in quotes is an ordinary word.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, product

from storage.errors import BadQuery
from storage.query.search.spelling import EXACT, Spelling
from storage.query.search.text import encodable, tokens_of

MOST_TOKENS = 500  # a long paragraph
DEEPEST = 16  # parentheses; FTS5 allows expressions up to a depth of 256
NEAR_TOKENS = 10  # FTS5's own default
MOST_NEAR_TOKENS = 10_000
MOST_SPELLINGS = 500  # of one word, phrase or NEAR(…): each is looked up by itself

_QUOTES = '"“”„«»'
_SYMBOL = re.compile(
    r"(?P<minus>(?<![^\s(])-(?=[^\s-]))?"
    rf"(?:[{_QUOTES}](?P<phrase>[^{_QUOTES}]*)[{_QUOTES}]|NEAR\((?P<near>[^()]*)\)"
    rf"|(?P<bracket>[()])|(?P<word>[^\s{_QUOTES}()]+))"
)
_OPERATOR = re.compile(r"AND|OR|NOT|NEAR(?:/\d+)?")
_DISTANCE = re.compile(r"(.*),\s*([0-9]{1,9})\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Term:
    """Tokens that follow each other; start_only: the last is the beginning of a token."""

    tokens: tuple[str, ...]
    start_only: bool = False

    def terms(self) -> Iterator["Term"]:
        """The terms that a matching text may contain, without excluded terms."""
        yield self

    def expression(self) -> str:
        """The expression of FTS5, every token quoted."""
        return f'"{" ".join(self.tokens)}"{"*" if self.start_only else ""}'


@dataclass(frozen=True, slots=True)
class Near:
    """Terms at most `tokens` words or clusters apart."""

    members: tuple[Term, ...]
    tokens: int

    def terms(self) -> Iterator[Term]:
        yield from self.members

    def expression(self) -> str:
        return f"NEAR({' '.join(term.expression() for term in self.members)}, {self.tokens})"


@dataclass(frozen=True, slots=True)
class Either:
    """Alternatives, of which one must match."""

    members: tuple["Query", ...]

    def terms(self) -> Iterator[Term]:
        for member in self.members:
            yield from member.terms()

    def expression(self) -> str:
        return f"({' OR '.join(member.expression() for member in self.members)})"


@dataclass(frozen=True, slots=True)
class All:
    """Queries that all match, and excluded queries, of which none matches."""

    members: tuple["Query", ...]
    without: tuple["Query", ...] = ()

    def terms(self) -> Iterator[Term]:
        for member in self.members:
            yield from member.terms()

    def expression(self) -> str:
        matching = " AND ".join(member.expression() for member in self.members)
        if not self.without:
            return f"({matching})"
        return f"(({matching}) NOT ({' OR '.join(member.expression() for member in self.without)}))"


Query = Term | Near | Either | All


def parse(text: str, spelling: Spelling = EXACT) -> Query | None:
    """The query of a text, each word in all its spellings; None when it has no word. Raises BadQuery."""
    return _Parser(encodable(text).replace("\0", " "), spelling).whole()


def has_open_quote(text: str) -> bool:
    """Whether a quotation mark begins a phrase that none ends; its words are then searched one by one."""
    return any(sign in _QUOTES for sign in _SYMBOL.sub("", text))


class _Parser:
    """Reads symbols from left to right; OR binds its two neighbours, all others are joined by AND."""

    def __init__(self, text: str, spelling: Spelling) -> None:
        self._spelling = spelling
        self._symbols = list(_SYMBOL.finditer(text))
        self._next = 0
        self._tokens = 0

    def whole(self) -> Query | None:
        query = self._sequence(0)
        if self._next < len(self._symbols):
            raise BadQuery("a parenthesis is closed that was not opened")
        return query

    def _sequence(self, depth: int) -> Query | None:
        """The query up to the end or a closing parenthesis."""
        groups: list[list[Query]] = []
        without: list[tuple[str, Query]] = []
        operator = None  # whose right side is not read yet
        can_join = False  # whether an operator may follow
        while self._next < len(self._symbols) and (symbol := self._symbols[self._next])["bracket"] != ")":
            self._next += 1
            word = symbol["word"] or ""
            if not symbol["minus"] and _OPERATOR.fullmatch(word):
                operator = self._operator(word, can_join=can_join)
                can_join = False
                continue
            operand = self._operand(symbol, depth)
            if operand is None:
                continue
            if symbol["minus"] and operator == "OR":
                raise BadQuery(
                    f"OR takes no excluded word as {symbol[0]}; put it in parentheses with the words it limits"
                )
            if symbol["minus"]:
                without.append((symbol[0], operand))
            elif operator == "OR":
                groups[-1].append(operand)
            else:
                groups.append([operand])
            operator, can_join = None, not symbol["minus"]
        if operator:
            raise BadQuery(_one_sided(operator))
        if without and not groups:
            raise BadQuery(f"{without[0][0]} only excludes; add a word to search for")
        members = tuple(group[0] if len(group) == 1 else Either(tuple(group)) for group in groups)
        if len(members) == 1 and not without:
            return members[0]
        return All(members, tuple(operand for _, operand in without)) if members else None

    def _operator(self, word: str, *, can_join: bool) -> str:
        if word == "NOT":
            raise BadQuery('NOT is written as a hyphen: rice -export; to search for the word itself write "NOT"')
        if word.startswith("NEAR"):
            raise BadQuery('NEAR is written NEAR(rice export, 5); to search for the word itself write "NEAR"')
        if not can_join:
            raise BadQuery(_one_sided(word))
        return word

    def _operand(self, symbol: re.Match[str], depth: int) -> Query | None:
        if symbol["near"] is not None:
            return self._near(symbol["near"])
        if symbol["bracket"]:
            if depth == DEEPEST:
                raise BadQuery(f"more than {DEEPEST} parentheses in each other")
            inside = self._sequence(depth + 1)
            if self._next == len(self._symbols):
                raise BadQuery("a parenthesis is not closed")
            self._next += 1
            return inside
        term = self._term(symbol)
        return None if term is None else _either(self._spellings(term), symbol[0])

    def _spellings(self, term: Term) -> Iterator[Term]:
        """The term in all its spellings; of a beginning of a word there is one."""
        spellings = [term.tokens] if term.start_only else self._spelling.of(term.tokens)
        return (Term(tokens, term.start_only) for tokens in spellings)

    def _term(self, symbol: re.Match[str]) -> Term | None:
        typed = symbol["phrase"] or symbol["word"] or ""
        tokens = tuple(tokens_of(typed))
        self._tokens += len(tokens)
        if self._tokens > MOST_TOKENS:
            raise BadQuery(f"a search takes at most {MOST_TOKENS} words, in Khmer clusters")
        if not tokens:
            return None
        return Term(tokens, start_only=typed.rstrip().endswith("*"))

    def _near(self, inside: str) -> Query:
        distance = _DISTANCE.fullmatch(inside)
        members = []
        for symbol in _SYMBOL.finditer(distance[1] if distance else inside):
            if symbol["minus"] or _OPERATOR.fullmatch(symbol["word"] or ""):
                raise BadQuery(f"{symbol[0]} cannot stand in NEAR(…), which takes words and phrases alone")
            if term := self._term(symbol):
                members.append(term)
        if len(members) < 2:
            raise BadQuery("NEAR needs two words or phrases: NEAR(rice export, 5)")
        tokens = min(int(distance[2]), MOST_NEAR_TOKENS) if distance else NEAR_TOKENS
        spellings = product(*(islice(self._spellings(term), MOST_SPELLINGS + 1) for term in members))
        return _either((Near(spelled, tokens) for spelled in spellings), f"NEAR({inside})")


def _either(spellings: Iterator[Query], typed: str) -> Query:
    members = tuple(dict.fromkeys(islice(spellings, 2 * MOST_SPELLINGS)))
    if len(members) > MOST_SPELLINGS:
        raise BadQuery(f"{typed} has more than {MOST_SPELLINGS} spellings; search for fewer words at once")
    return members[0] if len(members) == 1 else Either(members)


def _one_sided(operator: str) -> str:
    return f'{operator} needs a word on both sides; to search for the word itself write "{operator}"'
