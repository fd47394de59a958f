"""A year of a small company at every dialect of the sandbox: it comes to rest, nobody loses a group, and little is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import DIALECTS, Dialect
from reconciler.sandbox.dialects.writing import (
    change_removals,
    refuse_filtered_removal,
    refuse_operations,
    remove_everybody,
)
from reconciler.sandbox.rewrite import Document, is_removal
from tests.loop.rehearsal import ENTERPRISE, Rehearsal, rehearse

USER, GROUP = "urn:ietf:params:scim:schemas:core:2.0:User", "urn:ietf:params:scim:schemas:core:2.0:Group"
DEPARTMENT, MANAGER = f"{ENTERPRISE}:department", f"{ENTERPRISE}:manager"
IDEAL = (
    21  # writes of a year where everything is said right at once: 15 creations, and 6 resources that change
)


@dataclass(frozen=True)
class Expected:
    """What a dialect cannot keep, how many writes more than the ideal it may cost to find that out, and its target."""

    more: int = 0
    withheld: tuple[str, ...] = ()
    target: str = ""


EXPECTED = dict.fromkeys(DIALECTS, Expected()) | {
    "entra": Expected(more=1),  # one removal that is refused
    "okta": Expected(more=2),  # one update by path and one without, before PUT
    "aws": Expected(more=1),
    "lax": Expected(more=1),
    "e164": Expected(more=1),  # an e-mail without a type has no `[type eq "work"]` to be patched
    "no-members-on-create": Expected(more=2),  # a PATCH for each group
    # What is not kept is tried in every form on a few (two paths in five forms at most), not on everybody.
    "no-external-id": Expected(more=12, withheld=("externalId",), target="    ownership: all\n"),
    "drops-extension": Expected(more=10, withheld=(DEPARTMENT, MANAGER)),
    "hidden-members": Expected(more=10, withheld=("members",)),
    "soft-delete": Expected(more=2, target="    deprovision: {disabled: delete}\n"),
}


def year(company: Rehearsal, *, keeps_external_id: bool = True) -> Iterator[str]:
    """What happens to the company; each step is applied before the next."""
    yield "founded"
    company.people["ada"] |= {
        "jobTitle": "Staff Engineer", "mail": "Ada.Li@Example.com", "mobile": "+44 20 7946-0002", "department": "Labs",
    }  # fmt: skip
    yield "promotion"
    company.groups["engineering"].remove("ada")
    company.groups["sales"].append("ada")
    yield "move"
    company.people["bob"]["accountEnabled"] = False
    yield "leaver"
    company.people["bob"]["accountEnabled"] = True
    yield "rehire"
    if keeps_external_id:
        company.people["bob"]["userPrincipalName"] = "Robert@Example.com"
        yield "rename"


@pytest.mark.parametrize("name", DIALECTS)
def test_a_year_at_a_dialect(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = EXPECTED[name]
    with rehearse(tmp_path, DIALECTS[name], monkeypatch) as company:
        company.begin(expected.target)
        plan: dict[str, Any] = {}
        for step in year(company, keeps_external_id=name != "no-external-id"):
            before, since = company.seen.members, len(company.seen.moments)
            code, _ = company.apply()
            assert code == 0, f"{step}: {company.said}"
            assert lost_members(company, before, since) == [], step
            plan = company.plan()
            assert plan["changes"] == [], step
            assert company.inactive() == (["bob"] if step == "leaver" else []), step
        assert "no changes" in company.run("plan")[1]

    assert withheld_in(plan) == sorted(expected.withheld)
    assert sorted(wrong_values(company, expected.withheld)) == []
    writes = [write for write in company.seen.writes if write[2] != 429]
    assert len(writes) <= IDEAL + expected.more


def test_a_rename_without_an_external_id_is_a_new_account_and_the_old_one_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing tells that it is the same person: access must move all the same, and nobody keeps two accounts."""
    with rehearse(tmp_path, DIALECTS["no-external-id"], monkeypatch) as company:
        company.begin("    ownership: all\n")
        company.apply()
        company.people["bob"]["userPrincipalName"] = "Robert@Example.com"
        code, _ = company.apply()
        assert code == 0, company.said
        assert company.plan()["changes"] == []

    users = [user for user in company.documents("User") if user["name"]["givenName"] == "Bob"]
    assert {user["userName"]: user["active"] for user in users} == {
        "Bob@Example.com": False,
        "Robert@Example.com": True,
    }
    open_account = next(user["id"] for user in users if user["active"])
    [sales] = [group for group in company.documents("Group") if group["displayName"] == "Sales"]
    assert open_account in [member["value"] for member in sales["members"]]


def remove_nobody_or_everybody(operation: Document) -> list[Document]:
    """Says that a filtered removal was done, and empties the group on a value array."""
    after = remove_everybody(operation)
    return (
        [] if after == [operation] and is_removal(operation) and operation.get("path") != "members" else after
    )


NO_FORM = {
    "refusing": lambda: (
        refuse_operations("/Groups", refuse_filtered_removal),
        change_removals(remove_everybody),
    ),
    "lying": lambda: (change_removals(remove_nobody_or_everybody),),
}


@pytest.mark.parametrize("kind", NO_FORM)
def test_members_that_a_wrong_form_took_along_come_back(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No PATCH removes one member: the value array that is tried empties the group, is undone and not used again."""
    dialect = Dialect(name=kind, text="no PATCH removes a single member", rewrites=NO_FORM[kind])
    with rehearse(tmp_path, dialect, monkeypatch) as company:
        company.begin()
        company.apply()
        before = company.seen.members
        company.groups["engineering"].remove("ada")
        company.groups["sales"].append("ada")
        code, writes = company.apply()
        assert code == 0, company.said
        assert company.plan()["changes"] == []
        after = company.seen.members
        since = len(company.seen.moments)
        company.groups["engineering"].remove("grace")
        company.groups["sales"].remove("bob")
        code, _ = company.apply()
        assert code == 0, company.said
        assert lost_members(company, after, since) == []
        assert company.plan()["changes"] == []

    assert before != after
    assert list(wrong_values(company)) == []
    assert len(writes) <= 8


def test_a_removal_form_that_was_written_down_wrongly_harms_nobody_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with rehearse(tmp_path, DIALECTS["strict-removal"], monkeypatch) as company:
        company.begin("    learnt: {memberRemoval: valueArray}\n")
        company.apply()
        company.groups["engineering"].remove("ada")
        company.apply()
        kept = company.seen.members
        company.groups["sales"].remove("bob")
        since = len(company.seen.moments)
        company.apply()
        lost_later = lost_members(company, kept, since)
        assert company.plan()["changes"] == []

    assert list(wrong_values(company)) == []
    assert lost_later == []


def test_members_that_nobody_can_see_are_never_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A PUT of a group whose members are not shown would leave only those that the plan adds."""
    with rehearse(tmp_path, DIALECTS["hidden-members"], monkeypatch) as company:
        company.begin()
        company.groups["engineering"] = ["ada"]
        company.write()
        with company.connect() as client:
            stranger = client.post("/Users", json={"schemas": [USER], "userName": "stranger"}).json()["id"]
            group = {"schemas": [GROUP], "displayName": "Engineering", "externalId": "engineering"}
            client.post("/Groups", json={**group, "members": [{"value": stranger}]}).raise_for_status()
        company.apply()

    with_group = company.seen.moments[1:]
    assert len(with_group) > 3
    assert all(any(stranger in members for members in moment.values()) for moment in with_group)


def lost_members(company: Rehearsal, before: dict[str, frozenset[str]], since: int) -> list[tuple[str, str]]:
    """Who was out of a group at any moment although in it before and after: (group id, user id)."""
    after = company.seen.members
    return sorted(
        {
            (group, member)
            for moment in company.seen.moments[since:]
            for group in before
            for member in before[group] & after.get(group, frozenset()) - moment.get(group, frozenset())
        }
    )


def withheld_in(plan: dict[str, Any]) -> list[str]:
    """The paths that the findings say the endpoint does not keep."""
    texts = [finding["text"] for finding in plan["findings"] if finding["code"] == "withheld"]
    return sorted({text.split(": the endpoint does not keep it")[0] for text in texts})


def wrong_values(company: Rehearsal, withheld: tuple[str, ...] = ()) -> Iterator[str]:
    """Every stored value that is not as declared, but for its case and the punctuation of phones."""
    users, groups = company.live()
    if users.keys() != company.people.keys() or groups.keys() != company.groups.keys():
        yield f"there are {sorted(users)} and {sorted(groups)}"
        return
    key_by_id = {user["id"]: key for key, user in users.items()}
    for key, person in company.people.items():
        stored, wanted = stored_values(users[key], key_by_id), declared_values(key, person)
        for path in wanted.keys() - set(withheld):
            if stored[path] != wanted[path]:
                yield f"{key} {path}: {stored[path]!r}, not {wanted[path]!r}"
    for key, members in company.groups.items():
        found = sorted(key_by_id[member["value"]] for member in groups[key].get("members") or ())
        if found != sorted(members) and "members" not in withheld:
            yield f"{key} has {found}, not {sorted(members)}"


def stored_values(user: dict[str, Any], key_by_id: dict[str, str]) -> dict[str, object]:
    extension = user.get(ENTERPRISE) or {}
    return {
        "externalId": user.get("externalId"), "userName": user["userName"].casefold(), "active": user.get("active"),
        "title": user.get("title"), "emails": [email["value"].casefold() for email in user.get("emails") or ()],
        "phones": [digits(phone["value"]) for phone in user.get("phoneNumbers") or ()],
        DEPARTMENT: extension.get("department"), MANAGER: key_by_id.get((extension.get("manager") or {}).get("value", "")),
    }  # fmt: skip


def declared_values(key: str, person: dict[str, Any]) -> dict[str, object]:
    return {
        "externalId": key, "userName": person["userPrincipalName"].casefold(), "active": person["accountEnabled"],
        "title": person["jobTitle"], "emails": [person["mail"].casefold()], "phones": [digits(person["mobile"])],
        DEPARTMENT: person["department"], MANAGER: person.get("manager"),
    }  # fmt: skip


def digits(text: str) -> str:
    return "".join(character for character in text if character.isdigit())
