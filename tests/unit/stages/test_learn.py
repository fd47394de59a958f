"""Learn: what apply found out is remembered, and its line in the target says the same to a fresh checkout."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
import yaml

from reconciler.model.change import Place
from reconciler.model.dialect import Dialect
from reconciler.model.discovery import Discovery
from reconciler.model.resource import Type
from reconciler.stages.learn import dialect_of, facts_of, learnt_line, remember
from tests.properties.core import Core, build_core

TITLE = Place("acme", "User", "ada", "path", "title")
EMAIL = Place("acme", "User", "ada", "path", 'emails[type eq "work"].value')
MEMBER = Place("acme", "Group", "red", "member", "bob")
NOTHING: dict[str, Any] = {}


def core(line: str = "") -> Core:
    target = yaml.safe_load(
        "{url: 'https://acme.example/scim', auth: {bearer: {env: X}}, scope: {users: all, groups: all}, ownership: all, mapping: plain}"
    )
    if line:
        target |= yaml.safe_load(line)
    attributes = {
        "userName": "userPrincipalName",
        "title": "jobTitle",
        'emails[type eq "work"].value': "mail",
    }
    mapping = {
        "users": {"match": ["userName"], "attributes": attributes},
        "groups": {
            "match": ["displayName"],
            "attributes": {"displayName": "displayName", "members": "members"},
        },
    }
    return build_core({
        "users.yaml": "users: {ada: {userPrincipalName: ada@example.com}, bob: {userPrincipalName: bob@example.com}}",
        "groups.yaml": "groups: {red: {displayName: Red, members: []}}",
        "mappings.yaml": yaml.safe_dump({"mappings": {"plain": mapping}}), "targets.yaml": yaml.safe_dump({"targets": {"acme": target}}),
    })  # fmt: skip


def found(
    places: Iterable[tuple[Place, object]] = (), generally: Iterable[tuple[Type, str]] = (), dialect: Dialect | None = None
) -> dict[str, Any]:  # fmt: skip
    return remember(NOTHING, dialect or Dialect(), places, generally)


def test_nothing_learnt_is_no_line() -> None:
    assert learnt_line(core().target, found()) == ""


def test_a_path_that_is_kept_of_nobody_is_withheld_of_everybody() -> None:
    remembered = found([(TITLE, "Director")], [("User", "title")])

    assert learnt_line(core().target, remembered) == "learnt: {withhold: [title]}"
    assert facts_of(core().target, Discovery(), remembered).withholds("User", "title", "somebody", "anything")


def test_a_value_that_is_not_kept_of_one_is_withheld_of_that_one_alone_and_as_that_value() -> None:
    facts = facts_of(core().target, Discovery(), found([(TITLE, "Director")]))

    assert facts.withholds("User", "title", "ada", "Director")
    assert not facts.withholds("User", "title", "ada", "Clerk")
    assert not facts.withholds("User", "title", "bob", "Director")


def test_what_is_remembered_adds_to_what_was() -> None:
    both = remember(found([(TITLE, "Director")]), Dialect(), [(EMAIL, "a@example.com")], ())

    assert {entry["path"] for entry in both["withhold"]} == {"title", 'emails[type eq "work"].value'}


@pytest.mark.parametrize(
    "remembered",
    [
        found([], [("User", "title")]),
        found([], [("User", 'emails[type eq "work"].value')]),
        found([(TITLE, "Director")]),
        found([(EMAIL, "a@example.com")]),
        found([(MEMBER, True)]),
        found(dialect=Dialect(member_removal="valueArray")),
        found(dialect=Dialect(form={"User": "put", "Group": "path"})),
        found(dialect=Dialect(form={"User": "pathless", "Group": "put"}, member_removal="valueArray")),
    ],
    ids=[
        "a path",
        "a path with a filter",
        "one user",
        "one user's email",
        "one member",
        "member removal",
        "put",
        "all forms",
    ],
)
def test_the_printed_line_can_be_written_into_the_target_and_then_says_the_same(
    remembered: dict[str, Any],
) -> None:
    line = learnt_line(core().target, remembered)
    told = core(line)

    dialect = dialect_of(told.target, Discovery(), NOTHING)
    known = dialect_of(core().target, Discovery(), remembered)
    # What the target says is settled; what was only remembered may still turn out otherwise.
    assert replace(dialect, is_removal_settled=False) == replace(known, is_removal_settled=False)
    facts = facts_of(told.target, Discovery(), NOTHING)
    for entry in remembered["withhold"]:
        assert entry["path"] in {path for _, path, _ in facts.withhold}
        assert facts.withholds(entry["type"], entry["path"], entry["key"] or "ada", "whatever")
        assert entry["key"] is None or not facts.withholds(
            entry["type"], entry["path"], "somebody else", "whatever"
        )


@pytest.mark.parametrize(
    "broken", [{"withhold": "x"}, {"withhold": [1]}, {"updates": 5}, {"memberRemoval": "guess"}]
)
def test_remembered_facts_that_cannot_be_read_are_passed_over(broken: dict[str, Any]) -> None:
    assert dialect_of(core().target, Discovery(), broken) == Dialect()
    assert facts_of(core().target, Discovery(), broken).withhold == {}
