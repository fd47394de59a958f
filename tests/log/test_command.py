"""`reconcile log`: what runs did, by every filter and in every format."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.log.troubled import Ground, Troubled
from tests.properties.bench import Repository


def live_two_runs(company: Troubled) -> Troubled:
    """One run that makes everybody, one in which something fails."""
    company.apply()
    company.people["grace"]["jobTitle"] = "Director"
    company.people["bob"]["accountEnabled"] = False
    company.teams["engineering"]["members"] = ["grace", "bob"]
    company.refuse("PATCH PUT", "/Users", 409, "taken", "uniqueness")
    company.target += "    protected: {users: ['bob*']}\n"
    company.apply()
    return company


@pytest.fixture
def told(company: Troubled) -> Troubled:
    """A company with two runs."""
    return live_two_runs(company)


@pytest.fixture(scope="module")
def past(ground: Ground, tmp_path_factory: pytest.TempPathFactory) -> Troubled:
    """The same, of which only the logs are there any more: for those who only read them."""
    ground.clear()
    return live_two_runs(ground.found_company(tmp_path_factory.mktemp("past")))


def keys(company: Troubled, *arguments: str) -> list[tuple[str, str]]:
    """Action and id of what a filter lets through."""
    done = company.run("log", *arguments, "--format", "json")
    assert done.code == 0, done.err
    return [(record["action"], record["sourceIdentity"]["id"]) for record in json.loads(done.out)]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--user", "GRACE"], [("create", "grace"), ("update", "grace")]),
        (["--user", "Grace@example.com", "--status", "success"], [("create", "grace")]),
        (["--user", "gr*", "--user", "bob"], [("create", "bob"), ("create", "grace"), ("none", "bob"), ("update", "grace")]),
        (["--user", "engineering"], []),
        (["--group", "engineering"], [("create", "engineering"), ("update", "engineering")]),
        (["--group", "Engin*", "--user", "bob"], [("create", "bob"), ("create", "engineering"), ("none", "bob"), ("update", "engineering")]),
        (["--target", "acme", "--action", "update"], [("update", "engineering"), ("update", "grace")]),
        (["--target", "elsewhere"], []),
        (["--action", "other"], [("none", "bob")]),
        (["--status", "failure"], [("update", "grace")]),
        (["--status", "skipped", "--status", "failure"], [("none", "bob"), ("update", "grace")]),
        (["--code", "entryconflict"], [("update", "grace")]),
        (["--since", "1h", "--action", "update"], [("update", "engineering"), ("update", "grace")]),
        (["--until", "1m"], []),
        (["--since", "2020-01-01", "--until", "2020-12-31T18:00:00Z"], []),
    ],
)  # fmt: skip
def test_a_filter_lets_through_what_fits(
    past: Troubled, arguments: list[str], expected: list[tuple[str, str]]
) -> None:
    assert sorted(keys(past, *arguments)) == expected


def test_until_a_date_is_to_its_end(past: Troubled) -> None:
    today = datetime.now(UTC).date()

    assert keys(past, "--until", str(today + timedelta(days=1)))
    assert keys(past, "--since", str(today - timedelta(days=1)), "--until", str(today + timedelta(days=1)))
    assert not keys(past, "--until", str(today - timedelta(days=1)))


@pytest.mark.parametrize("text", ["2q", "yesterday", "2026-13-01", "9999999w", "1e3h"])
def test_a_moment_that_is_none_is_wrong_usage(past: Troubled, text: str) -> None:
    done = past.run("log", "--since", text)

    assert done.code == 64
    assert f"--since {text}: write 2h or 7d" in done.err


def test_a_run_is_named_by_how_it_begins(past: Troubled) -> None:
    first, second = (run[0]["runId"] for run in past.runs())

    assert past.run("log", second[: len("20261123T144000123456")]).out.startswith(f"acme · {past.repository.url} · run {second}")  # fmt: skip
    both = past.run("log", first[:4])
    assert (both.code, "write more of the name" in both.err) == (64, True)
    assert past.run("log", "1999").code == 64


def test_a_run_reads_as_what_failed_what_was_withheld_and_what_was_done(past: Troubled) -> None:
    run = past.runs()[-1][0]["runId"]
    lines = past.run("log", run).out.splitlines()

    assert lines[3:] == [
        "  ✗ 1 failed: EntryConflict",
        "    Free the name or value at the endpoint, or say that it is the same one (adopt, previousIds); then plan again.",
        "      update      user   grace@example.com  PATCH /Users/…: status 409: taken",
        "",
        "  · 1 skipped: EntrySynchronizationSkipped",
        "    Nothing, if that is as it should be; else change what the reason names.",
        "      withheld    user   bob@example.com  bob@example.com is protected: deactivate is withheld",
        "",
        "  ✓ update      group  Engineering  - ada",
        "",
        "1 done · 1 failed · 1 skipped · 2 requests",
    ]


def test_the_list_of_runs_says_how_each_ended(told: Troubled) -> None:
    newest, oldest = told.run("log").out.splitlines()

    assert oldest.startswith("✓ ")
    assert oldest.endswith("  4 of 4 changes")
    assert newest.startswith("✗ ")
    assert newest.endswith("  1 of 2 changes, 1 failed (EntryConflict 1)")
    told.target = told.target.replace("budgets: {", "budgets: {removeMembers: {count: 0}, ")
    told.teams["engineering"]["members"] = []
    assert told.apply().code == 3
    assert "refused: 2 changes held back (budget removeMembers: 1 planned, 0 allowed" in told.run("log").out


def test_details_tell_the_steps_the_values_and_what_to_do(past: Troubled) -> None:
    out = past.run("log", "--user", "grace", "--status", "failure", "--details").out

    assert '      title "Engineer" → "Director"\n' in out
    assert "✓ scoping             is declared and in scope   IsActive=True Assigned=True" in out
    assert "✗ export              PATCH /Users/" in out
    assert "→ Free the name or value at the endpoint" in out


def test_what_many_have_in_common_is_summed_up(company: Troubled) -> None:
    company.people = {f"p{n:03}": {"userPrincipalName": f"p{n:03}@example.com"} for n in range(80)}
    company.teams = {}
    company.apply()
    run = company.runs()[0][0]["runId"]
    out = company.run("log", run).out

    assert out.count("✓ create") == 15
    assert "… and 65 more to create: --action create lists them" in out
    assert company.run("log", run, "--action", "create").out.count("✓ create") == 80


def test_a_line_that_was_cut_off_is_told_and_the_rest_is_read(told: Troubled) -> None:
    path = max((told.repository.base / ".reconcile" / "runs").glob("*.jsonl"))
    content = path.read_bytes()
    path.write_bytes(content[: content.rindex(b"\n", 0, -1) + 40])  # in the middle of the last record

    for arguments in ((), (path.stem,), ("--user", "grace"), ("--format", "json"), ("--format", "csv")):
        done = told.run("log", *arguments)
        assert done.code == 0
        assert f"warning: {path.stem}: 1 line cannot be read" in done.err
    assert "then cut off" in told.run("log").out
    assert "the log was cut off: apply again" in told.run("log", path.stem).out
    assert json.loads(told.run("log", "--format", "json").out)[0]["unreadableLines"] == 1


HOSTILE = ("=1+1", "+44 20", "-2", "@SUM(A1)", " =1", "\t=1", 'say "hi"\n=2', "\u202e=1", "plain")


def test_no_cell_of_a_csv_is_a_formula(company: Troubled) -> None:
    company.teams = {}
    company.people = {
        f"p{n}": {"userPrincipalName": f"{text}{n}", "displayName": text, "jobTitle": text}
        for n, text in enumerate(HOSTILE)
    }
    company.apply()
    out = company.run("log", "--format", "csv").out
    rows = list(csv.DictReader(io.StringIO(out)))

    assert len(rows) == len(HOSTILE)
    cells = [cell for row in rows for cell in row.values()]
    assert not [cell for cell in cells if cell.lstrip()[:1] in tuple("=+-@\t\r")]
    assert {row["displayName"] for row in rows} >= {"'=1+10", "'+44 201", "'-22", "'@SUM(A1)3", "plain8"}
    assert out.count("\r\n") == len(HOSTILE) + 1
    assert all(len(row) == len(rows[0]) for row in rows)


def test_without_runs_it_says_who_writes_them(tmp_path: Path) -> None:
    done = Repository(base=tmp_path).run("log")

    assert (done.code, done.out) == (0, "")
    assert "`reconcile apply` writes them" in done.err
