"""Installs what tests run beside us, once: Node packages, an environment for each Django project, and a browser.

Run as a program it installs everything; the fixtures install what they are about to start.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "servers"


def install_scimmy() -> Path:
    """Give the Node program, its packages beside the server's own file."""
    folder = HERE / "scimmy"
    stamp = folder / "node_modules" / ".installed"
    node, npm = _require("node", "nodejs"), _require("npm", "npm")
    if _is_stale(stamp, folder / "package-lock.json"):
        _run([npm, "ci", "--no-audit", "--no-fund"], folder)
        _mark(stamp, folder / "package-lock.json")
    return node


def install_django(name: str) -> Path:
    """Give the Python program of a Django project's own environment."""
    lock = HERE / name / "requirements.lock"
    environment = CACHE / name
    python, stamp = environment / "bin" / "python", environment / ".installed"
    if _is_stale(stamp, lock):
        _run([sys.executable, "-m", "venv", "--clear", environment], HERE)
        _run([python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock], HERE)
        _mark(stamp, lock)
    return python


def install_chromium() -> Path:
    """Give the program of a Chromium: whichever is there, or else Debian's headless one."""
    installed = (shutil.which(program) for program in ("chromium", "chromium-browser", "google-chrome"))
    found = next((Path(program) for program in installed if program), None)
    return found or _require("chromium-headless-shell", "--no-install-recommends", "chromium-headless-shell")


def install_curl() -> Path:
    """Give the program curl, which the documents' steps are typed with."""
    return _require("curl", "curl")


def _is_stale(stamp: Path, lock: Path) -> bool:
    return not stamp.exists() or stamp.read_text() != _fingerprint(lock)


def _mark(stamp: Path, lock: Path) -> None:
    stamp.write_text(_fingerprint(lock))


def _fingerprint(lock: Path) -> str:
    return hashlib.sha256(lock.read_bytes()).hexdigest() + sys.version


def _require(program: str, *packages: str) -> Path:
    found = shutil.which(program)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        _run(["apt-get", "update", "-qq"], HERE)
        _run(["apt-get", "install", "-y", "-qq", *packages], HERE)
        found = shutil.which(program)
    if found is None:
        raise FileNotFoundError(f"the tests need {program}: install {packages[-1]}")
    return Path(found)


def _run(command: list[str | Path], folder: Path) -> None:
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode:
        raise RuntimeError(f"{' '.join(map(str, command))}\n{result.stdout}\n{result.stderr}")


if __name__ == "__main__":
    install_scimmy()
    install_django("django_scim2")
    install_django("django_scim2_server")
    install_chromium()
    install_curl()
