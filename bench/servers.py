"""Processes of the benchmark: started on one core, their CPU time read, ended by their id."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path

START_SECONDS = 30
TICKS = os.sysconf("SC_CLK_TCK")
# One process and two threads each, whatever the app: what is compared is the app.
GUNICORN = (
    *(sys.executable, "-m", "gunicorn", "--worker-class", "gthread", "--workers", "1"),
    *("--threads", "2", "--keep-alive", "5", "--no-control-socket", "--log-level", "warning"),
)


class StartError(Exception):
    """A process of the benchmark did not come up."""


class Server:
    """One process with its children, all on one core."""

    def __init__(
        self, command: Sequence[str], *, core: int, log: Path, folder: Path, env: Mapping[str, str]
    ) -> None:
        """Start it; what it says goes to a file."""
        self._log = log
        with log.open("wb") as said:
            self._process = subprocess.Popen(
                ["taskset", "--cpu-list", str(core), *command],
                cwd=folder,
                env={**os.environ, **env},
                stdout=said,
                stderr=subprocess.STDOUT,
            )

    def wait(self, port: int) -> None:
        """Return once it listens.

        Raises: `StartError` with its last words if it ends or stays silent.
        """
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2)
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise StartError(self._log.read_text()[-3000:] or "no answer")

    def cpu_seconds(self) -> float:
        """Return the processor time that it and its children have used so far."""
        return cpu_seconds(self._process.pid)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()


def cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and its children, ended ones included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    own = sum(int(ticks) for ticks in fields[11:15]) / TICKS
    return own + sum(cpu_seconds(int(child)) for child in children)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def choose_cores() -> tuple[int, int]:
    """Return a core for the measured servers and another for everything else."""
    cores = sorted(os.sched_getaffinity(0))
    return cores[0], cores[-1]
