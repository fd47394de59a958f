"""Targets: one endpoint as `targets:`, of what the schema says and of what only its owner knows (research: entra 5, 9.6)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from reconciler.importers.entra.mappings import Part
from reconciler.importers.entra.notes import Notes
from reconciler.importers.entra.schema import ObjectFlow
from reconciler.importers.entra.scopes import show_filters
from reconciler.importers.layout import Line, flow, listed, scalar

ENTRAS_FLAGS = frozenset({"aadoptscim062020", "azureadscimpatch2017"})  # of Entra's own dialect, never sent
DELETED_AFTER_DAYS = 30  # Entra purges a deleted user after so many days, and deletes the account then


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What no schema says and its owner knows; None where nobody said it."""

    name: str | None = None
    url: str | None = None
    sync: Literal["assigned", "all"] | None = None
    assigned_groups: tuple[str, ...] = ()
    skips_out_of_scope: bool = False
    deletion_threshold: int | None = None
    notify: str | None = None
    smtp_host: str | None = None
    profile: str | None = None
    ownership: Literal["declared", "externalId"] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One target to be written: its object mappings, and what was made of them."""

    name: str
    profile: str
    users: ObjectFlow
    groups: ObjectFlow | None
    users_part: Part
    groups_part: Part | None
    has_scope: bool
    is_alone: bool  # the schema maps users once
    deletes_instead: bool  # the target directory says that it has no way to disable


def write_target(endpoint: Endpoint, asked: Asked, notes: Notes) -> list[Line]:
    """The lines of the target; what was assumed is said in notes, and where it stands."""
    variable = environment_name(endpoint.name)
    lines = [
        Line(text=f"{scalar(endpoint.name)}:", depth=1),
        Line(text=f"profile: {scalar(endpoint.profile)}", depth=2),
        _url(asked, variable, notes),
        Line(text=f"auth: {{bearer: {{env: {variable}_SCIM_TOKEN}}}}", depth=2, comment="Entra's Secret Token, from the environment"),
        Line(text=f"mapping: {scalar(endpoint.name)}", depth=2),
        Line(text="scope:", depth=2),
        *_scope(endpoint, asked, notes),
        _ownership(asked, notes),
        *_deprovision(endpoint, asked, notes),
        *_budgets(endpoint, asked, notes),
    ]  # fmt: skip
    if endpoint.groups_part and endpoint.groups_part.is_additive:
        lines.append(
            Line(text="membership: additive", depth=2, comment="flowType of members: added, never removed")
        )
    return [*lines, *_notify(asked, notes)]


def environment_name(name: str) -> str:
    """The name of a target as the beginning of a variable's name."""
    upper = re.sub(r"[^A-Za-z0-9]", "_", name).upper()
    return f"_{upper}" if upper[:1].isdigit() else upper


def _url(asked: Asked, variable: str, notes: Notes) -> Line:
    if asked.url is None:
        notes.add("assumed", "", f"the Tenant URL comes from the environment as {variable}_SCIM_URL; --url writes it down")  # fmt: skip
        return Line(text=f"url: {{env: {variable}_SCIM_URL}}", depth=2, comment="Entra's Tenant URL")
    parts = urlsplit(asked.url)
    query = [
        pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0].casefold() not in ENTRAS_FLAGS
    ]  # fmt: skip
    if len(query) < len(parse_qsl(parts.query, keep_blank_values=True)):
        notes.add("differs", "", f"`?{parts.query}` chooses a dialect of Entra's own and is never sent; here the profile does, and what apply learns")  # fmt: skip
    url = parts._replace(query=urlencode(query)).geturl().rstrip("/")
    return Line(text=f"url: {scalar(url)}", depth=2, comment="--url: Entra's Tenant URL")


def _scope(endpoint: Endpoint, asked: Asked, notes: Notes) -> list[Line]:
    sync, said = asked.sync or "assigned", f"--sync {asked.sync}"
    if asked.sync is None:
        said = "assumed; --sync says it"
        notes.add("assumed", "", "only assigned users and groups are provisioned; --sync all says otherwise")
    users, groups = endpoint.users, endpoint.groups
    assigned = f"assigned: {{groups: {listed(asked.assigned_groups)}}}"
    if not users.is_enabled:
        sync, said, assigned = "assigned", "the object mapping is not enabled: nobody", "assigned: {}"
        notes.add("differs", users.place, f'"{users.name}" is not enabled; the target gets nobody until scope says who')  # fmt: skip
    lines = [Line(text=f"users: {sync}", depth=3, comment=said)]
    if sync == "assigned":
        said = "Users and groups of the enterprise application" if users.is_enabled else "nobody"
        if users.is_enabled and not asked.assigned_groups:
            said = notes.add("assumed", "", "who is assigned is not in the schema: nobody, until scope.assigned names users and groups (--assigned-group)")  # fmt: skip
        lines.append(Line(text=assigned, depth=3, comment=said))
    if endpoint.users_part.has_roles:
        notes.add("assumed", "", "which role a group gives is not in the schema; write {group: sales, role: Member} under scope.assigned.groups")  # fmt: skip
    if endpoint.has_scope:
        lines.append(
            Line(text=f"filter: {scalar(endpoint.name)}", depth=3, comment="scoping filters, on top of that")
        )
    lines.append(_groups(groups, sync, notes))
    return lines


def _groups(groups: ObjectFlow | None, sync: str, notes: Notes) -> Line:
    if groups is None or not groups.is_enabled:
        said = "no object mapping of groups" if groups is None else "the object mapping is not enabled"
        return Line(text="groups: none", depth=3, comment=said)
    for words in show_filters(groups):
        notes.add("lost", f"{groups.place}.scope", f"filters of groups have no counterpart ({words}); list the groups' ids under scope.groups")  # fmt: skip
    if any(groups.filters.values()):
        said = "filtered in Entra; list the ids of those that pass: groups: [sales]"
        return Line(text="groups: none", depth=3, comment=said)
    return Line(text=f"groups: {sync}", depth=3, comment=f'"{groups.name}"')


def _ownership(asked: Asked, notes: Notes) -> Line:
    if asked.ownership:
        return Line(text=f"ownership: {asked.ownership}", depth=2, comment=f"--ownership {asked.ownership}")
    notes.add("assumed", "", "ownership: declared, so nobody is removed by absence; change it to externalId once everybody is declared")  # fmt: skip
    return Line(text="ownership: declared", depth=2, comment="nobody is removed by absence; later externalId")


def _deprovision(endpoint: Endpoint, asked: Asked, notes: Notes) -> list[Line]:
    """Update sends `active: false`, Delete deletes thirty days later; without either nothing happens (research: entra 5)."""
    users, groups = endpoint.users, endpoint.groups
    told: dict[str, tuple[str, str]] = {}
    why = ""
    if "update" not in users.flows:
        why = notes.add("differs", users.place, "Update is not ticked: values are sent on create only and nobody is deactivated; a reactivation is still planned")  # fmt: skip
    elif endpoint.deletes_instead:
        notes.add("differs", users.place, "the target cannot disable (IsSoftDeletionSupported is false), so Entra deletes; here accounts are deactivated unless deprovision says delete")  # fmt: skip
    elif not endpoint.users_part.handles_removal:
        why = notes.add("differs", users.place, "no attribute is mapped from IsSoftDeleted, so Entra deactivates nobody, and neither does this target")  # fmt: skip
    elif "active" not in map(str, endpoint.users_part.paths):
        notes.add("differs", users.place, "IsSoftDeleted does not become `active` as it is mapped; here an account is deactivated by active: false")  # fmt: skip
    if why:
        told |= dict.fromkeys(("disabled", "outOfScope", "removed", "vanished"), ("ignore", ""))
    if not endpoint.is_alone:
        notes.add("differs", users.place, "users are mapped more than once, so this endpoint gets several targets; outOfScope: ignore keeps one of them "
                  "from deactivating whom another provisions")  # fmt: skip
        told["outOfScope"] = ("ignore", "another target at this endpoint may provision them")
    if asked.skips_out_of_scope:
        told["outOfScope"] = ("ignore", "SkipOutOfScopeDeletions")
    if "delete" in users.flows:
        told["deleteAfterDays"] = (str(DELETED_AFTER_DAYS), f"Delete: Entra deletes an account {DELETED_AFTER_DAYS} days after its user; here they count from employeeLeaveDateTime")  # fmt: skip
        notes.add("differs", users.place, f"Delete is ticked: deleteAfterDays: {DELETED_AFTER_DAYS} counts from employeeLeaveDateTime, and each deletion needs budgets.delete or an approval")  # fmt: skip
    if groups and groups.is_enabled and "delete" in groups.flows:
        told["groups"] = (
            "delete",
            "Delete: of groups that nothing declares; needs budgets.deleteGroups or an approval",
        )
    _note_flows(users, groups, notes)
    rows = [Line(text=f"{key}: {value}", depth=3, comment=why) for key, (value, why) in told.items()]
    return [Line(text="deprovision:", depth=2, comment=why), *rows] if rows else []


def _note_flows(users: ObjectFlow, groups: ObjectFlow | None, notes: Notes) -> None:
    for found in filter(None, (users, groups)):
        if "add" not in found.flows and found.is_enabled:
            notes.add("differs", found.place, "Create is not ticked: here creates are planned all the same, and the budget of 0 refuses them once anything is owned" if found is users
                      else "Create is not ticked: here groups in scope are created all the same; list the existing ones under scope.groups")  # fmt: skip
        if unknown := sorted(found.flows - {"add", "update", "delete"}):
            notes.add("lost", f"{found.place}.flowTypes", f"{', '.join(unknown)} is no flow that is known: Add, Update, Delete")  # fmt: skip
    if groups and groups.is_enabled and "update" not in groups.flows:
        notes.add("differs", groups.place, "Update is not ticked: values are sent on create only, and memberships are left alone")  # fmt: skip


def _budgets(endpoint: Endpoint, asked: Asked, notes: Notes) -> list[Line]:
    rules: dict[str, tuple[int, str]] = {}
    if asked.deletion_threshold is None:
        notes.add("assumed", "", "no deletion threshold: the default budgets hold (deactivate: 5 or 2 %); --deletion-threshold says another")  # fmt: skip
    else:
        said = f"--deletion-threshold {asked.deletion_threshold}"
        for rule in ("deactivate", "delete", "deleteGroups"):
            rules[rule] = (asked.deletion_threshold, said)
        notes.add("differs", "", "Entra counts users and groups, disabled and deleted, in one; here each kind has a budget of its own, for a plan")  # fmt: skip
    if "add" not in endpoint.users.flows:
        rules["create"] = (0, "Create is not ticked")
    rows = [Line(text=f"{rule}: {{count: {count}}}", depth=3, comment=why) for rule, (count, why) in rules.items()]  # fmt: skip
    return [Line(text="budgets:", depth=2), *rows] if rows else []


def _notify(asked: Asked, notes: Notes) -> list[Line]:
    if asked.notify is None:
        return []
    host = asked.smtp_host or "mail.example.com"
    email: Mapping[str, str] = {
        "to": scalar(asked.notify), "from": scalar(asked.notify), "smtp": flow({"host": scalar(host)}),
    }  # fmt: skip
    text = f"notify: [{{email: {flow(email)}}}]"
    if asked.smtp_host is None:
        why = notes.add("lost", "", f"messages to {asked.notify} need a mail server of yours: import with --smtp-host, or complete the line under notify")  # fmt: skip
        return [Line(text=text, depth=2, comment=why, is_out=True)]
    return [Line(text=text, depth=2, comment="--notify-email: Entra's Notification Email")]
