"""The command line as tests use it: start it, signal it, wait for it."""

from __future__ import annotations

import atexit
import itertools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LONGEST = 60.0
SHORTEST = 0.004  # seconds between two questions whether a run has ended, at first


@dataclass(frozen=True, slots=True)
class Result:
    """How a run of the command line ended; a negative code is the signal that ended it."""

    code: int
    out: str
    err: str

    def __str__(self) -> str:
        return f"exit {self.code}\n--- stdout\n{self.out}\n--- stderr\n{self.err}"


class Run:
    """One run of the command line, which is a process of its own."""

    def __init__(self, tool: Tool, pid: int, out: Path, err: Path) -> None:
        self._tool, self.pid, self._out, self._err = tool, pid, out, err
        self._is_over = False

    def send(self, number: signal.Signals) -> None:
        """Signal the process; once it was waited for, nothing happens."""
        if not self._is_over:
            os.kill(self.pid, number)

    def wait(self, longest: float = LONGEST) -> Result:
        """The result; a run that outlasts `longest` is killed and fails the test."""
        end = time.monotonic() + longest
        is_late, pause = False, SHORTEST
        while (code := self._tool.ask({"pid": self.pid})["code"]) is None:
            if time.monotonic() > end and not is_late:
                is_late = True
                os.kill(self.pid, signal.SIGKILL)
            time.sleep(pause)
            pause = min(pause * 1.2, 10 * SHORTEST)
        self._is_over = True
        result = Result(code, self._out.read_text(), self._err.read_text())
        assert not is_late, f"still running after {longest} s\n{result}"
        return result


class Tool:
    """Runs the command line by way of the warm process."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process, self._folder = process, folder
        self._numbers = itertools.count()

    def start(self, base: Path, arguments: tuple[str, ...], environ: Mapping[str, str]) -> Run:
        """Start a command on the desired state in `base`."""
        number = next(self._numbers)
        out, err = self._folder / f"{number}.out", self._folder / f"{number}.err"
        answer = self.ask({
            "arguments": ["-C", str(base), *arguments], "environ": dict(environ), "out": str(out), "err": str(err),
        })  # fmt: skip
        return Run(self, answer["pid"], out, err)

    def run(self, base: Path, arguments: tuple[str, ...], environ: Mapping[str, str]) -> Result:
        """Run a command to its end."""
        return self.start(base, arguments, environ).wait()

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """One order to the warm process, and its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process that runs the command line has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextmanager
def open_tool() -> Iterator[Tool]:
    """The command line, ready to run, by a warm process of its own."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith("RECONCILE_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.tool_worker"],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**environ, "NO_COLOR": "1"},
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="reconcile-tests-") as folder:
        yield Tool(process, Path(folder))
        process.communicate(timeout=10)


@cache
def shared_tool() -> Tool:
    """The command line, ready to run; its warm process ends with the tests."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(open_tool())
