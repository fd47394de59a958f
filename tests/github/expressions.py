"""GitHub's expressions `${{ … }}`, as far as workflows of ours use them (docs: evaluate expressions)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

Context = Mapping[str, Any]
_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?)|'(?P<text>(?:[^']|'')*)'|(?P<sign>==|!=|&&|\|\||[!(),\[\].*])|(?P<name>[A-Za-z_][\w-]*))"
)
_WHOLE = re.compile(r"\s*\$\{\{(.*?)\}\}\s*", re.DOTALL)
_EACH = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
_STATUS = re.compile(r"\b(always|success|failure|cancelled)\s*\(")


class _Many(list[Any]):
    """What `.*` gives: every value of an object."""


def fill(value: Any, context: Context, status: str = "success") -> Any:
    """`value` with its expressions worked out, inside lists and mappings too; one that is all of a text keeps its type."""
    if isinstance(value, str):
        whole = _WHOLE.fullmatch(value)
        if whole and "${{" not in whole[1]:
            return evaluate(whole[1], context, status)
        return _EACH.sub(lambda found: as_text(evaluate(found[1], context, status)), value)
    if isinstance(value, dict):
        return {key: fill(inner, context, status) for key, inner in value.items()}
    return [fill(inner, context, status) for inner in value] if isinstance(value, list) else value


def holds(condition: object, context: Context, status: str) -> bool:
    """Whether an `if:` lets a job or a step run: success is meant unless a status function stands there."""
    if condition is None:
        return status == "success"
    text = str(condition).strip()
    whole = _WHOLE.fullmatch(text)
    found = is_true(evaluate(whole[1] if whole else text, context, status))
    return found if _STATUS.search(text) else found and status == "success"


def evaluate(source: str, context: Context, status: str = "success") -> Any:
    """The value of an expression. Raises ValueError for one that is none."""
    return _Reader(source, context, status).whole()


def is_true(value: object) -> bool:
    """What counts as true."""
    return value not in (None, False, 0, "")


def as_text(value: object) -> str:
    """A value inside a text."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float() if value == int(value):
            return str(int(value))
        case str():
            return value
        case int() | float():
            return str(value)
    return json.dumps(value)


class _Reader:
    """One expression, read and worked out at once."""

    def __init__(self, source: str, context: Context, status: str) -> None:
        self._context = {name.lower(): value for name, value in context.items()}
        self._functions = _functions(status)
        self._tokens: list[tuple[str, str]] = []
        self._at = position = 0
        source = source.strip()
        while position < len(source):
            found = _TOKEN.match(source, position)
            if not found or found.lastgroup is None:
                raise ValueError(f"no expression from here: {source[position:]!r}")
            self._tokens.append((found.lastgroup, found[found.lastgroup].replace("''", "'")))
            position = found.end()

    def whole(self) -> Any:
        value = self._or()
        if self._at != len(self._tokens):
            raise ValueError(f"too much: {self._tokens[self._at :]}")
        return value

    def _takes(self, sign: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at] == ("sign", sign):
            self._at += 1
            return True
        return False

    def _needs(self, sign: str) -> None:
        if not self._takes(sign):
            raise ValueError(f"{sign} is missing")

    def _or(self) -> Any:
        value = self._and()
        while self._takes("||"):
            other = self._and()
            value = value if is_true(value) else other
        return value

    def _and(self) -> Any:
        value = self._compared()
        while self._takes("&&"):
            other = self._compared()
            value = other if is_true(value) else value
        return value

    def _compared(self) -> Any:
        value = self._negated()
        while True:
            if self._takes("=="):
                value = _is_equal(value, self._negated())
            elif self._takes("!="):
                value = not _is_equal(value, self._negated())
            else:
                return value

    def _negated(self) -> Any:
        return not is_true(self._negated()) if self._takes("!") else self._part()

    def _part(self) -> Any:
        value = self._start()
        while True:
            if self._takes("."):
                if self._takes("*"):
                    value = _Many(value.values() if isinstance(value, dict) else value or [])
                    continue
                _, name = self._tokens[self._at]
                self._at += 1
                value = (
                    _Many(_member(each, name) for each in value)
                    if isinstance(value, _Many)
                    else _member(value, name)
                )
            elif self._takes("["):
                name = self._or()
                self._needs("]")
                value = _member(value, name)
            else:
                return list(value) if isinstance(value, _Many) else value

    def _start(self) -> Any:
        if self._at >= len(self._tokens):
            raise ValueError("it ends too early")
        kind, text = self._tokens[self._at]
        self._at += 1
        match kind, text:
            case "number", _:
                return float(text)
            case "text", _:
                return text
            case "sign", "(":
                value = self._or()
                self._needs(")")
                return value
            case "name", "true" | "false" | "null":
                return {"true": True, "false": False, "null": None}[text]
            case "name", _ if self._takes("("):
                given = []
                while not self._takes(")"):
                    given.append(self._or())
                    self._takes(",")
                return self._functions[text.lower()](*given)
            case "name", _:
                return self._context.get(text.lower())
        raise ValueError(f"{text} stands where a value is due")


def _functions(status: str) -> dict[str, Callable[..., Any]]:
    return {
        "always": lambda: True, "cancelled": lambda: False, "success": lambda: status == "success",
        "failure": lambda: status == "failure", "fromjson": json.loads, "tojson": lambda value: json.dumps(value, indent=2),
        "join": lambda values, by=",": by.join(map(as_text, values)),
        "contains": lambda whole, part: part in whole if isinstance(whole, list) else as_text(part).lower() in as_text(whole).lower(),
        "format": lambda form, *values: re.sub(r"\{(\d+)\}", lambda found: as_text(values[int(found[1])]), form),
    }  # fmt: skip


def _member(value: Any, name: Any) -> Any:
    if isinstance(value, dict):
        return next((inner for key, inner in value.items() if key.lower() == str(name).lower()), None)
    if isinstance(value, list) and isinstance(name, float):
        return value[int(name)] if int(name) < len(value) else None
    return None


def _is_equal(one: Any, other: Any) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.lower() == other.lower()
    return (one or "") == (other or "") if None in (one, other) else bool(one == other)
