"""The stories as files: what each declares, and what its endpoint holds."""

from __future__ import annotations

import json
from pathlib import Path

from tests.properties.bench import Repository, Strict

HERE = Path(__file__).parent
STORIES = sorted(path.parent.name for path in HERE.glob("*/note.md"))
ENDPOINT = "https://acme.example/scim"  # stands in expectations for the address of the one that runs


def hold_story(name: str, repository: Repository, endpoint: Strict) -> None:
    """Writes the story's desired state into the repository, and gives the endpoint what it holds."""
    repository.write(_files(HERE / name))
    endpoint.hold(json.loads((HERE / name / "live.json").read_text(encoding="utf-8")))


def _files(story: Path) -> dict[str, str]:
    """The story's desired state; where it has no file of its own, the common one."""
    found = {}
    for root in (HERE / "common", story / "desired"):
        for path in sorted(root.rglob("*.yaml")):
            found[str(path.relative_to(root))] = path.read_text(encoding="utf-8")
    return found
