"""Users: canary users made, switched off and on, changed, cleared, renamed, and one made the other's manager."""

from __future__ import annotations

from dataclasses import replace

from reconciler.edge.canaries import Sent
from reconciler.model.attribute_path import CORE_USER
from reconciler.model.change import AttributeChange
from reconciler.model.dialect import Form
from reconciler.model.resource import LiveResource
from reconciler.pipeline.probe.trying import Trying
from reconciler.stages.canary import clearable, rename_canary, update_canary

OFF_FORMS = ("path", "pathless", "text", "put")
STALE = 'W/"reconcile-canary"'  # no version that any resource ever had
Pair = tuple[LiveResource, LiveResource]


async def try_users(trying: Trying) -> Pair | None:
    """Two canary users after all trials on them; None where none can be made."""
    first, _ = await trying.make("User")
    second, _ = await trying.make("User") if first is not None else (None, None)
    if first is None or second is None:
        return None
    if not await trying.twin("twin", "User", _named(first.name)):
        await trying.twin("otherCase", "User", _named(first.name.upper()))
    first = await _lifecycle(trying, first)
    if (off := trying.working("deactivate")) is not None:
        await switch(trying, second, off, active=False)
    form = await trying.attributes("User", first)
    await _clear(trying, first, form)
    await _rename(trying, first, form)
    await _refer(trying, first, second, form)
    await _stale(trying, first, form)
    return first, second


def _named(name: str) -> dict[str, object]:
    return {"schemas": [CORE_USER], "userName": name, "active": True}


async def _lifecycle(trying: Trying, user: LiveResource) -> LiveResource:
    """Deactivated, activated, and deactivated again; another one where that made it vanish."""
    for form in OFF_FORMS:
        sent = await switch(trying, user, form, active=False)
        row = await trying.row("User", user.id)
        is_off = row is not None and not row.active
        trying.note(
            "deactivate", "User", sent, kept=is_off, form=form, held="" if row is not None else "it is gone"
        )
        if row is None:
            return (await trying.make("User"))[0] or user
        if is_off:
            sent = await switch(trying, user, form, active=True)
            row = await trying.row("User", user.id)
            trying.note("reactivate", "User", sent, kept=row is not None and row.active, form=form)
            await switch(trying, user, form, active=False)
            break
    return user


async def switch(trying: Trying, user: LiveResource, form: str, *, active: bool) -> Sent:
    """Deactivates or reactivates a canary; `text` is the boolean as a text, as Entra sends it (research: entra 8.2)."""
    if form == "text":
        operation: dict[str, object] = {"op": "replace", "path": "active", "value": str(active)}
        return await trying.patch("User", user.id, operation)
    value = AttributeChange(path="active", before=not active, after=active)
    return await trying.change(update_canary(trying.columns["User"], user, trying.target, value), form)  # type: ignore[arg-type]


async def _clear(trying: Trying, user: LiveResource, form: Form) -> None:
    """A value is taken away: by a removal, else by null."""
    columns = trying.columns["User"]
    for how in ("remove", "null"):
        row = await trying.row("User", user.id)
        path = clearable(columns, row, trying.kept_paths("User")) if row is not None else None
        if row is None or path is None:
            return
        if how == "remove":
            value = AttributeChange(path=path, before=None, after=None)
            sent = await trying.change(update_canary(columns, row, trying.target, value), form)
        else:
            sent = await trying.patch("User", user.id, {"op": "replace", "path": path, "value": None})
        after = await trying.row("User", user.id)
        is_clear = after is not None and after.values[columns.index(path) or 0] is None
        trying.note("clear", "User", sent, kept=is_clear, form=how, path=path)
        if is_clear:
            return


async def _rename(trying: Trying, user: LiveResource, form: Form) -> None:
    columns = trying.columns["User"]
    row = await trying.row("User", user.id)
    if row is None or columns.index("userName") is None:
        return
    change = rename_canary(columns, row, trying.target)
    sent = await trying.change(change, form)
    after = await trying.row("User", user.id)
    wanted = str(change.attributes[0].after)
    is_kept = after is not None and after.name.casefold() == wanted.casefold()
    trying.note("rename", "User", sent, kept=is_kept, path="userName", held=after.name if after is not None else "it is gone")  # fmt: skip


async def _refer(trying: Trying, user: LiveResource, other: LiveResource, form: Form) -> None:
    """One canary is the other's manager: as an object, else as a bare id (research: scim_quirks C.4 #34)."""
    columns = trying.columns["User"]
    if columns.reference is None:
        return
    path = columns.all[columns.reference].text
    for how in ("object", "text"):
        row = await trying.row("User", user.id)
        if row is None:
            return
        change = update_canary(
            columns, row, trying.target, AttributeChange(path=path, before=None, after="other")
        )
        sent = await trying.change(change, form, {"other": other.id}, manager=how)
        after = await trying.row("User", user.id)
        is_kept = after is not None and after.values[columns.reference] == other.id
        trying.note("reference", "User", sent, kept=is_kept, form=how, path=path)
        if is_kept:
            return


async def _stale(trying: Trying, user: LiveResource, form: Form) -> None:
    """A change on condition of a version that the canary never had, where the endpoint speaks of versions."""
    looked = trying.looked
    row = await trying.row("User", user.id)
    path = next((path for path in trying.kept_paths("User") if path != "externalId"), None)
    if row is None or path is None or not (looked.found.etag_supported or looked.sight.tempo.etags):
        return
    sent = await trying.change(replace(trying.altered("User", row, {path}), etag=STALE), form)
    trying.note("stale", "User", sent, kept=sent.status == 412)
