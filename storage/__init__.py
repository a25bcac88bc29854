"""The archive of a newspaper: stories, their captures, and the bytes of these.

`from storage import Archive, Outcome, Hit`, and the errors by name. Archive, Outcome and Hit load when first used: the
processes that read WARC files need modules of `storage`, and no SQLAlchemy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from storage.errors import (
    ArchiveError,
    BadQuery,
    Damaged,
    EarlierVersion,
    EvidenceError,
    Full,
    Locked,
    NoSuchStory,
    NotAnArchive,
    ReadOnly,
    Unsupported,
    WrongVersion,
)

if TYPE_CHECKING:
    from storage.archive import Archive, Hit, Outcome

__all__ = [
    "Archive",
    "ArchiveError",
    "BadQuery",
    "Damaged",
    "EarlierVersion",
    "EvidenceError",
    "Full",
    "Hit",
    "Locked",
    "NoSuchStory",
    "NotAnArchive",
    "Outcome",
    "ReadOnly",
    "Unsupported",
    "WrongVersion",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module("storage.archive"), name)
