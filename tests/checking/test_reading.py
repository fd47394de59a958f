"""`check` by reading alone, over HTTP: each finding at an endpoint that deserves it, and nothing is ever written."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from tests.checking.conftest import Desk
from tests.checking.odd_server import Saying, always, document, odd, resources
from tests.faults.test_connections import _serve
from tests.lies.server import Lie, lie_about, listed
from tests.lies.test_lies import LISTS, mirror
from tests.lies.world import World
from tests.loop.test_loop import make
from tests.loopback import make_certificate
from tests.servers.running import Server

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
FULL = "RECONCILE_FULL" in os.environ
CONFIG = {"patch": {"supported": True}, "filter": {"supported": True, "maxResults": 200}}


def seed(server: Server) -> None:
    """Three users, two of them in a group."""
    with server.connect() as client:
        ids = []
        for name in ("Ada", "Bob", "Eve"):
            body = {"schemas": [USER], "userName": f"{name}@example.com", "externalId": name, "active": True}
            ids.append(client.post("/Users", json=body).raise_for_status().json()["id"])
        members = [{"value": id_} for id_ in ids[:2]]
        body = {"schemas": [GROUP], "displayName": "Red", "externalId": "Red", "members": members}
        client.post("/Groups", json=body).raise_for_status()


@pytest.mark.parametrize(
    ("name", "troubles"),
    [
        ("scim2_server", []),
        ("scimmy", []),
        ("scimmy_express5", ["count-ignored"]),  # three users come where one is asked for
        ("django_scim2", ["extension-unknown", *["not-found"] * 3]),
        ("django_scim2_server", ["extension-unknown", "attribute-unknown"]),
    ],
)
def test_a_real_server_is_checked(
    name: str, troubles: list[str], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server: Server = request.getfixturevalue(name)
    seed(server)
    done = make(tmp_path, server).run("check", "--format", "json")

    assert done.returncode == 0, done.stderr
    [target] = json.loads(done.stdout)["targets"]
    assert [f["code"] for f in target["findings"] if f["severity"] in ("warning", "error")] == troubles
    assert target["error"] is None
    assert {"token-taken", "stranger-refused", "list-whole", "found"} <= {
        f["code"] for f in target["findings"]
    }


def test_the_text_says_each_finding_in_a_line_and_below_it_what_to_write(desk: Desk) -> None:
    with odd() as server:
        desk.declare(server, profile="rfc")
        result = desk.run("check")

    assert result.code == 0, str(result)
    assert "    ✓ without a token nothing is told (status 401)\n" in result.out
    assert "    ✓ /Users: 2 users, all read: no id twice, and as many as it says\n" in result.out
    assert "      → write paths in which case counts into the profile: caseExact: […]\n" in result.out
    assert result.out.rstrip().endswith("all is well")
    assert server.writes == []


@pytest.mark.parametrize(
    ("path", "says", "code", "words"),
    [
        ("/ServiceProviderConfig", document({**CONFIG, "patch": {"supported": False}}), "no-patch", "GET and PUT"),
        ("/ServiceProviderConfig", always(404), "no-config", "status 404"),
        ("/ServiceProviderConfig", document({**CONFIG, "filter": {"supported": False}}), "filter-denied", "it can"),
        ("/ServiceProviderConfig", document({**CONFIG, "etag": {"supported": True}}), "no-versions", "meta.version"),
        (
            "/ServiceProviderConfig", document({**CONFIG, "pagination": {"cursor": True, "index": False}}),
            "cursor-only", "RFC 9865",
        ),
        (
            "/ServiceProviderConfig", document({**CONFIG, "authenticationSchemes": [{"type": "httpbasic"}]}),
            "scheme", "httpbasic",
        ),
        ("/ServiceProviderConfigs", document(CONFIG), "config-elsewhere", "/ServiceProviderConfigs"),
        ("/Me", document({"id": "id-1", "userName": "Ada@example.com"}), "own-user", "id-1"),
        ("/ResourceTypes", resources({"name": "User", "endpoint": "/Users"}), "no-resource-type", "no Group"),
        (
            "/ResourceTypes", resources({"name": "User", "endpoint": "/Users", "schemaExtensions": [{"schema": "urn:x:Needed", "required": True}]}),
            "extension-required", "urn:x:needed",
        ),
        ("/ResourceTypes", resources({"name": "User", "endpoint": "/Users"}), "extension-unknown", ENTERPRISE),
    ],
)  # fmt: skip
def test_what_it_says_of_itself_is_told(path: str, says: Saying, code: str, words: str, desk: Desk) -> None:
    more = {"/ServiceProviderConfig": always(404)} if path == "/ServiceProviderConfigs" else {}
    with odd({path: says, **more}) as server:
        desk.declare(server)
        checked = desk.check()

    assert checked.code == 0
    assert words in checked.text(code)
    assert server.writes == []


def schema(**characteristics: object) -> Saying:
    """/Schemas that describe userName so, and the rest of what is mapped as it should be."""
    names = ("externalId", "active", "displayName", "title")
    attributes = [{"name": "userName", **characteristics}, *({"name": name} for name in names)]
    extension = {"id": ENTERPRISE, "attributes": [{"name": "manager", "subAttributes": [{"name": "value"}]}]}
    return resources({"id": USER, "attributes": attributes}, extension)


@pytest.mark.parametrize(
    ("says", "code", "words"),
    [
        (schema(mutability="readOnly"), "read-only", "learnt: {withhold: [userName]}"),
        (schema(mutability="immutable"), "immutable", "apply: create"),
        (schema(returned="request"), "not-shown", "userName is not shown (request)"),
        (schema(), "attributes-known", "every mapped attribute of User"),
        (resources({"id": USER, "attributes": [{"name": "userName"}]}), "attribute-unknown", "active, displayName, title"),
        (
            resources({"id": USER, "attributes": [{"name": "nickName", "required": True}]}),
            "required-unmapped", "nickName of User required",
        ),
        (resources({"id": USER, "attributes": [{"name": "active", "type": "string"}]}), "active-a-text", "a boolean is sent"),
    ],
)  # fmt: skip
def test_what_its_schemas_say_is_held_against_the_mapping(
    says: Saying, code: str, words: str, desk: Desk
) -> None:
    with odd({"/Schemas": says}) as server:
        desk.declare(server)
        checked = desk.check()

    assert words in checked.text(code)


def when_filtered(said: tuple[int, object]) -> Saying:
    """That to a look-up, and the truth to all else."""
    return lambda params: (*said, {}) if "filter" in params else None


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ((404, None), "lookup-404"),
        ((400, {"detail": "unsupported"}), "filter-refused"),
        ((501, None), "filter-refused"),
        ((200, {"Resources": []}), "no-list"),
        ((200, listed([{"id": "x", "userName": "somebody"}], 1)), "filter-ignored"),
        ((200, listed([], 0)), "not-found"),
        ((200, "<html>"), "filter-fails"),
    ],
)
def test_a_look_up_that_misleads_is_a_warning(said: tuple[int, object], code: str, desk: Desk) -> None:
    with odd({"/Users": when_filtered(said)}) as server:
        desk.declare(server)
        checked = desk.check()

    assert checked.code == 0
    assert code in checked.troubles
    assert server.writes == []


def test_two_with_one_value_are_told(desk: Desk) -> None:
    with odd() as server:
        desk.declare(server)
        server.hold("/Users", userName="ADA@example.com", active=True)
        checked = desk.check()

    assert "id-1, id-4" in checked.text("twins")


@pytest.mark.parametrize("lie", LISTS[:: 1 if FULL else 6], ids=lambda lie: lie.name)
def test_a_list_that_contradicts_itself_is_exit_6_as_in_plan(lie: Lie, desk: Desk) -> None:
    """What a plan refuses, a check refuses: with the same exit code."""
    with lie_about(lie) as server:
        mirror(World(tool=desk.tool, base=desk.base, server=server))
        planned = desk.run("plan")
        checked = desk.check()

    if planned.code:
        assert checked.code == planned.code, f"{planned}\n{checked.result}"
    assert server.writes == []


@pytest.mark.parametrize(
    ("says", "code"),
    [
        (lambda params: (200, listed([{"id": "id-1"}][: int(params.get("count", "9"))], 1), {}) if params.get("count") == "1" else None, "total-of-page"),
        (lambda params: (200, listed([{"id": "id-0"}], 3), {}) if params.get("startIndex") == "0" else None, "zero-based"),
    ],
)  # fmt: skip
def test_what_a_plan_does_not_see_of_a_list_is_exit_6_too(says: Saying, code: str, desk: Desk) -> None:
    with odd({"/Users": says}) as server:
        desk.declare(server)
        checked = desk.check()

    assert (checked.code, checked.troubles) == (6, [code])


def test_pages_are_tried_one_by_one(desk: Desk) -> None:
    def first_only(params: dict[str, str]) -> tuple[int, object, dict[str, str]] | None:
        return None if "filter" in params else (200, rows, {})

    with odd({"/Users": first_only}) as server:
        desk.declare(server)
        rows = listed(list(server.rows("/Users").values()), 2)
        checked = desk.check()

    assert "count-ignored" in checked.troubles
    assert checked.code == 0


def test_a_count_that_is_refused_is_told_with_one_that_is_not(desk: Desk) -> None:
    with odd(
        {"/Users": lambda params: (400, None, {}) if int(params.get("count", "0")) > 100 else None}
    ) as server:
        desk.declare(server)
        checked = desk.check()

    assert "pageSize: 100" in checked.text("count-refused")
    assert checked.code == 0


@pytest.mark.parametrize(
    ("says", "code", "exit_code"),
    [
        ({"/Users": always(404)}, "no-list", 1),
        ({"/Users": always(200, "<html>sorry</html>")}, "no-list", 1),
        ({"/Users": always(403)}, "token-forbidden", 1),
        ({"/Users": always(401)}, "token-refused", 1),
        ({"/Groups": always(501)}, "no-list", 1),
        ({"/Users": always(307, None, Location="https://elsewhere.example.com/Users")}, "no-list", 1),
        ({"/Users": document({"Resources": []})}, "no-total", 6),
    ],
)
def test_what_plan_would_fail_of_is_an_error(
    says: dict[str, Saying], code: str, exit_code: int, desk: Desk
) -> None:
    with odd(says) as server:
        desk.declare(server)
        checked = desk.check()
        planned = desk.run("plan")

    assert (checked.code, checked.codes("error")) == (exit_code, [code])
    assert planned.code == exit_code
    assert checked.target["error"]
    assert f"live: {checked.target['error']}" in checked.result.err


def test_nothing_goes_on_with_a_refused_token(desk: Desk) -> None:
    """Each request with it may count towards a lock."""
    with odd() as server:
        desk.declare(server)
        checked = desk.check(SCIM_TOKEN="another")

    assert checked.codes("error") == ["token-refused"]
    assert server.asked == []  # it was not even let in, once


def test_an_endpoint_that_asks_for_no_token_is_told(desk: Desk) -> None:
    with odd(is_open=True) as server:
        desk.declare(server)
        checked = desk.check()

    assert checked.code == 0
    assert "without any token" in checked.text("stranger-answered")
    assert server.asked[-1].startswith("GET /Users?filter=userName"), "a stranger asks for nobody's data"


def test_a_token_that_is_not_there_is_an_error_and_nothing_is_sent(desk: Desk) -> None:
    with odd() as server:
        desk.declare(server, auth={"bearer": {"env": "NOT_SET"}})
        checked = desk.check()

    assert (checked.code, checked.codes("error")) == (1, ["no-token"])
    assert "NOT_SET" in checked.text("no-token")
    assert server.asked == []


def test_a_redirect_on_the_same_host_is_told(desk: Desk) -> None:
    with odd() as server:
        server.says["/Old/Users"] = lambda params: (307, None, {"Location": server.url + "/Users"})
        world = desk.declare(server)
        url, server.url = server.url, server.url + "/Old"
        world.declare({}, {}, scope={"users": "all", "groups": "none"})
        server.url = url
        checked = desk.check()

    assert "/scim/v2/Users" in checked.text("redirected")


def test_rates_are_told_where_the_endpoint_tells_them(desk: Desk) -> None:
    with odd({"/Me": always(404, None, X_RateLimit_Limit="600")}) as server:
        desk.declare(server)
        checked = desk.check()

    assert "x-ratelimit-limit: 600" in checked.text("rate-header")
    assert "a plan reads everything in 2 requests" in checked.text("tempo")


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"active": "False"}, "active-as-text"),
        ({"active": None}, "no-active"),
        ({"externalId": None}, "no-external-id-seen"),
        ({"title": None}, "never-seen"),
    ],
)
def test_what_is_shown_of_users_is_told(given: dict[str, object], code: str, desk: Desk) -> None:
    with odd() as server:
        desk.declare(server)
        for row in server._rows["/Users"].values():
            row.update(given)
        checked = desk.check()

    assert checked.text(code)


def test_what_a_list_leaves_out_is_told(desk: Desk) -> None:
    def without_title(params: dict[str, str]) -> tuple[int, object, dict[str, str]] | None:
        rows = [{**row, "title": None} for row in server.rows("/Users").values()]
        return (200, listed(rows, len(rows)), {}) if "filter" not in params else None

    with odd({"/Users": without_title}) as server:
        desk.declare(server)
        checked = desk.check()

    assert "learnt: {withhold: [title]}" in checked.text("list-leaves-out")


def test_an_empty_directory_is_said_to_be_one(desk: Desk) -> None:
    with odd() as server:
        desk.declare(server)
        server._rows = {"/Users": {}, "/Groups": {}}
        checked = desk.check()

    assert checked.code == 0
    assert "nobody-there" in checked.codes("info")
    assert "nobody-found" in checked.codes("ok")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1:{free}/v2", "connection"),
        ("https://nowhere.invalid/v2", "dns"),
        ("https://127.0.0.1:{plain}/v2", "tls"),
        ("{{env: NOT_SET}}", "url"),
    ],
)
def test_where_a_connection_fails_is_told_at_once(url: str, code: str, desk: Desk) -> None:
    with odd() as server:
        plain = server.url.split(":")[2].partition("/")[0]
        desk.declare(
            server, url={"env": "NOT_SET"} if code == "url" else url.format(free=_free_port(), plain=plain)
        )
        checked = desk.check()

    assert (checked.code, checked.codes("error")) == (1, [code])
    assert server.asked == []


def test_a_certificate_is_looked_at(desk: Desk, tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with _serve(certificate) as (port, seen), odd() as server:
        url = f"https://127.0.0.1:{port}/v2"
        desk.declare(server, url=url)
        untrusted = desk.check()
        desk.declare(server, url=url, client={"caFile": str(certificate)})
        trusted = desk.check()

    assert (untrusted.code, untrusted.codes("error")) == (1, ["certificate"])
    assert "caFile" in untrusted.text("certificate")
    assert "TLSv1.3; its certificate is trusted, until " in trusted.text("reached")
    assert "in 1 day, on " in trusted.text("certificate-ends")  # openssl made it for a day
    assert seen


def test_one_target_that_cannot_be_reached_stops_only_itself(desk: Desk) -> None:
    with odd() as server:
        desk.declare(server)
        targets = desk.base / "desired_state" / "targets.yaml"
        document = json.loads(targets.read_text())
        document["targets"]["away"] = {
            **document["targets"]["live"],
            "url": f"http://127.0.0.1:{_free_port()}/v2",
        }
        targets.write_text(json.dumps(document))
        result = desk.run("check", "--format", "json")

    said = json.loads(result.out)
    assert (result.code, said["exitCode"]) == (1, 1)
    assert [(one["name"], one["exitCode"]) for one in said["targets"]] == [("away", 1), ("live", 0)]


def test_wrong_usage_and_a_broken_desired_state_are_json_too(desk: Desk) -> None:
    with odd() as server:
        desk.declare(server)
        unknown = desk.run("check", "--target", "nope", "--format", "json")
        (desk.base / "desired_state" / "users.yaml").write_text("users: {ada: {jobTitel: x}}")
        broken = desk.run("check", "--format", "json")

    assert (unknown.code, json.loads(unknown.out)["exitCode"]) == (64, 64)
    assert "jobTitel" in json.loads(broken.out)["error"]
    assert broken.code == 1


def test_what_an_endpoint_says_is_shown_escaped(desk: Desk) -> None:
    with odd({"/Groups": always(400, {"detail": "\u001b[31m::error::\u202ex"})}) as server:
        desk.declare(server)
        result = desk.run("check")

    assert "\u001b" not in result.out + result.err
    assert "\u202e" not in result.out + result.err
