"""`check --write-probe` over HTTP: what it finds out of each kind of endpoint, and that it leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as default
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse

from reconciler.model.canary import PREFIX
from reconciler.sandbox import DIALECTS, Dialect, running
from reconciler.sandbox.dialects.writing import deactivate_on_delete
from reconciler.sandbox.rewrite import Serve, body_of, is_about, operations_of, refuse, resources_in
from tests.checking.conftest import Checked, Desk
from tests.checking.odd_server import OddServer, Said, odd
from tests.checking.test_reading import seed
from tests.lies.server import LyingServer
from tests.loop.test_loop import Directory, make
from tests.servers.running import Server

FULL = "RECONCILE_FULL" in os.environ
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
MANAGER = f"{ENTERPRISE}:manager"
WRITE = ("check", "--write-probe", "--yes", "--format", "json")
PROBED = ("writes", "canaries")


def canaries(server: Server) -> list[dict[str, Any]]:
    """What is at the endpoint under the name of a canary."""
    with server.connect() as client:
        lists = [client.get(path).raise_for_status().json() for path in ("/Users", "/Groups")]
    rows = [row for listed in lists for row in listed.get("Resources", [])]
    return [
        row for row in rows if str(row.get("userName") or row.get("displayName")).lower().startswith(PREFIX)
    ]


def probe(directory: Directory) -> dict[str, Any]:
    """The target's part of what a write probe says."""
    done = directory.run(*WRITE)
    document = json.loads(done.stdout)
    assert document["exitCode"] == done.returncode, done.stderr
    target: dict[str, Any] = document["targets"][0]
    return target


def codes(target: dict[str, Any], *severities: str) -> list[str]:
    """The codes of what was found by writing."""
    return [
        f["code"]
        for f in target["findings"]
        if f["section"] in PROBED and f["severity"] in (severities or ("warning", "error"))
    ]


@dataclass(frozen=True)
class Expected:
    """What a write probe of one dialect comes to."""

    learnt: str | None = None
    profile: list[str] = default(default_factory=list)
    troubles: list[str] = default(default_factory=list)


SAME = Expected()
EXPECTED = dict.fromkeys(DIALECTS, SAME) | {
    "entra": Expected("learnt: {memberRemoval: valueArray}"),
    "okta": Expected("learnt: {updates: {users: put}}"),
    "aws": Expected("learnt: {memberRemoval: valueArray}"),
    "hidden-members": Expected("learnt: {withhold: [members]}", troubles=["members-hidden"]),
    "strict-removal": Expected(
        "learnt: {memberRemoval: pathFilter}"
    ),  # never the one that takes everybody out
    "lax": Expected("learnt: {memberRemoval: valueArray}"),
    "no-patch": Expected("learnt: {updates: {groups: put, users: put}}"),
    "no-external-id": Expected("learnt: {withhold: [externalId]}", troubles=["not-kept", "not-kept"]),
    "e164": Expected("learnt: {updates: {users: pathless}}"),
    "no-members-on-create": Expected(profile=["membersOnCreate: false"]),
    "soft-delete": Expected(troubles=["delete-deactivates"] * 2),
    "drops-extension": Expected(f"learnt: {{withhold: ['{MANAGER}']}}", troubles=["not-kept"]),
}


# What the others show, these and the unit tests of verdicts show too; `make full` has all of them.
SOME = (
    "entra",
    "okta",
    "hidden-members",
    "strict-removal",
    "no-patch",
    "no-external-id",
    "e164",
    "soft-delete",
)


@pytest.mark.parametrize("name", DIALECTS if FULL else SOME)
def test_a_dialect_is_found_out_and_nothing_is_left(name: str, tmp_path: Path) -> None:
    expected = EXPECTED[name]
    with running(None, "token", dialect=name) as endpoint:
        server = Server(name=name, url=endpoint.url, token="token")
        seed(server)
        target = probe(make(tmp_path, server))
        left = canaries(server)

    assert (target["learnt"], target["profileLines"]) == (expected.learnt, expected.profile)
    assert codes(target) == expected.troubles
    assert target["exitCode"] == 0
    assert [row["active"] for row in left] == [False] * expected.troubles.count("delete-deactivates")


@pytest.mark.parametrize(
    ("name", "learnt", "troubles"),
    [
        ("scim2_server", None, []),
        ("scimmy", None, []),
        (
            "django_scim2",
            f"learnt: {{withhold: [title, '{MANAGER}'], memberRemoval: valueArray, updates: {{groups: put, users: put}}}}",
            ["twins-by-case", "not-kept", "not-kept", "not-cleared", "not-kept"],
        ),
        (
            "django_scim2_server", f"learnt: {{withhold: [displayName, title, '{MANAGER}']}}",
            ["twins-by-case", "not-kept", "not-kept", "not-cleared", "not-kept", *["delete-deactivates"] * 3],
        ),
    ],
)  # fmt: skip
def test_a_real_server_is_found_out(
    name: str, learnt: str | None, troubles: list[str], request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    server: Server = request.getfixturevalue(name)
    seed(server)
    target = probe(make(tmp_path, server))
    left = canaries(server)

    assert target["learnt"] == learnt
    assert codes(target) == troubles
    assert [row["active"] for row in left] == [False] * troubles.count("delete-deactivates")


def test_what_was_found_out_spares_an_apply_the_refusals(tmp_path: Path) -> None:
    """What is remembered is what an apply would have learnt from requests that are refused."""
    refused: list[str] = []

    async def note(request: ScimRequest, serve: Serve) -> ScimResponse:
        answer = await serve(request)
        if request.method != "GET" and answer.status >= HTTPStatus.BAD_REQUEST:
            refused.append(f"{request.method} {request.path}")
        return answer

    okta = DIALECTS["okta"]
    dialect = Dialect(name="okta", text="", rewrites=lambda: (note, *okta.rewrites()))
    with running(None, "token", dialect=dialect) as endpoint:
        directory = make(tmp_path, Server(name="okta", url=endpoint.url, token="token"))
        probe(directory)
        refused.clear()
        directory.apply()
        directory.edit("users", "jobTitle: Engineer", "jobTitle: Staff Engineer")
        directory.edit("groups", "members: [ada, grace]", "members: [grace, bob]")
        directory.apply()
        assert directory.actions() == []

    assert refused == []


@contextmanager
def behaving(desk: Desk, rewrite: Any) -> Iterator[tuple[Directory, Server]]:
    """An endpoint that behaves so, and a desired state for it."""
    with running(
        None, "token", dialect=Dialect(name="odd", text="", rewrites=lambda: (rewrite,))
    ) as endpoint:
        server = Server(name="odd", url=endpoint.url, token="token")
        yield make(desk.base, server), server


async def hide_inactive(request: ScimRequest, serve: Serve) -> ScimResponse:
    """Knows nothing of whom it has deactivated (scim_quirks A.5, Atlassian)."""
    answer = await serve(request)
    body = answer.body or {}
    if request.method == "GET" and is_about(request, "/Users", "GET"):
        if body.get("active") is False:
            return refuse(HTTPStatus.NOT_FOUND, "no such user")
        if "Resources" in body:
            body["Resources"] = [row for row in resources_in(answer) if row.get("active", True)]
            body["totalResults"] = len(body["Resources"])
    return answer


def test_who_vanishes_with_deactivation_is_told_and_the_rest_is_tried_on_another(desk: Desk) -> None:
    with behaving(desk, hide_inactive) as (directory, _):
        target = probe(directory)

    assert codes(target) == ["deactivation-removes"]
    assert "updates" in codes(target, "ok")


async def take_active_members(request: ScimRequest, serve: Serve) -> ScimResponse:
    """Takes active users only into a group (scim_quirks A.2, Slack)."""
    if is_about(request, "/Groups", "POST", "PATCH", "PUT") and request.body:
        body = body_of(request)
        named = [
            *body.get("members", []),
            *(one.get("value") or [] for one in operations_of(request) if one["op"] == "add"),
        ]
        rows = [row for one in named for row in (one if isinstance(one, list) else [one])]
        for row in rows:
            user = await serve(
                ScimRequest(
                    method="GET",
                    base_url=request.base_url,
                    path=f"/Users/{row['value']}",
                    query={},
                    headers=request.headers,
                    body=b"",
                )
            )
            if (user.body or {}).get("active") is False:
                return refuse(HTTPStatus.BAD_REQUEST, "deactivated")
    return await serve(request)


def test_an_endpoint_that_takes_active_members_only_is_told(desk: Desk) -> None:
    with behaving(desk, take_active_members) as (directory, server):
        target = probe(directory)
        left = canaries(server)

    assert "active-members" in codes(target, "info")
    assert "removal" in codes(target, "ok")
    assert left == []


def test_what_a_soft_deletion_leaves_is_not_added_to(desk: Desk) -> None:
    with behaving(desk, deactivate_on_delete) as (directory, server):
        probe(directory)
        before = canaries(server)
        again = directory.run(*WRITE)
        after = canaries(server)
        planned = directory.run("plan", "--format", "json")

    assert again.returncode == 1
    assert "no more canaries are made" in again.stdout
    assert [row["id"] for row in after] == [row["id"] for row in before]
    assert len(before) == 2
    plan = json.loads(planned.stdout)["targets"][0]
    assert not any(PREFIX in change["name"] for change in plan["changes"])


# A server of few lines, which tells exactly what it was sent.


def held(server: OddServer) -> list[dict[str, Any]]:
    """The canaries that are there."""
    rows = [*server.rows("/Users").values(), *server.rows("/Groups").values()]
    return [row for row in rows if str(row.get("userName") or row.get("displayName")).startswith(PREFIX)]


def others(server: OddServer) -> list[dict[str, Any]]:
    """Everybody else."""
    ours = [row["id"] for row in held(server)]
    rows = [*server.rows("/Users").values(), *server.rows("/Groups").values()]
    return [row for row in rows if row["id"] not in ours]


def strike(desk: Desk, server: OddServer, at: int, number: signal.Signals) -> Any:
    """A write probe that gets a signal as its write of that number arrives."""
    pid, is_known = [0], threading.Event()

    def on_write(count: int, method: str, path: str, body: Any) -> Said | None:
        if count != at:
            return None
        said = LyingServer.answer(server, method, path, body)
        assert is_known.wait(10)
        os.kill(pid[0], number)
        threading.Event().wait(0.05)  # as long as a signal takes to be heard
        return said

    server.on_write = on_write
    run = desk.tool.start(desk.base, WRITE, {"SCIM_TOKEN": "a-token-for-tests"})
    pid[0] = run.pid
    is_known.set()
    result = run.wait()
    server.on_write = lambda *_: None
    return result


MOMENTS = range(1, 23) if FULL else (1, 7, 14, 22)  # of 23 writes; the last three remove


@pytest.mark.parametrize("at", MOMENTS)
def test_killed_at_any_write_the_next_probe_finds_and_removes_what_was_left(at: int, desk: Desk) -> None:
    with odd() as server:
        desk.declare(server)
        before = others(server)
        killed = strike(desk, server, at, signal.SIGKILL)
        left = len(held(server))
        again = Checked(desk.run(*WRITE))

        assert killed.code == -signal.SIGKILL
        assert left
        assert again.code == 0, str(again.result)
        assert "earlier-removed" in again.codes("info")
        assert held(server) == []
        assert others(server) == before


@pytest.mark.parametrize("at", MOMENTS[:-3] if FULL else (1, 14))
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM] if FULL else [signal.SIGINT])
def test_interrupted_at_any_write_it_removes_everything_itself(
    at: int, number: signal.Signals, desk: Desk
) -> None:
    with odd() as server:
        desk.declare(server)
        before = others(server)
        result = strike(desk, server, at, number)

        assert result.code == 5, str(result)
        assert "interrupted" in Checked(result).codes("error")
        assert held(server) == []
        assert others(server) == before


def test_what_an_earlier_probe_left_is_told_by_check_and_plan(desk: Desk) -> None:
    with odd() as server:
        desk.declare(server, ownership="all", budgets={"deactivate": {"count": 0}})
        strike(desk, server, 6, signal.SIGKILL)
        checked, plan = desk.check(), desk.run("plan", "--format", "json")

    [target] = json.loads(plan.out)["targets"]
    assert "canaries-left" in checked.troubles
    assert "canary-left" in [finding["code"] for finding in target["findings"]]
    assert target["changes"] == []  # whatever the ownership rule says
    assert target["blocked"] is False


def test_a_refused_deletion_is_told_with_what_is_left_and_how_to_remove_it(desk: Desk) -> None:
    with odd() as server:
        desk.declare(server)
        server.on_write = lambda number, method, path, body: (
            (403, {"detail": "never"}, {}) if method == "DELETE" else None
        )
        checked = Checked(desk.run(*WRITE))
        left = held(server)

    assert checked.code == 5
    assert checked.codes("error") == ["canary-left"]  # the group; accounts are deactivated at least
    [group] = [row for row in left if "userName" not in row]
    assert f"DELETE {server.url}/Groups/{group['id']}" in checked.text("canary-left")
    assert "status 403: never" in checked.text("canary-left")
    assert [row["active"] for row in left if "userName" in row] == [False, False]
    assert checked.troubles.count("delete-refused") == 2


def test_answers_that_are_lost_leave_nothing(desk: Desk) -> None:
    """Every creation takes effect and is answered with 502 by somebody in between."""

    with odd() as server:
        desk.declare(server)
        before = others(server)

        def on_write(
            number: int, method: str, path: str, body: Any
        ) -> tuple[int, object, dict[str, str]] | None:
            if method != "POST":
                return None
            super(OddServer, server).answer(method, path, body)
            return 502, "<html>bad gateway</html>", {}

        server.on_write = on_write
        Checked(desk.run(*WRITE))

        assert held(server) == []
        assert others(server) == before


def test_an_endpoint_that_goes_away_is_told_with_what_may_be_left(desk: Desk) -> None:
    with odd() as server:
        desk.declare(server, client={"requestsPerSecond": 1000, "timeoutSeconds": 0.2})
        is_gone: list[bool] = []

        def on_write(number: int, method: str, path: str, body: object) -> None:
            if number > 6:
                is_gone.append(True)

        server.on_write = on_write
        server.lets_in = lambda authorization: not is_gone  # type: ignore[method-assign]
        checked = Checked(desk.run(*WRITE))

    assert checked.code == 5
    assert "canary-left" in checked.codes("error")


def test_a_canary_that_is_refused_is_told_and_nothing_is_left(desk: Desk) -> None:
    with odd() as server:
        desk.declare(server)
        server.on_write = lambda number, method, path, body: (403, {"detail": "licences are used up"}, {})
        checked = Checked(desk.run(*WRITE))

        assert checked.code == 1
        assert "licences are used up" in checked.text("create-refused")
        assert held(server) == []


@pytest.mark.parametrize(
    ("target", "code"),
    [({"protected": {"users": ["*"]}}, "protected"), ({"auth": {"bearer": {"env": "NOT_SET"}}}, "not-begun")],
)
def test_nothing_is_written_where_it_may_not_be(target: dict[str, Any], code: str, desk: Desk) -> None:
    with odd() as server:
        desk.declare(server, **target)
        checked = Checked(desk.run(*WRITE))

    assert checked.code == 1
    assert code in checked.codes("error")
    assert server.writes == []


def test_a_list_that_is_not_whole_is_not_probed(desk: Desk) -> None:
    with odd({"/Users": lambda params: (200, {"totalResults": 9, "Resources": []}, {})}) as server:
        desk.declare(server)
        checked = Checked(desk.run(*WRITE))

    assert checked.codes("error") == ["list-not-whole", "not-begun"]
    assert server.writes == []


def test_a_write_probe_that_nobody_agreed_to_is_64(desk: Desk) -> None:
    with odd() as server:
        desk.declare(server)
        alone = desk.run("check", "--write-probe", "--format", "json")
        targets = desk.base / "desired_state" / "targets.yaml"
        document = json.loads(targets.read_text())
        document["targets"]["other"] = document["targets"]["live"]
        targets.write_text(json.dumps(document))
        several = desk.run(*WRITE)

    assert (alone.code, several.code) == (64, 64)
    assert "--yes" in json.loads(alone.out)["error"]
    assert "--target" in json.loads(several.out)["error"]
    assert server.writes == []


def test_only_one_runs_at_a_time(desk: Desk) -> None:
    from reconciler.edge.run_lock import hold_target

    with odd() as server:
        desk.declare(server)
        with hold_target(desk.base / ".reconcile", "live"):
            checked = Checked(desk.run(*WRITE))

    assert checked.codes("error") == ["not-begun"]
    assert server.writes == []


def test_the_text_ends_with_lines_to_copy(tmp_path: Path) -> None:
    with running(None, "token", dialect="entra") as endpoint:
        directory = make(tmp_path, Server(name="entra", url=endpoint.url, token="token"))
        done = directory.run("check", "--write-probe", "--yes")

    assert (
        "write this into the target live, so that a fresh checkout knows it too:\n    learnt: {memberRemoval: valueArray}\n"
        in done.stdout
    )
    assert done.returncode == 0
