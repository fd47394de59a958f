"""Expressions: Entra's function language, read once and checked against what each function takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from reconciler.functions.checks import check_node
from reconciler.functions.columns import Column, Fixed, Result, compile_column, fill_column, is_fresh
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
)

UNIQUE = "SelectUniqueValue"


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

    @property
    def is_fresh(self) -> bool:
        """Two evaluations may differ: it holds Guid, Now or RandomString."""
        return is_fresh(self.tree)

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
    tree = parse_tree(text)
    slips = sorted({slip for node in walk(tree) for slip in check_node(node)})
    if isinstance(tree, Comparison | Word):
        slips.append(Slip(tree.start, 'is no value; write for example IIF([country] = "GB", "yes", "no")'))
    if slips:
        raise ExpressionError(tuple(slips[:MOST]))
    named = tuple((node.name, node.start) for node in walk(tree) if isinstance(node, Attribute))
    return Expression(text, tree, named)
