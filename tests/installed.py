"""Run by an installed wheel, outside the checkout: everything that the program ships is there."""

import sys
from pathlib import Path

import reconciler
from reconciler.edge.shipped import read_shipped

CHECKOUT = Path(__file__).parents[1]


def list_missing() -> list[str]:
    """The files of the checkout that the installed package lacks or has otherwise."""
    installed = Path(reconciler.__file__).parent
    if installed.is_relative_to(CHECKOUT / "reconciler"):
        return ["itself: this is the checkout"]
    sources = [path for path in (CHECKOUT / "reconciler").rglob("*") if path.is_file()]
    names = [path.relative_to(CHECKOUT / "reconciler") for path in sources if "__pycache__" not in path.parts]
    missing = [str(name) for name in names if not (installed / name).is_file()]
    schemas = sorted((CHECKOUT / "schemas").glob("*.json"))
    return missing + [schema.name for schema in schemas if read_shipped(schema.name) != schema.read_bytes()]


if __name__ == "__main__":
    if missing := list_missing():
        sys.exit("the wheel lacks " + ", ".join(missing))
