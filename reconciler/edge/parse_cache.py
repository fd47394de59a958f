"""Parse cache: what documents say, kept from run to run, so that a document that did not change is not parsed again.

It is no part of the desired or the live state: a plan is the same byte for byte with it, without it, and with a broken one.
It holds documents in which nothing was wrong, by a digest of their path, their text and whatever else their value rests on;
a value is taken only under the seal that it was kept with. Whatever goes wrong with the file, the documents are parsed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path

import msgspec

from reconciler import __version__
from reconciler.edge.spread import spread
from reconciler.model.place import Document

Value = dict[str, object]
FORM = b"1"  # changes when a value is to be read otherwise, though neither version nor schema did
LEAST = (
    1024 * 1024
)  # characters of all documents together; fewer are parsed faster than they are looked up, or spread
MOST = 512 * 1024 * 1024  # bytes of values
BROKEN = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
FAILURES = (
    sqlite3.Error,
    UnicodeDecodeError,
)  # a broken file breaks the texts of the errors that tell of it, too
TABLE = "CREATE TABLE IF NOT EXISTS documents (digest BLOB PRIMARY KEY, seal BLOB, value BLOB)"


@contextmanager
def open_parse_cache(data: Path, schema: bytes, documents: Sequence[Document]) -> Iterator[ParseCache]:
    """The cache of these documents below `data`; an empty one that keeps nothing where they are few."""
    is_worthwhile = _size(documents) >= LEAST
    cache = ParseCache(data / "cache" / "documents.sqlite" if is_worthwhile else None, schema)
    try:
        yield cache
    finally:
        cache.close()


class ParseCache:
    """Gives and keeps the values of documents; never raises for what is wrong with its file."""

    def __init__(self, path: Path | None, schema: bytes) -> None:
        self._path = path
        self._basis = blake2b(b"\0".join((FORM, __version__.encode(), schema)), digest_size=32).digest()
        self._connection: sqlite3.Connection | None = None
        self._is_writing = False
        self._met: list[bytes] = []
        self._at_hand: dict[bytes, bytes] = {}
        self._digests: dict[int, tuple[Document, bytes]] = {}
        if path is not None and path.is_file():
            self._connect(path)

    def fill(self, documents: Sequence[Document], read: Callable[[Document], Value | None]) -> None:
        """Has at hand what these documents say; those not known before are read by `read`, several at a time.

        `read` gives None for a document in which something is wrong.
        """
        if self._path is None:
            return
        missing: list[Document] = []
        for document in documents:
            encoded = self._load(document)
            if encoded is None:
                missing.append(document)
            else:
                self._at_hand[self._digest(document)] = encoded
        for document, encoded in zip(
            missing, spread(lambda each: _encoded(read(each)), missing), strict=True
        ):
            if encoded is not None:
                self._at_hand[self._digest(document)] = encoded
                self._save(document, encoded)

    def recall(self, document: Document) -> Value | None:
        """What the document says, if that is known for certain."""
        if self._path is None and not self._at_hand:
            return None
        encoded = self._at_hand.pop(self._digest(document), None) or self._load(document)
        return None if encoded is None else _decoded(encoded)

    def keep(self, document: Document, value: Value) -> None:
        """Keeps what the document says, unless it has a value that would not come back as it is: a written number."""
        encoded = _encoded(value)
        if encoded is not None:
            self._save(document, encoded)

    def _load(self, document: Document) -> bytes | None:
        if self._path is None:
            return None
        digest = self._digest(document)
        self._met.append(digest)
        if self._connection is None:
            return None
        try:
            row = self._connection.execute(
                "SELECT seal, value FROM documents WHERE digest = ?", (digest,)
            ).fetchone()
        except FAILURES as error:
            self._give_up(error)
            return None
        if row is None or not isinstance(row[1], bytes) or row[0] != _seal(digest, row[1]):
            return None
        return row[1]

    def _save(self, document: Document, encoded: bytes) -> None:
        if self._path is None:
            return
        digest = self._digest(document)
        try:
            self._write().execute(
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", (digest, _seal(digest, encoded), encoded)
            )
        except (*FAILURES, OSError) as error:
            self._give_up(error)

    def close(self) -> None:
        """Saves what was kept, and lets go of documents that are not there any more if there is too much."""
        if self._connection is None:
            return
        try:
            if self._is_writing:
                self._bound(self._connection)
                self._connection.execute("COMMIT")
        except FAILURES as error:
            self._give_up(error)
        else:
            self._connection.close()

    def _bound(self, connection: sqlite3.Connection) -> None:
        (size,) = connection.execute("SELECT total(length(value)) FROM documents").fetchone()
        if size <= MOST:
            return
        connection.execute("CREATE TEMP TABLE met (digest BLOB PRIMARY KEY)")
        connection.executemany("INSERT OR IGNORE INTO met VALUES (?)", [(digest,) for digest in self._met])
        connection.execute("DELETE FROM documents WHERE digest NOT IN (SELECT digest FROM met)")
        (size,) = connection.execute("SELECT total(length(value)) FROM documents").fetchone()
        if size > MOST:
            connection.execute("DELETE FROM documents")

    def _write(self) -> sqlite3.Connection:
        if self._path is None:
            raise OSError
        if self._connection is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.touch(mode=0o600)
            self._connect(self._path)
        if self._connection is None:
            raise OSError
        if not self._is_writing:
            self._connection.execute("PRAGMA synchronous = OFF")  # a seal tells what was cut off
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.execute(TABLE)
            self._is_writing = True
        return self._connection

    def _connect(self, path: Path) -> None:
        try:
            self._connection = sqlite3.connect(path, timeout=1.0, isolation_level=None)
        except FAILURES as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Goes on without the cache. A file that is none of ours, or broken, makes room for a new one."""
        path, self._path = self._path, None
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None
        is_broken = (
            isinstance(error, UnicodeDecodeError) or getattr(error, "sqlite_errorcode", 0) & 0xFF in BROKEN
        )
        if path is not None and is_broken:
            with suppress(OSError):
                path.unlink()

    def _digest(self, document: Document) -> bytes:
        if id(document) not in self._digests:
            self._digests[id(document)] = document, self._made_digest(document)
        return self._digests[id(document)][1]

    def _made_digest(self, document: Document) -> bytes:
        found = blake2b(document.path.encode("utf-8", "surrogatepass"), key=self._basis, digest_size=32)
        found.update(b"\0")
        found.update(document.text.encode("utf-8", "surrogatepass"))
        return found.digest()


def _size(documents: Sequence[Document]) -> int:
    return sum(len(document.text) for document in documents)


def _seal(digest: bytes, encoded: bytes) -> bytes:
    return blake2b(encoded, key=digest, digest_size=32).digest()


def _encoded(value: Value | None) -> bytes | None:
    """None for a value that would not come back as it is."""
    try:
        return None if value is None else msgspec.msgpack.encode(value)
    except (TypeError, OverflowError, UnicodeEncodeError, RecursionError):
        return None


def _decoded(encoded: bytes) -> Value | None:
    try:
        value = msgspec.msgpack.decode(encoded)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None
