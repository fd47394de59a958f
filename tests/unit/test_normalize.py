"""A page says the same whether the typed decoder or the careful reading takes it, whatever an endpoint sends."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reconciler.model.attribute_path import ENTERPRISE, parse_path
from reconciler.model.column import Columns, build_columns
from reconciler.model.errors import IncompleteRead, TargetError, TransportError
from reconciler.model.mapping import AttributeMapping, ObjectMapping
from reconciler.model.place import Origin
from reconciler.model.resource import LiveResource, Type
from reconciler.stages.normalize import build_normalizer
from reconciler.stages.normalize_page import CHANCES, Page, PageDecoder, build_page_decoder
from reconciler.stages.normalize_shape import Doubt

PATHS = (
    "externalId", "userName", "active", "title", "roles", 'emails[type eq "work"].value', 'emails[type eq "home"].value',
    "name.givenName", "name.formatted", 'addresses[type eq "work"].country', "roles[primary eq true].display",
    f"{ENTERPRISE}:manager", f"{ENTERPRISE}:department", "urn:example:2.0:User:badge.color",
)  # fmt: skip


def columns_of(*paths: str, type_: Type = "User") -> Columns:
    attributes = tuple(
        AttributeMapping(path=parse_path(path), kind="source", text="x", origin=Origin(document="m.yaml"))
        for path in paths
    )
    return build_columns(type_, ObjectMapping(match=(), attributes=attributes), {})


USERS = columns_of(*(path for path in PATHS if not path.startswith("roles[")))
SELECTED_ROLES = columns_of(*(path for path in PATHS if path != "roles"))
GROUPS = columns_of("externalId", "displayName", "members", type_="Group")
ADA: dict[str, Any] = {
    "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User", ENTERPRISE],
    "id": "7", "externalId": "ada", "userName": "ada@example.com", "active": True, "title": "Engineer", "nickName": "A",
    "name": {"givenName": "Ada", "familyName": "Lovelace"}, "roles": [{"value": "admin"}, "reader"],
    "emails": [{"type": "home", "value": "a@home"}, {"type": "Work", "value": "ada@example.com", "primary": True}],
    "addresses": [{"country": "GB"}], ENTERPRISE: {"manager": {"value": "9", "$ref": "../Users/9"}, "costCenter": "1"},
    "meta": {"resourceType": "User", "version": 'W/"3"'},
}  # fmt: skip


def page_of(*rows: object, total: object = None, key: str = "Resources") -> bytes:
    return json.dumps({"totalResults": len(rows) if total is None else total, key: list(rows)}).encode()


def read_both(columns: Columns, contents: list[bytes]) -> tuple[list[object], list[object]]:
    """What the decoder gives that learns from page to page, and what the one that never does gives."""
    learning = build_page_decoder(columns)
    return [tell(learning, content) for content in contents], [
        tell(PageDecoder(columns).decode, content) for content in contents
    ]


def tell(decode: Any, content: bytes) -> object:
    """A page, or the error that it is, in full: 1 is not True here."""
    try:
        return repr(decode(content))
    except TargetError as error:
        return type(error), str(error)


def takes(columns: Columns, *before: bytes, page: bytes) -> bool:
    """Whether the typed decoder itself takes the page, once it has met the pages before."""
    decoder = PageDecoder(columns)
    for content in before:
        decoder.decode(content)
    if decoder._typed is None:
        return False
    try:
        decoder._typed(page)
    except (msgspec.ValidationError, Doubt):
        return False
    return True


# ---------------------------------------------------------------------------------------------- what a page says


def test_a_page_gives_its_total_its_ids_and_its_resources() -> None:
    page = build_page_decoder(USERS)(page_of(ADA, total=3))

    assert (page.total, page.ids) == (3, ("7",))
    assert page.rows == [
        LiveResource(
            id="7", external_id="ada", name="ada@example.com", active=True, elements=page.rows[0].elements, etag='W/"3"',
            values=("ada", "ada@example.com", True, "Engineer", ("admin", "reader"), "ada@example.com", "a@home", "Ada", None,
                    "GB", "9", None, None),
        )
    ]  # fmt: skip
    assert page.rows[0].elements == 0b111


def test_a_usual_page_is_taken_by_the_typed_decoder() -> None:
    assert takes(USERS, page_of(ADA), page=page_of(ADA, {**ADA, "id": "8"}))


def test_a_group_keeps_its_members_once_each_and_in_order() -> None:
    group = {
        "id": "1",
        "displayName": "A",
        "members": [{"value": "9"}, {"value": "8", "type": "User"}, {"value": "9"}],
    }
    content = page_of(group)

    assert takes(GROUPS, content, page=content)
    assert {page.rows[0].members for page in decode_twice(GROUPS, content)} == {("9", "8")}


def decode_twice(columns: Columns, content: bytes) -> list[Page]:
    decode = build_page_decoder(columns)
    return [decode(content), decode(content)]


@pytest.mark.parametrize("key", ["Resources", "resources", "RESOURCES"])
def test_the_list_may_be_spelled_in_any_case_and_read_fast(key: str) -> None:
    content = page_of(ADA, key=key)

    assert takes(USERS, content, page=content)
    assert [page.ids for page in decode_twice(USERS, content)] == [("7",), ("7",)]


def test_an_endpoint_that_spells_all_names_in_its_own_way_is_read_fast_too() -> None:
    lower = json.loads(json.dumps({"id": "7", "USERNAME": "ada", "Name": {"GIVENNAME": "Ada"}}))
    content = page_of(lower)

    assert takes(USERS, content, page=content)
    assert [page.rows[0].name for page in decode_twice(USERS, content)] == ["ada", "ada"]


def test_a_total_may_be_a_text() -> None:
    assert [page.total for page in decode_twice(USERS, page_of(ADA, total="12"))] == [12, 12]


# ------------------------------------------------------------------------------ what the typed decoder leaves alone


@pytest.mark.parametrize(
    "odd",
    [
        {"Title": "Engineer"}, {"title": ["Engineer"]}, {"title": {"value": "Engineer"}}, {"emails": {"type": "work", "value": "x"}},
        {"emails": ["x"]}, {"name": "Ada"}, {"name": [{"givenName": "Ada"}]}, {"id": 7}, {"id": True}, {"id": ""}, {"id": None},
        {ENTERPRISE: []}, {ENTERPRISE: {"manager": [{"value": "9"}]}}, {"meta": "today"}, {"unheardOf": 1}, {"roles": "admin"},
        {"roles": [None]}, {"NAME": {"givenName": "Eve"}}, {"name": {"GivenName": "Eve"}},
    ],
)  # fmt: skip
def test_what_is_odd_is_left_to_the_careful_reading(odd: dict[str, object]) -> None:
    odd_page = page_of({**ADA, **odd})

    assert not takes(USERS, page_of(ADA), page=odd_page)
    typed, careful = read_both(USERS, [page_of(ADA), odd_page, page_of(ADA), odd_page])
    assert typed == careful


def test_a_name_in_two_spellings_is_always_read_carefully() -> None:
    both = page_of(ADA, {"id": "8", "USERNAME": "bob"})

    assert not takes(USERS, page_of(ADA), both, page=page_of(ADA))


def test_a_list_that_is_never_usual_is_not_tried_for_ever() -> None:
    decoder = PageDecoder(USERS)
    for _ in range(CHANCES + 1):
        decoder.decode(page_of({**ADA, "title": ["Engineer"]}))

    assert decoder._typed is None


def test_two_columns_that_want_one_value_in_two_ways_are_read_carefully() -> None:
    columns = columns_of("userName", "name", "name.givenName")

    assert not takes(columns, page_of(ADA), page=page_of(ADA))
    assert [page.ids for page in decode_twice(columns, page_of(ADA))] == [("7",), ("7",)]


# ---------------------------------------------------------------------------------------------------- what is no page


@pytest.mark.parametrize(
    ("content", "error", "text"),
    [
        (b"<html>", TransportError, "no JSON object"),
        (b"[]", TransportError, "no JSON object"),
        (b"[" * 100_000, TransportError, "no JSON object"),
        (b'{"totalResults": 1, "Resources": [{"id": "\xff"}]}', TransportError, "no JSON object"),
        (b"", IncompleteRead, "no list: totalResults is None"),
        (b'{"totalResults": true, "Resources": []}', IncompleteRead, "no list: totalResults is True"),
        (b'{"totalResults": 1, "Resources": {"id": 1}}', IncompleteRead, "no list"),
        (b'{"totalResults": 1, "Resources": [3]}', IncompleteRead, "a User in the list has no id"),
        (b'{"totalResults": 1, "Resources": [{"id": ""}]}', IncompleteRead, "a User in the list has no id"),
    ],
)
def test_what_is_no_page_is_an_error_that_says_why(content: bytes, error: type[Exception], text: str) -> None:
    decode = build_page_decoder(USERS)
    decode(page_of(ADA))

    with pytest.raises(error, match=text):
        decode(content)


# --------------------------------------------------------------------------------------------------------- any page

NAMES = "id externalId userName active title roles emails type value name givenName formatted addresses country primary".split()
NAMES += [
    "display",
    "manager",
    "department",
    "badge",
    "color",
    "version",
    "meta",
    "members",
    "displayName",
    "x",
    "ſtate",
    "\\",
]
NAMES += [
    ENTERPRISE,
    "urn:example:2.0:User",
    ENTERPRISE.lower(),
    "TITLE",
    "Value",
    "TYPE",
    "Emails",
    "USERNAME",
    "ID",
]
names = st.sampled_from(NAMES)
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 2**70), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(["", "work", "Work", "home", "true", "false", "0", "none", "ada", "Ünal", 'a"b\\']),
)  # fmt: skip
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=6,
)
usual = st.fixed_dictionaries(
    {"id": st.integers(0, 10**6).map(str)},
    optional={
        "externalId": scalars, "userName": scalars, "active": scalars, "title": scalars, "displayName": scalars,
        "roles": st.lists(st.one_of(st.text(max_size=2), st.fixed_dictionaries({}, optional={"value": scalars, "primary": scalars}))),
        "emails": st.lists(st.fixed_dictionaries({}, optional={"type": scalars, "value": scalars}), max_size=3) | st.none(),
        "addresses": st.lists(st.fixed_dictionaries({}, optional={"type": scalars, "country": scalars}), max_size=2),
        "name": st.fixed_dictionaries({}, optional={"givenName": scalars, "formatted": scalars}) | st.none(),
        ENTERPRISE: st.fixed_dictionaries({}, optional={"manager": st.one_of(scalars, st.fixed_dictionaries({}, optional={"value": scalars})), "department": scalars}),
        "urn:example:2.0:User": st.fixed_dictionaries({}, optional={"badge": st.fixed_dictionaries({}, optional={"color": scalars}) | st.none()}),
        "meta": st.fixed_dictionaries({}, optional={"version": scalars}) | st.none(),
        "members": st.lists(st.fixed_dictionaries({}, optional={"value": scalars, "type": scalars}), max_size=3) | st.none(),
    },
)  # fmt: skip
hostile = st.builds(
    lambda row, more: {**row, **more}, usual, st.dictionaries(names, values, min_size=1, max_size=3)
)
totals = st.one_of(st.integers(0, 5), st.sampled_from(["3", "x", None, True, 1.0]))
bodies = st.builds(
    lambda rows, total, key, more: {**more, "totalResults": total, key: rows},
    st.lists(usual, max_size=4) | st.lists(usual | hostile | values, max_size=3) | values,
    totals, st.sampled_from(["Resources", "Resources", "resources"]), st.dictionaries(names, scalars, max_size=1),
)  # fmt: skip


@pytest.mark.parametrize("columns", [USERS, SELECTED_ROLES, GROUPS], ids=["users", "selected", "groups"])
@settings(max_examples=300, deadline=None)
@given(pages=st.lists(bodies, min_size=2, max_size=4), ascii_only=st.booleans())
@example(
    pages=[{"totalResults": 1, "Resources": [{"id": "1", "emails": [{"value": "x"}]}]}] * 2, ascii_only=True
)
def test_every_page_says_the_same_however_it_is_read(
    columns: Columns, pages: list[dict[str, object]], ascii_only: bool
) -> None:
    contents = [json.dumps(page, ensure_ascii=ascii_only).encode() for page in pages]

    typed, careful = read_both(columns, [*contents, *contents])

    assert typed == careful


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(usual, min_size=1, max_size=4))
def test_the_careful_reading_is_the_one_of_each_document(rows: list[dict[str, object]]) -> None:
    normalize = build_normalizer(USERS)
    content = page_of(*rows)

    try:
        expected = [normalize(row) for row in msgspec.json.decode(content)["Resources"]]
    except (IncompleteRead, msgspec.DecodeError):
        return

    assert [repr(page.rows) for page in decode_twice(USERS, content)] == [repr(expected)] * 2


@pytest.mark.parametrize(
    "content",
    [
        b'{"totalResults": 1, "Resources": [{"id": "1", "id": "2", "userName": "a", "userName": "b"}]}',
        b'{"totalResults": 1, "Resources": [{"id": "1", "user\\u004eame": "a"}]}',
        b'{"totalResults": 1, "Resources": [{"id": "1", "title": "\\ud83d\\ude00"}]}',
        b'{"totalResults": 1, "Resources": [{"id": "1", "title": "\\ud83d"}]}',
        b'{"totalResults": 1, "Resources": [{"id": "1", "nickName": "\xff"}]}',
        b'{"totalResults": 1, "Resources": [{"id": "1"}]} x',
        b'{"totalResults": 1, "totalResults": 2, "Resources": [], "Resources": [{"id": "1"}]}',
        b'{"totalResults": 1, "Resources": [{"id": "1", "emails": null, "emails": [{"type": "work"}]}]}',
        b'{"totalResults": 1, "Resources": [{"id": "1", "title": 1e400}]}',
    ],
)
def test_a_page_in_odd_json_says_the_same_however_it_is_read(content: bytes) -> None:
    known = page_of({**ADA, "id": "1"})

    typed, careful = read_both(USERS, [known, content, content])

    assert typed == careful
