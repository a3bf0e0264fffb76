"""`make bench-upload`: what a file of 1 GB costs the web processes: memory, seconds, CPU.

    .venv/bin/python bench/upload.py           # 100 MB and 1 GB
    .venv/bin/python bench/upload.py --quick   # 10 MB and 100 MB

The web server is started as `make serve` starts it. A script's upload is sent over
loopback, cut off in the middle of its middle piece, and goes on where the server says.
UPLOADS.md beside this file says what the figures mean. Prints Markdown; ends with an
error if a digest is not right.
"""

import argparse
import base64
import hashlib
import os
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

from servers import START_SECONDS, cpu_seconds, free_port

ROOT = Path(__file__).resolve().parent.parent
MB = 1024 * 1024
PIECE_BYTES = 8 * MB
SEND_BYTES = 256 * 1024
LIMIT_MB = 64
SAMPLE_SECONDS = 0.05
# A text that is no zip, no PDF, nothing else; made once and sent again and again.
BLOCK = (b"A line of a long protocol of observations in the laboratory.\n" * 140_000)[:PIECE_BYTES]


@dataclass(frozen=True)
class Place:
    """Where the upload goes, and who sends it."""

    uploads: str
    cookie: str
    token: str


@dataclass(frozen=True)
class Figures:
    """What one upload took. Units: seconds; megabytes of memory (PSS) of all web processes."""

    name: str
    megabytes: int
    wall: float
    finish: float
    cpu: float
    before: float
    added: float


class Memory:
    """The most memory that a process and its children had together while this was watching."""

    def __init__(self, pid: int) -> None:
        """Begin to watch."""
        self._pid, self._stop = pid, threading.Event()
        self.before = self.peak = pss_mb(pid)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> float:
        """Return how much was added at the most."""
        self._stop.set()
        self._thread.join()
        return self.peak - self.before

    def _watch(self) -> None:
        while not self._stop.wait(SAMPLE_SECONDS):
            self.peak = max(self.peak, pss_mb(self._pid))


def pss_mb(pid: int) -> float:
    """Return the memory of a process and its children, shared pages divided. Units: MB."""
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:  # it ended
        return 0
    found = re.search(r"^Pss:\s+(\d+) kB", rollup, re.MULTILINE)
    own = int(found[1]) / 1024 if found else 0
    return own + sum(pss_mb(int(child)) for child in children)


class Script:
    """What `tus.js` does, without a browser."""

    def __init__(self, port: int, place: Place) -> None:
        """Name the server and the person."""
        self._port, self._place = port, place

    def ask(self, method: str, url: str, **headers: str) -> HTTPResponse:
        """Send a request without a body."""
        connection = self._open(method, url, 0, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer

    def announce(self, name: str, size: int) -> str:
        """Return the address of a new upload."""
        encoded = base64.b64encode(name.encode()).decode()
        headers = {"Upload-Length": str(size), "Upload-Metadata": f"filename {encoded}"}
        answer = self.ask("POST", self._place.uploads, **headers)
        if answer.status != 201:
            raise SystemExit(f"not announced: {answer.status}")
        return str(answer.getheader("Location"))

    def offset(self, url: str) -> int:
        """Return how much has arrived."""
        return int(self.ask("HEAD", url).getheader("Upload-Offset") or -1)

    def piece(self, url: str, offset: int, size: int, *, sent: int | None = None) -> int:
        """Send a piece, or only the first `sent` bytes of it; return the offset after it."""
        headers = {
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        }
        connection = self._open("PATCH", url, size, headers)
        left, at = size if sent is None else sent, offset
        while left:
            start = at % PIECE_BYTES
            chunk = BLOCK[start : start + min(SEND_BYTES, left)]
            connection.send(chunk)
            at, left = at + len(chunk), left - len(chunk)
        if sent is not None:
            connection.close()
            return -1
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return int(answer.getheader("Upload-Offset") or -1)

    def _open(self, method: str, url: str, size: int, headers: dict[str, str]) -> HTTPConnection:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=600)
        connection.putrequest(method, url, skip_host=True)
        own = {
            "Host": f"localhost:{self._port}",
            "Cookie": self._place.cookie,
            "X-CSRFToken": self._place.token,
            "Tus-Resumable": "1.0.0",
            "Content-Length": str(size),
        }
        for name, value in {**own, **headers}.items():
            connection.putheader(name, value)
        connection.endheaders()
        return connection


def send(script: Script, pid: int, name: str, megabytes: int, piece_bytes: int) -> Figures:
    """Send one file, cut off once half way; return what it took."""
    size = megabytes * MB
    cut_at = size // 2 // PIECE_BYTES * PIECE_BYTES
    memory, began_cpu, began = Memory(pid), cpu_seconds(pid), time.monotonic()
    url, offset, is_cut, last = script.announce(f"{name}.txt", size), 0, False, 0.0
    while offset < size:
        length = min(piece_bytes, size - offset)
        started = time.monotonic()
        if not is_cut and offset + length > cut_at:
            sent = min(cut_at - offset + PIECE_BYTES // 2, length - 1)
            script.piece(url, offset, length, sent=sent)
            expected, is_cut = offset + sent, True
            while (offset := script.offset(url)) != expected:
                time.sleep(0.05)
            time.sleep(0.2)  # until the claim is given back
        else:
            offset = script.piece(url, offset, length)
        last = time.monotonic() - started
    wall = time.monotonic() - began
    return Figures(
        name, megabytes, wall, last, cpu_seconds(pid) - began_cpu, memory.before, memory.end()
    )


def prepare(environment: dict[str, str], port: int) -> Place:
    """Make a database with a learner at an assignment that takes texts."""
    os.environ.update(environment)
    sys.path[:0] = [str(ROOT)]
    from sqlalchemy.orm import Session  # noqa: PLC0415 (after the environment is set)

    from app import create_app  # noqa: PLC0415
    from app.core.db import db  # noqa: PLC0415
    from tests import factories  # noqa: PLC0415

    app = create_app()
    result = app.test_cli_runner().invoke(args=["db", "upgrade"])
    if result.exit_code:
        raise SystemExit(result.output)
    with app.app_context(), Session(db.engine) as session:
        world = factories.make_world(session, app.extensions["assay.vault"])
        assignment = factories.make_assignment(
            session, world.course, world.level_1, link=world.link
        )
        assignment.max_files = 20
        session.commit()
        work = f"/courses/{world.course.id}/assignments/{assignment.id}"
        sid = factories.make_session(session, world.learner)
    client = app.test_client()
    base = f"http://localhost:{port}"
    with client.session_transaction(base_url=base) as cookie:
        cookie["sid"] = sid
    page = client.get(f"{work}/work", base_url=base.replace("http:", "https:"))
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    value = client.get_cookie("__Host-assay", domain="localhost")
    if token is None or value is None:
        raise SystemExit(f"no page: {page.status_code}")
    return Place(f"{work}/uploads", f"__Host-assay={value.value}", token[1])


@contextmanager
def serving(folder: Path, port: int) -> Iterator[int]:
    """Run the web server as `make serve` does; yields its process id."""
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
    with (folder / "web.log").open("wb") as said:
        process = subprocess.Popen(
            [*command, "app:create_app()"], cwd=ROOT, stdout=said, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                HTTPConnection("127.0.0.1", port, timeout=2).request("GET", "/healthz")
                break
            except OSError:
                time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def check(folder: Path, sizes: list[int]) -> None:
    """Compare what is kept with what was sent.

    Raises: `SystemExit` if a file is not what was sent.
    """
    kept = sorted(path for path in (folder / "artifacts").rglob("*") if path.is_file())
    wanted = {}
    for megabytes in sizes:
        digest, left = hashlib.sha256(), megabytes * MB
        while left:
            digest.update(BLOCK[: min(left, PIECE_BYTES)])
            left -= min(left, PIECE_BYTES)
        wanted[megabytes * MB] = digest.hexdigest()
    for path in kept:
        with path.open("rb") as source:
            found = hashlib.file_digest(source, "sha256").hexdigest()
        if found != wanted.get(path.stat().st_size):
            raise SystemExit(f"{path.name} is not what was sent")
    if len(kept) < len(sizes):
        raise SystemExit("a file is missing")


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="10 MB and 100 MB")
    small, large = (10, 100) if parser.parse_args().quick else (100, 1024)
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as name:
        folder, port = Path(name), free_port()
        environment = {
            "ASSAY_BASE_URL": f"http://localhost:{port}",
            "ASSAY_SECRET_KEY": secrets.token_urlsafe(48),
            "ASSAY_DATABASE_URL": f"sqlite:///{folder / 'assay.sqlite'}",
            "ASSAY_STORAGE_DIR": str(folder / "artifacts"),
            "ASSAY_BIND": f"127.0.0.1:{port}",
            "ASSAY_LOG_FORMAT": "console",
        }
        place = prepare(environment, port)
        with serving(folder, port) as pid:
            script = Script(port, place)
            for warm in ("first", "second"):
                send(script, pid, warm, 9, PIECE_BYTES)
            rows = [
                send(script, pid, f"{small} MB in pieces", small, PIECE_BYTES),
                send(script, pid, f"{large} MB in pieces", large, PIECE_BYTES),
            ]
        check(folder, [9, small, large])
    print("| file | s | MB/s | CPU s per GB | last piece s | MB before | MB added |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for row in rows:
        per_gb = row.cpu * 1024 / row.megabytes
        print(
            f"| {row.name} | {row.wall:.1f} | {row.megabytes / row.wall:.0f} | {per_gb:.1f} "
            f"| {row.finish:.1f} | {row.before:.0f} | {row.added:.1f} |"
        )
    if max(row.added for row in rows) > LIMIT_MB:
        raise SystemExit(f"more than {LIMIT_MB} MB were added")


if __name__ == "__main__":
    main()
