"""An endpoint that answers and lies: nothing wrong is written, and the words help (DESIGN 5, Complete reads)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.lies.server import PAGE, Asked, Document, Lie, honest, listed
from tests.lies.world import World, live_user, user
from tests.tool import Result

KEYS = [f"u{number:02}" for number in range(60)]
EDITED = "u05"  # the one honest change: a new title
WORDS = re.compile(r"whole|total|twice|lacks|list|JSON|page|endpoint says|has no id", re.IGNORECASE)

MakeWorld = Callable[[Lie], World]


def mirror(world: World, keys: list[str] = KEYS, **target: object) -> dict[str, str]:
    """Declare and hold the same users and groups, but for one title; gives live ids by key."""
    ids = {key: world.server.hold("/Users", **live_user(key)) for key in keys}
    held = {id_: row["id"] for id_, row in world.server.rows("/Users").items()}
    groups: dict[str, Document] = {}
    for name in ("red", "blue"):
        members = keys[:3] if name == "red" else keys[-3:]
        rows = [{"value": held[ids[key]]} for key in members]
        ids[name] = world.server.hold("/Groups", displayName=name, externalId=name, members=rows)
        groups[name] = {"displayName": name, "members": members}
    users = {key: user(key) for key in keys}
    users[EDITED if EDITED in users else keys[0]]["jobTitle"] = "Director"
    world.declare(users, groups, **target)
    return ids


def is_hidden(row: Document) -> bool:
    """Three users in ten."""
    return int(str(row["userName"])[1:3]) % 10 < 3


def shuffled(asked: Asked) -> Document:
    """The first user comes again at the head of the second page, so that another one never comes."""
    body = honest(asked)
    if asked.start > 1:
        body["Resources"] = [asked.rows[0], *body["Resources"][1:]]
    return body


def vanishing(asked: Asked) -> Document:
    """Somebody is gone by the second page."""
    if asked.start == 1:
        return honest(asked)
    rows = asked.rows[:-1]
    return listed(rows[asked.start : asked.start + PAGE], len(rows), asked.start)


def with_rows(change: Callable[[list[Any]], object]) -> Callable[[Asked], Document]:
    """Honest pages whose rows were changed."""

    def answers(asked: Asked) -> Document:
        body = honest(asked)
        return {**body, "Resources": change(body["Resources"])}

    return answers


LISTS = (
    Lie(name="an empty list", answers=lambda asked: listed([], 0)),
    Lie(name="no rows, null", answers=lambda asked: listed(None, 0)),
    Lie(name="null rows", answers=lambda asked: listed(None, len(asked.rows))),
    Lie(name="an empty list with a total", answers=lambda asked: listed([], len(asked.rows))),
    Lie(name="three in ten hidden, the total matching", hides=is_hidden),
    Lie(name="a larger total", answers=lambda asked: {**honest(asked), "totalResults": len(asked.rows) + 7}),
    Lie(name="a smaller total", answers=lambda asked: {**honest(asked), "totalResults": len(asked.rows) - 7}),
    Lie(name="a total of one page", answers=lambda asked: {**honest(asked), "totalResults": PAGE}),
    Lie(name="no total", answers=lambda asked: {k: v for k, v in honest(asked).items() if k != "totalResults"}),
    Lie(name="a total in words", answers=lambda asked: {**honest(asked), "totalResults": "many"}),
    Lie(name="a negative total", answers=lambda asked: {**honest(asked), "totalResults": -1}),
    Lie(
        name="the same page for ever",
        answers=lambda asked: listed(asked.rows[:PAGE], len(asked.rows), asked.start),
    ),
    Lie(
        name="around again past the end",
        answers=lambda asked: listed(
            [asked.rows[(asked.start - 1 + n) % len(asked.rows)] for n in range(PAGE)], len(asked.rows) + 5
        ),
    ),
    Lie(name="another order on every page", answers=shuffled),
    Lie(
        name="somebody twice on a page",
        answers=lambda asked: honest(
            Asked(rows=[*asked.rows, asked.rows[-1]], start=asked.start, count=asked.count, served=0)
        ),
    ),
    Lie(name="somebody gone between pages", answers=vanishing),
    Lie(name="a row without id", answers=with_rows(lambda rows: [{**rows[0], "id": None}, *rows[1:]])),
    Lie(name="a row that is null", answers=with_rows(lambda rows: [None, *rows[1:]])),
    Lie(name="rows in an object", answers=with_rows(lambda rows: {"User": rows})),
)  # fmt: skip
NO_LISTS = (
    Lie(name="HTML", answers=lambda asked: "<!doctype html><title>Please log in</title>"),
    Lie(name="an array", answers=lambda asked: list[object](asked.rows)),
)


# Groups that no list shows, that nobody declares and that no total counts: nothing tells, and nothing comes of it.
UNSEEN = (
    "an empty list",
    "no rows, null",
    "three in ten hidden, the total matching",
    "a total of one page",
)


def assert_refused(results: list[Result], codes: tuple[int, ...]) -> None:
    for result in results:
        assert result.code in codes, str(result)
        assert WORDS.search(result.err), str(result)


@pytest.mark.parametrize("lie", LISTS, ids=lambda lie: lie.name)
def test_a_list_of_users_that_is_not_whole_is_exit_6_and_nothing_is_written(
    make_world: MakeWorld, lie: Lie
) -> None:
    world = make_world(lie)
    mirror(world)
    code, target = world.plan()
    results = [world.run("plan"), world.apply()]

    assert code == 6
    assert target["changes"] == []
    assert_refused(results, (6,))
    assert world.server.writes == []


@pytest.mark.parametrize("lie", NO_LISTS, ids=lambda lie: lie.name)
def test_an_answer_that_is_no_list_writes_nothing(make_world: MakeWorld, lie: Lie) -> None:
    world = make_world(lie)
    mirror(world)

    assert_refused([world.run("plan"), world.apply()], (1, 6))
    assert world.server.writes == []


@pytest.mark.parametrize("lie", [lie for lie in LISTS if lie.name not in UNSEEN], ids=lambda lie: lie.name)
def test_a_list_of_groups_that_is_not_whole_is_exit_6_and_nothing_is_written(
    make_world: MakeWorld, lie: Lie
) -> None:
    world = make_world(replace(lie, about=("/Groups",)))
    mirror(world)
    for number in range(2 * PAGE):
        world.server.hold("/Groups", displayName=f"other {number}")

    assert_refused([world.run("plan"), world.apply()], (6,))
    assert world.server.writes == []


@pytest.mark.parametrize("honest_lists", [3, 6], ids=lambda n: f"after {n} pages")
@pytest.mark.parametrize("lie", LISTS, ids=lambda lie: lie.name)
def test_a_lie_that_begins_in_mid_run_leads_to_no_wrong_write(
    make_world: MakeWorld, lie: Lie, honest_lists: int
) -> None:
    world = make_world(replace(lie, honest_lists=honest_lists))
    ids = mirror(world)
    result = world.apply()

    assert {(w.method, w.path) for w in world.server.writes} <= {("PATCH", f"/Users/{ids[EDITED]}")}
    assert len(world.server.writes) <= 3, "the same is not sent for ever"
    assert result.code in (0, 5, 6), str(result)
    assert all(row["active"] for row in world.server.rows("/Users").values())


QUIRKS = (
    Lie(),
    Lie(
        name="always twenty, whatever count says",
        answers=lambda asked: honest(Asked(rows=asked.rows, start=asked.start, count=PAGE, served=asked.served)),
    ),
    Lie(name="a total as text", answers=lambda asked: {**honest(asked), "totalResults": str(len(asked.rows))}),
    Lie(
        name="resources in lower case",
        answers=lambda asked: {
            "totalResults": len(asked.rows), "resources": honest(asked)["Resources"],
        },
    ),
    Lie(
        name="no envelope but total and rows",
        answers=lambda asked: {
            "totalResults": len(asked.rows), "Resources": honest(asked)["Resources"],
        },
    ),
    Lie(
        name="around again past the end, the total right",
        answers=lambda asked: honest(asked) if asked.start <= len(asked.rows) else listed(asked.rows[:PAGE], 60),
    ),
    Lie(name="filters ignored", finds="everyone"),
    Lie(name="filters that find nothing", finds="nobody"),
    Lie(name="201 without Location", created="without Location"),
)  # fmt: skip


@pytest.mark.parametrize("lie", QUIRKS, ids=lambda lie: lie.name)
def test_a_whole_list_in_an_unusual_form_is_read_and_only_the_change_is_written(
    make_world: MakeWorld, lie: Lie
) -> None:
    world = make_world(lie)
    ids = mirror(world)
    code, target = world.plan()
    result = world.apply()

    assert code == 0
    assert [(change["action"], change["key"]) for change in target["changes"]] == [("update", EDITED)]
    assert result.code == 0, str(result)
    assert [(write.method, write.path) for write in world.server.writes] == [
        ("PATCH", f"/Users/{ids[EDITED]}")
    ]
    assert world.plan()[1]["changes"] == []


@pytest.mark.parametrize("finds", ["everyone", "nobody", "what is asked for"])
def test_many_newcomers_are_created_whatever_filters_find(make_world: MakeWorld, finds: Any) -> None:
    world = make_world(Lie(finds=finds))
    keys = [*KEYS, *(f"n{number:02}" for number in range(15))]
    for key in KEYS:
        world.server.hold("/Users", **live_user(key))
    world.declare({key: user(key) for key in keys})
    result = world.apply()

    assert result.code == 0, str(result)
    assert sorted(write.body["externalId"] for write in world.server.writes) == keys[60:]
    assert {write.method for write in world.server.writes} == {"POST"}


@pytest.mark.parametrize("finds", ["everyone", "what is asked for"])
def test_many_groups_that_the_list_lacks_but_a_filter_finds_are_exit_6(
    make_world: MakeWorld, finds: Any
) -> None:
    world = make_world(Lie(about=("/Groups",), answers=lambda asked: listed([], 0), finds=finds))
    ada = world.server.hold("/Users", **live_user("ada"))
    groups = {f"g{number:02}": {"displayName": f"g{number:02}", "members": ["ada"]} for number in range(15)}
    for key in groups:
        world.server.hold("/Groups", displayName=key, externalId=key, members=[{"value": ada}])
    world.declare({"ada": user("ada")}, groups)

    assert_refused([world.run("plan"), world.apply()], (6,))
    assert world.server.writes == []


def test_hidden_users_that_no_filter_finds_are_neither_doubled_nor_touched(make_world: MakeWorld) -> None:
    world = make_world(Lie(hides=is_hidden, finds="nobody"))
    mirror(world, scope={"users": "all", "groups": "none"})
    before = world.server.rows("/Users")
    result = world.apply()
    after = world.server.rows("/Users")

    assert result.code in (5, 6), str(result)
    assert "409" in result.err or WORDS.search(result.err)
    changed = {id_: row for id_, row in after.items() if row != before.get(id_)}
    assert [row["externalId"] for row in changed.values()] in ([], [EDITED])
    assert after.keys() == before.keys()


@pytest.mark.parametrize("hidden", [1, 8, 10], ids=lambda n: f"{n} hidden")
def test_few_hidden_users_are_not_doubled(make_world: MakeWorld, hidden: int) -> None:
    names = {f"u{number:02}@example.com" for number in range(20, 20 + hidden)}
    world = make_world(Lie(hides=lambda row: row.get("userName") in names))
    mirror(world)
    before = world.server.rows("/Users")
    result = world.apply()
    after = world.server.rows("/Users")

    assert result.code in (0, 5, 6), str(result)
    assert after.keys() == before.keys()
    assert {row["externalId"] for id_, row in after.items() if row != before[id_]} <= {EDITED}
    assert all(row["active"] for row in after.values())


def test_members_whom_the_list_lacks_but_who_are_found_by_id_are_exit_6(make_world: MakeWorld) -> None:
    names = {f"{key}@example.com" for key in KEYS[:2]}
    world = make_world(Lie(hides=lambda row: row.get("userName") in names))
    mirror(world)
    code, _ = world.plan()

    assert code == 6
    assert_refused([world.run("plan"), world.apply()], (6,))
    assert world.server.writes == []


def test_unmanaged_members_whom_the_list_lacks_but_who_are_found_by_id_are_exit_6(
    make_world: MakeWorld,
) -> None:
    world = make_world(Lie(hides=lambda row: row.get("userName") == "guest@example.com"))
    mirror(world)
    guest = world.server.hold("/Users", userName="guest@example.com", active=True)
    world.server.hold("/Groups", displayName="guests", members=[{"value": guest}])

    assert_refused([world.run("plan"), world.apply()], (6,))
    assert world.server.writes == []


def test_a_member_that_really_is_nobody_is_a_finding_and_stays(make_world: MakeWorld) -> None:
    world = make_world(Lie())
    ids = mirror(world)
    row = world.server.rows("/Groups")[ids["red"]]
    world.server._rows["/Groups"][ids["red"]]["members"] = [*row["members"], {"value": "ghost"}]
    code, target = world.plan()
    result = world.apply()

    assert code == 0
    assert any("ghost" in finding["text"] for finding in target["findings"]), target["findings"]
    assert result.code == 0, str(result)
    assert [write.path for write in world.server.writes] == [f"/Users/{ids[EDITED]}"]


def test_groups_listed_without_members_keep_theirs(make_world: MakeWorld) -> None:
    def bare(asked: Asked) -> Document:
        rows = [{k: v for k, v in row.items() if k != "members"} for row in asked.rows]
        return honest(Asked(rows=rows, start=asked.start, count=asked.count, served=asked.served))

    world = make_world(Lie(about=("/Groups",), answers=bare))
    ids = mirror(world)
    before = {name: world.server.rows("/Groups")[ids[name]]["members"] for name in ("red", "blue")}
    for _ in range(2):
        result = world.apply()
        assert result.code in (0, 5, 6), str(result)

    for name, members in before.items():
        after = world.server.rows("/Groups")[ids[name]]["members"]
        assert {m["value"] for m in after} == {m["value"] for m in members}
    removals = [
        op for w in world.server.writes for op in w.body.get("Operations", []) if op["op"] == "remove"
    ]
    assert removals == []
    assert world.plan()[1]["changes"] == [], "it comes to rest"


@pytest.mark.parametrize("patches", [True, False], ids=["PATCH", "PUT"])
def test_a_write_that_is_accepted_and_changes_nothing_becomes_a_finding(
    make_world: MakeWorld, patches: bool
) -> None:
    world = make_world(Lie(keeps=False, patches=patches))
    ids = mirror(world)
    for _ in range(2):
        world.apply()
    code, target = world.plan()

    assert code == 0
    assert target["changes"] == []
    assert any("title" in finding["text"] for finding in target["findings"]), target["findings"]
    assert {write.path for write in world.server.kept} == {f"/Users/{ids[EDITED]}"}
    assert len(world.server.kept) <= 4, "each form once"


@pytest.mark.parametrize("patches", [True, False], ids=["PATCH", "PUT"])
def test_a_deactivation_that_is_accepted_and_does_not_happen_is_said_every_time(
    make_world: MakeWorld, patches: bool
) -> None:
    world = make_world(Lie(keeps=False, patches=patches))
    id_ = world.server.hold("/Users", **live_user("leaver"))
    world.server.hold("/Users", **live_user("stayer"))
    world.declare({"leaver": user("leaver", accountEnabled=False), "stayer": user("stayer")})

    for _ in range(2):
        result = world.apply()
        assert result.code == 5, str(result)
        assert "leaver" in result.err
    assert {write.path for write in world.server.writes} == {f"/Users/{id_}"}
    assert [change["action"] for change in world.plan()[1]["changes"]] == ["deactivate"]


@pytest.mark.parametrize("created", ["without body", "without Location", "in full"])
def test_newcomers_are_linked_whatever_the_answer_to_their_creation_holds(
    make_world: MakeWorld, created: Any
) -> None:
    world = make_world(Lie(created=created))
    world.declare(
        {"ada": user("ada", manager="grace"), "grace": user("grace"), "bob": user("bob")},
        {"team": {"displayName": "Team", "members": ["ada", "bob"]}},
    )
    results = [world.apply() for _ in range(2)]

    assert results[0].code in (0, 5), str(results[0])
    assert results[1].code == 0, str(results[1])
    assert world.plan()[1]["changes"] == []
    users = {row["externalId"]: row["id"] for row in world.server.rows("/Users").values()}
    assert len(users) == len(world.server.rows("/Users")) == 3
    [team] = world.server.rows("/Groups").values()
    assert sorted(member["value"] for member in team["members"]) == sorted([users["ada"], users["bob"]])


SHAPES: dict[str, Callable[[int], object]] = {
    "numbers": lambda n: 100 + n,
    "slashes": lambda n: f"a/b/{n}",
    "spaces": lambda n: f"an id {n}",
    "quotes": lambda n: f"a\"b\\'{n}",
    "accents": lambda n: f"žluťoučký-{n}-数",
    "mail addresses": lambda n: f"user+{n}@example.com",
    "questions": lambda n: f"what?{n}#x&y=z",
    "per cent": lambda n: f"100%{n:02}%2F",
    "brackets": lambda n: f"a[b eq {n}]",
    "looks of paths": lambda n: f"../Groups/{n}",
    "dots": lambda n: "." * (n + 2),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_ids_of_any_shape_are_written_to_and_to_nobody_else(make_world: MakeWorld, shape: str) -> None:
    world = make_world(Lie(id_of=SHAPES[shape]))
    held = {key: world.server.hold("/Users", **live_user(key)) for key in ("ada", "bob", "eve")}
    ids = {key: world.server.rows("/Users")[id_]["id"] for key, id_ in held.items()}
    team = world.server.hold(
        "/Groups",
        displayName="Team",
        externalId="team",
        members=[{"value": ids["ada"]}, {"value": ids["bob"]}],
    )
    world.declare(
        {
            "ada": user("ada", jobTitle="Director"),
            "bob": user("bob", accountEnabled=False),
            "eve": user("eve", manager="ada"),
            "new": user("new"),
        },
        {"team": {"displayName": "Team", "members": ["ada", "eve", "new"]}},
    )
    result = world.apply()
    users, groups = world.server.rows("/Users"), world.server.rows("/Groups")

    assert result.code == 0, str(result)
    assert users[held["ada"]]["title"] == "Director"
    assert users[held["bob"]]["active"] is False
    new = next(row["id"] for row in users.values() if row["externalId"] == "new")
    members = sorted(str(member["value"]) for member in groups[team]["members"])
    assert members == sorted(str(id_) for id_ in (ids["ada"], ids["eve"], new))
    assert len(users) == 4
    assert all(write.status < 300 for write in world.server.writes), world.server.writes
    assert world.plan()[1]["changes"] == []


@pytest.mark.parametrize("id_", [".", ".."])
def test_an_id_that_is_a_step_in_a_path_leads_to_no_write_elsewhere(make_world: MakeWorld, id_: str) -> None:
    world = make_world(Lie(id_of=lambda number: id_ if number == 1 else f"id-{number}"))
    world.server.hold("/Users", **live_user("ada"))
    other = world.server.hold("/Users", **live_user("bob"))
    world.declare({"ada": user("ada", jobTitle="Director"), "bob": user("bob")})
    result = world.apply()

    assert result.code in (0, 1, 5, 6), str(result)
    assert {write.path for write in world.server.kept} <= {
        f"/Users/{id_}",
        f"/Users/{id_.replace('.', '%2E')}",
    }
    assert all(write.path.startswith("/Users/") for write in world.server.writes), world.server.writes
    assert world.server.rows("/Users")[other]["title"] == "Engineer"
