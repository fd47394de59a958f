"""`--format` for plan, drift and apply: to stdout or into files, as many as one likes at once."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from reconciler.model.plan import Plan
from reconciler.reports.text import write_plan
from tests.properties.bench import Repository, Strict, strict_endpoint
from tests.reports.plans import large_plan, plan_of, target_plan, user
from tests.reports.rendered import assert_sound
from tests.scenarios.stories import hold_story


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Strict]:
    with strict_endpoint() as strict:
        yield strict


@pytest.fixture
def repository(endpoint: Strict, tmp_path: Path) -> Repository:
    made = Repository(base=tmp_path, url=endpoint.url)
    hold_story("first_run", made, endpoint)
    return made


def test_a_plan_is_written_in_every_format_at_once(repository: Repository) -> None:
    files = ("text=plan.txt", "json=plan.json", "markdown=plan.md", "html=plan.html")

    done = repository.run(
        "plan", "--format", "text", *(word for form in files for word in ("--format", form))
    )

    assert (done.code, done.err) == (0, "")
    assert done.out == (repository.base / "plan.txt").read_text(encoding="utf-8")
    assert len(json.loads((repository.base / "plan.json").read_text(encoding="utf-8"))["targets"]) == 1
    assert_sound((repository.base / "plan.md").read_text(encoding="utf-8"))
    assert (repository.base / "plan.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>\n")
    assert stat.S_IMODE((repository.base / "plan.md").stat().st_mode) == 0o600, "it holds people's data"


def test_drift_is_called_drift_and_says_why(repository: Repository) -> None:
    done = repository.run("drift", "--format", "markdown", "--format", "html=drift.html")

    assert done.code == 2
    assert done.out.startswith("### Drift: users 2 to create")
    assert "← `nobody knows since when`" in done.out
    assert "<title>Drift: users 2 to create" in (repository.base / "drift.html").read_text(encoding="utf-8")


def test_an_apply_writes_what_it_is_about_to_do_and_keeps_its_last_line(repository: Repository) -> None:
    done = repository.run("apply", "--yes", "--format", "markdown=plan.md")

    assert done.code == 0
    assert done.out == "applied: 4 changes\n"
    assert (repository.base / "plan.md").read_text(encoding="utf-8").startswith("### Plan: users 2 to create")
    assert repository.run("plan", "--format", "markdown").out.startswith("### Plan: no changes\n")


def test_a_place_is_shown_below_the_desired_state_wherever_that_is(repository: Repository) -> None:
    (repository.base / "desired_state").rename(repository.base / "who")

    done = repository.run("--desired", "who", "plan", "--format", "markdown")

    assert "`users.yaml:2`" in done.out


def test_requests_that_are_asked_for_are_in_the_page(repository: Repository) -> None:
    done = repository.run("plan", "--requests", "--format", "html")

    assert '\\"method\\": \\"POST\\"' in done.out


@pytest.mark.parametrize("form", ["pdf", "", "Markdown", "html "])
def test_a_format_that_does_not_exist_is_wrong_usage(form: str, repository: Repository) -> None:
    done = repository.run("plan", "--format", form)

    assert done.code == 64
    assert "choose one of text, json, markdown, html" in done.err


def test_a_file_that_cannot_be_written_is_an_error(repository: Repository) -> None:
    done = repository.run("plan", "--format", "html=nowhere/plan.html")

    assert done.code == 1
    assert "cannot write nowhere/plan.html" in done.err


def test_where_text_sums_up_it_says_where_all_of_it_is() -> None:
    def told(plan: Plan) -> str:
        stream = io.StringIO()
        write_plan(plan, Console(file=stream, soft_wrap=True))
        return stream.getvalue()

    assert "every one of them: --format html=plan.html\n" in told(large_plan(600))
    assert "--format html" not in told(plan_of(target_plan([user(1, "create")])))
