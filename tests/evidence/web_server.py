"""The web server as `make serve` runs it, for what only a real connection can show."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

from app.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30
TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running_web(settings: Settings, *, workers: int) -> Iterator[tuple[int, int]]:
    """Run gunicorn on this test's database and storage; yields its port and process id."""
    port = free_port()
    environment = {
        **os.environ,
        "ASSAY_BASE_URL": f"http://localhost:{port}",
        "ASSAY_SECRET_KEY": settings.secret_key.get_secret_value(),
        "ASSAY_DATABASE_URL": settings.database_url,
        "ASSAY_STORAGE_DIR": str(settings.storage_dir),
        "ASSAY_BIND": f"127.0.0.1:{port}",
        "ASSAY_WEB_WORKERS": str(workers),
        "ASSAY_LOG_FORMAT": "console",
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"]
    process = subprocess.Popen(
        [*command, "--graceful-timeout", "1", "app:create_app()"], cwd=ROOT, env=environment
    )
    try:
        _wait(port, process)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(20)


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        connection = HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.05)
        else:
            return
        finally:
            connection.close()
    raise AssertionError("the web server did not start")


class Line:
    """One person's requests over real connections: with their cookie and their form's token."""

    def __init__(self, port: int, client: Any, work_url: str) -> None:
        self.port = port
        cookie = client.get_cookie("__Host-assay", domain="tool.test")
        self._headers = {"Cookie": f"__Host-assay={cookie.value}", "Host": f"localhost:{port}"}
        page = self.ask("GET", work_url)
        assert page.status == 200
        self._headers["Cookie"] = (page.getheader("Set-Cookie") or "").split(";")[0]
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)  # type: ignore[attr-defined]
        assert found
        self.token = found[1]

    def ask(self, method: str, url: str, body: Any = None, **headers: str) -> HTTPResponse:
        """Send one request; the answer has its `text`."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, url, body, {**self._headers, **headers})
            answer = connection.getresponse()
            answer.text = answer.read().decode()  # type: ignore[attr-defined]
        finally:
            connection.close()
        return answer

    def piece(self, url: str, content: bytes, offset: int) -> HTTPResponse:
        """Send one whole piece."""
        headers = {**PIECE, "Upload-Offset": str(offset), "X-CSRFToken": self.token}
        return self.ask("PATCH", url, content, **headers)

    def begin_piece(self, url: str, content: bytes, offset: int, size: int) -> socket.socket:
        """Send the head of a piece of `size` bytes and its first bytes; leave the line open."""
        line = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        headers = {
            **self._headers,
            **PIECE,
            "Upload-Offset": str(offset),
            "X-CSRFToken": self.token,
            "Content-Length": str(size),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        line.sendall(f"PATCH {url} HTTP/1.1\r\n{head}\r\n".encode() + content)
        return line
