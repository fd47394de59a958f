"""Narrow: a plan cut down to the atoms that may be applied: asked for, due, or still granted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from reconciler.model.change import Change, Place
from reconciler.model.desired import DesiredState
from reconciler.model.errors import UsageError
from reconciler.model.place import Document
from reconciler.model.plan import Bases, TargetPlan
from reconciler.policies import Agreed
from reconciler.stages.narrow import about, caused_by_time, chosen, narrow, still_granted
from reconciler.stages.parse import parse
from tests.properties.core import profiles, shapes
from tests.unit.stages.words import change, deactivate, group, plan

FILES = {
    "users.yaml": "users: {ada: {userPrincipalName: ada@example.com}, red: {userPrincipalName: red@example.com}}\nremoved: [bob]",
    "groups.yaml": "groups: {red: {displayName: Red, members: []}}",
    "mappings.yaml": "mappings: {plain: {users: {match: [userName], attributes: {userName: userPrincipalName}}}}",
    "targets.yaml": "targets: {acme: {url: 'https://acme.example', auth: {bearer: {env: X}}, mapping: plain, scope: {users: all}, ownership: all}}",
}  # fmt: skip


@cache
def state() -> DesiredState:
    return parse(
        [Document(path=f"desired_state/{name}", text=text) for name, text in FILES.items()],
        profiles(),
        shapes=shapes(),
    )


def kept(whole: TargetPlan, may: Callable[[Place], bool]) -> dict[str, list[str]]:
    narrowed = narrow(whole, may, state().targets["acme"], Agreed())
    return {each.key: sorted(place.name for place in each.atoms()) for each in narrowed.changes}


WHOLE = plan(deactivate("bob"), change("update", "ada", title=("a", "b")), group("update", "red", add="ada"))


@pytest.mark.parametrize(
    ("only", "keys"),
    [
        (("user:ada",), ["ada", "red"]), (("user:bob",), ["bob"]), (("group:red",), ["red"]), (("user:red",), []),
        (("user:ada", "group:red"), ["ada", "red"]),
    ],
)  # fmt: skip
def test_only_the_named_objects_and_their_memberships_are_left(
    only: tuple[str, ...], keys: list[str]
) -> None:
    assert list(kept(WHOLE, about(chosen(only, state())))) == keys


def test_of_a_group_only_the_named_users_come_and_go() -> None:
    whole = plan(
        group("update", "red", add="ada bob", remove="eve", displayName=("a", "b")),
        group("create", "blue", add="ada"),
    )

    assert kept(whole, about({("User", "ada"), ("User", "eve")})) == {"red": ["ada", "eve"]}


@pytest.mark.parametrize("name", ["ada", "user:zoe", "group:ada", "users:ada", "user:", ""])
def test_an_object_that_nobody_declares_is_wrong_usage(name: str) -> None:
    with pytest.raises(UsageError):
        chosen((name,), state())


def test_cost_and_budgets_follow_what_is_left() -> None:
    bases = Bases(active_owned=1, desired_users=1, owned_anything=True)
    narrowed = narrow(
        replace(WHOLE, bases=bases), about({("User", "ada")}), state().targets["acme"], Agreed()
    )

    assert (narrowed.requests, [row.rule for row in narrowed.budgets]) == (2, ["sameAttribute"])


@pytest.mark.parametrize(
    ("now", "before", "due"),
    [
        (deactivate("bob"), None, {"bob": ["active", "deactivate"]}),  # left in the meantime
        (deactivate("bob"), deactivate("bob"), {}),  # disabled by an edit: nothing to do with time
        (change("create", "ada", userName=(None, "ada")), None, {"ada": ["create", "userName"]}),  # hired
        (group("update", "red", remove="bob"), None, {"red": ["bob"]}),  # until has passed
        (group("update", "red", remove="bob", add="ada"), group("update", "red", add="ada"), {"red": ["bob"]}),
        (change("update", "ada", title=("a", "b")), change("update", "ada", title=("a", "b")), {}),
        (change("reactivate", "ada", active=(False, True), title=("a", "b")), change("update", "ada", title=("a", "b")), {"ada": ["active", "reactivate"]}),
    ],
)  # fmt: skip
def test_due_is_what_time_alone_brought(
    now: Change, before: Change | None, due: dict[str, list[str]]
) -> None:
    assert kept(plan(now), caused_by_time(plan(now), plan(*filter(None, [before])))) == due


@pytest.mark.parametrize(
    ("reviewed", "now", "left"),
    [
        (change("create", "ada", userName=(None, "ada")), None, []),  # left since the review: not created any more
        (change("reactivate", "ada", active=(False, True)), None, []),
        (change("adopt", "ada", externalId=(None, "ada")), None, []),
        (group("update", "red", add="ada"), None, []),  # its until has passed
        (group("update", "red", add="ada"), group("update", "red", add="ada"), ["red"]),
        (group("update", "red", remove="ada"), group("update", "red", remove="ada"), ["red"]),
        (group("update", "red", remove="ada"), None, []),  # by now she is in it again: nobody loses what is theirs
        (deactivate("bob"), None, ["bob"]),
        (change("update", "ada", title=("a", "b")), None, ["ada"]),
    ],
)  # fmt: skip
def test_what_has_expired_since_the_review_is_not_granted(
    reviewed: Change, now: Change | None, left: list[str]
) -> None:
    assert list(kept(plan(reviewed), still_granted(plan(*filter(None, [now]))))) == left


def test_a_reactivation_that_expired_still_brings_the_other_attributes() -> None:
    both = change("reactivate", "ada", active=(False, True), title=("a", "b"))

    assert kept(plan(both), still_granted(plan())) == {"ada": ["title"]}


def test_an_adoption_that_reactivates_and_expired_gives_nothing() -> None:
    both = change("adopt", "ada", externalId=(None, "ada"), active=(False, True))

    assert kept(plan(both), still_granted(plan(change("reactivate", "bob", active=(False, True))))) == {}
