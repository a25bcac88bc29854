"""Findings of the checks: the faults of an archive, with the command or action that repairs each."""

from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy.exc import SQLAlchemyError

from storage.errors import ArchiveError

Kind = Literal[
    "database",  # the file, its tables or references between rows are broken
    "index",  # the search index does not match the stored texts
    "differs",  # a stored field differs from the evidence, or contradicts another field
    "derived",  # rows made from other rows (storage/database/derived.py) do not follow from them
    "ledger",  # a row of the ledger is impossible, or missing
    "elsewhere",  # an impossible row of the holdings of another archive
    "record",  # damaged or missing evidence
    "tail",  # the incomplete record of a killed run
    "unfiled",  # a complete record that no row names
    "withdrawal",  # a withdrawal that was not finished
    "fixity",  # a day whose records no longer match its published digest
]

READ_AGAIN = "`postscraper rebuild` reads the evidence again and builds the database anew"
MENDS: dict[Kind, str] = {
    "database": "`postscraper check --repair` builds the database anew from the evidence",
    "index": "`postscraper check --repair` builds the index anew",
    "differs": READ_AGAIN,
    "derived": "`postscraper check --repair` makes these rows anew",
    "ledger": "`postscraper check --repair` builds the ledger anew",
    "elsewhere": "`postscraper check --repair` forgets it, and the archive is asked again",
    "record": "bring the evidence file back from a copy; nothing else holds what it held",
    "tail": "`postscraper check --repair` cuts it off",
    "unfiled": "`postscraper check --repair` reads it in",
    "withdrawal": "the same `postscraper withdraw` again finishes it",
    "fixity": "bring the evidence of that day back from a copy; the digest tells whether it is whole",
}

# A capture that only the database holds must not be lost by a repair.
_DATABASE_ALONE = (
    "`postscraper rebuild` builds it anew from the evidence and what can be read of it, and keeps it if that is not all"
)

# Errors that a query of a damaged database can cause, because a row may contain anything.
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
    """One fault. where: a row, or a file and a byte. what: a phrase. fields: the wrong columns.

    pages: whether it can only be found by reading the pages again.
    """

    kind: Kind
    where: str
    what: str
    fields: tuple[str, ...] = ()
    pages: bool = False


@dataclass(slots=True)
class Report:
    """Result of a check. counts: captures by result. notes: sentences about facts that are not faults."""

    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        return not self.findings

    @property
    def holds_more(self) -> bool:
        """Whether the database has captures that the evidence lacks."""
        return self.counts["without evidence"] > 0 or any(each.kind == "record" for each in self.findings)

    def mend(self, finding: Finding) -> str:
        """The command or action that repairs a finding: a sentence without its full stop."""
        if finding.kind == "database" and self.holds_more:
            return _DATABASE_ALONE
        return READ_AGAIN if finding.pages else MENDS[finding.kind]

    def add(self, kind: Kind, where: str, findings: Iterable[Finding]) -> int:
        """Add the findings of one check, its own failure included; returns their number."""
        before = len(self.findings)
        with self.guard(kind, where):
            self.findings.extend(findings)
        return len(self.findings) - before

    @contextmanager
    def guard(self, kind: Kind, where: str) -> Iterator[None]:
        """Turn damage that stops one check into a finding, so that the others go on."""
        try:
            yield
        except BROKEN as error:
            self.findings.append(Finding(kind=kind, where=where, what=f"cannot be read: {first_line(error)}"))


def first_line(error: BaseException) -> str:
    lines = str(error).splitlines()
    return printable(lines[0]) if lines else type(error).__name__


def capture_name(row: Any) -> str:
    return f"capture {row['id']} ({printable(row['url'])})"


def printable(value: Any) -> str:
    """A stored value as printable text, even if damaged."""
    text = value if isinstance(value, str) else repr(value)
    return text.encode("utf-8", "backslashreplace").decode()[:300]


def differing(stored: Any, expected: Any, names: Iterable[str]) -> Iterator[str]:
    """The names of the values that differ, also in type: 1 and 1.0 are different."""
    for name in names:
        if stored[name] != expected[name] or type(stored[name]) is not type(expected[name]):
            yield name
