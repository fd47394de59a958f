"""Shape: what a file schema says against a value, in words that teach; the rest of it goes on.

jsonschema-rs accepts what is right in one call; jsonschema explains what is not. The schema carries the remedies
(`errorMessage`, which editors show too) and says what is never echoed (`writeOnly`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import jsonschema_rs

from reconciler.model.place import NodePath
from reconciler.stages.read import text_of
from reconciler.stages.reading import WRONG, closest, nearest

if TYPE_CHECKING:
    from jsonschema import ValidationError

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing that the schema does not allow: where, and what to write instead.

    `missing` is the key that a mapping lacks, which leaves the rest of it of use.
    """

    path: NodePath
    text: str
    missing: str = ""
    is_unknown: bool = False


class Shape:
    """A file schema, ready to judge."""

    def __init__(self, schema: Json) -> None:
        self._accepts = jsonschema_rs.validator_for(schema)
        self._schema = schema
        self._is_whole = "required" in schema

    def judge(self, value: object) -> tuple[object, tuple[Fault, ...]]:
        """The value with WRONG in place of every wrong node, and the faults."""
        if self._is_valid(value):
            return value, ()
        faults = tuple(fault for part in self._suspects(value) for fault in self._faults(part))
        faults = faults or tuple(self._faults(value))  # each part is right, and together they are not
        return prune(value, [fault.path for fault in faults if not fault.missing]), faults

    def _is_valid(self, value: object) -> bool:
        try:
            return self._accepts.is_valid(value)
        except ValueError:  # a number that knows how it was written is of a type that Rust does not take
            return self._accepts.is_valid(_plain(value))

    def _suspects(self, value: object) -> Iterator[object]:
        """Parts that are wrong: an entry each, because explaining is slow and most entries are right."""
        if self._is_whole or not isinstance(value, dict):
            yield value
            return
        for key, entries in value.items():
            if not isinstance(entries, dict) or not entries:
                yield {key: entries}
                continue
            for name, entry in entries.items():
                if not self._is_valid({key: {name: entry}}):
                    yield {key: {name: entry}}

    def _faults(self, value: object) -> list[Fault]:
        found: dict[tuple[NodePath, str], Fault] = {}
        for error in sorted(_explaining()(self._schema).iter_errors(value), key=_rank):
            for fault in _faults_of(error):
                found.setdefault((fault.path, fault.missing), fault)
        unknown = [fault.path for fault in found.values() if fault.is_unknown]
        return sorted(fault for fault in found.values() if not _follows(fault, unknown))


def _rank(error: ValidationError) -> int:
    """What is of another kind altogether breaks other rules as well: that is not worth a second message."""
    return {"enum": 0, "type": 1}.get(str(error.validator), 2)


def _follows(fault: Fault, unknown: list[NodePath]) -> bool:
    """A misspelt key is told once, not also as one that is missing or as a mapping of no form."""
    strange = [str(path[-1]) for path in unknown if path[:-1] == fault.path]
    return any(closest(key, [fault.missing]) for key in strange) if fault.missing else bool(strange)


def prune(value: object, paths: list[NodePath]) -> object:
    """A copy of `value` with WRONG at each of `paths`; positions of lists do not shift."""
    if () in paths:
        return WRONG
    below: dict[str | int, list[NodePath]] = {}
    for path in paths:
        below.setdefault(path[0], []).append(path[1:])
    if not below:
        return value
    if isinstance(value, dict):
        return {k: prune(v, below[k]) if k in below else v for k, v in value.items()}
    if isinstance(value, list):
        return [prune(v, below[i]) if i in below else v for i, v in enumerate(value)]
    return value


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value)
    return float(value) if isinstance(value, float) else value


@cache
def _explaining() -> Any:
    """The validator that explains; it is imported where there is something to explain, for that takes a while."""
    from jsonschema import Draft202012Validator, ValidationError  # noqa: PLC0415
    from jsonschema.validators import extend  # noqa: PLC0415

    def search(_: object, pattern: str, instance: object, __: object) -> Iterator[ValidationError]:
        # Python's `$` forgives a line break at the end; JSON Schema's, as in Rust, does not.
        if isinstance(instance, str) and not re.search(re.sub(r"\$$", r"\\Z", pattern), instance):
            yield ValidationError("does not match")

    return extend(Draft202012Validator, {"pattern": search})  # type: ignore[no-untyped-call]


def _faults_of(error: ValidationError) -> list[Fault]:
    path = tuple(error.absolute_path)
    schema: Any = error.schema if isinstance(error.schema, Mapping) else {}
    match error.validator:
        case "anyOf" | "oneOf":
            best = sorted(_best_branch(error), key=_rank)
            return [fault for inner in best for fault in _faults_of(inner)] or [_whole(error, path)]
        case "additionalProperties":
            return _unknown_keys(error, path, schema)
        case "required" | "dependentRequired":
            return _missing_keys(error, path)
        case "pattern" | "enum" | "type" if _is_key(error):
            key = str(error.instance)
            return [Fault((*path, key), f"`{key}` is no {schema.get('title', 'key')}; {_remedy(error)}")]
        case _:
            return [_whole(error, path)]


def _best_branch(error: ValidationError) -> list[ValidationError]:
    """The errors of the branch that was meant: of the value's own type, with the fewest strange keys."""
    branches: dict[object, list[ValidationError]] = {}
    for inner in error.context or ():
        branches.setdefault(inner.schema_path[0], []).append(inner)
    fitting = [
        errors for errors in branches.values()
        if not any(not inner.path and inner.validator == "type" for inner in errors)
    ]  # fmt: skip
    best = min(fitting, key=lambda errors: sum(not inner.path for inner in errors), default=[])
    # `exactly one of these keys` is told as a whole.
    return [] if all(inner.validator == "required" and not inner.path for inner in best) else best


def _unknown_keys(error: ValidationError, path: NodePath, schema: Json) -> list[Fault]:
    known = schema.get("properties", {})
    instance: Any = error.instance
    strange = [key for key in instance if key not in known]
    return [
        Fault((*path, key), f"`{key}` is not known here{nearest(key, known)}", is_unknown=True)
        for key in strange
    ]


def _missing_keys(error: ValidationError, path: NodePath) -> list[Fault]:
    instance: Any = error.instance
    rule: Any = error.validator_value
    needed = (
        rule if error.validator == "required" else [k for one in rule if one in instance for k in rule[one]]
    )
    missing = [key for key in needed if key not in instance]
    return [
        Fault(path, f"{_subject(path)} has no `{key}`; {_remedy(error)}", missing=key)
        for key in dict.fromkeys(missing)
    ]


def _whole(error: ValidationError, path: NodePath) -> Fault:
    schema: Any = error.schema if isinstance(error.schema, Mapping) else {}
    value, subject, remedy = error.instance, _subject(path), _remedy(error)
    is_secret = bool(schema.get("writeOnly"))
    if error.validator == "enum":
        rule: Any = error.validator_value
        options = [str(option) for option in rule]
        close = closest(text_of(value), options)
        told = f"did you mean `{close}`?" if close else _remedy(error, f"write one of {', '.join(options)}")
        return Fault(path, f"{subject} is {kind_of(value)}; {told}")
    if is_secret and isinstance(value, str | int | float) and error.validator == "type":
        return Fault(path, f"{subject} holds a secret in plain text; {remedy}, and renew that secret")
    if is_secret:
        return Fault(path, f"{subject} is not of this form; {remedy}")
    if error.validator in ("minItems", "minProperties", "minLength"):
        return Fault(path, f"{subject} is empty; {remedy}")
    if isinstance(value, dict) and error.validator in ("oneOf", "anyOf"):
        return Fault(path, f"{subject} holds {', '.join(f'`{key}`' for key in value) or 'nothing'}; {remedy}")
    return Fault(path, f"{subject} is {kind_of(value)}; {remedy}")


def kind_of(value: object) -> str:
    """What a value is, as a message names it."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return f"the boolean {text_of(value)}" if isinstance(value, bool) else f"`{text_of(value)}`"


def _subject(path: NodePath) -> str:
    match path:
        case (*_, str(key), int(index)):
            return f"entry {index + 1} of `{key}`"
        case (*_, last):
            return f"`{last}`"
        case _:
            return "this document"


def _remedy(error: ValidationError, otherwise: str = "write it as the schema says") -> str:
    """The schema's own words: those of the failing rule, else of what encloses it about the same value."""
    at: ValidationError | None = error
    while at is not None:
        if isinstance(at.schema, Mapping) and "errorMessage" in at.schema:
            return str(at.schema["errorMessage"])
        at = at.parent if not at.path else None  # type: ignore[assignment]
    return otherwise


def _is_key(error: ValidationError) -> bool:
    steps = list(error.relative_schema_path)
    return len(steps) > 1 and steps[-2] == "propertyNames"
