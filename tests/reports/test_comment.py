"""The comment of a pull request and what becomes of it: whole in every case, and nobody is left out (research: actions 4.4)."""

from __future__ import annotations

from reconciler.model.part import Part
from reconciler.reports.comment import Context, compose, compose_status, with_status
from reconciler.reports.happened import tell_happened

CONTEXT = Context(
    head="a" * 40,
    base="b" * 40,
    run_url="https://github.com/o/r/actions/runs/1",
    as_of="2026-11-23 14:40 UTC",
)
START, END = "<!-- reconcile:status -->", "<!-- /reconcile:status -->"


def test_a_name_that_looks_like_the_status_cuts_nothing() -> None:
    row = f"| `{START}` | `{END}` |"
    body = compose([Part(kind="plan", target="live", result="planned", levels=(row,))], CONTEXT)

    once = with_status(body, f"- `live`: `{END}` is not what was reviewed")
    twice = with_status(once, "- `live`: applied")

    assert row in once
    assert twice.count(row) == 1
    assert "is not what was reviewed" not in twice
    assert with_status(twice, "- `live`: applied") == twice


def test_every_target_is_told_of_however_much_there_is_to_say() -> None:
    said = [f"  user person{number}: title" for number in range(400)]
    parts = [
        Part(
            kind="apply", target=f"t{n}", result="stale",
            said=(tell_happened(f"t{n}", "stale", said, "", "full"), tell_happened(f"t{n}", "stale", (), "", "full")),
        )
        for n in range(200)
    ]  # fmt: skip

    status = compose_status(parts, ["gone"], CONTEXT.run_url)

    assert len(status) <= 60_000
    assert all(f"- `t{n}`: **refused**" in status for n in range(200))
    assert "- `gone`: **failed**" in status
