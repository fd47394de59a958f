"""Shipped: the data files that come with the program, found in a wheel and in a source checkout alike."""

from importlib.resources import files
from pathlib import Path


def read_shipped(name: str) -> bytes:
    """Give the content of a shipped JSON Schema, such as ``plan.schema.json``.

    Raises FileNotFoundError when the program ships no such file.
    """
    return find_shipped(f"schemas/{name}").read_bytes()


def find_shipped(name: str) -> Path:
    """Give the place of a shipped file or folder, such as ``schemas`` or ``profiles/rfc.yaml``.

    Raises FileNotFoundError when the program ships nothing of that name.
    """
    package = Path(str(files("reconciler")))
    # What a wheel holds beside the modules stands in a checkout's own top folder.
    for found in (package / name, package.parent / name, package.parent / ".github" / name):
        if found.exists():
            return found
    raise FileNotFoundError(f"the program ships no {name}")
