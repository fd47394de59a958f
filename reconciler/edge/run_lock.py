"""Run lock: at most one apply of a target at a time on one machine.

Between machines nothing is locked: there both converge, since every write is checked by what is read back.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reconciler.model.errors import TargetError


@contextmanager
def hold_target(data: Path, target: str) -> Iterator[None]:
    """Holds the target for as long as the process lives or the block lasts. Raises TargetError if another run has it."""
    folder = data / "locks"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / f"{target}.lock").open("a")
    except OSError as error:
        raise TargetError(f"cannot write below {data}: {error.strerror}; nothing was written") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise TargetError(
                f"another apply of {target} is running here; wait for its end, then plan again"
            ) from None
        yield
