"""What is wrong with an archive, one finding a fault, in words for the person who must mend it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy.exc import SQLAlchemyError

from storage.errors import ArchiveError
from storage.ingest.reprocess import Reader as Reader

Kind = Literal[
    "database",  # the file, its tables or the ties between them are broken
    "index",  # the index of words is not that of the stored words
    "differs",  # a stored field is not what the evidence, or another field, says
    "ledger",  # a row of the ledger cannot be, or is missing
    "elsewhere",  # what another archive was heard to have cannot be so
    "record",  # evidence that is damaged, or gone
    "tail",  # evidence that a killed or cut-off run began to write
    "unfiled",  # a whole record that no row names
    "withdrawal",  # a withdrawal that was not finished
]

READ_AGAIN = "`postscraper rebuild` reads the evidence again and builds the database anew"
MENDS: dict[Kind, str] = {
    "database": "`postscraper check --repair` builds the database anew from the evidence",
    "index": "`postscraper check --repair` builds the index anew",
    "differs": READ_AGAIN,
    "ledger": "`postscraper check --repair` builds the ledger anew",
    "elsewhere": "`postscraper check --repair` forgets it, and the archive is asked again",
    "record": "bring the evidence file back from a copy; nothing else holds what it held",
    "tail": "`postscraper check --repair` cuts it off",
    "unfiled": "`postscraper check --repair` reads it in",
    "withdrawal": "the same `postscraper withdraw` again finishes it",
}

# Where the database alone holds a capture, no repair gives it up by itself.
_KEPT = (
    "`postscraper rebuild` builds it anew from the evidence and what can be read of it, and keeps it if that is not all"
)

# What a damaged database makes of an ordinary question: a row of it may hold anything.
BROKEN = (
    ArchiveError,
    SQLAlchemyError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault. where: a row, or a file and a byte. what: a phrase. fields: columns that are not as they should be.

    pages: whether only who reads the pages again can see it.
    """

    kind: Kind
    where: str
    what: str
    fields: tuple[str, ...] = ()
    pages: bool = False


@dataclass(slots=True)
class Report:
    """What a look at an archive found; counts: of captures, by what became of each.

    notes: sentences about what is no fault.
    """

    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not self.findings

    @property
    def holds_more(self) -> bool:
        """Whether the database has captures that the evidence does not give."""
        return self.counts["without evidence"] > 0 or any(each.kind == "record" for each in self.findings)

    def mend(self, finding: Finding) -> str:
        """What to do about a finding: a sentence without its dot."""
        if finding.kind == "database" and self.holds_more:
            return _KEPT
        return READ_AGAIN if finding.pages else MENDS[finding.kind]

    def take(self, kind: Kind, where: str, found: Iterable[Finding]) -> int:
        """Add what a part of the examination finds, its own failure included; how many findings it gave."""
        before = len(self.findings)
        with self.guard(kind, where):
            self.findings.extend(found)
        return len(self.findings) - before

    @contextmanager
    def guard(self, kind: Kind, where: str) -> Iterator[None]:
        """Let the examination go on when damage stops a part of it, and tell so."""
        try:
            yield
        except BROKEN as error:
            self.findings.append(Finding(kind=kind, where=where, what=f"cannot be read: {first_line(error)}"))


def first_line(error: BaseException) -> str:
    told = str(error).splitlines()
    return printable(told[0]) if told else type(error).__name__


def capture_name(row: Any) -> str:
    return f"capture {row['id']} ({printable(row['url'])})"


def printable(value: Any) -> str:
    """A stored value as it can be shown, whatever damage made of it."""
    text = value if isinstance(value, str) else repr(value)
    return text.encode("utf-8", "backslashreplace").decode()[:300]


def differing(stored: Any, expected: Any, names: Iterable[str]) -> Iterator[str]:
    """The names under which two mappings of raw values are not the same; 1 and 1.0 are not."""
    for name in names:
        if stored[name] != expected[name] or type(stored[name]) is not type(expected[name]):
            yield name
