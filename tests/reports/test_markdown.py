"""Markdown: what a reviewer reads in a pull request, whole or shortened, and what a public repository may show."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.finding import Finding
from reconciler.model.plan import Plan, TargetPlan
from reconciler.reports.markdown import LEAST, SUMMARY_BYTES, render
from reconciler.reports.places import Places
from tests.fuzz.hostile import NASTY, texts
from tests.fuzz.volume import tries
from tests.properties.bench import Repository, Strict, strict_endpoint
from tests.reports.plans import (
    budget,
    edited_plan,
    group,
    hostile_plan,
    large_plan,
    plan_of,
    target_plan,
    user,
)
from tests.reports.rendered import assert_sound
from tests.scenarios.stories import ENDPOINT, hold_story

GOLDEN = Path(__file__).parent / "golden"
WRITTEN = set(os.environ.get("RECONCILE_GOLDEN", "").split(",")) - {""}
STORIES = (
    "first_run",
    "leaver_filtered",
    "group_loses_most_members",
    "names_like_markup",
    "at_rest",
    "ambiguous_match",
    "two_targets",
)


def quarantined() -> Plan:
    text = "in quarantine since 2026-11-22T03:00:00Z: 14 of 20 requests failed; runs by a schedule skip it"
    finding = Finding(severity="error", code="quarantine", text=text)
    return plan_of(target_plan([user(1, "create")], findings=[finding]), target_plan([], name="directory"))


def failed() -> Plan:
    error = "https://okta.example/scim/v2/Users: 401 Unauthorized; renew the token in OKTA_TOKEN"
    okta = TargetPlan(name="okta", url="https://okta.example/scim/v2", error=error, error_exit=1)
    return plan_of(okta, target_plan([user(4, "update", before="Engineer", after="Staff Engineer")]))


def drifted() -> Plan:
    told = target_plan(
        [user(1, "deactivate"), user(2, "update", before="VP", after="Engineer"), group(1, (), (3,))]
    )
    causes = ("desired, not applied yet", "changed at the endpoint", "changed at the endpoint")
    return plan_of(replace(told, causes=causes))


PLANS = {
    "large": large_plan(),
    "quarantine": quarantined(),
    "error": failed(),
    "drift": drifted(),
    "edit": edited_plan(),
    "hostile": hostile_plan([text for text in NASTY if len(text) < 40][:9], in_paths=False),
    "everything": plan_of(
        target_plan(
            [
                user(1, "delete"), user(2, "deactivate"), user(3, "create"), user(4, "reactivate"),
                user(5, "adopt", before=None, after="Engineer"), user(6, "update", before="", after=["a", "b"]),
                group(7, (3, 4), (1, 2)),
            ],
            findings=[
                Finding(severity="info", code="member-not-at-target", text="1 membership waits for users who are not at this target: victor"),
                Finding(severity="warning", code="not-adopted", text="bob@example.com matches bob", source="desired_state/users/london.yaml:18"),
            ],
            budgets=[budget("deactivate", 1, 23, 1180), budget("removeMembersPerGroup", 2, 1, 3, subject="g7")],
        )
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Strict]:
    with strict_endpoint() as strict:
        yield strict


@pytest.mark.parametrize("name", STORIES)
def test_a_story_reads_as_told(name: str, endpoint: Strict, tmp_path: Path) -> None:
    repository = Repository(base=tmp_path, url=endpoint.url)
    hold_story(name, repository, endpoint)

    done = repository.run("plan", "--format", "markdown")

    assert (done.code, done.err) == (0, "")
    assert_sound(done.out)
    told = re.sub(r"as of `[^`]+`", "as of `now`", done.out.replace(endpoint.url, ENDPOINT))
    expect(name, re.sub(r"Digest `[0-9a-f]{12}`", "Digest `…`", told))


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_reads_as_told(name: str) -> None:
    text = render(PLANS[name], heading="Drift" if name == "drift" else "Plan")

    assert_sound(text)
    expect(name, text)


def expect(name: str, found: str) -> None:
    path = GOLDEN / f"{name}.md"
    if name in WRITTEN:
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


def test_a_plan_without_changes_says_so_in_a_few_lines() -> None:
    text = render(plan_of(target_plan([]), target_plan([], name="directory")))

    assert text.startswith("### Plan: no changes\n")
    assert len(text.splitlines()) == 8


def test_people_losing_access_come_before_everything_else() -> None:
    plan = plan_of(target_plan([user(1, "create"), group(1, (1,)), user(2, "update", before="a", after="b"), user(3, "deactivate")]))  # fmt: skip

    text = render(plan)

    order = [text.index(f"**{title}**") for title in ("People losing access", "People getting access", "People whose account changes", "Groups")]  # fmt: skip
    assert order == sorted(order)
    assert text.index("1 person loses access") < text.index("| target |")


def test_an_edit_comes_before_what_had_drifted_and_is_what_is_counted() -> None:
    text = render(PLANS["edit"])

    edit, drift = text.split("##### What had drifted before")
    assert edit.startswith("### Plan: users 1 to update · groups 1 to update · members +1 -0\n")
    assert "loses access" not in edit
    assert "user5@example.com" not in edit
    assert "user3@example.com" in drift
    assert "user4@example.com" not in drift


def test_what_an_edit_gives_to_somebody_who_had_to_be_created_before_is_the_edits() -> None:
    made = user(1, "create")
    change = replace(made, drifted=frozenset(place for place in made.atoms() if place.name != "title"))

    edit, drift = render(plan_of(target_plan([change]))).split("##### What had drifted before")

    assert "`title`: nothing → `title 1` (waits for what had drifted: create)" in edit
    assert "`displayName` = `displayName 1`" not in edit
    assert "`displayName` = `displayName 1`" in drift


def test_an_exceeded_budget_comes_with_the_approval_to_copy() -> None:
    text = render(PLANS["large"])

    assert "is **blocked**" in text
    assert (
        f"  - {{target: envoy, rule: deactivate, digest: 'sha256:{'0123456789abcdef' * 4}', reason: '…'}}\n"
        in text
    )


def test_places_are_links_where_the_address_of_the_files_is_known() -> None:
    places = Places(root="desired_state", base="https://github.com/o/r/blob/4be19c2/")
    text = render(PLANS["everything"], places=places)

    found = assert_sound(text, may_link=True)

    assert "https://github.com/o/r/blob/4be19c2/desired_state/users/london.yaml#L18" in found.links
    assert all(link.startswith("https://github.com/o/r/blob/4be19c2/desired_state/") for link in found.links)


def test_what_is_no_place_in_the_repository_is_no_link() -> None:
    hostile = [
        "../../x",
        "/etc/passwd",
        "javascript:alert(1)//x",
        "a b](https://evil.example)",
        "https://evil.example/x",
    ]
    places = Places(root="desired_state", base="https://github.com/o/r/blob/4be19c2/")

    found = assert_sound(render(hostile_plan(hostile), places=places), may_link=True)

    assert all(re.fullmatch(r"https://github\.com/o/r/blob/4be19c2/desired_state/[\w./%-]*#L3", link) for link in found.links)  # fmt: skip
    assert not any("/../" in link or "evil.example)" in link for link in found.links)


@pytest.mark.parametrize("name", PLANS)
def test_counts_hold_nobodys_name_and_no_value(name: str) -> None:
    plan = PLANS[name]
    text = render(plan, detail="counts", footer="all of it is elsewhere")

    assert_sound(text)
    for target in plan.targets:
        for secret in secrets_of(target):
            assert secret not in text, secret
    assert "all of it is elsewhere" in text


def secrets_of(target: TargetPlan) -> Iterator[str]:
    """What a public place must not hold; of what is shorter than three letters nobody can tell."""
    for change in target.changes:
        yield from (
            change.name,
            change.reason.text if change.reason.text != "new" else "@",
            change.reason.source or "@",
        )
        yield from (member.name for member in (*change.add, *change.remove) if len(member.name) > 3)
        for attribute in change.attributes:
            yield from (v for v in (attribute.before, attribute.after) if isinstance(v, str) and len(v) > 3)
    yield from (finding.text for finding in target.findings)
    yield target.error or "@"
    yield target.url


def test_what_is_shortened_is_said_and_causes_stay() -> None:
    text = render(large_plan())

    assert "Too long to be shown whole. Shortened: " in text
    assert "people getting access" in text
    assert "`department`: `R&D` → `Research`" in text
    assert all(f"user{number}@example.com" in text for number in range(9)), (
        "of those who lose access, all are named"
    )


def test_a_summary_holds_every_name_of_5000_changes() -> None:
    plan = large_plan()
    text = render(plan, limit_characters=SUMMARY_BYTES, limit_bytes=SUMMARY_BYTES)

    names = set(assert_sound(text).codes)

    assert {change.name for change in plan.changes} <= names
    assert len(text.encode()) <= SUMMARY_BYTES


@pytest.mark.parametrize("size", [0, 1, 30, 400, 20_000])
@pytest.mark.parametrize("limit", [LEAST + 1_000, 60_000, 1_000_000])
def test_no_plan_is_too_large(size: int, limit: int) -> None:
    plan = large_plan(size) if size > 30 else plan_of(target_plan([user(n, "create") for n in range(size)]))

    text = render(
        plan, prefix="<!-- marker -->\n", footer="footer", limit_characters=limit, limit_bytes=limit
    )

    assert len(text.encode()) <= limit
    assert text.startswith("<!-- marker -->\n### Plan: ")
    assert text.endswith("\nfooter\n")
    assert_sound(text.removeprefix("<!-- marker -->\n"))


def test_a_thousand_targets_are_summed_up() -> None:
    plan = plan_of(*(target_plan([user(n, "create", target=f"t{n}")], name=f"t{n}") for n in range(1_000)))

    text = render(plan, limit_characters=20_000)

    assert len(text) <= 20_000
    assert "more targets: users " in text
    assert_sound(text)


def test_a_limit_that_is_too_small_is_refused() -> None:
    with pytest.raises(ValueError, match="too little for a plan"):
        render(plan_of(), limit_characters=LEAST)


@tries(30)
@given(st.lists(texts, min_size=1, max_size=8), st.sampled_from([LEAST + 500, 15_000, 60_000]))
def test_hostile_names_break_no_structure_at_any_length(names: list[str], limit: int) -> None:
    text = render(hostile_plan(names), limit_characters=limit, limit_bytes=limit)

    assert len(text.encode()) <= limit
    assert_sound(text)
