"""Choose: the first value of SelectUniqueValue that nobody has, neither at the endpoint nor in this plan (research: entra 3.2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.model.change import AttributeChange, Change
from reconciler.model.column import Column, Columns
from reconciler.model.finding import Finding
from reconciler.model.resource import LiveResource
from reconciler.model.stand_in import Candidates, KnownAfterApply, Redacted, known, shown, unveiled, veiled


def choose_values(
    changes: Sequence[Change], live: Iterable[LiveResource], columns: Columns
) -> tuple[list[Change], list[Finding]]:
    """The changes with a value in place of every choice, chosen in the order of keys; who gets none is not created."""
    paths = {
        a.path for change in changes for a in change.attributes if isinstance(unveiled(a.after), Candidates)
    }
    if not paths:
        return list(changes), []
    taken = {path: _taken(path, changes, live, columns) for path in sorted(paths)}
    chosen: dict[str, Change] = {}
    findings: list[Finding] = []
    for change in sorted(changes, key=lambda change: change.key):
        without = [a for a in change.attributes if not isinstance(unveiled(a.after), Candidates)]
        found = [_choose(a, taken[a.path], columns) for a in change.attributes if a not in without]
        missing = [a.path for a in change.attributes if a not in without and None in found]
        if missing:
            findings.append(_escrowed(change, missing))
            continue
        by_path = {a.path: a for a in found if a is not None}
        chosen[change.key] = replace(
            change, attributes=tuple(by_path.get(a.path, a) for a in change.attributes)
        )
        for path, attribute in by_path.items():
            taken[path].add(_compared(attribute.after, path, columns))
    return [chosen[change.key] for change in changes if change.key in chosen], findings


def _taken(
    path: str, changes: Iterable[Change], live: Iterable[LiveResource], columns: Columns
) -> set[object]:
    """The values that somebody has, or gets by this plan."""
    index = columns.index(path)
    assert index is not None
    column = columns.all[index]
    planned = [a.after for change in changes for a in change.attributes if a.path == path]
    found = {
        _compared(after, path, columns) for after in planned if not isinstance(unveiled(after), Candidates)
    }
    return found | set(column.compare_all(resource.values[index] for resource in live)) - {None}


def _choose(attribute: AttributeChange, taken: set[object], columns: Columns) -> AttributeChange | None:
    choice = unveiled(attribute.after)
    assert isinstance(choice, Candidates)
    is_hidden = isinstance(attribute.after, Redacted)
    for value in choice.values:
        if isinstance(value, KnownAfterApply) or _compared(value, attribute.path, columns) not in taken:
            return replace(attribute, after=veiled(value) if is_hidden else value)
    return None


def _compared(value: object, path: str, columns: Columns) -> object:
    column: Column = next(column for column in columns.all if column.text == path)
    return column.compare(known(value))  # type: ignore[arg-type]  # a cell, as the diff showed it


def _escrowed(change: Change, paths: Sequence[str]) -> Finding:
    tried: Mapping[str, object] = {a.path: a.after for a in change.attributes if a.path in paths}
    told = [
        f"{path} (tried: {', '.join(_said(value))})" if (value := tried[path]) is not None else path for path in paths
    ]  # fmt: skip
    text = (
        f"{change.name} is not created: every value that SelectUniqueValue gives for {' and '.join(told)} is taken; "
        "add a rule to it, or free one of them at the endpoint"
    )
    return Finding(severity="error", code="no-unique-value", text=text, source=change.reason.source)


def _said(value: object) -> list[str]:
    if isinstance(value, Redacted):
        return [str(value)]
    return [str(shown(each)) for each in value.values] if isinstance(value, Candidates) else []
