"""The parse cache gives back exactly what was kept, or nothing; whatever its file is like, nobody hears of it."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.edge import parse_cache
from reconciler.edge.parse_cache import LEAST, ParseCache, open_parse_cache
from reconciler.edge.shipped import read_shipped
from reconciler.model.errors import DesiredStateError
from reconciler.model.place import Document
from reconciler.pipeline.world import built_in_profiles
from reconciler.stages.parse import build_shapes, parse, read_sound
from reconciler.stages.read import read_yaml

DOCUMENT = Document(path="desired_state/users/a.yaml", text="users: {ada: {title: Engineer}}\n")
VALUE: dict[str, object] = {
    "users": {"ada": {"title": "Engineer", "accountEnabled": True, "number": 4, "no": None}}
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "documents.sqlite"


def kept(path: Path, document: Document = DOCUMENT, value: dict[str, object] = VALUE) -> None:
    cache = ParseCache(path, b"schema")
    cache.keep(document, value)
    cache.close()


def recalled(path: Path, document: Document = DOCUMENT, schema: bytes = b"schema") -> object:
    cache = ParseCache(path, schema)
    try:
        return cache.recall(document)
    finally:
        cache.close()


def test_what_was_kept_is_recalled(path: Path) -> None:
    kept(path)

    assert recalled(path) == VALUE
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("document", "schema"),
    [
        (Document(path=DOCUMENT.path, text=DOCUMENT.text + " "), b"schema"),
        (Document(path="desired_state/groups/a.yaml", text=DOCUMENT.text), b"schema"),
        (DOCUMENT, b"another"),
    ],
)
def test_another_text_place_or_schema_is_another_document(
    path: Path, document: Document, schema: bytes
) -> None:
    kept(path)

    assert recalled(path, document, schema) is None


def test_a_number_that_knows_how_it_was_written_keeps_its_document_out(path: Path) -> None:
    document = Document(
        path="desired_state/users/a.yaml", text="users: {ada: {employeeId: 010, postalCode: 1.10}}\n"
    )
    value: Any = read_yaml(document)[0]
    kept(path, document, value)

    assert recalled(path, document) is None


def test_a_kept_value_that_was_changed_is_not_believed(path: Path) -> None:
    kept(path)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE documents SET value = replace(value, 'Engineer', 'Director')")
    connection.close()

    assert recalled(path) is None


@pytest.mark.parametrize("content", [b"", b"no database at all" * 99, b"SQLite format 3\0" + b"\xff" * 4000])
def test_a_file_that_is_none_of_ours_makes_room(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)

    assert recalled(path) is None
    kept(path)
    assert recalled(path) == VALUE


def test_a_table_of_another_form_makes_room(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE documents (other)")
    connection.close()

    assert recalled(path) is None
    kept(path)
    assert recalled(path) == VALUE


def test_a_file_that_somebody_else_writes_is_left_to_them(path: Path) -> None:
    kept(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")

    assert recalled(path) is None
    other.execute("COMMIT")
    other.close()
    assert recalled(path) == VALUE


@given(cut=st.integers(0, 8191), byte=st.integers(0, 255))
@example(cut=3947, byte=128)  # in the text of the schema, and so in the error that tells of it
def test_a_broken_file_gives_the_value_or_nothing(
    tmp_path_factory: pytest.TempPathFactory, cut: int, byte: int
) -> None:
    path = tmp_path_factory.mktemp("broken") / "documents.sqlite"
    kept(path)
    content = bytearray(path.read_bytes())
    content[cut % len(content)] = byte
    path.write_bytes(bytes(content))

    assert recalled(path) in (None, VALUE)


def test_a_folder_that_cannot_be_had_is_no_matter(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file stands here")

    kept(tmp_path / "cache" / "documents.sqlite")

    assert recalled(tmp_path / "cache" / "documents.sqlite") is None


def test_few_documents_leave_nothing_behind(tmp_path: Path) -> None:
    with open_parse_cache(tmp_path, b"schema", [DOCUMENT]) as cache:
        cache.keep(DOCUMENT, VALUE)

    assert list(tmp_path.iterdir()) == []


def test_many_documents_are_kept(tmp_path: Path) -> None:
    large = Document(path="desired_state/users/b.yaml", text="#" * LEAST)
    with open_parse_cache(tmp_path, b"schema", [DOCUMENT, large]) as cache:
        cache.keep(DOCUMENT, VALUE)
    with open_parse_cache(tmp_path, b"schema", [DOCUMENT, large]) as cache:
        assert cache.recall(DOCUMENT) == VALUE


def test_what_is_not_there_any_more_goes_when_there_is_too_much(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parse_cache, "MOST", 60)
    other = Document(path=DOCUMENT.path, text="another")
    kept(path)
    cache = ParseCache(path, b"schema")
    cache.recall(other)
    cache.keep(other, VALUE)
    cache.close()

    assert recalled(path) is None
    assert recalled(path, other) == VALUE


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = TEXTS | st.booleans() | st.none() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False)


@settings(deadline=None)
@given(
    st.dictionaries(
        TEXTS, st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner))
    )
)
def test_every_plain_value_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, value: dict[str, object]
) -> None:
    path = tmp_path_factory.mktemp("values") / "documents.sqlite"
    kept(path, DOCUMENT, value)

    assert repr(recalled(path)) == repr(value)


def test_what_is_filled_in_is_recalled_and_known_the_next_time(path: Path) -> None:
    other = Document(path="desired_state/users/b.yaml", text="users: {bob: {}}\n")
    wrong = Document(path="desired_state/users/c.yaml", text="users: {")
    cache = ParseCache(path, b"schema")
    cache.fill([DOCUMENT, other, wrong], lambda document: None if document is wrong else VALUE)

    assert [cache.recall(document) for document in (DOCUMENT, other, wrong)] == [VALUE, VALUE, None]
    cache.close()
    assert [recalled(path, document) for document in (DOCUMENT, other, wrong)] == [VALUE, VALUE, None]
    again = ParseCache(path, b"schema")
    again.fill([DOCUMENT], lambda document: {"read": "again"})
    assert again.recall(DOCUMENT) == VALUE


SHAPES = build_shapes(read_shipped("desired-state.schema.json"), read_shipped("profile.schema.json"))
BROKEN = sorted((Path(__file__).parents[2] / "broken").glob("*.yaml"))


def parsed(documents: list[Document], known: ParseCache | None) -> object:
    """The users, or what is wrong."""
    if known:
        known.fill(documents, lambda document: read_sound(document, SHAPES))
    try:
        return parse(documents, built_in_profiles(), shapes=SHAPES, known=known).users
    except DesiredStateError as error:
        return error.mistakes


@pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.stem)
def test_what_is_wrong_is_told_all_the_same(path: Path, case: Path) -> None:
    files = yaml.safe_load(case.read_text(encoding="utf-8"))["files"]
    documents = [
        Document(path=name, text=text) for name, text in files.items() if name.startswith("desired_state/")
    ]

    assert parsed(documents, ParseCache(path, b"")) == parsed(documents, None)
