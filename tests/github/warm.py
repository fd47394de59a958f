"""A stand-in for the interpreter of action.yml: it hands the command to the warm process, which forks a real one."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.tool import Tool

_SHIM = """#!{python} -SsE
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as line:
    line.connect({address!r})
    line.sendall(json.dumps([sys.argv[3:], os.getcwd(), dict(os.environ)]).encode() + b"\\n")
    code, out, err = json.load(line.makefile())
sys.stdout.write(out)
sys.stderr.write(err)
sys.exit(code)
"""


@contextmanager
def warm_interpreter(tool: Tool, folder: Path) -> Iterator[str]:
    """The path of a program that takes `-m reconciler …` and does what an interpreter would."""
    address, shim = folder / "warm.socket", folder / "warm-python"
    shim.write_text(_SHIM.format(python=sys.executable, address=str(address)))
    shim.chmod(0o700)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(address))
        listener.listen()
        thread = threading.Thread(target=_serve, args=(listener, tool), daemon=True)
        thread.start()
        try:
            yield str(shim)
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, tool: Tool) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection, connection.makefile("rw") as line:
            arguments, base, environ = json.loads(line.readline())
            result = tool.run(Path(base), tuple(arguments), environ)
            line.write(json.dumps([result.code, result.out, result.err]))
