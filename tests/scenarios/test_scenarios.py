"""Each folder here is a story: what is declared, what is live, and what must come of it.

`note.md` says why the story exists. `desired/` is a desired state, on top of `common/`; `live.json` is what the endpoint
holds. `plan.txt` is what `reconcile plan` must print, `requests.json` what it must send, `apply.txt` how the apply
must end where that is not plainly well. After the apply the plan must be empty, unless `rest.txt` says what is left.

`RECONCILE_GOLDEN=leaver_disabled,rehire` writes these expectations for the named stories alone; read what it wrote.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deepdiff import DeepDiff

from tests.properties.bench import Done, Repository, Strict, strict_endpoint
from tests.scenarios.stories import ENDPOINT, HERE, STORIES, hold_story

GOLDEN = set(os.environ.get("RECONCILE_GOLDEN", "").split(",")) - {""}


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Strict]:
    with strict_endpoint() as strict:
        yield strict


def test_only_stories_that_exist_are_rewritten() -> None:
    assert set(STORIES) >= GOLDEN


@pytest.mark.parametrize("name", STORIES)
def test_the_story_comes_out_as_told(name: str, endpoint: Strict, tmp_path: Path) -> None:
    story = HERE / name
    repository = Repository(base=tmp_path, url=endpoint.url)
    hold_story(name, repository, endpoint)
    before = endpoint.documents()

    plan = repository.run("plan")
    assert (plan.code, plan.err) == (0, "")
    assert repository.run("plan", "--requests", "--format", "json=plan.json").code == 0
    planned = json.loads((tmp_path / "plan.json").read_text(encoding="utf-8"))
    expect(story / "plan.txt", _shown(plan.out, endpoint))
    expect(story / "requests.json", _requests(planned))
    assert endpoint.writes() == []
    assert endpoint.documents() == before

    applied = repository.run("apply", "--yes")
    expect(story / "apply.txt", _ended(applied, endpoint))
    changed = {change["id"] for target in planned["targets"] for change in target["changes"]}
    after = endpoint.documents()
    assert {id_: document for id_, document in before.items() if id_ not in changed} == {
        id_: document for id_, document in after.items() if id_ in before and id_ not in changed
    }

    again = repository.run("plan")
    expect(story / "rest.txt", "" if again.out.endswith("no changes\n") else _shown(again.out, endpoint))


def expect(path: Path, found: str) -> None:
    """The file holds what was found; no file is the same as an empty one."""
    if path.parent.name in GOLDEN:
        path.unlink(missing_ok=True)
        if found:
            path.write_text(found, encoding="utf-8")
    expected = path.read_text(encoding="utf-8") if path.exists() else ""
    assert found == expected, _difference(path, expected, found)


def _difference(path: Path, expected: str, found: str) -> str:
    """Where two files differ; of JSON, by its paths."""
    if path.suffix != ".json" or not (expected and found):
        return path.name
    return f"{path.name}\n{DeepDiff(json.loads(expected), json.loads(found)).pretty()}"


def _shown(text: str, endpoint: Strict) -> str:
    return text.replace(endpoint.url, ENDPOINT)


def _requests(plan: dict[str, Any]) -> str:
    rows = [
        {"change": f"{change['action']} {change['type']} {change['key']}", "requests": change["requests"]}
        for target in plan["targets"] for change in target["changes"]
    ]  # fmt: skip
    return json.dumps(rows, indent=1, ensure_ascii=False) + "\n" if rows else ""


def _ended(done: Done, endpoint: Strict) -> str:
    """Nothing where the apply was complete and had nothing to say; else its exit code and what it said."""
    said = _shown(done.err, endpoint)
    return "" if done.code == 0 and not said else f"exit {done.code}\n{said}"
