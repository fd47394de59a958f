"""Expressions: Entra's function language, read once and checked against what each function takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from reconciler.functions.checks import check_name, check_node
from reconciler.functions.columns import (
    Column,
    Fixed,
    Result,
    compile_column,
    fill_column,
    is_fresh,
    source_of,
)
from reconciler.functions.grammar import (
    MOST,
    Attribute,
    Call,
    Comparison,
    ExpressionError,
    Node,
    Slip,
    Word,
    parse_tree,
    walk,
    write,
)

UNIQUE = "SelectUniqueValue"
ROLE_FUNCTIONS = ("AssertiveAppRoleAssignmentsComplex", "SingleAppRoleAssignment")
MANY = frozenset(
    {"AppRoleAssignmentsComplex", "AssertiveAppRoleAssignmentsComplex", "RemoveDuplicates", "Split"}
)


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that can be worked out: its text, its tree, and the source attributes that it names, with offsets.

    Attributes are told by their first names: `[mobilePhone]` is `mobile`.
    """

    text: str
    tree: Node
    attributes: tuple[tuple[str, int], ...]

    @property
    def sources(self) -> frozenset[str]:
        """The source attributes that it names."""
        return frozenset(name for name, _ in self.attributes)

    @property
    def gives_many(self) -> bool:
        """Its value is a list."""
        node = self.tree
        while isinstance(node, Call) and node.name in ("IgnoreFlowIfNullOrEmpty", "Redact"):
            node = node.arguments[0]
        return isinstance(node, Call) and node.name in MANY

    @property
    def is_fresh(self) -> bool:
        """Two evaluations may differ: it holds Guid, Now or RandomString."""
        return is_fresh(self.tree)

    @property
    def role(self) -> Literal["", "added", "other"]:
        """Whether it gives roles by assignment, and if they are only added to those that there are."""
        name = self.tree.name if isinstance(self.tree, Call) else ""
        return "added" if name == "AppRoleAssignmentsComplex" else "other" if name in ROLE_FUNCTIONS else ""

    @property
    def is_made_once(self) -> bool:
        """Its value is made when a resource is created, and never compared."""
        return self.is_fresh or bool(self.rules)

    @property
    def is_redacted(self) -> bool:
        """Its value may not be shown: it holds Redact."""
        return any(isinstance(node, Call) and node.name == "Redact" for node in walk(self.tree))

    @property
    def rules(self) -> tuple[Node, ...]:
        """The rules of SelectUniqueValue, in their order; none where it is not that."""
        is_unique = isinstance(self.tree, Call) and self.tree.name == UNIQUE
        return self.tree.arguments if is_unique else ()  # type: ignore[union-attr]

    def evaluate(self, rows: Sequence[Mapping[str, object]]) -> list[Result]:
        """The value for each of `rows`, for an expression that is neither fresh nor chosen from rules.

        Raises TimeoutError for a pattern that runs away.
        """
        return fill_column(_column(self.tree), rows)


@lru_cache(maxsize=1024)
def _column(tree: Node) -> Fixed | Column:
    return compile_column(tree)


def parse_expression(text: str) -> Expression:
    """The expression written as `text`. Raises ExpressionError with the offset and the words of every mistake."""
    try:
        tree = parse_tree(text)
    except ExpressionError as error:
        names = [slip for node in walk(error.tree) for slip in check_name(node)] if error.tree else []
        raise ExpressionError(tuple(sorted({*error.slips, *names})[:MOST]), error.tree) from None
    slips = sorted({slip for node in walk(tree) for slip in check_node(node)})
    if isinstance(tree, Comparison | Word):
        slips.append(Slip(tree.start, 'is no value; write for example IIF([country] = "GB", "yes", "no")'))
    slips += [
        Slip(node.start, f"{UNIQUE} cannot stand inside another function; write it around the whole")
        for node in walk(tree) if isinstance(node, Call) and node.name == UNIQUE and node is not tree
    ]  # fmt: skip
    if slips:
        raise ExpressionError(tuple(sorted(slips)[:MOST]), tree)
    return Expression(text, tree, name_attributes(tree))


def name_attributes(tree: Node) -> tuple[tuple[str, int], ...]:
    """The source attributes that a tree names, by their first names, and where."""
    return tuple((source_of(node), node.start) for node in walk(tree) if isinstance(node, Attribute))


def redact_text(text: str) -> str:
    """An expression's text on one line, as people may see it: without what Redact hides."""
    return write(_redacted(parse_tree(text)))


def _redacted(node: Node) -> Node:
    match node:
        case Call(name="Redact"):
            return Call("Redact", (Word("…"),))
        case Call(name=name, arguments=arguments):
            return Call(name, tuple(map(_redacted, arguments)))
        case Comparison(operator=operator, left=left, right=right):
            return Comparison(operator, _redacted(left), _redacted(right))
    return node
