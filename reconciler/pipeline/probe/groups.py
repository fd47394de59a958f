"""Groups: a canary group of two canary users: made, read, changed; members put in and taken out in each form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from reconciler.model.attribute_path import CORE_GROUP
from reconciler.model.change import MemberChange
from reconciler.model.dialect import REMOVALS
from reconciler.model.resource import LiveResource
from reconciler.pipeline.probe.trying import LEVELS, Trying
from reconciler.pipeline.probe.users import switch
from reconciler.stages.canary import update_canary

ADD_FORMS = ("path", "pathless", "put")
Members = Sequence[MemberChange]


async def try_groups(trying: Trying, first: LiveResource, second: LiveResource) -> None:
    """All trials on a group of these two; none where the target provisions no groups."""
    columns = trying.columns.get("Group")
    if columns is None:
        return
    both = [MemberChange(key=user.name, name=user.name, id=user.id) for user in (first, second)]
    group, sent = await trying.make("Group", both)
    if group is None:
        return
    if columns.has_members:
        if trying.working("create") != LEVELS[2]:
            trying.note("membersOnCreate", "Group", sent, kept=_has_all(group, both))
        if await _fill(trying, group, both):
            for removal in REMOVALS:
                await _take_out(trying, group, both, removal)
            if trying.working("removeMember") is None:
                await _take_out(trying, group, both, "put")
            await _add_again(trying, group, both)
    await trying.attributes("Group", group)
    if (row := await trying.row("Group", group.id)) is not None:
        await trying.twin("twin", "Group", {"schemas": [CORE_GROUP], "displayName": row.name})


async def _fill(trying: Trying, group: LiveResource, both: Members) -> bool:
    """Whether both are in the group now: put in by path, else in another form; at last as active users."""
    for form in ADD_FORMS:
        if await _put_in(trying, group, both, form):
            return True
    on = trying.working("reactivate")
    if on is None or trying.working("addMembers") is not None:
        return False
    for member in both:
        if (user := await trying.row("User", member.id or "")) is not None:
            await switch(trying, user, on, active=True)
    return await _put_in(
        trying, group, both, "path", held="active"
    )  # some take active users only (scim_quirks A.2)


async def _put_in(trying: Trying, group: LiveResource, both: Members, form: str, held: str = "") -> bool:
    row = await trying.row("Group", group.id)
    if row is None or _has_all(row, both):
        return row is not None
    missing = tuple(member for member in both if member.id not in row.members)
    change = replace(update_canary(trying.columns["Group"], row, trying.target), add=missing)
    sent = await trying.change(change, form)  # type: ignore[arg-type]
    after = await trying.row("Group", group.id)
    is_full = after is not None and _has_all(after, both)
    trying.note("addMembers", "Group", sent, kept=is_full, form=form, held=held)
    return is_full


async def _take_out(trying: Trying, group: LiveResource, both: Members, removal: str) -> None:
    """The first of the two leaves: the other one must stay (research: scim_quirks A.15)."""
    if not await _fill(trying, group, both) or (row := await trying.row("Group", group.id)) is None:
        return
    change = replace(update_canary(trying.columns["Group"], row, trying.target), remove=(both[0],))
    if removal == "put":
        sent = await trying.change(change, "put")
    else:
        sent = await trying.change(change, "path", member_removal=removal)
    after = await trying.row("Group", group.id)
    stay = set(after.members) if after is not None else set()
    held = {(True, True): "nobody", (False, False): "everybody", (True, False): "somebody else"}.get(
        (both[0].id in stay, both[1].id in stay), ""
    )
    trying.note("removeMember", "Group", sent, kept=not held, form=removal, held=held)


async def _add_again(trying: Trying, group: LiveResource, both: Members) -> None:
    """Who is in already is put in once more (RFC 7644 section 3.5.2.1: nothing changes)."""
    if not await _fill(trying, group, both) or (row := await trying.row("Group", group.id)) is None:
        return
    change = replace(update_canary(trying.columns["Group"], row, trying.target), add=(both[0],))
    sent = await trying.change(change, "path")
    found = (await trying.canaries.read("Group", group.id) or {}).get("members")
    listed = [str(m.get("value")) for m in found if isinstance(m, dict)] if isinstance(found, list) else []
    times = listed.count(both[0].id or "")
    trying.note("addAgain", "Group", sent, kept=times < 2, held=f"{times} times" if times > 1 else "")


def _has_all(group: LiveResource, members: Members) -> bool:
    return {member.id for member in members} <= set(group.members)
