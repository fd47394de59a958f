"""The real servers start, hold a user, and are empty again for the next test."""

import pytest

from tests.servers.running import Server

USER = "urn:ietf:params:scim:schemas:core:2.0:User"


@pytest.mark.parametrize("time", ["first", "again"])
def test_a_server_starts_empty_and_keeps_a_user(any_server: Server, time: str) -> None:
    with any_server.connect() as client:
        assert client.get("Users").json()["totalResults"] == 0

        created = client.post(
            "Users",
            json={
                "schemas": [USER],
                "userName": "ada@example.com",
                "name": {"givenName": "Ada"},
                "active": True,
            },
            headers={"Content-Type": "application/scim+json"},
        )
        read = client.get(f"Users/{created.json()['id']}")
        listed = client.get("Users").json()

    assert created.status_code == 201, created.text
    assert read.json()["userName"] == "ada@example.com"
    assert [user["id"] for user in listed["Resources"]] == [created.json()["id"]]


def test_a_server_asks_for_its_token(any_server: Server) -> None:
    with any_server.connect() as client:
        assert client.get("Users", headers={"Authorization": "Bearer another"}).status_code == 401
