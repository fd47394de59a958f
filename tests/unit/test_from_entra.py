"""The tables of docs/from-entra.md: every row names the tests that hold it, and every test that is named exists."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from tests.scenarios.stories import STORIES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "from-entra.md").read_text(encoding="utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", TEXT)))


@cache
def functions_in(path: str) -> frozenset[str]:
    """The names of the functions in a file of tests."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


def tables() -> list[tuple[str, list[list[str]]]]:
    """The tables with a column of tests: the line above, and the cells of each row."""
    found: list[tuple[str, list[list[str]]]] = []
    rows: list[list[str]] | None = None
    for line in TEXT.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] if line.startswith("|") else []
        if not cells:
            rows = None
        elif cells[-1] == "Test":
            rows = []
            found.append((line, rows))
        elif rows is not None and set(cells[0]) != {"-"}:
            rows.append(cells)
    return found


@pytest.mark.parametrize("named", NAMED)
def test_a_test_that_the_document_names_exists(named: str) -> None:
    path, _, name = named.partition("::")
    if path.startswith("tests/scenarios/") and path.removesuffix(".py") == path:
        assert path.removeprefix("tests/scenarios/") in STORIES
        return
    assert (ROOT / path).is_file()
    assert not name or name in functions_in(path)


def test_every_row_names_its_tests() -> None:
    bare = [row for _, rows in tables() for row in rows if not re.search(r"`tests/[^`]+`", row[-1])]

    assert len(tables()) >= 10
    assert bare == []
    assert all(len(row) == len(rows[0]) for _, rows in tables() for row in rows)


def test_the_document_speaks_of_every_operator_and_every_flow_type() -> None:
    from reconciler.importers.entra.scopes import BY_FOLD

    assert [name for name in (*BY_FOLD.values(), "ObjectAddOnly", "MultiValueAddOnly", "ValueAddOnly", "AttributeAddOnly")
            if f"`{name}`" not in TEXT] == []  # fmt: skip


def test_a_link_to_another_document_leads_somewhere() -> None:
    linked = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", TEXT)

    assert linked
    assert [path for path in linked if not (ROOT / "docs" / path).exists()] == []
