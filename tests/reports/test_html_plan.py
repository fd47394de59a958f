"""The HTML page in a real browser: read, searched, filtered, with the mouse, with keys, in the dark, on paper."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from reconciler.model.change import Change, Reason
from reconciler.model.neutral import neutral
from reconciler.model.plan import Plan
from reconciler.reports.html_plan import render
from reconciler.reports.places import Places
from tests.fuzz.volume import IS_FULL
from tests.reports.browsing import chromium, looking
from tests.reports.hostile_values import hostile_values
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
from tests.reports.test_markdown import PLANS

EVERYTHING = PLANS["everything"]
LINK = Places(root="desired_state", base="https://github.com/o/r/blob/4be19c2/")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


def two_targets() -> Plan:
    directory = [
        user(11, "create", target="directory"),
        user(12, "update", target="directory", before="a", after="b"),
    ]
    return plan_of(
        target_plan([user(1, "deactivate"), user(2, "create")]), target_plan(directory, name="directory")
    )


def test_who_loses_access_stands_first(browser: Browser, tmp_path: Path) -> None:
    with looking(browser, EVERYTHING, tmp_path) as look:
        assert look.names() == [
            "user1@example.com", "user2@example.com", "user3@example.com", "user4@example.com", "user5@example.com",
            "user6@example.com", "Group 7",
        ]  # fmt: skip
        assert look.page.title().startswith("Plan: users 1 to create")
        assert look.page.locator("#kinds button").all_inner_texts()[0].split("\n") == [
            "2",
            "People losing access",
        ]
        assert look.count() == "7 changes"


def test_what_blocks_a_target_comes_with_its_approval(browser: Browser, tmp_path: Path) -> None:
    with looking(browser, EVERYTHING, tmp_path) as look:
        alert = look.page.inner_text("#alerts")

        assert "envoy is blocked, apply refuses it" in alert
        assert (
            f"{{target: envoy, rule: removeMembersPerGroup, digest: 'sha256:{'0123456789abcdef' * 4}', reason: '…'}}"
            in alert
        )


def test_an_error_and_a_quarantine_stand_above_everything(browser: Browser, tmp_path: Path) -> None:
    with looking(browser, PLANS["error"], tmp_path) as look:
        assert "okta could not be planned: https://okta.example/scim/v2/Users: 401" in look.page.inner_text(
            "#alerts"
        )
        assert "failed" in look.page.inner_text("#targets")
    with looking(browser, PLANS["quarantine"], tmp_path) as look:
        assert "envoy in quarantine since 2026-11-22" in look.page.inner_text("#alerts")


def test_a_plan_without_changes_says_so(browser: Browser, tmp_path: Path) -> None:
    with looking(browser, plan_of(target_plan([])), tmp_path) as look:
        assert look.page.inner_text("p.summary") == "no changes"
        assert not look.page.is_visible("#changes")


def test_without_script_the_page_says_what_it_needs(browser: Browser, tmp_path: Path) -> None:
    with looking(browser, EVERYTHING, tmp_path, script=False) as look:
        assert "needs JavaScript" in look.page.inner_text("main")
        assert "1 to deactivate" in look.page.inner_text("header")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("USER4@", ["user4@example.com", "Group 7"]),
        ("user4 declared", ["user4@example.com"]),
        ("engineer", ["user5@example.com"]),
        ("office-2.yaml", ["user2@example.com"]),
        ("u3", ["user3@example.com"]),
        ("gid-7", ["Group 7"]),
        ("filter create", []),
        ("user3@", ["user3@example.com", "Group 7"]),
    ],
)
def test_the_search_finds_names_values_reasons_and_places(
    text: str, names: list[str], browser: Browser, tmp_path: Path
) -> None:
    with looking(browser, EVERYTHING, tmp_path) as look:
        look.search(text)

        assert look.names() == names
        assert look.count() == f"{len(names)} of 7 changes"
        assert look.page.is_visible("#nothing") == (not names)
        look.search("")
        assert look.count() == "7 changes"


def test_filters_narrow_together_and_are_taken_back_at_once(browser: Browser, tmp_path: Path) -> None:
    with looking(browser, EVERYTHING, tmp_path) as look:
        look.page.click("#kinds .lose")
        assert look.names() == ["user1@example.com", "user2@example.com"]
        look.page.click("#kinds .group")
        assert len(look.names()) == 3
        look.page.click("#actions .delete")
        assert look.names() == ["user1@example.com"]
        assert look.page.get_attribute("#actions .delete", "aria-pressed") == "true"

        look.page.click("#reset")

        assert look.count() == "7 changes"
        assert look.page.locator("[aria-pressed=true]").count() == 0


def test_type_target_and_cause_are_chosen_from_lists(browser: Browser, tmp_path: Path) -> None:
    with looking(browser, EVERYTHING, tmp_path) as look:
        look.page.select_option("select[aria-label='People and groups']", "Group")
        assert look.names() == ["Group 7"]
        look.page.keyboard.press("Escape")
        look.page.select_option("select[aria-label='All causes']", label="title: nothing → Engineer (1)")
        assert look.names() == ["user5@example.com"]
        assert look.page.locator("select[aria-label='All targets']").count() == 0
    with looking(browser, two_targets(), tmp_path) as look:
        look.page.select_option("select[aria-label='All targets']", label="directory")
        assert look.names() == ["user11@example.com", "user12@example.com"]


def test_an_edit_stands_apart_from_what_had_drifted(browser: Browser, tmp_path: Path) -> None:
    with looking(browser, edited_plan(), tmp_path) as look:
        titles = look.page.locator("h2.origin").all_inner_texts()
        assert titles == ["What this edit does", "What had drifted before; this edit does not touch it"]
        assert look.names() == ["user1@example.com", "Group 2", "user3@example.com", "Group 2"]
        look.page.select_option("select[aria-label='Edit and drift']", "drift")
        assert look.names() == ["user3@example.com", "Group 2"]
        assert look.page.inner_text("p.meta").endswith("compared with origin/main (4be19c2a01d7)")
        assert look.page.inner_text("#kinds .lose").split("\n") == [
            "0",
            "People losing access",
            "1 drifted before",
        ]
        assert look.page.inner_text("p.summary") == "users 1 to update · groups 1 to update · members +1 -0"


def test_a_change_opens_and_shows_before_and_after(browser: Browser, tmp_path: Path) -> None:
    with looking(browser, EVERYTHING, tmp_path, places=LINK) as look:
        row = look.page.locator(".row", has_text="user6@example.com")
        row.click()

        assert row.get_attribute("aria-expanded") == "true"
        detail = look.page.locator(f"#{row.get_attribute('aria-controls')}")
        assert detail.locator("tbody td").all_inner_texts() == ["title", "“”", "a, b"]
        link = detail.locator("a").get_attribute("href")
        assert link == "https://github.com/o/r/blob/4be19c2/desired_state/users/office-6.yaml#L8"
        row.click()
        assert row.get_attribute("aria-expanded") == "false"
        assert not detail.is_visible()


def test_requests_that_were_asked_for_are_shown(browser: Browser, tmp_path: Path) -> None:
    request = {"method": "PATCH", "path": "/Users/id-1", "body": {"active": False}}
    told = replace(target_plan([user(1, "deactivate")]), lowered=((request,),))
    with looking(browser, plan_of(told), tmp_path) as look:
        look.page.click(".row")

        assert json.loads(look.page.inner_text(".detail pre")) == request


def test_everything_can_be_done_with_keys(browser: Browser, tmp_path: Path) -> None:
    with looking(browser, EVERYTHING, tmp_path) as look:
        press = look.page.keyboard.press
        for key in "jjk":
            press(key)
        assert look.focused() == "user1@example.com"
        press("Enter")
        assert look.page.locator(".detail:visible").count() == 1
        press("Escape")
        assert look.page.locator(".detail:visible").count() == 0
        press("/")
        look.page.keyboard.type("user4 jk?")
        look.page.wait_for_selector("#nothing")
        press("Escape")
        assert look.count() == "7 changes"
        press("/")
        look.page.keyboard.type("user4")
        press("Enter")
        assert look.focused() == "user4@example.com"
        press("?")
        assert look.page.is_visible("#help")
        press("Escape")
        assert not look.page.is_visible("#help")
        assert look.count() == "2 of 7 changes", "Esc that closes the help leaves the search"


def test_dark_is_the_systems_choice_until_somebody_chooses(browser: Browser, tmp_path: Path) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    with looking(browser, EVERYTHING, tmp_path) as look:
        light = look.page.evaluate(ground)
        look.page.click("#theme")
        dark = look.page.evaluate(ground)
        look.page.reload()
        assert look.page.evaluate(ground) == dark, "a choice outlives the page"
        look.requests.pop()
    with looking(browser, EVERYTHING, tmp_path, scheme="dark") as look:
        assert look.page.evaluate(ground) == dark
        look.page.click("#theme")
        assert look.page.evaluate(ground) == light


def test_5000_changes_are_there_and_the_page_stays_small(browser: Browser, tmp_path: Path) -> None:
    plan = large_plan()
    with looking(browser, plan, tmp_path) as look:
        look.settle()
        assert look.count() == "5,000 changes"
        assert look.page.locator(".item").count() == 9 + 50 + 50 + 50 + 20, (
            "of every large cause, the first fifty"
        )
        assert look.page.locator(".cause").all_inner_texts()[1] == "650\ndepartment: R&D → Research"
        look.search("user20042")
        assert look.names() == ["user20042@example.com"]
        look.search("")
        look.page.click("text=Show 600 more")
        look.settle()
        assert look.page.locator(".item").count() == 9 + 50 + 650 + 50 + 20
        assert look.focused() == "user10050@example.com", "the first of those that were asked for"


def test_on_paper_every_change_is_there(browser: Browser, tmp_path: Path) -> None:
    with looking(browser, large_plan(600), tmp_path) as look:
        look.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        look.page.emulate_media(media="print")

        assert len(look.names()) == 600
        assert not look.page.is_visible(".bar")


@pytest.mark.parametrize("width", [320, 1280])
def test_nothing_is_wider_than_the_window(width: int, browser: Browser, tmp_path: Path) -> None:
    with looking(browser, hostile_plan(["x" * 3_000, "田" * 500]), tmp_path, width=width) as look:
        for row in look.page.locator(".row").all():
            row.click()

        assert look.page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.parametrize(
    ("name", "scheme"),
    [
        ("everything", "light"),
        ("everything", "dark"),
        ("error", "dark"),
        ("quarantine", "light"),
        ("drift", "dark"),
    ],
)
def test_the_page_keeps_the_rules_of_accessibility(
    name: str, scheme: str, browser: Browser, tmp_path: Path
) -> None:
    with looking(browser, PLANS[name], tmp_path, scheme=scheme) as look:
        for row in look.page.locator(".row").all():
            row.click()
        look.page.click("#targets-title")

        found = Axe().run(look.page)

        assert found.violations_count == 0, found.generate_report()


def test_the_help_keeps_the_rules_of_accessibility(browser: Browser, tmp_path: Path) -> None:
    with looking(browser, EVERYTHING, tmp_path) as look:
        look.page.click("#help-open")

        found = Axe().run(look.page)

        assert found.violations_count == 0, found.generate_report()


def hostile_names(count: int, seed: int) -> Plan:
    """A plan of one change for each value, with the value in every place."""
    changes = [
        Change(
            target="envoy", action="update" if number % 2 else "deactivate", type="User", key=f"{number}{text}", id=text, name=text,
            reason=Reason(code="attributes-differ", text=text, source=f"desired_state/{text}.yaml:3"),
            attributes=(replace(user(1, "update").attributes[0], path=f"p{number % 50}", before=text, after=f"{text}!"),),
        )
        for number, text in enumerate(hostile_values(count, seed))
    ]  # fmt: skip
    return plan_of(
        target_plan(changes, budgets=[budget("removeMembersPerGroup", 9, 5, 10, subject="</script>")])
    )


@pytest.mark.parametrize("seed", range(20 if IS_FULL else 1))
def test_a_thousand_hostile_values_are_text_and_nothing_else(
    seed: int, browser: Browser, tmp_path: Path
) -> None:
    plan = hostile_names(1_000, seed)
    with looking(browser, plan, tmp_path, places=LINK) as look:
        look.page.evaluate("dispatchEvent(new Event('beforeprint'))")
        look.page.evaluate("document.querySelectorAll('.row').forEach(row => row.click())")

        keys = look.page.evaluate(
            "[...document.querySelectorAll('.detail dd code')].map(code => code.textContent)"
        )
        values = look.page.evaluate(
            "[...document.querySelectorAll('.detail td .value')].map(value => value.textContent)"
        )
        tags = set(
            look.page.evaluate(
                "[...document.querySelectorAll('main *')].map(element => element.tagName.toLowerCase())"
            )
        )
        links = look.page.evaluate("[...document.querySelectorAll('a')].map(link => link.href)")

        expected = [neutral(change.name) or "“”" for change in plan.changes]
        assert sorted(look.names()) == sorted(neutral(change.name) for change in plan.changes)
        assert sorted(keys) == sorted(
            neutral(text) for change in plan.changes for text in (change.key, change.id or "")
        )
        assert sorted(values) == sorted([*expected, *(f"{neutral(c.name)}!" for c in plan.changes)])
        assert tags <= set("""a b button code dd details div dl dt h2 h3 h4 i input label li noscript ol option output p section select
            span strong summary table tbody td th thead tr ul kbd""".split())  # fmt: skip
        assert all(
            link.startswith(("https://github.com/o/r/blob/4be19c2/desired_state/", "file:///"))
            for link in links
        )
        assert look.page.evaluate("typeof window.pwned") == "undefined"


def test_the_page_allows_itself_nothing() -> None:
    text = render(EVERYTHING)

    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text)
    assert policy is not None
    assert re.sub(r"sha256-[\w+/=]{44}", "sha256-…", policy[1]) == (
        "default-src 'none'; style-src 'sha256-…'; script-src 'sha256-…'; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'"
    )
    assert re.findall(r"""(?:src|href)=["'](?!#)""", text) == []


def test_a_page_reads_no_markup_into_what_it_holds() -> None:
    text = render(
        plan_of(target_plan([replace(user(1, "update"), name="</script><!--<script>\u2028\ud800&amp;")]))
    )

    assert text.count("</script>") == 2
    assert "<!--" not in text
    assert "\u2028" not in text
    text.encode()


def test_the_same_plan_gives_the_same_page() -> None:
    assert render(large_plan(300)) == render(large_plan(300))


def test_groups_name_who_leaves_before_who_joins(browser: Browser, tmp_path: Path) -> None:
    with looking(browser, plan_of(target_plan([group(1, (1, 2, 3, 4), (5,))])), tmp_path) as look:
        row = look.page.inner_text(".row .what")

        assert (
            row
            == "- user5@example.com · + user1@example.com, user2@example.com, user3@example.com and 1 more"
        )
