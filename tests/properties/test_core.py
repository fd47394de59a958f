"""What the core must do for every desired and every live state, by thousands; a perfect endpoint carries it out."""

from __future__ import annotations

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from reconciler.model.plan import TargetPlan
from tests.properties.core import Core, build_core, build_live, carry_out
from tests.properties.states import State, states
from tests.properties.volume import IS_FULL, tries

many = tries(100, 3000)
pytestmark = pytest.mark.timeout(1800 if IS_FULL else 300)  # shrinking what failed takes its time


def told(plan: TargetPlan) -> object:
    """A plan without the places in the YAML and the order of a mapping's attributes, which may follow the YAML."""

    def without_sources(value: object) -> object:
        if isinstance(value, dict):
            found = {key: without_sources(part) for key, part in value.items() if key != "source"}
            attributes = found.get("attributes")
            if isinstance(attributes, list):
                found["attributes"] = sorted(attributes, key=str)
            return found
        return [without_sources(part) for part in value] if isinstance(value, list) else value

    return without_sources(plan.to_json())


def shown(state: State, plan: TargetPlan) -> None:
    """Notes what a failing example is about."""
    for name, text in state.files().items():
        note(f"--- {name}\n{text}")
    note("\n".join(map(str, state.live)))
    for change in plan.changes:
        note(f"{change.action} {change.type} {change.key} {change.id}: {dict(change.atoms())}")
    for finding in plan.findings:
        note(f"{finding.code}: {finding.text}")


@given(states())
@many
def test_after_a_plan_is_carried_out_the_next_one_holds_no_change(state: State) -> None:
    core = build_core(state.files())
    live = build_live(state, core)
    plan = core.plan(live)
    shown(state, plan)

    after = carry_out(plan, live, core)
    second = core.plan(after)
    note(f"second: {[(c.action, c.type, c.key, dict(c.atoms())) for c in second.changes]}")
    twofold = {
        key for key in state.users if len(state.holders(key)) > 1
    }  # the one that is left is matched next
    told = " ".join(
        f.text for f in plan.findings if f.code == "name-taken"
    ).split()  # until a deletion frees the name
    excused = twofold | set(told)
    assert {change.key for change in second.changes if change.type == "User"} <= excused
    assert excused or not second.changes


@given(states(), st.integers(0, 2**32), st.data())
@many
def test_the_order_of_files_keys_and_lists_means_nothing(
    state: State, seed: int, data: st.DataObject
) -> None:
    core, other = build_core(state.files()), build_core(state.files(seed))
    order = data.draw(st.permutations(range(len(state.live))))
    plan = core.plan(build_live(state, core))
    shown(state, plan)

    again = other.plan(build_live(state, other, order))
    assert told(again) == told(plan)
    assert again.digest == plan.digest


@given(states())
@many
def test_what_is_unmanaged_protected_or_ambiguous_is_in_no_change(state: State) -> None:
    core = build_core(state.files())
    plan = core.plan(build_live(state, core))
    shown(state, plan)

    assert {change.id for change in plan.changes if change.type == "User"} & state.untouchable() == set()


@given(states())
@many
def test_who_is_entitled_is_never_deactivated_nor_deleted(state: State) -> None:
    core = build_core(state.files())
    plan = core.plan(build_live(state, core))
    shown(state, plan)

    losing = {change.key for change in plan.changes if change.type == "User" and loses(plan, change.key)}
    assert losing & state.entitled() == set()


def loses(plan: TargetPlan, key: str) -> bool:
    return any(
        change.action in ("deactivate", "delete") or any(a.path == "active" and a.after is not True for a in change.attributes)
        for change in plan.changes if (change.type, change.key) == ("User", key)
    )  # fmt: skip


@given(states())
@many
def test_exactly_the_entitled_are_created_who_are_not_there(state: State) -> None:
    core = build_core(state.files())
    plan = core.plan(build_live(state, core))
    shown(state, plan)

    created = {change.key for change in plan.changes if (change.type, change.action) == ("User", "create")}
    assert created <= state.entitled()
    assert not any(state.holders(key) for key in created)
    names = {user["userName"] for user in state.people()}
    has_account = {
        key for key in state.users if state.holders(key) or state.users[key]["userPrincipalName"] in names
    }
    assert state.entitled() - has_account <= created

    # Nobody is created under a name that is taken and stays so: at an endpoint that allows it there would be two.
    if not any(finding.code == "rename-cycle" for finding in plan.findings):
        renamed = {
            c.id for c in plan.changes if c.type == "User" and any(a.path == "userName" for a in c.attributes)
        }
        taken = {user["userName"] for user in state.people() if user["id"] not in renamed}
        assert {state.users[key]["userPrincipalName"] for key in created} & taken == set()


@given(states())
@many
def test_a_member_who_is_entitled_and_listed_is_never_removed(state: State) -> None:
    core = build_core(state.files())
    plan = core.plan(build_live(state, core))
    shown(state, plan)

    for change in plan.changes:
        if change.type == "Group" and change.key in state.groups:
            listed = state.members(change.key) & state.entitled()
            assert {member.key for member in change.remove} & listed == set()
            assert {member.key for member in change.add} <= listed


@given(states())
@many
def test_a_part_done_by_hand_leaves_the_rest_of_the_same_plan(state: State) -> None:
    """Half of the changes are carried out; the next plan asks for atoms that the first one held, and no others."""
    core: Core = build_core(state.files())
    live = build_live(state, core)
    plan = core.plan(live)
    shown(state, plan)
    first = [
        c for at, c in enumerate(plan.changes) if at % 2 == 0 or (c.type, c.action) == ("User", "create")
    ]
    half = TargetPlan(name=plan.name, url="", changes=tuple(first))

    rest = core.plan(carry_out(half, live, core))
    planned = {place: after for change in plan.changes for place, (_, after) in change.atoms().items()}
    note(f"rest: {[(c.action, c.type, c.key, dict(c.atoms())) for c in rest.changes]}")
    if not any(
        finding.code in ("rename-cycle", "identity-conflict", "ambiguous-match") for finding in rest.findings
    ):
        for change in rest.changes:
            for place, (_, after) in change.atoms().items():
                if place.what != "lifecycle":
                    assert planned.get(place, ...) == after, place
