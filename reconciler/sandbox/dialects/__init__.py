"""Dialects: the kinds of real endpoints that the sandbox can behave like, as data; each rewrite names its source."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from reconciler.sandbox.dialects.answering import (
    announce_no_patch,
    clamp_pages,
    hide_discovery,
    hide_members,
    ignore_filter,
    leave_members_out,
    throttle,
)
from reconciler.sandbox.dialects.keeping import (
    e164,
    keep_values,
    lower_case,
    without_extension,
    without_external_id,
)
from reconciler.sandbox.dialects.writing import (
    change_removals,
    deactivate_on_delete,
    drop_members_on_create,
    refuse_all_but_active,
    refuse_filtered_removal,
    refuse_many_members,
    refuse_method,
    refuse_operations,
    refuse_removal_by_value,
    refuse_replaced_members,
    remove_each_value,
    remove_everybody,
    remove_nobody,
)
from reconciler.sandbox.rewrite import Rewrite


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """One kind of endpoint: what is special about it, and the rewrites that make it so, outermost first.

    They are made anew for each endpoint, since some of them count.
    """

    name: str
    text: str
    rewrites: Callable[[], Sequence[Rewrite]] = tuple


_ALL = (
    Dialect(name="rfc", text="follows RFC 7643 and 7644"),
    Dialect(
        name="entra",
        text="understands only what Entra sends: members go by value array, a path filter is 400",
        rewrites=lambda: (
            refuse_operations("/Groups", refuse_filtered_removal),
            change_removals(remove_each_value),
        ),
    ),
    Dialect(
        name="okta",
        text="understands only what Okta sends: users by PUT and a pathless `active`, members go by path filter",
        rewrites=lambda: (
            refuse_operations("/Users", refuse_all_but_active),
            refuse_operations("/Groups", refuse_removal_by_value),
        ),
    ),
    Dialect(
        name="aws",
        text="lists groups without members, 100 a page; no PUT of groups, no replace of members, value arrays only",
        rewrites=lambda: (
            leave_members_out,
            clamp_pages(100),
            refuse_method("PUT", "/Groups"),
            refuse_operations("/Groups", refuse_replaced_members),
            refuse_operations("/Groups", refuse_many_members),
            refuse_operations("/Groups", refuse_filtered_removal),
            change_removals(remove_each_value),
        ),
    ),
    Dialect(
        name="hidden-members",
        text="never shows the members of a group, not even of a single one",
        rewrites=lambda: (hide_members,),
    ),
    Dialect(
        name="strict-removal",
        text="a removal of members by value array empties the group",
        rewrites=lambda: (change_removals(remove_everybody),),
    ),
    Dialect(
        name="lax",
        text="a removal of members by path filter answers 204 and removes nobody",
        rewrites=lambda: (change_removals(remove_nobody),),
    ),
    Dialect(
        name="no-patch",
        text="answers 501 to PATCH: PUT only",
        rewrites=lambda: (announce_no_patch, refuse_method("PATCH", "/Users", "/Groups")),
    ),
    Dialect(
        name="no-external-id",
        text="accepts an externalId and does not keep it",
        rewrites=lambda: (keep_values(without_external_id, "/Users", "/Groups"),),
    ),
    Dialect(
        name="lowercase",
        text="lower-cases userName and e-mail addresses",
        rewrites=lambda: (keep_values(lower_case, "/Users"),),
    ),
    Dialect(
        name="e164",
        text="reformats phones as E.164; drops the type of phones and e-mails",
        rewrites=lambda: (keep_values(e164, "/Users"),),
    ),
    Dialect(
        name="no-members-on-create",
        text="makes every group empty, whatever members its POST names",
        rewrites=lambda: (drop_members_on_create,),
    ),
    Dialect(
        name="soft-delete",
        text="DELETE of a user only deactivates; it stays listed",
        rewrites=lambda: (deactivate_on_delete,),
    ),
    Dialect(
        name="small-pages",
        text="gives at most 10 resources a page, whatever is asked for",
        rewrites=lambda: (clamp_pages(10),),
    ),
    Dialect(
        name="throttled",
        text="answers 429 with Retry-After to more than 20 requests a second",
        rewrites=lambda: (throttle(20),),
    ),
    Dialect(
        name="drops-extension",
        text="accepts the enterprise extension and does not keep it",
        rewrites=lambda: (keep_values(without_extension, "/Users"),),
    ),
    Dialect(
        name="no-discovery",
        text="answers 404 to every discovery endpoint",
        rewrites=lambda: (hide_discovery,),
    ),
    Dialect(
        name="no-filter",
        text="ignores a filter: answers with everybody",
        rewrites=lambda: (ignore_filter,),
    ),
)
DIALECTS = {dialect.name: dialect for dialect in _ALL}


def find_dialect(name: str) -> Dialect:
    """The dialect of that name. Raises ValueError for an unknown one, with the names that are like it."""
    if name in DIALECTS:
        return DIALECTS[name]
    close = get_close_matches(name, DIALECTS, n=2, cutoff=0.5)
    guess = f"did you mean {' or '.join(close)}?" if close else f"known are: {', '.join(DIALECTS)}"
    raise ValueError(f"there is no dialect `{name}`; {guess}")
