"""Review: what of a plan was reviewed: the same atoms or fewer, compared one by one (DESIGN 5).

A saved plan holds its atoms in clear, a manifest only their digests; both are compared as digests by one `Seal`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from reconciler.model.change import SYMBOLS, Change, Place, change_from_json
from reconciler.model.digest import digest
from reconciler.model.errors import PlanStale
from reconciler.model.neutral import neutral, shortened
from reconciler.model.plan import Plan, TargetPlan
from reconciler.model.stand_in import KnownAfterApply, Redacted
from reconciler.policies import RULES

Seal = Callable[[object], str]
FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedTarget:
    """One target's reviewed part: atoms by sealed place, budget rows, and what can be shown of it."""

    name: str
    desired: str
    atoms: Mapping[str, str]
    refused: frozenset[
        tuple[str, str | None, str]
    ]  # (rule, subject, digest) of budgets exceeded without approval
    shown: Mapping[str, str] = field(default_factory=dict)
    drift: Mapping[str, str] = field(default_factory=dict)  # atoms that had drifted at the review: left alone
    ids: Mapping[tuple[str, str], str] = field(default_factory=dict)  # live ids of what was to be changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewed:
    """A reviewed plan or manifest: its moment, and its targets by name."""

    as_of: str
    targets: Mapping[str, ReviewedTarget]
    seal: Seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What of the plan of now was reviewed, and what only live movement elsewhere brought."""

    may: Callable[[Place], bool]
    drifted: tuple[str, ...]


def read_saved(document: Any) -> Reviewed:
    """The review that a saved plan stands for. Raises PlanStale if it was edited, cut, or is no plan."""
    try:
        if document["formatVersion"] != FORMAT:
            raise PlanStale(
                f"the saved plan has format {neutral(repr(document['formatVersion']))[:50]}, not {FORMAT}; plan again"
            )
        targets = {entry["name"]: _saved_target(entry) for entry in document["targets"]}
        digests = [
            digest([t["name"], sorted(c["digest"] for c in t["changes"])]) for t in document["targets"]
        ]
        if document["digest"] != digest(sorted(digests)):
            raise PlanStale("the saved plan does not fit its digest: it was edited or cut; plan again")
        if document["checksum"] != digest(
            {key: value for key, value in document.items() if key != "checksum"}
        ):
            raise PlanStale("the saved plan does not fit its checksum: it was edited or cut; plan again")
        return Reviewed(as_of=_moment(document["asOf"]), targets=targets, seal=digest)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise PlanStale(f"this is no saved plan ({type(error).__name__}); plan again") from None


def _moment(text: object) -> str:
    """The moment of a review. Raises PlanStale for none, or one so far away that dates cannot be counted from it."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None or not 1970 <= moment.year < 9000:
        raise PlanStale("what was reviewed has no valid asOf; plan again")
    return str(text)


def _saved_target(entry: Mapping[str, Any]) -> ReviewedTarget:
    name = entry["name"]
    changes = [change_from_json(_text(name), row) for row in entry["changes"]]
    for change in changes:
        _check_types(change)
    for change, row in zip(changes, entry["changes"], strict=True):
        if change.digest != row["digest"]:
            raise PlanStale(
                f"the saved plan was edited: {_shown(change.type)} {_shown(change.key)} does not fit its digest; plan again"
            )
    atoms, shown = {}, {}
    for change in changes:
        for place, value in change.atoms().items():
            sealed = digest(list(place))
            atoms[sealed] = digest([list(place), list(value)])
            shown[sealed] = f"{_shown(place)}: {_arrow(value)}"
    return ReviewedTarget(
        name=name, desired=_text(entry["desired"]), atoms=atoms, shown=shown, refused=_refused(entry["budgets"]),
        ids={(change.type, change.key): change.id for change in changes if change.id and change.action != "delete"},
    )  # fmt: skip


def _check_types(change: Change) -> None:
    """Raises TypeError for a change whose parts are no texts: a forger's digest may fit it all the same."""
    if change.type not in ("User", "Group") or change.action not in SYMBOLS:
        raise TypeError("a change of no kind")
    members = (*change.add, *change.remove)
    for text in (
        change.key,
        change.name,
        *(a.path for a in change.attributes),
        *(m.key for m in members),
        *(m.name for m in members),
    ):
        _text(text)
    for id_ in (change.id, *(member.id for member in members)):
        if id_ is not None:
            _text(id_)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _refused(rows: list[Mapping[str, Any]]) -> frozenset[tuple[str, str | None, str]]:
    return frozenset(
        (row["rule"], row["subject"], row["digest"])
        for row in rows
        if row["exceeded"] and not row.get("approved")
    )


def make_manifest(plan: Plan, commit: str | None, seal: Seal) -> dict[str, object]:
    """The reviewed plan without anybody's data: for each atom its sealed place and content (DESIGN 5).

    Of a plan with a base it holds the atoms of the edit, and the budgets of those: a merge applies nothing else. What had
    drifted stands apart, so that an apply knows it when it meets it, and leaves it alone.
    """
    targets: list[dict[str, object]] = []
    for target in plan.targets:
        reviewed = target.edit or target
        atoms = _sealed(reviewed, seal)
        entry: dict[str, object] = {
            "name": target.name, "desired": target.desired, "budgets": [row.to_json() for row in reviewed.budgets],
            "atoms": atoms,
        }  # fmt: skip
        if target.edit is not None:
            held = {atom["place"] for atom in atoms}
            entry["drift"] = [atom for atom in _sealed(target, seal) if atom["place"] not in held]
        targets.append(entry)
    content = {"formatVersion": FORMAT, "asOf": plan.as_of, "commit": commit, "targets": targets}
    if plan.base is not None:
        content["base"] = plan.base.commit
    return {**content, "digest": seal(content)}


def _sealed(target: TargetPlan, seal: Seal) -> list[dict[str, str]]:
    """Every atom of a target, sealed, in the order of its sealed places."""
    atoms = [
        {"place": seal(list(place)), "digest": seal([list(place), list(value)])}
        for change in target.changes for place, value in change.atoms().items()
    ]  # fmt: skip
    return sorted(atoms, key=lambda atom: atom["place"])


def read_manifest(document: Any, seal: Seal) -> Reviewed:
    """The review that a manifest stands for. Raises PlanStale if it was edited, cut, or sealed by another key."""
    try:
        content = {key: document[key] for key in ("formatVersion", "asOf", "commit", "targets")}
        content |= {"base": document["base"]} if "base" in document else {}
        if document["digest"] != seal(content) or content["formatVersion"] != FORMAT:
            raise PlanStale(
                "the manifest does not fit its digest: it was edited, cut, or made under another RECONCILE_MANIFEST_KEY"
            )
        targets = {
            entry["name"]: ReviewedTarget(
                name=_text(entry["name"]), desired=_text(entry["desired"]), refused=_refused(entry["budgets"]),
                atoms=_atoms(entry["atoms"]), drift=_atoms(entry.get("drift", [])),
            )
            for entry in content["targets"]
        }  # fmt: skip
        return Reviewed(as_of=_moment(content["asOf"]), targets=targets, seal=seal)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise PlanStale(f"this is no manifest ({type(error).__name__}); plan again") from None


def _atoms(rows: list[Mapping[str, Any]]) -> dict[str, str]:
    return {_text(atom["place"]): _text(atom["digest"]) for atom in rows}


def join_reviews(reviews: Sequence[Reviewed]) -> Reviewed:
    """Several reviews whose edits came together, the last one first: what any of them reviewed, the last word on a place.

    An edit of an earlier one had not been applied when the last was reviewed, so there it looks like drift.
    """
    last, *earlier = reviews
    targets = dict(last.targets)
    for review in earlier:
        for name, part in review.targets.items():
            known = targets.get(name)
            targets[name] = part if known is None else replace(
                known, atoms={**part.atoms, **known.atoms}, drift={**part.drift, **known.drift}, refused=known.refused | part.refused,
                shown={**part.shown, **known.shown}, ids={**part.ids, **known.ids},
            )  # fmt: skip
    return replace(last, targets=targets)


def compare(
    reviewed: ReviewedTarget, now: TargetPlan, live_ids: Mapping[str, frozenset[str]], seal: Seal
) -> Comparison:
    """What of `now` was reviewed. `live_ids`: the ids at the endpoint by resource type.

    Raises PlanStale where a reviewed atom's before no longer holds, a reviewed resource is gone, or the desired
    state asks for more than was reviewed.
    """
    stale = [
        f"  {type_.lower()} {_shown(key)}: the reviewed resource {_shown(id_)} is gone"
        for (type_, key), id_ in sorted(reviewed.ids.items())
        if id_ not in live_ids.get(type_, frozenset())
    ]
    # What is hidden is sealed as `[Redact]`: only the desired state that was reviewed is sure to give the same value.
    is_other = now.desired != reviewed.desired
    allowed: set[Place] = set()
    drifted: list[str] = []
    for change in now.changes:
        for place, value in change.atoms().items():
            sealed, content = seal(list(place)), seal([list(place), list(value)])
            expected = reviewed.atoms.get(sealed)
            if expected == content and is_other and _is_hidden(value):
                stale.append(
                    f"  {_shown(place)}: {_arrow(value)}   (hidden, and the desired state is another one)"
                )
            elif expected == content:
                allowed.add(place)
            elif expected is not None:
                was = reviewed.shown.get(sealed, "")
                stale.append(
                    f"  {_shown(place)}: {_arrow(value)}"
                    + (f"   (reviewed: {was.partition(': ')[2]})" if was else "   (reviewed otherwise)")
                )
            elif is_other and not _had_drifted(change, place, sealed, content, reviewed):
                stale.append(f"  {_shown(place)}: {_arrow(value)}   (not reviewed)")
            else:
                drifted.append(f"{_shown(place)}: {_arrow(value)}")
    if stale:
        raise PlanStale("\n".join(["the plan is not the reviewed one; plan again. It would now do:", *stale]))
    return Comparison(may=lambda place: place in allowed, drifted=tuple(drifted))


def _had_drifted(change: Change, place: Place, sealed: str, content: str, reviewed: ReviewedTarget) -> bool:
    """At the review already, or apart from what was merged: the desired state before it would cause the atom too."""
    return reviewed.drift.get(sealed) == content or place in (change.drifted or ())


def held_by_review(
    reviewed: ReviewedTarget, changes: tuple[Change, ...], approved: frozenset[str]
) -> dict[str, frozenset[str]]:
    """The atoms that the review held within its budgets, by rule; `approved`: digests of approvals given since."""
    held: dict[str, frozenset[str]] = {}
    for rule, count in RULES.items():
        subjects = count(changes)
        refused = {
            subject for name, subject, bound in reviewed.refused if name == rule and bound not in approved
        }
        held[rule] = frozenset(
            digest(atom) for subject, atoms in subjects.items() if subject not in refused for atom in atoms
        )
    return held


def _shown(value: object) -> str:
    return shortened(neutral(str(value)))


def _is_hidden(value: tuple[object, object]) -> bool:
    return any(isinstance(each, Redacted) for each in value)


def _arrow(value: tuple[object, object]) -> str:
    before, after = value
    return f"{_said(before)} → {_said(after)}"


def _said(value: object) -> str:
    if isinstance(value, Redacted | KnownAfterApply):
        return str(value)
    return (
        "nothing"
        if value is None
        else "no"
        if value is False
        else "yes"
        if value is True
        else f'"{_shown(value)}"'
    )
