"""What must hold over HTTP at a strict endpoint, through the command line, for every desired and every live state."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import assume, given, note
from hypothesis import strategies as st

from tests.properties.bench import Document, Done, Repository, Strict, strict_endpoint
from tests.properties.states import CORE, State, states
from tests.properties.volume import IS_FULL, tries

some = tries(15, 1000)
pytestmark = pytest.mark.timeout(3600 if IS_FULL else 300)  # shrinking what failed takes its time


class Bench:
    """One endpoint and one repository for all examples; each begins by making both anew."""

    def __init__(self, endpoint: Strict, base: Path) -> None:
        self.endpoint, self.repository = endpoint, Repository(base=base, url=endpoint.url)

    def begin(self, state: State, seed: int | None = None) -> None:
        self.repository.forget()
        self.repository.write(state.files(seed))
        self.endpoint.hold(state.live)
        for name, text in state.files().items():
            note(f"--- {name}\n{text}")
        note("\n".join(map(str, state.live)))

    def plan(self, *arguments: str) -> Document:
        done = self.repository.run("plan", "--format", "json", *arguments)
        assert done.code == 0, done.err + done.out
        target: Document = done.json()["targets"][0]
        assert target["error"] is None
        return target

    def apply(self, *arguments: str) -> Done:
        done = self.repository.run("apply", *(arguments or ("--yes",)))
        note(f"apply: exit {done.code}\n{done.out}{done.err}")
        return done


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with strict_endpoint() as endpoint:
        yield Bench(endpoint, tmp_path_factory.mktemp("repository"))


def keys(changes: list[Document]) -> set[tuple[str, str]]:
    return {(change["type"], change["key"]) for change in changes}


def refused(target: Document) -> bool:
    """Nobody is entitled any more while owned accounts live."""
    return any(finding["code"] == "empty-desired-state" for finding in target["findings"])


@given(states())
@some
def test_after_one_complete_apply_there_is_nothing_to_do(bench: Bench, state: State) -> None:
    bench.begin(state)
    first = bench.plan()
    before = bench.endpoint.contents()
    bench.endpoint.forget_requests()

    done = bench.apply()
    after = bench.endpoint.contents()
    writes = bench.endpoint.writes()
    if refused(first):
        assert (done.code, writes, after) == (3, [], before)
        return
    rest = bench.plan()["changes"]
    note(f"rest: {rest}")
    failed = {
        (record["sourceIdentity"]["identityType"], record["sourceIdentity"]["id"])
        for record in bench.repository.outcomes()
        if record["action"] != "none" and record["statusInfo"]["status"] != "success"
    }  # fmt: skip
    assert done.code == (0 if not rest else 5 if writes_landed(bench, before) else 1)
    assert keys(rest) <= failed

    # Nothing but what the plan names was written, and nobody lost what nobody took.
    planned = {change["id"] for change in first["changes"]}
    touched = {id_ for id_ in before if after.get(id_) != before[id_]}
    assert touched <= planned
    assert touched & state.untouchable() == set()
    created = {id_ for id_ in after if id_ not in before}
    assert len(created) <= sum(change["action"] == "create" for change in first["changes"])

    # One request for each changed resource; one more for each user whose manager was made after them.
    if not failed:
        managers = sum(change["action"] == "create" and change["type"] == "User" and any(
            a["path"].endswith(":manager") for a in change["attributes"]) for change in first["changes"])  # fmt: skip
        assert len(first["changes"]) <= len(writes) <= len(first["changes"]) + managers
        assert_access(state, before, after, frozen(first))


def writes_landed(bench: Bench, before: dict[str, Document]) -> bool:
    """Something is not as it was before."""
    return bench.endpoint.contents() != before


def frozen(target: Document) -> set[str]:
    """The ids that the plan's errors name: nobody touches those accounts."""
    errors = [finding["text"] for finding in target["findings"] if finding["severity"] == "error"]
    return {id_ for text in errors for id_ in re.findall(r"\bu\d+\b", text)}


def assert_access(
    state: State, before: dict[str, Document], after: dict[str, Document], frozen: set[str]
) -> None:
    """Who is entitled has one active account, and nobody has two."""
    names = [document["userName"].casefold() for document in after.values() if "userName" in document]
    assert len(names) == len(set(names))
    for key in state.entitled():
        held = state.holders(key)
        if len(held) != 1 or held[0]["id"] in state.untouchable() | frozen:
            continue
        account = after[held[0]["id"]]
        if account.get("externalId") == state.external_id(key):
            assert account.get("active", True) is True, key
    # An account that was active and is not any more belongs to nobody who is entitled.
    lost = {
        id_ for id_, document in before.items()
        if CORE + "User" in document["schemas"] and document.get("active", True)
        and (id_ not in after or not after[id_].get("active", True))
    }  # fmt: skip
    entitled = {document["id"] for key in state.entitled() for document in state.holders(key)[:1]}
    assert lost & entitled == set()


@given(states(), st.sampled_from(["", "--requests"]))
@some
def test_plan_drift_explain_and_validate_only_read(bench: Bench, state: State, option: str) -> None:
    bench.begin(state)
    before = bench.endpoint.documents()

    assert bench.repository.run("validate").code == 0
    bench.plan(*filter(None, [option]))
    assert bench.repository.run("drift").code in (0, 2)
    for key in list(state.users)[:1]:
        assert bench.repository.run("explain", f"user:{key}").code == 0
    for key in list(state.groups)[:1]:
        assert bench.repository.run("explain", f"group:{key}").code == 0
    assert bench.endpoint.writes() == []
    assert bench.endpoint.documents() == before


@given(states(), st.integers(0, 2**32), st.data())
@some
def test_the_order_of_live_lists_moves_no_byte_of_a_plan(
    bench: Bench, state: State, seed: int, data: st.DataObject
) -> None:
    bench.begin(state)
    first = bench.plan("--requests")
    bench.endpoint.shuffle(data.draw(st.permutations(range(len(state.live)))))

    assert json.dumps(bench.plan("--requests")) == json.dumps(first)


@given(states())
@some
def test_a_saved_plan_is_applied_once_and_its_second_apply_writes_nothing(bench: Bench, state: State) -> None:
    bench.begin(state)
    saved = str(bench.repository.base / "saved.json")
    target = bench.plan("--out", saved)
    assume(target["changes"] and not refused(target))
    done = bench.apply(saved)
    assume(done.code == 0)
    bench.endpoint.forget_requests()

    again = bench.apply(saved)
    assert bench.endpoint.writes() == []
    deleted = any(change["action"] == "delete" for change in target["changes"])
    assert again.code == 0 or (deleted and again.code == 4)


@given(states(), st.data())
@some
def test_what_was_done_by_hand_meanwhile_is_not_done_again(
    bench: Bench, state: State, data: st.DataObject
) -> None:
    """One object is applied on its own, as a person would do it by hand; then the plan saved before is applied."""
    bench.begin(state)
    saved = str(bench.repository.base / "saved.json")
    target = bench.plan("--out", saved)
    chosen = [
        c
        for c in target["changes"]
        if c["type"] == "User" and c["action"] not in ("create", "delete") and c["key"] in state.users
    ]
    assume(chosen and not refused(target))
    by_hand = data.draw(st.sampled_from(chosen))
    done = bench.apply("--yes", "--only", f"user:{by_hand['key']}")
    assume(done.code == 0)
    # What refers to somebody who is not there yet waits for them, and is then not done by hand.
    assume(("PATCH", f"/Users/{by_hand['id']}") in bench.endpoint.writes())
    bench.endpoint.forget_requests()

    rest = bench.apply(saved)
    assert rest.code in (0, 1, 5)
    assert ("PATCH", f"/Users/{by_hand['id']}") not in bench.endpoint.writes()


@given(states(), st.data())
@some
def test_an_edit_after_the_plan_was_saved_is_refused_with_exit_4(
    bench: Bench, state: State, data: st.DataObject
) -> None:
    bench.begin(state)
    saved = str(bench.repository.base / "saved.json")
    target = bench.plan("--out", saved)
    creates = [c["key"] for c in target["changes"] if c["type"] == "User" and c["action"] == "create"]
    assume(creates and not refused(target))
    key = data.draw(st.sampled_from(creates))
    edited = {**state.users, key: {**state.users[key], "displayName": "Somebody Else Entirely"}}
    before = bench.endpoint.documents()
    other = State(
        users=edited,
        removed=state.removed,
        groups=state.groups,
        target=state.target,
        mapping=state.mapping,
        live=state.live,
    )
    bench.repository.write(other.files())

    assert bench.apply(saved).code == 4
    assert bench.endpoint.documents() == before
