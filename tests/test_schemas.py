"""The file schemas are draft 2020-12, hold what people and the program write, and list what the code lists."""

import json
import re
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from reconciler.edge.shipped import read_shipped
from reconciler.model.change import AttributeChange, Change, MemberChange, Reason
from reconciler.model.clause import OPERATORS
from reconciler.model.digest import digest, keyed_digest
from reconciler.model.finding import Finding
from reconciler.model.place import Document
from reconciler.model.plan import GROUP_ACTIONS, USER_ACTIONS, Budget, Plan, TargetPlan
from reconciler.model.vocabulary import (
    ALIASES,
    GROUP_TEXTS,
    LOCATION_TEXTS,
    USER_BOOLEANS,
    USER_DATES,
    USER_LISTS,
    USER_TEXTS,
)
from reconciler.policies import DEFAULT_LIMITS
from reconciler.profiles import BUILT_IN
from reconciler.stages.parse import KINDS
from reconciler.stages.parse_rules import SHORT
from reconciler.stages.read import read_yaml
from reconciler.stages.review import make_manifest

ROOT = Path(__file__).parents[1]
NAMES = ("desired-state", "plan", "manifest", "explain", "run-log", "profile")


def schema(name: str) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(read_shipped(f"{name}.schema.json")))


DESIRED = schema("desired-state")


def faults(name: str, value: object) -> list[str]:
    """What the schema says against a value, as it reads in JSON."""
    errors = Draft202012Validator(schema(name)).iter_errors(json.loads(json.dumps(value)))
    return [f"{list(error.absolute_path)}: {error.message}" for error in errors]


def parts(
    value: object, path: tuple[str | int, ...] = ()
) -> list[tuple[tuple[str | int, ...], dict[str, Any]]]:
    """Every mapping of a schema with its place."""
    pairs: list[tuple[str | int, object]] = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    own = [(path, value)] if isinstance(value, dict) else []
    return own + [part for key, inner in pairs for part in parts(inner, (*path, key))]


def yaml_of(text: str) -> object:
    value, mistakes = read_yaml(Document(path="example.yaml", text=text))
    assert mistakes == ()
    return value


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_is_draft_2020_12(name: str) -> None:
    content = schema(name)
    Draft202012Validator.check_schema(content)

    assert content["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert content["title"]
    assert content["description"]


@pytest.mark.parametrize("name", NAMES)
def test_every_reference_of_a_schema_leads_somewhere_and_every_definition_is_used(name: str) -> None:
    content = schema(name)
    used = {
        part["$ref"].removeprefix("#/$defs/")
        for _, part in parts(content)
        if isinstance(part.get("$ref"), str)
    }

    assert used == set(content["$defs"])


@pytest.mark.parametrize("name", NAMES)
def test_every_example_in_a_schema_is_right(name: str) -> None:
    content = schema(name)
    for path, part in parts(content):
        if isinstance(part.get("examples"), list) and path[-1:] != ("properties",):
            validator = Draft202012Validator({**part, "$defs": content["$defs"]})
            for example in part["examples"]:
                assert list(validator.iter_errors(example)) == [], (path, example)


@pytest.mark.parametrize("name", NAMES)
def test_patterns_mean_the_same_to_rust_and_python(name: str) -> None:
    patterns = {part["pattern"] for _, part in parts(schema(name)) if isinstance(part.get("pattern"), str)}

    for pattern in patterns:
        assert re.fullmatch(r"\^[^\\]*(\\[s.][^\\]*)*\$", pattern), pattern
        assert not re.search(r"\(\?|\\[dwbDWB]", pattern), pattern


def test_every_rule_of_the_desired_state_says_what_to_write_instead() -> None:
    judging = ("type", "pattern", "minimum", "minItems", "minProperties", "anyOf", "oneOf")
    silent = [
        path
        for path, part in parts(DESIRED)
        if "examples" not in path
        and any(key in part for key in judging) and "errorMessage" not in part and "enum" not in part
        and not {"anyOf", "oneOf", "properties"} & set(map(str, path[-2:]))
    ]  # fmt: skip

    assert silent == []


def test_secrets_are_never_echoed() -> None:
    defs = DESIRED["$defs"]

    assert all(defs[name].get("writeOnly") for name in ("secret", "auth", "envName"))
    assert all(part.get("writeOnly") or "$ref" in part for part in defs["secret"]["properties"].values())


@pytest.mark.parametrize("path", sorted((ROOT / "desired_state").rglob("*.yaml")), ids=lambda path: path.name)
def test_the_example_company_fits_its_schema(path: Path) -> None:
    assert faults("desired-state", yaml_of(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    "text", re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
)
def test_every_example_of_readme_fits_the_schema(text: str) -> None:
    value = yaml_of(text)
    if isinstance(value, dict) and set(value) <= {key for keys in KINDS.values() for key in keys}:
        assert faults("desired-state", value) == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests" / "examples").rglob("*.y*ml")), ids=lambda path: path.name
)
def test_the_examples_that_show_everything_fit_the_schema(path: Path) -> None:
    assert (
        faults(
            "profile" if path.parent.name == "profiles" else "desired-state",
            yaml_of(path.read_text(encoding="utf-8")),
        )
        == []
    )


@pytest.mark.parametrize("name", BUILT_IN)
def test_a_shipped_profile_fits_its_schema(name: str) -> None:
    text = (ROOT / "reconciler" / "profiles" / f"{name}.yaml").read_text(encoding="utf-8")

    assert faults("profile", yaml_of(text)) == []


def test_a_document_holds_the_keys_of_one_kind() -> None:
    assert faults("desired-state", None) == []
    assert faults("desired-state", {"users": {}, "groups": {}}) != []
    assert faults("desired-state", {"targets": {}, "targetDefaults": {}}) == []


def test_the_schema_lists_what_the_code_lists() -> None:
    defs = DESIRED["$defs"]
    users = {*USER_TEXTS, *USER_DATES, *USER_LISTS, *USER_BOOLEANS, "manager", "location", "previousIds"}
    other_names = {name for name, of in ALIASES.items() if of in users}

    assert set(DESIRED["properties"]) == {key for keys in KINDS.values() for key in keys}
    assert [set(kind["propertyNames"]["enum"]) for kind in DESIRED["anyOf"][1:]] == [
        set(keys) for keys in KINDS.values()
    ]
    assert set(defs["user"]["properties"]) == users | other_names
    assert set(defs["defaults"]["properties"]) == users - {"previousIds"} | other_names
    assert set(defs["location"]["properties"]) == LOCATION_TEXTS | {
        n for n, of in ALIASES.items() if of in LOCATION_TEXTS
    }
    assert set(defs["group"]["properties"]) > GROUP_TEXTS
    assert defs["clause"]["properties"]["operator"]["anyOf"][0]["enum"] == list(OPERATORS)
    assert set(defs["condition"]["anyOf"][2]["properties"]) == set(SHORT)
    assert list(defs["budgets"]["properties"]) == list(DEFAULT_LIMITS)
    assert defs["approval"]["properties"]["rule"]["enum"] == list(DEFAULT_LIMITS)
    assert schema("plan")["$defs"]["budget"]["properties"]["rule"]["enum"] == list(DEFAULT_LIMITS)
    assert schema("plan")["$defs"]["change"]["properties"]["action"]["enum"] == list(USER_ACTIONS)
    assert list(schema("plan")["properties"]["summary"]["properties"]["groups"]["properties"]) == list(
        GROUP_ACTIONS
    )


def test_what_two_schemas_define_they_define_alike() -> None:
    defs = {name: schema(name)["$defs"] for name in NAMES}

    assert all(DESIRED["$defs"][name] == part for name, part in defs["profile"].items())
    assert all(part == defs["plan"][name] for name, part in defs["manifest"].items() if name != "sealed")


def a_change() -> Change:
    return Change(
        target="envoy", action="update", type="Group", key="eng", id="7", name="Engineering",
        reason=Reason(code="members-differ", text="members differ", source="desired_state/groups.yaml:2"),
        attributes=(AttributeChange(path="displayName", before=None, after="Engineering"),),
        add=(MemberChange(key="ada", name="ada@example.com", id=None),), remove=(MemberChange(key="bob", name="bob", id="9"),),
    )  # fmt: skip


def a_plan() -> Plan:
    finding = Finding(severity="warning", code="unmanaged", text="24 users are not ours")
    budget = Budget(
        rule="removeMembersPerGroup", subject="eng", planned=1, limit=5, of=10, digest=digest(["x"])
    )
    whole = TargetPlan(
        name="envoy", url="https://scim.example.com", desired=digest(["y"]), complete=True, changes=(a_change(),),
        findings=(finding,), budgets=(budget,), requests=1, seconds=1, causes=("somebody else",),
        lowered=(({"method": "PATCH", "path": "/Groups/7", "body": {"Operations": []}},),),
    )  # fmt: skip
    return Plan(
        as_of="2026-11-23T14:40:00Z",
        targets=(whole, TargetPlan(name="other", url="", error="cannot be reached")),
    )


def test_a_plan_fits_its_schema() -> None:
    assert faults("plan", a_plan().to_json()) == []


def test_a_plan_with_origins_fits_its_schema() -> None:
    plan: Any = a_plan().to_json()
    change = plan["targets"][0]["changes"][0]
    change["origin"] = change["attributes"][0]["origin"] = change["members"]["add"][0]["origin"] = "edit"
    assert faults("plan", plan) == []

    change["orign"] = "edit"
    assert faults("plan", plan) != []


def test_a_manifest_fits_its_schema() -> None:
    plain = make_manifest(a_plan(), None, digest)
    keyed = make_manifest(a_plan(), "0" * 40, lambda value: keyed_digest("key", value))

    assert faults("manifest", plain) == []
    assert faults("manifest", keyed) == []
    assert faults("manifest", {**plain, "digest": "md5:0"}) != []
