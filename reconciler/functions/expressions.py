"""Expressions: Entra's function language, read once and checked against what each function takes."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from dataclasses import dataclass

from reconciler.functions.grammar import (
    MOST,
    Attribute,
    Call,
    Comparison,
    Constant,
    ExpressionError,
    Node,
    Nothing,
    Slip,
    Word,
    parse_tree,
    walk,
)
from reconciler.functions.signatures import Signature, signatures

WORDS = {
    "compare": ("vbBinaryCompare", "vbTextCompare"),
    "styles": (
        "None", "AllowLeadingWhite", "AllowTrailingWhite", "AllowInnerWhite", "AllowWhiteSpaces", "NoCurrentDateDefault",
        "AdjustToUniversal", "AssumeLocal", "AssumeUniversal", "RoundtripKind",
    ),
}  # fmt: skip
INTERVALS = ("yyyy", "m", "d", "ww", "h", "n", "s")
TRUTHS = ("True", "False")


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that can be worked out: its text, its tree, and the source attributes that it names, with offsets."""

    text: str
    tree: Node
    attributes: tuple[tuple[str, int], ...]

    @property
    def sources(self) -> frozenset[str]:
        """The source attributes that it names."""
        return frozenset(name for name, _ in self.attributes)


def parse_expression(text: str) -> Expression:
    """The expression written as `text`. Raises ExpressionError with the offset and the words of every mistake."""
    tree = parse_tree(text)
    slips = sorted({slip for node in walk(tree) for slip in _check(node)})
    if isinstance(tree, Comparison | Word):
        slips.append(Slip(tree.start, 'is no value; write for example IIF([country] = "GB", "yes", "no")'))
    if slips:
        raise ExpressionError(tuple(slips[:MOST]))
    named = tuple((node.name, node.start) for node in walk(tree) if isinstance(node, Attribute))
    return Expression(text, tree, named)


def _check(node: Node) -> list[Slip]:
    """What is wrong with one node, beside what it consists of."""
    if isinstance(node, Comparison):
        return [
            Slip(side.start, f"`{node.operator}` compares two values, and one is missing; write it")
            for side in (node.left, node.right) if isinstance(side, Nothing)
        ]  # fmt: skip
    if not isinstance(node, Call):
        return []
    signature = signatures().get(node.name)
    if signature is None:
        return [Slip(node.start, f"`{node.name}` is no function; {_meant(node.name, signatures())}")]
    return [*_check_count(node, signature), *_check_arguments(node, signature)]


def _check_count(node: Call, signature: Signature) -> list[Slip]:
    count = len(node.arguments)
    if signature.fewest <= count <= signature.most:
        if node.name == "Switch" and count % 2:
            return [Slip(node.start, f"Switch has {count} arguments; after source and defaultValue write a value for each key")]  # fmt: skip
        return []
    bound = signature.fewest if count < signature.fewest else signature.most
    few = "at least" if count < signature.fewest and signature.most > signature.fewest else "at most" if signature.most > signature.fewest else "just"  # fmt: skip
    takes = f"{few} {bound} argument{'s' * (bound != 1)}" if bound else "no arguments"
    return [Slip(node.start, f"{node.name} takes {takes}, and here are {count}; write {signature}")]


def _check_arguments(node: Call, signature: Signature) -> list[Slip]:
    slips: list[Slip] = []
    for index, argument in enumerate(node.arguments[: signature.most]):
        parameter = signature.parameter(index)
        where = f"{parameter.name} of {node.name}"
        match argument:
            case Nothing() if not parameter.may_be_empty:
                slips.append(Slip(argument.start, f"{where} is left empty; write {signature}"))
            case Comparison() if parameter.kind != "condition":
                slips.append(Slip(argument.start, f"{where} is no condition; compare within IIF or CBool"))
            case Word(name=name) if name not in (known := (*WORDS.get(parameter.kind, ()), *TRUTHS)):
                slips.append(Slip(argument.start, f"`{name}` is no word for {where}; {_word(name, known)}"))
            case Constant(value=value) if remedy := _fault(parameter.kind, value):
                slips.append(Slip(argument.start, f"`{value}` is no {where}; {remedy}"))
    return slips


def _word(name: str, known: Collection[str]) -> str:
    if name in signatures():
        return f"write {signatures()[name]}"
    close = difflib.get_close_matches(name, known, n=1) if len(known) > len(TRUTHS) else []
    return (
        f"did you mean {close[0]}?"
        if close
        else f'write [{name}] for the attribute, or "{name}" for the text'
    )


def _fault(kind: str, value: object) -> str:
    """What to write instead of a constant that such a parameter cannot take; empty if it can."""
    match kind:
        case "number":
            return "" if _is_number(value) else "write a number"
        case "interval" if value not in INTERVALS:
            return f"write one of {', '.join(INTERVALS)}"
        case "compare" if value not in (*WORDS["compare"], 0, 1, "0", "1"):
            return "write vbBinaryCompare or vbTextCompare"
        case "roles":
            return "write [appRoleAssignments]"
    return ""


def _is_number(value: object) -> bool:
    try:
        float(str(value))
    except ValueError:
        return False
    return True


def _meant(name: str, known: Collection[str]) -> str:
    """The function that was meant: names are case-sensitive."""
    same = [other for other in known if other.casefold() == name.casefold()]
    if same:
        return f"names are case-sensitive: write {same[0]}"
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]}?" if close else "see docs/functions.md for those that are"
