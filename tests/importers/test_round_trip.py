"""What Entra's schema of Envoy becomes does at an endpoint what the mapping does that ships for Envoy."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reconciler.sandbox import Endpoint, running
from tests.importers.checkout import STORIES_FOLDER, Checkout

EXAMPLE = Path(__file__).parents[2] / "desired_state"
TOKEN = "a-token"
QUICKLY = "    client: {requestsPerSecond: 1000, concurrency: 8}\n"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"


@pytest.fixture
def endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    with running(tmp_path / "sandbox.sqlite3", TOKEN) as served:
        monkeypatch.setenv("ENVOY_SCIM_URL", served.url)
        monkeypatch.setenv("ENVOY_SCIM_TOKEN", TOKEN)
        yield served


@pytest.fixture
def company(checkout: Checkout) -> Checkout:
    """The example company."""
    shutil.copytree(EXAMPLE, checkout.base / "desired_state")
    return checkout


def target_of(company: Checkout, mapping: str) -> dict[str, Any]:
    """What is planned for Envoy with that mapping."""
    file = company.base / "desired_state" / "targets.yaml"
    text = (
        (EXAMPLE / "targets.yaml")
        .read_text(encoding="utf-8")
        .replace("    mapping: envoy\n", f"{mapping}{QUICKLY}")
    )
    file.write_text(text, encoding="utf-8")
    code, out, err = company.run("plan", "--target", "envoy", "--format", "json")
    assert code == 0, err
    target: dict[str, Any] = json.loads(out)["targets"][0]
    assert target["error"] is None
    return target


def import_mapping(company: Checkout, schema: dict[str, Any], name: str) -> None:
    """Imports a schema's mapping alone, under a name of its own."""
    company.write("schema.json", json.dumps(schema))
    code, printed, err = company.run("import-entra", "schema.json", "--name", name)
    assert code == 0, err
    company.write(f"desired_state/mappings/{name}.yaml", printed.split("---\n")[0])


def envoy_schema() -> dict[str, Any]:
    schema: dict[str, Any] = json.loads(
        (STORIES_FOLDER / "envoy" / "schema.json").read_text(encoding="utf-8")
    )
    return schema


def test_the_imported_mapping_plans_what_the_shipped_one_plans(company: Checkout, endpoint: Endpoint) -> None:
    import_mapping(company, envoy_schema(), "imported")

    shipped = target_of(company, "")  # no mapping: the one that the profile ships
    imported = target_of(company, "    mapping: imported\n")

    assert len(imported["changes"]) > 20
    assert [change["digest"] for change in imported["changes"]] == [
        change["digest"] for change in shipped["changes"]
    ]
    assert imported["desired"] == shipped["desired"]


def test_the_imported_mapping_plans_what_the_example_company_plans(
    company: Checkout, endpoint: Endpoint
) -> None:
    """The example company maps `department` to the enterprise extension, which Entra can be told too."""
    schema = envoy_schema()
    for flow in schema["synchronizationRules"][0]["objectMappings"][1]["attributeMappings"]:
        if flow["targetAttributeName"] == "department":
            flow["targetAttributeName"] = f"{ENTERPRISE}:department"
    import_mapping(company, schema, "imported")

    imported = target_of(company, "    mapping: imported\n")
    declared = target_of(company, "    mapping: envoy\n")
    assert company.run("apply", "--target", "envoy", "--yes", "--no-progress")[0] == 0

    assert [change["digest"] for change in imported["changes"]] == [
        change["digest"] for change in declared["changes"]
    ]
    assert imported["desired"] == declared["desired"]
    assert target_of(company, "    mapping: imported\n")["changes"] == []
