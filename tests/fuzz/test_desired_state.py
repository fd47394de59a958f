"""Hostile desired state: every mistake is told as path:line:column, in bounded time and memory."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.edge.shipped import read_shipped
from reconciler.model.errors import DesiredStateError
from reconciler.model.place import Document
from reconciler.model.profile import Profile
from reconciler.pipeline.world import built_in_profiles
from reconciler.stages.parse import Shapes, build_shapes, parse
from reconciler.stages.read import read_yaml
from tests.fuzz.hostile import GONE, PLACE, assert_neutral, mutated, paths, scalars, texts, values
from tests.fuzz.volume import LONGEST, counted, tries, within

EXAMPLES = Path(__file__).parents[1] / "examples"
MANY = 20_000


@cache
def rules() -> tuple[Shapes, dict[str, Profile]]:
    """The file schemas and the built-in profiles."""
    shapes = build_shapes(read_shipped("desired-state.schema.json"), read_shipped("profile.schema.json"))
    return shapes, built_in_profiles()


def told(files: dict[str, str], profile_files: dict[str, Document | str] | None = None) -> list[str]:
    """The mistakes of these files by kind, each checked: one line, with its place, neutral."""
    shapes, profiles = rules()
    documents = [Document(path=f"desired_state/{kind}.yaml", text=text) for kind, text in files.items()]
    try:
        parse(documents, profiles, shapes=shapes, profile_files=profile_files)
    except DesiredStateError as error:
        mistakes = [str(mistake) for mistake in error.mistakes]
        for mistake in mistakes[:200]:
            assert PLACE.fullmatch(mistake), repr(mistake)
            assert_neutral(mistake)
            assert (
                len(mistake) - sum(mistake.count(name) * len(name) for name in files if len(name) > 255)
                < 4000
            )
        return mistakes
    return []


@cache
def example_files() -> dict[str, Any]:
    """The example desired state as plain values by kind."""
    found: dict[str, Any] = {}
    for file in sorted((EXAMPLES / "desired_state").rglob("*.y*ml")):
        parts = file.relative_to(EXAMPLES / "desired_state").parts
        kind = parts[0].partition(".")[0]
        found.setdefault(kind, {}).update(read_yaml(Document(path=kind, text=file.read_text()))[0] or {})
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]  # numbers as they are, not as written


def example_profiles() -> dict[str, Document | str]:
    path = "profiles/directory.yaml"
    return {path: Document(path=path, text=(EXAMPLES / path).read_text())}


def test_the_example_that_is_mutated_is_right() -> None:
    files = {kind: json.dumps(value) for kind, value in example_files().items()}

    assert told(files, example_profiles()) == []


YAML_PIECES = st.sampled_from(
    ["{", "}", "[", "]", ": ", "- ", ", ", "\n", "  ", "&a ", "*a", "!x ", "!!str ", "<<: ", "? ", "|\n", ">\n", "#", "'", '"', "%",
     "---\n", "...\n", "\t", "\r", "\r\n", "\x85", "\u2028", "\ufeff", "\\u0000", "a", "users", "null", "~", "0x1F", "0o7", "1e3", "-0",
     "+1", "1_000", "2026-01-01", "\x00", "\x1b", "é", "𝕏", "NO", "10" * 200]
)  # fmt: skip


@counted("YAML text")
def read_safely(text: str) -> None:
    value, mistakes = within(LONGEST, lambda: read_yaml(Document(path="x.yaml", text=text)))
    for mistake in mistakes:
        assert PLACE.fullmatch(str(mistake)), repr(str(mistake))
        assert_neutral(str(mistake))
    json.dumps(value)


@tries(300)
@given(st.one_of(st.lists(YAML_PIECES, max_size=40).map("".join), st.text(max_size=60)))
@example("a: 0x" + "f" * 5000)
@example("a: !<tag:\u202e> 1")
@example('"\\e": {"\\e": 1, "\\e": 2}')
def test_any_text_is_read_or_told_to_be_no_yaml(text: str) -> None:
    read_safely(text)


BOMBS = {
    "a flow mapping in another, and so on": "a: " + "{a: " * MANY,
    "the same, closed": "a: " + "{a: " * MANY + "1" + "}" * MANY,
    "lists in lists": "[" * MANY * 5,
    "block lists in lists": "- " * MANY * 5,
    "mappings in mappings": "".join(" " * level + "a:\n" for level in range(1500)),
    "keys that are keys": "? " * MANY * 5,
    "one key a hundred thousand times": "a: 1\n" * 100_000,
    "tags": "".join(f"a{number}: !x 1\n" for number in range(MANY)),
    "merge keys": "<<: 1\n" * MANY,
    "documents": "a: 1\n---\n" * MANY,
    "blank lines": "\n" * 2_000_000,
    "a text of 10 MB": "a: " + "x" * 10_000_000,
    "a text of 10 MB without an end": 'a: "' + "x" * 10_000_000,
    "an anchor of 1 MB": "a: &" + "x" * 1_000_000 + " 1",
    "a number of 1 MB": "a: " + "1" * 1_000_000,
    "a hexadecimal number of 1 MB": "a: 0x" + "f" * 1_000_000,
    "spaces after what may be a number": "a: 01" + " " * 1_000_000 + "x",
    "aliases of aliases": "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 60)),
    "aliases of a long text": f"a: &a {'x' * 1_000_000}\nb: [" + "*a, " * MANY + "]",
    "an alias of itself": "a: &a [*a]",
    "null bytes": "a: \x00",
    "a half character": 'a: "\\ud800"',
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_read_or_refused_in_bounded_time(name: str) -> None:
    read_safely(BOMBS[name])


def many(entry: str, count: int = MANY) -> str:
    return "".join(entry.format(n=number, m=number + 1) for number in range(count))


CROWDS: dict[str, dict[str, str]] = {
    "unknown attributes": {"users": "users:\n" + many("  u{n}: {{x{n}: 1}}\n", 5000)},
    "users that are none": {"users": "users:\n" + many("  u{n}: 1\n", 5000)},
    "managers whom nobody declares": {"users": "users:\n" + many("  u{n}: {{userPrincipalName: a, manager: x{n}}}\n", 5000)},
    "members whom nobody declares": {"groups": "groups: {g: {displayName: g, members: [" + many("x{n}, ", 5000) + "]}}"},
    "ids that differ by case": {"users": "users:\n" + many("  u{n}: {{userPrincipalName: a}}\n  U{n}: {{}}\n", 2000)},
    "a circle of groups": {"groups": "groups:\n  u2000: {members: [{group: u0}]}\n" + many("  u{n}: {{members: [{{group: u{m}}}]}}\n", 2000)},
    "a chain of groups": {"groups": "groups:\n  u2000: {}\n" + many("  u{n}: {{members: [{{group: u{m}}}]}}\n", 2000)},
    "not not not": {"scopes": "scopes: {s: " + "{not: " * 45 + "{country: GB}" + "}" * 46},
    "a deep pattern": {"scopes": "scopes: {s: {country: {matches: '" + "(" * 4000 + ")" * 4000 + "'}}}"},
    "a long pattern": {"scopes": "scopes: {s: {country: {matches: '" + "a|" * 100_000 + "'}}}"},
    "a repeated repetition": {"scopes": "scopes: {s: {country: {matches: '(?:(?:a{1,60000}){1,60000}){1,60000}'}}}"},
    "a number without end": {"scopes": "scopes: {s: {attribute: country, operator: Greater_Than, value: '" + "9" * 5000 + "'}}"},
    "the last day": {"users": "users: {a: {userPrincipalName: a, employeeLeaveDateTime: 9999-12-31}}"},
    "days without end": {"targets": "targets: {t: {url: https://a.example, scope: {users: all}, ownership: declared, deprovision: {deleteAfterDays: 99999999999}}}"},
    "connections without end": {"targets": "targets: {t: {url: https://a.example, scope: {users: all}, ownership: declared, client: {concurrency: 1000000000, requestsPerSecond: 1e-300, timeoutSeconds: 1e300}}}"},
    "a path of 1 MB": {"mappings": "mappings: {m: {users: {match: [userName], attributes: {'urn:" + "a:" * 500_000 + "]': mail}}}}"},
    "a hexadecimal name": {"users": "users: {a: {userPrincipalName: 0x" + "f" * 5000 + "}}"},
}  # fmt: skip


@pytest.mark.parametrize("name", CROWDS)
def test_a_crowd_of_mistakes_is_told_in_bounded_time(name: str) -> None:
    mistakes = within(LONGEST, lambda: told(CROWDS[name]))

    assert mistakes or name in (
        "the last day",
        "not not not",
        "a repeated repetition",
        "a hexadecimal name",
    ), name


@st.composite
def broken_examples(draw: st.DrawFn) -> dict[str, str]:
    """The example with some nodes replaced by anything, renamed or taken out."""
    content: Any = example_files()
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from([path for path in paths(content) if path]))
        content = mutated(content, path, draw(st.one_of(st.just(GONE), values, scalars)))
        if draw(st.booleans()) and isinstance(content, dict) and content:
            holders = [p for p in paths(content) if p and isinstance(p[-1], str)]
            if holders:
                at = draw(st.sampled_from(holders))
                inner = content
                for step in at:
                    inner = inner[step]
                content = mutated(mutated(content, at, GONE), (*at[:-1], draw(texts)), inner)
    return {
        kind: json.dumps(value) if draw(st.booleans()) else yaml.safe_dump(value, allow_unicode=draw(st.booleans()))
        for kind, value in content.items()
        if kind.isidentifier()
    }  # fmt: skip


@tries(150)
@given(broken_examples())
@counted("desired state with nodes replaced")
def test_whatever_stands_in_the_desired_state_is_parsed_or_told_with_its_place(files: dict[str, str]) -> None:
    told(files, example_profiles())


@tries(60)
@given(st.data())
@counted("profile file with nodes replaced")
def test_whatever_stands_in_a_profile_file_is_parsed_or_told_with_its_place(data: st.DataObject) -> None:
    files = {kind: json.dumps(value) for kind, value in example_files().items()}
    document = example_profiles()["profiles/directory.yaml"]
    assert isinstance(document, Document)
    content, _ = read_yaml(document)
    path = data.draw(st.sampled_from(paths(content)))
    other = data.draw(values)

    told(files, {document.path: Document(path=document.path, text=json.dumps(mutated(content, path, other)))})
