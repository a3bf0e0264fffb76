"""Start Assay: `python deploy/run.py demo` to try it, `python deploy/run.py serve` for real.

Web, worker (and, in the demo, the practice LMS) are child processes; Ctrl-C or
SIGTERM stops all of them, and if one dies the others are stopped too.
"""

import argparse
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import types
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = sys.executable
DEMO = ROOT / "var" / "demo"
DEMO_PORTS = (8000, 8001)
START_SECONDS = 30
STOP_SECONDS = 10
PRACTICE_PROFILES = ("standard", "moodle", "canvas", "brightspace")


class StartError(Exception):
    """Something that the person at the keyboard can put right."""


def main() -> int:
    """Run one of the two modes; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("mode", choices=["demo", "serve", "demo-reset"])
    parser.add_argument("--port", type=int, default=DEMO_PORTS[0], help="the demo's tool")
    parser.add_argument("--lms-port", type=int, default=DEMO_PORTS[1], help="its practice LMS")
    parser.add_argument(
        "--lms-profile", default="", help="standard, moodle, canvas or brightspace; kept"
    )
    parser.add_argument("--folder", type=Path, help="where the demo keeps its data")
    arguments = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGINT):  # SIGINT too: a shell may have had it ignored
        signal.signal(number, _interrupt)
    os.umask(0o077)  # people's work, and the database, are nobody else's to read
    try:
        if arguments.mode == "serve":
            return serve()
        ports = (arguments.port, arguments.lms_port)
        folder = (arguments.folder or demo_folder(*ports)).resolve()
        _require_free(*ports)
        if arguments.mode == "demo-reset":
            shutil.rmtree(folder, ignore_errors=True)
        return demo(folder, *ports, lms_profile=arguments.lms_profile)
    except StartError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stdout.write("\nStopped. Your data is kept for the next start.\n")
        return 0


def demo_folder(port: int, lms_port: int) -> Path:
    """Return where a demo on these ports keeps its data: an LMS is known by its address."""
    return DEMO / ("data" if (port, lms_port) == DEMO_PORTS else f"{port}-{lms_port}")


def demo(folder: Path, port: int, lms_port: int, *, lms_profile: str = "") -> int:
    """Prepare the example if it is not there, then run tool, practice LMS and worker.

    `lms_profile`: which LMS the practice LMS behaves as; "" leaves it as it was.
    """
    if lms_profile and lms_profile not in PRACTICE_PROFILES:
        raise StartError(f"LMS_PROFILE is one of: {', '.join(PRACTICE_PROFILES)}.")
    folder.mkdir(parents=True, exist_ok=True)
    tool, lms = f"http://localhost:{port}", f"http://127.0.0.1:{lms_port}"
    os.environ.update(
        ASSAY_BASE_URL=tool,
        ASSAY_SECRET_KEY=_demo_secret(folder / "secret"),
        ASSAY_DATABASE_URL=f"sqlite:///{folder / 'assay.sqlite'}",
        ASSAY_STORAGE_DIR=str(folder / "artifacts"),
        ASSAY_LOG_FORMAT="console",
        ASSAY_BIND=f"127.0.0.1:{port}",
        ASSAY_WEB_WORKERS="1",
    )
    from deploy.example import demo_commands  # noqa: PLC0415 (after the path is set)

    loaded = folder / "loaded"
    # A second start goes straight to the servers, unless a newer program brought migrations.
    state = f"{lms} {(ROOT / 'migrations' / '.current-head').read_text().strip()}\n"
    if not loaded.exists():
        run_commands([("db", "upgrade"), *demo_commands(lms)])
    elif loaded.read_text() != state:
        run_commands([("db", "upgrade")])
    loaded.write_text(state)
    practice = [
        *(PYTHON, "-m", "app.sandbox", "--port", str(lms_port)),
        *("--tool-url", tool, "--database", str(folder / "practice-lms.sqlite"), "--quiet"),
        *(("--profile", lms_profile) if lms_profile else ()),
    ]
    message = (
        f"\n  Assay is running. Open the practice LMS and click through a course:\n\n"
        f"      {lms}/\n\n  (the tool itself: {tool} · Ctrl-C stops everything)\n"
    )
    ready = [f"{tool}/healthz", f"{lms}/"]
    return run_together(
        {"web": _web(), "worker": _worker(), "practice LMS": practice}, ready, message
    )


def serve() -> int:
    """Migrate, then run web and worker with the settings of the environment."""
    from app.settings import SettingsError, load_settings  # noqa: PLC0415 (after the path is set)

    try:
        settings = load_settings()
    except SettingsError as error:
        raise StartError(error.message) from error
    run_commands([("db", "upgrade")])
    message = f"Assay serves {settings.base_url} on {settings.bind}"
    return run_together({"web": _web(), "worker": _worker()}, [], message)


def run_commands(commands: Sequence[Sequence[str]]) -> None:
    """Run `flask --app app …` commands, one after the other, in one process.

    Raises: `StartError` with the command's own words if one fails.
    """
    from app import create_app  # noqa: PLC0415

    app = create_app()
    runner = app.test_cli_runner()
    for command in commands:
        result = runner.invoke(args=list(command))
        if result.exit_code != 0:
            said = result.output.strip() or repr(result.exception)
            raise StartError(f"flask {' '.join(command)}\n{said}")


def run_together(commands: Mapping[str, Sequence[str]], ready: Sequence[str], message: str) -> int:
    """Run child processes until one ends or somebody stops us; return the exit code."""
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands.items():
            # A session of their own: Ctrl-C reaches us alone, and we stop them in order.
            children[name] = subprocess.Popen(  # noqa: S603 (our own commands)
                command, cwd=ROOT, start_new_session=True
            )
        _wait_until_ready(ready, children)
        sys.stdout.write(f"{message}\n")
        sys.stdout.flush()
        while True:
            for name, child in children.items():
                if child.poll() is not None:
                    raise StartError(f"The {name} process ended (exit code {child.returncode}).")
            time.sleep(0.5)
    finally:
        _stop(children.values())


def _web() -> list[str]:
    config = str(ROOT / "deploy" / "gunicorn.conf.py")
    return [PYTHON, "-m", "gunicorn", "-c", config, "app:create_app()"]


def _worker() -> list[str]:
    return [PYTHON, "-m", "flask", "--app", "app", "outbox", "run"]


def _wait_until_ready(
    addresses: Sequence[str], children: Mapping[str, subprocess.Popen[bytes]]
) -> None:
    deadline = time.monotonic() + START_SECONDS
    for address in addresses:
        while not _answers(address):
            if time.monotonic() > deadline:
                raise StartError(f"{address} did not answer within {START_SECONDS} s.")
            if any(child.poll() is not None for child in children.values()):
                raise StartError("A process ended while it was starting; see its words above.")
            time.sleep(0.1)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as response:  # noqa: S310 (our own address)
            return bool(response.status == 200)  # noqa: PLR2004 (HTTP OK)
    except (urllib.error.URLError, OSError):
        return False


def _stop(children: Iterable[subprocess.Popen[bytes]]) -> None:
    running = [child for child in children if child.poll() is None]
    for child in running:
        child.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in running:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()


def _require_free(*ports: int) -> None:
    if len(set(ports)) < len(ports):
        raise StartError("Tool and practice LMS need two different ports.")
    for port in ports:
        _require_one_free(port)


def _require_one_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise StartError(
                f"Port {port} is in use. Stop what uses it, or choose others: "
                f"make demo PORT={_free_port(8100)} LMS_PORT={_free_port(8200)}"
            ) from error


def _free_port(first: int) -> int:
    """Return the first port from here on that nobody uses now."""
    for port in range(first, first + 100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    return first


def _demo_secret(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


def _interrupt(_signal: int, _frame: types.FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    raise SystemExit(main())
