"""Log records: what a run did and left undone, with the fields of a provisioning log (research: entra 7.1)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from reconciler.model.change import Change
from reconciler.model.codes import CODES
from reconciler.model.finding import Finding, Subject
from reconciler.model.plan import TargetPlan
from reconciler.model.request import Outcome
from reconciler.model.resource import Type
from reconciler.model.scoping import Scoping
from reconciler.model.stand_in import shown

Record = dict[str, object]
ACTIONS = {"create": "create", "adopt": "update", "update": "update", "reactivate": "update", "deactivate": "disable", "delete": "delete"}  # fmt: skip
STEPS = {"create": "Add", "delete": "Delete"}  # every other action is an update of the account
WELL: Record = {
    "status": "success", "errorCode": None, "reason": None, "additionalDetails": None, "errorCategory": None, "recommendedAction": None,
}  # fmt: skip
PARTLY = (
    "UnableToResolveReferenceAttributeValue",
    "NotKept",
)  # the rest of the resource is written all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What a run knows of every change: how it matches, which path names another user, and who is in scope."""

    matching: Mapping[Type, tuple[str, ...]]
    reference: str | None
    scoping: Callable[[str], Scoping | None]


def run_record(plan: TargetPlan, as_of: str, refused: str = "") -> Record:
    """The first line: what is about to be applied, and what its budgets held; or why it is refused."""
    held = [
        {"rule": row.rule, "subject": row.subject, "digest": row.digest, "atoms": sorted(row.atoms)}
        for row in plan.budgets if not row.exceeded or row.approved
    ]  # fmt: skip
    return {
        "record": "run", "digest": plan.digest, "desired": plan.desired, "asOf": as_of, "changes": len(plan.changes),
        "refused": refused or None, "budgets": held,
    }  # fmt: skip


def end_record(*, succeeded: int, failed: int, withheld: int, reason: str, code: str = "") -> Record:
    """The last line: how it ended. A log without it was cut off."""
    return {
        "record": "end", "succeeded": succeeded, "failed": failed, "withheld": withheld, "reason": reason or None,
        "reasonCode": code or None,
    }  # fmt: skip


def outcome_record(outcome: Outcome, course: Course) -> Record:
    """What one change came to."""
    change = outcome.change
    return {
        "record": "outcome", "changeId": change.digest, "action": change.action, "provisioningAction": ACTIONS[change.action],
        "durationInMilliseconds": outcome.milliseconds, "requests": outcome.requests,
        "sourceIdentity": _source(change), "targetIdentity": _target(change, outcome.id),
        "statusInfo": _status(outcome.status, outcome.code, outcome.text, outcome.http_status),
        "provisioningSteps": [*_decided(change, course), *_exported(outcome, course)],
        "modifiedProperties": _properties(change),
    }  # fmt: skip


def staged_record(change: Change, why: str, course: Course) -> Record:
    """A change that a refused plan holds back: staged, as Entra calls it, until a person agrees (research: entra 5.2)."""
    code = "StagedDelete" if change.action in ("deactivate", "delete") else "StagedAction"
    step = _step("EntrySynchronizationSkip", "processing", "skipped", why, skipReason=code)
    return {
        "record": "outcome", "changeId": change.digest, "action": change.action, "provisioningAction": code.lower(),
        "durationInMilliseconds": 0, "requests": 0, "sourceIdentity": _source(change), "targetIdentity": _target(change, change.id),
        "statusInfo": _status("skipped", code, why), "provisioningSteps": [*_decided(change, course), step],
        "modifiedProperties": _properties(change),
    }  # fmt: skip


def finding_records(finding: Finding, course: Course) -> Iterator[Record]:
    """What a finding withholds, from each one that it is about; nothing where it withholds nothing."""
    status = "warning" if finding.error_code in PARTLY else "skipped"
    for subject in finding.about:
        text = subject.text or finding.text
        yield _withheld(subject, status, finding.error_code, text, finding.source, course)


def unkept_record(subject: Subject, path: str, outcome: Outcome | None, course: Course) -> Record:
    """A value that the endpoint took and dropped, or refused in every form; it is withheld from now on."""
    if outcome is not None and outcome.status == "failure":
        code, text = outcome.code, f"{path}: refused in every form, and withheld from now on: {outcome.text}"
    else:
        code, text = "NotKept", f"{path}: the endpoint does not keep it; it is withheld from now on"
    return _withheld(subject, "warning", code, text, None, course)


def why_refused(plan: TargetPlan) -> str:
    """Why a plan is refused, with what to type to agree; empty where it is not."""
    if plan.empty_desired:
        return "nobody is entitled any more while owned users are active"
    return "; ".join(
        f"budget {row.rule}{f' of {row.subject}' if row.subject else ''}: {row.planned:,} planned, {row.limit:,} allowed; "
        f"to agree: --approve {plan.name}:{row.rule}:{row.digest}"
        for row in plan.budgets if row.exceeded and not row.approved
    )  # fmt: skip


def _withheld(
    subject: Subject, status: str, code: str, text: str, source: str | None, course: Course
) -> Record:
    who: Record = {"id": subject.key, "displayName": subject.name, "identityType": subject.type}
    skipped = _step("EntrySynchronizationSkip", "processing", status, text, skipReason=code)
    kind = "referenceResolution" if code == "UnableToResolveReferenceAttributeValue" else "processing"
    last = {**skipped, "provisioningStepType": kind}
    scoped = _scoped(subject.type, subject.key, course)
    return {
        "record": "outcome", "changeId": None, "action": "none", "provisioningAction": "other", "durationInMilliseconds": 0,
        "requests": 0, "sourceIdentity": {**who, "details": {"source": source}}, "targetIdentity": {**who, "id": subject.id},
        "statusInfo": _status(status, code, text), "provisioningSteps": [scoped, last] if scoped else [last],
        "modifiedProperties": [],
    }  # fmt: skip


def _source(change: Change) -> Record:
    return {
        "id": change.key, "displayName": change.name, "identityType": change.type,
        "details": {"source": change.reason.source},
    }  # fmt: skip


def _target(change: Change, id_: str | None) -> Record:
    return {"id": id_, "displayName": change.name, "identityType": change.type}


def _status(status: str, code: str, text: str, http: int = 0) -> Record:
    if not code:
        return WELL
    known = CODES[code]
    return {
        "status": status, "errorCode": code, "reason": text or None, "additionalDetails": f"HTTP status {http}" if http else None,
        "errorCategory": known.category, "recommendedAction": known.advice,
    }  # fmt: skip


def _decided(change: Change, course: Course) -> Iterator[Record]:
    """The steps before anything is sent: they are why the change is there."""
    reason = change.reason
    named = f"{change.key} ({change.name})"
    where = f" in {reason.source}" if reason.source else ""
    declared = "nothing declares it" if reason.code == "vanished" else f"declared{where}"
    yield _step(
        "EntryImportAdd" if change.action == "create" else "EntryImport",
        "import",
        "success",
        f"{named}: {declared}",
    )
    scoped = _scoped(change.type, change.key, course)
    if scoped:
        yield scoped
    by = ", ".join(course.matching.get(change.type, ()))
    found = f"is the account {change.id}" if change.id else f"nobody at the endpoint has its {by}"
    yield _step("EntryMatching", "matching", "success", found, matchingAttributes=by)


def _exported(outcome: Outcome, course: Course) -> Iterator[Record]:
    """The steps of carrying it out, as far as it came."""
    change = outcome.change
    kind = STEPS.get(change.action, "Update")
    is_lost = outcome.code == "UnableToResolveReferenceAttributeValue"
    yield from _resolved(change, course.reference, outcome if is_lost else None)
    if not outcome.requests:
        if not is_lost:
            yield _step(
                "EntrySynchronizationSkip",
                "processing",
                outcome.status,
                outcome.text,
                skipReason=outcome.code,
            )
        return
    yield _step(f"EntrySynchronization{kind}", "processing", "success", change.reason.text)
    said = outcome.text or f"{change.action} done"
    yield _step(
        f"EntryExport{kind}", "export", outcome.status, said, httpStatus=outcome.http_status, requests=outcome.requests
    )  # fmt: skip


def _resolved(change: Change, reference: str | None, lost: Outcome | None) -> Iterator[Record]:
    named = [f"manager {a.after}" for a in change.attributes if a.path == reference and a.after is not None]
    members = len(change.add) + len(change.remove)
    named += [f"{members:,} member{'s' * (members != 1)}"] if members else []
    if lost:
        yield _step("EntryReferences", "referenceResolution", "failure", lost.text)
    elif named:
        yield _step("EntryReferences", "referenceResolution", "success", " and ".join(named))


def _scoped(type_: Type, key: str, course: Course) -> Record | None:
    """The step of both gates with the details that Entra has; a group has no gate but the target's choice."""
    told = course.scoping(key) if type_ == "User" else None
    if told is None:
        return None
    verdicts = {line.text: line.holds for line in told.clauses}
    return _step(
        "EntrySynchronizationScoping", "scoping", "success" if told.is_entitled else "skipped", told.reason,
        IsActive=str(told.is_active), Assigned=str(told.is_assigned), IsEffectivelyEntitledForProvisioning=str(told.is_entitled),
        IsInProvisioningScopeDisplayName=str(told.passes), ScopeEvaluationResult=json.dumps(verdicts),
    )  # fmt: skip


def _step(name: str, kind: str, status: str, text: str, **details: object) -> Record:
    return {
        "name": name, "provisioningStepType": kind, "status": status, "description": text, "details": details,
    }  # fmt: skip


def _properties(change: Change) -> list[Record]:
    rows: list[Record] = [
        {"displayName": a.path, "oldValue": shown(a.before), "newValue": shown(a.after)}
        for a in change.attributes
    ]
    rows += [{"displayName": "members", "oldValue": None, "newValue": m.key} for m in change.add]
    rows += [{"displayName": "members", "oldValue": m.key, "newValue": None} for m in change.remove]
    return rows
