"""Read within: where in a YAML file a character of one of its texts stands, however that text is quoted or folded.

YAML changes white space and quoting only: the n-th visible character of a text is the n-th that its scalar spells out.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from reconciler.model.place import Document, NodePath
from reconciler.stages.read import find_scalar, locate

_HEX = {"x": 2, "u": 4, "U": 8}
_WHITE = " \tntrNLPv_"  # what stands for white space after a backslash


def locate_within(document: Document, path: NodePath, offset: int) -> tuple[int, int]:
    """Line and column, from 1, of the character at `offset` of the text at `path`; of the node where that is no text."""
    scalar = find_scalar(document, path)
    if scalar is None:
        return locate(document, path)
    text = document.text.removeprefix("\ufeff")
    before = sum(not character.isspace() for character in scalar.value[:offset])
    units = _spelt(text[scalar.start : scalar.end], scalar.style)
    at = end = scalar.start
    for unit, length in islice(units, before + 1):
        at = scalar.start + unit
        before -= 1
        end = at + length
    if before >= 0 and scalar.value.strip():
        at = end  # behind the last character
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


def _spelt(raw: str, style: str) -> Iterator[tuple[int, int]]:
    """The place and length of what spells each visible character."""
    at, end = 0, len(raw)
    if style in ('"', "'"):
        at, end = 1, len(raw) - 1
    elif style in ("|", ">"):
        at = raw.find("\n") + 1
    while at < end:
        length = 1
        if style == "'" and raw[at : at + 2] == "''":
            length = 2
        elif style == '"' and raw[at] == "\\":
            length = 2 + _HEX.get(raw[at + 1], 0)
            if _is_white(raw[at + 1 : at + length]):
                at += length
                continue
        if not raw[at].isspace():
            yield at, length
        at += length


def _is_white(escape: str) -> bool:
    """The escape spells white space, or a line break that is taken away."""
    if escape[0] in _HEX:
        return chr(int(escape[1:], 16)).isspace()
    return escape[0] in _WHITE or escape[0].isspace()
