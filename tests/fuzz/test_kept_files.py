"""Hostile content of what is kept below --data, and hostile discovery: passed over or told, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.hostile import assert_neutral, mutated, paths, values
from tests.fuzz.raw_server import answer
from tests.fuzz.small_endpoint import declare, small_endpoint
from tests.fuzz.test_wire import ask_all, talk
from tests.fuzz.volume import IS_FULL, counted, tried, tries
from tests.tool import Result, Tool

SECRET = {"SCIM_TOKEN": "a-token"}
DISCOVERY: dict[str, Any] = {
    "/ServiceProviderConfig": {"patch": {"supported": True}, "filter": {"supported": True, "maxResults": 100}, "etag": {"supported": True}},
    "/Me": {"id": "9", "userName": "me"},
    "/ResourceTypes": {"Resources": [{"name": "User", "endpoint": "/Users"}, {"name": "Group", "endpoint": "http://[/x"}]},
    "/Schemas": {"Resources": [{"id": "urn:x", "attributes": [{"name": "a", "caseExact": True, "subAttributes": [{"name": "b"}]}]}]},
}  # fmt: skip


@tries(25, slow=True)
@given(st.data())
@counted("discovery documents with nodes replaced")
def test_whatever_an_endpoint_says_of_itself_is_passed_over_or_told(data: st.DataObject) -> None:
    documents: Any = DISCOVERY
    for _ in range(data.draw(st.integers(0, 3))):
        documents = mutated(
            documents,
            data.draw(st.sampled_from([path for path in paths(documents) if path])),
            data.draw(values),
        )
    talk(lambda method, path: answer(documents.get(path.removeprefix("/scim/v2").partition("?")[0])), ask_all)


def lookups(rows: object) -> Any:
    from reconciler.edge.lookup import scan_list

    return talk(
        lambda method, path: answer({"Resources": rows}),
        lambda writer: scan_list(writer, "/Users", [("userName", "ada")]),
    )


@pytest.mark.parametrize("rows", [1, True, {"a": 1}, "text", [1, None, []], [{"id": []}]], ids=repr)
def test_a_look_up_in_what_is_no_list_finds_nobody(rows: object) -> None:
    assert lookups(rows) is None


def test_a_list_without_end_is_given_up() -> None:
    count = iter(range(10**9))

    def endless(method: str, path: str) -> bytes:
        return answer(
            {
                "totalResults": 10**12,
                "Resources": [{"id": str(next(count)), "userName": "x"} for _ in range(100)],
            }
        )

    from reconciler.edge.listing import read_pages
    from reconciler.stages.normalize_page import build_page_decoder
    from tests.fuzz.test_wire import columns

    error = talk(endless, lambda writer: read_pages(writer, "/Users", 100, build_page_decoder(columns())))

    assert isinstance(error, Exception)
    assert "more than" in str(error)


LEARNT: dict[str, Any] = {
    "updates": {"User": "path", "Group": "put"}, "memberRemoval": "filter", "removalSettled": True,
    "withhold": [{"type": "User", "path": "title", "key": "ada", "value": "sha256:0"}, {"type": "User", "path": "x", "key": None, "value": None}],
}  # fmt: skip
QUARANTINE = {"reason": "a \u202e\n::error::b", "since": "2026-01-01", "run": "x", "runs": 1}
ENDS = (
    b"",
    b"null",
    b"[]",
    b"[" * 100_000,
    b"{",
    b"\xff\xfe",
    b'{"runs": Infinity, "reason": 1, "since": 1, "run": 1}',
    b"9" * 5000,
    b'"\\ud800"',
)


def check(result: Result) -> None:
    assert "Traceback" not in result.err, str(result)
    assert "internal error" not in result.err, str(result)
    assert_neutral(result.out + result.err)


@pytest.mark.parametrize("content", ENDS if IS_FULL else ENDS[3:7])
def test_broken_files_below_data_stop_nothing(content: bytes, tool: Tool, tmp_path: Path) -> None:
    data = tmp_path / ".reconcile"
    with small_endpoint() as server:
        declare(tmp_path, server.url)
        for name in (
            "learnt/live.json",
            "quarantine/live.json",
            "notices/live.json",
            "runs/20260101T000000000000-live.jsonl",
        ):
            (data / name).parent.mkdir(parents=True, exist_ok=True)
            (data / name).write_bytes(content)

        for command in (
            ("plan",),
            ("drift",),
            ("log",),
            ("log", "20260101T000000000000-live"),
            ("apply", "--yes", "--scheduled"),
        ):
            check(tool.run(tmp_path, command, SECRET))
            tried("file below --data")


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, tool: Tool) -> Any:
    """A checkout whose data folder holds what a real run wrote."""
    base = tmp_path_factory.mktemp("kept")
    with small_endpoint(refusal={"detail": "no \u202e\n::error::x"}) as server:
        declare(base, server.url)
        check(tool.run(base, ("apply", "--yes"), SECRET))
        (run,) = (base / ".reconcile" / "runs").glob("*.jsonl")
        yield base, run, [json.loads(line) for line in run.read_text().splitlines()]


@tries(5, slow=True)
@given(st.data())
@counted("file below --data")
def check_kept(kept: Any, tool: Tool, data: st.DataObject) -> None:
    base, run, records = kept
    learnt, quarantine = LEARNT, QUARANTINE
    changed: Any = records
    for _ in range(data.draw(st.integers(1, 3))):
        changed = mutated(
            changed, data.draw(st.sampled_from([p for p in paths(changed) if p])), data.draw(values)
        )
        learnt = mutated(learnt, data.draw(st.sampled_from(paths(learnt))), data.draw(values))
        quarantine = mutated(quarantine, data.draw(st.sampled_from(paths(quarantine))), data.draw(values))
    run.write_text("".join(json.dumps(record) + "\n" for record in changed))
    for name, content in (("learnt", learnt), ("quarantine", quarantine)):
        path = base / ".reconcile" / name / "live.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content))

    for command in (("plan",), ("drift",), ("log",), ("log", run.stem)):
        check(tool.run(base, command, SECRET))


def test_whatever_is_kept_below_data_is_passed_over_or_told(kept: Any, tool: Tool) -> None:
    check_kept(kept, tool)


def test_what_apply_says_of_hostile_values_is_neutral(tool: Tool, tmp_path: Path) -> None:
    from tests.fuzz.test_outputs import SOME, live, live_teams, people, teams

    with small_endpoint(live(SOME), live_teams(SOME), refusal={"detail": "no \u202e\n::error::x"}) as server:
        declare(tmp_path, server.url, people(SOME), teams(SOME))
        for command in (("apply", "--yes"), ("plan", "--out", "plan.json"), ("apply", "plan.json"), ("log",)):
            check(tool.run(tmp_path, command, SECRET))
        (run, *_) = (tmp_path / ".reconcile" / "runs").glob("*.jsonl")
        check(tool.run(tmp_path, ("log", run.stem), {}))


@pytest.mark.parametrize("command", [("plan",), ("drift",)], ids=" ".join)
def test_json_holds_no_raw_bidi_characters_either(
    command: tuple[str, ...], tool: Tool, tmp_path: Path
) -> None:
    from tests.fuzz.test_outputs import SOME, live, people

    with small_endpoint(live(SOME), ()) as server:
        declare(tmp_path, server.url, people(SOME), {})
        result = tool.run(tmp_path, (*command, "--format", "json"), SECRET)

    assert_neutral(result.out.replace("##[", ""))
    plan = json.loads(result.out)
    assert any("\u202e" in change["name"] for change in plan["targets"][0]["changes"])


@pytest.mark.parametrize("url", ["https://me:canary-9b1f7c@scim.example.com", "http://[canary-9b1f7c"])
def test_a_url_from_the_environment_shows_no_password(url: str, tool: Tool, tmp_path: Path) -> None:
    declare(tmp_path, {"env": "SCIM_URL"})

    for command in (("plan",), ("plan", "--format", "json"), ("apply", "--yes")):
        result = tool.run(
            tmp_path,
            command,
            {**SECRET, "SCIM_URL": url, "RECONCILE_ALLOWED_ORIGINS": "https://other.example"},
        )
        check(result)
        assert "canary" not in result.out + result.err
        assert result.code == 1


@pytest.mark.parametrize("command", [("validate",), ("plan",), ("apply", "--yes")], ids=" ".join)
def test_a_pattern_that_runs_away_is_told_at_its_place_and_nothing_is_sent(
    command: tuple[str, ...], tool: Tool, tmp_path: Path
) -> None:
    users = {"ada": {"userPrincipalName": "ada@example.com", "jobTitle": "a" * 50_000 + "!"}}
    declare(
        tmp_path,
        "https://scim.example.com",
        users,
        {"g": {"membershipRule": {"jobTitle": {"matches": "(a+)+$"}}}},
    )

    result = tool.run(tmp_path, command, {})

    assert result.code == 1
    said = result.out if command == ("validate",) else result.err
    assert said.startswith("desired_state/groups.yaml:6:"), str(result)
