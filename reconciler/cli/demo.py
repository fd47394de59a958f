"""`reconcile demo`: the whole loop on the embedded sandbox, with the example company."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import click

from reconciler.cli import Settings

TOKEN = "sandbox-token"  # noqa: S105  # of an endpoint on loopback that lives as long as the demo


@click.command("demo")
@click.pass_obj
def command(settings: Settings) -> None:
    """Run the whole loop on an embedded endpoint: plan, apply, drift, a leaver, a broken budget."""
    from reconciler.sandbox import running

    example = settings.base / settings.desired
    if not example.is_dir():
        raise click.UsageError(
            f"{settings.desired} is not here: run the demo in a checkout of scim-reconciler"
        )
    with tempfile.TemporaryDirectory(prefix="reconcile-demo-") as folder, running(None, TOKEN) as endpoint:
        shutil.copytree(example, Path(folder) / "desired_state")
        story = Story(base=Path(folder), url=endpoint.url)
        story.tell()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The steps of the demo; each says what it does, types the command, and holds the exit code to what it must be."""

    base: Path
    url: str

    def tell(self) -> None:
        """The loop from an empty endpoint to `no changes`."""
        self.step("An empty SCIM endpoint is up on loopback. What would the example company become there?")
        self.reconcile(2, "plan", "--target", "envoy", "--out", "plan.json", "--detailed-exitcode")
        self.step("Apply exactly that plan.")
        self.reconcile(0, "apply", "plan.json")
        self.step("Plan again: the endpoint is as declared.")
        self.reconcile(0, "plan", "--target", "envoy", "--detailed-exitcode")
        self.step(
            "Somebody changes a job title by hand at the endpoint. The schedule's drift detection finds it."
        )
        self.by_hand()
        self.reconcile(2, "drift", "--target", "envoy")
        self.step("Repair it.")
        self.reconcile(0, "apply", "--target", "envoy", "--yes")
        self.step("Somebody leaves: one line in the YAML.")
        self.edit_leaver()
        self.reconcile(0, "apply", "--target", "envoy", "--yes")
        self.step(
            "A careless edit: access now comes from the wrong group. The budget refuses what that would do."
        )
        users = self.break_budget()
        self.reconcile(3, "apply", "--target", "envoy", "--yes")
        self.step("Take that edit back, and all is at rest.")
        for file, before in users.items():
            file.write_text(before, encoding="utf-8")
        self.reconcile(0, "plan", "--target", "envoy", "--detailed-exitcode")

    def step(self, text: str) -> None:
        """Says what comes next."""
        click.secho(f"\n── {text}", bold=True)

    def reconcile(self, expected: int, *arguments: str) -> None:
        """Runs one command as a person would, and stops if it does not end as it must."""
        click.secho(f"$ reconcile {' '.join(arguments)}", fg="cyan")
        sys.stdout.flush()
        environ = {**os.environ, "ENVOY_SCIM_URL": self.url, "ENVOY_SCIM_TOKEN": TOKEN}
        program = [sys.executable, "-m", "reconciler", "-C", str(self.base)]
        code = subprocess.run([*program, *arguments], env=environ, check=False).returncode  # noqa: S603
        click.secho(f"exit {code}", dim=True)
        if code != expected:
            raise click.ClickException(f"expected exit {expected}; the demo stops here")

    def by_hand(self) -> None:
        """Changes one user's title over SCIM, as an administrator of the endpoint might."""
        import httpx

        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/scim+json"}
        with httpx.Client(base_url=self.url, headers=headers, trust_env=False) as client:
            user = (
                client.get("/Users", params={"count": "1", "filter": "title pr"})
                .raise_for_status()
                .json()["Resources"][0]
            )
            operation = {"op": "replace", "path": "title", "value": "Chief of Nothing"}
            patch = {"schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation]}
            client.patch(f"/Users/{user['id']}", json=patch).raise_for_status()
        click.echo(f"PATCH /Users/{user['id']}  title → Chief of Nothing   ({user['userName']})")

    def edit_leaver(self) -> None:
        """Disables the first user of the first file, as a person would edit it."""
        path = min((self.base / "desired_state" / "users").glob("*.yaml"))
        text = path.read_text(encoding="utf-8")
        head, entry, rest = re.split(r"(?m)^(  [A-Za-z0-9][\w.@-]*:)\n", text, maxsplit=1)
        path.write_text(f"{head}{entry}\n    accountEnabled: false\n{rest}", encoding="utf-8")
        click.echo(f"{path.relative_to(self.base)}: {entry.strip()} accountEnabled: false")

    def break_budget(self) -> dict[Path, str]:
        """Gives access by membership of another, small group."""
        before: dict[Path, str] = {}
        for path in (self.base / "desired_state").rglob("*.yaml"):
            text = path.read_text(encoding="utf-8")
            edited = text.replace("groups: [envoy-users]", "groups: [executives]")
            if edited != text:
                before[path] = text
                path.write_text(edited, encoding="utf-8")
        if not before:
            raise click.ClickException("the example company has no `groups: [envoy-users]` to edit")
        return before
