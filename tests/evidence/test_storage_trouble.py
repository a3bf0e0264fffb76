"""The storage is full, away, slow or refuses: a clear word, nothing lost, nothing half kept."""

import errno
import io
import os
import socket
from dataclasses import replace
from datetime import timedelta

import pytest

from app.core.clock import utcnow
from app.evidence.s3_storage import Bucket, BucketStorage
from app.evidence.storage import StorageUnavailableError, open_storage
from app.programme.administrators import appoint_administrator
from tests.evidence import samples
from tests.s3 import KEY_ID, REGION, SECRET, run_refusing, run_silent

LARGE = b"0123456789abcdef" * 1024 * 1024
TAKES_NOTHING = "The tool&#39;s storage takes no files at the moment. Your work is not lost"


@pytest.fixture(params=["full", "no place", "refused", "overloaded", "away", "no bucket"])
def trouble(request, app, settings, tmp_path, monkeypatch):
    """Break the storage; return what whoever runs the tool is told."""

    def use(**changed):
        app.extensions["assay.settings"] = settings.model_copy(update=changed)

    def use_bucket(origin):
        use(
            storage_url="s3://assay-work",
            s3_endpoint=origin,
            s3_region=REGION,
            s3_key_id=KEY_ID,
            s3_secret=settings.secret_key,
        )

    if request.param == "full":

        def full(descriptor):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(os, "fsync", full)
        yield "it is full"
    elif request.param == "no place":
        (tmp_path / "a file").write_bytes(b"")
        use(storage_dir=tmp_path / "a file" / "artifacts")
        yield "cannot be written to"
    elif request.param == "refused":
        with run_refusing(403, "AccessDenied") as origin:
            use_bucket(origin)
            yield "AccessDenied"
    elif request.param == "overloaded":
        with run_refusing(503, "SlowDown") as origin:
            use_bucket(origin)
            yield "503"
    elif request.param == "away":
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))  # nobody listens there, and nobody else can
            use_bucket(f"http://127.0.0.1:{taken.getsockname()[1]}")
            yield "error sending request"
    else:
        use_bucket(request.getfixturevalue("s3").origin)
        yield "404"


def test_a_file_that_cannot_be_kept_costs_nothing_of_what_was_typed(
    desk, trouble, artifacts, attempts
):
    page = desk.send(
        ("essay.pdf", samples.pdf(1)), ("second.pdf", samples.pdf(1)),
        link="https://example.org/mine", text="Hours of typing",
    )  # fmt: skip

    assert page.status_code == 503
    assert TAKES_NOTHING in page.text
    assert page.text.count(TAKES_NOTHING) == 2, "once in the summary, once at the field"
    assert "Hours of typing" in page.text
    assert "https://example.org/mine" in page.text
    assert attempts()[0].submitted_at is None
    assert sorted(artifact.kind for artifact in artifacts()) == ["link", "text"]
    assert "Hours of typing" in desk.page().text


def test_nothing_half_kept_stays_behind(desk, settings, monkeypatch, stored_files):
    def full(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)

    desk.send(("essay.pdf", samples.pdf(1)))

    assert stored_files() == []


def test_once_there_is_room_again_the_same_form_goes_through(desk, attempts, monkeypatch):
    with monkeypatch.context() as patch:

        def full(descriptor):
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

        patch.setattr(os, "fsync", full)
        assert desk.send(("essay.pdf", samples.pdf(1))).status_code == 503

    assert desk.send(("essay.pdf", samples.pdf(1))).status_code == 200
    assert attempts()[0].submitted_at is not None


def test_a_page_that_cannot_be_shown_now_says_so(app, desk, settings, artifacts):
    desk.send(("notes.txt", b"words"))
    (artifact,) = artifacts()
    with run_refusing(503, "SlowDown") as origin:
        app.extensions["assay.settings"] = settings.model_copy(
            update={
                "storage_url": "s3://assay-work",
                "s3_endpoint": origin,
                "s3_key_id": KEY_ID,
                "s3_secret": settings.secret_key,
            }
        )
        page = desk.client.get(f"/artifacts/{artifact.id}")

    assert page.status_code == 503
    assert int(page.headers["Retry-After"]) > 0
    assert "The work is not lost, it only cannot be shown now" in page.text
    assert origin not in page.text


def test_the_command_says_what_is_wrong(app, trouble):
    result = app.test_cli_runner().invoke(args=["storage", "check"])

    assert result.exit_code == 1
    assert "The storage does not work" in result.output
    assert trouble in result.output
    assert SECRET not in result.output


def test_the_command_says_that_all_is_well(app, settings, small_daemon, stored_files):
    app.extensions["assay.settings"] = settings.model_copy(update={"clamav": small_daemon})

    result = app.test_cli_runner().invoke(args=["storage", "check"])

    assert result.exit_code == 0, result.output
    assert "Storage: a folder of this machine" in result.output
    assert "Scanner: ClamAV" in result.output
    assert stored_files() == []


def test_the_command_says_that_the_scanner_is_away(app, settings):
    app.extensions["assay.settings"] = settings.model_copy(update={"clamav": "127.0.0.1:9"})

    result = app.test_cli_runner().invoke(args=["storage", "check"])

    assert result.exit_code == 1
    assert "The malware scanner does not work: No answer (Connection refused)" in result.output


def test_administrators_see_it_on_their_page(app, browser, session, world, settings, tmp_path):
    appoint_administrator(
        session, world.institution.id, person_id=world.instructor.id, actor="test", now=utcnow()
    )
    session.commit()
    administrator = browser(world.instructor)
    assert "a folder of this machine" in administrator.get("/admin/files").text

    with run_refusing(403, "AccessDenied") as origin:
        app.extensions["assay.settings"] = settings.model_copy(
            update={
                "storage_url": "s3://assay-work",
                "s3_endpoint": origin,
                "s3_key_id": KEY_ID,
                "s3_secret": settings.secret_key,
            }
        )
        page = administrator.get("/admin/files")

    assert page.status_code == 200
    assert "The storage does not work now" in page.text


class TestBucket:
    """What the client itself does with a store in trouble."""

    BUCKET = Bucket(
        name="assay-work",
        prefix="",
        origin="",
        is_path_style=True,
        region=REGION,
        key_id=KEY_ID,
        secret=SECRET,
        patience=timedelta(milliseconds=200),
    )

    @pytest.mark.parametrize("content", [b"small", LARGE])
    def test_a_store_that_never_answers_is_given_up(self, content):
        with run_silent() as origin:
            storage = BucketStorage(replace(self.BUCKET, origin=origin))

            for act in (
                lambda: storage.put(io.BytesIO(content)),
                lambda: storage.open("a" * 32),
                lambda: storage.delete("a" * 32),
                storage.check,
            ):
                with pytest.raises(StorageUnavailableError):
                    act()

    def test_a_store_that_is_full_half_way_keeps_nothing(self, s3, s3_settings, settings):
        storage = open_storage(settings.model_copy(update=s3_settings))
        bucket = s3_settings["storage_url"].split("/")[2]

        class Deleting(io.BytesIO):
            """Takes the bucket away while it is being written to."""

            def read(self, size=-1):
                if self.tell() == len(LARGE) // 2:
                    s3.delete_bucket(bucket)
                return super().read(size)

        with pytest.raises(StorageUnavailableError):
            storage.put(Deleting(LARGE))

    def test_no_secret_stands_in_what_is_logged_or_shown(self, settings, s3_settings):
        changed = settings.model_copy(update=s3_settings)

        assert SECRET not in repr(changed)
        assert SECRET not in repr(self.BUCKET)
        assert SECRET not in repr(BucketStorage(replace(self.BUCKET, origin="http://127.0.0.1:9")))
