"""Spread: the same work on many parts, done by as many processes as there are processors to do it."""

from __future__ import annotations

import os
import signal
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import BinaryIO, TypeVar

Part = TypeVar("Part")
Work = Callable[[Part], bytes | None]
MOST = 4  # processes: what they make is taken in by one
_LENGTH = struct.Struct("<q")
_NOTHING = -1


def spread(work: Work[Part], parts: Sequence[Part]) -> Iterator[bytes | None]:
    """What `work` makes of each part, in their order; None too where the process that was to do it came to grief.

    The processes are copies of this one, made where that is safe (no second thread may hold a lock), and write into
    memory. Elsewhere this process does the work.
    """
    shares = [parts[number :: _processes()] for number in range(_processes())]
    if len(shares) < 2 or len(parts) < 2:
        yield from map(work, parts)
        return
    begun: list[_Copy] = []
    try:
        begun += [_begin(work, share) for share in shares]
        made = [copy.finish() for copy in begun]
    finally:
        for copy in begun:
            copy.end()
    for index in range(len(parts)):
        yield next(made[index % len(made)], None)


def _processes() -> int:
    if not hasattr(os, "memfd_create") or threading.active_count() > 1:
        return 1
    return min(len(os.sched_getaffinity(0)), MOST)


@dataclass(slots=True)
class _Copy:
    """A process, and the memory that it writes into."""

    process: int
    memory: BinaryIO
    is_running: bool = True

    def finish(self) -> Iterator[bytes | None]:
        """Waits for the process; gives what it wrote."""
        os.waitpid(self.process, 0)
        self.is_running = False
        self.memory.seek(0)
        return _written(self.memory)

    def end(self) -> None:
        """Ends a process that nobody waits for any more."""
        if self.is_running:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
            self.is_running = False


def _begin(work: Work[Part], share: Sequence[Part]) -> _Copy:
    memory = os.fdopen(os.memfd_create("share"), "w+b")
    process = os.fork()
    if process:
        return _Copy(process, memory)
    with suppress(BaseException):  # whatever happened, it is the other process that goes on and tells
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        for part in share:
            made = work(part)
            memory.write(_LENGTH.pack(_NOTHING if made is None else len(made)))
            memory.write(made or b"")
            memory.flush()
    os._exit(0)


def _written(memory: BinaryIO) -> Iterator[bytes | None]:
    with memory:
        while len(head := memory.read(_LENGTH.size)) == _LENGTH.size:
            (length,) = _LENGTH.unpack(head)
            made = None if length == _NOTHING else memory.read(length)
            if made is not None and len(made) < length:
                return
            yield made
