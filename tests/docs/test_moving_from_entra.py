"""The ten steps of docs/from-entra.md, as they stand there: every command is typed, every file written, every output found."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx

from reconciler.sandbox import Endpoint, running
from tests.importers.checkout import STORIES_FOLDER
from tests.servers.install import install_curl

ROOT = Path(__file__).parents[2]
TOKEN, GRAPH_TOKEN = "sandbox-token", "graph-token"
JOB = "/servicePrincipals/b7c1/synchronization/jobs/Envoy.7ab2"
ENTRA = "7f3c8a10-4b1e-4f0a-9d53-0c6a2b7e1d0"
ENTERPRISE = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"
CORE = "urn:ietf:params:scim:schemas:core:2.0"


@dataclass
class Graph:
    """Stands for Microsoft Graph: gives the schema, takes what is asked of the job."""

    url: str = ""
    asked: list[str] = field(default_factory=list)


def exported() -> dict[str, Any]:
    """Envoy's schema with `department` where RFC 7643 has it: the sandbox knows no other place."""
    schema: dict[str, Any] = json.loads(
        (STORIES_FOLDER / "envoy" / "schema.json").read_text(encoding="utf-8")
    )
    for found in schema["synchronizationRules"][0]["objectMappings"]:
        for row in found["attributeMappings"]:
            if row["targetAttributeName"] == "department":
                row["targetAttributeName"] = f"{ENTERPRISE}:department"
    return schema


@contextmanager
def graph() -> Iterator[Graph]:
    told = Graph()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            is_known = self.headers["Authorization"] == f"Bearer {GRAPH_TOKEN}" and self.path.startswith(JOB)
            told.asked.append(f"{self.command} {self.path.removeprefix(JOB)}")
            body = (
                (STORIES_FOLDER / "envoy" / "schema.json").read_bytes()
                if self.path == f"{JOB}/schema"
                else b""
            )
            self.send_response(401 if not is_known else 200 if body else 204)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = answer  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Says nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        told.url = f"http://127.0.0.1:{server.server_port}"
        Thread(target=server.serve_forever, daemon=True).start()
        yield told
        server.shutdown()


def provision_as_entra(endpoint: Endpoint) -> None:
    """Leaves the endpoint as Entra does: its object ids as externalIds, beside two accounts that were made by hand."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"}
    with httpx.Client(base_url=endpoint.url, headers=headers, trust_env=False) as client:
        ids = []
        people = [("Ada Lovelace", "1"), ("Grace Hopper", "2"), ("Bob Li", ""), ("Front Desk", "")]
        for name, number in people:
            given, family = name.split()
            mail = f"{given.lower()}@example.com"
            user: dict[str, Any] = {
                "schemas": [f"{CORE}:User", ENTERPRISE], "userName": mail, "displayName": name, "active": True,
                "name": {"givenName": given, "familyName": family, "formatted": name},
                "emails": [{"type": "work", "primary": True, "value": mail}], ENTERPRISE: {"department": "Engineering"},
            }  # fmt: skip
            user |= {"externalId": f"{ENTRA}{number}"} if number else {}
            ids.append(client.post("/Users", json=user).raise_for_status().json()["id"])
        group = {
            "schemas": [f"{CORE}:Group"], "displayName": "Engineering", "externalId": f"{ENTRA}9",
            "members": [{"value": id_} for id_ in ids[:3]],
        }  # fmt: skip
        client.post("/Groups", json=group).raise_for_status()


@dataclass(frozen=True)
class Block:
    """A fenced block of the document: its language and its text."""

    language: str
    text: str


def blocks() -> list[Block]:
    text = (ROOT / "docs" / "from-entra.md").read_text(encoding="utf-8")
    section = text.partition("\n## Moving in ten steps\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\*\*(\d+)\.", section, re.MULTILINE) == [str(number) for number in range(1, 11)]
    return [
        Block(*found) for found in re.findall(r"^```(\w+)\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    ]


def assert_shown(expected: str, output: str) -> None:
    """Every line of `expected` stands in the output, in its order; `…` stands for anything."""
    at = 0
    for line in expected.splitlines():
        pattern = re.escape(line.rstrip()).replace("…", ".*")
        found = re.compile(rf"^{pattern}\s*$", re.MULTILINE).search(output, at)
        assert found, f"{line!r} is not in\n{output}"
        at = found.end()


def test_the_ten_steps_end_at_rest(tmp_path: Path) -> None:
    install_curl()
    (tmp_path / "bin").mkdir()
    shim = tmp_path / "bin" / "reconcile"
    shim.write_text(
        f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m reconciler "$@"\n', encoding="utf-8"
    )
    shim.chmod(0o755)
    said = output = ""
    with graph() as service, running(None, TOKEN) as endpoint:
        provision_as_entra(endpoint)
        environ = {
            **{key: value for key, value in os.environ.items() if "proxy" not in key.lower()},
            "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "GRAPH": service.url, "GRAPH_TOKEN": GRAPH_TOKEN, "NO_COLOR": "1",
            "SERVICE_PRINCIPAL": "b7c1", "JOB": "Envoy.7ab2", "ENVOY_SCIM_URL": endpoint.url, "ENVOY_SCIM_TOKEN": TOKEN,
        }  # fmt: skip
        for block in blocks():
            if block.language == "sh":
                done = subprocess.run(
                    ["bash", "-euo", "pipefail", "-c", block.text], cwd=tmp_path, env=environ, check=False,
                    capture_output=True, text=True,
                )  # fmt: skip
                assert done.returncode == 0, f"{block.text}\n{done.stdout}\n{done.stderr}"
                said, output = said + done.stdout, done.stdout + done.stderr
            elif block.language == "yaml":
                head, _, text = block.text.partition("\n")
                file = tmp_path / head.removeprefix("# ")
                file.parent.mkdir(parents=True, exist_ok=True)
                digests = re.findall(r"--approve envoy:adopt:(sha256:[0-9a-f]{64})", said)
                file.write_text(
                    text.replace("sha256:…", digests[-1] if digests else "none"), encoding="utf-8"
                )
            else:
                assert_shown(block.text, output)

    assert service.asked == ["GET /schema", "POST /pause", "DELETE "]
    assert "- user" not in said
    assert "frontdesk" not in said
