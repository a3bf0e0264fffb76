"""From a file that waits to one that is clean, or locked away; and who is told what."""

import re

import pytest
from sqlalchemy import select

from app.core.clock import utcnow
from app.evidence.models import UNSCANNED, ScanState
from app.evidence.scan_jobs import scan_files
from app.evidence.storage import open_storage
from app.outbox.models import Timer
from tests.clamd import EICAR, STUMBLES
from tests.evidence import samples
from tests.evidence.scanning import set_scanner, states, statuses


def test_without_a_scanner_files_are_marked_as_not_scanned(
    desk, browser, world, scan, artifacts, submissions
):
    desk.send(("essay.pdf", samples.pdf(1)))

    assert scan()

    (artifact,) = artifacts()
    (submission,) = submissions()
    grantor = browser(world.grantor)
    assert (artifact.scan_state, artifact.scanned_at) == (ScanState.NOT_SCANNED, None)
    assert statuses(grantor, artifact) == {200}
    assert "Not checked for malware" in grantor.get(f"/artifacts/{artifact.id}").text
    workbench = grantor.get(f"/assessment/submissions/{submission.id}").text
    assert "Not every file here was checked for malware" in workbench


def test_a_clean_file_can_be_opened_by_all_who_may(desk, browser, world, scanner, scan, artifacts):
    desk.send(("essay.pdf", samples.pdf(1)), text="and a text")
    file, text = artifacts()
    assert states([file, text]) == [ScanState.WAITING, ScanState.NOT_SCANNED]

    assert scan()

    file, text = artifacts()
    assert states([file, text]) == [ScanState.CLEAN, ScanState.NOT_SCANNED]
    assert file.scanned_at is not None
    assert statuses(browser(world.grantor), file) == {200}
    assert "No malware found" in browser(world.grantor).get(f"/artifacts/{file.id}").text


def test_a_file_that_waits_is_its_learners_alone_and_others_are_told_why(
    desk, browser, world, scanner, artifacts
):
    desk.send(("essay.pdf", samples.pdf(1)))
    (artifact,) = artifacts()
    page = f"/artifacts/{artifact.id}/pages/1.png"

    assert statuses(desk.client, artifact) == {200}
    assert desk.client.get(page).status_code == 200
    for who in (world.grantor, world.instructor):
        refused = browser(who).get(f"/files/artifacts/{artifact.id}")
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert "still being checked for malware" in refused.text
        assert browser(who).get(page).status_code == 503
        assert browser(who).get(f"/artifacts/{artifact.id}").status_code == 200
    assert "Files are being checked for malware" in desk.page().text


def test_a_waiting_file_is_marked_in_the_queue(desk, browser, world, scanner):
    desk.send(("essay.pdf", samples.pdf(1)))

    assert "Being checked for malware" in browser(world.grantor).get("/assessment/queue").text


def test_a_scanner_that_came_later_looks_at_what_was_there_before(
    app, desk, settings, small_daemon, scan, artifacts
):
    desk.send(("notes.txt", EICAR))
    assert states(artifacts()) == [ScanState.NOT_SCANNED]
    set_scanner(app, settings, small_daemon)

    assert scan()

    assert states(artifacts()) == [ScanState.INFECTED]


def test_a_scanner_that_is_away_keeps_files_waiting_and_is_reported(
    app, desk, settings, small_daemon, scan, artifacts, browser, administrator, session
):
    set_scanner(app, settings, "127.0.0.1:9")
    desk.send(("notes.txt", b"fine"))

    assert not scan()

    assert states(artifacts()) == [ScanState.WAITING]
    timer = session.scalars(select(Timer).where(Timer.name == "scan")).one()
    assert timer.last_error == "ScannerUnavailableError"
    page = browser(administrator).get("/admin/files").text
    assert "The scanner cannot be reached" in page
    assert "Connection refused" in page
    assert re.search(r"1 file,\s+the oldest since", page)

    set_scanner(app, settings, small_daemon)
    assert scan()
    assert states(artifacts()) == [ScanState.CLEAN]


def test_one_file_over_which_it_stumbles_holds_up_no_other(desk, scanner, scan, artifacts):
    desk.send(("odd.txt", STUMBLES), ("fine.txt", b"fine"))

    assert not scan()

    assert states(artifacts()) == [ScanState.WAITING, ScanState.CLEAN]


def test_a_file_too_large_for_the_scanner_says_so_and_is_not_tried_again(
    desk, browser, world, scanner, scan, artifacts
):
    desk.send(("large.txt", b"x" * 200_000))

    assert scan()

    (artifact,) = artifacts()
    assert artifact.scan_state is ScanState.NOT_SCANNED
    assert artifact.scanned_at is not None
    page = browser(world.grantor).get(f"/artifacts/{artifact.id}").text
    assert "Not checked for malware: too large" in page
    assert statuses(browser(world.grantor), artifact) == {200}


def test_a_file_that_is_missing_holds_up_no_other(desk, settings, scanner, scan, artifacts):
    desk.send(("gone.txt", b"gone"), ("fine.txt", b"fine"))
    open_storage(settings).delete(artifacts()[0].storage_key)

    assert scan()

    assert states(artifacts()) == [ScanState.NOT_SCANNED, ScanState.CLEAN]
    assert artifacts()[0].scanned_at is not None


def test_a_scan_that_died_half_way_is_ended_by_the_next(
    app, desk, settings, scanner, scan, artifacts
):
    desk.send(("notes.txt", EICAR))
    open_storage(settings).quarantine(artifacts()[0].storage_key)

    assert scan()

    assert states(artifacts()) == [ScanState.INFECTED]


def test_nothing_is_scanned_twice(app, infected, settings, small_daemon, artifacts):
    before = [artifact.scanned_at for artifact in artifacts()]
    set_scanner(app, settings, "127.0.0.1:9")

    with app.app_context():
        scan_files(utcnow())  # would raise if it asked

    assert [artifact.scanned_at for artifact in artifacts()] == before


def test_it_works_in_a_bucket_too(
    app, desk, browser, world, settings, s3_settings, small_daemon, scan, artifacts
):
    app.extensions["assay.settings"] = settings.model_copy(
        update={**s3_settings, "clamav": small_daemon}
    )
    desk.send(("fine.txt", b"fine"), ("notes.txt", EICAR))

    assert scan()

    good, bad = artifacts()
    assert states([good, bad]) == [ScanState.CLEAN, ScanState.INFECTED]
    storage = open_storage(app.extensions["assay.settings"])
    with storage.open_quarantined(bad.storage_key) as source:
        assert source.read() == EICAR
    assert statuses(desk.client, bad) == {403}
    assert statuses(desk.client, good) == {302}


def test_what_waits_is_found_by_its_partial_index(session, world):
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("SQLite's planner is asked")
    plan = session.connection().exec_driver_sql(
        f"EXPLAIN QUERY PLAN SELECT storage_key FROM artifact WHERE {UNSCANNED} "
        "AND scan_state = 'waiting' AND deleted_at IS NULL ORDER BY id LIMIT 200"
    )

    words = " ".join(str(line) for line in plan)
    assert "ix_artifact_unscanned (scan_state=?)" in words
    assert "TEMP B-TREE" not in words
