"""What is no provisioning schema is refused with words, and nothing is written: exit 1, or 64 for wrong usage."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.importers.checkout import STORIES_FOLDER, Checkout

RULE: dict[str, Any] = {
    "name": "USER_OUTBOUND", "sourceDirectoryName": "Azure Active Directory", "targetDirectoryName": "Acme",
    "objectMappings": [{
        "name": "Users", "sourceObjectName": "User", "targetObjectName": "User", "attributeMappings": [
            {"targetAttributeName": "userName", "matchingPriority": 1, "source": {"type": "Attribute", "name": "userPrincipalName"}},
        ],
    }],
}  # fmt: skip


def schema(**changes: Any) -> dict[str, Any]:
    return {"id": "x", "synchronizationRules": [{**RULE, **changes}]}


def mapped(**changes: Any) -> dict[str, Any]:
    return schema(objectMappings=[{**RULE["objectMappings"][0], **changes}])


REFUSED: dict[str, tuple[object, str]] = {
    "text": ("directories: []", "line 1, column 1: is not JSON"),
    "an empty file": ("", "is not JSON"),
    "half a file": ('{"synchronizationRules": [', "is not JSON"),
    "a list": ([], "this is a list, and no provisioning schema"),
    "a number": (7, "this is a number"),
    "null": (None, "this is nothing"),
    "an object of anything": ({"users": []}, "it has no synchronizationRules"),
    "a list of jobs": ({"value": [{"id": "scim.1", "templateId": "scim"}]}, "a list of jobs or templates"),
    "a job": ({"id": "scim.1", "templateId": "scim", "schedule": {}}, "a synchronization job, and no schema"),
    "a template": ({"id": "scim", "factoryTag": "scim", "discoverable": True}, "a synchronization template"),
    "an object mapping": (RULE["objectMappings"][0], "a part of a schema"),
    "an error of Graph's": ({"error": {"code": "Forbidden", "message": "no\x1b[31m"}}, "an error that Graph answered (Forbidden: no\\u001b[31m)"),
    "no rules": ({"synchronizationRules": []}, "synchronizationRules is empty"),
    "rules that are a text": ({"synchronizationRules": "x"}, "synchronizationRules is a text, and not a list"),
    "what PowerShell cut off": (mapped(attributeMappings="System.Object[]"), "export with ConvertTo-Json -Depth 20"),
    "wrong kinds in many places": (schema(priority="high", name=[], objectMappings=[3]), "priority is a text, and not a whole number"),
    "a rule into Entra": (schema(sourceDirectoryName="Workday", targetDirectoryName="Azure Active Directory"), "no rule of this schema provisions users out of Entra"),
    "groups without users": (mapped(sourceObjectName="Group"), "no mapping of users goes with"),
    "nothing that can be mapped": (mapped(attributeMappings=[{"targetAttributeName": "id", "source": {"type": "Attribute", "name": "objectId"}}]), "can be carried over"),
    "a key twice": ('{"synchronizationRules": [], "synchronizationRules": []}', "stands twice"),
    "half a character": ('{"id": "\\ud800", "synchronizationRules": []}', "half a character"),
    "a number of 5,000 digits": ('{"id": ' + "9" * 5000 + "}", "is not JSON that can be trusted"),
    "deep nesting": ('{"synchronizationRules": ' + "[" * 100_000, "is nested too deep"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_schema_is_refused_with_words(name: str, checkout: Checkout) -> None:
    content, words = REFUSED[name]
    checkout.write("schema.json", content if isinstance(content, str) else json.dumps(content))

    code, out, err = checkout.run("import-entra", "schema.json", "--out", "desired_state")

    assert (code, out) == (1, "")
    assert err.startswith("schema.json: ")
    assert words in err
    assert sorted(path.name for path in checkout.base.iterdir()) == ["schema.json"]


def test_all_mistakes_are_told_at_once_with_their_places(checkout: Checkout) -> None:
    checkout.write("schema.json", json.dumps(schema(priority="high", name=[], objectMappings=[3])))

    _, _, err = checkout.run("import-entra", "schema.json")

    assert err.splitlines()[1:] == [
        "synchronizationRules[0].name is a list, and not a text",
        "synchronizationRules[0].priority is a text, and not a whole number",
        "synchronizationRules[0].objectMappings[0] is a number, and not an object",
    ]


def test_functions_nested_without_end_are_refused(checkout: Checkout) -> None:
    source: dict[str, Any] = {"type": "Attribute", "name": "mail"}
    for _ in range(200):
        source = {"type": "Function", "name": "Not", "parameters": [{"key": "source", "value": source}]}
    checkout.write(
        "schema.json",
        json.dumps(mapped(attributeMappings=[{"targetAttributeName": "title", "source": source}])),
    )

    code, _, err = checkout.run("import-entra", "schema.json")

    assert code == 1
    assert "nests functions deeper than 100" in err


def test_a_file_that_is_not_there_or_too_large_is_refused(checkout: Checkout) -> None:
    with (checkout.base / "huge.json").open("wb") as file:
        file.truncate(65 * 1024 * 1024)

    assert checkout.run("import-entra", "missing.json")[::2] == (
        1,
        "missing.json: cannot be read: No such file or directory\n",
    )
    assert checkout.run("import-entra", ".")[0] == 1
    code, _, err = checkout.run("import-entra", "huge.json")
    assert code == 1
    assert "larger than 64 MB" in err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--name", "a/b"], "`a/b` is no name"),
        (["--name", ""], "`` is no name"),
        (["--url", "http://scim.example.com"], "is no https url"),
        (["--url", "https://u:hunter2@scim.example.com"], "holds a user name or password"),
        (["--profile", "nosuch"], "`nosuch` is no profile; built in are envoy, rfc"),
        (["--profile", "profiles/nosuch.yaml"], "profiles/nosuch.yaml"),
        (["--notify-email", "nobody"], "`nobody` is no mail address"),
        (["--deletion-threshold", "-1"], "-1 is not in the range"),
        (["--sync", "some"], "'some' is not one of"),
    ],
)  # fmt: skip
def test_wrong_usage_is_64(options: list[str], words: str, checkout: Checkout) -> None:
    code, out, err = checkout.run("import-entra", str(STORIES_FOLDER / "envoy" / "schema.json"), *options)

    assert (code, out) == (64, "")
    assert words in err
    assert "hunter2" not in err


def test_a_file_that_is_there_is_never_overwritten(checkout: Checkout) -> None:
    checkout.write("state/scopes/envoy.yaml", "# mine\n")

    code, out, err = checkout.import_story("envoy", "--out", "state")

    assert (code, out) == (1, "")
    assert "state/scopes/envoy.yaml is there already, and nothing was written" in err
    assert [str(path.relative_to(checkout.base)) for path in checkout.base.rglob("*.yaml")] == [
        "state/scopes/envoy.yaml"
    ]


def test_a_name_that_is_declared_elsewhere_is_refused(checkout: Checkout) -> None:
    checkout.write("state/targets.yaml", "targets: {Envoy: {url: https://scim.example.com}}\n")

    code, _, err = checkout.import_story("envoy", "--out", "state")

    assert code == 1
    assert "target `envoy` is declared already, in state/targets.yaml" in err
    assert not (checkout.base / "state" / "mappings").exists()


def test_a_custom_attribute_that_is_declared_already_is_not_declared_again(checkout: Checkout) -> None:
    checkout.import_story("extensions", "--out", "desired_state")
    code, _, _ = checkout.import_story("extensions", "--name", "other", "--out", "desired_state")

    assert code == 0
    assert not (checkout.base / "desired_state" / "attributes" / "other.yaml").exists()
    assert (checkout.base / "desired_state" / "mappings" / "other.yaml").exists()


def test_utf_16_and_a_byte_order_mark_are_read(checkout: Checkout) -> None:
    text = (STORIES_FOLDER / "envoy" / "schema.json").read_text(encoding="utf-8")
    for encoding in ("utf-8-sig", "utf-16"):
        (checkout.base / "schema.json").write_bytes(text.encode(encoding))

        assert checkout.run("import-entra", "schema.json")[0] == 0


def test_a_profile_file_of_the_checkout_knows_its_paths(checkout: Checkout) -> None:
    profile = "source: ours\nverified: 2026-11-23\nattributes: {favouriteColour: string}\n"
    checkout.write("profiles/ours.yaml", profile)

    _, printed, _ = checkout.import_story("paths", "--profile", "profiles/ours.yaml")

    assert "\n        favouriteColour: extensionAttribute1 " in printed
    assert "profile: profiles/ours.yaml" in printed.replace("'", "")


def test_an_unwritable_folder_is_told(checkout: Checkout) -> None:
    checkout.write("state", "a file\n")

    code, _, err = checkout.import_story("envoy", "--out", "state")

    assert code == 1
    assert "cannot be written" in err
