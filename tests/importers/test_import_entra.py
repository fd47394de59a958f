"""Each folder in `entra/` is a schema as somebody exported it: `schema.json`, the options that went with it in
`options.txt`, what is printed for it in `printed.yaml`, and what is said about it in `report.txt`.

`RECONCILE_GOLDEN=envoy,paths` writes these two for the named ones alone; read what it wrote.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from reconciler.importers.entra.schema import read_schema
from reconciler.model.clause import OPERATORS
from reconciler.model.place import Document
from reconciler.stages.read import read_yaml
from tests.importers.checkout import STORIES_FOLDER, Checkout

STORIES = sorted(folder.name for folder in STORIES_FOLDER.iterdir() if folder.is_dir())
GOLDEN = set(os.environ.get("RECONCILE_GOLDEN", "").split(",")) - {""}
USERS = "users:\n  ada: {userPrincipalName: ada@example.com, displayName: Ada Lovelace}\n"
GROUPS = "groups:\n  envoy-users: {displayName: Envoy users, members: [ada]}\n  sales: {displayName: Sales}\n"


def expect(path: Path, found: str) -> None:
    if path.parent.name in GOLDEN:
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8"), path.name


@pytest.mark.parametrize("story", STORIES)
def test_the_schema_becomes_what_is_expected(story: str, checkout: Checkout) -> None:
    code, printed, report = checkout.import_story(story)

    assert code == 0, report
    expect(STORIES_FOLDER / story / "printed.yaml", printed)
    expect(STORIES_FOLDER / story / "report.txt", report)


@pytest.mark.parametrize("story", STORIES)
def test_what_is_imported_is_valid(story: str, checkout: Checkout) -> None:
    checkout.write("desired_state/users.yaml", USERS)
    checkout.write("desired_state/groups.yaml", GROUPS)

    assert checkout.import_story(story, "--out", "desired_state")[0] == 0
    code, out, err = checkout.run("validate")
    assert code == 0, out + err


@pytest.mark.parametrize("story", STORIES)
def test_every_attribute_mapping_and_clause_of_the_schema_has_its_line(
    story: str, checkout: Checkout
) -> None:
    _, printed, _ = checkout.import_story(story)
    schema = read_schema((STORIES_FOLDER / story / "schema.json").read_bytes())
    carried = [
        found for rule in schema.rules if rule.target != "Azure Active Directory"
        for found in rule.objects if found.source in ("User", "Group")
    ]  # fmt: skip
    rows = sum(len(found.attributes) for found in carried)
    clauses = sum(
        len(group.clauses) for found in carried if found.source == "User"
        for groups in found.filters.values() for group in groups
    )  # fmt: skip

    assert len(re.findall(r"# \[\d+\]", printed)) == rows
    assert len(re.findall(r"- \{attribute: ", printed)) >= clauses


@pytest.mark.parametrize("story", STORIES)
def test_what_is_printed_is_what_is_written(story: str, checkout: Checkout) -> None:
    _, printed, _ = checkout.import_story(story)
    _, wrote, _ = checkout.import_story(story, "--out", "state")
    files = [line.removeprefix("wrote ") for line in wrote.splitlines()]
    shown = [f"# desired_{file}\n{(checkout.base / file).read_text(encoding='utf-8')}" for file in files]

    assert printed == "---\n".join(shown)


def test_all_operators_are_known_in_both_spellings(checkout: Checkout) -> None:
    _, printed, report = checkout.import_story("all_operators")
    value, _ = read_yaml(Document(path="scopes.yaml", text=printed.split("---\n")[1]))
    written = re.findall(r"operator: ([^,}]+)", printed)

    assert isinstance(value, dict)
    assert {operator.strip("'") for operator in written} == set(OPERATORS) - {
        "STARTS_WITH",
        "BEFORE",
        "AFTER",
    }
    assert "Not carried over" not in report
