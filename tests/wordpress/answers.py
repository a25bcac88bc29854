"""The newspaper's answers, taken apart: REST, feeds and pages. Each one must be a 200."""

import json
from typing import Any

from parsel import Selector

from tests.standins.serving import ask
from tests.wordpress.site import Site
from tests.wordpress.stories import Story

POSTS = "/wp-json/wp/v2/posts"
FEED = {"content": "http://purl.org/rss/1.0/modules/content/", "dc": "http://purl.org/dc/elements/1.1/"}


def rest(site: Site, path: str) -> Any:
    answer = ask(site.origin + path)
    assert answer.status == 200, answer
    return json.loads(answer.body)


def feed(site: Site, path: str = "/feed/") -> list[Selector]:
    answer = ask(site.origin + path)
    assert answer.status == 200, answer
    found = Selector(body=answer.body, type="xml")
    for prefix, namespace in FEED.items():
        found.register_namespace(prefix, namespace)
    return list(found.xpath("//item"))


def page(site: Site, path: str) -> Selector:
    answer = ask(site.origin + path)
    assert answer.status == 200, answer
    return Selector(body=answer.body, type="html", encoding="utf-8")


def text(markup: str) -> str:
    """The words without any white space, which is WordPress's own between the blocks."""
    return "".join("".join(Selector(f"<body>{markup}").css("body").xpath(".//text()").getall()).split())


def body_text(story: Story) -> str:
    return "".join("".join(block.text.replace(" | ", "") for block in story.body).split())


def without_captions(markup: str) -> str:
    found = Selector(f"<body>{markup}")
    found.css("figcaption, style, script, noscript").drop()
    return found.css("body").get() or ""
