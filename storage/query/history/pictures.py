"""Pictures of an article (JSON data) by their files, which keep their names in every design."""

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from storage.query.search.text import normal

Item = Mapping[str, Any]

_SIZE = re.compile(r"-\d{2,5}x\d{2,5}(?=\.\w{2,5}$)")  # which WordPress writes into names


def picture_file(url: str) -> str:
    """The name of a picture's file, whatever folder and size a design serves it in."""
    name = unquote(re.split(r"[?#]", url, maxsplit=1)[0].rsplit("/", 1)[-1])
    return _SIZE.sub("", name).casefold()


def files_of(item: Item) -> set[str]:
    return {picture_file(image["url"]) for image in item.get("images") or ()}


def image_of(item: Item, file: str) -> dict[str, Any] | None:
    return next((image for image in item.get("images") or () if picture_file(image["url"]) == file), None)


def moved_block(blocks: Sequence[Mapping[str, Any]], at: int, others: Sequence[Mapping[str, Any]]) -> int:
    """The index in other blocks of the block at `at`; their number when it is not there."""
    text = normal(blocks[at]["text"]) if at < len(blocks) else None
    return next((index for index, block in enumerate(others) if normal(block["text"]) == text), len(others))
