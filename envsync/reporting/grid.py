"""Rows under headings, narrow enough for a terminal: how every table of envsync is drawn."""

from collections.abc import Sequence

import tabulate

Row = Sequence[str]

_SEPARATOR = 2
_LEAST = 12

# Columns are as wide as their content; the library would give headings two columns more.
tabulate.MIN_PADDING = 0


def grid(rows: Sequence[Row], headings: Row) -> str:
    """Return a table for a terminal or a mail."""
    return tabulate.tabulate(rows, headings, tablefmt="simple", disable_numparse=True).rstrip()


def fitted(
    rows: Sequence[Row], headings: Row, width: int, shrinking: Sequence[Sequence[int]]
) -> list[Row]:
    """Shorten cells until the table is narrow enough; `shrinking` names the columns that may give.

    The widest of its first group gives first, down to a dozen characters, then that of the next.
    """
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    excess = sum(widths) + _SEPARATOR * (len(widths) - 1) - width
    for group in shrinking:
        while excess > 0:
            column = max(group, key=lambda column: widths[column])
            if widths[column] <= max(_LEAST, len(headings[column])):
                break
            widths[column] -= 1
            excess -= 1
    return [[shortened(*cell) for cell in zip(row, widths, strict=True)] for row in rows]


def shortened(text: str, width: int) -> str:
    """Take the middle out of a text that is too long: names differ at either end."""
    if len(text) <= width:
        return text
    head = (width - 1) // 2
    return f"{text[:head]}…{text[len(text) - (width - 1 - head) :]}"
