"""The library's own contract for storages, held by the one that keeps a file."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from scim2_models import ScimProvider
from scim2_server.testing import ScimStorageContract
from scim2_server.utils import load_default_provider

from reconciler.sandbox.storage import FileStorage

PROVIDER = load_default_provider()


class TestFileStorage(ScimStorageContract):
    @pytest.fixture
    def provider(self) -> ScimProvider:
        return PROVIDER

    @pytest.fixture
    def storage(self, tmp_path: Path, provider: ScimProvider) -> Iterator[FileStorage]:
        with closing(FileStorage(tmp_path / "sandbox.sqlite3", provider)) as storage:
            yield storage


def test_a_file_belongs_to_one_sandbox_at_a_time(tmp_path: Path) -> None:
    database = tmp_path / "sandbox.sqlite3"
    with (
        closing(FileStorage(database, PROVIDER)),
        pytest.raises(OSError, match="database is locked"),
    ):
        FileStorage(database, PROVIDER)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    database = tmp_path / "notes.txt"
    database.write_text("not a database, but long enough to look like one " * 40)
    with pytest.raises(OSError, match="not a database"):
        FileStorage(database, PROVIDER)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="unable to open"):
        FileStorage(tmp_path / "nowhere" / "sandbox.sqlite3", PROVIDER)
