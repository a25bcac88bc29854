"""Differences between two wordings, word by word; Khmer, cluster by cluster."""

import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Literal

from storage.query.history.history import Wording
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
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for operation, start, end, new_start, new_end in matcher.get_opcodes():
        if operation == "equal":
            yield "same", "".join(before[start:end])
            continue
        if end > start:
            yield "removed", "".join(before[start:end])
        if new_end > new_start:
            yield "added", "".join(after[new_start:new_end])
