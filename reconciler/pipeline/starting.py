"""Starting: a repository of desired state, with the workflows that plan and apply it; what is there is left as it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from reconciler.edge.shipped import find_shipped
from reconciler.importers.code_owners import write_code_owners
from reconciler.model.errors import DesiredStateError, ReconcilerError
from reconciler.pipeline.world import World, load

WORKFLOWS = ("plan.yml", "apply.yml", "due.yml", "drift.yml")
LOCAL = Path(".github/actions/reconcile")
DIRECTLY = "uses: ./\n"
INSTALLED = '-r "$GITHUB_ACTION_PATH/requirements-runtime.lock"\n'
FROM_SOURCE = 'export PYTHONPATH="$GITHUB_ACTION_PATH" PYTHONDONTWRITEBYTECODE=1\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file of the starter, and whether it was written or was there."""

    path: str
    is_new: bool


def start(world: World, owner: str | None, action: str | None) -> list[Written]:
    """Writes what is missing below the world's base; gives every file.

    `action` is OWNER/NAME@COMMIT of an action; without it the repository gets one of its own, which installs this release.
    Raises ReconcilerError where a file cannot be written.
    """
    base = world.base
    done = [_write(base, path, text) for path, text in _files(base, world.desired, action)]
    try:
        owners = write_code_owners(load(world), world.desired, owner)
    except DesiredStateError:  # `validate` says what is wrong
        return done
    return [*done, _write(base, Path(".github/CODEOWNERS"), owners)]


def _files(base: Path, desired: str, action: str | None) -> Iterator[tuple[Path, str]]:
    starter = find_shipped("starter")
    if not (base / desired).exists():
        yield Path("README.md"), _read(starter / "README.md")
        for path in sorted((starter / "desired_state").rglob("*.yaml")):
            yield Path(desired) / path.relative_to(starter / "desired_state"), _read(path)
    yield Path(".gitignore"), ".reconcile/\n"
    workflows = find_shipped("workflows")
    for name in WORKFLOWS:
        yield (
            Path(".github/workflows") / name,
            _with_action(_read(workflows / name), desired, action or f"./{LOCAL}"),
        )
    if action is None:
        yield Path(".github/zizmor.yml"), _read(find_shipped("zizmor.yml"))
        yield LOCAL / "action.yml", _own_action(_read(find_shipped("action.yml")))
        yield LOCAL / "requirements.lock", _read(find_shipped("requirements-runtime.lock"))


def _with_action(workflow: str, desired: str, action: str) -> str:
    """A workflow that uses that action, told of the folder where that is another."""
    lines = workflow.replace(DIRECTLY, f"uses: {action}\n").splitlines(keepends=True)
    if desired == "desired_state":
        return "".join(lines)
    return "".join(
        f"{line}{' ' * (len(line) - len(line.lstrip()))}desired: {desired}\n"
        if line.lstrip().startswith("command: ")
        else line
        for line in lines
    )


def _own_action(action: str) -> str:
    """The shipped action, which installs this release instead of running the sources beside it."""
    release = f"scim-reconciler=={version('scim-reconciler')}"
    pip = '"$RUNNER_TEMP/reconcile/bin/pip" install --quiet --disable-pip-version-check --only-binary :all:'
    also = f'-r "$GITHUB_ACTION_PATH/requirements.lock"\n        {pip} --no-deps {release}\n'
    assert INSTALLED in action
    assert FROM_SOURCE in action
    return action.replace(INSTALLED, also).replace(FROM_SOURCE, "export PYTHONDONTWRITEBYTECODE=1\n")


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _write(base: Path, path: Path, text: str) -> Written:
    there = base / path
    try:
        there.parent.mkdir(parents=True, exist_ok=True)
        with there.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        return Written(path=str(path), is_new=False)
    except OSError as error:
        raise ReconcilerError(f"cannot write {path}: {error.strerror}") from None
    return Written(path=str(path), is_new=True)
