"""A call ends when its time is up, however busily the other side keeps the line alive."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from app.core import http
from app.core.http import SILENCES, CallError, OutgoingClient

SILENCE = 0.2
LIMIT = SILENCES * SILENCE
SLACK = 1.0
DRIP = 0.05
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
Talk = Callable[[socket.socket], None]


@contextmanager
def served(talk: Talk) -> Iterator[int]:
    """Let a server talk on a free port of 127.0.0.1; every thread has ended when this ends."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)
    closed, talks, lines = threading.Event(), [], []

    def one(line: socket.socket) -> None:
        with closing(line):
            line.settimeout(2)
            with suppress(OSError):  # the client has left, as it should
                talk(line)

    def accept() -> None:
        while not closed.is_set():
            try:
                line, _address = listener.accept()
            except TimeoutError:
                continue
            lines.append(line)
            talks.append(threading.Thread(target=one, args=(line,)))
            talks[-1].start()

    listening = threading.Thread(target=accept)
    listening.start()
    try:
        yield listener.getsockname()[1]
    finally:
        closed.set()
        listening.join()
        for line in lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)
        for each in talks:
            each.join()
        listener.close()


def dripping(begin: bytes, drop: bytes) -> Talk:
    """Say the beginning, then a little more again and again, always before the silence is over."""

    def talk(line: socket.socket) -> None:
        line.recv(65536)
        line.sendall(begin)
        for _ in range(round(4 * LIMIT / DRIP)):
            line.sendall(drop)
            time.sleep(DRIP)

    return talk


def answering(line: socket.socket) -> None:
    """Answer every request of a connection."""
    while line.recv(65536):
        line.sendall(OK + b"Content-Length: 2\r\n\r\n{}")


@pytest.fixture
def client() -> OutgoingClient:
    return OutgoingClient(user_agent="Assay/test", allow_loopback=True)


def seconds_until_given_up(client: OutgoingClient, url: str, words: str) -> float:
    started = time.monotonic()
    with pytest.raises(CallError, match=words):
        client.call("GET", url, read_seconds=SILENCE)
    return time.monotonic() - started


DRIPS = {
    "status line": (b"HTTP/1.1 200 ", b"O"),
    "header line": (OK + b"X-A: ", b"a"),
    "headers": (OK, b"X-A: a\r\n"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": (OK + b"Content-Length: 60000\r\n\r\n", b" "),
    "body without a length": (OK + b"\r\n", b" "),
    "chunks": (CHUNKED, b"1\r\n \r\n"),
    "chunk size": (CHUNKED + b"1;", b"a"),
    "trailers": (CHUNKED + b"0\r\n", b"X-A: a\r\n"),
    "packed body": (OK + b"Content-Encoding: gzip\r\n\r\n\x1f\x8b\x08\x08\0\0\0\0\0\xff", b"a"),
}


@pytest.mark.parametrize("what", DRIPS)
def test_an_answer_that_drips_is_left_when_the_call_has_had_its_time(client, what):
    with served(dripping(*DRIPS[what])) as port:
        took = seconds_until_given_up(client, f"http://127.0.0.1:{port}/", "took too long")

    assert LIMIT - 0.1 <= took <= LIMIT + SLACK


def test_a_silence_ends_a_call_before_its_time_is_up(client):
    with served(lambda line: (line.recv(65536), line.recv(1))) as port:
        took = seconds_until_given_up(client, f"http://127.0.0.1:{port}/", "No answer")

    assert SILENCE <= took < LIMIT


def test_the_time_of_the_look_up_counts(client, monkeypatch):
    look_up = socket.getaddrinfo

    def slow(*args, **options):
        if args[0] == "localhost":
            time.sleep(LIMIT)
        return look_up("127.0.0.1", *args[1:], **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with served(answering) as port:
        took = seconds_until_given_up(client, f"http://localhost:{port}/", "took too long")

    assert took <= LIMIT + SLACK


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A certificate of 127.0.0.1 with its key, which the client trusts."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(private + made.public_bytes(Encoding.PEM))
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(path))
    return path


def behind_tls(certificate: Path, talk: Talk) -> Talk:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    def talk_tls(line: socket.socket) -> None:
        with context.wrap_socket(line, server_side=True) as wrapped:
            talk(wrapped)

    return talk_tls


@pytest.mark.parametrize("what", ["header line", "body", "chunk size"])
def test_tls_changes_nothing_about_it(client, certificate, what):
    with served(behind_tls(certificate, dripping(*DRIPS[what]))) as port:
        took = seconds_until_given_up(client, f"https://127.0.0.1:{port}/", "took too long")

    assert LIMIT - 0.1 <= took <= LIMIT + SLACK


def test_a_handshake_that_drips_is_left(client):
    # A record that is announced with 16 kB and comes byte by byte.
    with served(dripping(b"\x16\x03\x03\x40\x00\x02", b"\x00")) as port:
        took = seconds_until_given_up(client, f"https://127.0.0.1:{port}/", "took too long")

    assert took <= LIMIT + SLACK


@pytest.mark.parametrize("is_tls", [False, True], ids=["http", "https"])
def test_a_connection_is_used_again(client, certificate, is_tls):
    lines = []

    def talk(line: socket.socket) -> None:
        lines.append(line)
        answering(line)

    scheme = "https" if is_tls else "http"
    with (
        served(behind_tls(certificate, talk) if is_tls else talk) as port,
        closing(client._session),
    ):
        bodies = [client.call("GET", f"{scheme}://127.0.0.1:{port}/").body for _ in range(20)]

    assert bodies == [b"{}"] * 20
    assert len(lines) == 1


def test_a_connection_serves_calls_of_other_patience(client):
    def talk(line: socket.socket) -> None:
        while line.recv(65536):
            time.sleep(2 * SILENCE)
            line.sendall(OK + b"Content-Length: 2\r\n\r\n{}")

    with served(talk) as port, closing(client._session):
        url = f"http://127.0.0.1:{port}/"
        patient = client.call("GET", url, read_seconds=4 * SILENCE)
        seconds_until_given_up(client, url, "No answer")

        assert client.call("GET", url, read_seconds=4 * SILENCE).body == patient.body == b"{}"


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts what Linux lists")
def test_calls_that_are_left_leave_nothing_open(client, monkeypatch):
    monkeypatch.setattr(http, "SILENCES", 1)
    with ExitStack() as stack:
        ports = [stack.enter_context(served(dripping(*drip))) for drip in DRIPS.values()]
        threads, files = threading.active_count(), open_files()
        for port in ports:
            seconds_until_given_up(client, f"http://127.0.0.1:{port}/", ".")
        stack.pop_all().close()

    assert open_files() <= files - len(ports), "the servers' own are closed"
    assert threading.active_count() <= threads - len(ports)


@pytest.mark.parametrize(
    "address",
    ["[::7f00:1]", "[::127.0.0.1]", "[fec0::1]", "[100::1]", "[4000::1]", "240.0.0.1", "[::]"],
)
@pytest.mark.parametrize("allow_loopback", [False, True])
def test_an_address_that_is_not_of_the_open_network_is_not_called(address, allow_loopback):
    client = OutgoingClient(user_agent="Assay/test", allow_loopback=allow_loopback)

    with pytest.raises(CallError, match="not public"):
        client.call("GET", f"https://{address}:1/")


def test_loopback_is_called_only_where_it_is_allowed(client):
    strict = OutgoingClient(user_agent="Assay/test", allow_loopback=False)

    with served(answering) as port, closing(client._session):
        assert client.call("GET", f"http://127.0.0.1:{port}/").status == 200
        for host in ("127.0.0.1", "[::1]", "[::ffff:127.0.0.1]"):
            with pytest.raises(CallError, match="not public"):
                strict.call("GET", f"https://{host}:{port}/")


@pytest.mark.parametrize(
    "url", ["http://[>", "https://[::1", "https://a..b/", "https://a:99999/", "https://" + "a" * 70]
)
def test_an_address_that_is_none_is_an_error_of_the_call(client, url):
    with pytest.raises(CallError):
        client.call("GET", url)


@pytest.mark.parametrize("value", ["Bearer 界", "Bearer \ud800", "Bearer a\r\nHost: b"])
def test_a_header_that_cannot_be_written_is_an_error_of_the_call(client, value):
    with served(answering) as port, pytest.raises(CallError):
        client.call("GET", f"http://127.0.0.1:{port}/", headers={"Authorization": value})
