"""Blame: where the cause of a change stands: what of an edit, put back, would undo it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from reconciler.model.change import Change
from reconciler.model.discovery import Discovery
from reconciler.model.place import Document
from reconciler.model.plan import TargetPlan
from reconciler.model.resource import LiveState
from reconciler.pipeline.world import placer
from reconciler.policies import Agreed
from reconciler.stages.blame import Side, blame
from reconciler.stages.compile import compile_target, target_columns
from reconciler.stages.decide import decide
from reconciler.stages.learn import facts_of
from reconciler.stages.normalize import build_normalizer
from reconciler.stages.parse import parse
from reconciler.stages.split import split
from tests.properties.core import NOW, profiles, shapes

FILES = {
    "users.yaml": """\
defaults: {location: london, employeeType: Staff}
users:
  ada: {userPrincipalName: ada@x, department: Research}
  bob: {userPrincipalName: bob@x, department: Sales}
  cyd:
    userPrincipalName: cyd@x
    department: Sales
    city: Paris
""",
    "locations.yaml": "locations:\n  london: {city: London}\n",
    "groups.yaml": """\
groups:
  staff:
    members: [ada, bob, {group: guests}]
  guests:
    members:
      - cyd
      - {user: bob, until: 2020-01-01}
""",
    "scopes.yaml": """\
scopes:
  office:
    all:
      - {department: [Research, Sales]}
      - not: {employeeType: Robot}
""",
    "mappings.yaml": """\
mappings:
  plain:
    users:
      match: [externalId]
      attributes:
        externalId: objectId
        userName: userPrincipalName
        active: {expression: 'Not([IsSoftDeleted])'}
        title: {template: 'of {{ department }}'}
        locale: city
        userType: employeeType
""",
    "targets.yaml": """\
targets:
  acme:
    url: https://acme.example
    auth: {bearer: {env: T}}
    mapping: plain
    scope:
      users: assigned
      assigned: {groups: [staff]}
      filter: office
    ownership: externalId
    adopt: never
""",
}


@dataclass(frozen=True, kw_only=True)
class Half:
    side: Side
    place: Any

    def plan(self, live: list[dict[str, Any]]) -> TargetPlan:
        columns, _ = target_columns(self.side.target, {})
        users = tuple(map(build_normalizer(columns), live))
        facts = facts_of(self.side.target, Discovery(), {})
        return decide(
            self.side.desired,
            LiveState(users=users, groups=()),
            self.side.target,
            facts,
            Agreed(),
            self.place,
        )


def half(files: dict[str, str]) -> Half:
    documents = [Document(path=name, text=text) for name, text in files.items() if text]
    state = parse(documents, profiles(), shapes=shapes(), root=".")
    target = state.targets["acme"]
    side = Side(state=state, target=target, desired=compile_target(state, target, NOW), now=NOW)
    return Half(side=side, place=placer(state))


def at_rest(files: dict[str, str], **values: str) -> list[dict[str, Any]]:
    """What is live after an apply of these files."""
    return [
        {
            "id": f"id-{c.key}",
            "active": True,
            **{a.path: a.after for a in c.attributes if ":" not in a.path},
            **values,
        }
        for c in half(files).plan([]).changes
        if c.type == "User"
    ]


def edited(*edits: tuple[str, str, str]) -> dict[str, str]:
    files = dict(FILES)
    for name, old, new in edits:
        assert old in files[name]
        files[name] = files[name].replace(old, new)
    return files


def changes(now: dict[str, str], before: dict[str, str], live: list[dict[str, Any]]) -> dict[str, Change]:
    side, base = half(now), half(before)
    plan = blame(split(side.plan(live), base.plan(live)), side.side, base.side, side.place)
    return {change.key: change for change in plan.changes if change.origin == "edit"}


LEAVE: dict[str, tuple[tuple[str, str, str], str, str, str]] = {
    "clause": (("scopes.yaml", "[Research, Sales]", "[Research]"), "bob", "scopes.yaml:4",
               "loses access: does not pass the filter department EQUALS Research"),
    "negated clause": (("scopes.yaml", "employeeType: Robot", "employeeType: [Robot, Staff]"), "ada", "scopes.yaml:5",
                       "loses access: does not pass the filter not employeeType EQUALS Robot, Staff"),
    "own value": (("users.yaml", "bob@x, department: Sales", "bob@x, department: Legal"), "bob", "users.yaml:4",
                  "loses access: does not pass the filter department EQUALS Research, Sales"),
    "default": (("users.yaml", "employeeType: Staff", "employeeType: Robot"), "ada", "users.yaml:1",
                "loses access: does not pass the filter not employeeType EQUALS Robot"),
    "group": (("groups.yaml", "[ada, bob, ", "[ada, "), "bob", "groups.yaml:2", "loses access: is in no assigned group (staff)"),
    "nested group": (("groups.yaml", "- cyd\n", "- ada\n"), "cyd", "groups.yaml:4",
                     "loses access: is in no assigned group (staff)"),
    "assigned": (("targets.yaml", "{groups: [staff]}", "{groups: [guests]}"), "ada", "groups.yaml:4",
                 "loses access: is in no assigned group (guests)"),
    "several groups": (("targets.yaml", "{groups: [staff]}", "{users: [bob, cyd]}"), "ada", "targets.yaml:6",
                       "loses access: is not assigned"),
    "disabled": (("users.yaml", "bob@x, ", "bob@x, accountEnabled: false, "), "bob", "users.yaml:4",
                 "loses access: accountEnabled is false"),
    "disabled by default": (("users.yaml", "employeeType: Staff", "employeeType: Staff, accountEnabled: false"), "bob",
                            "users.yaml:1", "loses access: accountEnabled is false"),
    "left": (("users.yaml", "bob@x, ", "bob@x, employeeLeaveDateTime: 2020-01-01, "), "bob", "users.yaml:4",
             "loses access: left on 2020-01-01"),
}  # fmt: skip


@pytest.mark.parametrize("name", LEAVE)
def test_who_leaves_is_told_by_what_was_edited(name: str) -> None:
    edit, key, source, text = LEAVE[name]
    found = changes(edited(edit), FILES, at_rest(FILES))[key]

    assert (found.action, found.reason.source, found.reason.text) == ("deactivate", source, text)


ENTER: dict[str, tuple[tuple[str, str, str], str, str]] = {
    "clause": (("scopes.yaml", "[Research, Sales]", "[Research]"), "bob", "scopes.yaml:4"),
    "own value": (
        ("users.yaml", "bob@x, department: Sales", "bob@x, department: Legal"),
        "bob",
        "users.yaml:4",
    ),
    "group": (("groups.yaml", "[ada, bob, ", "[ada, "), "bob", "groups.yaml:2"),
    "assigned": (("targets.yaml", "{groups: [staff]}", "{groups: [guests]}"), "ada", "targets.yaml:6"),
    "filter": (("scopes.yaml", "employeeType: Robot", "employeeType: Staff"), "ada", "scopes.yaml:5"),
}


@pytest.mark.parametrize("name", ENTER)
def test_who_enters_is_told_by_what_was_edited(name: str) -> None:
    edit, key, source = ENTER[name]
    found = changes(FILES, edited(edit), [])[key]

    assert (found.action, found.reason.source, found.reason.text) == ("create", source, "new: enters scope")


VALUES: dict[str, tuple[list[tuple[str, str, str]], str, str]] = {
    "mapping": ([("mappings.yaml", "'of {{", "'for {{")], "bob", "mappings.yaml:9"),
    "location": ([("locations.yaml", "London", "Londinium")], "ada", "locations.yaml:2"),
    "default": ([("users.yaml", "employeeType: Staff", "employeeType: Employee")], "bob", "users.yaml:1"),
    "own value": ([("users.yaml", "Paris", "Lutetia")], "cyd", "users.yaml:5"),
    "own value in a template": ([("users.yaml", "cyd@x\n    department: Sales", "cyd@x\n    department: Research")], "cyd", "users.yaml:5"),
    "two causes": ([("mappings.yaml", "'of {{", "'for {{"), ("locations.yaml", "London", "Londinium")], "ada", "users.yaml:3"),
}  # fmt: skip


@pytest.mark.parametrize("name", VALUES)
def test_values_are_told_by_what_was_edited(name: str) -> None:
    edits, key, source = VALUES[name]
    found = changes(edited(*edits), FILES, at_rest(FILES))[key]

    assert (found.action, found.reason.source) == ("update", source)


def test_a_rule_of_the_target_is_a_cause() -> None:
    ignoring = edited(
        ("targets.yaml", "adopt: never", "adopt: never\n    deprovision:\n      disabled: ignore"),
        ("users.yaml", "bob@x, ", "bob@x, accountEnabled: false, "),
    )
    now = edited(
        ("targets.yaml", "adopt: never", "adopt: never\n    deprovision:\n      disabled: deactivate"),
        ("users.yaml", "bob@x, ", "bob@x, accountEnabled: false, "),
    )
    assert changes(now, ignoring, at_rest(FILES))["bob"].reason.source == "targets.yaml:12"


def test_an_adoption_is_caused_by_the_rule_that_allows_it() -> None:
    live = [{**each, "externalId": None} for each in at_rest(FILES)]
    by_name = ("mappings.yaml", "match: [externalId]", "match: [externalId, userName]")
    now = edited(by_name, ("targets.yaml", "adopt: never", "adopt: empty"))
    found = changes(now, edited(by_name), live)["ada"]

    assert (found.action, found.reason.source) == ("adopt", "targets.yaml:11")


def test_who_is_not_declared_any_more_was_declared_by_the_base() -> None:
    now = edited(("users.yaml", "  bob: {userPrincipalName: bob@x, department: Sales}\n", ""), ("groups.yaml", "bob, {", "{"),
                 ("groups.yaml", "      - {user: bob, until: 2020-01-01}\n", ""))  # fmt: skip
    found = changes(now, FILES, at_rest(FILES))["bob"]

    assert found.reason.text == "loses access: nothing declares this account any more (users.yaml did)"


def test_who_is_claimed_by_another_rule_is_told_by_that_rule() -> None:
    stranger = {"id": "9", "externalId": "zoe", "userName": "zoe@x", "active": True}
    declared = edited(("targets.yaml", "ownership: externalId", "ownership: declared"))
    found = changes(FILES, declared, [*at_rest(FILES), stranger])["zoe"]

    assert (found.action, found.reason.source) == ("deactivate", "targets.yaml:10")


def test_without_a_base_the_clause_that_decides_is_told() -> None:
    now = half(edited(("scopes.yaml", "[Research, Sales]", "[Research]")))
    plan = blame(now.plan(at_rest(FILES)), now.side, None, now.place)

    assert {change.key: change.reason.source for change in plan.changes} == {
        "bob": "scopes.yaml:4",
        "cyd": "scopes.yaml:4",
    }


def test_an_ended_membership_is_told_by_its_own_line() -> None:
    files = edited(
        ("groups.yaml", "[ada, bob, {group: guests}]", "[ada]"),
        ("targets.yaml", "[staff]", "[staff, guests]"),
    )
    now = half(files)
    plan = blame(now.plan(at_rest(FILES)), now.side, None, now.place)
    [bob] = [change for change in plan.changes if change.key == "bob"]

    assert (bob.reason.text, bob.reason.source) == (
        "loses access: membership of guests has ended",
        "groups.yaml:7",
    )


def test_a_cause_moves_no_digest() -> None:
    side, base = half(edited(("scopes.yaml", "[Research, Sales]", "[Research]"))), half(FILES)
    plan = split(side.plan(at_rest(FILES)), base.plan(at_rest(FILES)))
    told = blame(plan, side.side, base.side, side.place)

    assert told.digest == plan.digest
    assert [replace(c, reason=o.reason) for c, o in zip(told.changes, plan.changes, strict=True)] == list(
        plan.changes
    )
