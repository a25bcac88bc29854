"""Export as JSON-LD: one graph of https://schema.org/NewsArticle, one node a line."""

from collections.abc import Iterable
from typing import Any, BinaryIO

from storage.database.values import dumped
from storage.query.export.records import Kind, Record


def write(records: Iterable[Record], out: BinaryIO, _kind: Kind) -> None:
    out.write(b'{"@context":"https://schema.org","@graph":[')
    for number, record in enumerate(records):
        out.write((b",\n" if number else b"\n") + dumped(node(record)).encode())
    out.write(b"\n]}\n")


def node(record: Record) -> dict[str, Any]:
    """A story or a revision as a NewsArticle, without the properties of which nothing is known.

    articleBody: the blocks with an empty line between. A revision has its number as `version`, and an address of its
    own as `@id`; the agency is the `provider`.
    """
    url, revision = record["canonical_url"], record.get("revision")
    properties = {
        "@type": "NewsArticle",
        "@id": url if revision is None else f"{url}#revision-{revision}",
        "url": url,
        "version": revision,
        "headline": record["headline"],
        "alternativeHeadline": record.get("kicker"),
        "abstract": record.get("standfirst"),
        "articleBody": "\n\n".join(block["text"] for block in record["body"]),
        "author": [{"@type": "Person", "name": name} for name in record.get("authors") or ()],
        "provider": record.get("agency") and {"@type": "Organization", "name": record["agency"]},
        "dateline": record.get("dateline"),
        "articleSection": record.get("section"),
        "keywords": record.get("tags"),
        "datePublished": record.get("published_at") or record.get("published_on"),
        "dateModified": record.get("modified_at"),
        "inLanguage": record["language"],
        "image": [_image(picture) for picture in record.get("images") or ()],
        "identifier": record.get("digest"),
    }
    return {name: value for name, value in properties.items() if value not in (None, [], "")}


def _image(picture: Record) -> dict[str, Any]:
    properties = {
        "@type": "ImageObject",
        "contentUrl": picture["url"],
        "caption": picture.get("caption"),
        "creditText": picture.get("credit"),
        "description": picture.get("alt"),
    }
    return {name: value for name, value in properties.items() if value is not None}
