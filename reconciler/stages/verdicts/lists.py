"""Lists: whether they can be read to their end and be proven whole, and how they are paged (RFC 7644 section 3.4.2.4)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model.canary import is_canary
from reconciler.model.column import Columns
from reconciler.model.sight import ListSight, Sight
from reconciler.model.verdict import Verdict, fail, note, warn, well
from reconciler.stages.verdicts.answers import (
    bodies_of,
    counted,
    ids_of,
    members_in,
    named,
    normal,
    rows_of,
    said,
    total_of,
)

NOT_WHOLE = "have the endpoint's operator look at its paging; plan and apply refuse to conclude anything from such a list"


def judge_lists(sight: Sight, columns: Sequence[Columns]) -> Iterator[Verdict]:
    """Each list: can it be read, is it whole, are count and startIndex honoured, are members shown."""
    of_type = {one.type: one for one in columns}
    for listed in sight.lists:
        if listed.type == "User" and listed.first.status in (401, 403):
            continue  # told of the token
        trouble = list(_trouble(listed))
        yield from trouble
        if trouble or not listed.first.is_well:
            continue
        yield _whole(listed)
        yield from _canaries(listed, of_type[listed.type])
        yield from _paging(listed)
        if of_type[listed.type].has_members:
            yield from _members(listed, of_type[listed.type])
    if sight.doubted:
        yield fail("list-not-whole", sight.doubted, NOT_WHOLE, exit_code=6)


def _trouble(listed: ListSight) -> Iterator[Verdict]:
    """What makes a plan fail: exit 6 where the list contradicts itself, 1 where it is not to be had."""
    first, name = listed.first, listed.first.path
    if not first.is_well:
        remedy = "correct `url`: it ends where /Users begins"
        if listed.type == "Group":
            remedy = "if it has no groups, write scope: {groups: none} into the target"
        yield fail("no-list", f"{name} cannot be listed: {said(first)}", remedy)
    elif listed.broken:
        yield fail("list-not-whole", listed.broken, NOT_WHOLE, exit_code=6)
    elif listed.unread:
        yield fail("list-unread", f"{name} cannot be read to its end: {listed.unread}", "run it again")
    elif total_of(first) is None:
        yield fail("no-total", f"{name} answers without a number in totalResults", NOT_WHOLE, exit_code=6)
    else:
        yield from _contradictions(listed)


def _contradictions(listed: ListSight) -> Iterator[Verdict]:
    name, first = listed.first.path, ids_of(listed.first)
    total, following = total_of(listed.first), listed.following
    if following is not None:
        again = set(first) & set(ids_of(following))
        if again or not rows_of(following):
            text = f"gives {len(again):,} of the first page again" if again else "is empty"
            yield fail(
                "list-not-whole", f"{name}: the second page {text}, of {total:,}", NOT_WHOLE, exit_code=6
            )
    if (
        listed.one is not None
        and total is not None
        and total > 1
        and total_of(listed.one) == len(rows_of(listed.one)) == 1
    ):
        yield fail("total-of-page", f"{name}: totalResults counts the page ({total:,}, and 1 where one is asked for), not the list: "
                   "nobody can tell whether it is whole", NOT_WHOLE, exit_code=6)  # fmt: skip
    zero, one = ids_of(listed.zero), ids_of(listed.one)
    if len(zero) == 1 and len(one) == 1 and zero != one and one == ids_of(listed.again):
        yield fail("zero-based", f"{name}: startIndex counts from 0, so that the first ({zero[0]}) is never listed", NOT_WHOLE, exit_code=6)  # fmt: skip


def _whole(listed: ListSight) -> Verdict:
    total, given = total_of(listed.first) or 0, len(rows_of(listed.first))
    name = f"{listed.first.path}: {counted(total, listed.type.lower())}"
    if listed.read is None:
        return well(
            "list-begun",
            f"{name}; the first two pages of {given:,} fit together, the rest is a plan's to read",
        )
    return well("list-whole", f"{name}, all read: no id twice, and as many as it says")


def _canaries(listed: ListSight, columns: Columns) -> Iterator[Verdict]:
    """What a write probe that was killed has left."""
    left = [row for row in normal(rows_of(listed.first), columns) if is_canary(row.name)]
    if left:
        names = named([f"{row.name} ({row.id})" for row in left])
        say = warn if columns.type == "Group" or any(row.active for row in left) else note
        yield say("canaries-left", f"{listed.first.path}: an earlier write probe has left {names}", "`reconcile check --write-probe` removes them")  # fmt: skip


def _paging(listed: ListSight) -> Iterator[Verdict]:
    name, total, given = listed.first.path, total_of(listed.first) or 0, len(rows_of(listed.first))
    if listed.refused_count is not None:
        yield warn("count-refused", f"{name} refuses count={listed.refused_count} with 400, and takes {listed.count}",
                   f"write into the profile: pageSize: {listed.count}")  # fmt: skip
    if not total:
        yield note("nobody-there", f"{name} is empty: paging and look-ups by value could not be tried")
        return
    if given < min(listed.count, total):
        yield note(
            "pages-clamped", f"{name} gives {given:,} a page at most, where {listed.count:,} are asked for"
        )
    yield from _steps(listed, total)
    if rows_of(listed.beyond):
        yield note("wraps-around", f"{name} begins again after its end; reading stops at totalResults")


def _steps(listed: ListSight, total: int) -> Iterator[Verdict]:
    """count, startIndex and order, by pages of one."""
    name, one, two, again = listed.first.path, ids_of(listed.one), ids_of(listed.two), ids_of(listed.again)
    if listed.one is None or listed.two is None:
        return
    for asked in (listed.one, listed.two):
        if not asked.is_well:
            yield warn(
                "page-of-one",
                f"{name} does not give a page of one: {said(asked)}",
                "nothing to write: pages are larger than that",
            )
            return
    if len(one) > 1:
        whole = (
            "the whole list comes at once"
            if len(one) == total
            else f"{len(one):,} come where one is asked for"
        )
        yield warn("count-ignored", f"{name} ignores count: {whole}")
    if total > 1 and len(one) == len(two) == 1 and one == two:
        yield warn("start-ignored", f"{name} ignores startIndex: its first page is all that is ever seen",
                   "have the endpoint's operator look at its paging; once there are more than a page, plan refuses the list")  # fmt: skip
    elif one != again or (total > 1 and len(one) == 1 and two != ids_of(listed.first)[1:2]):
        yield warn("order-unsteady", f"{name} gives another order from one request to the next: pages may overlap",
                   "write a pageSize into the profile that takes everybody in, if plan says that the list is not whole")  # fmt: skip
    elif len(one) == 1:
        steady = ", startIndex from 1, in one order" if total > 1 else ""
        yield well("pages", f"{name}: count is honoured{steady}")


def _members(listed: ListSight, columns: Columns) -> Iterator[Verdict]:
    total = total_of(listed.first) or 0
    in_list, by_id = members_in(rows_of(listed.first), columns), members_in(bodies_of(listed.by_id), columns)
    if in_list:
        yield well("members-listed", f"{listed.first.path} shows members in the list")
        slim = listed.slim
        if slim is not None and members_in(rows_of(slim), columns):
            yield note(
                "members-always",
                f"{listed.first.path} ignores excludedAttributes=members; it is not used here",
            )
    elif by_id:
        yield note(
            "members-by-id",
            f"{listed.first.path} lists groups without members: one request more for each of {total:,}",
        )
    elif total:
        yield note("no-members-seen", f"{listed.first.path} shows no member of any group that was looked at: all are empty, or members are hidden",
                   "`reconcile check --write-probe` tells which; hidden ones are withheld: learnt: {withhold: [members]}")  # fmt: skip
