"""Expressions: the text of a function tree, where an export has the tree only (research: entra 3.1, 3.5, 9.3)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from reconciler.importers.entra.schema import Source

# The order of arguments by their keys, where one may be missing in the middle; the last of them may repeat.
_POSITIONS = {
    "FormatDateTime": ("source", "dateTimeStyles", "inputFormat", "outputFormat"),
    "Replace": (
        "source", "Find", "RegularExpression", "RegularExpressionGroupName", "Replacement", "ReplacementPropertyName", "Template",
    ),
    "Switch": ("source", "defaultValue", "switchValue"),
}  # fmt: skip


def expression_of(source: Source) -> str:
    """The expression as Entra shows it: its own text, or one made of the tree."""
    if source.expression:
        return source.expression
    match source.type.casefold():
        case "attribute":
            return f"[{source.name}]"
        case "constant":
            return _quoted(source.name)
        case _:
            arguments = ", ".join(_arguments(source.name, source.parameters))
            return f"{source.name}({arguments})"


def _arguments(function: str, parameters: Sequence[tuple[str, Source]]) -> list[str]:
    texts = [(key.casefold(), expression_of(value)) for key, value in parameters]
    positions = [key.casefold() for key in _POSITIONS.get(function, ())]
    if not positions or any(key not in positions for key, _ in texts):
        return [text for _, text in texts]
    by_key: dict[str, list[str]] = defaultdict(list)
    for key, text in texts:
        by_key[key].append(text)
    arguments = [text for key in positions for text in by_key.get(key, [""])]
    while arguments and not arguments[-1]:
        arguments.pop()
    return arguments


def _quoted(text: str) -> str:
    """A constant as an argument; many exports have the quotes in the name already."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def constant_of(source: Source) -> str:
    """A constant's value: its name is the raw text (research: entra 9.3)."""
    if source.name or len(source.expression) < 2 or not source.expression.startswith('"'):
        return source.name or source.expression
    return source.expression[1:-1].replace('\\"', '"').replace("\\\\", "\\")


def attribute_of(source: Source) -> str:
    """An attribute's name, which some exports have in the expression only."""
    return source.name.strip() or source.expression.strip().removeprefix("[").removesuffix("]")
