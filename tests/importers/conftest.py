"""A checkout for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.importers.checkout import Checkout


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    monkeypatch.chdir(tmp_path)  # -C changes the folder of this process: put it back afterwards
    return Checkout(tmp_path)
