"""What ClamAV's daemon is asked and answers: a small one of the tests, and the real one."""

import io
import socket
import threading

import pytest

from app.evidence.clamav import ClamAv
from app.evidence.models import ScanState
from app.evidence.scanning import (
    Finding,
    OddAnswerError,
    ScannerUnavailableError,
    check_file,
)
from tests.clamd import EICAR, FOUND, STUMBLES, find_clamd, run_clamd


@pytest.fixture(scope="module")
def real_daemon(tmp_path_factory):
    program = find_clamd()
    if program is None:
        pytest.skip("this machine has no clamd (Debian: clamav-daemon)")
    with run_clamd(program, tmp_path_factory.mktemp("clamd")) as address:
        yield address


@pytest.fixture(params=["small_daemon", "real_daemon"])
def scanner(request):
    return ClamAv(request.getfixturevalue(request.param))


@pytest.mark.parametrize("content", [b"", b"harmless", b"\0" * 90_000])
def test_a_harmless_file_is_clean(scanner, content):
    assert check_file(scanner, io.BytesIO(content)) == Finding(ScanState.CLEAN)


def test_eicars_file_is_found(scanner):
    finding = check_file(scanner, io.BytesIO(EICAR))

    assert finding.state is ScanState.INFECTED
    assert finding.name.removesuffix(".UNOFFICIAL") == FOUND


def test_a_file_that_is_more_than_it_takes_is_not_scanned(scanner):
    assert check_file(scanner, io.BytesIO(b"x" * 5_000_000)) == Finding(ScanState.NOT_SCANNED)


def test_it_says_its_version(scanner):
    assert scanner.describe().startswith("ClamAV")


def test_a_file_over_which_it_stumbles_is_told_apart_from_a_daemon_that_is_away(small_daemon):
    with pytest.raises(OddAnswerError, match="allocate memory"):
        ClamAv(small_daemon).scan(io.BytesIO(STUMBLES))


@pytest.mark.parametrize("address", ["127.0.0.1:9", "/nowhere/clamd.sock"])
def test_a_daemon_that_is_away_is_unavailable(address):
    for ask in (lambda it: it.scan(io.BytesIO(b"x")), lambda it: it.describe()):
        with pytest.raises(ScannerUnavailableError, match="No answer"):
            ask(ClamAv(address))


@pytest.mark.parametrize("answer", [b"", b"stream: ", b"garbage\0", b"\xff\0", b"x" * 10_000])
def test_a_daemon_that_talks_nonsense_or_falls_silent_is_unavailable(answer):
    with socket.create_server(("127.0.0.1", 0)) as server:

        def reply():
            connection, _ = server.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)

        thread = threading.Thread(target=reply)
        thread.start()
        with pytest.raises(ScannerUnavailableError):
            ClamAv(f"127.0.0.1:{server.getsockname()[1]}", answer_seconds=5).scan(io.BytesIO(b"x"))
        thread.join()


def test_a_daemon_that_never_answers_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as server:
        scanner = ClamAv(f"127.0.0.1:{server.getsockname()[1]}", answer_seconds=0.1)

        with pytest.raises(ScannerUnavailableError, match="No answer"):
            scanner.scan(io.BytesIO(b"x"))
