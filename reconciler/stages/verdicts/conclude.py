"""Conclude: the dialect that a write probe showed, as what to remember and as lines to write into target and profile."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from reconciler.model.column import Columns
from reconciler.model.dialect import FORMS, REMOVALS, Dialect, Form, MemberRemoval
from reconciler.model.resource import LiveState, Type
from reconciler.model.target import Target
from reconciler.model.trial import Trial
from reconciler.stages.learn import learnt_line, remember


@dataclass(frozen=True, slots=True, kw_only=True)
class Conclusion:
    """What to remember of an endpoint, the `learnt:` line of the target, and lines for its profile."""

    dialect: Dialect
    remembered: Mapping[str, Any]
    learnt: str
    profile: tuple[str, ...]


def conclude(
    trials: Sequence[Trial], target: Target, dialect: Dialect, remembered: Mapping[str, Any], live: LiveState,
    columns: Sequence[Columns],
) -> Conclusion:  # fmt: skip
    """The dialect in which everything was kept that can be, and what is kept in none.

    A path is withheld from everybody only if the endpoint took its value, kept it in no form, and shows one of nobody.
    """
    forms: dict[Type, Form] = {of.type: best_form(trials, of.type) for of in columns}
    removal, is_settled = best_removal(trials, dialect)
    found = replace(
        dialect, form={**dialect.form, **forms}, member_removal=removal,
        is_removal_settled=dialect.is_removal_settled or is_settled,
    )  # fmt: skip
    withheld = [
        (of.type, path)
        for of in columns
        for path in sorted(_not_kept(trials, of.type))
        if _is_taken(trials, of.type, path) and _is_of_nobody(path, of, live)
    ]
    kept = remember(remembered, found, (), withheld)
    return Conclusion(
        dialect=found, remembered=kept, learnt=learnt_line(target, kept), profile=tuple(_profile_lines(trials, target)),
    )  # fmt: skip


def kept_in(trials: Sequence[Trial], type_: Type, form: str) -> set[str]:
    """The paths whose update was kept in that form."""
    return {t.path for t in trials if (t.type, t.about, t.form) == (type_, "attribute", form) and t.kept}


def tried(trials: Sequence[Trial], type_: Type) -> set[str]:
    """The paths whose update was tried."""
    return {t.path for t in trials if (t.type, t.about) == (type_, "attribute") and t.form != "create"}


def best_form(trials: Sequence[Trial], type_: Type) -> Form:
    """The first form in which every path is kept that is kept in any."""
    kept = {form: kept_in(trials, type_, form) for form in FORMS}
    every = set().union(*kept.values())
    off = (
        next((t.form for t in trials if t.about == "deactivate" and t.kept), "path")
        if type_ == "User"
        else "path"
    )
    fitting = [form for form in FORMS if kept[form] >= every]
    if off in FORMS and fitting[:1] == ["path"] and off != "path":
        return off  # access matters most
    return next(iter(fitting), "path")


def best_removal(trials: Sequence[Trial], dialect: Dialect) -> tuple[MemberRemoval, bool]:
    """The form in which a member leaves and nobody else; and whether the other one must never be tried."""
    tried_forms = {t.form: t for t in trials if t.about == "removeMember"}
    ours = dialect.member_removal
    other = REMOVALS[1 - REMOVALS.index(ours)]
    works = {form for form, trial in tried_forms.items() if trial.kept}
    chosen = other if ours not in works and other in works else ours
    rest = tried_forms.get(REMOVALS[1 - REMOVALS.index(chosen)])
    return chosen, chosen in works and rest is not None and rest.held in ("everybody", "somebody else")


def _not_kept(trials: Sequence[Trial], type_: Type) -> set[str]:
    kept = {t.path for t in trials if t.type == type_ and t.about in ("attribute", "reference") and t.kept}
    every = {t.path for t in trials if t.type == type_ and t.about in ("attribute", "reference")}
    hidden = {"members"} if type_ == "Group" and _hides_members(trials) else set()
    return (every - kept) | hidden


def _hides_members(trials: Sequence[Trial]) -> bool:
    added = [t for t in trials if t.about in ("addMembers", "membersOnCreate")]
    return bool(added) and not any(t.kept for t in added)


def _is_taken(trials: Sequence[Trial], type_: Type, path: str) -> bool:
    abouts = ("addMembers", "membersOnCreate") if path == "members" else ("attribute", "reference")
    return any(
        t.is_taken for t in trials if t.type == type_ and t.about in abouts and path in (t.path, "members")
    )


def _is_of_nobody(path: str, columns: Columns, live: LiveState) -> bool:
    rows = live.users if columns.type == "User" else live.groups
    if path == "members":
        return not any(row.members for row in rows)
    index = columns.index(path)
    return index is not None and all(row.values[index] is None for row in rows)


def _profile_lines(trials: Sequence[Trial], target: Target) -> list[str]:
    lines = []
    on_create = next((t for t in trials if t.about == "membersOnCreate"), None)
    added = any(t.kept for t in trials if t.about == "addMembers")
    if on_create is not None and not on_create.kept and added and target.profile.members_on_create:
        lines.append("membersOnCreate: false")
    manager = next((t.form for t in trials if t.about == "reference" and t.kept), target.profile.manager)
    if manager != target.profile.manager:
        lines.append(f"manager: {manager}")
    return lines
