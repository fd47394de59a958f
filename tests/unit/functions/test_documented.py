"""docs/functions.md names every function with its parameters, and its examples give what it says."""

import re
from pathlib import Path

import pytest

from reconciler.functions.expressions import parse_expression
from reconciler.functions.signatures import signatures
from reconciler.functions.values import as_text

TEXT = (Path(__file__).parents[3] / "docs" / "functions.md").read_text("utf-8")
EXAMPLES = re.findall(r"`([A-Za-z]+\([^`]*\))` → `([^`]*)`", TEXT)


@pytest.mark.parametrize(("expression", "value"), EXAMPLES)
def test_an_example_gives_what_is_said(expression: str, value: str) -> None:
    [found] = parse_expression(expression).evaluate([{}])

    assert (as_text(found) or "") == value  # type: ignore[arg-type]  # nothing is dropped here


def test_every_function_is_there_with_its_parameters() -> None:
    named = {
        (name, tuple(re.findall(r"[A-Za-z0-9]+", parameters)))
        for name, parameters in re.findall(r"`([A-Z][A-Za-z0-9]+)\(([^`\"]*)\)`", TEXT)
    }
    wanted = {
        (signature.name, tuple(p.name for p in signature.parameters)) for signature in signatures().values() if "roles" not in {p.kind for p in signature.parameters}
    }  # fmt: skip

    assert {name for name, _ in named} >= signatures().keys()
    assert {
        name
        for name, parameters in wanted
        if not any(other == name and _fits(given, parameters) for other, given in named)
    } == set()


def _fits(given: tuple[str, ...], parameters: tuple[str, ...]) -> bool:
    return given == parameters[: len(given)] and len(given) >= min(len(parameters), 2)
