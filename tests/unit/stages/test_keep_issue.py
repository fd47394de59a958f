"""What becomes of the drift issue (research: actions 4.5)."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from reconciler.model.part import Part
from reconciler.reports.drift_issue import Found, compose_issue
from reconciler.stages.keep_issue import Issue, Memory, next_steps, read_issues, remember

BOT = "github-actions[bot]"
A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
WELL, DIFFERS, OTHERWISE = Memory(), Memory(differs={"live": A}), Memory(differs={"live": B})
FAILED = Memory(failed={"live": 1})


def issue(memory: Memory, *, is_open: bool = True, is_snoozed: bool = False) -> Issue:
    """The issue as it stands."""
    return Issue(number=3, is_open=is_open, is_snoozed=is_snoozed, memory=memory)


OPEN = issue(DIFFERS)
CLOSED = issue(WELL, is_open=False)
SNOOZED = issue(DIFFERS, is_open=False, is_snoozed=True)


@pytest.mark.parametrize(
    ("before", "now", "steps"),
    [
        (None, WELL, []),
        (None, FAILED, []),
        (None, DIFFERS, ["create"]),
        (OPEN, DIFFERS, ["edit"]),
        (OPEN, OTHERWISE, ["edit", "comment"]),
        (OPEN, WELL, ["comment", "close"]),
        (OPEN, FAILED, ["edit"]),
        (OPEN, Memory(differs={"live": A}, failed={"live": 1}), ["edit"]),
        (CLOSED, WELL, []),
        (CLOSED, FAILED, []),
        (CLOSED, DIFFERS, ["reopen", "comment"]),
        (SNOOZED, DIFFERS, []),
        (SNOOZED, OTHERWISE, ["reopen", "comment"]),
        (SNOOZED, WELL, []),
        (None, Memory(quarantined={"live": ("Q", "2026")}), ["create"]),
        (issue(Memory(quarantined={"live": ("Q", "2026")})), WELL, ["comment", "close"]),
    ],
)
def test_the_life_of_the_issue(before: Issue | None, now: Memory, steps: list[str]) -> None:
    assert [step.do for step in next_steps(before, (), now)] == steps


def test_others_of_ours_are_closed_as_duplicates() -> None:
    steps = next_steps(OPEN, (5, 9), DIFFERS)

    assert [(step.do, step.number) for step in steps] == [
        ("close-duplicate", 5),
        ("close-duplicate", 9),
        ("edit", 3),
    ]


def part(
    result: str, *, kind: Literal["drift", "apply"] = "drift", fingerprint: str = "", quarantine: str = ""
) -> Part:
    """What a job left."""
    return Part(
        kind=kind, target="live", result=result, fingerprint=fingerprint, quarantine=quarantine, since="2026"
    )


IN = Memory(differs={"live": A}, quarantined={"live": ("Q", "2026")}, failed={"live": 2})


@pytest.mark.parametrize(
    ("parts", "now"),
    [
        ([], Memory(differs={"live": A}, quarantined={"live": ("Q", "2026")}, failed={"live": 3})),
        ([part("failed")], Memory(differs={"live": A}, quarantined={"live": ("Q", "2026")}, failed={"live": 3})),
        ([part("rest")], Memory(quarantined={"live": ("Q", "2026")})),
        ([part("drifted", fingerprint=B)], Memory(differs={"live": B}, quarantined={"live": ("Q", "2026")})),
        ([part("applied", kind="apply")], Memory()),
        ([part("partial", kind="apply", fingerprint=B, quarantine="R")], Memory(differs={"live": B}, quarantined={"live": ("R", "2026")})),
    ],
    ids=["no part", "failed", "rest", "differs otherwise", "applied", "stopped"],
)  # fmt: skip
def test_what_is_remembered(parts: list[Part], now: Memory) -> None:
    assert remember(IN, parts, ["live"], all_known=True) == now


def test_a_target_that_is_declared_no_more_is_forgotten_where_all_are_known() -> None:
    before = Memory(differs={"live": A, "old": B}, failed={"old": 1}, quarantined={"old": ("Q", "2026")})

    assert remember(before, [part("rest")], ["live"], all_known=True) == Memory()
    assert remember(before, [part("rest")], ["live"], all_known=False) == Memory(
        differs={"old": B}, failed={"old": 1}, quarantined={"old": ("Q", "2026")}
    )


def row(number: int = 3, **told: Any) -> dict[str, Any]:
    """An issue of ours as the API gives it."""
    return {
        "number": number, "state": "open", "user": {"login": BOT, "type": "Bot"}, "body": f"{DIFFERS.mark()}\n\nText", **told,
    }  # fmt: skip


def test_what_the_mark_remembers_comes_back() -> None:
    memory = Memory(
        differs={"live": A, "a--b": B}, failed={"live": 3}, quarantined={"live": ("TooManyDeletes", "2026-11-23T14:40:00Z")}
    )  # fmt: skip

    found, _ = read_issues([row(body=memory.mark())], BOT)

    assert found is not None
    assert found.memory == memory
    assert "--" not in memory.mark()[4:-3]


@pytest.mark.parametrize(
    "told",
    [
        {"user": {"login": "mallory", "type": "User"}},
        {"user": {"login": BOT, "type": "User"}},
        {"user": None},
        {"body": f"A person's text\n{DIFFERS.mark()}"},
        {"body": None},
    ],
    ids=str,
)
def test_an_issue_of_somebody_else_is_not_ours(told: dict[str, Any]) -> None:
    assert read_issues([row(**told)], BOT) == (None, ())


@pytest.mark.parametrize(
    "body",
    [
        "<!-- reconcile:drift:v1 {} -->",
        "<!-- reconcile:drift:v1 nothing -->",
        '<!-- reconcile:drift:v1 {"differs":{"live":"<img>"},"failed":{"live":-1},"quarantined":{"live":["<b>","x"]}} -->',
        '<!-- reconcile:drift:v1 {"differs":[],"failed":{},"quarantined":{}} -->',
        "<!-- reconcile:drift:v1 " + '{"a":' * 5000 + " -->",
    ],
)
def test_a_mark_that_somebody_edited_is_not_believed(body: str) -> None:
    found, _ = read_issues([row(body=body)], BOT)

    assert found is not None
    assert found.memory == Memory()


def test_the_oldest_of_several_is_ours_and_the_open_others_are_extra() -> None:
    found, extra = read_issues([row(9), row(3), row(5, state="closed"), row(7)], BOT)

    assert found is not None
    assert found.number == 3
    assert extra == (7, 9)


@pytest.mark.parametrize(
    ("state", "reason", "is_snoozed"),
    [("open", None, False), ("closed", "completed", False), ("closed", "not_planned", True)],
)
def test_what_a_person_closed_as_not_planned_is_snoozed(
    state: str, reason: str | None, is_snoozed: bool
) -> None:
    found, _ = read_issues([row(state=state, state_reason=reason)], BOT)

    assert found is not None
    assert found.is_snoozed is is_snoozed


QUARANTINED = Memory(differs={"live": A}, quarantined={"live": ("Q", "2026")})


def applied(result: str, **told: Any) -> Part:
    """What an apply left."""
    return Part(kind="apply", target="live", result=result, **told)


@pytest.mark.parametrize("result", ["applied", "noop"])
def test_what_could_not_be_read_after_an_apply_still_differs(result: str) -> None:
    now = remember(DIFFERS, [applied(result, unread=True)], ["live"], all_known=False)

    assert now == Memory(differs={"live": A}, failed={"live": 1})
    assert [step.do for step in next_steps(OPEN, (), now)] == ["edit"]


@pytest.mark.parametrize(
    "left",
    [applied("stale", fingerprint=A), applied("refused", fingerprint=A), applied("noop", fingerprint=A), applied("partial"), applied("noop", unread=True)],
    ids=lambda left: left.result,
)  # fmt: skip
def test_only_an_apply_that_succeeds_ends_a_quarantine(left: Part) -> None:
    assert remember(QUARANTINED, [left], ["live"], all_known=False).quarantined == QUARANTINED.quarantined


@pytest.mark.parametrize(
    "left", [applied("applied", fingerprint=B), applied("applied", unread=True), applied("noop")]
)
def test_an_apply_that_succeeds_does(left: Part) -> None:
    assert remember(QUARANTINED, [left], ["live"], all_known=False).quarantined == {}


def test_somebodys_own_account_is_known_as_well_as_a_bot() -> None:
    row = {
        "number": 3,
        "state": "open",
        "body": DIFFERS.mark(),
        "user": {"login": "scim-service", "type": "User"},
    }

    assert read_issues([row], "scim-service")[0] == OPEN
    assert read_issues([row], BOT)[0] is None


def test_what_differs_elsewhere_is_not_forgotten() -> None:
    found = Found(
        differs=["far", "near"], failed={}, quarantined={}, run_url="https://r", as_of="now", sick=3
    )
    near = Part(kind="apply", target="near", result="partial", fingerprint=A, digest=A, levels=("### near",))

    body = compose_issue(Memory(differs={"near": A, "far": A}).mark(), [near], found)

    assert "What differs at `far` was told before" in body
    assert "`near` was told before" not in body
