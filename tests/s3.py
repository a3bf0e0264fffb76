"""A real S3 server process (moto) on a free port of loopback, and ways to make it misbehave."""

import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

KEY_ID, SECRET, REGION = "tests-key", "tests-secret", "eu-central-1"


@dataclass(frozen=True)
class S3Server:
    """A running server; it believes every key."""

    origin: str

    def make_bucket(self) -> str:
        name = f"assay-{uuid.uuid4().hex[:12]}"
        place = f"<LocationConstraint>{REGION}</LocationConstraint>"
        body = f"<CreateBucketConfiguration>{place}</CreateBucketConfiguration>"
        answer = requests.put(f"{self.origin}/{name}", data=body, timeout=10)
        answer.raise_for_status()
        return name

    def delete_bucket(self, bucket: str) -> None:
        requests.delete(f"{self.origin}/{bucket}", timeout=10).raise_for_status()

    def list_unfinished(self, bucket: str) -> int:
        """Return how many uploads were begun and neither finished nor taken back."""
        answer = requests.get(f"{self.origin}/{bucket}?uploads", timeout=10)
        return answer.text.count("<UploadId>")

    def list_names(self, bucket: str) -> list[str]:
        answer = requests.get(f"{self.origin}/{bucket}?list-type=2", timeout=10)
        return [part.partition("</Key>")[0] for part in answer.text.split("<Key>")[1:]]


@contextmanager
def run_s3() -> Iterator[S3Server]:
    """Run a server until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, process)
        yield S3Server(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        assert process.poll() is None, "the S3 server has ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError("the S3 server does not answer")


@contextmanager
def run_refusing(status: int, code: str) -> Iterator[str]:
    """Run a server that answers everything with one refusal, as S3 words it; yield its origin."""

    class Refuse(BaseHTTPRequestHandler):
        def refuse(self) -> None:
            # Read what was sent, or the client sees a broken line instead of the answer.
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = f"<Error><Code>{code}</Code></Error>".encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = refuse  # noqa: N815

        def log_message(self, *args: object) -> None:
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Refuse)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def run_silent() -> Iterator[str]:
    """Take connections and never answer; yield the origin."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(16)
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
