"""Differences between two wordings, word by word; Khmer, cluster by cluster."""

import re
from collections.abc import Iterable, Iterator
from typing import Literal

from storage.query.history.history import Wording
from storage.query.history.tokens import equal_parts
from storage.query.search.text import CLUSTER

Piece = Literal["same", "added", "removed"]


def differences(old: Wording, new: Wording) -> dict[str, list[tuple[Piece, str]]]:
    """The fields in which two wordings differ, word by word (Khmer: cluster by cluster).

    Each field as pieces of text in reading order, which joined give both texts.
    """
    fields = ("headline", "kicker", "standfirst", "byline", "body")
    texts = {name: (getattr(old.row, name) or "", getattr(new.row, name) or "") for name in fields}
    before, after = ("\n".join(image.caption for image in each.images if image.caption) for each in (old, new))
    texts["captions"] = before, after
    return {name: list(compared(*pair)) for name, pair in texts.items() if pair[0] != pair[1]}


_PIECE = re.compile(rf"{CLUSTER.pattern}|\s+|[^\W\u1780-\u17ff]+|.", re.DOTALL)


def compared(old: str, new: str) -> Iterator[tuple[Piece, str]]:
    """The pieces of two texts in reading order, each with its change."""
    before, after = _PIECE.findall(old), _PIECE.findall(new)
    at = new_at = 0
    for start, new_start, size in [*equal_parts(before, after), (len(before), len(after), 0)]:
        if start > at:
            yield "removed", "".join(before[at:start])
        if new_start > new_at:
            yield "added", "".join(after[new_at:new_start])
        if size:
            yield "same", "".join(before[start : start + size])
        at, new_at = start + size, new_start + size


Pieces = list[tuple[Piece, str]]


def side_by_side(pieces: Iterable[tuple[Piece, str]]) -> Iterator[tuple[Pieces, Pieces]]:
    """Rows of old and new pieces; a row ends where both sides end a paragraph."""
    old: Pieces = []
    new: Pieces = []
    for change, text in pieces:
        for at, paragraph in enumerate(_paragraphs(change, text)):
            if at:
                yield old, new
                old, new = [], []
            if paragraph and change != "added":
                old.append((change, paragraph))
            if paragraph and change != "removed":
                new.append((change, paragraph))
    yield old, new


def _paragraphs(change: Piece, text: str) -> list[str]:
    if change == "same":
        return text.split("\n\n")
    return ["", text.lstrip()] if text.startswith("\n\n") else [text]  # paragraphs that came or went
