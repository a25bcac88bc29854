"""A page that no layout knows, read by a general extractor (trafilatura, the extra `generic`).

Its items say `layout = "generic"` and never pass for a good reading: of all fields only headline
and body are taken, for general extractors guess the others.
"""

from importlib import import_module
from importlib.util import find_spec

from postscraper.errors import NotAStory
from postscraper.extract import Page, clean
from postscraper.items import Article, Block
from postscraper.urls import edition_of


def article(page: Page) -> Article:
    """Raises NotAStory when the extra is missing or finds no headline or no body."""
    if find_spec("trafilatura") is None:
        raise NotAStory(
            "unknown_layout",
            "no layout knows this design; pip install 'postscraper[generic]' tries a general extractor",
        )
    found = import_module("trafilatura").bare_extraction(page.source_text, url=page.url, with_metadata=True)
    headline = clean(found.title or "") if found is not None else ""
    lines = [clean(line) for line in (found.text or "").splitlines()] if found is not None else []
    body = tuple(Block(kind="paragraph", text=line) for line in lines if line)
    if not headline or not body:
        raise NotAStory("unknown_layout", "no layout knows this design, and a general extractor finds no story")
    return Article(
        layout="generic",
        language=edition_of(page.url),
        url=page.url,
        canonical_url=page.canonical(page.url),
        headline=headline,
        body=body,
        problems=page.problems,
        capture=page.receipt,
    )
