"""Hostile provisioning schemas: refused with words, or imported as YAML that is valid and says what they said."""

# ruff: noqa: PT017  # a hostile schema may be taken or refused; how it is refused is looked at where it is

from __future__ import annotations

import functools
import json
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.edge.shipped import read_shipped
from reconciler.importers.entra import Asked, Imported, import_entra, report
from reconciler.importers.entra.mappings import LONGEST_PATH
from reconciler.importers.layout import Line, lay_out, scalar
from reconciler.model.errors import ImportRefused
from reconciler.model.place import Document
from reconciler.model.profile import Profile
from reconciler.pipeline import built_in_profiles
from reconciler.stages.parse import Shapes, build_shapes, parse
from reconciler.stages.read import read_yaml
from tests.fuzz.hostile import GONE, assert_neutral, mutated, paths, texts, values
from tests.fuzz.volume import LONGEST, counted, tries, within

EXPORTED = Path(__file__).parents[1] / "importers" / "entra"
SCHEMA = json.loads((EXPORTED / "envoy" / "schema.json").read_text(encoding="utf-8"))
RULES = [path for path in paths(SCHEMA) if path[:1] == ("synchronizationRules",) and len(path) > 2]
ASKED = Asked(name="envoy", sync="all", url="https://scim.example.com/v2")


@functools.cache
def shipped() -> tuple[Shapes, dict[str, Profile]]:
    shapes = build_shapes(read_shipped("desired-state.schema.json"), read_shipped("profile.schema.json"))
    return shapes, built_in_profiles()


def assert_valid(imported: Imported) -> None:
    """What was imported stands beside a user, without a mistake, and no output obeys anybody."""
    shapes, profiles = shipped()
    users = Document(
        path="desired_state/users.yaml", text="users: {ada: {userPrincipalName: ada@example.com}}\n"
    )
    documents = [
        Document(path=f"desired_state/{each.kind}/{imported.name}.yaml", text=each.text)
        for each in imported.documents
    ]
    parse([users, *documents], profiles, shapes=shapes)
    for document in documents:
        assert_neutral(document.text)
    assert_neutral(report(imported))


def hold(schema: object) -> None:
    """Imports a schema: refused with words, or valid."""
    content = json.dumps(schema).encode()
    try:
        imported = within(LONGEST, lambda: import_entra(content, ASKED, shipped()[1]))
    except ImportRefused as error:
        assert_neutral(str(error))
        assert len(str(error)) < 200_000
        return
    assert_valid(imported)


@tries(150)
@given(st.lists(st.tuples(st.sampled_from(RULES), st.one_of(st.just(GONE), values)), min_size=1, max_size=3))
@counted("entra: schemas with something else in some places")
def test_a_schema_with_something_else_in_it_is_refused_or_valid(
    changes: list[tuple[tuple[object, ...], object]],
) -> None:
    schema = SCHEMA
    for path, other in changes:
        if path in paths(schema):
            schema = mutated(schema, path, other)

    hold(schema)


TEXTS = [path for path in RULES if isinstance(functools.reduce(lambda at, key: at[key], path, SCHEMA), str)]


@tries(200)
@given(st.sampled_from(TEXTS), texts)
@counted("entra: schemas with a hostile text")
def test_a_schema_with_a_hostile_text_is_refused_or_valid(path: tuple[object, ...], text: str) -> None:
    hold(mutated(SCHEMA, path, text))


@tries(20)
@given(st.binary(max_size=200))
@example(b"")
@example(b"\xff\xfe{\x00}\x00")
@example(b"[" * 100_000)
@example(b'{"a":' * 100_000)
@example(b"[" + b"9" * 10_000 + b"]")
@example(b'{"synchronizationRules": [], "synchronizationRules": []}')
@example(b'{"id": "\\ud800", "synchronizationRules": []}')
@counted("entra: bytes")
def test_any_bytes_are_refused_with_words(content: bytes) -> None:
    try:
        import_entra(content, ASKED, shipped()[1])
    except ImportRefused as error:
        assert_neutral(str(error))
    else:
        raise AssertionError(content)


@tries(150)
@given(texts)
@example("##[error]x")
@example("\x85\u2028")
@counted("entra: texts as YAML")
def test_a_text_comes_back_from_yaml_as_it_was(text: str) -> None:
    key = text[:LONGEST_PATH]
    line = Line(text=f"key: {{{scalar(key)}: {scalar(text)}}}", comment=text)
    written = lay_out(
        [
            Line(text="", comment=text),
            line,
            Line(text=f"{scalar(text)}: {scalar(text)}", comment=text, is_out=True),
        ]
    )
    value, mistakes = read_yaml(Document(path="x.yaml", text=written))

    assert mistakes == ()
    assert value == {"key": {key: text}}
