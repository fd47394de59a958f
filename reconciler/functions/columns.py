"""Columns: an expression's tree as functions of many users at once.

A call of every function for every user would cost more than the functions: what is the same for everybody is worked out
once, when the expression is compiled, and each function goes over a whole column.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from itertools import repeat
from typing import Literal, NamedTuple
from uuid import UUID

from reconciler.functions.grammar import Attribute, Call, Comparison, Constant, Node, Nothing, Word, walk
from reconciler.functions.random_text import random_string
from reconciler.functions.registry import FUNCTIONS, reader
from reconciler.functions.signatures import signatures
from reconciler.functions.values import Value, compare, is_empty
from reconciler.model.vocabulary import ALIASES


class Dropped(Enum):
    """What IgnoreFlowIfNullOrEmpty gives for nothing: the attribute does not flow, whatever else its mapping says."""

    DROPPED = "\0dropped"


DROPPED: Literal[Dropped.DROPPED] = Dropped.DROPPED
Result = Value | Dropped
Rows = Sequence[Mapping[str, object]]
Column = Callable[[Rows], Iterable[Result]]


class Fixed(NamedTuple):
    """What is the same for everybody."""

    value: Result


class Fresh(NamedTuple):
    """Where the values come from that no two evaluations share: the moment, and `chance(n)`, a whole number below n."""

    now: datetime
    chance: Callable[[int], int]


FRESH = frozenset({"Guid", "Now", "RandomString"})
DROPPING = "IgnoreFlowIfNullOrEmpty"
# They hand on what they choose; whatever else is dropped on the way drops the whole.
_LEFT_OUT = frozenset({"part", "pattern"})
_CHOICES = frozenset({"Coalesce", "IIF", "Redact", "Switch"})


def compile_column(node: Node, fresh: Fresh | None = None) -> Fixed | Column:
    """The node as a column, or as what is the same for everybody; `fresh` is needed by Guid, Now and RandomString."""
    return _Compiler(fresh).node(node)


def fill_column(compiled: Fixed | Column, rows: Rows) -> list[Result]:
    """The value for each of `rows`. Raises TimeoutError for a pattern that runs away."""
    return [compiled.value] * len(rows) if isinstance(compiled, Fixed) else list(compiled(rows))


def is_fresh(node: Node) -> bool:
    """Two evaluations of the node may differ: it holds Guid, Now or RandomString."""
    return any(isinstance(part, Call) and part.name in FRESH for part in walk(node))


def apply_function(name: str, arguments: Sequence[Value]) -> Value:
    """What a function gives for these arguments; None stands for one that is left out, too.

    Raises TimeoutError for a pattern that runs away.
    """
    signature = signatures()[name]
    kinds = [signature.parameter(at).kind for at in range(len(arguments))]
    function: Callable[..., Result] = FUNCTIONS[name]
    if "texts" in kinds:
        function = _for_each(function, kinds.index("texts"))
    given = [
        value if kind == "any" or (value is None and kind in _LEFT_OUT) else reader(kind)(value)
        for value, kind in zip(arguments, kinds, strict=True)
    ]
    missing = 0 if signature.repeats else len(signature.parameters) - len(given)
    return function(*given, *[None] * missing)  # type: ignore[return-value]  # nothing is dropped without an expression


def source_of(node: Attribute) -> str:
    """The source attribute's first name."""
    return ALIASES.get(node.name, node.name)


class _Compiler:
    def __init__(self, fresh: Fresh | None) -> None:
        self.fresh = fresh

    def node(self, node: Node) -> Fixed | Column:
        match node:
            case Nothing():
                return Fixed(None)
            case Constant(value=value):
                return Fixed(value)
            case Word(name=name):
                return Fixed({"True": True, "False": False}.get(name, name))
            case Attribute():
                name = source_of(node)
                return lambda rows: [_given(row.get(name)) for row in rows]
            case Comparison():
                return self.comparison(node)
            case Call(name=name) if name in FRESH:
                return self.made(node)
            case Call(name="IgnoreFlowIfNullOrEmpty", arguments=(inner,)):
                return _mapped(lambda value: DROPPED if is_empty(value) else value, [self.node(inner)])
            case Call(name="Redact", arguments=(inner,)):
                return self.node(inner)
            case Call():
                return self.call(node)

    def comparison(self, node: Comparison) -> Fixed | Column:
        """A condition; one that asks about nothing does not hold (research: entra 3.2, IIF)."""
        operator = node.operator
        is_constant = isinstance(node.left, Constant), isinstance(node.right, Constant)

        def holds(left: Result, right: Result) -> Result:
            if left is DROPPED or right is DROPPED:
                return DROPPED
            if (is_empty(left) and not is_constant[0]) or (is_empty(right) and not is_constant[1]):
                return False
            return compare(operator, left, right)

        return _mapped(holds, [self.node(node.left), self.node(node.right)])

    def call(self, node: Call) -> Fixed | Column:
        signature = signatures()[node.name]
        function: Callable[..., Result] = FUNCTIONS[node.name]
        kinds = [signature.parameter(at).kind for at in range(len(node.arguments))]
        if "texts" in kinds:
            function = _for_each(function, kinds.index("texts"))
        # What Replace does is said by what is left out, which reaches it as None: null there is an empty text.
        readers = [
            None if kind == "any" or (isinstance(argument, Nothing) and kind in _LEFT_OUT) else reader(kind)
            for argument, kind in zip(node.arguments, kinds, strict=True)
        ]
        if any(isinstance(part, Call) and part.name == DROPPING for part in walk(node)):
            judged = [at for at, kind in enumerate(kinds) if kind != "any" or node.name not in _CHOICES]
            function = _dropping(function, judged)
            readers = [read and _unless_dropped(read) for read in readers]
        columns = [
            _read(self.node(argument), read) for argument, read in zip(node.arguments, readers, strict=True)
        ]
        missing = 0 if signature.repeats else len(signature.parameters) - len(columns)
        return _mapped(function, [*columns, *[Fixed(None)] * missing])

    def made(self, node: Call) -> Fixed | Column:
        """Guid, Now and RandomString: a value for each row."""
        assert self.fresh is not None, node.name
        now, chance = self.fresh
        if node.name == "Now":
            return Fixed(now.astimezone(UTC))
        if node.name == "Guid":
            return lambda rows: [str(UUID(int=chance(1 << 128), version=4)) for _ in rows]
        told = [self.node(argument) for argument in node.arguments]
        return lambda rows: [
            DROPPED if DROPPED in values else random_string(chance, *values)
            for values in zip(*[fill_column(column, rows) for column in told], strict=True)
        ]


def _given(value: object) -> Value:
    """A source attribute's value; what is empty is unassigned (RFC 7643 section 2.5)."""
    return None if value == "" or value == () else value  # type: ignore[return-value]  # what users may hold


def _for_each(function: Callable[..., Result], at: int) -> Callable[..., Result]:
    """The function for each value of what is multi-valued."""

    def each(*arguments: Value) -> Result:
        values = arguments[at]
        if type(values) is not tuple:
            return function(*arguments)
        found = (function(*arguments[:at], value, *arguments[at + 1 :]) for value in values)
        return tuple(value for value in found if isinstance(value, str) and value) or None

    return each


def _dropping(function: Callable[..., Result], judged: Sequence[int]) -> Callable[..., Result]:
    """The function, giving nothing where one of these arguments is dropped."""
    return lambda *given: DROPPED if any(given[at] is DROPPED for at in judged) else function(*given)


def _unless_dropped(read: Callable[[Value], object]) -> Callable[[Result], object]:
    return lambda value: value if isinstance(value, Dropped) else read(value)


def _read(column: Fixed | Column, read: Callable[[Value], object] | None) -> Fixed | Column:
    return column if read is None else _mapped(read, [column])  # type: ignore[arg-type]  # readers give values


def _mapped(function: Callable[..., Result], columns: Sequence[Fixed | Column]) -> Fixed | Column:
    """The function of each row's values; worked out at once where everybody has the same."""
    fixed = [column.value for column in columns if isinstance(column, Fixed)]
    if len(fixed) == len(columns):
        try:
            return Fixed(function(*fixed))
        except TimeoutError:  # said about a user, as of any other pattern that runs away
            return lambda rows: [function(*fixed) for _ in rows]
    return lambda rows: map(
        function, *[repeat(c.value) if isinstance(c, Fixed) else c(rows) for c in columns]
    )
