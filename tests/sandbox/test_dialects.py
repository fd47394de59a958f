"""The sandbox's dialects, one by one, asked over HTTP as any client would."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from click.testing import CliRunner

from reconciler.cli import reconcile
from reconciler.sandbox import DIALECTS, find_dialect, running

TOKEN = "a-token"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@contextmanager
def connect(dialect: str) -> Iterator[httpx.Client]:
    with running(None, TOKEN, dialect=dialect) as endpoint:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        with httpx.Client(base_url=endpoint.url, headers=headers, timeout=60) as client:
            yield client


def make_user(client: httpx.Client, name: str, **more: Any) -> dict[str, Any]:
    document = {"schemas": [USER], "userName": name, **more}
    made: dict[str, Any] = client.post("/Users", json=document).raise_for_status().json()
    return made


def make_group(client: httpx.Client, *names: str) -> tuple[str, list[str]]:
    ids = [make_user(client, name)["id"] for name in names]
    document = {"schemas": [GROUP], "displayName": "Staff", "members": [{"value": id_} for id_ in ids]}
    return client.post("/Groups", json=document).raise_for_status().json()["id"], ids


def patch(client: httpx.Client, path: str, *operations: dict[str, Any]) -> int:
    return client.patch(path, json={"schemas": [PATCH], "Operations": list(operations)}).status_code


def members(client: httpx.Client, id_: str) -> list[str]:
    return [member["value"] for member in client.get(f"/Groups/{id_}").json().get("members", [])]


def by_filter(id_: str) -> dict[str, Any]:
    return {"op": "remove", "path": f'members[value eq "{id_}"]'}


def by_value(*ids: str) -> dict[str, Any]:
    return {"op": "Remove", "path": "members", "value": [{"value": id_} for id_ in ids]}


@pytest.mark.parametrize(
    ("dialect", "filtered", "valued"),
    [
        ("rfc", (204, 2), (400, 3)), ("entra", (400, 3), (204, 2)), ("okta", (204, 2), (400, 3)),
        ("aws", (400, 3), (204, 2)), ("strict-removal", (204, 2), (204, 0)), ("lax", (204, 3), (204, 2)),
        ("no-patch", (501, 3), (501, 3)),
    ],
)  # fmt: skip
def test_a_member_is_removed_as_the_dialect_has_it(
    dialect: str, filtered: tuple[int, int], valued: tuple[int, int]
) -> None:
    for form, expected in ((by_filter, filtered), (by_value, valued)):
        with connect(dialect) as client:
            id_, ids = make_group(client, "ada", "bob", "eve")

            status = patch(client, f"/Groups/{id_}", form(ids[0]))
            assert (status, len(members(client, id_))) == expected


def test_a_removal_beside_others_is_all_that_is_read_otherwise() -> None:
    with connect("lax") as client:
        id_, ids = make_group(client, "ada", "bob")
        rename = {"op": "replace", "path": "displayName", "value": "People"}

        assert patch(client, f"/Groups/{id_}", by_filter(ids[0]), rename) == 204
        assert client.get(f"/Groups/{id_}").json()["displayName"] == "People"
        assert members(client, id_) == ids


def test_okta_patches_active_and_puts_the_rest() -> None:
    with connect("okta") as client:
        user = make_user(client, "ada")
        path = f"/Users/{user['id']}"

        assert patch(client, path, {"op": "replace", "path": "active", "value": False}) == 400
        assert patch(client, path, {"op": "replace", "value": {"title": "Engineer"}}) == 400
        assert patch(client, path, {"op": "replace", "value": {"active": False}}) in (200, 204)
        assert client.put(path, json={**client.get(path).json(), "title": "Engineer"}).status_code == 200
        assert client.get(path).json()["title"] == "Engineer"
        assert client.get(path).json()["active"] is False


def test_aws_keeps_members_out_of_lists_and_refuses_to_replace_them() -> None:
    with connect("aws") as client:
        id_, ids = make_group(client, "ada", "bob")
        path, some = f"/Groups/{id_}", [{"value": ids[0]}]

        assert "members" not in client.get("/Groups").json()["Resources"][0]
        assert members(client, id_) == ids
        assert patch(client, path, {"op": "replace", "path": "members", "value": some}) == 400
        assert patch(client, path, {"op": "replace", "value": {"members": some}}) == 400
        assert patch(client, path, {"op": "remove", "path": "members"}) == 400
        assert patch(client, path, by_value(*map(str, range(101)))) == 400
        assert client.put(path, json=client.get(path).json()).status_code == 501
        assert members(client, id_) == ids


def test_hidden_members_are_in_no_answer() -> None:
    with connect("hidden-members") as client:
        id_, _ = make_group(client, "ada")

        assert members(client, id_) == []
        assert "members" not in client.get("/Groups").json()["Resources"][0]


def test_no_patch_says_so() -> None:
    with connect("no-patch") as client:
        assert client.get("/ServiceProviderConfig").json()["patch"] == {"supported": False}


def test_an_external_id_is_taken_and_forgotten() -> None:
    with connect("no-external-id") as client:
        user = make_user(client, "ada", externalId="1")
        path = f"/Users/{user['id']}"

        assert patch(client, path, {"op": "replace", "path": "externalId", "value": "2"}) == 204
        assert patch(client, path, {"op": "replace", "value": {"externalId": "2", "title": "Dr"}}) in (
            200,
            204,
        )
        found = client.get(path).json()
        assert ("externalId" in found, found["title"]) == (False, "Dr")


def test_names_and_addresses_are_lower_cased() -> None:
    with connect("lowercase") as client:
        user = make_user(client, "Ada@Example.com", emails=[{"type": "work", "value": "Ada@Example.com"}])
        assert (user["userName"], user["emails"][0]["value"]) == ("ada@example.com", "ada@example.com")
        path = f"/Users/{user['id']}"
        patch(
            client, path, {"op": "replace", "path": 'emails[type eq "work"].value', "value": "Li@Example.com"}
        )
        patch(client, path, {"op": "replace", "value": {"userName": "Li@Example.com", "title": "Dr"}})

        found = client.get(path).json()
        assert (found["userName"], found["emails"][0]["value"]) == ("li@example.com", "li@example.com")
        assert found["title"] == "Dr"


def test_phones_are_numbers_without_a_type() -> None:
    with connect("e164") as client:
        phones = [{"type": "work", "value": "+44 20 7946-0001"}]
        user = make_user(
            client, "ada", phoneNumbers=phones, emails=[{"type": "work", "value": "a@example.com"}]
        )

        assert user["phoneNumbers"] == [{"value": "+442079460001"}]
        assert user["emails"] == [{"value": "a@example.com"}]


def test_a_new_group_is_empty() -> None:
    with connect("no-members-on-create") as client:
        id_, ids = make_group(client, "ada")

        assert members(client, id_) == []
        assert (
            patch(client, f"/Groups/{id_}", {"op": "add", "path": "members", "value": [{"value": ids[0]}]})
            == 204
        )
        assert members(client, id_) == ids


def test_a_deleted_user_is_inactive_and_a_deleted_group_is_gone() -> None:
    with connect("soft-delete") as client:
        id_, [ada] = make_group(client, "ada")

        assert client.delete(f"/Users/{ada}").status_code == 204
        assert client.get(f"/Users/{ada}").json()["active"] is False
        assert client.delete("/Users/nobody").status_code == 404
        assert client.delete(f"/Groups/{id_}").status_code == 204
        assert client.get(f"/Groups/{id_}").status_code == 404


def test_a_page_holds_ten() -> None:
    with connect("small-pages") as client:
        make_group(client, *(f"user{number}" for number in range(12)))

        sizes = [
            len(client.get("/Users", params=params).json().get("Resources", []))
            for params in ({}, {"count": "100"}, {"count": "3"}, {"startIndex": "11", "count": "100"})
        ]
        assert sizes == [10, 10, 3, 2]


def test_haste_is_refused_and_patience_is_not() -> None:
    with connect("throttled") as client:
        answers = [client.get("/ServiceProviderConfig")]
        while answers[-1].status_code == 200 and len(answers) < 400:
            answers.append(client.get("/ServiceProviderConfig"))
        assert answers[-1].status_code == 429
        assert answers[-1].headers["Retry-After"] == "1"
        time.sleep(1.1)
        assert client.get("/Users").status_code == 200


def test_the_extension_is_taken_and_forgotten() -> None:
    with connect("drops-extension") as client:
        user = make_user(
            client, "ada", **{"schemas": [USER, ENTERPRISE], ENTERPRISE: {"department": "Works"}}
        )
        path = f"/Users/{user['id']}"
        operation = {"op": "replace", "path": f"{ENTERPRISE}:department", "value": "Works"}

        assert patch(client, path, operation) == 204
        assert ENTERPRISE not in client.get(path).json()
        assert client.get(path).json()["schemas"] == [USER]


def test_nothing_is_discovered() -> None:
    with connect("no-discovery") as client:
        for path in ("/ServiceProviderConfig", "/ResourceTypes", "/Schemas", "/Schemas/x"):
            assert client.get(path).status_code == 404
        assert client.get("/Users").status_code == 200


def test_a_filter_finds_everybody() -> None:
    with connect("no-filter") as client:
        make_group(client, "ada", "bob")

        assert client.get("/Users", params={"filter": 'userName eq "ada"'}).json()["totalResults"] == 2


@pytest.mark.parametrize("name", DIALECTS)
def test_no_dialect_lets_anybody_in(name: str) -> None:
    with connect(name) as client:
        client.headers["Authorization"] = "Bearer wrong"
        assert client.get("/Users").status_code == 401
        assert patch(client, "/Users/1", {"op": "replace", "path": "title", "value": "x"}) == 401


def test_help_lists_every_dialect() -> None:
    done = CliRunner().invoke(reconcile, ["sandbox", "--help"])

    assert done.exit_code == 0
    assert [name for name in DIALECTS if f"\n  {name}  " not in done.output] == []


def test_an_unknown_dialect_is_wrong_usage_with_a_guess() -> None:
    done = CliRunner().invoke(reconcile, ["sandbox", "--dialect", "strict_removal"])

    assert done.exit_code != 0
    assert "did you mean strict-removal?" in done.output
    with pytest.raises(ValueError, match="known are: rfc, entra"):
        find_dialect("xyzzy")
