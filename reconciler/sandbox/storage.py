"""Storage: the sandbox's resources, in a SQLite file that outlives the process.

The file is the truth, the library's in-memory storage the index over it: filters, sorting, paging, uniqueness
and versions are the library's. Every write reaches the file before it is answered.
"""

import itertools
import json
import re
import sqlite3
from pathlib import Path
from typing import Any, cast

from scim2_models import Resource, ResourceType, ScimProvider
from scim2_server.memory import InMemoryStorage

_TABLE = "CREATE TABLE IF NOT EXISTS resources (type TEXT, id TEXT, document TEXT NOT NULL, PRIMARY KEY (type, id))"


class FileStorage(InMemoryStorage):
    """The resources of one SQLite file, which it holds alone until it is closed.

    Raises OSError when the file is no such database, or another process holds it.
    """

    def __init__(self, database: Path, provider: ScimProvider) -> None:
        super().__init__()
        self._provider = provider
        try:
            self._connection = _open(database)
            self._load()
        except sqlite3.Error as error:
            raise OSError(f"the sandbox cannot use {database}: {error}") from error

    def create(self, resource_type: ResourceType, resource: Resource[Any]) -> Resource[Any]:
        """Keep a new resource in memory and in the file."""
        with self.lock:
            return self._write(super().create(resource_type, resource))

    def update(
        self, resource_type: ResourceType, resource: Resource[Any], *, expected_version: str | None = None
    ) -> Resource[Any]:
        """Replace a resource in memory and in the file."""
        with self.lock:
            return self._write(super().update(resource_type, resource, expected_version=expected_version))

    def delete(
        self, resource_type: ResourceType, resource_id: str, *, expected_version: str | None = None
    ) -> None:
        """Delete a resource from memory and from the file."""
        with self.lock:
            super().delete(resource_type, resource_id, expected_version=expected_version)
            self._execute("DELETE FROM resources WHERE type = ? AND id = ?", resource_type.name, resource_id)

    def close(self) -> None:
        """Let go of the file."""
        with self.lock:
            self._connection.close()

    def _write(self, resource: Resource[Any]) -> Resource[Any]:
        assert resource.meta is not None
        self._execute(
            "INSERT OR REPLACE INTO resources VALUES (?, ?, ?)",
            resource.meta.resource_type,
            resource.id,
            json.dumps(resource.model_dump()),
        )
        return resource

    def _execute(self, statement: str, *values: str | None) -> None:
        try:
            self._connection.execute(statement, values)
        except sqlite3.Error:
            # What the file did not take must not be served: memory follows the file.
            self._load()
            raise

    def _load(self) -> None:
        rows = self._connection.execute("SELECT type, document FROM resources").fetchall()
        resources = [self._read(kind, document) for kind, document in rows]
        self.resources = resources
        # A version that was given once never comes back on the same resource.
        self.versions = itertools.count(1 + max(map(_number_of_version, resources), default=0))

    def _read(self, kind: str, document: str) -> Resource[Any]:
        resource_type = next(known for known in self._provider.resource_types if known.name == kind)
        model = cast(type[Resource[Any]], self._provider.model_for(resource_type))
        return model.model_validate(json.loads(document))


def _open(database: Path) -> sqlite3.Connection:
    # The endpoint's thread is not the one that opens: the storage's lock serialises them.
    connection = sqlite3.connect(database, timeout=1, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(_TABLE)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _number_of_version(resource: Resource[Any]) -> int:
    found = re.search(r"\d+", (resource.meta and resource.meta.version) or "")
    return int(found.group()) if found else 0
