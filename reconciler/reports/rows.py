"""Rows: a mark, a label, a value and a note under one another; what does not fit into the width goes below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from reconciler.model.neutral import neutral

INDENT = 5
STEP = 2  # columns of a level
GAP = 2
LABELS, VALUES = 0.55, 0.36  # how much of the width these columns may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row; `value` and `note` are ours and neutral, the label may be anything. `depth` indents it."""

    mark: str = ""
    label: str
    value: str
    note: str = ""
    style: str = ""
    depth: int = 0


def lay_out(rows: Sequence[Row], width: int) -> Iterator[Text]:
    """The lines of rows: columns as wide as their widest cell that is not too wide.

    A note is dim; one that does not fit into its column stands right after the value, or else below.
    """
    label = _fitting([_lead(row) for row in rows], int(width * LABELS))
    value = _fitting([row.value for row in rows], int(width * VALUES))
    for row in rows:
        yield from _lines(row, label, value, width)


def _lines(row: Row, label: int, value: int, width: int) -> Iterator[Text]:
    lead = _lead(row)
    text = f"{' ' * INDENT}{_padded(lead, label)}{' ' * GAP}{row.value}"
    if row.value and cell_len(text) > width and cell_len(lead) > label:
        yield Text(f"{' ' * INDENT}{lead}", style=row.style)
        text = f"{' ' * (INDENT + GAP * 2)}{row.value}"
    note = row.note
    whole = f"{_padded(text, INDENT + label + GAP + value)}{' ' * GAP}"
    if note and cell_len(whole) + cell_len(note) > width:
        whole = f"{text}{' ' * GAP}"
    if note and cell_len(whole) + cell_len(note) > width:
        yield Text(text.rstrip(), style=row.style)
        yield Text(f"{' ' * (INDENT + GAP * 2 + row.depth * STEP)}{note}", style="dim")
        return
    line = Text(whole if note else text, style=row.style).append(note, style="dim")
    line.rstrip()
    yield line


def _lead(row: Row) -> str:
    return f"{' ' * (row.depth * STEP)}{row.mark + ' ' if row.mark else ''}{neutral(row.label)}"


def _fitting(cells: Sequence[str], most: int) -> int:
    """The widest of those cells that are not too wide, so that one of them spoils no table."""
    return max((wide for cell in cells if (wide := cell_len(cell)) <= most), default=0)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))
