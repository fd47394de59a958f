"""A checkout in which the command line is run, and the exported schemas that tests share."""

from __future__ import annotations

import io
import signal
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import pytest

from reconciler.cli import main

STORIES_FOLDER = Path(__file__).parent / "entra"


class Checkout:
    """A folder in which the command is run."""

    def __init__(self, base: Path) -> None:
        self.base = base

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, stdout and stderr of the whole program, which runs in this process: there are many of these."""
        out, err, before = io.StringIO(), io.StringIO(), signal.getsignal(signal.SIGTERM)
        argv = ["reconcile", "-C", str(self.base), *arguments]
        try:
            with (
                redirect_stdout(out),
                redirect_stderr(err),
                patch("sys.argv", argv),
                pytest.raises(SystemExit) as ended,
            ):
                main()
        finally:
            signal.signal(signal.SIGTERM, before)
        assert isinstance(ended.value.code, int)
        return ended.value.code, out.getvalue(), err.getvalue()

    def import_story(self, story: str, *more: str) -> tuple[int, str, str]:
        """Imports the schema of a story with its options."""
        options = STORIES_FOLDER / story / "options.txt"
        given = options.read_text(encoding="utf-8").split() if options.exists() else []
        return self.run("import-entra", str(STORIES_FOLDER / story / "schema.json"), *given, *more)

    def write(self, path: str, text: str) -> None:
        """Writes a file of the checkout."""
        file = self.base / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
