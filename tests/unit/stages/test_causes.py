"""Why live is not as desired (DESIGN 4, drift; research: actions 4.5)."""

from __future__ import annotations

import pytest

from reconciler.model.change import AttributeChange, Change, MemberChange, Place, Reason
from reconciler.stages.causes import (
    CHANGED,
    PENDING,
    REWRITTEN,
    UNKNOWN,
    Written,
    find_cause,
    find_cause_by_base,
)

TITLE = ("User", "ada", "title")


def change(after: str = "Engineer", **told: object) -> Change:
    """A title that is not as desired."""
    return Change(
        target="live", action="update", type="User", key="ada", id="1", name="ada@example.com",
        reason=Reason(code="attributes-differ", text=""),
        attributes=(AttributeChange(path="title", before="Chief", after=after),), **told,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("written", "cause"),
    [
        ({}, UNKNOWN),
        ({("User", "bob", "title"): ("Engineer", 1)}, PENDING),
        ({TITLE: ("Engineer", 1)}, CHANGED),
        ({TITLE: ("Engineer", 2)}, REWRITTEN),
        ({TITLE: ("Salesman", 1)}, PENDING),
        ({TITLE: ("Salesman", 3)}, PENDING),
    ],
)
def test_the_cause_by_what_runs_wrote(written: Written, cause: str) -> None:
    assert find_cause(change(), written) == cause


def test_a_member_that_nobody_here_added_came_at_the_endpoint() -> None:
    group = Change(
        target="live", action="update", type="Group", key="sales", id="1", name="Sales",
        reason=Reason(code="members-differ", text=""), remove=(MemberChange(key="bob", name="bob", id="2"),),
    )  # fmt: skip

    assert find_cause(group, {TITLE: ("Engineer", 1)}) == CHANGED


@pytest.mark.parametrize(
    ("drifted", "cause"),
    [(None, UNKNOWN), ((), PENDING), (("title",), CHANGED)],
    ids=["no base", "new", "known"],
)
def test_the_cause_by_what_was_applied_last(drifted: tuple[str, ...] | None, cause: str) -> None:
    places = drifted and frozenset(Place("live", "User", "ada", "path", name) for name in drifted)

    assert (
        find_cause_by_base(change(drifted=places if drifted else frozenset() if drifted == () else None))
        == cause
    )
