"""Creating: the values that an expression gives once, when a resource is made (DESIGN 5).

What only chance can give is left open: the plan holds the expression with everything else filled in, and apply works it out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime

from reconciler.functions.columns import (
    DROPPED,
    DROPPING,
    Fresh,
    Result,
    compile_column,
    fill_column,
    is_fresh,
)
from reconciler.functions.expressions import UNIQUE, Expression
from reconciler.functions.grammar import (
    Attribute,
    Call,
    Comparison,
    Constant,
    Node,
    Nothing,
    Word,
    walk,
    write,
)
from reconciler.functions.values import as_text, as_truth, is_empty
from reconciler.model.stand_in import AsOf, Candidates, KnownAfterApply, shown

Row = Mapping[str, object]
Made = Result | AsOf | KnownAfterApply | Candidates


def create_value(expression: Expression, row: Row, now: datetime) -> Made:
    """The value, or what stands for it, for a resource with these source attributes; null or dropped where it is none.

    Raises TimeoutError for a pattern that runs away.
    """
    if not expression.rules:
        return _value(expression.tree, row, now)
    found = [_value(rule, row, now) for rule in expression.rules]
    values = [value for value in found if value is not DROPPED and not (is_plain(value) and is_empty(value))]  # type: ignore[arg-type]
    return Candidates(tuple(dict.fromkeys(values))) if values else None


def make_value(made: KnownAfterApply, now: datetime, chance: Callable[[int], int]) -> Result:
    """The value that is sent; `chance(n)` gives a whole number below n."""
    tree = made.tree
    assert isinstance(tree, Call | Comparison | Attribute | Constant | Word | Nothing)
    return fill_column(compile_column(tree, Fresh(now, chance)), [{}])[0]


def trace_expression(expression: Expression, row: Row, now: datetime) -> tuple[tuple[str, object], ...]:
    """Each part of the expression with what it gives for these attributes, the inner ones first; none of what is hidden."""
    if expression.is_redacted:
        return ()
    parts = [node for node in walk(expression.tree) if isinstance(node, Attribute | Call | Comparison)]
    told = dict.fromkeys((node.start, node.end) for node in parts)
    by_place = {(node.start, node.end): node for node in parts}
    return tuple((expression.text[start:end], _part(by_place[start, end], row, now)) for start, end in told)


def _part(node: Node, row: Row, now: datetime) -> object:
    if isinstance(node, Call) and node.name == UNIQUE:
        return None  # which of its rules it takes, the endpoint decides
    try:
        value = _value(node, row, now)
    except TimeoutError:
        return None
    return None if value is DROPPED else shown(value)


def is_plain(value: object) -> bool:
    """The value stands for itself."""
    return not isinstance(value, AsOf | KnownAfterApply | Candidates)


def _value(node: Node, row: Row, now: datetime) -> Result | AsOf | KnownAfterApply:
    tree = _settled(node, row)
    # Whether there is a value at all is no matter of chance.
    [probe] = fill_column(compile_column(tree, Fresh(now, lambda _: 0)), [{}])
    if probe is DROPPED or is_empty(probe) or not is_fresh(tree):
        return probe
    names = {part.name for part in walk(tree) if isinstance(part, Call)}
    return (
        AsOf(probe, write(tree))
        if names.isdisjoint(("Guid", "RandomString"))
        else KnownAfterApply(write(tree), tree)
    )


def _settled(node: Node, row: Row) -> Node:
    """The node with everything filled in that the row tells, and every choice made that it decides."""
    if not is_fresh(node):
        return _literal(fill_column(compile_column(node), [row])[0])
    match node:
        case Comparison(operator=operator, left=left, right=right):
            return Comparison(operator, _settled(left, row), _settled(right, row))
        case Call(name="IIF", arguments=(condition, if_true, if_false)) if not is_fresh(condition):
            [holds] = fill_column(compile_column(Call("CBool", (condition,))), [row])
            return (
                _literal(DROPPED)
                if holds is DROPPED
                else _settled(if_true if as_truth(holds) else if_false, row)
            )
        case Call(name="Switch", arguments=(source, default, *pairs)) if not any(
            map(is_fresh, (source, *pairs[::2]))
        ):
            keys = [fill_column(compile_column(part), [row])[0] for part in (source, *pairs[::2])]
            if DROPPED in keys:
                return _literal(DROPPED)
            wanted, *told = [as_text(key) for key in keys if key is not DROPPED]
            at = told.index(wanted or "") if (wanted or "") in told else None
            return _settled(default if at is None else pairs[2 * at + 1], row)
        case Call(name="Coalesce", arguments=arguments):
            left_over = [_settled(argument, row) for argument in arguments]
            left_over = [argument for argument in left_over if not isinstance(argument, Nothing)]
            is_decided = not left_over or not is_fresh(left_over[0])
            return (left_over or [Nothing()])[0] if is_decided else Call("Coalesce", tuple(left_over))
        case Call(name="Join", arguments=arguments):
            return Call(
                "Join", tuple(part for argument in arguments for part in _spread(_settled(argument, row)))
            )
        case Call(name=name, arguments=arguments):
            return Call(name, tuple(_settled(argument, row) for argument in arguments))
    return node


def _literal(value: Result) -> Node:
    """The value as the language writes it."""
    match value:
        case None:
            return Nothing()
        case bool():
            return Word(str(value))
        case str() | int() | float():
            return Constant(value)
        case datetime():
            return Call("CDate", (Constant(value.isoformat()),))
        case tuple():
            return Call("Split", (Constant("\x1f".join(value)), Constant("\x1f")))
    return Call(DROPPING, (Nothing(),))


def _spread(node: Node) -> Iterator[Node]:
    """The values of a list as arguments of their own."""
    match node:
        case Call(name="Split", arguments=(Constant(value=str(text)), Constant(value="\x1f"))):
            yield from (Constant(part) for part in text.split("\x1f"))
        case _:
            yield node
