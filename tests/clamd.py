"""Scanners for the tests: a small server process that speaks INSTREAM, and the real daemon.

Run by itself (`python tests/clamd.py`) it is the small one: it prints its port,
knows the EICAR string, takes 100 kB, and stumbles over a file that says so.
"""

import contextlib
import hashlib
import shutil
import socket
import socketserver
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# In two pieces, or scanners take this very file for it. Source: eicar.org, anti-malware test file.
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
STUMBLES = b"the scanner stumbles over this"
FOUND = "Eicar-Test-Signature"
LIMIT_BYTES = 100_000


class Daemon(socketserver.StreamRequestHandler):
    """One command per connection, as the client sends it."""

    def handle(self) -> None:
        command = self._read_command()
        if command == b"zVERSION":
            self.wfile.write(b"ClamAV 1.4.6/1/Tue Nov 24 12:00:00 2026\0")
        elif command == b"zINSTREAM":
            self.wfile.write(self._scan() + b"\0")

    def _read_command(self) -> bytes:
        command = b""
        while not command.endswith(b"\0") and (byte := self.rfile.read(1)):
            command += byte
        return command.rstrip(b"\0")

    def _scan(self) -> bytes:
        content = b""
        while size := struct.unpack(">I", self.rfile.read(4))[0]:
            if len(content) + size > LIMIT_BYTES:
                return b"INSTREAM size limit exceeded. ERROR"
            content += self.rfile.read(size)
        if STUMBLES in content:
            return b"Can't allocate memory ERROR"
        return f"stream: {FOUND} FOUND".encode() if EICAR in content else b"stream: OK"


@contextmanager
def run_small_daemon() -> Iterator[str]:
    """Run the small server in a process of its own; yield its address."""
    process = subprocess.Popen([sys.executable, __file__], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield f"127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()


def find_clamd() -> str | None:
    """Return the real daemon's program, if this machine has it."""
    return shutil.which("clamd", path=None) or shutil.which(
        "clamd", path="/usr/sbin:/usr/local/sbin"
    )


@contextmanager
def run_clamd(program: str, folder: Path) -> Iterator[str]:
    """Run the real daemon with one signature, EICAR's; yield the path of its socket."""
    database = folder / "signatures"
    database.mkdir()
    digest = hashlib.md5(EICAR).hexdigest()
    (database / "own.hdb").write_text(f"{digest}:{len(EICAR)}:{FOUND}\n")
    address = folder / "clamd.sock"
    (folder / "clamd.conf").write_text(
        f"Foreground yes\nLocalSocket {address}\nDatabaseDirectory {database}\n"
        f"TemporaryDirectory {folder}\nStreamMaxLength 1M\n"
    )
    with (folder / "clamd.log").open("wb") as log:
        process = subprocess.Popen(
            [program, f"--config-file={folder / 'clamd.conf'}"], stdout=log, stderr=log
        )
    try:
        _wait_for(address, process)
        yield str(address)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_for(address: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, "clamd has ended"
        with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
            probe.connect(str(address))
            return
        time.sleep(0.1)
    raise TimeoutError("clamd does not answer")


if __name__ == "__main__":
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Daemon) as server:
        server.daemon_threads = True
        print(server.server_address[1], flush=True)
        server.serve_forever()
