"""Uploads against the real web server: broken lines, two at once, a storage that fails."""

import base64
import hashlib
import json
import os
import random
import resource
import signal
import time
from pathlib import Path

import pytest

from app.evidence.models import Artifact
from app.evidence.upload_models import Upload
from tests.evidence.web_server import TUS, Line, running_web

MB = 1024 * 1024
DEADLINE_SECONDS = 30
# Characters of a text: what is sent must be what its name says.
CONTENT = random.Random(5).randbytes(3 * MB // 2).hex().encode()


@pytest.fixture
def web(settings, session, world, assignment, request):
    """The port and the process of a server; its parameter is how many web processes it has."""
    with running_web(settings, workers=getattr(request, "param", 1)) as running:
        yield running


@pytest.fixture
def line(web, browser, world, url):
    return Line(web[0], browser(world.learner), url)


def announce(line, uploads_url, size, name="essay.txt"):
    encoded = base64.b64encode(name.encode()).decode()
    headers = {
        **TUS,
        "Upload-Length": str(size),
        "Upload-Metadata": f"filename {encoded}",
        "X-CSRFToken": line.token,
    }
    answer = line.ask("POST", uploads_url, **headers)
    assert answer.status == 201, answer.text
    return answer.getheader("Location")


def offset_of(line, place):
    return int(line.ask("HEAD", place, **TUS).getheader("Upload-Offset"))


def wait_until(what):
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (found := what()):
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)
    return found


def claims(uploads):
    return [upload.claim for upload in uploads() if upload.claim]


def test_a_broken_line_loses_nothing_and_the_upload_goes_on(line, uploads_url, uploads, artifacts):
    place = announce(line, uploads_url, len(CONTENT))
    cut = line.begin_piece(place, CONTENT[:MB], 0, len(CONTENT))
    wait_until(lambda: claims(uploads))
    cut.close()  # what was sent arrives, and then no more comes

    arrived = wait_until(lambda: offset_of(line, place))
    assert arrived == MB
    assert line.piece(place, CONTENT[:MB], 0).status == 409
    answer = line.piece(place, CONTENT[arrived:], arrived)

    assert answer.status == 204
    assert artifacts()[0].sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_two_gigabytes_cut_off_half_way_go_on_where_they_were(
    line, uploads_url, session, uploads, settings
):
    size, half = 2048 * MB, 1024 * MB
    place = announce(line, uploads_url, size)
    assert line.piece(place, CONTENT[:MB], 0).status == 204
    # The rest of the first gigabyte is a hole: nobody has to send it here.
    (bytes_file,) = settings.storage_dir.rglob("*.arriving")
    os.truncate(bytes_file, half)
    bytes_file.with_name(bytes_file.name.replace("arriving", "ends")).write_text(f"{half}\n")
    session.query(Upload).update({"received_bytes": half})
    session.commit()

    cut = line.begin_piece(place, CONTENT[:MB], half, half)
    wait_until(lambda: claims(uploads))
    cut.close()

    wait_until(lambda: offset_of(line, place) == half + MB)
    assert line.piece(place, CONTENT[:100], half + MB).status == 204
    assert offset_of(line, place) == half + MB + 100
    assert bytes_file.stat().st_size == half + MB + 100
    assert bytes_file.stat().st_blocks * 512 < 4 * MB


@pytest.mark.parametrize("web", [2], indirect=True)
def test_of_two_pieces_at_once_exactly_one_is_taken(line, uploads_url, uploads, artifacts):
    place = announce(line, uploads_url, len(CONTENT))
    first = line.begin_piece(place, CONTENT[:MB], 0, len(CONTENT))
    wait_until(lambda: claims(uploads))

    # Often enough that both web processes are asked.
    refused = [line.piece(place, b"x" * 1000, 0) for _ in range(4)]
    first.sendall(CONTENT[MB:])
    answer = first.recv(1000)
    first.close()

    assert {each.status for each in refused} == {423}
    assert {each.getheader("Retry-After") for each in refused} == {"2"}
    assert answer.startswith(b"HTTP/1.1 204 ")
    assert artifacts()[0].sha256 == hashlib.sha256(CONTENT).hexdigest()


def test_a_full_storage_is_said_and_the_upload_goes_on_when_there_is_room(
    line, web, uploads_url, artifacts
):
    """No process may write a file of more than 6 MB, as on a disk that is full."""
    content = CONTENT * 3
    place = announce(line, uploads_url, len(content))
    assert line.piece(place, content[: 4 * MB], 0).status == 204
    children = Path(f"/proc/{web[1]}/task/{web[1]}/children").read_text().split()
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    for child in children:
        resource.prlimit(int(child), resource.RLIMIT_FSIZE, (6 * MB, resource.RLIM_INFINITY))

    refused = line.piece(place, content[4 * MB :], 4 * MB)
    for child in children:
        resource.prlimit(int(child), resource.RLIMIT_FSIZE, unlimited)
    answer = line.piece(place, content[4 * MB :], 4 * MB)

    assert refused.status == 503
    assert refused.getheader("Content-Type") == "application/problem+json"
    assert "What arrived before is safe" in json.loads(refused.text)["detail"]
    assert answer.status == 204
    assert artifacts()[0].sha256 == hashlib.sha256(content).hexdigest()


def test_a_web_process_that_is_killed_leaves_an_upload_that_goes_on(
    line, web, uploads_url, uploads, session, artifacts
):
    place = announce(line, uploads_url, len(CONTENT))
    assert line.piece(place, CONTENT[:1000], 0).status == 204
    cut = line.begin_piece(place, CONTENT[1000:MB], 1000, len(CONTENT) - 1000)
    wait_until(lambda: claims(uploads))
    for child in Path(f"/proc/{web[1]}/task/{web[1]}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)
    cut.close()

    busy = wait_until(lambda: answered(line, place))
    session.query(Upload).update({"claimed_until": uploads()[0].created_at})  # a minute later
    session.commit()
    offset = offset_of(line, place)
    answer = line.piece(place, CONTENT[offset:], offset)

    assert busy == 423
    assert offset == 1000
    assert answer.status == 204
    assert artifacts()[0].sha256 == hashlib.sha256(CONTENT).hexdigest()


def answered(line, place):
    """Return the status of a piece, once a new web process stands in for the killed one."""
    try:
        return line.piece(place, b"x", 1000).status
    except OSError:
        return None


def test_without_the_forms_token_nothing_is_taken(line, uploads_url, uploads, session):
    place = announce(line, uploads_url, len(CONTENT))
    line.token = "forged"

    answer = line.piece(place, CONTENT, 0)
    ended = line.ask("DELETE", place, **TUS)

    assert answer.status == ended.status == 400
    assert answer.getheader("Content-Type") == "application/problem+json"
    assert uploads()[0].received_bytes == 0
    assert session.query(Artifact).count() == 0
