"""Changes in Markdown: a table for each section, which says less in every next version."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import assert_never

from reconciler.model.change import AttributeChange, Change, MemberChange, Reason
from reconciler.model.neutral import neutral
from reconciler.reports.code_span import cell, code
from reconciler.reports.fitting import Block
from reconciler.reports.places import Places
from reconciler.reports.sections import TITLES, VARIOUS, Cause, Kind, Told, brief, causes_of
from reconciler.reports.values import is_nothing, narrowed, narrowed_pair, short_path, shown
from reconciler.reports.words import counted, memberships, totals

FOLDED = 25  # more rows than these are folded away, below a table of their causes
MOST_CAUSES = 20
SOME = 10  # names of each cause
MEMBERS = 15  # of one group, each way


def block(kind: Kind, told: Sequence[Told], weight: int, places: Places) -> Block:
    """One section by name, each version shorter: every row, names by cause, some names, causes, a tally, nothing."""
    return Block(
        weight=weight,
        name=TITLES[kind].lower(),
        versions=(
            partial(_all, kind, told, places),
            partial(_by_cause, kind, told, places, len(told)),
            partial(_by_cause, kind, told, places, SOME),
            partial(_by_cause, kind, told, places, 0),
            partial(_tally, kind, told),
            str,
        ),
    )


def nameless_block(kind: Kind, told: Sequence[Told], weight: int) -> Block:
    """One section without anybody's name or value."""
    versions = (partial(_by_code, kind, told), partial(_tally, kind, told), str)
    return Block(weight=weight, name=TITLES[kind].lower(), versions=versions)


def created_block(created: Sequence[Change]) -> Block:
    """What the accounts that are created get: the first to be left out."""
    return Block(weight=0, name="the values of people created", versions=(partial(_created, created), str))


def _all(kind: Kind, told: Sequence[Told], places: Places) -> str:
    table = _table(kind, told, places)
    if len(told) <= FOLDED:
        return f"**{TITLES[kind]}**\n\n{table}\n"
    causes = _by_cause(kind, told, places, 0)
    return f"{causes}{folded(f'All {len(told):,}', table)}"


def folded(summary: str, text: str) -> str:
    """`text` folded away; `summary` is our own words."""
    return f"<details><summary>{summary}</summary>\n\n{text}\n</details>\n\n"


def _table(kind: Kind, told: Sequence[Told], places: Places) -> str:
    match kind:
        case "lose" | "gain":
            head: tuple[str, ...] = ("", "user", "why", "where")
        case "change":
            head = ("", "user", "what", "where")
        case "group":
            head = ("", "group", "what", "leave", "join", "where")
        case _:
            assert_never(kind)
    return table(head, [_row(one, places) for one in told])


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of such cells, without columns that hold nothing; those whose name ends with `:` hold numbers."""
    kept = [at for at in range(len(head)) if any(row[at] for row in rows)]
    names = " | ".join(head[at].removesuffix(":") for at in kept)
    rule = "|".join("--:" if head[at].endswith(":") else "--" for at in kept)
    lines = (f"| {' | '.join(row[at] for at in kept)} |" for row in rows)
    return "\n".join([f"| {names} |", f"|{rule}|", *lines]) + "\n"


def _row(told: Told, places: Places) -> tuple[str, ...]:
    change = told.change
    place = places.mark(change.reason.source)
    action = f"**{change.action}**" if change.action in ("deactivate", "delete") else change.action
    if change.type == "Group":
        what = "<br>".join(map(_given if change.action == "create" else _arrow, change.attributes))
        return (
            action, _name(change.name), f"{what}{_drifted(told)}".lstrip(), _members(change.remove), _members(change.add), place
        )  # fmt: skip
    if change.action in ("update", "adopt"):
        return (
            action,
            _name(change.name),
            f"{'<br>'.join(map(_arrow, change.attributes))}{_drifted(told)}",
            place,
        )
    return action, _name(change.name), f"{_why(change.reason)}{_drifted(told)}", place


def _name(name: str) -> str:
    return cell(_narrow(name))


def _narrow(text: str) -> str:
    return narrowed(neutral(text))


def _why(reason: Reason) -> str:
    return cell(_narrow(brief(reason)))


def _drifted(told: Told) -> str:
    note = f" ({told.note})" if told.note else ""
    return f"{note} ← {cell(told.cause)}" if told.cause else note


def _arrow(attribute: AttributeChange) -> str:
    before, after = narrowed_pair(shown(attribute.before), shown(attribute.after))
    return f"{cell(short_path(attribute.path))}: {_value(attribute.before, before)} → {_value(attribute.after, after)}"


def _value(value: object, text: str) -> str:
    """A value's text in a cell; that there is none is no code span, so that no text looks like it."""
    return "nothing" if is_nothing(value) else cell(text)


def _members(members: Sequence[MemberChange]) -> str:
    more = f" and {len(members) - MEMBERS:,} more" if len(members) > MEMBERS else ""
    return ", ".join(_name(member.name) for member in members[:MEMBERS]) + more


def _by_cause(kind: Kind, told: Sequence[Told], places: Places, names: int) -> str:
    """A row for each cause; below, so many names of each."""
    causes = causes_of(told)
    rows = [
        (f"{len(cause.told):,}", cause.action, _what(cause), _places(cause, places)) for cause in causes[:MOST_CAUSES]
    ]  # fmt: skip
    named = "".join(
        f"- {cause.action}, {_what(cause)}: {_names(cause, names)}\n"
        for cause in causes[:MOST_CAUSES]
        if names
    )
    summed = (
        f"**{TITLES[kind]}: {len(told):,}**\n\n{table((':', '', 'what', 'where'), rows)}{_more(causes)}\n"
    )
    return summed + (folded("Who", named) if named else "")


def _more(causes: Sequence[Cause]) -> str:
    rest = sum(len(cause.told) for cause in causes[MOST_CAUSES:])
    return f"\n… and {counted(rest, 'more change')} with other causes.\n" if rest else ""


def _what(cause: Cause) -> str:
    parts = [_common(attribute) for attribute in cause.attributes]
    parts += ["members"] * cause.has_members
    return (
        ", ".join(parts) + _drifted(cause.told[0]) if parts else _why(cause.reason) + _drifted(cause.told[0])
    )


def _common(attribute: AttributeChange) -> str:
    path = cell(short_path(attribute.path))
    if attribute.after is VARIOUS:
        return f"{path} set" if attribute.before is None else path
    if attribute.before is VARIOUS:
        return f"{path} → {_value(attribute.after, narrowed(shown(attribute.after)))}"
    return _arrow(attribute)


def _places(cause: Cause, places: Places) -> str:
    """The one place, or the first file and how many more there are."""
    found = cause.places
    if len(found) < 2:
        return places.mark(found[0]) if found else ""
    files = tuple(dict.fromkeys(place.partition(":")[0] for place in found))
    more = f" and {counted(len(files) - 1, 'more file')}" if len(files) > 1 else ""
    return f"{cell(narrowed(places.below(files[0])))}{more}"


def _names(cause: Cause, most: int) -> str:
    more = f" and {len(cause.told) - most:,} more" if len(cause.told) > most else ""
    return ", ".join(code(_narrow(one.change.name)) for one in cause.told[:most]) + more


def _by_code(kind: Kind, told: Sequence[Told]) -> str:
    """A row for each code of a reason, or each set of attributes: words of ours and of schemas only."""
    counts: dict[tuple[str, str], list[Change]] = {}
    for one in told:
        paths = (
            [cell(short_path(a.path)) for a in one.change.attributes]
            if one.change.action in ("update", "adopt")
            else []
        )
        paths += ["members"] * bool(paths and (one.change.add or one.change.remove))
        what = ", ".join(paths) or cell(one.change.reason.code)
        counts.setdefault((one.change.action, what), []).append(one.change)
    rows = sorted(counts.items(), key=lambda row: (-len(row[1]), row[0]))
    told_rows = [
        (f"{len(changes):,}", action, what, memberships(changes)) for (action, what), changes in rows
    ]
    rest = sum(len(changes) for _, changes in rows[MOST_CAUSES:])
    more = f"\n… and {counted(rest, 'more change')} with other causes.\n" if rest else ""
    head = (":", "", "what", "members")
    return f"**{TITLES[kind]}: {len(told):,}**\n\n{table(head, told_rows[:MOST_CAUSES])}{more}\n"


def _tally(kind: Kind, told: Sequence[Told]) -> str:
    return f"**{TITLES[kind]}**: {totals([one.change for one in told])}\n\n"


def _created(created: Sequence[Change]) -> str:
    rows = [(_name(change.name), "<br>".join(map(_given, change.attributes))) for change in created]
    return folded("Values of people created", table(("user", "values"), rows))


def _given(attribute: AttributeChange) -> str:
    return f"{cell(short_path(attribute.path))} = {_value(attribute.after, narrowed(shown(attribute.after)))}"
