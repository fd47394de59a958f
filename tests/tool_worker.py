"""A warm process that runs the command line in forked children: real processes, without the cost of their start.

It takes orders as JSON lines on its standard input and answers each with one line. It has one thread only, so that a
fork is safe, and ends with its input.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import runpy
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

import reconciler


def main() -> None:
    for module in pkgutil.walk_packages(reconciler.__path__, "reconciler."):
        if not module.name.endswith("__main__"):
            with contextlib.suppress(Exception):  # whoever needs it says so when it runs
                importlib.import_module(module.name)
    for name in ("httpcore", "anyio._backends._asyncio"):  # what httpx imports at a first request
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # what a child never touches is not copied to it
    for line in sys.stdin:
        order = json.loads(line)
        answer = _start(order) if "arguments" in order else _poll(order["pid"])
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _start(order: dict[str, Any]) -> dict[str, int]:
    pid = os.fork()
    if pid == 0:
        _become(order)
    return {"pid": pid}


def _poll(pid: int) -> dict[str, int | None]:
    done, status = os.waitpid(pid, os.WNOHANG)
    return {"code": os.waitstatus_to_exitcode(status) if done else None}


def _become(order: dict[str, Any]) -> NoReturn:
    code: object = 70
    try:
        for number, path, flags in (
            (0, Path(os.devnull), os.O_RDONLY),
            (1, Path(order["out"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
            (2, Path(order["err"]), os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        ):
            os.dup2(os.open(path, flags, 0o600), number)
        os.environ.update(order["environ"])
        sys.argv = ["reconcile", *order["arguments"]]
        runpy.run_module("reconciler", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = 0 if end.code is None else end.code
    except BaseException:  # noqa: BLE001  # as an interpreter does at its end
        traceback.print_exc()
        code = 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    main()
