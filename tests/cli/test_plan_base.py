"""`plan --base`: what an edit does, and what had drifted before, of both trees against one live read."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.edge.shipped import read_shipped
from tests.properties.bench import Document, Repository, Strict, strict_endpoint

COMMON = Path(__file__).parents[1] / "scenarios" / "common"
ADA = "users:\n  ada: {userPrincipalName: ada@example.com, displayName: Ada, jobTitle: Engineer, department: Research}\n"
BOB = "  bob: {userPrincipalName: bob@example.com, displayName: Bob, jobTitle: Clerk, department: Sales}\n"
CYD = "  cyd: {userPrincipalName: cyd@example.com, displayName: Cyd, department: Research}\n"
GROUPS = "groups:\n  red: {displayName: Red, members: [ada, bob]}\n"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
WRITTEN = json.loads(read_shipped("plan.schema.json"))


@dataclass(frozen=True, kw_only=True)
class Checkout(Repository):
    """A git repository with a desired state, and the endpoint of its target."""

    endpoint: Strict

    def git(self, *words: str) -> str:
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.base), "GIT_CONFIG_NOSYSTEM": "1"}
        settled = [
            "-c",
            "user.name=ada",
            "-c",
            "user.email=ada@example.com",
            "-c",
            "protocol.file.allow=always",
        ]
        done = subprocess.run(
            ["git", *settled, *words], cwd=self.base, env=environ, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.base / "desired_state" / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def commit(self) -> None:
        self.git("add", "--all", "--force", "desired_state")
        self.git("commit", "--quiet", "--allow-empty", "--message", "as it stands")

    def drift(self, name: str, **values: object) -> None:
        """Somebody changes a user at the endpoint."""
        documents = self.endpoint.documents()
        [found] = [document for document in documents.values() if document.get("userName") == name]
        found.update(values)
        self.endpoint.hold(documents.values())

    def plan(self, base: str = "HEAD", *more: str) -> Document:
        done = self.run("plan", "--base", base, "--format", "json", *more)
        assert (done.code, done.err) == (0, "")
        plan = done.json()
        assert [error.message for error in Draft202012Validator(WRITTEN).iter_errors(plan)] == []
        return plan

    def origins(self, base: str = "HEAD") -> dict[str, str]:
        """The origin of each atom of the target's plan."""
        return origins(self.plan(base))


def origins(plan: Document) -> dict[str, str]:
    found = {}
    for change in (change for target in plan["targets"] for change in target["changes"]):
        found[change["key"]] = f"{change['action']}: {change['origin']}"
        for attribute in change["attributes"]:
            found[f"{change['key']} {attribute['path']}"] = attribute["origin"]
        for member in (*change["members"]["add"], *change["members"]["remove"]):
            found[f"{change['key']} member {member['key']}"] = member["origin"]
    return found


def codes(plan: Document) -> list[str]:
    return [finding["code"] for target in plan["targets"] for finding in target["findings"]]


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Checkout, list[Document]]]:
    """A commit that was applied, and what the endpoint holds since."""
    with strict_endpoint() as endpoint:
        made = Checkout(base=tmp_path_factory.mktemp("applied"), url=endpoint.url, endpoint=endpoint)
        files = {str(path.relative_to(COMMON)): path.read_text() for path in COMMON.rglob("*.yaml")}
        made.write({**files, "users.yaml": ADA + BOB, "groups.yaml": GROUPS})
        made.git("init", "--quiet", "--initial-branch", "main")
        made.commit()
        assert made.run("apply", "--yes").code == 0
        made.forget()
        # The endpoint counts its ids from the beginning again once it is told what to hold.
        held = json.dumps(list(endpoint.documents().values())).replace('"u-', '"a-').replace('"g-', '"b-')
        yield made, json.loads(held)


@pytest.fixture
def checkout(applied: tuple[Checkout, list[Document]], tmp_path: Path) -> Checkout:
    """A checkout of that commit: nothing is left to do."""
    made, documents = applied
    made.endpoint.hold(documents)
    shutil.copytree(made.base, tmp_path, dirs_exist_ok=True)
    return replace(made, base=tmp_path)


def test_what_only_the_edit_does_is_edit(checkout: Checkout) -> None:
    checkout.edit("users.yaml", "Engineer", "Staff Engineer")

    assert checkout.origins() == {"ada": "update: edit", "ada title": "edit"}


def test_what_the_base_would_do_too_is_drift(checkout: Checkout) -> None:
    checkout.drift("ada@example.com", title="Empress")

    assert checkout.origins() == {"ada": "update: drift", "ada title": "drift"}


def test_a_change_of_both_is_an_edit_and_says_which_atom_is_which(checkout: Checkout) -> None:
    checkout.drift("ada@example.com", title="Empress")
    checkout.edit("users.yaml", "displayName: Ada", "displayName: Countess")

    assert checkout.origins() == {"ada": "update: edit", "ada displayName": "edit", "ada title": "drift"}


def test_another_value_for_what_had_drifted_is_an_edit(checkout: Checkout) -> None:
    checkout.drift("ada@example.com", title="Empress")
    checkout.edit("users.yaml", "Engineer", "Staff Engineer")

    assert checkout.origins() == {"ada": "update: edit", "ada title": "edit"}


def test_members_have_origins_of_their_own(checkout: Checkout) -> None:
    documents = checkout.endpoint.documents()
    [group] = [document for document in documents.values() if document.get("displayName") == "Red"]
    group["members"] = group["members"][:1]
    checkout.endpoint.hold(documents.values())
    checkout.edit("users.yaml", BOB, BOB + CYD)
    checkout.edit("groups.yaml", "[ada, bob]", "[ada, bob, cyd]")
    found = checkout.origins()

    assert found["red"] == "update: edit"
    assert sorted(origin for name, origin in found.items() if name.startswith("red member")) == [
        "drift",
        "edit",
    ]
    assert found["red member cyd"] == "edit"


def test_an_edit_that_takes_drift_over_says_that_it_settles_it(checkout: Checkout) -> None:
    checkout.drift("ada@example.com", title="Empress")
    checkout.drift("bob@example.com", active=False)
    checkout.edit("users.yaml", "jobTitle: Engineer", "jobTitle: Empress")
    checkout.edit("users.yaml", "jobTitle: Clerk", "jobTitle: Clerk, accountEnabled: false")
    plan = checkout.plan()

    assert plan["targets"][0]["changes"] == []
    [finding] = plan["targets"][0]["findings"]
    assert finding["code"] == "drift-settled"
    assert "user ada@example.com (title), user bob@example.com (reactivate)" in finding["text"]


def test_a_scope_edit_is_an_edit_for_everybody_whom_it_concerns(checkout: Checkout) -> None:
    checkout.edit(
        "targets/acme.yaml",
        "acme: {}",
        "acme: {scope: {users: all, filter: {all: [{department: Research}]}, groups: all}}",
    )

    assert checkout.origins() == {"bob": "deactivate: edit", "bob active": "edit"}


def test_a_mapping_edit_is_read_in_the_columns_of_either_side(checkout: Checkout) -> None:
    checkout.drift("bob@example.com", title="Duke")
    checkout.edit(
        "mappings.yaml", "displayName: displayName\n        title", "nickName: displayName\n        title"
    )
    checkout.edit("mappings.yaml", "'emails[type eq \"work\"].value': mail", "name.formatted: displayName")
    plan = checkout.plan()

    assert origins(plan) == {
        "ada": "update: edit", "ada nickName": "edit", "ada name.formatted": "edit",
        "bob": "update: edit", "bob nickName": "edit", "bob name.formatted": "edit", "bob title": "drift",
    }  # fmt: skip
    assert codes(plan) == []


def test_files_that_moved_change_nothing(checkout: Checkout) -> None:
    checkout.drift("ada@example.com", title="Empress")
    (checkout.base / "desired_state" / "users").mkdir()
    (checkout.base / "desired_state" / "users.yaml").rename(
        checkout.base / "desired_state" / "users" / "all.yaml"
    )

    assert checkout.origins() == {"ada": "update: drift", "ada title": "drift"}


def test_the_work_tree_as_its_own_base_is_all_drift(checkout: Checkout) -> None:
    checkout.edit("users.yaml", "Engineer", "Baker")
    checkout.edit("users.yaml", BOB, BOB + CYD)
    checkout.commit()
    assert set(checkout.origins().values()) == {"create: drift", "update: drift", "drift"}


@pytest.mark.parametrize("base", [EMPTY_TREE, "empty"])
def test_a_base_without_a_desired_state_makes_all_an_edit(checkout: Checkout, base: str) -> None:
    checkout.git("branch", "empty", checkout.git("commit-tree", EMPTY_TREE, "-m", "empty"))
    checkout.drift("ada@example.com", title="Empress")
    plan = checkout.plan(base)

    assert origins(plan) == {"ada": "update: edit", "ada title": "edit"}
    assert codes(plan) == ["base-without-target"]


def test_a_base_that_does_not_validate_makes_all_an_edit_and_says_so(checkout: Checkout) -> None:
    checkout.edit("users.yaml", "jobTitle: Clerk", "jobTitel: Clerk, badge: 7")
    checkout.commit()
    checkout.edit("users.yaml", "jobTitel: Clerk, badge: 7", "jobTitle: Clerk")
    checkout.drift("ada@example.com", title="Empress")
    plan = checkout.plan()

    assert origins(plan) == {"ada": "update: edit", "ada title": "edit"}
    [finding] = plan["targets"][0]["findings"]
    assert (finding["severity"], finding["code"]) == ("warning", "base-invalid")
    assert "desired_state/users.yaml:3:63: `jobTitel` is no source attribute" in finding["text"]
    assert "(and 1 more); so everything here counts as this edit" in finding["text"]


def test_a_base_that_contradicts_itself_makes_all_an_edit(checkout: Checkout) -> None:
    checkout.edit("users.yaml", "userPrincipalName: bob@example.com", "userPrincipalName: ada@example.com")
    checkout.commit()
    checkout.edit(
        "users.yaml",
        "userPrincipalName: ada@example.com, displayName: Bob",
        "userPrincipalName: bob@example.com, displayName: Bob",
    )

    assert codes(checkout.plan()) == ["base-invalid"]


def test_at_another_url_all_is_this_edits(checkout: Checkout) -> None:
    checkout.drift("ada@example.com", title="Empress")
    checkout.edit("targets.yaml", "{env: SCIM_URL}", "{env: SCIM_URL, default: 'http://127.0.0.1:9'}")
    assert checkout.origins() == {"ada": "update: drift", "ada title": "drift"}

    checkout.edit(
        "targets.yaml",
        "{env: SCIM_URL, default: 'http://127.0.0.1:9'}",
        checkout.url.replace("127.0.0.1", "localhost"),
    )
    plan = checkout.plan()
    assert origins(plan) == {"ada": "update: edit", "ada title": "edit"}
    assert codes(plan) == ["base-elsewhere"]


def test_a_profile_file_is_read_from_the_base_too(checkout: Checkout) -> None:
    profile = checkout.base / "profiles" / "own.yaml"
    profile.parent.mkdir()
    profile.write_text("source: tests\nverified: '2026-11-25'\nwithhold: [title]\n")
    checkout.edit("targets/acme.yaml", "acme: {}", "acme: {profile: profiles/own.yaml}")
    checkout.git("add", "--all")
    checkout.commit()
    checkout.drift("ada@example.com", title="Empress", displayName="Empress")
    profile.write_text("source: tests\nverified: '2026-11-25'\n")

    assert checkout.origins() == {"ada": "update: edit", "ada title": "edit", "ada displayName": "drift"}


def test_only_groups_that_both_sides_read_are_compared(checkout: Checkout) -> None:
    checkout.edit("targets.yaml", "groups: all", "groups: none")
    plan = checkout.plan()

    assert (origins(plan), codes(plan)) == ({}, [])


def test_a_split_plan_is_the_plain_one_with_origins(checkout: Checkout) -> None:
    checkout.drift("ada@example.com", title="Empress")
    checkout.edit("users.yaml", BOB, BOB + CYD)
    split, plain = checkout.plan(), checkout.run("plan", "--format", "json").json()

    assert split["digest"] == plain["digest"]
    assert split["base"] == {"ref": "HEAD", "commit": checkout.git("rev-parse", "HEAD")}
    assert "origin" not in json.dumps(plain)


def test_a_budget_says_what_of_it_is_this_edits(checkout: Checkout) -> None:
    checkout.edit(
        "targets.yaml", "deleteGroups: {count: 5}", "deleteGroups: {count: 5}, reactivate: {count: 0}"
    )
    checkout.commit()
    checkout.drift("ada@example.com", active=False)
    checkout.edit("users.yaml", "Clerk", "Baker")
    [row] = [row for row in checkout.plan()["targets"][0]["budgets"] if row["rule"] == "reactivate"]

    assert row["exceeded"]
    assert "edit" not in row
    assert checkout.run("plan", "--fail-on", "blocked").code == 3
    assert checkout.run("plan", "--base", "HEAD", "--fail-on", "blocked").code == 0


def test_a_manifest_with_a_base_lets_the_edit_be_applied_and_leaves_drift_alone(checkout: Checkout) -> None:
    checkout.drift("ada@example.com", title="Empress", displayName="Empress")
    checkout.edit("users.yaml", "displayName: Ada", "displayName: Countess")
    assert checkout.run("plan", "--base", "HEAD", "--manifest", "manifest.json").code == 0
    manifest: dict[str, Any] = json.loads((checkout.base / "manifest.json").read_text())
    [target] = manifest["targets"]
    assert (len(target["atoms"]), len(target["drift"])) == (1, 1)
    assert manifest["base"] == checkout.git("rev-parse", "HEAD")
    assert [
        e.message
        for e in Draft202012Validator(json.loads(read_shipped("manifest.schema.json"))).iter_errors(manifest)
    ] == []

    checkout.edit("users.yaml", "Clerk", "Baker")  # another edit was merged meanwhile, and applied
    checkout.drift("bob@example.com", title="Baker")
    done = checkout.run("apply", "--reviewed", "manifest.json")
    assert done.code == 0, done.err
    assert 'drifted since the review and left alone:\n  user ada: title: "Empress" → "Engineer"' in done.err
    [ada] = [
        user for user in checkout.endpoint.documents().values() if user.get("userName") == "ada@example.com"
    ]
    assert (ada["displayName"], ada["title"]) == ("Countess", "Empress")


@pytest.mark.parametrize(
    "ref",
    ["--output=/tmp/x", "-x", "", "a\nb", "no-such", "HEAD..main", "^main", "main^{blob}", "HEAD:nothing"],
)
def test_what_is_no_ref_is_wrong_usage(checkout: Checkout, ref: str) -> None:
    done = checkout.run("plan", f"--base={ref}")

    assert (done.code, done.out) == (64, "")
    assert done.err.startswith("--base ")
    assert ("write a branch" in done.err) is (ref[:1] in ("-", "") or "\n" in ref)


def test_a_ref_of_the_remote_is_suggested(checkout: Checkout) -> None:
    checkout.git("update-ref", "refs/remotes/origin/trunk", "HEAD")

    assert "did you mean origin/trunk?" in checkout.run("plan", "--base", "trunk").err


def test_a_shallow_clone_says_how_to_fetch_more(checkout: Checkout, tmp_path: Path) -> None:
    first = checkout.git("rev-parse", "HEAD")
    checkout.commit()
    checkout.git("clone", "--quiet", "--depth", "1", f"file://{tmp_path}", "clone")
    clone = replace(checkout, base=tmp_path / "clone")
    done = clone.run("plan", "--base", first)

    assert done.code == 64
    assert "fetch-depth: 0" in done.err


def test_without_a_repository_there_is_no_base(checkout: Checkout) -> None:
    (checkout.base / ".git").rename(checkout.base / "elsewhere")
    done = checkout.run("plan", "--base", "HEAD")

    assert (done.code, done.err) == (
        1,
        "--base: this is no git repository; run it in a checkout, or name one with -C\n",
    )


def test_reading_the_base_touches_nothing(checkout: Checkout) -> None:
    checkout.edit("users.yaml", "Clerk", "Baker")
    (checkout.base / "desired_state" / "groups.yaml").unlink()
    before = {str(path): path.read_bytes() for path in checkout.base.rglob("*") if path.is_file()}
    checkout.plan()

    assert {name: Path(name).read_bytes() for name in before} == before


def test_a_folder_of_a_repository_may_hold_the_desired_state(checkout: Checkout) -> None:
    checkout.git("mv", "desired_state", "identity")
    (checkout.base / "company").mkdir()
    checkout.git("mv", "identity", "company/desired_state")
    checkout.git("commit", "--quiet", "--message", "moved")
    inner = replace(checkout, base=checkout.base / "company")
    inner.drift("ada@example.com", title="Empress")

    assert inner.origins() == {"ada": "update: drift", "ada title": "drift"}


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
HOSTILE: dict[str, tuple[str, str | bytes, str]] = {  # what is wrong: file, the link's target or the content, what is told
    "link outside": ("more.yaml", "/etc/hostname", "leads outside of desired_state"),
    "link to another folder": ("more.yaml", "../../README.md", "leads outside of desired_state"),
    "link to nothing": ("more.yaml", "../nothing.yaml", "leads nowhere"),
    "link to itself": ("more.yaml", "more.yaml", "leads outside of desired_state"),
    "link to a folder": ("there", "../targets", "is a link to a folder"),
    "link to a file": ("more.yaml", "../users.yaml", "`ada` is declared twice"),
    "no UTF-8": ("more.yaml", b"users: {a: \xff}\n", "is not UTF-8"),
    "invisible name": ("m\u202e.yaml", b"users: {}\n", "has a name with control"),
    "LFS": ("more.yaml", LFS, "is kept in Git LFS"),
}  # fmt: skip


@pytest.mark.parametrize("what", HOSTILE)
def test_a_file_of_the_base_that_cannot_be_read_is_told(checkout: Checkout, what: str) -> None:
    name, content, told = HOSTILE[what]
    (checkout.base / "README.md").write_text("users: {}\n")
    path = checkout.base / "desired_state" / "users" / name
    path.parent.mkdir()
    path.write_bytes(content) if isinstance(content, bytes) else path.symlink_to(content)
    checkout.git("add", "--all")
    checkout.git("commit", "--quiet", "--message", what)
    path.unlink()
    plan = checkout.plan()

    assert codes(plan) == ["base-invalid"]
    assert told in plan["targets"][0]["findings"][0]["text"]


def test_a_submodule_in_the_base_is_told(checkout: Checkout) -> None:
    checkout.git("init", "--quiet", "elsewhere")
    checkout.git("-C", "elsewhere", "commit", "--quiet", "--allow-empty", "--message", "one")
    checkout.git("submodule", "--quiet", "add", "./elsewhere", "desired_state/users")
    checkout.git("commit", "--quiet", "--message", "module")
    checkout.git("rm", "--quiet", "--force", "desired_state/users")
    plan = checkout.plan()

    assert codes(plan) == ["base-invalid"]
    assert "is a submodule" in plan["targets"][0]["findings"][0]["text"]


def text(checkout: Checkout) -> str:
    """The plan as people read it, without what differs from run to run."""
    done = checkout.run("plan", "--base", "HEAD")
    assert (done.code, done.err) == (0, "")
    out = done.out.replace(checkout.url, "https://acme.example").replace(
        checkout.git("rev-parse", "HEAD")[:12], "0123456789ab"
    )
    return re.sub(r"(digest|--approve acme:\w+:sha256:)[ ]?[0-9a-f]+", r"\1 …", out)


def test_the_edit_is_told_first_and_drift_apart_from_it(checkout: Checkout) -> None:
    checkout.drift("ada@example.com", title="Empress")
    checkout.edit("users.yaml", "displayName: Ada", "displayName: Countess")
    checkout.edit("users.yaml", "jobTitle: Clerk", "jobTitle: Clerk, accountEnabled: false")

    assert (
        text(checkout)
        == """\
acme · https://acme.example · 2 users and 1 group live, all read

  What this edit does, compared with HEAD (0123456789ab)
  - user   bob@example.com  loses access: accountEnabled is false (users.yaml:3)
  ~ user   ada@example.com
      displayName  "Ada" → "Countess"

  What had drifted before: no part of this edit
  ~ user   ada@example.com
      title  "Empress" → "Engineer"

users 1 to update, 1 to deactivate · 2 by this edit, 1 by drift · 2 requests, about 1 s · digest ……
"""
    )


def test_an_edit_that_does_nothing_says_so(checkout: Checkout) -> None:
    checkout.edit("users.yaml", BOB, BOB + CYD)
    checkout.commit()
    checkout.edit("users.yaml", "ada@example.com", "ada@example.com ")
    assert "  This edit changes nothing here, compared with HEAD" in text(checkout)

    checkout.edit("users.yaml", "displayName: Cyd", "displayName: Cid")
    assert """\
  ~ user   cyd@example.com  waits for what had drifted: create
      displayName  nothing → "Cid"

  What had drifted before: no part of this edit
  + user   cyd@example.com  new (users.yaml:4)
""" in text(checkout)


def test_many_who_leave_by_one_clause_are_told_together(checkout: Checkout) -> None:
    many = "".join(
        f"  u{n}: {{userPrincipalName: u{n}@example.com, displayName: U, department: Legal}}\n"
        for n in range(7)
    )
    checkout.edit("users.yaml", BOB, BOB + many)
    checkout.edit("targets.yaml", "users: all, groups: all", "users: all, filter: everybody, groups: all")
    scopes = checkout.base / "desired_state" / "scopes.yaml"
    scopes.write_text("scopes:\n  everybody:\n    any:\n      - {department: [Research, Sales, Legal]}\n")
    checkout.commit()
    assert checkout.run("apply", "--yes").code == 0
    scopes.write_text(scopes.read_text().replace(", Legal", ""))
    told = text(checkout)

    assert (
        """\
  - 7 users  lose access: do not pass the filter department EQUALS Research, Sales (scopes.yaml:4, edited)
      u0@example.com, u1@example.com, u2@example.com, u3@example.com
      u4@example.com, u5@example.com, u6@example.com
"""
        in told
    )
    assert (
        """\
  !! budget deactivate: 7 planned, 5 allowed (of 9): apply refuses this plan
      to agree: --approve acme:deactivate:sha256: …
"""
        in told
    )

    checkout.drift("bob@example.com", active=True, displayName="B")
    checkout.git("commit", "--quiet", "--all", "--message", "merged")
    checkout.edit("users.yaml", "department: Sales", "department: Legal")
    assert """\
  !! budget deactivate: 8 planned, 5 allowed (of 9) with what had drifted; this edit plans 1, which is within it
""".replace("!!", "!") in text(checkout)  # fmt: skip


def test_many_whom_a_mapping_changes_are_told_together(checkout: Checkout) -> None:
    many = "".join(f"  u{n}: {{userPrincipalName: u{n}@example.com, displayName: U{n}}}\n" for n in range(5))
    checkout.edit("users.yaml", BOB, BOB + many)
    checkout.commit()
    assert checkout.run("apply", "--yes").code == 0
    checkout.edit(
        "mappings.yaml",
        "displayName: displayName\n        title",
        "displayName: {template: 'Dr {{ displayName }}'}\n        title",
    )

    assert """\
  ~ 7 users  displayName (mappings.yaml:9, edited)
      ada@example.com  "Ada" → "Dr Ada"
      bob@example.com  "Bob" → "Dr Bob"
      u0@example.com   "U0" → "Dr U0"
      u1@example.com   "U1" → "Dr U1"
      u2@example.com   "U2" → "Dr U2"
      … and 2 more
""" in text(checkout)
