"""Canary: what a canary is made of: a value of its own for every mapped path, and another one at each turn."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from reconciler.model.canary import DOMAIN
from reconciler.model.change import AttributeChange, Change, Reason
from reconciler.model.column import Column, Columns
from reconciler.model.resource import Cell, LiveResource
from reconciler.model.target import Target

# Values of these give access or are the endpoint's own: none is made up.
NOT_TRIED = ("roles", "entitlements", "groups", "x509certificates", "meta", "id", "password")
# What an endpoint may check: two good values each.
SPELT: dict[str, tuple[Cell, Cell]] = {
    "locale": ("en-GB", "fr-FR"), "preferredlanguage": ("en-GB", "fr-FR"), "timezone": ("Europe/London", "Europe/Paris"),
    "addresses.country": ("GB", "FR"), "addresses.postalcode": ("SW1Y 4JH", "75001"),
    "profileurl": (f"https://{DOMAIN}/1", f"https://{DOMAIN}/2"), "photos": (f"https://{DOMAIN}/1", f"https://{DOMAIN}/2"),
    "usertype": ("Employee", "Contractor"),
}  # fmt: skip
TYPED: dict[str, tuple[Cell, Cell]] = {
    "boolean": (True, False), "integer": (1, 2), "decimal": (1.5, 2.5),
    "dateTime": ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z"),
}  # fmt: skip
NEEDED = (
    "externalId",
    "userName",
    "displayName",
    "active",
    "name.givenName",
    "name.familyName",
    "name.formatted",
)
REASON = Reason(code="canary", text="a canary")


def create_canary(columns: Columns, name: str, target: Target) -> Change:
    """The creation of a canary with all that is mapped."""
    return Change(
        target=target.name, action="create", type=columns.type, key=name, id=None, name=name, reason=REASON,
        attributes=tuple(_values(columns, name, target)),
    )  # fmt: skip


def tried_paths(columns: Columns, target: Target) -> tuple[str, ...]:
    """The paths whose update is tried: those that have more than one value to give, but for a user's own name."""
    name = "userName" if columns.type == "User" else ""
    return tuple(
        column.text
        for column in columns.all
        if column.text not in ("active", name)
        and not _is_constant(column)
        and _choices(column, "canary", 1, target)
    )


def alter_canary(
    columns: Columns, row: LiveResource, turn: int, target: Target, paths: Collection[str]
) -> Change:
    """An update of `paths`, each to a value of that turn that is not there yet."""
    values = []
    for index, column in enumerate(columns.all):
        told = _choices(column, _base(row.name), turn, target) if column.text in paths else ()
        fresh = [value for value in told if column.compare(value) != column.compare(row.values[index])]
        values += [_change(column, value) for value in fresh[:1]]
    return update_canary(columns, row, target, *values)


def rename_canary(columns: Columns, row: LiveResource, target: Target) -> Change:
    """An update of a user's own name."""
    value = AttributeChange(path="userName", before=row.name, after=f"{_base(row.name)}-renamed@{DOMAIN}")
    return update_canary(columns, row, target, value)


def update_canary(columns: Columns, row: LiveResource, target: Target, *values: AttributeChange) -> Change:
    """An update of one canary to these values."""
    return Change(
        target=target.name, action="update", type=columns.type, key=row.name, id=row.id, name=row.name, reason=REASON,
        attributes=values, elements=row.elements,
    )  # fmt: skip


def clearable(columns: Columns, row: LiveResource, paths: Sequence[str]) -> str | None:
    """One of these paths that may be empty and is not, rather a plain one."""
    found = [
        column.text
        for index, column in enumerate(columns.all)
        if column.text in paths
        and column.text not in NEEDED
        and row.values[index] is not None
        and not column.is_boolean
    ]
    return min(found, key=lambda path: (":" in path or "[" in path, path), default=None)


def kept_of(change: Change, row: LiveResource, columns: Columns) -> dict[str, tuple[bool, str]]:
    """For each path whether its value is there as compared; and how it is spelt, if that is another way."""
    kept = {}
    for attribute in change.attributes:
        index = columns.index(attribute.path)
        if index is None:
            continue
        there, column = row.values[index], columns.all[index]
        after: Cell = tuple(attribute.after) if isinstance(attribute.after, list) else attribute.after  # type: ignore[assignment]
        is_kept = column.compare(there) == column.compare(after)
        is_same = there is None or there == after or column.is_boolean
        kept[attribute.path] = is_kept, "" if is_same else f'"{there}" for "{after}"'
    return kept


def _values(columns: Columns, name: str, target: Target) -> Iterator[AttributeChange]:
    for column in columns.all:
        told = _choices(column, name, 1, target)
        if told and column.text != "active":
            yield _change(column, told[0])


def _change(column: Column, value: Cell) -> AttributeChange:
    after = list(value) if isinstance(value, tuple) else value
    return AttributeChange(path=column.text, before=None, after=after)


def _choices(column: Column, name: str, turn: int, target: Target) -> tuple[Cell, ...]:
    """The values that a canary may have there: one of that turn, or two of which the other is taken."""
    path, mapping = column.path, column.mapping
    folded = path.name.casefold()
    if mapping is not None and mapping.kind == "constant":
        return (mapping.constant if mapping.constant is not None else mapping.text,)
    if folded in NOT_TRIED or column.kind == "reference":
        return ()
    again = f"-{turn}" if turn > 1 else ""
    whole = folded if path.sub in (None, "value") else f"{folded}.{path.sub.casefold()}"
    kind = dict((*target.profile.attributes, *target.profile.group_attributes)).get(column.text, "")
    if column.is_boolean or kind in TYPED:
        return TYPED["boolean" if column.is_boolean else kind]
    if whole in SPELT:
        return SPELT[whole]
    value = f"Canary {turn}"
    if path.urn is None and folded == "username":
        value = f"{name}@{DOMAIN}"
    elif path.urn is None and folded in ("externalid", "displayname"):
        value = f"{name}{again}"
    elif whole == "emails":
        value = f"{name.title()}{again}@{DOMAIN.title()}"
    elif whole == "phonenumbers":
        value = f"+44 20 7946 0{900 + turn % 100:03}"
    return ((value,),) if column.kind == "many" else (value,)


def _is_constant(column: Column) -> bool:
    return column.mapping is not None and column.mapping.kind == "constant"


def _base(name: str) -> str:
    return name.partition("@")[0]
