"""Which tables of the database are ours to compare."""

from typing import Any


def include_name(name: str | None, type_: str, _parents: Any) -> bool:
    """FTS5 keeps the index of words in tables of its own, which are none of ours."""
    return type_ != "table" or name is None or not (name == "words" or name.startswith("words_"))
