"""Finding an entry by its text says what the reader of events says, or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.place import Document, NodePath
from reconciler.stages import read
from reconciler.stages.read_fast import FEW, find_entry

ROOT = Path(__file__).parents[2]
PLAIN = "users:\n  ada:\n    displayName: Ada\n    manager: grace\n  # the boss\n  grace:\n    displayName: Grace\n"
ODD = [
    "users:\n  ada: {displayName: 'grace: x'}\n  grace: {}\n",
    "users:\n  ada:\n    displayName: |\n      text\n      grace:\n  grace: {}\n",
    'users:\n  ada: {}\n  "gr\\x61ce": {}\n  bob: {title: "\n  grace:"}\n',
    "users:\n  ada: {}\n  ? grace\n  : {}\n",
    "users:\n  ada: {}\n  'grace': {}\n",
    "users:\n  ada: {}\n  grace : {}\n",
    "users:\n  ada:\n    title: x\n  grace: {}\nremoved:\n  - bob\n",
    "# grace: is the boss\nusers:\n  ada: {}\n  grace: {}\n",
    "defaults:\n  grace: x\nusers:\n  ada: {}\n",
    "users: {ada: {}, grace: {}}\n",
    "users:\n    ada: {}\n    grace: &g {}\n",
    "users:\n  &a ada: {}\n  &g grace: {}\n",
    "\ufeffusers:\n  ada: {}\n  grace: {}\n",
    "users:\n  ada: {title: x\u2028}\n  grace: {}\n",
    "users:\r\n  ada: {}\r\n  grace: {}\r\n",
    "---\nusers:\n\n  # first\n  ada: {}\n  grace:\n    manager: ada\n",
    "users:\n  ada: {}\nusers:\n  grace: {}\n",
    "users:\n  ada:\n    ada: x\n  grace:\n    title: ada\n",
]


def places(text: str) -> dict[NodePath, tuple[int, int]]:
    return read._read(Document(path="d.yaml", text=text))[1]


def differing(text: str) -> list[NodePath]:
    """The paths told otherwise, by the search for a few words or, when it is asked again and again, for many."""
    told = [item for item in places(text).items() for _ in range(FEW + 1)]
    return [path for path, place in told if find_entry(text, path) not in (None, place)]


def test_a_plain_document_is_searched() -> None:
    assert find_entry(PLAIN, ("users", "ada")) == (2, 3)
    assert find_entry(PLAIN, ("users", "grace")) == (6, 3)


def test_what_is_not_there_is_not_found() -> None:
    assert find_entry(PLAIN, ("users", "manager")) is None
    assert find_entry(PLAIN, ("groups", "ada")) is None
    assert find_entry(PLAIN, ("users", "bob")) is None


@pytest.mark.parametrize("text", ODD)
def test_whatever_is_out_of_the_ordinary_is_told_as_the_events_tell_it(text: str) -> None:
    assert differing(text) == []


@pytest.mark.parametrize("path", sorted((ROOT / "desired_state").rglob("*.yaml")), ids=lambda path: path.name)
def test_the_example_company_is_told_as_the_events_tell_it(path: Path) -> None:
    assert differing(path.read_text("utf-8")) == []


LINES = ["users:", "  ada:", "  grace:", "    ada: grace", "    title: |", "      grace:", "    title: 'ada", "  grace:'",
         "  - ada", "removed:", "  ? ada", "  : ada", "# ada:", "  {ada: grace}", '  "ada": x', "   ada:", ""]  # fmt: skip


@given(st.lists(st.sampled_from(LINES), min_size=2, max_size=8))
def test_any_document_of_such_lines_is_told_as_the_events_tell_it(lines: list[str]) -> None:
    assert differing("\n".join(lines) + "\n") == []
