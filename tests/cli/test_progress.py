"""Progress: a bar on a terminal, lines without one, and nothing where nothing is wanted."""

from __future__ import annotations

import os
import pty
import select
import sys
import time
from pathlib import Path

import pytest

from reconciler.cli.progress import Progress
from reconciler.sandbox import running
from tests.loop.test_loop import make
from tests.servers.running import Server
from tests.tool import ROOT

TOKEN = "sandbox-token"


def test_without_a_terminal_a_line_says_counts_rate_and_remaining_time(
    capsys: pytest.CaptureFixture[str],
) -> None:
    progress = Progress(every=0)
    progress("applying to envoy", 0, 10)
    progress("applying to envoy", 5, 10, 1)

    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("applying to envoy: 5 of 10, 1 failed, ")
    assert line.endswith(" s left")


def test_lines_come_every_ten_seconds_and_not_before(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress()
    for done in range(10):
        progress("reading", done, 10)

    assert capsys.readouterr().err == ""


def test_on_a_terminal_apply_shows_a_bar_that_is_gone_afterwards(tmp_path: Path) -> None:
    with running(None, TOKEN) as endpoint:
        make(tmp_path, Server(name="sandbox", url=endpoint.url, token=TOKEN))
        shown = on_terminal(tmp_path, endpoint.url, "apply", "--yes")
        quiet = on_terminal(tmp_path, endpoint.url, "plan", "--no-progress")

    assert "applying to live" in shown
    assert "5/5" in shown
    assert shown.rstrip().endswith("applied: 5 changes")
    assert "reading" not in quiet
    assert quiet.rstrip().endswith("no changes\x1b[0m")


def on_terminal(base: Path, url: str, *arguments: str) -> str:
    """What a command shows on a terminal of its own."""
    pid, screen = pty.fork()
    if pid == 0:
        os.chdir(ROOT)
        environ = {
            **os.environ,
            "SCIM_URL": url,
            "SCIM_TOKEN": TOKEN,
            "TERM": "xterm-256color",
            "COLUMNS": "120",
        }
        os.execve(sys.executable, [sys.executable, "-m", "reconciler", "-C", str(base), *arguments], environ)
    shown, end = b"", time.monotonic() + 30
    while time.monotonic() < end:
        if select.select([screen], [], [], 0.5)[0]:
            try:
                part = os.read(screen, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
    os.waitpid(pid, 0)
    os.close(screen)
    return shown.decode()
