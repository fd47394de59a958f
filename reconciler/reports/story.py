"""Story: what `explain` tells, as text."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from reconciler.model.neutral import neutral


def write_story(story: dict[str, Any], console: Console) -> None:
    """Prints one object's story at one target: import, scope, match, values, change."""
    console.print(Text(f"{story['object']} at {story['target']}", style="bold"))
    if story.get("error"):
        console.print(Text(f"  {neutral(str(story['error']))}", style="red"))
        return
    _pairs(console, "1 import", story.get("import") or {})
    scope = story["scope"]
    console.print(
        Text("2 scope", style="bold"), Text(f"  {scope['status']}: {neutral(str(scope['reason']))}")
    )
    for line in scope.get("clauses", ()):
        mark = "✓" if line["holds"] else "✗"
        value = "" if line["value"] is None else f"  (value {_shown(line['value'])})"
        console.print(Text(f"    {'  ' * line['depth']}{mark} {neutral(line['clause'])}{value}"))
    match = story.get("match")
    text = (
        "nothing at the endpoint"
        if match is None
        else ", ".join(f"{k} {_shown(v)}" for k, v in match.items())
    )
    console.print(Text("3 match", style="bold"), Text(f"  {text}"))
    console.print(Text("4 values", style="bold"))
    rows = story.get("attributes", [])
    width = max((len(row["path"]) for row in rows), default=0)
    for row in rows:
        style = "yellow" if row["verdict"] == "differs" else ""
        line = f"    {row['path']:<{width}}  {_shown(row['value'])} ← {row['kind']} {neutral(str(row['source']))}; live {_shown(row['live'])}: {row['verdict']}"
        console.print(Text(line, style=style))
    change = story.get("change")
    told = "none" if change is None else f"{change['action']}: {neutral(str(change['reason']['text']))}"
    console.print(Text("5 change", style="bold"), Text(f"  {told}"))
    for request in story.get("requests", ()):
        console.print(Text(f"    {request['method']} {request['path']}  {neutral(str(request['body']))}"))


def _pairs(console: Console, title: str, values: dict[str, Any]) -> None:
    console.print(Text(title, style="bold"))
    for key, value in sorted(values.items()):
        console.print(Text(f"    {key}: {_shown(value)}"))


def _shown(value: object) -> str:
    return "–" if value is None else f'"{neutral(value)}"' if isinstance(value, str) else neutral(str(value))
