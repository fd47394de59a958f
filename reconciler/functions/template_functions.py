"""Template functions: Entra's functions as templates call them: `{{ Join(" ", givenName, surname) }}`.

Arguments are given by position or by name, and `none` leaves one out. What belongs to a whole mapping, or gives another value
each time, is refused in words: it needs an expression.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import jinja2
from jinja2 import nodes

from reconciler.functions import grammar
from reconciler.functions.checks import check_node
from reconciler.functions.columns import apply_function
from reconciler.functions.registry import FUNCTIONS
from reconciler.functions.signatures import signatures
from reconciler.functions.values import Value

OF_EXPRESSIONS = frozenset({
    "AppRoleAssignmentsComplex", "AssertiveAppRoleAssignmentsComplex", "Guid", "IgnoreFlowIfNullOrEmpty", "Now", "RandomString",
    "Redact", "SelectUniqueValue", "SingleAppRoleAssignment",
})  # fmt: skip
NAMES = FUNCTIONS.keys() - OF_EXPRESSIONS
_HIDDEN = "_"  # names that templates cannot write: an attribute of the same name is another thing


def find_calls(tree: nodes.Template) -> Iterator[nodes.Call]:
    """The calls of functions in a template."""
    return (call for call in tree.find_all(nodes.Call) if isinstance(call.node, nodes.Name))


def check_call(call: nodes.Call) -> str:
    """What is wrong with a call of a function, and what to write instead; empty if nothing is."""
    assert isinstance(call.node, nodes.Name)
    name = call.node.name
    if name in OF_EXPRESSIONS:
        return f"calls {name}(), which templates do not have; write expression: '{signatures()[name]}' in the mapping instead"
    if call.dyn_args is not None or call.dyn_kwargs is not None:
        return f"calls {name}() with * or **, which templates do not have; write each argument"
    arguments = [_standing_for(argument) for argument in call.args]
    if name in signatures():
        known = [parameter.name for parameter in signatures()[name].parameters]
        for keyword in call.kwargs:
            if keyword.key not in known or known.index(keyword.key) < len(call.args):
                return f"gives {name}() the argument {keyword.key}, which it does not take so; write {signatures()[name]}"
            at = known.index(keyword.key)
            arguments += [grammar.Nothing()] * (at + 1 - len(arguments))
            arguments[at] = _standing_for(keyword.value)
    slips = check_node(grammar.Call(name, tuple(arguments)))
    return f"calls {name}(): {slips[0].text}" if slips else ""


def rename_calls(calls: Iterable[nodes.Call]) -> None:
    """Makes the calls find the functions, whatever attributes are called."""
    for call in calls:
        assert isinstance(call.node, nodes.Name)
        call.node.name = _HIDDEN + call.node.name


def callables() -> dict[str, Callable[..., Value]]:
    """The functions by the names under which renamed calls find them."""
    return {_HIDDEN + name: _callable(name) for name in NAMES}


def _standing_for(node: nodes.Node) -> grammar.Node:
    """The argument as the language has it, as far as its form decides what is right."""
    if not isinstance(node, nodes.Const):
        return grammar.Attribute("value")
    if node.value is None:
        return grammar.Nothing()
    if isinstance(node.value, bool):
        return grammar.Word(str(node.value))
    return grammar.Constant(node.value)


def _callable(name: str) -> Callable[..., Value]:
    parameters = [parameter.name for parameter in signatures()[name].parameters]

    def call(*arguments: Any, **named: Any) -> Value:
        given = [_plain(argument) for argument in arguments]
        for key, argument in named.items():
            at = parameters.index(key)
            given += [None] * (at + 1 - len(given))
            given[at] = _plain(argument)
        return apply_function(name, given)

    return call


def _plain(value: Any) -> Value:
    """A value of a template as functions know it; a list of anything is one of texts."""
    if isinstance(value, jinja2.Undefined):
        return None
    if isinstance(value, list | tuple):
        return tuple(str(item) for item in value if item is not None)
    return value  # type: ignore[no-any-return]  # texts, numbers, booleans, and what functions gave
