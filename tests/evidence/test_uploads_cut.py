"""What a piece that does not come to its end leaves behind, and a server with much to do."""

import contextlib
import io
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from runpy import run_path

from app.evidence import pieces, upload_views
from app.evidence.upload_models import Upload
from tests.evidence import samples
from tests.evidence.sending import Sender

PDF = samples.pdf()


def send_from(sender, stream, size, *, offset=0, line=None):
    """Send a piece of which the server reads the body from a stream."""
    return sender.client.patch(
        sender.at,
        headers={
            "Tus-Resumable": "1.0.0",
            "Upload-Offset": str(offset),
            "Content-Type": "application/offset+octet-stream",
        },
        environ_overrides={
            "CONTENT_LENGTH": str(size),
            "wsgi.input": stream,
            **({"werkzeug.socket": line} if line else {}),
        },
    )


class Changing(io.RawIOBase):
    """A body that gives a few bytes at a time; before the second something happens elsewhere."""

    def __init__(self, content, happens):
        self._content, self._happens, self._reads = io.BytesIO(content), happens, 0

    def readable(self):
        return True

    def readinto(self, buffer):
        self._reads += 1
        if self._reads == 2:
            self._happens()
        data = self._content.read(min(len(buffer), 100))
        buffer[: len(data)] = data
        return len(data)


def test_a_body_that_ends_early_is_kept_as_far_as_it_came(sender, uploads):
    sender.announce("essay.pdf", len(PDF))

    answer = send_from(sender, io.BytesIO(PDF[:300]), len(PDF))

    assert answer.status_code == 204
    assert answer.headers["Upload-Offset"] == "300"
    assert answer.headers["Connection"] == "close"
    assert uploads()[0].claim is None
    assert sender.piece(PDF[300:], 300).headers["Upload-Offset"] == str(len(PDF))


def test_a_line_that_falls_silent_is_given_up_and_what_came_is_kept(sender, monkeypatch):
    monkeypatch.setattr(upload_views, "SILENT_SECONDS", 0.05)
    sender.announce("essay.pdf", len(PDF))
    here, there = socket.socketpair()
    with here, there, here.makefile("rb", buffering=0) as body:
        there.sendall(PDF[:300])

        answer = send_from(sender, body, len(PDF), line=here)

        assert here.gettimeout() is None, "the line is the server's again"
    assert answer.headers["Upload-Offset"] == "300"


def test_a_piece_that_takes_too_long_gives_its_place_back(sender, monkeypatch):
    sender.announce("essay.pdf", len(PDF))

    def hurry():
        monkeypatch.setattr(pieces, "MAX_SECONDS", -1)

    answer = send_from(sender, Changing(PDF, hurry), len(PDF))

    assert answer.status_code == 204
    assert answer.headers["Upload-Offset"] == "200"


def test_a_long_piece_keeps_its_claim(sender, session, uploads, monkeypatch):
    monkeypatch.setattr(pieces, "RENEW_SECONDS", -1)
    sender.announce("essay.pdf", len(PDF))
    seen = []

    def nearly_over():
        session.query(Upload).update({"claimed_until": datetime.now(UTC) + timedelta(seconds=1)})
        session.commit()

    class Watched(Changing):
        def readinto(self, buffer):
            seen.append(uploads()[0].claimed_until)
            return super().readinto(buffer)

    answer = send_from(sender, Watched(PDF, nearly_over), len(PDF))

    assert answer.status_code == 204
    assert seen[2] > datetime.now(UTC) + timedelta(seconds=30)


def test_a_piece_whose_claim_went_to_another_is_not_counted(
    sender, session, uploads, artifacts, monkeypatch
):
    monkeypatch.setattr(pieces, "RENEW_SECONDS", -1)
    sender.announce("essay.pdf", len(PDF))
    sender.piece(PDF[:100])

    def take_over():
        session.query(Upload).update({"claim": "another's"})
        session.commit()

    answer = send_from(sender, Changing(PDF[100:], take_over), len(PDF) - 100, offset=100)
    session.query(Upload).update({"claim": None, "claimed_until": None})
    session.commit()

    assert answer.status_code == 409
    assert "goes on in another window" in answer.json["detail"]
    assert uploads()[0].received_bytes == 100
    assert sender.piece(PDF[100:], 100).status_code == 204
    assert len(artifacts()) == 1


def test_an_upload_ended_while_a_piece_comes_stays_ended(sender, uploads, artifacts):
    sender.announce("essay.pdf", len(PDF))

    answer = send_from(sender, Changing(PDF, sender.cancel), len(PDF))

    assert answer.status_code == 409
    assert sender.look().status_code == 404
    assert artifacts() == []


def test_pages_have_threads_while_many_files_come(sender, desk):
    sender.announce("essay.pdf", len(PDF))
    for _ in range(upload_views.MAX_STREAMS):
        assert upload_views._streams.acquire(blocking=False)
    try:
        answer = sender.piece(PDF)
        page = desk.page()
    finally:
        for _ in range(upload_views.MAX_STREAMS):
            upload_views._streams.release()

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert "Yours goes on in a moment" in answer.json["detail"]
    assert page.status_code == 200
    assert sender.piece(PDF).status_code == 204


def test_one_learner_does_not_keep_the_others_waiting(
    sender, browser, world, uploads_url, monkeypatch
):
    other = Sender(browser(world.other_learner), uploads_url)
    for each in (sender, other):
        each.announce("essay.pdf", len(PDF))
    monkeypatch.setitem(upload_views._of_each, world.learner.id, upload_views.MAX_STREAMS_EACH)

    assert sender.piece(PDF).status_code == 503
    assert other.piece(PDF).status_code == 204
    assert upload_views.MAX_STREAMS_EACH < upload_views.MAX_STREAMS


def test_a_place_is_given_back_whatever_happens(sender):
    sender.announce("essay.pdf", len(PDF))

    for _ in range(upload_views.MAX_STREAMS + 1):
        assert sender.piece(PDF[:10], 500).status_code == 409

    assert not upload_views._of_each
    assert sender.piece(PDF).status_code == 204


def test_a_line_that_brings_a_byte_now_and_then_is_cut_and_what_came_is_kept(sender, monkeypatch):
    monkeypatch.setattr(pieces, "GRACE_SECONDS", 0.1)
    monkeypatch.setattr(pieces, "WATCH_SECONDS", 0.02)
    sender.announce("essay.pdf", len(PDF))
    here, there = socket.socketpair()
    is_over = threading.Event()

    def trickle():
        for number in range(2000):  # without the cut it would go on for minutes
            if is_over.wait(0.03):
                return
            with contextlib.suppress(OSError):
                there.sendall(PDF[number : number + 1])

    drip = threading.Thread(target=trickle)
    with here, there, here.makefile("rb") as body:
        drip.start()
        began = time.monotonic()
        answer = send_from(sender, body, len(PDF), line=here)
        is_over.set()
        drip.join()

    assert time.monotonic() - began < 5
    assert answer.status_code == 204
    assert answer.headers["Connection"] == "close"
    offset = int(answer.headers["Upload-Offset"])
    assert offset < 200
    assert sender.piece(PDF[offset:], offset).headers["Upload-Offset"] == str(len(PDF))


def test_a_storage_that_is_away_is_said_and_nothing_is_lost(
    sender, settings, tmp_path, artifacts, uploads
):
    sender.announce("essay.pdf", len(PDF))
    sender.piece(PDF[:100])
    away = tmp_path / "away"
    settings.storage_dir.rename(away)
    settings.storage_dir.write_text("not a folder")

    refused = sender.piece(PDF[100:], 100)
    settings.storage_dir.unlink()
    away.rename(settings.storage_dir)

    assert refused.status_code == 503
    assert "What arrived before is safe" in refused.json["detail"]
    assert uploads()[0].claim is None
    assert sender.look().headers["Upload-Offset"] == "100"
    assert sender.piece(PDF[100:], 100).status_code == 204
    assert len(artifacts()) == 1


def test_a_storage_that_fails_at_the_very_end_is_asked_again(sender, settings, tmp_path, artifacts):
    sender.announce("essay.pdf", len(PDF))
    away = tmp_path / "away"

    def goes_away():
        settings.storage_dir.rename(away)
        settings.storage_dir.write_text("not a folder")

    refused = send_from(sender, Changing(PDF, goes_away), len(PDF))
    settings.storage_dir.unlink()
    away.rename(settings.storage_dir)
    offset = int(sender.look().headers["Upload-Offset"])

    assert refused.status_code == 503
    assert sender.piece(PDF[offset:], offset).status_code == 204
    assert len(artifacts()) == 1


def test_the_server_has_more_threads_than_files_may_take():
    assert run_path("deploy/gunicorn.conf.py")["threads"] > upload_views.MAX_STREAMS
