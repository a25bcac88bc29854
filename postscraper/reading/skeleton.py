"""Skeleton of a story page: the classes around its words and inside them, by which an unknown design shows early.

Of an element the first class counts, for further ones name the story's section, number or size, and # stands for
digits. Paragraphs and what stands inside them are left out: their classes come with what editors paste.
"""

import re
from functools import lru_cache

from postscraper.extraction.elements import class_attributes
from postscraper.extraction.page import Page, nodes

# Against hostile pages; stories of the known designs have 20 attributes, of 200 characters at most.
MOST_CLASSES = 500
LONGEST = 1000

_DIGITS = re.compile(r"\d+")


def skeleton(page: Page, story: str) -> frozenset[str]:
    """story: the selector of the boxes with the story's words, as a layout's STORY."""
    boxes = nodes(page, story)
    texts = class_attributes(boxes[-1]) if boxes else ()  # the last of several has the body
    return frozenset(filter(None, (_first_class(text) for text in texts[:MOST_CLASSES] if len(text) <= LONGEST)))


@lru_cache(maxsize=4096)
def _first_class(text: str) -> str:
    return next(iter(_DIGITS.sub("#", text).split()), "")
