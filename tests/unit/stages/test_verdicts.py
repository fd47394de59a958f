"""Verdicts: what a check makes of what it saw, case by case, where no endpoint is needed to say so."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.model.change import Change
from reconciler.model.dialect import Dialect
from reconciler.model.discovery import Discovery
from reconciler.model.resource import LiveState
from reconciler.model.sight import Asked, ListSight, LookUp, Reached, Sight, Tempo
from reconciler.model.trial import Probed, Removal, Trial
from reconciler.model.verdict import Verdict
from reconciler.stages.canary import alter_canary, create_canary, tried_paths
from reconciler.stages.normalize import build_normalizer
from reconciler.stages.verdicts.attributes import judge_attributes
from reconciler.stages.verdicts.conclude import conclude
from reconciler.stages.verdicts.connection import judge_connection, judge_credentials
from reconciler.stages.verdicts.discovery import judge_discovery
from reconciler.stages.verdicts.lists import judge_lists
from reconciler.stages.verdicts.lookups import judge_lookups
from reconciler.stages.verdicts.tempo import estimate_read, judge_tempo
from reconciler.stages.verdicts.writes import judge_removals, judge_writes
from tests.properties.core import Core, build_core

ROOT = Path(__file__).parents[3]
NOW = datetime(2026, 11, 25, tzinfo=UTC)
URL = "https://acme.example/scim"
PATHS = {
    "externalId": "objectId", "userName": "userPrincipalName", "title": "jobTitle", 'emails[type eq "work"].value': "mail",
    "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager": "manager",
}  # fmt: skip


def core(target: str = "{}", profile: str = "") -> Core:
    settings = {
        "url": URL, "auth": {"bearer": {"env": "X"}}, "scope": {"users": "all", "groups": "all"}, "ownership": "all", "mapping": "plain",
        **yaml.safe_load(target),
    }  # fmt: skip
    mapping = {
        "users": {"match": ["externalId", "userName"], "attributes": PATHS},
        "groups": {
            "match": ["displayName"],
            "attributes": {"displayName": "displayName", "members": "members"},
        },
    }
    built = build_core({
        "users.yaml": "users: {}", "mappings.yaml": yaml.safe_dump({"mappings": {"plain": mapping}}),
        "targets.yaml": yaml.safe_dump({"targets": {"acme": settings}}),
    })  # fmt: skip
    changed = replace(built.target.profile, **yaml.safe_load(profile or "{}"))
    return replace(built, target=replace(built.target, profile=changed))


PLAIN = core()
COLUMNS = tuple(PLAIN.columns().values())


def page(path: str, rows: list[dict[str, Any]], total: int | None = None) -> Asked:
    body = {"totalResults": len(rows) if total is None else total, "Resources": rows}
    return Asked(path=path, status=200, body=body)


def refused(path: str, status: int = 404) -> Asked:
    return Asked(path=path, status=status, text="no")


def user(number: int, **given: object) -> dict[str, Any]:
    return {"id": str(number), "userName": f"u{number}@example.com", "active": True, **given}


def users(first: list[dict[str, Any]], **given: Any) -> ListSight:
    return ListSight(type="User", count=100, first=page("/Users", first, given.pop("total", None)), **given)


def groups(first: list[dict[str, Any]], **given: Any) -> ListSight:
    return ListSight(type="Group", count=100, first=page("/Groups", first, given.pop("total", None)), **given)


def sight(*lists: ListSight, **given: Any) -> Sight:
    return Sight(url=URL, connection=Reached(addresses=1, tls="TLSv1.3"), lists=lists, **given)


def codes(verdicts: Iterable[Verdict]) -> list[str]:
    return [verdict.code for verdict in verdicts]


def test_a_certificate_that_ends_soon_is_a_warning() -> None:
    def told(days: int) -> list[str]:
        seen = Reached(addresses=1, tls="TLSv1.3", ends=NOW + timedelta(days=days))
        return codes(judge_connection(Sight(url=URL, connection=seen), NOW))

    assert (told(29), told(31)) == (["reached", "certificate-ends"], ["reached"])


def test_a_proxy_hides_name_and_certificate() -> None:
    [verdict] = judge_connection(Sight(url=URL, connection=Reached(proxy="proxy.example.com:3128")), NOW)

    assert "goes by the proxy proxy.example.com:3128" in verdict.text


def test_what_a_stranger_is_told_may_be_unclear() -> None:
    seen = sight(users([user(1)]), anonymous=refused("/Users", 500))

    assert codes(judge_credentials(seen, PLAIN.target)) == ["token-taken", "stranger-unclear"]


def discovered(found: Discovery, target: str = "{}", profile: str = "", **given: Any) -> list[str]:
    config = Asked(path="/ServiceProviderConfig", status=200, body={})
    seen = sight(*given.pop("lists", ()), config=config, **given)
    return codes(judge_discovery(seen, core(target, profile).target, found, COLUMNS))


def test_discovery_is_held_against_profile_and_target() -> None:
    schemas = page("/Schemas", [{"id": "x"}])

    assert discovered(Discovery(filter_max_results=50), profile="{page_size: 100}") == ["config", "page-size"]
    assert discovered(Discovery(patch_supported=False), "{learnt: {updates: pathless}}") == [
        "config",
        "patch-denied",
    ]
    assert discovered(Discovery(), tempo=Tempo(etags=3)) == ["config", "etags-unsaid"]
    assert discovered(Discovery(), schemas=schemas) == ["config", "schemas"]
    assert discovered(Discovery(), schemas=refused("/Schemas")) == ["config", "no-schemas"]
    assert discovered(Discovery(), resource_types=refused("/ResourceTypes")) == [
        "config",
        "no-resource-types",
    ]
    assert discovered(Discovery(), me=refused("/Me"), lists=[users([user(1)])]) == ["config", "no-own-user"]


def test_resource_types_are_told_where_all_is_well() -> None:
    extension = {"schema": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"}
    rows: list[dict[str, Any]] = [{"name": "User", "schemaExtensions": [extension]}, {"name": "Group"}]

    assert discovered(Discovery(), resource_types=page("/ResourceTypes", rows)) == [
        "config",
        "resource-types",
    ]


def looked_up(attribute: str, nobody: Asked, somebody: Asked, other: Asked) -> list[str]:
    told = [("nobody", nobody, None), ("somebody", somebody, "1"), ("otherCase", other, "1")]
    lookups = tuple(
        LookUp(type="User", attribute=attribute, about=about, wanted=wanted, asked=asked)  # type: ignore[arg-type]
        for about, asked, wanted in told
    )
    return codes(judge_lookups(sight(lookups=lookups), COLUMNS))


def test_case_is_held_against_how_values_are_compared() -> None:
    one, none = page("/Users", [user(1, externalId="x")]), page("/Users", [])

    assert looked_up("userName", none, one, one) == ["found"]
    assert looked_up("userName", none, one, none) == ["found", "case-counts"]
    assert looked_up("externalId", none, one, none) == ["found"]
    assert looked_up("externalId", none, one, one) == ["found", "case-ignored"]


def test_a_filter_that_finds_more_than_it_should_is_told() -> None:
    none, two = page("/Users", []), page("/Users", [user(1), user(2)])

    assert looked_up("userName", none, two, none) == ["filter-loose"]


def listed(one: ListSight, *more: ListSight) -> list[str]:
    return codes(judge_lists(sight(one, *more), COLUMNS))


def steps(*ids: int) -> dict[str, Asked]:
    """Answers to pages of one: startIndex 1, 2, and 1 again."""
    return {
        name: page("/Users", [user(id_)], 3) for name, id_ in zip(("one", "two", "again"), ids, strict=True)
    }


THREE = [user(1), user(2), user(3)]


def test_pages_are_judged_by_pages_of_one() -> None:
    assert listed(users(THREE, read=3, **steps(1, 2, 1))) == ["list-whole", "pages"]
    assert listed(users(THREE, read=3, **steps(1, 1, 1))) == ["list-whole", "start-ignored"]
    assert listed(users(THREE, read=3, **steps(1, 2, 3))) == ["list-whole", "order-unsteady"]
    assert listed(users(THREE, read=3, **steps(2, 1, 2))) == ["list-whole", "order-unsteady"]
    assert listed(users(THREE, read=3, one=refused("/Users", 400), two=refused("/Users", 400))) == ["list-whole", "page-of-one"]  # fmt: skip
    assert listed(users(THREE, read=3, beyond=page("/Users", THREE))) == ["list-whole", "wraps-around"]


def test_a_long_list_is_judged_by_its_first_two_pages() -> None:
    more = page("/Users", [user(4), user(5)], 900)

    assert listed(users(THREE, total=900, following=more)) == ["list-begun", "pages-clamped"]
    assert listed(users(THREE, total=900, following=page("/Users", [user(3)], 900))) == ["list-not-whole"]
    assert listed(users(THREE, total=900, following=page("/Users", [], 900))) == ["list-not-whole"]


def test_a_list_that_cannot_be_read_to_its_end_is_exit_1() -> None:
    [verdict] = judge_lists(sight(users(THREE, unread="status 500")), COLUMNS)

    assert (verdict.code, verdict.exit_code) == ("list-unread", 1)


def test_where_members_are_shown_is_told() -> None:
    bare, full = (
        {"id": "9", "displayName": "Red"},
        {"id": "9", "displayName": "Red", "members": [{"value": "1"}]},
    )
    by_id = (Asked(path="/Groups/9", status=200, body=full),)

    assert listed(groups([full], read=1)) == ["list-whole", "members-listed"]
    assert listed(groups([full], read=1, slim=page("/Groups", [full]))) == ["list-whole", "members-listed", "members-always"]  # fmt: skip
    assert listed(groups([bare], read=1, by_id=by_id)) == ["list-whole", "members-by-id"]
    assert listed(groups([bare], read=1)) == ["list-whole", "no-members-seen"]


def test_canaries_that_were_left_are_a_warning_unless_they_sleep() -> None:
    awake, asleep = (
        user(4, userName="reconcile-canary-1@x"),
        user(4, userName="reconcile-canary-1@x", active=False),
    )

    [_, warned] = judge_lists(sight(users([awake], read=1)), COLUMNS)
    [_, noted] = judge_lists(sight(users([asleep], read=1)), COLUMNS)

    assert (warned.code, warned.severity, noted.code, noted.severity) == ("canaries-left", "warning", "canaries-left", "info")  # fmt: skip


def shown(listed: ListSight, profile: str = "", **given: Any) -> list[str]:
    target = core(profile=profile).target
    return [
        code
        for code in codes(judge_attributes(sight(listed, **given), target, COLUMNS))
        if code != "never-seen"
    ]


def test_what_is_listed_is_held_against_the_profile() -> None:
    ours = user(1, externalId="ada")
    schema = {
        "id": "urn:ietf:params:scim:schemas:core:2.0:User",
        "attributes": [{"name": "userName", "caseExact": False}],
    }

    assert shown(users([ours])) == ["active", "external-id"]
    assert shown(users([ours]), "{external_id: none}") == ["active", "external-id-kept"]
    assert shown(users([user(1)], by_id=(refused("/Users/1"),))) == ["active", "no-external-id-seen", "by-id"]
    assert "case-exact" in shown(
        users([ours]), "{case_exact: [userName]}", schemas=page("/Schemas", [schema])
    )


def test_haste_and_a_full_reading_are_told() -> None:
    tempo = Tempo(milliseconds=(100, 200, 300), refused_for_haste=2)
    bare, full = (
        {"id": "9", "displayName": "Red"},
        {"id": "9", "displayName": "Red", "members": [{"value": "1"}]},
    )
    seen = sight(
        users(THREE, total=30), groups([bare], total=20, by_id=(Asked(path="/Groups/9", status=200, body=full),)), tempo=tempo
    )  # fmt: skip

    assert codes(judge_tempo(seen, PLAIN.target, COLUMNS)) == ["too-fast", "tempo"]
    # 10 pages of users, 20 pages of groups and 20 groups one by one; four at once, 200 ms each
    assert estimate_read(seen, PLAIN.target, COLUMNS) == (50, 3)


def trial(about: str, *, kept: bool = True, status: int = 200, type: str = "User", **more: str) -> Trial:  # noqa: A002  # the field's name
    return Trial(about=about, type=type, status=status, kept=kept, **more)  # type: ignore[arg-type]


def written(*trials: Trial, profile: str = "", is_promised: bool = False) -> list[str]:
    target = core(profile=profile).target
    return codes(judge_writes(Probed(trials=trials), target, speaks_of_versions=is_promised))


def group(about: str, **more: Any) -> Trial:
    return trial(about, type="Group", **more)


@pytest.mark.parametrize(
    ("trials", "expected"),
    [
        ([trial("create", form="in full")], ["created"]),
        ([trial("create", kept=False, status=400), trial("create", form="names only")], ["create-trimmed"]),
        ([trial("create", kept=False, status=403)], ["create-refused"]),
        ([trial("twin", kept=False, status=409)], ["twin-refused"]),
        ([trial("twin", kept=False, status=500)], ["twin-unclear"]),
        ([trial("twin", status=201)], ["twins"]),
        ([trial("otherCase", status=201)], ["twins-by-case"]),
        ([group("twin", kept=False, status=409)], ["group-twin-refused"]),
        ([group("twin", kept=False, status=500)], ["group-twin-unclear"]),
        ([group("twin", status=201)], ["group-twins"]),
        ([trial("deactivate", form="path")], ["deactivates"]),
        ([trial("deactivate", kept=False, form="path"), trial("deactivate", form="put")], ["deactivates"]),
        ([trial("deactivate", kept=False, form="path"), trial("deactivate", form="text")], ["active-wants-text"]),
        ([trial("deactivate", kept=False, form="path", held="it is gone")], ["deactivation-removes"]),
        ([trial("deactivate", kept=False, form="path")], ["no-deactivation"]),
        ([trial("deactivate", form="path"), trial("reactivate", kept=False)], ["deactivates", "no-reactivation"]),
        ([trial("attribute", form="path", path="title")], ["updates"]),
        ([trial("attribute", form="path", path="title", held='"A" for "a"')], ["updates", "spelt"]),
        ([trial("attribute", kept=False, form="path", path="title")], ["not-kept"]),
        ([trial("attribute", kept=False, status=400, form="path", path="title")], ["attribute-refused"]),
        (
            [trial("attribute", form="create", path="title"), trial("attribute", kept=False, status=400, form="path", path="title")],
            ["kept-otherwise"],
        ),
        (
            [trial("create"), trial("attribute", kept=False, form="create", path="title"), trial("attribute", form="path", path="title")],
            ["created", "set-late", "updates"],
        ),
        ([trial("clear", form="remove", path="title")], ["clears"]),
        ([trial("clear", kept=False, form="remove"), trial("clear", form="null")], ["not-cleared"]),
        ([trial("rename")], ["renames"]),
        ([trial("rename", kept=False, status=400)], ["no-rename"]),
        ([trial("reference", form="object", path="manager")], ["manager"]),
        ([trial("reference", kept=False, form="object"), trial("reference", form="text")], ["manager-form"]),
        ([group("membersOnCreate")], ["members-on-create"]),
        ([group("addMembers", kept=False, status=501)], ["members-refused"]),
        ([group("addMembers", kept=False)], ["members-hidden"]),
        ([group("addMembers", kept=False, form="path"), group("addMembers", form="put")], ["members-otherwise"]),
        ([group("removeMember", form="pathFilter")], ["removal"]),
        ([group("removeMember", kept=False, form="pathFilter", status=400, held="nobody")], ["removal-refused"]),
        ([group("removeMember", kept=False, form="valueArray", held="everybody")], ["removal-of-everybody"]),
        ([group("removeMember", kept=False, form="valueArray", held="somebody else")], ["removal-of-somebody-else"]),
        ([group("addAgain", kept=False, held="2 times")], ["members-doubled"]),
        ([trial("stale", status=412)], ["versions"]),
        ([trial("stale", kept=False)], ["versions-ignored"]),
    ],
)  # fmt: skip
def test_each_trial_has_its_words(trials: list[Trial], expected: list[str]) -> None:
    assert written(*trials, is_promised=True) == expected


@pytest.mark.parametrize(
    ("state", "status", "expected", "exit_code"),
    [
        ("gone", 204, ["canaries-gone"], 0),
        ("inactive", 204, ["delete-deactivates"], 0),
        ("inactive", 403, ["delete-refused"], 0),
        ("there", 405, ["canary-left"], 5),
        ("unknown", 0, ["canary-left"], 5),
    ],
)
def test_what_is_left_of_a_canary_is_told(
    state: str, status: int, expected: list[str], exit_code: int
) -> None:
    one = Removal(type="User", name="reconcile-canary-x-1", id="7", status=status, state=state)  # type: ignore[arg-type]
    verdicts = list(judge_removals(Probed(removals=(one,)), URL))

    assert codes(verdicts) == expected
    assert max(verdict.exit_code for verdict in verdicts) == exit_code


def test_why_a_probe_ended_early_is_told() -> None:
    stopped = list(judge_removals(Probed(stopped="status 500"), URL))
    unwritten = list(judge_removals(Probed(stopped="interrupted", is_interrupted=True), URL))
    written_ = list(judge_removals(Probed(stopped="interrupted", is_interrupted=True, has_written=True), URL))

    assert codes(stopped) == ["probe-stopped"]
    assert [unwritten[0].exit_code, written_[0].exit_code] == [130, 5]


def concluded(*trials: Trial, live: LiveState | None = None, dialect: Dialect | None = None) -> str:
    seen = live or LiveState(users=(), groups=())
    return conclude(trials, PLAIN.target, dialect or Dialect(), {}, seen, COLUMNS).learnt


def test_a_path_is_withheld_only_if_the_endpoint_shows_one_of_nobody() -> None:
    dropped = trial("attribute", kept=False, form="path", path="title")
    someone = build_normalizer(COLUMNS[0])(user(1, title="Engineer"))

    assert concluded(dropped) == "learnt: {withhold: [title]}"
    assert concluded(dropped, live=LiveState(users=(someone,), groups=())) == ""
    assert concluded(replace(dropped, status=400)) == "", "a refusal may be of the canary's value"


def test_the_first_form_that_keeps_everything_is_the_form_of_updates() -> None:
    kept = [trial("attribute", form="path", path="title"), trial("attribute", form="put", path="title")]
    other = trial("attribute", form="put", path="userName")

    assert concluded(*kept) == ""
    assert concluded(*kept, other) == "learnt: {updates: {users: put}}"
    assert concluded(trial("deactivate", form="pathless"), trial("attribute", form="path", path="title")) == "learnt: {updates: {users: pathless}}"  # fmt: skip


def test_a_removal_that_takes_everybody_is_never_tried_again() -> None:
    works = group("removeMember", form="pathFilter")
    empties = group("removeMember", kept=False, form="valueArray", held="everybody")

    assert concluded(works, empties) == "learnt: {memberRemoval: pathFilter}"
    assert concluded(works, replace(empties, held="nobody")) == ""
    assert concluded(replace(works, kept=False, held="nobody"), replace(empties, kept=True, held="")) == "learnt: {memberRemoval: valueArray}"  # fmt: skip


def values(change: Change) -> dict[str, object]:
    return {attribute.path: attribute.after for attribute in change.attributes}


def test_a_canary_has_a_value_of_its_own_for_what_is_mapped_and_another_one_at_each_turn() -> None:
    columns = COLUMNS[0]
    made = values(create_canary(columns, "reconcile-canary-x-1", PLAIN.target))
    row = build_normalizer(columns)(
        user(1, title="Canary 2", userName="reconcile-canary-x-1@canary.example.com")
    )
    again = values(alter_canary(columns, row, 2, PLAIN.target, tried_paths(columns, PLAIN.target)))

    assert made["userName"] == "reconcile-canary-x-1@canary.example.com"
    assert set(made) == set(PATHS) - {"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager"}
    assert again["externalId"] == "reconcile-canary-x-1-2"
    assert "title" not in again, "what is there already proves nothing"
    assert "userName" not in again


def test_every_finding_has_a_case() -> None:
    """Each code that a check can say stands in a test of it."""
    places = [
        *(ROOT / "reconciler/stages/verdicts").glob("*.py"),
        ROOT / "reconciler/pipeline/write_probe.py",
    ]
    source = "".join(path.read_text() for path in places)
    said = set(re.findall(r'\b(?:well|warn|note|fail|say)\(\s*"([a-z0-9-]+)"', source))
    tests = "".join(path.read_text() for path in [*(ROOT / "tests/checking").glob("*.py"), Path(__file__)])

    assert said > {"reached", "canary-left", "list-not-whole"}
    assert sorted(code for code in said if f'"{code}"' not in tests) == []
