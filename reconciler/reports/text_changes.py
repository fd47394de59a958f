"""Changes as text: one by one, in few words where they are many, together where one thing caused several (DESIGN 5)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from rich.text import Text

from reconciler.model.change import SYMBOLS, AttributeChange, Change, MemberChange
from reconciler.model.neutral import neutral
from reconciler.model.plan import BaseRef, TargetPlan
from reconciler.model.stand_in import KnownAfterApply, Redacted, shown
from reconciler.reports.sections import Kind, Told, kind_of, parts_of

MANY, SHOWN = 60, 15  # more changes of one kind than MANY are summed up after SHOWN of them
RANKS: dict[Kind, int] = {"lose": 0, "gain": 1, "change": 1, "group": 2}
SEVERAL = 6  # changes with one cause that are told together
EXAMPLES = 5
WIDEST = 40
PER_LINE = 4  # members, or names, on a line of their own
STYLES = {
    "create": "green", "adopt": "cyan", "update": "yellow", "reactivate": "green", "deactivate": "red", "delete": "bold red",
}  # fmt: skip
PLURALS = (
    ("loses access", "lose access"), ("gets access back", "get access back"), ("is deleted", "are deleted"),
    (": does not pass", ": do not pass"), (": is in no", ": are in no"), (": is not", ": are not"),
    (": enters scope", ": enter scope"), (": is listed", ": are listed"),
)  # fmt: skip


def tell_changes(target: TargetPlan, base: BaseRef | None, root: str) -> Iterator[Text]:
    """The changes of a target; with a base what this edit does first, and what had drifted apart from it.

    `root` is the folder of the desired state with its slash; places are shown below it.
    """
    parts = {part.origin: part.told for part in parts_of(target)}
    if base is None or not target.changes:
        yield from _tell([one for told in parts.values() for one in told], root)
        return
    edited, drifted = parts.get("edit", ()), parts.get("drift", ())
    what = "What this edit does" if edited else "This edit changes nothing here"
    yield Text(f"  {what}", style="bold").append(f", compared with {base}", style="dim")
    yield from _tell(edited, root)
    if drifted:
        yield Text()
        yield Text("  What had drifted before", style="bold").append(": no part of this edit", style="dim")
        yield from _tell(drifted, root)


def _tell(told: Sequence[Told], root: str) -> Iterator[Text]:
    told = sorted(told, key=lambda one: RANKS[kind_of(one.change)])
    together = Counter(_shared(one.change) for one in told)
    kinds = Counter(_kind(one.change) for one in told)
    width = min(max((len(neutral(one.change.name)) for one in told), default=0), WIDEST)
    seen: Counter[tuple[str, ...]] = Counter()
    for one in told:
        change, shared = one.change, _shared(one.change)
        kind = shared if together[shared] >= SEVERAL and shared else _kind(change)
        seen[kind] += 1
        if kind == shared:
            if seen[kind] == 1:
                yield from _group([o.change for o in told if _shared(o.change) == shared], root)
        elif kinds[kind] <= MANY or seen[kind] <= SHOWN:
            yield from _change(one, width, root)
        elif seen[kind] == SHOWN + 1:
            rest = kinds[kind] - SHOWN
            yield Text(
                f"    … and {rest:,} more to {change.action}: {neutral(_because(change))}", style="dim"
            )
    if any(number > MANY for number in seen.values()):
        yield Text("    every one of them: --format html=plan.html", style="dim")


def _shared(change: Change) -> tuple[str, ...]:
    """What changes have in common that one thing caused; empty for what can be no such group."""
    if change.type != "User" or not change.reason.source:
        return ()
    paths = tuple(a.path for a in change.attributes) if change.action in ("update", "adopt") else ()
    return (change.action, change.reason.text, change.reason.source, *paths)


def _group(changes: Sequence[Change], root: str) -> Iterator[Text]:
    """Users whom one thing concerns: how many, why, where, and who."""
    first = changes[0]
    values = {repr([(a.before, a.after) for a in change.attributes]) for change in changes}
    is_alike = len(values) == 1
    where = neutral((first.reason.source or "").removeprefix(root))
    edited = ", edited" if first.origin == "edit" else ""
    why = _plural(first.reason.text)
    if first.action == "update":
        why = " · ".join(f"{a.path}  {_arrow(a)}" if is_alike else a.path for a in first.attributes)
    style = STYLES[first.action]
    yield Text(f"  {SYMBOLS[first.action]} {len(changes):,} users", style=style).append(
        f"  {neutral(why)} ({where}{edited})", style="default"
    )
    if first.action == "update" and not is_alike:
        width = min(max(len(neutral(change.name)) for change in changes[:EXAMPLES]), WIDEST)
        for change in changes[:EXAMPLES]:
            arrows = " · ".join(_arrow(a) for a in change.attributes)
            yield Text(f"      {neutral(change.name):<{width}}  {arrows}")
        shown = EXAMPLES
    else:
        shown = MANY if first.action in ("deactivate", "delete") or len(changes) <= MANY else SHOWN
        names = [neutral(change.name) for change in changes[:shown]]
        for at in range(0, len(names), PER_LINE):
            yield Text(f"      {', '.join(names[at : at + PER_LINE])}")
    if len(changes) > shown:
        yield Text(f"      … and {len(changes) - shown:,} more", style="dim")


def _plural(text: str) -> str:
    for one, several in PLURALS:
        text = text.replace(one, several)
    return text


def _kind(change: Change) -> tuple[str, ...]:
    """Changes that would be told alike: the same action for the same cause, on the same paths."""
    paths = tuple(a.path for a in change.attributes) if change.action in ("update", "adopt") else ()
    return (change.type, change.action, _because(change), *paths)


def _because(change: Change) -> str:
    if change.action == "update":
        return ", ".join(
            [a.path for a in change.attributes] + ["members"] * bool(change.add or change.remove)
        )
    return change.reason.text


def _change(told: Told, width: int, root: str) -> Iterator[Text]:
    change = told.change
    name = neutral(change.name)
    line = Text(
        f"  {SYMBOLS[change.action]} {change.type.lower():<6} {name:<{width}}", style=STYLES[change.action]
    )
    members = _members(change)
    if change.action != "update":
        source = change.reason.source
        place = f" ({neutral(source.removeprefix(root))})" if source else ""
        line.append(f"  {neutral(change.reason.text)}{place}", style="default")
    elif len(members) == 1 and not change.attributes:
        line.append("  ").append_text(members.pop())
    if told.note:
        line.append(f"  {told.note}", style="dim")
    if told.cause:
        line.append(f"  ← {neutral(told.cause)}", style="magenta")
    line.rstrip()
    yield line
    if change.action in ("update", "adopt", "reactivate"):
        shown = [a for a in change.attributes if a.path != "active" or change.action == "update"]
        paths = max((len(neutral(a.path)) for a in shown), default=0)
        for attribute in shown:
            yield Text(f"      {neutral(attribute.path):<{paths}}  {_arrow(attribute)}")
    for row in members:
        yield Text("      ").append_text(row)
    for request in told.requests:
        yield Text(f"      {neutral(json.dumps(request, ensure_ascii=False))}", style="dim")


def _members(change: Change) -> list[Text]:
    """The members added and removed, some a line; removals are never lost behind additions."""
    signed = [("+", m, "green") for m in change.add] + [("-", m, "red") for m in change.remove]
    rows = [_row(signed[at : at + PER_LINE]) for at in range(0, len(signed), PER_LINE)]
    if len(rows) <= SHOWN:
        return rows
    left = [("-", m, "red") for m in change.remove][:SHOWN]
    rest = Text(f"… +{len(change.add):,} -{len(change.remove):,} members in all", style="dim")
    return [_row(left[at : at + PER_LINE]) for at in range(0, len(left), PER_LINE)] + rows[:3] + [rest]


def _row(signed: list[tuple[str, MemberChange, str]]) -> Text:
    row = Text()
    for index, (sign, member, style) in enumerate(signed):
        row.append("   " if index else "").append(f"{sign} {neutral(member.name)}", style=style)
    return row


def _arrow(attribute: AttributeChange) -> str:
    return f"{_value(attribute.before)} → {_value(attribute.after)}"


def _value(value: object) -> str:
    if isinstance(value, Redacted | KnownAfterApply):
        return str(value)
    value = shown(value)
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_value(item) for item in value) or "nothing"
    return f'"{neutral(value)}"' if isinstance(value, str) else neutral(str(value))
