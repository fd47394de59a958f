"""Each fault at the requests that matter most: run it again, and everything is as declared (DESIGN 1, guarantee 5)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from _pytest.mark import ParameterSet

from tests.faults.bench import Bench, Boundary
from tests.faults.company import losses
from tests.faults.faults import BROKEN, EXPIRED, KILLS, LIMITED, LOST, STOPS, STRANGE
from tests.faults.proxy import Fault
from tests.properties.bench import TOKEN

PLACES: dict[str, Callable[[list[Boundary]], Boundary]] = {
    "list of users": lambda _: Boundary(name="list of users", counting="GET /v2/Users", number=1),
    "last read before": lambda all_: all_[all_.index(_first(all_, "write ")) - 1],
    "first write": lambda all_: _first(all_, "write "),
    "a user's POST": lambda _: Boundary(name="a user's POST", counting="POST /v2/Users", number=2),
    "a group's POST": lambda _: Boundary(name="a group's POST", counting="POST /v2/Groups", number=1),
    "a group's PATCH": lambda _: Boundary(name="a group's PATCH", counting="PATCH /v2/Groups", number=1),
    "last write": lambda all_: _first(all_[::-1], "write "),
    "read-back": lambda all_: all_[-1],
}
WRITES = ("first write", "a user's POST", "a group's POST", "last write")
READS = ("list of users", "read-back")


def _first(boundaries: list[Boundary], words: str) -> Boundary:
    return next(boundary for boundary in boundaries if words in boundary.name)


def cases(faults: tuple[Fault, ...], places: tuple[str, ...]) -> list[ParameterSet]:
    """Every fault at every place."""
    return [pytest.param(fault, place, id=f"{fault.name} at {place}") for fault in faults for place in places]


def across(faults: tuple[Fault, ...], places: tuple[str, ...]) -> pytest.MarkDecorator:
    """A test for every fault at every place."""
    return pytest.mark.parametrize(("fault", "place"), cases(faults, places))


@pytest.mark.parametrize(
    ("fault", "place"),
    [
        *cases(LOST[:-1], WRITES),
        *cases(LOST[-1:], ("a user's POST", "a group's POST")),
        *cases(LIMITED, ("a user's POST",)),
        *cases((*LOST, LIMITED[3]), ("list of users",)),
    ],
)
def test_a_passing_fault_is_overcome_within_the_run(
    bench: Bench, boundaries: list[Boundary], fault: Fault, place: str
) -> None:
    result = bench.apply_under(fault, PLACES[place](boundaries))

    assert result.code == 0, f"{result}\n{bench.story()}"
    bench.assert_rest(result)


@pytest.mark.parametrize(
    ("fault", "place"),
    [
        *cases(BROKEN[::2], ("a user's POST", "last write")),
        *cases(BROKEN[1::2], ("a user's POST", "a group's POST")),
        *cases(STRANGE, ("first write", "a user's POST")),
        *cases(STRANGE[:1], ("last write",)),  # a deletion that never arrived
        *cases(BROKEN[:2], ("first write",)),
    ],
)
def test_a_broken_answer_to_a_write_loses_nothing(
    bench: Bench, boundaries: list[Boundary], fault: Fault, place: str
) -> None:
    result = bench.apply_under(fault, PLACES[place](boundaries))

    assert result.code in (0, 5), str(result)
    bench.converge(result)


@across((BROKEN[0], BROKEN[4], *STRANGE[:1]), READS)
def test_a_broken_answer_to_a_read_loses_nothing(
    bench: Bench, boundaries: list[Boundary], fault: Fault, place: str
) -> None:
    result = bench.apply_under(fault, PLACES[place](boundaries))

    bench.converge(result)


@across((EXPIRED,), (*WRITES[1:3], "list of users"))
def test_a_token_that_expires_in_mid_run_leaves_the_rest_to_the_next_run(
    bench: Bench, boundaries: list[Boundary], fault: Fault, place: str
) -> None:
    result = bench.apply_under(fault, PLACES[place](boundaries))

    has_written = any(record.forwarded for record in bench.proxy.writes)
    assert result.code == (5 if has_written or bench.proxy.writes else 1), str(result)
    assert "token" in result.err
    bench.converge(result)


@across(KILLS, (*WRITES, "a group's PATCH", "read-back"))
def test_a_killed_run_is_finished_by_the_next(
    bench: Bench, boundaries: list[Boundary], fault: Fault, place: str
) -> None:
    result = bench.apply_under(fault, PLACES[place](boundaries))

    assert result.code == -9
    bench.converge(result, most=1)


@across(STOPS, ("first write", "a user's POST", "a group's POST"))
def test_an_interrupted_run_finishes_what_is_in_flight_and_exits_5(
    bench: Bench, boundaries: list[Boundary], fault: Fault, place: str
) -> None:
    result = bench.apply_under(fault, PLACES[place](boundaries))

    assert result.code == 5, f"{result}\n{bench.story()}"
    assert result.out.splitlines()[-1].startswith("applied"), "the summary is the last line"
    assert all(record.status is not None for record in bench.proxy.writes), "what is in flight is finished"
    assert len(bench.proxy.writes) < bench.company.size, "nothing new is begun"
    bench.converge(result, most=1)


@across(STOPS, ("list of users", "last read before"))
def test_an_interruption_before_any_write_writes_nothing(
    bench: Bench, boundaries: list[Boundary], fault: Fault, place: str
) -> None:
    result = bench.apply_under(fault, PLACES[place](boundaries))

    assert result.code in ((130,) if fault.name == "SIGINT" else (130, 143, -fault.signal)), str(result)
    assert bench.proxy.writes == []
    assert bench.live() == bench.first
    bench.converge(result, most=1)


@pytest.mark.parametrize("fault", [LOST[1], LOST[3], BROKEN[3]], ids=lambda f: f.name)
def test_every_third_write_goes_wrong_and_nothing_is_lost(bench: Bench, fault: Fault) -> None:
    bench.proxy.arm_every(fault, 3)
    result = bench.apply()

    assert bench.proxy.has_struck
    assert result.code in (0, 5), str(result)
    bench.converge(result)


def test_two_applies_at_once_leave_no_duplicate(bench: Bench) -> None:
    runs = [bench.start("apply", "--yes"), bench.start("apply", "--yes")]
    results = [run.wait() for run in runs]

    assert all(result.code in (0, 1, 4, 5, 6) for result in results), "\n".join(map(str, results))
    bench.converge(bench.apply(), most=1)


def test_two_applies_at_once_from_two_checkouts_double_no_user_and_report_a_doubled_group(
    bench: Bench, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(bench.base / "desired_state", other / "desired_state")
    runs = [
        bench.start("apply", "--yes"),
        bench.tool.start(other, ("apply", "--yes"), {"SCIM_TOKEN": TOKEN}),
    ]
    results = [run.wait() for run in runs]
    live = bench.live()

    assert all(result.code in (0, 1, 4, 5, 6) for result in results), "\n".join(map(str, results))
    assert [
        text for text in losses(bench.company, bench.first, live, is_finished=False) if "userName" in text
    ] == []
    names = [row["displayName"] for row in live.groups.values()]
    doubled = {name for name in names if names.count(name) > 1}  # this server lets two groups have one name
    said = [f["text"] for f in bench.plan()["targets"][0]["findings"] if f["code"] == "ambiguous-match"]
    assert len(said) == len(doubled), said
