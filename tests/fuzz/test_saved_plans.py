"""Saved plans and manifests with anything in them: exit 4 or 1 with words, and nothing is sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.change import change_from_json
from reconciler.model.digest import digest
from reconciler.model.errors import PlanStale
from reconciler.model.plan import Plan
from reconciler.stages.review import compare, held_by_review, make_manifest, read_manifest, read_saved
from tests.fuzz.hostile import GONE, assert_neutral, mutated, paths, values
from tests.fuzz.raw_server import RawServer
from tests.fuzz.small_endpoint import declare, small_endpoint
from tests.fuzz.volume import counted, tried, tries
from tests.tool import Result, Tool
from tests.unit.stages.words import change, deactivate, group, plan

CHANGES = (
    change("update", "ada", title=("Clerk", "Director")), deactivate("bob"), group("update", "red", add="ada", remove="bob"),
)  # fmt: skip
NOW = plan(*CHANGES)
THERE = {"User": frozenset({"id-ada", "id-bob"}), "Group": frozenset({"id-red"})}
SAVED: dict[str, Any] = json.loads(json.dumps(Plan(as_of="2026-11-25T12:00:00Z", targets=(NOW,)).to_json()))
MANIFEST: dict[str, Any] = json.loads(
    json.dumps(make_manifest(Plan(as_of="2026-11-25T12:00:00Z", targets=(NOW,)), "abc", digest))
)


def resealed(document: Any) -> Any:
    """What a forger makes of it: every digest fits again, as far as there is anything to fit."""
    try:
        copy = json.loads(json.dumps(document))
        for target in copy["targets"]:
            for row in target["changes"]:
                row["digest"] = change_from_json(target["name"], row).digest
        rows = [digest([t["name"], sorted(c["digest"] for c in t["changes"])]) for t in copy["targets"]]
        copy["digest"] = digest(sorted(rows))
        copy["checksum"] = digest({key: value for key, value in copy.items() if key != "checksum"})
    except (KeyError, TypeError, ValueError, AttributeError):
        return document
    return copy


def review(read: Any, document: Any) -> None:
    """Reads and compares as apply does; only PlanStale may come out."""
    try:
        reviewed = read(document)
        part = reviewed.targets.get("acme")
        if part is not None:
            compared = compare(part, NOW, THERE, reviewed.seal)
            held_by_review(part, CHANGES, frozenset())
            for text in compared.drifted:
                assert_neutral(f"  {text}")
    except PlanStale as error:
        assert_neutral(str(error))


def forged(data: st.DataObject, document: Any) -> Any:
    """The document with up to three of its nodes replaced."""
    for _ in range(data.draw(st.integers(1, 3))):
        document = mutated(document, data.draw(st.sampled_from(paths(document))), data.draw(values))
    return document


@tries(300)
@given(st.data())
@counted("saved plan with nodes replaced, forged")
def test_a_forged_plan_is_refused_with_words_or_is_a_plan(data: st.DataObject) -> None:
    review(read_saved, resealed(forged(data, SAVED)))


@tries(200)
@given(st.data())
@counted("manifest with nodes replaced, forged")
def test_a_forged_manifest_is_refused_with_words_or_is_a_manifest(data: st.DataObject) -> None:
    document = forged(data, MANIFEST)
    if isinstance(document, dict):
        content = {key: document.get(key) for key in ("formatVersion", "asOf", "commit", "targets")}
        document = {**document, "digest": digest(content)}

    review(lambda found: read_manifest(found, digest), document)


def test_every_node_of_a_plan_and_a_manifest_is_held_by_its_digest() -> None:
    for read, document in ((read_saved, SAVED), (lambda found: read_manifest(found, digest), MANIFEST)):
        for path in paths(document):
            for other in (GONE, None, [], {}, "", "x", -1, 2**70, True, [[]], {"a": "\u202e"}):
                if path or other is not GONE:
                    tried("saved plan or manifest, every node")
                    changed = mutated(document, path, other)
                    if changed == document and repr(changed) == repr(document):
                        continue
                    try:
                        read(changed)
                    except PlanStale as error:
                        assert_neutral(str(error))
                    else:
                        raise AssertionError(f"{path} may be {other!r}")


@dataclass(slots=True, kw_only=True)
class Bench:
    """A desired state, an endpoint, and a plan that was saved."""

    tool: Tool
    base: Path
    server: RawServer
    plan: Any

    def apply(self, document: Any) -> Result:
        """Applies a saved plan of any content."""
        (self.base / "forged.json").write_text(
            document if isinstance(document, str) else json.dumps(document), encoding="utf-8"
        )
        return self.tool.run(self.base, ("apply", "forged.json"), {"SCIM_TOKEN": "a-token"})


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, tool: Tool) -> Iterator[Bench]:
    base = tmp_path_factory.mktemp("saved")
    with small_endpoint() as server:
        declare(base, server.url)
        result = tool.run(base, ("plan", "--out", "plan.json"), {"SCIM_TOKEN": "a-token"})
        assert result.code == 0, str(result)
        yield Bench(tool=tool, base=base, server=server, plan=json.loads((base / "plan.json").read_text()))


@tries(25, slow=True)
@given(st.data())
@counted("saved plan forged, applied")
def check_forged(bench: Bench, data: st.DataObject) -> None:
    document = bench.plan
    for _ in range(data.draw(st.integers(1, 2))):
        document = mutated(document, data.draw(st.sampled_from(paths(document))), data.draw(values))
    forged = resealed(document) if data.draw(st.booleans()) else document
    before = len(bench.server.writes)

    result = bench.apply(forged)

    assert "Traceback" not in result.err, str(result)
    assert "internal error" not in result.err, str(result)
    assert_neutral(result.out + result.err)
    if forged != bench.plan:
        assert result.code in (0, 1, 3, 4, 5), str(result)
    if result.code in (3, 4):
        assert len(bench.server.writes) == before


def test_a_forged_plan_is_applied_or_refused_and_never_a_traceback(bench: Bench) -> None:
    check_forged(bench)


@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{", "[" * 100_000, '{"formatVersion": 1}', "\ufeff{}", "1e999", '"\\ud800"', "9" * 5000],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_plan_at_all_is_exit_4_with_words(bench: Bench, text: str) -> None:
    before = len(bench.server.asked)

    result = bench.apply(text)

    assert result.code == 4, str(result)
    assert "plan again" in result.err
    assert "Traceback" not in result.err
    assert len(bench.server.asked) == before
    tried("saved plan forged, applied")
