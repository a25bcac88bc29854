"""Tables that set a story out on the page, apart from those whose columns say something."""

from collections.abc import Iterator

from postscraper.extraction.elements import Node
from postscraper.extraction.page import Page
from postscraper.extraction.pictures import holds_anything

_MOST_COLUMNS = 20  # counted; figures begin at two


def one_column(page: Page, table: Node) -> bool:
    """Whether a table sets words one below the other, as old stories do, beside nothing but empty columns."""
    rows = [list(_elements(row)) for row in _rows(table)]
    if all(len(cells) < 2 for cells in rows):
        return True
    filled: set[int] = set()
    reaching_down: dict[int, int] = {}  # columns that a cell of an earlier row reaches down into, and for how many rows
    for cells in rows:
        column = 0
        for cell in cells:
            while reaching_down.get(column, 0):
                column += 1
            wide, deep = (_span(cell, name) for name in ("colspan", "rowspan"))
            reached = range(column, column + wide)
            if holds_anything(page, cell):
                filled.update(reached)
                if len(filled) > 1:
                    return False
            reaching_down.update(dict.fromkeys(reached, deep) if deep > 1 else {})
            column += wide
        reaching_down = {at: rows - 1 for at, rows in reaching_down.items() if rows > 1}
    return len(filled) == 1


def _rows(table: Node) -> Iterator[Node]:
    for part in _elements(table):
        yield from (part,) if part.tag == "tr" else (row for row in _elements(part) if row.tag == "tr")


def _elements(parent: Node) -> Iterator[Node]:
    return (each for each in parent.children if isinstance(each, Node))


def _span(cell: Node, name: str) -> int:
    number = cell.attr(name) or ""
    return min(max(int(number), 1), _MOST_COLUMNS) if number.isascii() and number.isdigit() and len(number) < 6 else 1
