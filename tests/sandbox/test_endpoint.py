"""The sandbox's endpoint, asked over HTTP as any client would."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from reconciler.sandbox import Endpoint, running

TOKEN = "a-token"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


def connect(endpoint: Endpoint) -> httpx.Client:
    return httpx.Client(
        base_url=endpoint.url, headers={"Authorization": f"Bearer {endpoint.token}"}, timeout=60
    )


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with running(None, TOKEN) as endpoint, connect(endpoint) as client:
        yield client


def create_user(client: httpx.Client, name: str, **attributes: Any) -> dict[str, Any]:
    response = client.post("/Users", json={"schemas": [USER], "userName": name, **attributes})
    assert response.status_code == 201, response.text
    document: dict[str, Any] = response.json()
    return document


def create_group(client: httpx.Client, name: str, *member_ids: str) -> dict[str, Any]:
    members = [{"value": member_id} for member_id in member_ids]
    response = client.post("/Groups", json={"schemas": [GROUP], "displayName": name, "members": members})
    assert response.status_code == 201, response.text
    document: dict[str, Any] = response.json()
    return document


def patch(client: httpx.Client, path: str, *operations: dict[str, Any], **headers: str) -> httpx.Response:
    return client.patch(path, json={"schemas": [PATCH], "Operations": list(operations)}, headers=headers)


def found_by(client: httpx.Client, expression: str) -> list[str]:
    response = client.get("/Users", params={"filter": expression})
    assert response.status_code == 200, response.text
    return [user["userName"] for user in response.json().get("Resources", [])]


def test_a_created_user_is_read_and_listed(client: httpx.Client) -> None:
    created = create_user(client, "ada", **{ENTERPRISE: {"department": "Engineering"}})

    assert client.get(f"/Users/{created['id']}").json() == created
    assert client.get("/Users").json()["Resources"] == [created]


@pytest.mark.parametrize(
    "expression",
    [
        'userName eq "ADA"',
        'externalId eq "1"',
        'emails[type eq "work"].value eq "ada@example.com"',
        'userName sw "a" and active eq true',
    ],
)
def test_filters_find_exactly_the_one(client: httpx.Client, expression: str) -> None:
    create_user(
        client,
        "ada",
        externalId="1",
        active=True,
        emails=[{"type": "work", "value": "ada@example.com"}],
    )
    create_user(
        client,
        "bob",
        externalId="2",
        active=True,
        emails=[{"type": "home", "value": "ada@example.com"}],
    )

    assert found_by(client, expression) == ["ada"]


def test_a_taken_user_name_is_a_conflict_in_any_case(client: httpx.Client) -> None:
    create_user(client, "ada")
    response = client.post("/Users", json={"schemas": [USER], "userName": "ADA"})

    assert (response.status_code, response.json()["scimType"]) == (409, "uniqueness")


def test_lists_sort_and_page(client: httpx.Client) -> None:
    for name in ("grace", "ada", "bob"):
        create_user(client, name)
    page = client.get("/Users", params={"sortBy": "userName", "startIndex": 2, "count": 1}).json()

    assert page["totalResults"] == 3
    assert [user["userName"] for user in page["Resources"]] == ["bob"]


def test_a_patch_changes_only_what_it_names(client: httpx.Client) -> None:
    created = create_user(client, "ada", title="Engineer", displayName="Ada")
    response = patch(client, f"/Users/{created['id']}", {"op": "replace", "path": "title", "value": "Lead"})
    live = client.get(f"/Users/{created['id']}").json()

    assert response.is_success
    assert (live["title"], live["displayName"]) == ("Lead", "Ada")


def test_a_stale_etag_is_refused(client: httpx.Client) -> None:
    created = create_user(client, "ada")
    path, stale = f"/Users/{created['id']}", created["meta"]["version"]
    first = patch(client, path, {"op": "replace", "path": "title", "value": "One"}, **{"If-Match": stale})
    second = patch(client, path, {"op": "replace", "path": "title", "value": "Two"}, **{"If-Match": stale})

    assert first.is_success
    assert second.status_code == 412
    assert client.get(path).json()["title"] == "One"


def test_members_are_added_and_removed_one_by_one(client: httpx.Client) -> None:
    ada, bob = create_user(client, "ada")["id"], create_user(client, "bob")["id"]
    group = f"/Groups/{create_group(client, 'Engineering', ada)['id']}"

    assert patch(client, group, {"op": "add", "path": "members", "value": [{"value": bob}]}).is_success
    assert {member["value"] for member in client.get(group).json()["members"]} == {ada, bob}

    assert patch(client, group, {"op": "remove", "path": f'members[value eq "{ada}"]'}).is_success
    assert [member["value"] for member in client.get(group).json()["members"]] == [bob]


def test_a_deleted_user_is_gone(client: httpx.Client) -> None:
    path = f"/Users/{create_user(client, 'ada')['id']}"

    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.get("/Users").json()["totalResults"] == 0


@pytest.mark.parametrize("header", [{}, {"Authorization": "Bearer other"}, {"Authorization": "Basic YTph"}])
def test_without_the_token_nothing_is_said(client: httpx.Client, header: dict[str, str]) -> None:
    create_user(client, "ada")
    response = httpx.get(f"{client.base_url}Users", headers=header)

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert "ada" not in response.text


def test_a_bulk_request_creates_users_and_their_group(client: httpx.Client) -> None:
    response = client.post(
        "/Bulk",
        json={
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"],
            "Operations": [
                {
                    "method": "POST",
                    "path": "/Users",
                    "bulkId": "u",
                    "data": {"schemas": [USER], "userName": "ada"},
                },
                {
                    "method": "POST",
                    "path": "/Groups",
                    "bulkId": "g",
                    "data": {"schemas": [GROUP], "displayName": "All", "members": [{"value": "bulkId:u"}]},
                },
            ],
        },
    )
    ada = client.get("/Users").json()["Resources"][0]["id"]

    assert [operation["status"] for operation in response.json()["Operations"]] == ["201", "201"]
    assert client.get("/Groups").json()["Resources"][0]["members"][0]["value"] == ada


def test_resources_and_their_versions_outlive_a_restart(tmp_path: Path) -> None:
    database = tmp_path / "sandbox.sqlite3"
    with running(database, TOKEN) as endpoint, connect(endpoint) as client:
        ada = create_user(client, "ada", **{ENTERPRISE: {"department": "Engineering"}})
        gone = create_user(client, "bob")
        group = create_group(client, "Engineering", ada["id"], gone["id"])
        client.delete(f"/Users/{gone['id']}")
        patch(client, f"/Users/{ada['id']}", {"op": "replace", "path": "title", "value": "Lead"})
        before = client.get(f"/Users/{ada['id']}").json()
    with running(database, TOKEN) as endpoint, connect(endpoint) as client:
        after = client.get(f"/Users/{ada['id']}").json()
        listed = client.get("/Users").json()["totalResults"]
        members = client.get(f"/Groups/{group['id']}").json()["members"]
        conflict = client.post("/Users", json={"schemas": [USER], "userName": "Ada"}).status_code
        next_user = create_user(client, "carol")

    assert {**after, "meta": {**after["meta"], "location": None}} == {
        **before,
        "meta": {**before["meta"], "location": None},
    }
    assert listed == 1
    assert [member["value"] for member in members] == [ada["id"], gone["id"]]
    assert conflict == 409
    assert next_user["meta"]["version"] not in {before["meta"]["version"], group["meta"]["version"]}


@pytest.mark.parametrize(("end", "exit_code"), [(signal.SIGKILL, -9), (signal.SIGINT, 0)])
def test_resources_outlive_a_process_that_is_stopped(
    tmp_path: Path, end: signal.Signals, exit_code: int
) -> None:
    database, port = tmp_path / "sandbox.sqlite3", find_free_port()
    program = f"from pathlib import Path; from reconciler.sandbox import serve; serve(Path({str(database)!r}), {port}, {TOKEN!r})"
    process = subprocess.Popen([sys.executable, "-c", program])
    try:
        with connect(Endpoint(url=f"http://127.0.0.1:{port}/v2", token=TOKEN)) as client:
            wait_for(client)
            create_user(client, "ada")
            process.send_signal(end)
    finally:
        ended_with = process.wait(timeout=20)

    assert ended_with == exit_code
    with running(database, TOKEN) as endpoint, connect(endpoint) as client:
        assert found_by(client, 'userName eq "ada"') == ["ada"]


def find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_for(client: httpx.Client) -> None:
    for _ in range(200):
        try:
            client.get("/ServiceProviderConfig")
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the sandbox did not answer")


def test_a_port_in_use_is_an_error_not_an_exit() -> None:
    with running(None, TOKEN) as endpoint:
        port = int(endpoint.url.split(":")[2].split("/")[0])
        with pytest.raises(OSError, match="in use"), running(None, TOKEN, port):
            pass


def test_an_endpoint_keeps_its_token_to_itself() -> None:
    assert "secret" not in repr(Endpoint(url="http://127.0.0.1:1/v2", token="secret"))


def test_a_thousand_users_fit_one_page(tmp_path: Path) -> None:
    started = time.monotonic()
    with running(tmp_path / "sandbox.sqlite3", TOKEN) as endpoint, connect(endpoint) as client:
        ids = [create_user(client, f"user{number}", externalId=str(number))["id"] for number in range(1000)]
        page = client.get("/Users", params={"count": 1000}).json()
        group = create_group(client, "All", *ids)
        members = client.get(f"/Groups/{group['id']}").json()["members"]

    assert (page["totalResults"], len(page["Resources"]), len(members)) == (1000, 1000, 1000)
    assert time.monotonic() - started < 60
