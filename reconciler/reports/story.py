"""Story: what `explain` tells, as text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from reconciler.model.neutral import neutral

MARKS = {
    "same": ("=", ""), "differs": ("~", "yellow"), "left alone": ("·", "dim"), "not compared": ("·", "dim"),
    "withheld": ("!", "yellow"),
}  # fmt: skip
WIDEST = 44


def write_story(story: dict[str, Any], console: Console) -> None:
    """Prints one object's story at one target: import, scope, match, values, members, change."""
    for line in _story(story):
        console.print(line, highlight=False, markup=False, emoji=False)


def _story(story: dict[str, Any]) -> Iterator[Text]:
    yield Text(f"{story['object']} at {story['target']}", style="bold")
    if story.get("quarantine"):
        yield Text(f"  !! {neutral(str(story['quarantine']))}", style="bold red")
    if story.get("error"):
        yield Text(f"  {neutral(str(story['error']))}", style="red")
        return
    yield Text()
    if "import" in story:
        yield Text("1  what the YAML says", style="bold")
        yield from _pairs(story["import"] or {})
    scope = story["scope"]
    style = "green" if scope["status"] in ("entitled", "inScope") else "yellow"
    yield Text("2  is it in scope? ", style="bold").append(
        f"{scope['status']}: {neutral(str(scope['reason']))}", style=style
    )
    if scope.get("groups"):
        yield Text(f"     member of {', '.join(scope['groups'])}", style="dim")
    for line in scope.get("clauses", ()):
        mark, tone = ("✓", "green") if line["holds"] else ("✗", "red")
        value = "" if line["value"] is None else f"   {_shown(line['value'])}"
        yield Text(f"     {'  ' * line['depth']}{mark} {neutral(line['clause'])}", style=tone).append(
            value, style="dim"
        )
    yield from _match(story.get("match"))
    yield from _values(story.get("attributes", []))
    yield from _members(story.get("members", []))
    change = story.get("change")
    said = (
        "nothing to do" if change is None else f"{change['action']}: {neutral(str(change['reason']['text']))}"
    )
    yield Text("6  change ", style="bold").append(said, style="dim" if change is None else "yellow")
    for request in story.get("requests", ()):
        yield Text(f"     {request['method']} {neutral(request['path'])}")
        if request["body"] is not None:
            yield Text(f"     {neutral(json.dumps(request['body'], ensure_ascii=False))}", style="dim")


def _pairs(values: dict[str, Any]) -> Iterator[Text]:
    width = min(max(map(len, values), default=0), WIDEST)
    for key, value in sorted(values.items()):
        yield Text(f"     {neutral(key):<{width}}  {_shown(value)}")


def _match(match: dict[str, Any] | None) -> Iterator[Text]:
    head = Text("3  who is it at the endpoint? ", style="bold")
    if match is None:
        yield head.append("nobody", style="dim")
    elif "id" not in match:
        yield head.append("frozen: see the findings of `plan`", style="red")
    else:
        ours = "provisioned by us" if match["provisionedByUs"] else "not provisioned by us"
        active = "active" if match["active"] else "not active"
        protected = ", protected" if match["protected"] else ""
        name = f"{neutral(str(match['name']))} (id {neutral(match['id'])}, externalId {_shown(match['externalId'])})"
        yield head.append(f"{name}: {active}, {ours}{protected}", style="default")


def _values(rows: list[dict[str, Any]]) -> Iterator[Text]:
    if rows:
        yield Text("4  values", style="bold")
    width = min(max((len(row["path"]) for row in rows), default=0), WIDEST)
    wide = min(max((len(_said(row)) for row in rows), default=0), WIDEST)
    for row in rows:
        mark, style = MARKS[row["verdict"]]
        source = f"{row['kind']} {neutral(str(row['source']))}"
        line = Text(f"     {mark} {row['path']:<{width}}  {_said(row):<{wide}}", style=style)
        note = "" if row["verdict"] == "same" else f"  {row['verdict']}"
        yield line.append(f"  ← {source}{note}", style="dim")


def _said(row: dict[str, Any]) -> str:
    if row["verdict"] == "differs":
        return f"{_shown(row['live'])} → {_shown(row['value'])}"
    return _shown(row["live"] if row["verdict"] == "left alone" else row["value"])


def _members(rows: list[dict[str, Any]]) -> Iterator[Text]:
    if rows:
        yield Text("5  members", style="bold")
    width = min(max((len(row["key"]) for row in rows), default=0), WIDEST)
    for row in rows:
        verdict = neutral(row["verdict"])
        style = "green" if verdict == "is added" else "red" if verdict.startswith("is removed") else ""
        yield Text(f"     {neutral(row['key']):<{width}}  {verdict}", style=style)


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return ", ".join(_shown(item) for item in value) or "nothing"
    return f'"{neutral(value)}"' if isinstance(value, str) else neutral(str(value))
