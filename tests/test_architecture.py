"""The shape of the program: which part may import which, and which parts may not see the world.

    4  cli
    3  pipeline  sandbox
    2  edge | stages                                       neither imports the other
    1  functions  policies  profiles  importers  reports   reports sees only model
    0  model

Everything below pipeline but edge is pure. A template that ships beside a report is part of the program, not a file.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "reconciler"

FLOORS = {
    "model": 0,
    **dict.fromkeys(("functions", "policies", "profiles", "importers", "reports"), 1),
    **dict.fromkeys(("stages", "edge"), 2),
    **dict.fromkeys(("pipeline", "sandbox"), 3),
    **dict.fromkeys(("cli", "__main__"), 4),
}
STRANGERS = {("stages", "edge"), ("edge", "stages")}
PURE = {part for part, floor in FLOORS.items() if floor < 3} - {"edge"}

WORLD = frozenset(
    """asyncio concurrent ctypes fcntl getpass glob http httpx locale logging mmap multiprocessing os platform random
    requests secrets select selectors shutil signal smtplib socket sqlite3 ssl subprocess sys tempfile threading time
    urllib.request uvicorn""".split()
)
WORLDLY_CALLS = frozenset("open print input breakpoint exec eval __import__".split())
WORLDLY_METHODS = frozenset(
    "now utcnow today uuid1 uuid4 read_text read_bytes write_text write_bytes".split()
)
VAGUE = re.compile(r"utils?|helpers?|common|managers?|base|misc")
DRY_RUN = re.compile(r"dry[-_]?run", re.IGNORECASE)


def modules() -> list[str]:
    """Every module of the package, as the path from the checkout."""
    return sorted(str(path.relative_to(ROOT)) for path in PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("module", modules())
def test_a_module_keeps_to_its_floor(module: str) -> None:
    assert list(find_faults(module, (ROOT / module).read_text())) == []


def test_no_two_parts_import_each_other() -> None:
    edges = {
        (part_of(module), part)
        for module in modules()
        for part, _ in find_imported_parts(ast.parse((ROOT / module).read_text()))
        if part != part_of(module)
    }

    assert {(one, other) for one, other in edges if (other, one) in edges} == set()


@pytest.mark.parametrize("folder", ["reconciler", "tests"])
def test_no_module_has_a_name_that_says_nothing(folder: str) -> None:
    paths = [path for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts]
    names = {part.removesuffix(".py") for path in paths for part in path.relative_to(ROOT).parts}

    assert sorted(name for name in names if VAGUE.fullmatch(name)) == []


@pytest.mark.parametrize(
    ("module", "source", "fault"),
    [
        ("reconciler/model/change.py", "from reconciler.stages.diff import diff", "imports stages"),
        ("reconciler/model/change.py", "import reconciler.edge.files", "imports edge"),
        ("reconciler/model/change.py", "from reconciler import pipeline", "imports pipeline"),
        ("reconciler/stages/diff.py", "from reconciler.edge import files", "imports edge"),
        ("reconciler/edge/files.py", "from reconciler.stages.diff import diff", "imports stages"),
        ("reconciler/reports/text.py", "from reconciler.policies import budget", "imports policies"),
        ("reconciler/pipeline.py", "import reconciler.cli", "imports cli"),
        ("reconciler/stages/diff.py", "from . import match", "relative import"),
        ("reconciler/stages/diff.py", "import os.path", "imports os"),
        ("reconciler/stages/diff.py", "from time import monotonic", "imports time"),
        ("reconciler/stages/diff.py", "from urllib.request import urlopen", "imports urllib.request"),
        ("reconciler/stages/diff.py", "from urllib import request", "imports urllib.request"),
        ("reconciler/stages/diff.py", "def f():\n    import httpx", "imports httpx"),
        ("reconciler/stages/diff.py", "from pathlib import Path", "pathlib.Path"),
        ("reconciler/stages/diff.py", "import pathlib", "pathlib.Path"),
        ("reconciler/stages/diff.py", "open('f')", "calls open"),
        ("reconciler/stages/diff.py", "datetime.now(tz=UTC)", "calls now"),
        ("reconciler/stages/diff.py", "datetime.date.today()", "calls today"),
        ("reconciler/stages/diff.py", "factory = datetime.utcnow", "calls utcnow"),
        ("reconciler/edge/files.py", "print('x')", "calls print"),
        ("reconciler/edge/apply.py", "def apply(plan, dry_run): ...", "dry run"),
        ("reconciler/cli/apply.py", "option('--dry-run')", "dry run"),
        ("reconciler/engine/loop.py", "", "no floor"),
    ],
)
def test_a_broken_rule_is_found(module: str, source: str, fault: str) -> None:
    faults = list(find_faults(module, source))

    assert len(faults) == 1
    assert fault in faults[0]


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("reconciler/stages/diff.py", "from reconciler.model.change import Change"),
        ("reconciler/stages/diff.py", "from reconciler.stages import match"),
        ("reconciler/stages/diff.py", "from datetime import UTC, datetime, time"),
        ("reconciler/stages/diff.py", "from pathlib import PurePosixPath"),
        ("reconciler/stages/diff.py", "from urllib.parse import quote"),
        ("reconciler/stages/diff.py", "is_due(at=facts.now)"),
        ("reconciler/importers/live.py", "from reconciler.functions import text"),
        ("reconciler/edge/files.py", "import os, time\nopen('f')"),
        ("reconciler/cli/plan.py", "print('x')"),
        ("reconciler/cli/plan.py", "from reconciler import __version__, pipeline"),
    ],
)
def test_what_is_allowed_is_no_fault(module: str, source: str) -> None:
    assert list(find_faults(module, source)) == []


def find_faults(module: str, source: str) -> Iterator[str]:
    """What a module does that its part of the program may not, as ``path:line: fault``."""
    part = part_of(module)
    if part not in FLOORS and part != "__init__":
        yield f"{module}: part {part!r} has no floor"
        return
    tree = ast.parse(source)
    faults = [*find_forbidden_parts(part, tree), *find_prints(part, tree)]
    if part in PURE:
        faults += find_worldly_imports(tree)
        faults += find_worldly_calls(tree)
    faults += [(line, "dry run") for line, text in enumerate(source.splitlines(), 1) if DRY_RUN.search(text)]
    yield from (f"{module}:{line}: {fault}" for line, fault in faults)


def part_of(module: str) -> str:
    """The part of the program that a module belongs to: a folder, or a module beside them."""
    return Path(module).parts[1].removesuffix(".py")


def find_forbidden_parts(part: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    floor = FLOORS.get(part, -1)
    for imported, line in find_imported_parts(tree):
        is_above = FLOORS.get(imported, 99) > floor
        is_beyond_model = part == "reports" and imported not in {"model", "reports"}
        if is_above or is_beyond_model or (part, imported) in STRANGERS:
            yield line, f"{part} imports {imported}"
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno, "relative import"


def find_imported_parts(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for name, line in find_imports(tree):
        match name.split("."):
            case ["reconciler", part, *_] if not part.startswith("__") or part == "__main__":
                yield part, line


def find_imports(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every dotted name that is imported, with what is taken from it: ``pathlib.Path``."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((alias.name, node.lineno) for alias in names)
            case ast.ImportFrom(module=str(source), names=names, level=0):
                yield from ((f"{source}.{alias.name}", node.lineno) for alias in names)


def find_worldly_imports(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for name, line in find_imports(tree):
        steps = name.split(".")
        prefixes = {".".join(steps[:length]) for length in range(1, len(steps) + 1)}
        yield from ((line, f"a pure part imports {world}") for world in sorted(prefixes & WORLD))
        if steps[0] == "pathlib" and not steps[-1].startswith("Pure"):
            yield line, "a pure part imports pathlib.Path: PurePath reads no files"


def find_worldly_calls(tree: ast.Module) -> Iterator[tuple[int, str]]:
    # A clock may be handed on without being called, but a value that is named `now` is how time comes in.
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)) if name in WORLDLY_CALLS - {"print"}:
                yield node.lineno, f"a pure part calls {name}"
            case ast.Call(func=ast.Attribute(attr=name)) if name in WORLDLY_METHODS:
                yield node.lineno, f"a pure part calls {name}"
            case ast.Attribute(value=ast.Name(id="datetime" | "date"), attr="utcnow" | "today" as name):
                yield node.lineno, f"a pure part calls {name}"


def find_prints(part: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    if part == "cli":
        return
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="print")):
                yield node.lineno, "calls print outside cli"
