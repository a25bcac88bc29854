"""Export as a TEI corpus (https://tei-c.org/guidelines/p5/), one `TEI` a story or revision; always well-formed.

Text is exact: a character that XML 1.0 has no place for, such as a control character, stands as
`<gap reason="control" n="U+0001"/>`, and a carriage return as a reference. Attributes and numbers (`idno`), which hold
addresses, days and digests alone, have U+FFFD in its place. Only elements of TEI's core, header and linking modules are
used, so that small schemas take them.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import BinaryIO
from xml.sax.saxutils import escape, quoteattr

from storage.query.export.datasheet import LICENCE
from storage.query.export.records import Kind, Record

# All but https://www.w3.org/TR/xml/#charsets.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

ABOVE = ("kicker", "standfirst", "byline", "dateline")  # as types of `ab` below the headline, in this order
PRINTED = ("caption", "credit", "caption_text", "alt")  # as types of `seg` behind a picture

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<teiCorpus xmlns="http://www.tei-c.org/ns/1.0">
<teiHeader><fileDesc><titleStmt><title>Stories of a newspaper</title></titleStmt>
<publicationStmt><p>{licence}</p></publicationStmt>
<sourceDesc><p>The newspaper's pages, as an archive holds them.</p></sourceDesc></fileDesc></teiHeader>
"""


def write(records: Iterable[Record], out: BinaryIO, _kind: Kind) -> None:
    out.write(_HEAD.format(licence=escape(LICENCE)).encode())
    for record in records:
        out.write(("\n".join(_document(record)) + "\n").encode())
    out.write(b"</teiCorpus>\n")


def _document(record: Record) -> Iterator[str]:
    yield f"<TEI xml:lang={_attribute(record['language'])}>"
    yield from _header(record)
    yield "<text><body><div>"
    yield _element("head", record["headline"])
    yield from (_element("ab", record[name], type=name) for name in ABOVE if record.get(name) is not None)
    yield from _body(record)
    yield "</div></body></text></TEI>"


def _header(record: Record) -> Iterator[str]:
    yield "<teiHeader><fileDesc><titleStmt>"
    yield _element("title", record["headline"])
    yield from (_element("author", name) for name in record.get("authors") or ())
    if record.get("agency"):
        yield _element("author", record["agency"], role="agency")
    yield f"</titleStmt><publicationStmt><p>{escape(LICENCE)}</p></publicationStmt><sourceDesc><bibl>"
    yield _element("title", record["headline"], level="a")
    if record.get("published_on"):
        when: str = record.get("published_at") or record["published_on"]
        yield _element("date", record.get("published_text") or record["published_on"], when=when)
    numbers = {"URL": record["canonical_url"], "revision": record.get("revision"), "digest": record.get("digest")}
    known = {kind: _NO_XML.sub("\ufffd", str(value)) for kind, value in numbers.items() if value is not None}
    yield from (_element("idno", value, type=kind) for kind, value in known.items())
    yield "</bibl></sourceDesc></fileDesc><profileDesc><langUsage>"
    yield f"<language ident={_attribute(record['language'])}/></langUsage>"
    terms = [("section", record["section"])] if record.get("section") else []
    terms += [("tag", tag) for tag in record.get("tags") or ()]
    if terms:
        yield "<textClass><keywords>"
        yield from (_element("term", term, type=kind) for kind, term in terms)
        yield "</keywords></textClass>"
    yield "</profileDesc></teiHeader>"


def _body(record: Record) -> Iterator[str]:
    """The blocks, with each picture in its place; neighbouring list items are one list."""
    pictures: dict[int, list[str]] = {}
    for picture in record.get("images") or ():
        pictures.setdefault(-1 if picture["block"] is None else picture["block"], []).append(_picture(picture))
    yield from pictures.pop(-1, ())
    number = 0
    for kind, blocks in groupby(record["body"], key=lambda block: block["kind"]):
        if kind == "list_item":
            items = list(blocks)
            # A list holds no pictures: those inside stand before it.
            yield from (picture for at in range(number, number + len(items)) for picture in pictures.pop(at, ()))
            yield f"<list>{''.join(_element('item', item['text']) for item in items)}</list>"
            number += len(items)
            continue
        for block in blocks:
            yield from pictures.pop(number, ())
            yield _block(kind, block["text"])
            number += 1
    yield from (picture for of_block in pictures.values() for picture in of_block)


def _block(kind: str, words: str) -> str:
    if kind == "paragraph":
        return _element("p", words)
    return f"<p>{_element('quote', words)}</p>" if kind == "quote" else _element("ab", words, type=kind)


def _picture(picture: Record) -> str:
    parts = [f"<graphic url={_attribute(picture['url'])}/>"]
    parts += [_element("seg", picture[name], type=name) for name in PRINTED if picture.get(name) is not None]
    return f'<ab type="picture">{"".join(parts)}</ab>'


def _element(name: str, words: str, **attributes: str) -> str:
    given = "".join(f" {key}={_attribute(value)}" for key, value in attributes.items())
    return f"<{name}{given}>{_text(words)}</{name}>"


def _text(words: str) -> str:
    return _NO_XML.sub(lambda sign: f'<gap reason="control" n="U+{ord(sign[0]):04X}"/>', escape(words, {"\r": "&#13;"}))


def _attribute(value: str) -> str:
    return quoteattr(_NO_XML.sub("\ufffd", value), {"\t": "&#9;", "\n": "&#10;", "\r": "&#13;"})
