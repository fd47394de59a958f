"""Plan on a pull request: one comment, what forks may, what nobody's name can do (research: actions 2, 4.4)."""

from __future__ import annotations

import cmarkgfm
from cmarkgfm.cmark import Options

from tests.github.fake_github import BOT, Answer
from tests.github.world import TOKEN, USERS_FILE, Edit, World, add, edits, retitle

MARK = "<!-- reconcile:plan:v1 -->"


def test_the_comment_is_edited_and_found_behind_others_that_look_like_it(applied: World) -> None:
    world = applied
    mallory = {"login": "mallory", "type": "User"}
    world.hub.comments[7] = [{"id": n, "body": f"{MARK} mine", "user": mallory} for n in range(150)]

    world.plan(world.open_pull(add("dan")))
    world.plan(world.open_pull(add("eve")))

    assert world.hub.journal == ["comment created", "comment edited"]
    assert "`eve@example.com`" in world.hub.comment()
    assert "dan" not in world.hub.comment()
    assert {row["body"] for row in world.hub.comments[7][:150]} == {f"{MARK} mine"}


def test_haste_is_waited_out_and_a_comment_is_never_written_twice(applied: World) -> None:
    world = applied
    world.hub.faults = [
        Answer(403, {"message": "You have exceeded a secondary rate limit"}, {"retry-after": "0"}),
        Answer(429, {}, {"retry-after": "0"}),
    ]

    assert world.plan(world.open_pull(add("dan"))).conclusion == "success"
    assert world.hub.journal == ["comment created"]


def test_a_comment_that_cannot_be_written_fails_the_gate(applied: World) -> None:
    world = applied
    world.hub.faults = [Answer(403, {"message": "Unable to create comment because issue is locked."})]

    planned = world.plan(world.open_pull(add("dan")))

    assert planned.results()["comment"] == planned.results()["gate"] == "failure"
    assert "locked" in planned.log


def test_a_fork_and_dependabot_get_validate_only(applied: World) -> None:
    world = applied
    pull = world.open_pull(add("dan"))
    for told in ({"fork": True}, {"sender": "dependabot[bot]"}):
        planned = world.plan(pull, **told)

        assert planned.results() == {
            "validate": "success", "targets": "skipped", "plan": "skipped", "comment": "skipped", "gate": "success",
        }  # fmt: skip
        assert all("SCIM_TOKEN" not in job.env for job in planned.jobs.values())
    assert world.hub.journal == []


def test_mistakes_are_annotations_at_their_line_and_stand_in_the_comment(applied: World) -> None:
    world = applied
    planned = world.plan(
        world.open_pull(lambda w: w.replace(USERS_FILE, "jobTitle: Salesman", "jobTitel: Salesman"))
    )

    assert planned.results() == {
        "validate": "failure", "targets": "failure", "plan": "skipped", "comment": "success", "gate": "failure",
    }  # fmt: skip
    assert f"::error title=desired state,file={USERS_FILE},line=3,col=" in planned.jobs["validate"].log
    assert "the desired state is invalid" in world.hub.comment()
    assert "`jobTitle`" in world.hub.comment()


def test_an_edit_that_moves_a_credential_is_not_planned_with_secrets(applied: World) -> None:
    world = applied
    pull = world.open_pull(
        lambda w: w.replace("desired_state/targets.yaml", w.url, "https://evil.example.com/v2")
    )

    planned = world.plan(pull)

    assert planned.results() == {
        "validate": "success", "targets": "success", "plan": "skipped", "comment": "success", "gate": "success",
    }  # fmt: skip
    assert all("SCIM_TOKEN" not in job.env for job in planned.jobs.values())
    assert "moves where a credential of `live` goes" in world.hub.comment()
    assert "### Identity plan: 1 of 1 targets not planned" in world.hub.comment()


def test_a_run_that_plans_nothing_never_says_that_nothing_changes(applied: World) -> None:
    world = applied
    shallow: Edit = lambda w: w.replace(  # noqa: E731
        ".github/workflows/plan.yml", "          fetch-depth: 0\n      - id: targets", "      - id: targets"
    )

    planned = world.plan(world.open_pull(edits(add("dan"), shallow)))

    assert planned.results()["targets"] == planned.results()["gate"] == "failure"
    assert "no changes" not in world.hub.comment()
    assert "No plan of `live`" in world.hub.comment()


def test_a_target_whose_environment_would_be_anothers_is_refused(applied: World) -> None:
    world = applied
    planned = world.plan(
        world.open_pull(lambda w: w.replace("desired_state/targets.yaml", "  live:", "  live-plan:"))
    )

    assert planned.results()["targets"] == planned.results()["gate"] == "failure"
    assert "live-plan: a target's name ends in -plan or -review" in planned.log


def test_requests_go_nowhere_but_to_the_allowed_origins(applied: World) -> None:
    world = applied
    world.runner.variables = {"RECONCILE_ALLOWED_ORIGINS": "https://scim.example.com"}

    planned = world.plan(world.open_pull(add("dan")))

    assert planned.results()["plan"] == planned.results()["gate"] == "failure"
    assert "is not among RECONCILE_ALLOWED_ORIGINS" in planned.log
    assert "1 of 1 targets failed" in world.hub.comment()


def test_without_targets_the_gate_is_green(world: World) -> None:
    for name in ("users", "groups", "mappings", "targets"):
        world.git("rm", "--quiet", f"desired_state/{name}.yaml")
    world.write("desired_state/users.yaml", "users: {}\n")
    world.commit("Nobody yet")

    planned = world.plan(world.open_pull(lambda w: w.write("README.md", "Soon\n")))

    assert planned.results()["plan"] == "skipped"
    assert planned.results()["gate"] == "success"


def test_a_public_repository_names_nobody(applied: World) -> None:
    world = applied
    world.hub.is_private = False
    pull = world.open_pull(edits(add("dan"), retitle("Salesman", "Head of Sales")))

    planned = world.plan(pull)

    shown = planned.log + "".join(job.summary for job in planned.jobs.values()) + world.hub.comment()
    shown += "".join(p.read_text() for p in world.runner.base.glob("artifacts/*/*/*.json"))
    assert planned.conclusion == "success", planned.log
    assert not [secret for secret in ("dan@", "Head of Sales", "bob@", "Salesman", "Dan") if secret in shown]
    assert "1 to create, 1 to change" in world.hub.comment()


def test_the_manifest_names_nobody_and_nothing_holds_the_token(applied: World) -> None:
    world = applied
    planned = world.plan(world.open_pull(edits(add("dan"), retitle("Salesman", "Head of Sales"))))

    files = {path: path.read_text() for path in world.runner.base.glob("artifacts/*/*/*.json")}
    (manifest,) = (text for path, text in files.items() if path.name == "manifest.json")
    assert not [
        name for name in ("dan", "bob", "Head of Sales", "Salesman", "@example.com") if name in manifest
    ]
    assert TOKEN not in "".join(files.values()) + planned.log + world.hub.comment()


def test_hostile_names_are_inert_everywhere(applied: World) -> None:
    world = applied
    hostile = "</details><img src=x onerror=alert(1)>\\n# H1\\n::error::x ![i](http://e/x.png) @octocat #12 `x` | y\\n::set-output name=a::b"
    rename: Edit = lambda w: w.replace(USERS_FILE, "Bob Li", f'"{hostile}"')  # noqa: E731
    pull = world.open_pull(edits(rename, retitle("Salesman", "<!-- x")))

    planned = world.plan(pull)

    assert planned.conclusion == "success", planned.log
    html = cmarkgfm.github_flavored_markdown_to_html(world.hub.comment(), Options.CMARK_OPT_UNSAFE)
    assert "<img" not in html
    assert "<h1" not in html
    assert html.count("<details>") == html.count("</details>")
    assert not [line for line in planned.log.splitlines() if line.startswith("::")]


def test_five_thousand_changes_fit(applied: World) -> None:
    world = applied
    world.replace(
        "desired_state/targets.yaml", "    ownership", "    budgets: {create: {count: 9999}}\n    ownership"
    )
    world.commit("Grow")

    planned = world.plan(world.open_pull(add(*(f"person{number}" for number in range(5000)))))

    assert planned.conclusion == "success", planned.log
    assert "5,000 to create" in world.hub.comment()
    assert len(world.hub.comment()) <= 60_000
    assert "upload aborted" not in planned.log


def test_a_second_plan_that_fails_says_so_in_the_same_comment(applied: World) -> None:
    world = applied
    world.plan(world.open_pull(add("dan")))
    world.runner.secrets = {**world.runner.secrets, "scim-live-plan": {"SCIM_TOKEN": "another"}}

    planned = world.plan(world.open_pull(add("eve")))

    assert planned.results()["gate"] == "failure"
    assert world.hub.journal == ["comment created", "comment edited"]
    assert "1 of 1 targets failed" in world.hub.comment()
    assert "token" in world.hub.comment()
    assert [row["user"] for row in world.hub.comments[7]] == [BOT]
