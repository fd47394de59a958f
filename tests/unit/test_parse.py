"""Every mistake is told with its place and its remedy; the example company has none."""

import gc
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from reconciler.edge.documents import read_documents, read_profiles
from reconciler.edge.shipped import read_shipped
from reconciler.model.clause import All, Any, Clause, Comparison, MemberOf, Not
from reconciler.model.desired import DesiredState
from reconciler.model.errors import DesiredStateError
from reconciler.model.place import Document
from reconciler.model.target import (
    Deprovision,
    Email,
    Limit,
    OAuth2ClientCredentials,
    SecretRef,
    Webhook,
    Withheld,
)
from reconciler.pipeline import World, built_in_profiles, load
from reconciler.stages.parse import build_shapes, named_profiles, parse

ROOT = Path(__file__).parents[2]
BROKEN = sorted((ROOT / "tests" / "broken").glob("*.yaml"))
SHAPES = build_shapes(read_shipped("desired-state.schema.json"), read_shipped("profile.schema.json"))


def parsed(files: Mapping[str, str]) -> DesiredState:
    """The desired state of files; those outside of desired_state/ are profiles, and absent where nobody wrote them."""
    documents = [
        Document(path=path, text=text) for path, text in files.items() if path.startswith("desired_state/")
    ]
    named = named_profiles(documents)
    profiles = {
        path: Document(path=path, text=files[path])
        if path in files
        else "is no file; write a path from the top of the checkout"
        for path in named
    }
    return parse(documents, built_in_profiles(), shapes=SHAPES, profile_files=profiles)


def told(files: Mapping[str, str]) -> list[str]:
    with pytest.raises(DesiredStateError) as raised:
        parsed(files)
    return [str(mistake) for mistake in raised.value.mistakes]


@pytest.mark.parametrize("case", BROKEN, ids=lambda path: path.stem)
def test_a_broken_desired_state_is_told_exactly(case: Path) -> None:
    story = yaml.safe_load(case.read_text(encoding="utf-8"))

    assert told(story["files"]) == story["expect"]


def test_no_message_echoes_a_secret() -> None:
    lines = [line for case in BROKEN for line in yaml.safe_load(case.read_text(encoding="utf-8"))["expect"]]

    assert not any("hunter2" in line for line in lines)


def test_the_example_company_is_valid() -> None:
    documents, unreadable = read_documents(ROOT, "desired_state")
    state = parse(documents, built_in_profiles(), shapes=SHAPES)

    assert unreadable == ()
    assert len(state.users) == 30
    assert state.users["ada"].attributes["mail"] == "ada@example.com"
    assert state.users["ada"].attributes["city"] == "London"


EXAMPLES = ROOT / "tests" / "examples"


@pytest.fixture(scope="module")
def example() -> DesiredState:
    """DESIGN's examples, and what else may be written."""
    documents, unreadable = read_documents(EXAMPLES, "desired_state")
    profiles = read_profiles(EXAMPLES, named_profiles(documents))
    assert unreadable == ()
    return parse(documents, built_in_profiles(), shapes=SHAPES, profile_files=profiles)


def test_a_value_is_ones_own_or_the_locations_or_the_default(example: DesiredState) -> None:
    ada, bob, grace = (example.users[key].attributes for key in ("ada", "bob", "grace"))

    assert (ada["mail"], ada["country"], ada["city"]) == ("ada@example.com", "GB", "London")
    assert ada["telephoneNumber"] is None
    assert ada["costCenters"] == ("C1", "010")
    assert (bob["accountEnabled"], bob["objectId"]) == (False, "bob")
    assert (grace["country"], grace["city"], grace["mail"]) == ("DE", "Berlin", None)
    assert "postalCode" not in grace
    assert example.users["eve"].previous_ids == ("e.ray",)


def test_a_text_stays_as_it_was_written(example: DesiredState) -> None:
    attributes = example.users["1001"].attributes

    assert (attributes["employeeId"], attributes["postalCode"], attributes["country"]) == (
        "010",
        "1.10",
        "NO",
    )


def test_groups_have_members_rules_and_owners(example: DesiredState) -> None:
    engineering, platform = example.groups["engineering"], example.groups["platform"]

    assert [m if isinstance(m, str) else (m.user, m.group, m.until) for m in engineering.members] == [
        "ada",
        ("bob", None, "2026-12-31"),
        (None, "platform", None),
    ]
    assert (engineering.owners, platform.membership, platform.previous_ids) == (
        ("grace",),
        "exclusive",
        ("infra",),
    )
    assert [m if isinstance(m, str) else (m.user, m.group) for m in platform.members] == [
        "1001",
        (None, "contractors"),
    ]
    assert example.groups["contractors"].attributes["displayName"] == "contractors"
    assert example.groups["london-office"].rule is not None


def test_a_target_says_where_and_how(example: DesiredState) -> None:
    envoy, directory, open_, bare = (example.targets[name] for name in ("envoy", "directory", "open", "bare"))
    secret = SecretRef(file="secrets/directory")

    assert envoy.url == SecretRef(literal="https://app.envoy.com/scim/v2")
    assert envoy.bearer == SecretRef(env="ENVOY_SCIM_TOKEN")
    assert directory.url == SecretRef(env="DIRECTORY_URL", default="http://127.0.0.1:8080/scim")
    assert directory.oauth2 == OAuth2ClientCredentials(
        token_url="https://login.example.com/token",
        client_id="reconciler",
        client_secret=secret,
        scope="scim",
    )
    assert open_.bearer == SecretRef(command=("pass", "show", "open"))
    assert (bare.bearer, bare.oauth2, bare.ownership) == (None, None, "all")
    assert envoy.notify == (
        Webhook(url=SecretRef(env="SLACK_WEBHOOK")),
        Email(to="it@example.com", sender="scim@example.com", host="mail.example.com", port=587,
              username=SecretRef(env="SMTP_USER"), password=SecretRef(env="SMTP_PASSWORD")),
    )  # fmt: skip
    assert envoy.learnt.member_removal == "valueArray"
    assert envoy.learnt.withhold == (
        Withheld(path="nickName"), Withheld(path="title", type="User", key="ada"), Withheld(path="members", type="Group", key="sales"),
    )  # fmt: skip
    assert directory.ownership == ("prefix", "acme:")
    assert directory.deprovision == Deprovision(
        vanished="delete", memberships="remove", groups="delete", delete_after_days=30
    )
    assert directory.scope.groups == ("engineering", "sales")
    assert envoy.scope.assigned_groups == (("engineering", None), ("sales", "Member"))
    assert [approval.rule for approval in example.approvals] == ["deactivate"]


def test_target_defaults_merge_key_by_key_and_budgets_rule_by_rule(example: DesiredState) -> None:
    envoy, directory = example.targets["envoy"], example.targets["directory"]

    assert dict(envoy.budgets) == {"deactivate": Limit(count=9), "delete": Limit(count=1)}
    assert dict(directory.budgets) == {"deactivate": Limit(count=5, percent=2), "delete": Limit(count=1)}
    assert (envoy.client.concurrency, envoy.client.proxy) == (4, None)
    assert (directory.client.concurrency, directory.client.proxy) == (2, "http://proxy.example.com:3128")
    assert (envoy.protected_groups, directory.protected_users) == (("Administrators",), ("break-glass*",))


def test_a_profile_file_of_the_checkout_brings_its_own_mapping(example: DesiredState) -> None:
    directory = example.targets["directory"]

    assert directory.profile.name == "profiles/directory.yaml"
    assert (directory.profile.page_size, directory.profile.external_id, directory.profile.manager) == (
        100,
        "none",
        "text",
    )
    assert [str(attribute.path) for attribute in directory.mapping.users.attributes] == [
        "userName",
        "badge",
        "displayName",
    ]
    assert directory.mapping.groups is not None


def test_a_mapping_says_where_values_come_from(example: DesiredState) -> None:
    mapping = example.targets["envoy"].mapping
    by_path = {str(attribute.path): attribute for attribute in mapping.users.attributes}

    assert mapping.users.match == ("externalId", "userName")
    assert (by_path["title"].kind, by_path["title"].text, by_path["title"].default) == (
        "source",
        "jobTitle",
        "Employee",
    )
    assert (by_path["department"].absent, by_path["locale"].apply) == ("clear", "create")
    assert (by_path["locale"].kind, by_path["locale"].text) == ("constant", "en-GB")
    assert (by_path["active"].kind, by_path["name.formatted"].kind) == ("expression", "template")


def test_defaults_are_templates_over_each_other() -> None:
    state = parsed({
        "desired_state/users.yaml": "defaults: {mail: '{{ mailNickname }}@example.com', mailNickname: '{{ givenName | lower }}', "
        "displayName: '{{ givenName }} {{ surname }}', mobile: '{{ telephoneNumber }}', department: ' {{ city }} '}\n"
        "users:\n  ada: {givenName: Ada, surname: Lovelace}\n  bob: {mailNickname: b, telephoneNumber: null}\n",
    })  # fmt: skip

    assert state.users["ada"].attributes == {
        "objectId": "ada", "givenName": "Ada", "surname": "Lovelace", "displayName": "Ada Lovelace", "mailNickname": "ada",
        "mail": "ada@example.com",
    }  # fmt: skip
    assert state.users["bob"].attributes == {
        "objectId": "bob", "mailNickname": "b", "mail": "b@example.com", "telephoneNumber": None, "mobile": None,
    }  # fmt: skip


def test_custom_attributes_have_types() -> None:
    state = parsed({
        "desired_state/attributes.yaml": "attributes: {a: {type: integer}, b: {type: decimal}, c: {type: boolean}, d: {type: date}, e: {}}\n",
        "desired_state/users.yaml": "users:\n  ada: {a: 010, b: 1.50, c: true, d: 2027-01-31, e: 1.50}\n",
    })  # fmt: skip

    attributes = state.users["ada"].attributes
    assert [attributes[name] for name in "abcde"] == [10, 1.5, True, "2027-01-31", "1.50"]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("integer", "'1_000'"),
        ("decimal", "nan"),
        ("decimal", "inf"),
        ("integer", "1.5"),
        ("date", "2027-02-29"),
        ("boolean", "1"),
    ],
)
def test_a_custom_attribute_holds_what_its_type_says(written: str, value: str) -> None:
    lines = told({
        "desired_state/attributes.yaml": f"attributes: {{a: {{type: {written}}}}}\n",
        "desired_state/users.yaml": f"users: {{ada: {{a: {value}}}}}\n",
    })  # fmt: skip

    assert len(lines) == 1
    assert lines[0].startswith("desired_state/users.yaml:1:15: ")


def test_a_default_that_renders_to_nothing_is_absent() -> None:
    state = parsed(
        {
            "desired_state/users.yaml": "defaults: {mobile: '{{ telephoneNumber }}'}\nusers: {ada: {telephoneNumber: '  '}, bob: {telephoneNumber: ' 1 '}}\n"
        }
    )

    assert "mobile" not in state.users["ada"].attributes
    assert state.users["bob"].attributes["mobile"] == "1"


def test_a_clause_is_parsed_in_both_spellings() -> None:
    state = parsed({"desired_state/groups.yaml": (
        "groups:\n  a:\n    membershipRule: {all: [{mail: {isNull: false}}, {attribute: officeLocation, operator: ends with, value: x}]}\n"
        "  b:\n    membershipRule: {any: [{memberOf: [a]}, {department: [A, B]}], accountEnabled: true}\n"
    )})  # fmt: skip

    assert shown(state.groups["a"].rule) == [
        "all",
        ["not", "mail IS NULL ()"],
        "physicalDeliveryOfficeName ENDS_WITH ('x',)",
    ]
    assert shown(state.groups["b"].rule) == [
        "all", ["any", "in a", "department EQUALS ('A', 'B')"], "accountEnabled EQUALS ('true',)",
    ]  # fmt: skip


def shown(clause: Clause | None) -> object:
    """A clause without its places."""
    match clause:
        case All(parts=parts):
            return ["all", *map(shown, parts)]
        case Any(parts=parts):
            return ["any", *map(shown, parts)]
        case Not(part=part):
            return ["not", shown(part)]
        case MemberOf(group=group):
            return f"in {group}"
        case Comparison():
            return f"{clause.attribute} {clause.operator} {clause.values}"
        case None:
            return None


@pytest.mark.parametrize(
    "expression",
    [
        "Not([IsSoftDeleted])",
        " Not( [IsSoftDeleted] ) ",
        'Switch([IsSoftDeleted], , "False", "True", "True", "False")',
    ],
)
def test_the_expression_of_active_is_understood(expression: str) -> None:
    state = parsed({
        "desired_state/mappings.yaml": "mappings: {m: {users: {match: [userName], attributes: {userName: userPrincipalName, "
        f"active: {{expression: '{expression}'}}}}}}}}}}\n",
        "desired_state/targets.yaml": "targets: {t: {url: 'https://scim.example.com', mapping: m, scope: {users: all}, ownership: all}}\n",
    })  # fmt: skip

    assert [attribute.kind for attribute in state.targets["t"].mapping.users.attributes] == [
        "source",
        "expression",
    ]


def test_a_strange_attribute_of_many_users_is_told_of_each_and_soon() -> None:
    users = "".join(f"  u{i}: {{badge: x, manager: v{i}}}\n" for i in range(3000))

    lines = told({"desired_state/users.yaml": f"users:\n{users}"})

    assert len(lines) == 6000
    assert (
        lines[0]
        == "desired_state/users.yaml:2:8: `badge` is no source attribute; declare it under attributes:, or take it out"
    )


def test_a_profile_file_stays_inside_the_checkout(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    (tmp_path / "outside.yaml").write_text("source: x\n")
    (checkout / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (checkout / "large.yaml").write_text("#" * (1024 * 1024 + 1))
    (checkout / "latin.yaml").write_bytes(b"source: \xff\n")
    (checkout / "fine.yaml").write_text("source: x\n")
    paths = (
        "../outside.yaml",
        "link.yaml",
        "large.yaml",
        "latin.yaml",
        "none.yaml",
        "fine.yaml",
        str(tmp_path / "outside.yaml"),
    )

    read = read_profiles(checkout, paths)

    assert {path: found if isinstance(found, str) else found.text for path, found in read.items()} == {
        "../outside.yaml": "leads outside of the checkout; put the profile file inside it",
        "link.yaml": "leads outside of the checkout; put the profile file inside it",
        "large.yaml": "is larger than 1 MB; a profile is a short file",
        "latin.yaml": "is not UTF-8; save it as UTF-8",
        "none.yaml": "is no file; write a path from the top of the checkout",
        "fine.yaml": "source: x\n",
        str(tmp_path / "outside.yaml"): "leads outside of the checkout; put the profile file inside it",
    }  # fmt: skip


def test_what_could_not_be_read_is_not_missed() -> None:
    document = Document(path="desired_state/groups.yaml", text="groups: {eng: {members: [ada]}}\n")

    state = parse([document], built_in_profiles(), shapes=SHAPES, unread=["desired_state/users/latin.yaml"])

    assert list(state.groups) == ["eng"]


def test_loading_reads_profile_files_and_tells_what_it_cannot_read(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    world = World(base=tmp_path, desired="desired_state", data=tmp_path, environ={}, now=datetime.now(UTC))
    assert sorted(load(world).targets) == ["bare", "directory", "envoy", "open"]

    (tmp_path / "desired_state" / "users" / "latin.yaml").write_bytes(b"users: {\xe9: {}}\n")
    (tmp_path / "profiles" / "directory.yaml").unlink()
    with pytest.raises(DesiredStateError) as raised:
        load(world)

    assert [str(mistake).partition(": ")[2] for mistake in raised.value.mistakes] == [
        "`profiles/directory.yaml` is no file; write a path from the top of the checkout",
        "is not UTF-8; save it as UTF-8",
    ]
    assert gc.isenabled()


def test_a_mistake_deep_inside_a_clause_is_still_explained() -> None:
    deep = "{not: " * 44 + "{department: null}" + "}" * 44

    assert told({"desired_state/scopes.yaml": f"scopes: {{a: {deep}}}\n"}) == [
        "desired_state/scopes.yaml:1:278: `department` is null; write a value, a list of values, {endsWith: '@example.com'} or {isNull: true}"
    ]
