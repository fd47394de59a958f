"""Who is who: a match that is not certain freezes everybody concerned (DESIGN 3, Match)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.lies.server import Document, Lie
from tests.lies.world import World, live_user, user

MakeWorld = Callable[[Lie], World]
DIRECTOR = {"jobTitle": "Director"}


@pytest.fixture
def world(make_world: MakeWorld) -> World:
    """An honest server, where ada is certain."""
    world = make_world(Lie())
    world.server.hold("/Users", **live_user("ada"))
    return world


def codes(target: Document, severity: str = "error") -> list[str]:
    return [finding["code"] for finding in target["findings"] if finding["severity"] == severity]


def assert_frozen(world: World, code: str, *words: str) -> None:
    """An error finding of that code, and neither plan nor apply has anything for anybody."""
    before = world.server.rows("/Users"), world.server.rows("/Groups")
    exit_code, target = world.plan()
    result = world.apply()

    assert exit_code == 0
    assert code in codes(target), target["findings"]
    text = " ".join(finding["text"] for finding in target["findings"] if finding["code"] == code)
    assert all(word in text for word in words), text
    assert target["changes"] == []
    assert result.code == 0, f"findings set no exit code\n{result}"
    assert world.server.writes == []
    assert (world.server.rows("/Users"), world.server.rows("/Groups")) == before


def test_two_live_users_with_our_external_id_are_ambiguous_and_frozen(world: World) -> None:
    first = world.server.hold("/Users", **live_user("bob"))
    second = world.server.hold("/Users", **live_user("bob", userName="robert@example.com"))
    world.declare({"ada": user("ada"), "bob": user("bob", **DIRECTOR)})

    assert_frozen(world, "ambiguous-match", "bob", first, second)


def test_two_live_users_with_our_name_in_other_case_are_ambiguous_and_frozen(world: World) -> None:
    first = world.server.hold("/Users", userName="bob@example.com", active=True)
    second = world.server.hold("/Users", userName="BOB@example.com", active=True)
    world.declare({"ada": user("ada"), "bob": user("bob", **DIRECTOR)})

    assert_frozen(world, "ambiguous-match", "bob", first, second)


def test_two_live_users_with_our_name_are_not_removed_although_they_carry_other_external_ids(
    world: World,
) -> None:
    world.server.hold("/Users", **live_user("bob", externalId="old1"))
    world.server.hold("/Users", **live_user("bob", externalId="old2", userName="Bob@example.com"))
    world.declare({"ada": user("ada"), "bob": user("bob")})

    assert_frozen(world, "ambiguous-match", "bob")


def test_a_leaver_who_is_ambiguous_is_frozen_too(world: World) -> None:
    world.server.hold("/Users", **live_user("bob"))
    world.server.hold("/Users", **live_user("bob", userName="robert@example.com"))
    world.declare({"ada": user("ada"), "bob": user("bob", accountEnabled=False)})

    assert_frozen(world, "ambiguous-match", "bob")


@pytest.mark.parametrize("adopt", ["empty", "never"])
def test_our_name_at_an_account_of_somebody_else_is_a_conflict_and_frozen(world: World, adopt: str) -> None:
    other = world.server.hold("/Users", **live_user("bob", externalId="somebody"))
    world.declare({"ada": user("ada"), "bob": user("bob", **DIRECTOR)}, adopt=adopt)

    assert_frozen(world, "identity-conflict", "bob", "somebody", other)


def test_a_conflicting_account_that_ownership_claims_is_not_removed(world: World) -> None:
    world.server.hold("/Users", **live_user("bob", externalId="acme:9"))
    world.declare({"ada": user("ada"), "bob": user("bob")}, ownership="all")

    assert_frozen(world, "identity-conflict", "bob")


def test_a_previous_id_says_that_it_is_the_same_one(world: World) -> None:
    id_ = world.server.hold("/Users", **live_user("bob", externalId="b.li"))
    world.declare({"ada": user("ada"), "bob": user("bob", previousIds=["b.li"])})
    _, target = world.plan()
    result = world.apply()

    assert codes(target) == []
    assert [(change["action"], change["key"], change["id"]) for change in target["changes"]] == [
        ("update", "bob", id_)
    ]
    assert result.code == 0, str(result)
    assert world.server.rows("/Users")[id_]["externalId"] == "bob"
    assert len(world.server.rows("/Users")) == 2
    assert world.plan()[1]["changes"] == []


def test_two_accounts_of_which_previous_ids_name_both_are_ambiguous_and_frozen(world: World) -> None:
    world.server.hold("/Users", **live_user("bob", externalId="b.li"))
    world.server.hold("/Users", **live_user("bob", externalId="bob.li", userName="robert@example.com"))
    world.declare({"ada": user("ada"), "bob": user("bob", previousIds=["b.li", "bob.li"])})

    assert_frozen(world, "ambiguous-match", "bob")


def test_adopt_any_takes_over_an_account_of_somebody_else(world: World) -> None:
    id_ = world.server.hold("/Users", **live_user("bob", externalId="somebody"))
    world.declare({"ada": user("ada"), "bob": user("bob")}, adopt="any")
    _, target = world.plan()
    result = world.apply()

    assert [(change["action"], change["key"]) for change in target["changes"]] == [("adopt", "bob")]
    assert result.code == 0, str(result)
    assert world.server.rows("/Users")[id_]["externalId"] == "bob"
    assert world.plan()[1]["changes"] == []


def test_adopt_any_takes_nobody_when_two_have_the_name(world: World) -> None:
    world.server.hold("/Users", userName="bob@example.com", active=True)
    world.server.hold("/Users", userName="Bob@example.com", active=True)
    world.declare({"ada": user("ada"), "bob": user("bob")}, adopt="any")

    assert_frozen(world, "ambiguous-match", "bob")


def test_adopt_never_neither_writes_nor_doubles(world: World) -> None:
    world.server.hold("/Users", userName="bob@example.com", active=True)
    world.declare({"ada": user("ada"), "bob": user("bob", **DIRECTOR)}, adopt="never")
    _, target = world.plan()
    result = world.apply()

    assert "not-adopted" in codes(target, "warning") + codes(target, "error"), target["findings"]
    assert target["changes"] == []
    assert result.code == 0, str(result)
    assert world.server.writes == []


def test_a_name_that_a_declared_user_still_holds_is_a_conflict_for_the_newcomer(world: World) -> None:
    held = world.server.hold("/Users", **live_user("bob"))
    # The account is bob's by externalId; bob's own name is withheld from the change by being the same.
    world.declare({
        "ada": user("ada"), "bob": user("bob"), "rob": user("rob", userPrincipalName="BOB@example.com"),
    })  # fmt: skip
    result = world.run("plan", "--format", "json")

    assert result.code in (0, 1), str(result)  # refused as invalid, or frozen
    assert "rob" in result.out + result.err
    applied = world.apply()
    assert applied.code in (0, 1), str(applied)
    assert world.server.writes == []
    assert world.server.rows("/Users")[held]["externalId"] == "bob"


def test_a_name_freed_by_a_rename_goes_to_the_newcomer(world: World) -> None:
    held = world.server.hold("/Users", **live_user("bob"))
    world.declare({
        "ada": user("ada"), "bob": user("bob", userPrincipalName="bob.li@example.com"),
        "rob": user("rob", userPrincipalName="bob@example.com"),
    })  # fmt: skip
    result = world.apply()
    rows = world.server.rows("/Users")

    assert result.code == 0, str(result)
    assert rows[held]["userName"] == "bob.li@example.com"
    assert sorted(row["externalId"] for row in rows.values()) == ["ada", "bob", "rob"]
    assert world.plan()[1]["changes"] == []


def test_the_first_attribute_with_a_hit_decides_and_the_other_account_is_left_alone(world: World) -> None:
    ours = world.server.hold("/Users", **live_user("bob", userName="robert@example.com"))
    other = world.server.hold("/Users", userName="bob@example.com", active=True, title="Guest")
    before = world.server.rows("/Users")[other]
    world.declare({"ada": user("ada"), "bob": user("bob")})
    _, target = world.plan()
    result = world.apply()

    assert {change["id"] for change in target["changes"]} <= {ours}
    assert result.code in (0, 1, 5), str(
        result
    )  # the name is taken: told beforehand, or refused by the server
    assert {write.path for write in world.server.writes} <= {f"/Users/{ours}"}
    assert world.server.rows("/Users")[other] == before


def test_two_live_groups_of_one_name_are_ambiguous_and_frozen(world: World) -> None:
    first = world.server.hold("/Groups", displayName="Team")
    second = world.server.hold("/Groups", displayName="Team")
    world.declare({"ada": user("ada")}, {"team": {"displayName": "Team", "members": ["ada"]}})

    assert_frozen(world, "ambiguous-match", "team", first, second)


def test_two_live_groups_with_our_external_id_are_ambiguous_and_not_deleted(world: World) -> None:
    world.server.hold("/Groups", displayName="Team", externalId="team")
    world.server.hold("/Groups", displayName="Team too", externalId="team")
    world.declare(
        {"ada": user("ada")},
        {"team": {"displayName": "Team", "members": ["ada"]}},
        deprovision={"groups": "delete"},
    )

    assert_frozen(world, "ambiguous-match", "team")


def test_a_group_of_our_name_that_is_somebody_elses_is_a_conflict_and_not_deleted(world: World) -> None:
    world.server.hold("/Groups", displayName="Team", externalId="other")
    world.declare(
        {"ada": user("ada")},
        {"team": {"displayName": "Team", "members": ["ada"]}},
        deprovision={"groups": "delete"},
    )

    assert_frozen(world, "identity-conflict", "team", "other")


def test_a_frozen_user_is_neither_added_to_a_group_nor_removed_from_one(world: World) -> None:
    first = world.server.hold("/Users", **live_user("bob"))
    second = world.server.hold("/Users", **live_user("bob", userName="robert@example.com"))
    team = world.server.hold("/Groups", displayName="Team", externalId="team", members=[{"value": first}])
    world.server.hold("/Groups", displayName="Club", externalId="club", members=[{"value": second}])
    world.declare(
        {"ada": user("ada"), "bob": user("bob")},
        {
            "team": {"displayName": "Team", "members": ["ada", "bob"]},
            "club": {"displayName": "Club", "members": []},
        },
    )
    result = world.apply()
    rows = world.server.rows("/Groups")

    assert result.code == 0, str(result)
    members = {row["displayName"]: sorted(m["value"] for m in row["members"]) for row in rows.values()}
    assert members == {"Team": sorted([first, "id-1"]), "Club": [second]}
    assert {write.path for write in world.server.writes} == {f"/Groups/{team}"}


def test_everybody_else_goes_on_while_somebody_is_frozen(world: World) -> None:
    world.server.hold("/Users", **live_user("bob"))
    world.server.hold("/Users", **live_user("bob", userName="robert@example.com"))
    world.declare({"ada": user("ada", **DIRECTOR), "bob": user("bob"), "eve": user("eve")})
    result = world.apply()

    assert result.code == 0, str(result)
    assert sorted((w.method, w.path) for w in world.server.writes) == [
        ("PATCH", "/Users/id-1"),
        ("POST", "/Users"),
    ]
