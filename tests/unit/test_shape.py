"""Shape is told once for each place, in words that teach, and what is right of a document goes on."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from reconciler.edge.shipped import read_shipped
from reconciler.model.place import Document, NodePath
from reconciler.stages.read import read_yaml
from reconciler.stages.reading import WRONG
from reconciler.stages.shape import Shape, prune

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads(read_shipped("desired-state.schema.json"))
SHAPE = Shape(SCHEMA)


def told(value: object) -> list[str]:
    _, faults = SHAPE.judge(value)
    return [fault.text for fault in faults]


def test_what_is_right_goes_on_untouched() -> None:
    value = {"users": {"ada": {"displayName": "Ada"}}}

    judged, faults = SHAPE.judge(value)

    assert judged is value
    assert faults == ()


def test_what_is_wrong_is_taken_out_and_the_rest_goes_on() -> None:
    value = {"groups": {"eng": {"members": ["ada", None, "bob"], "owner": "x"}, "ops": [], "ok": {}}}

    judged, faults = SHAPE.judge(value)

    assert judged == {
        "groups": {"eng": {"members": ["ada", WRONG, "bob"], "owner": WRONG}, "ops": WRONG, "ok": {}}
    }
    assert [fault.path for fault in faults] == [
        ("groups", "eng", "members", 1), ("groups", "eng", "owner"), ("groups", "ops"),
    ]  # fmt: skip
    assert value["groups"]["eng"]["members"] == ["ada", None, "bob"]  # type: ignore[index]


def test_a_missing_key_leaves_the_rest_of_use() -> None:
    judged, faults = SHAPE.judge({"approvals": [{"target": "envoy", "rule": "delete"}]})

    assert judged == {"approvals": [{"target": "envoy", "rule": "delete"}]}
    assert [(fault.path, fault.missing) for fault in faults] == [(("approvals", 0), "digest")]


def test_a_misspelt_key_is_told_once() -> None:
    assert told({"approvals": [{"target": "e", "rule": "delete", "digset": "x"}]}) == [
        "`digset` is not known here; did you mean `digest`?"
    ]
    assert told({"targets": {"e": {"auth": {"bearer": {"evn": "TOKEN"}}}}}) == [
        "`evn` is not known here; did you mean `env`?"
    ]


@pytest.mark.parametrize(
    ("member", "text"),
    [
        (["ada"], "entry 1 of `members` is a list; write a user's id, {user: …, until: …} or {group: …}"),
        ({"user": "ada", "group": "eng"}, "entry 1 of `members` holds `user`, `group`; write {user: …} or {group: …}, one of the two"),
        ({"user": "ada", "until": None}, "`until` is null; write a date as 2027-01-31 or a timestamp as 2027-01-31T18:00:00Z"),
    ],
)  # fmt: skip
def test_of_several_forms_the_one_that_was_meant_is_told(member: object, text: str) -> None:
    assert told({"groups": {"eng": {"members": [member]}}}) == [text]


@pytest.mark.parametrize(
    "secret",
    [
        "hunter2",
        2222,
        ["hunter2"],
        {"env": "hunter2 it is"},
        {"env": 2222},
        {"file": ["hunter2"]},
        {"command": "hunter2"},
        {"env": "A", "file": "hunter2"},
    ],
)
def test_what_the_schema_keeps_secret_is_not_echoed(secret: object) -> None:
    texts = told({"targets": {"e": {"auth": {"bearer": secret}}}})
    texts += told({"targets": {"e": {"notify": [{"webhook": secret}]}}})
    texts += told({"targets": {"e": {"auth": secret, "notify": [secret]}}})

    assert len(texts) >= 4
    assert not any("hunter2" in text or "2222" in text for text in texts)


def test_an_id_does_not_end_with_a_line_break() -> None:
    assert len(told({"users": {"ada\n": {}}})) == 1


def test_a_number_that_knows_how_it_was_written_is_a_number() -> None:
    value, _ = read_yaml(Document(path="a.yaml", text="users: {ada: {employeeId: 010, postalCode: 1.10}}"))

    assert SHAPE.judge(value) == (value, ())


def test_pruning_shifts_no_position() -> None:
    assert prune([1, [2, 3], 4], [(0,), (1, 1)]) == [WRONG, [2, WRONG], 4]
    assert prune({"a": 1}, [()]) is WRONG


def paths(value: object, path: NodePath = ()) -> Iterator[NodePath]:
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*path, key))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths(inner, (*path, index))


def replaced(value: Any, path: NodePath, new: object) -> Any:
    if not path:
        return new
    inner = replaced(value[path[0]], path[1:], new)
    if isinstance(value, dict):
        return {**value, path[0]: inner}
    return [*value[: int(path[0])], inner, *value[int(path[0]) + 1 :]]


EXAMPLES: list[Any] = [
    read_yaml(Document(path=path.name, text=path.read_text(encoding="utf-8")))[0]
    for path in sorted((ROOT / "tests" / "examples" / "desired_state").rglob("*.y*ml"))
]
PLACES = [(index, path) for index, example in enumerate(EXAMPLES) for path in paths(example)]
ODD: list[object] = [
    None,
    True,
    5,
    -1.5,
    "",
    "x y",
    [],
    ["x"],
    [None],
    {},
    {"x": 1},
    {"env": "A"},
    {"all": []},
]


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from(ODD))
def test_both_validators_agree_and_every_fault_has_its_place(
    place: tuple[int, NodePath], odd: object
) -> None:
    value = replaced(EXAMPLES[place[0]], place[1], odd)

    judged, faults = SHAPE.judge(value)

    is_valid = Draft202012Validator(SCHEMA).is_valid(value)
    assert bool(faults) is not is_valid
    assert judged is value or not is_valid
    known = set(paths(value))
    assert all(fault.path in known for fault in faults)
    assert len({(fault.path, fault.missing) for fault in faults}) == len(faults)
    assert not any("write it as the schema says" in fault.text for fault in faults)
    assert all("; " in fault.text for fault in faults)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests" / "broken").glob("*.yaml")), ids=lambda path: path.stem
)
def test_both_validators_agree_on_what_is_broken(path: Path) -> None:
    for name, text in yaml.safe_load(path.read_text(encoding="utf-8"))["files"].items():
        value, _ = read_yaml(Document(path=name, text=text))
        if name.startswith("desired_state/"):
            assert Draft202012Validator(SCHEMA).is_valid(value) is not bool(SHAPE.judge(value)[1])
