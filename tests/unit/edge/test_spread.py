"""Work that is spread comes back in order; a process that comes to grief costs what it was to make, and nothing else."""

from __future__ import annotations

import os
import threading

import pytest

from reconciler.edge import spread as module
from reconciler.edge.spread import spread

PARTS = list(range(9))


def made_by_several(part: int) -> bytes | None:
    """The process is told too, so that a test sees that it is another one; a large part, for pipes are small."""
    return None if part == 5 else b"%d:%d:%s" % (part, os.getpid(), b"x" * 100_000)


def parts_of(made: list[bytes | None]) -> list[int | None]:
    return [None if one is None else int(one.split(b":")[0]) for one in made]


@pytest.fixture
def _two_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})


@pytest.fixture
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where several files are tested at a time, a thread of the tests' runner only waits beside the test."""
    monkeypatch.setattr(threading, "active_count", lambda: 1)


@pytest.mark.usefixtures("_two_processors", "_alone")
def test_it_comes_back_in_order_from_other_processes() -> None:
    made = list(spread(made_by_several, PARTS))

    assert parts_of(made) == [0, 1, 2, 3, 4, None, 6, 7, 8]
    processes = {one.split(b":")[1] for one in made if one}
    assert len(processes) == 2
    assert b"%d" % os.getpid() not in processes


@pytest.mark.usefixtures("_two_processors", "_alone")
@pytest.mark.parametrize("grief", [SystemExit, ValueError, KeyboardInterrupt])
def test_what_a_process_no_longer_made_is_none(grief: type[BaseException]) -> None:
    def work(part: int) -> bytes:
        if part == 4:
            raise grief
        return b"%d:" % part

    assert parts_of(list(spread(work, PARTS))) == [0, 1, 2, 3, None, 5, None, 7, None]


@pytest.mark.usefixtures("_two_processors", "_alone")
def test_a_process_that_is_killed_is_no_matter() -> None:
    def work(part: int) -> bytes:
        if part == 1:
            os.kill(os.getpid(), 9)
        return b"%d:" % part

    assert parts_of(list(spread(work, PARTS))) == [0, None, 2, None, 4, None, 6, None, 8]


@pytest.mark.usefixtures("_two_processors")
def test_beside_another_thread_this_process_does_the_work() -> None:
    done = threading.Event()
    thread = threading.Thread(target=done.wait)
    thread.start()
    try:
        made = list(spread(made_by_several, PARTS))
    finally:
        done.set()
        thread.join()

    assert parts_of(made) == [0, 1, 2, 3, 4, None, 6, 7, 8]
    assert {one.split(b":")[1] for one in made if one} == {b"%d" % os.getpid()}


def test_nothing_is_made_of_nothing() -> None:
    assert list(spread(made_by_several, [])) == []
    assert module.MOST > 1
