"""Notices of whole runs: an apply against an endpoint that refuses, from trouble to recovery."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import pytest
from scim2_server.requests import ScimRequest
from scim2_server.responses import ScimResponse

from reconciler.sandbox import Dialect
from reconciler.sandbox.rewrite import Rewrite, Serve, is_about, refuse
from tests.loop.rehearsal import Rehearsal, rehearse
from tests.notify.receivers import Web, receive_posts

NOTIFY = "    notify: [{webhook: {env: HOOK}}]\n"


@dataclass(slots=True)
class Trouble:
    """What the endpoint refuses at the moment: nothing, every request, or the writes of users."""

    refuses: str = "nothing"

    def dialect(self) -> Dialect:
        def rewrites() -> Sequence[Rewrite]:
            return (self._rewrite,)

        return Dialect(name="troubled", text="refuses what it is told to", rewrites=rewrites)

    async def _rewrite(self, request: ScimRequest, serve: Serve) -> ScimResponse:
        if self.refuses == "the token":
            return refuse(HTTPStatus.UNAUTHORIZED, "expired")
        if self.refuses == "users" and is_about(request, "/Users", "POST", "PATCH", "PUT"):
            return refuse(HTTPStatus.FORBIDDEN, f"<!channel> not allowed for {request.path}")
        return await serve(request)


@dataclass(slots=True)
class Scene:
    """A company, its troubled endpoint, and who is told."""

    company: Rehearsal
    trouble: Trouble
    web: Web

    def apply(self, *more: str) -> int:
        self.company.write()
        return self.company.run("apply", "--yes", "--no-progress", *more)[0]

    def told(self) -> list[str]:
        """The events that were told since the last time this was asked."""
        events = [str(body["event"]) for body in self.web.bodies]
        self.web.bodies.clear()
        return events


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    trouble = Trouble()
    with receive_posts() as web, rehearse(tmp_path, trouble.dialect(), monkeypatch) as company:
        company.environ["HOOK"] = web.url
        company.begin(NOTIFY)
        yield Scene(company, trouble, web)


def test_a_run_that_ends_well_tells_nobody(scene: Scene) -> None:
    assert scene.apply() == 0
    assert scene.apply() == 0
    assert scene.told() == []


def test_quarantine_is_told_once_and_its_end_once(scene: Scene) -> None:
    scene.apply()
    scene.trouble.refuses = "the token"
    assert scene.apply() == 1
    assert "401" in scene.web.bodies[0]["text"]
    assert scene.told() == ["quarantine"]
    assert scene.apply() == 1
    assert scene.apply("--scheduled") == 0
    assert scene.told() == []
    scene.trouble.refuses = "nothing"
    scene.company.people["ada"]["jobTitle"] = "Director"
    assert scene.apply() == 0
    assert scene.told() == ["recovery"]
    assert scene.apply() == 0
    assert scene.told() == []


def test_a_quarantine_ends_with_an_apply_that_has_nothing_to_do(scene: Scene) -> None:
    """Only the token had expired: once it is renewed, the target is not left out of the schedule for ever."""
    scene.apply()
    scene.trouble.refuses = "the token"
    scene.apply()
    scene.trouble.refuses = "nothing"
    scene.told()

    assert scene.apply() == 0
    assert scene.told() == ["recovery"]
    scene.company.people["ada"]["jobTitle"] = "Director"
    scene.apply("--scheduled")
    assert scene.company.plan()["changes"] == []


def test_a_run_that_is_stopped_half_way_is_told_with_what_it_did(scene: Scene) -> None:
    scene.company.people |= {
        f"more{n}": {**scene.company.people["bob"], "userPrincipalName": f"more{n}@example.com"}
        for n in range(10)
    }
    scene.trouble.refuses = "users"
    assert scene.apply() in (1, 5)

    [body] = scene.web.bodies
    assert body["event"] == "quarantine"
    assert body["counts"]["failed"] > 20
    assert body["run"]
    assert "<!channel>" not in body["text"]


def test_partial_failure_is_told_once_and_its_end_once(scene: Scene) -> None:
    scene.apply()
    scene.trouble.refuses = "users"
    scene.company.people["ada"]["jobTitle"] = "Director"
    scene.company.groups["sales"].append("ada")
    assert scene.apply() == 5
    [body] = scene.web.bodies
    assert "1 of 2 changes failed (InsufficientRights 1)" in body["text"]
    assert body["counts"] == {"done": 1, "failed": 1, "withheld": 0}
    assert "ada" not in json.dumps(body).lower()
    scene.told()
    assert scene.apply() != 0
    assert scene.apply("--only", "user:grace") == 0  # which says nothing about ada
    assert scene.told() == []
    scene.trouble.refuses = "nothing"
    assert scene.apply() == 0
    assert scene.told() == ["recovery"]


def test_a_notice_that_cannot_be_sent_changes_no_exit_code(scene: Scene) -> None:
    scene.apply()
    scene.web.statuses = [404]
    scene.trouble.refuses = "users"
    scene.company.people["ada"]["jobTitle"] = "Director"
    scene.company.groups["sales"].append("ada")

    assert scene.apply() == 5
    assert "warning: live: the notice to the webhook in HOOK was not sent: status 404" in scene.company.said
    assert "a-secret-path" not in scene.company.said
