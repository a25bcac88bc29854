"""The frame of the pages that commands write: one file without scripts."""

from collections.abc import Iterable
from html import escape


def html_page(title: str, style: str, body: Iterable[str]) -> str:
    """title: is escaped. style: CSS. body: lines of HTML."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><style>{style}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )
