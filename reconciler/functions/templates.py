"""Templates: Jinja2 in a sandbox; absent and null read as empty text (DESIGN 3: Templates).

A template names source attributes, joins them, chooses among them, and calls Entra's functions. Whatever could make it take long (loops), grow
without bound, give another text each time, or look behind a value is refused when it is compiled: Jinja2's sandbox alone
bounds neither time nor memory, and folds constants such as `10**10**10` while it compiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from reconciler.functions.template_functions import callables, check_call, find_calls, rename_calls
from reconciler.functions.values import LARGEST, as_text

LONGEST = 4_000  # characters of a template
FILTERS = frozenset(
    "abs capitalize count d default first float int join last length list lower max min replace reverse sort string title "
    "trim truncate unique upper".split()
)
METHODS = frozenset(
    "capitalize casefold count endswith find isalnum isalpha isascii isdecimal isdigit islower isnumeric isspace istitle "
    "isupper join lower lstrip partition removeprefix removesuffix replace rfind rpartition rsplit rstrip split splitlines "
    "startswith strip swapcase title upper".split()
)
_ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.Getattr, nodes.Getitem, nodes.Slice,
    nodes.Filter, nodes.Test, nodes.Call, nodes.Compare, nodes.Operand, nodes.Concat, nodes.CondExpr, nodes.If,
    nodes.And, nodes.Or, nodes.Not, nodes.Add, nodes.Sub, nodes.Neg, nodes.Pos, nodes.List, nodes.Tuple, nodes.Keyword,
)  # fmt: skip
_WORDS: dict[type[nodes.Node], str] = {
    nodes.Mul: "*", nodes.Pow: "**", nodes.Mod: "%", nodes.Div: "/", nodes.FloorDiv: "//", nodes.For: "{% for %}", nodes.Assign: "{% set %}",
    nodes.AssignBlock: "{% set %}", nodes.With: "{% with %}", nodes.Macro: "{% macro %}", nodes.CallBlock: "{% call %}",
    nodes.FilterBlock: "{% filter %}", nodes.Include: "{% include %}", nodes.Import: "{% import %}",
    nodes.FromImport: "{% from %}", nodes.Extends: "{% extends %}", nodes.Block: "{% block %}", nodes.Dict: "a mapping",
}  # fmt: skip
_EXAMPLE = "write for example '{{ givenName }} {{ surname }}'"
_FAILURES = (
    jinja2.TemplateError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError, MemoryError,
)  # fmt: skip


class _TooLarge(ValueError):
    pass


class _Environment(ImmutableSandboxedEnvironment):
    """Calls nothing but functions and methods of texts, and none whose result would be too large."""

    def call(self, context: Any, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        if any(obj is function for function in self.globals.values()):
            return super().call(context, obj, *args, **kwargs)
        owner = getattr(obj, "__self__", None)
        if not isinstance(owner, str) or getattr(obj, "__name__", "") not in METHODS:
            raise jinja2.TemplateRuntimeError("only functions and methods of texts can be called")
        match obj.__name__, args:
            case "replace", (str(old), str(new), *_):
                return _replace(owner, old, new, *args[2:])
            case "join", (parts,):
                return _join(parts, owner)
        return super().call(context, obj, *args, **kwargs)


def _replace(text: object, old: object, new: object, count: int | None = None) -> str:
    whole, part, other = str(text), str(old), str(new)
    if len(whole) + whole.count(part) * len(other) > LARGEST:
        raise _TooLarge
    return whole.replace(part, other, -1 if count is None else count)


def _join(parts: Iterable[object], by: object = "", attribute: object = None) -> str:
    del attribute  # of texts there is none
    texts, size = [], 0
    for part in parts:
        texts.append("" if part is None else str(part))
        size += len(texts[-1]) + len(str(by))
        if size > LARGEST:
            raise _TooLarge
    return str(by).join(texts)


def _environment() -> _Environment:
    environment = _Environment(autoescape=False, finalize=_finalize)
    environment.globals.clear()
    environment.globals.update(callables())
    known: dict[str, Callable[..., Any]] = {name: environment.filters[name] for name in FILTERS}
    environment.filters = {**known, "replace": _replace, "join": _join}
    return environment


def _finalize(value: object) -> object:
    """What a template prints for a value: nothing for null, and an instant as functions hand it on."""
    return "" if value is None else as_text(value) if isinstance(value, datetime) else value


_ENVIRONMENT = _environment()


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled template and the source attributes that it names."""

    sources: frozenset[str]
    template: jinja2.Template
    parts: tuple[tuple[bool, str], ...] | None = None  # (is a name, text), where it is names and text only

    def render_all(self, rows: Sequence[Mapping[str, object]]) -> list[str | None]:
        """What `render` gives for each of many."""
        if self.parts:
            columns = [
                [row.get(text, "") if is_name else text for row in rows] for is_name, text in self.parts
            ]
            if all(set(map(type, column)) <= {str} for column in columns):
                joined = list(map("".join, zip(*columns, strict=True)))
                if not joined or max(map(len, joined)) <= LARGEST:
                    return [text.strip() or None for text in joined]
        return [self.render(row) for row in rows]

    def render(self, attributes: Mapping[str, object]) -> str | None:
        """The trimmed text, or None where it is empty, too large, or fails on these values.

        Raises TimeoutError for a pattern that runs away.
        """
        if sum(_size(attributes.get(name)) for name in self.sources) > LARGEST:
            return None
        if self.parts is not None:
            found = [attributes.get(text) if is_name else text for is_name, text in self.parts]
            # Whatever is no text is said by Jinja2: one meaning, however it is worked out.
            if all(value is None or type(value) is str for value in found):
                return "".join(value for value in found if isinstance(value, str)).strip() or None
        try:
            text = self.template.render(attributes).strip()
        except _FAILURES:
            return None
        return text if 0 < len(text) <= LARGEST else None


def _size(value: object) -> int:
    if isinstance(value, tuple):
        return sum(map(_size, value)) + len(value)
    return len(value) if isinstance(value, str) else 0


@lru_cache(maxsize=1024)
def compile_template(text: str) -> Template:
    """The template written as `text`. Raises ValueError with what to write instead."""
    if len(text) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters; shorten it")
    try:
        tree = _ENVIRONMENT.parse(text)
        _check(tree)
        rename_calls(find_calls(tree))
        sources = frozenset(find_undeclared_variables(tree)) - _ENVIRONMENT.globals.keys()
        parts = _plain_parts(tree)
        template = _ENVIRONMENT.from_string(tree)
    except jinja2.TemplateSyntaxError as error:
        raise ValueError(f"is no template: {error.message}; {_EXAMPLE}") from None
    except _UnusableError as error:
        raise ValueError(str(error)) from None
    except (RecursionError, MemoryError, OverflowError, SyntaxError, ValueError, jinja2.TemplateError):
        raise ValueError(
            f"is no template: it is nested too deep, or holds too large a number; {_EXAMPLE}"
        ) from None
    return Template(sources, template, parts)


class _UnusableError(Exception):
    """What a template may not use, and what to write instead."""


def _check(tree: nodes.Template) -> None:
    """Raises _UnusableError for the first part that no template may have."""
    called = {id(call.node) for call in tree.find_all(nodes.Call)}
    for node in tree.find_all(nodes.Node):
        match node:
            case nodes.Getattr(attr=str(name)) | nodes.Getitem(arg=nodes.Const(value=str(name))) if (
                name.startswith("_")
            ):
                raise _UnusableError(f"uses the private attribute {name}; name source attributes only")
            case nodes.Call(node=nodes.Getattr(attr=name)) if name not in METHODS:
                raise _UnusableError(f"calls {name}(), which is no method for templates; {_known(METHODS)}")
            case nodes.Getattr(attr=name) if id(node) not in called:
                raise _UnusableError(f"uses .{name}, which is no value; {_EXAMPLE}")
            case nodes.Getitem(arg=part) if not _is_position(part):
                raise _UnusableError(
                    "picks by something else than a whole number; write for example '{{ givenName[0] }}'"
                )
            case nodes.Name(name=name):
                _check_name(name)
            case nodes.Call(node=nodes.Getattr()):
                pass
            case nodes.Call(node=nodes.Name()):
                _check_function(node)
            case nodes.Call():
                raise _UnusableError(f"calls what is no function and no method of a text; {_EXAMPLE}")
            case _ if not isinstance(node, _ALLOWED):
                what = _WORDS.get(type(node)) or f"{{% {type(node).__name__.lower()} %}}"
                raise _UnusableError(f"uses {what}, which templates do not have; {_EXAMPLE}")


def _check_name(name: str) -> None:
    if name.startswith("_"):
        raise _UnusableError(f"uses the private attribute {name}; name source attributes only")
    if name in ("self", "loop", "caller"):
        raise _UnusableError(f"uses {name}, which templates do not have; {_EXAMPLE}")


def _check_function(call: nodes.Call) -> None:
    if wrong := check_call(call):
        raise _UnusableError(wrong)


def _is_position(node: nodes.Node) -> bool:
    number = node.node if isinstance(node, nodes.Neg) else node
    return isinstance(node, nodes.Slice) or (
        isinstance(number, nodes.Const) and isinstance(number.value, int)
    )


def _known(names: Iterable[str]) -> str:
    return f"known are {', '.join(sorted(names))}"


def _plain_parts(tree: nodes.Template) -> tuple[tuple[bool, str], ...] | None:
    """The parts of a template that only joins names and text, which is most of them and a hundred times faster so."""
    parts: list[tuple[bool, str]] = []
    for output in tree.body:
        if not isinstance(output, nodes.Output):
            return None
        for node in output.nodes:
            if isinstance(node, nodes.TemplateData):
                parts.append((False, node.data))
            elif isinstance(node, nodes.Name):
                parts.append((True, node.name))
            else:
                return None
    return tuple(parts)
