"""Writes: what canaries showed of creations, updates, members and removals, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.model.attribute_path import quoted
from reconciler.model.resource import Type
from reconciler.model.target import Target
from reconciler.model.trial import About, Probed, Removal, Trial
from reconciler.model.verdict import Verdict, fail, note, warn, well
from reconciler.stages.verdicts.answers import counted, named
from reconciler.stages.verdicts.conclude import best_form, kept_in, tried

LONGEST = 160  # characters of what an endpoint says
TYPES: tuple[Type, ...] = ("User", "Group")
WORDS = {
    "path": "PATCH with paths",
    "pathless": "PATCH without a path",
    "put": "PUT of the whole",
    "text": "PATCH with a text",
}
REMOVALS = {
    "put": "PUT of the whole group",
    "pathFilter": 'path `members[value eq "…"]`',
    "valueArray": "a value array",
}


def judge_writes(probed: Probed, target: Target, *, speaks_of_versions: bool) -> Iterator[Verdict]:
    """Everything that was tried, in the order in which an apply does it."""
    trials = probed.trials
    for type_ in TYPES:
        yield from _creation(trials, type_)
    yield from _twins(trials)
    yield from _lifecycle(trials)
    for type_ in TYPES:
        yield from _attributes(trials, type_)
    yield from _clearing(trials)
    yield from _renaming(trials)
    yield from _reference(trials, target)
    yield from _members(trials, target)
    yield from _versions(trials, is_promised=speaks_of_versions)


def judge_removals(probed: Probed, url: str) -> Iterator[Verdict]:
    """What is left of the canaries, and how to remove that; why the probe ended early, if it did."""
    gone = [one for one in probed.earlier if one.state == "gone"]
    if gone:
        yield note("earlier-removed", f"{counted(len(gone), 'canary')} that an earlier probe had left {'were' if len(gone) > 1 else 'was'} removed: {named([one.name for one in gone])}")  # fmt: skip
    if probed.is_interrupted:
        text = "interrupted: what was not tried yet is not told above"
        yield fail("interrupted", text, "run it again", exit_code=5 if probed.has_written else 130)
    elif probed.stopped:
        yield fail("probe-stopped", f"the probe ended early: {probed.stopped}", "mend that, and run it again")
    removals = [*probed.removals, *(one for one in probed.earlier if one.state != "gone")]
    for one in removals:
        yield from _left(one, url)
    if probed.removals and all(one.state == "gone" for one in probed.removals):
        yield well("canaries-gone", f"DELETE removes: {_kinds(probed.removals)} were made, and all are gone")


def _left(one: Removal, url: str) -> Iterator[Verdict]:
    kind, where = one.type.lower(), f"{url}/{one.type}s/{one.id}" if one.id else f"{url}/{one.type}s"
    answer = _said(one)
    match one.state:
        case "inactive" if 200 <= one.status < 300:
            yield warn("delete-deactivates", f"DELETE of a {kind} only deactivates: {one.name} ({one.id}) stays, inactive",
                       "have the endpoint's administrator remove it; plans leave it alone. Write deprovision: {…: deactivate}, not delete")  # fmt: skip
        case "inactive":
            yield warn("delete-refused", f"DELETE of a {kind} is refused ({answer}): {one.name} ({one.id}) stays, deactivated",
                       f"have the endpoint's administrator remove {where}; plans leave it alone")  # fmt: skip
        case "there" | "unknown":
            state = "is still there" if one.state == "there" else "may be there"
            yield fail("canary-left", f"{kind} {one.name} ({one.id or 'of unknown id'}) {state}: DELETE gave {answer}",
                       f"remove it: DELETE {where}; `reconcile check --write-probe` tries again at its next start", exit_code=5)  # fmt: skip


def _kinds(removals: Sequence[Removal]) -> str:
    counts = [
        counted(n, noun)
        for noun in ("user", "group")
        if (n := sum(one.type.lower() == noun for one in removals))
    ]
    return " and ".join(counts)


def _of(trials: Sequence[Trial], about: About, type_: Type | None = None) -> list[Trial]:
    return [t for t in trials if t.about == about and type_ in (None, t.type)]


def _said(told: Trial | Removal) -> str:
    """What was answered, in a line."""
    words = " ".join(told.text.split())
    words = f"{words[:LONGEST]}…" if len(words) > LONGEST else words
    return (f"status {told.status}" if told.status else "no answer") + (f": {words}" if words else "")


def _creation(trials: Sequence[Trial], type_: Type) -> Iterator[Verdict]:
    made, kind = _of(trials, "create", type_), type_.lower()
    if not made:
        return
    worked = next((t for t in made if t.kept), None)
    if worked is None:
        remedy = "the canary's own values may be what it refuses (its domain is canary.example.com): then only an apply can tell"
        text = f"no {kind} can be created: {_said(made[0])}"
        yield (
            fail("create-refused", text, remedy) if type_ == "User" else warn("create-refused", text, remedy)
        )
    elif worked is not made[0]:
        yield warn("create-trimmed", f"a {kind} with all that is mapped is refused ({_said(made[0])}), and taken {worked.form}: the rest follows by an update",
                   "unmap what is not kept below")  # fmt: skip
    else:
        yield well("created", f"a {kind} is created with all that is mapped ({worked.status})")
    late = {t.path for t in _of(trials, "attribute", type_) if t.form == "create" and not t.kept}
    late &= {t.path for t in _of(trials, "attribute", type_) if t.form != "create" and t.kept}
    if late:
        yield note(
            "set-late",
            f"{named(sorted(late))}: not kept by the creation of a {kind}, and kept by an update: two requests",
        )


def _twins(trials: Sequence[Trial]) -> Iterator[Verdict]:
    for one in _of(trials, "twin", "User"):
        if one.kept:
            yield warn("twins", f"a userName that is taken makes a second account (status {one.status})",
                       "have the endpoint's operator make userName unique (RFC 7643 section 4.1.1)")  # fmt: skip
        elif one.status == 409:
            yield well("twin-refused", "a userName that is taken is refused with 409")
        else:
            yield note("twin-unclear", f"a userName that is taken is refused with {_said(one)}, not with 409")
    for one in _of(trials, "otherCase", "User"):
        if one.kept:
            yield warn("twins-by-case", "the same userName in another case makes a second account",
                       "if both spellings are in use there, write into the profile: caseExact: [userName]")  # fmt: skip
    for one in _of(trials, "twin", "Group"):
        if one.kept:
            yield note(
                "group-twins",
                "a displayName that is taken makes a second group: names of groups are not unique there",
            )
        elif one.status == 409:
            yield well("group-twin-refused", "a displayName that is taken is refused with 409")
        else:
            yield note(
                "group-twin-unclear",
                f"a displayName that is taken is refused with {_said(one)}, not with 409",
            )


def _lifecycle(trials: Sequence[Trial]) -> Iterator[Verdict]:
    off = _of(trials, "deactivate")
    worked = next((t for t in off if t.kept), None)
    if not off:
        return
    if worked is None and off[-1].held:
        yield warn("deactivation-removes", "active: false makes an account vanish: it cannot be looked up any more",
                   "a return is a creation then, without its memberships; write deprovision: {…: delete} if that is what is meant")  # fmt: skip
    elif worked is None:
        yield fail("no-deactivation", f"no form of active: false is kept ({_said(off[0])}): nobody loses access",
                   "write deprovision: {disabled: delete, outOfScope: delete, removed: delete, vanished: delete} if DELETE may be used")  # fmt: skip
    elif worked.form == "text":
        yield fail("active-wants-text", 'active is taken as the text "False" only, and sent as a boolean',
                   "this endpoint cannot be deprovisioned by active yet; write deprovision: {…: delete} if DELETE may be used")  # fmt: skip
    elif worked.form != "path":
        yield note(
            "deactivates",
            f"active: false deactivates by {WORDS[worked.form]}, not by PATCH with a path ({_said(off[0])})",
        )
    else:
        yield well("deactivates", "active: false deactivates by PATCH with a path, as a boolean")
    for one in _of(trials, "reactivate"):
        if not one.kept:
            yield warn("no-reactivation", f"active: true does not give access back ({_said(one)})",
                       "who comes back needs an administrator of the endpoint")  # fmt: skip


def _attributes(trials: Sequence[Trial], type_: Type) -> Iterator[Verdict]:
    every = tried(trials, type_)
    if not every:
        return
    best, kept = best_form(trials, type_), {f: kept_in(trials, type_, f) for f in ("path", "pathless", "put")}
    of_best = kept[best]
    if of_best:
        words = f"updates of a {type_.lower()} are kept by {WORDS[best]}: {named(sorted(of_best))}"
        rest = named(sorted(of_best - kept["path"]))
        lost = (
            f"; by path it does not keep {rest}"
            if kept["path"] & of_best
            else "; nothing of it is kept by path"
        )
        yield well("updates", words) if best == "path" else note("updates", words + lost)
    spelt = {t.path: t.held for t in _of(trials, "attribute", type_) if t.kept and t.held}
    for path, held in sorted(spelt.items()):
        yield note("spelt", f"{path} is kept in another spelling: {held}; compared, they are the same")
    strange = sorted(every - of_best)
    for path in strange:
        yield _unkept(path, [t for t in _of(trials, "attribute", type_) if t.path == path], best)


def _unkept(path: str, told: Sequence[Trial], best: str) -> Verdict:
    elsewhere = max((t for t in told if t.kept), key=lambda t: t.form != "create", default=None)
    if elsewhere is not None:
        form = "a creation only" if elsewhere.form == "create" else WORDS[elsewhere.form]
        return warn("kept-otherwise", f"{path} is kept by {form}, all else by {WORDS[best]}",
                    f"map it as {{source: …, apply: create}}: {path}" if elsewhere.form == "create" else "nothing to write: apply finds its form")  # fmt: skip
    taken = next((t for t in told if t.is_taken), None)
    line = f"unmap it, or write into the target: learnt: {{withhold: [{quoted(path)}]}}"
    if taken is None:
        return warn(
            "attribute-refused",
            f"{path} is refused in every form ({_said(told[0])})",
            f"if that is not the canary's value's fault: {line}",
        )
    held = f", and holds {taken.held}" if taken.held else ""
    return warn("not-kept", f"{path} is taken and not kept, in any form{held}", line)


def _clearing(trials: Sequence[Trial]) -> Iterator[Verdict]:
    told = _of(trials, "clear")
    worked = next((t for t in told if t.kept), None)
    if worked is not None and worked.form == "remove":
        yield well("clears", f"a value is cleared by a removal ({worked.path})")
    elif told:
        words = "null clears it, which is not sent" if worked else "nor by null"
        yield warn("not-cleared", f"a value is not cleared by a removal ({told[0].path}: {_said(told[0])}), {words}",
                   "write no null for it in the YAML: it would be withheld")  # fmt: skip


def _renaming(trials: Sequence[Trial]) -> Iterator[Verdict]:
    for one in _of(trials, "rename"):
        if one.kept:
            yield well("renames", "userName can be changed")
        else:
            yield warn("no-rename", f"userName cannot be changed ({_said(one)}): {one.held} stays",
                       "map it as {source: userPrincipalName, apply: create}")  # fmt: skip


def _reference(trials: Sequence[Trial], target: Target) -> Iterator[Verdict]:
    told = _of(trials, "reference")
    worked = next((t for t in told if t.kept), None)
    if worked is None and told:
        yield _unkept(told[0].path, told, "path")
    elif worked is not None and worked.form != target.profile.manager:
        yield warn("manager-form", f"a manager is kept as {'an object' if worked.form == 'object' else 'a bare id'}, and sent otherwise",
                   f"write into the profile: manager: {worked.form}")  # fmt: skip
    elif worked is not None:
        yield well(
            "manager", f"a manager is kept, as {'an object' if worked.form == 'object' else 'a bare id'}"
        )


def _members(trials: Sequence[Trial], target: Target) -> Iterator[Verdict]:
    for one in _of(trials, "membersOnCreate"):
        if one.kept:
            yield well("members-on-create", "a group is created with its members")
        elif target.profile.members_on_create and any(t.kept for t in _of(trials, "addMembers")):
            yield note("no-members-on-create", "a group is created without the members that its POST names: a PATCH follows",
                       "write into the profile: membersOnCreate: false")  # fmt: skip
    added = _of(trials, "addMembers")
    worked = next((t for t in added if t.kept), None)
    if added and worked is None:
        if any(t.is_taken for t in added):
            yield warn("members-hidden", "members are taken and nobody is shown: nothing of memberships can be proven",
                       "write into the target: learnt: {withhold: [members]}, or unmap members")  # fmt: skip
        else:
            yield warn(
                "members-refused", f"no member can be put into a group ({_said(added[0])})", "unmap members"
            )
    elif worked is not None and worked.held:
        yield note("active-members", "only active users can be members")
    elif worked is not None and worked.form != "path":
        yield note(
            "members-otherwise", f"members are put in by {WORDS[worked.form]} only ({_said(added[0])})"
        )
    yield from _removal(trials)
    for one in _of(trials, "addAgain"):
        if not one.kept:
            yield note(
                "members-doubled", f"who is put in twice is in {one.held}: nobody who is in is put in again"
            )


def _removal(trials: Sequence[Trial]) -> Iterator[Verdict]:
    told = {t.form: t for t in _of(trials, "removeMember")}
    works = [form for form, trial in told.items() if trial.kept]
    for form in works:
        yield well("removal", f"a removal of a member by {REMOVALS[form]} takes out exactly that one")
    for form, trial in told.items():
        if trial.kept:
            continue
        how = "is refused" if not trial.is_taken else f"takes {trial.held} out"
        code = "removal-refused" if not trial.is_taken else f"removal-of-{trial.held.replace(' ', '-')}"
        text = f"a removal of a member by {REMOVALS[form]} {how} ({_said(trial)})"
        yield (
            note(code, text)
            if works
            else warn(code, text, "who leaves a group must be taken out by hand there")
        )


def _versions(trials: Sequence[Trial], *, is_promised: bool) -> Iterator[Verdict]:
    for one in _of(trials, "stale"):
        if one.kept:
            yield well("versions", "If-Match is honoured: a stale version is refused with 412")
        elif is_promised and one.is_taken:
            yield warn("versions-ignored", f"it promises ETags, and takes a change on condition of a version that never was ({_said(one)})",
                       "nothing to write: changes are compared with what is read back")  # fmt: skip
