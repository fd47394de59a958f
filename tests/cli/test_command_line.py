"""The command line: exits, streams, and what --help imports."""

import json
import subprocess
import sys
from pathlib import Path

HEAVY = ("httpx", "yaml", "jinja2", "rich", "asyncio", "msgspec", "regex", "scim2_server")


def run(base: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-m", "reconciler", "-C", str(base), *arguments]
    return subprocess.run(program, capture_output=True, text=True, check=False)


def broken(base: Path) -> Path:
    (base / "desired_state").mkdir()
    (base / "desired_state" / "users.yaml").write_text("users:\n  ada: {jobTitel: x}\n", encoding="utf-8")
    return base


def test_help_imports_nothing_that_it_does_not_need() -> None:
    code = "import sys\nfrom reconciler.cli import reconcile\nreconcile.main(['--help'], standalone_mode=False)\n"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}print('heavy:', [m for m in {HEAVY!r} if m in sys.modules])"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert done.stdout.splitlines()[-1] == "heavy: []"


def test_wrong_usage_is_64_and_not_clicks_2(tmp_path: Path) -> None:
    assert run(tmp_path, "plan", "--no-such-option").returncode == 64


def test_the_desired_state_may_be_named_by_its_whole_path(tmp_path: Path) -> None:
    named = run(broken(tmp_path), "--desired", str(tmp_path / "desired_state"), "validate")

    assert named.stdout.startswith("desired_state/users.yaml:2:9: ")
    assert run(tmp_path / "desired_state", "--desired", "../desired_state", "validate").returncode == 64


def test_mistakes_are_the_result_of_validate(tmp_path: Path) -> None:
    done = run(broken(tmp_path), "validate")

    assert done.returncode == 1
    assert done.stdout.startswith("desired_state/users.yaml:2:9: ")


def test_json_is_valid_where_the_desired_state_is_not(tmp_path: Path) -> None:
    done = run(broken(tmp_path), "plan", "--format", "json")

    assert done.returncode == 1
    assert "jobTitel" in json.loads(done.stdout)["error"]


def test_an_apply_that_nobody_agreed_to_is_64(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "reconciler", "-C", str(tmp_path), "apply"]
    done = subprocess.run(program, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)

    assert done.returncode == 64
