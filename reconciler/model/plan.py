"""Plans: the ordered changes of the targets, with digest, findings, budgets and cost; pure data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.change import Change
from reconciler.model.digest import digest
from reconciler.model.finding import Finding
from reconciler.model.neutral import neutral

USER_ACTIONS = ("create", "adopt", "update", "reactivate", "deactivate", "delete")
GROUP_ACTIONS = ("create", "adopt", "update", "delete")
SHORT = 12  # digits of a commit as people read it


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """One budget's row: what the plan holds of a rule, and its limit. `of` is the base of the percentage."""

    rule: str
    subject: str | None
    planned: int
    limit: int
    of: int
    digest: str
    approved: bool = False
    atoms: frozenset[str] = frozenset()  # their digests
    held: int = 0  # how many of them were within the budgets of a reviewed plan or an interrupted run
    edit: Budget | None = None  # with a base: the same rule over what this edit alone causes

    @property
    def exceeded(self) -> bool:
        """More is planned than the limit allows; a plan may reach it."""
        return self.planned - self.held > self.limit

    def to_json(self) -> dict[str, object]:
        """The row as DESIGN 5 writes it."""
        edit = self.edit
        also = {} if edit is None else {
            "edit": {"planned": edit.planned, "exceeded": edit.exceeded, "approved": edit.approved, "digest": edit.digest}
        }  # fmt: skip
        return {"rule": self.rule, "subject": self.subject, "planned": self.planned, "limit": self.limit,
                "of": self.of, "exceeded": self.exceeded, "approved": self.approved, "digest": self.digest, **also}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseRef:
    """What an edit is compared with: the ref as people wrote it, and the commit that it stood for."""

    ref: str
    commit: str

    def __str__(self) -> str:
        return f"{neutral(self.ref)} ({self.commit[:SHORT]})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bases:
    """What percentages are of: active owned users, desired users, members of owned groups, members by group."""

    active_owned: int = 0
    desired_users: int = 0
    owned_members: int = 0
    members_by_group: Mapping[str, int] = field(default_factory=dict)
    owned_anything: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetPlan:
    """One target's part of a plan, in the order in which it is applied."""

    name: str
    url: str
    desired: str = ""
    error: str | None = None
    error_exit: int = 0
    error_code: str = ""  # as in a provisioning log
    empty_desired: bool = False
    live_users: int = 0
    live_groups: int = 0
    complete: bool = False
    owned_users: int = 0
    owned_groups: int = 0
    unmanaged_users: int = 0
    unmanaged_groups: int = 0
    unmanaged_sample: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    findings: tuple[Finding, ...] = ()
    budgets: tuple[Budget, ...] = ()
    bases: Bases = field(default_factory=Bases)
    requests: int = 0
    seconds: int = 0
    lowered: tuple[tuple[object, ...], ...] | None = (
        None  # with `--requests`: those of each change, as JSON values
    )
    causes: tuple[str | None, ...] | None = None  # of each change, where drift asks for them
    edit: TargetPlan | None = (
        None  # with a base: the part of the plan that this edit causes, which a merge applies
    )

    @property
    def blocked(self) -> bool:
        """A budget is exceeded without approval, or nobody is entitled any more."""
        return self.empty_desired or any(b.exceeded and not b.approved for b in self.budgets)

    @property
    def digest(self) -> str:
        """Over the digests of the changes."""
        return digest([self.name, sorted(change.digest for change in self.changes)])

    def to_json(self) -> dict[str, object]:
        """The target as DESIGN 5 writes it."""
        return {
            "name": self.name, "url": self.url, "desired": self.desired, "error": self.error, "blocked": self.blocked,
            "live": {"users": self.live_users, "groups": self.live_groups, "complete": self.complete},
            "owned": {"users": self.owned_users, "groups": self.owned_groups},
            "unmanaged": {"users": self.unmanaged_users, "groups": self.unmanaged_groups, "sample": list(self.unmanaged_sample)},
            "changes": self._changes(),
            "findings": [{"severity": f.severity, "code": f.code, "text": f.text, "source": f.source} for f in self.findings],
            "budgets": [budget.to_json() for budget in self.budgets],
            "cost": {"requests": self.requests, "seconds": self.seconds},
        }  # fmt: skip

    def _changes(self) -> list[dict[str, object]]:
        rows = [change.to_json() for change in self.changes]
        for index, row in enumerate(rows):
            if self.lowered is not None:
                row["requests"] = list(self.lowered[index])
            if self.causes is not None:
                row["cause"] = self.causes[index]
        return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What would change at every target, as of a moment (ISO 8601, UTC, seconds)."""

    as_of: str
    targets: tuple[TargetPlan, ...]
    base: BaseRef | None = None

    @property
    def digest(self) -> str:
        """Over the digests of the targets."""
        return digest(sorted(target.digest for target in self.targets))

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes of every target."""
        return tuple(change for target in self.targets for change in target.changes)

    def summary(self) -> dict[str, object]:
        """How many changes of each action, members added and removed, and values cleared."""
        changes = self.changes
        users = {a: sum(c.type == "User" and c.action == a for c in changes) for a in USER_ACTIONS}
        groups = {a: sum(c.type == "Group" and c.action == a for c in changes) for a in GROUP_ACTIONS}
        members = {"add": sum(len(c.add) for c in changes), "remove": sum(len(c.remove) for c in changes)}
        clears = sum(a.before is not None and a.after is None for c in changes for a in c.attributes)
        return {"users": users, "groups": groups, "members": members, "clears": clears}

    def to_json(self) -> dict[str, object]:
        """The plan as DESIGN 5 writes it, and a checksum of all of it, by which a damaged file is known."""
        document: dict[str, object] = {
            "formatVersion": 1, "digest": self.digest, "asOf": self.as_of, "summary": self.summary(),
            "targets": [target.to_json() for target in self.targets],
            **({"base": {"ref": self.base.ref, "commit": self.base.commit}} if self.base else {}),
        }  # fmt: skip
        return {**document, "checksum": digest(document)}
