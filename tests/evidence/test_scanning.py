"""From a file that waits to one that is clean, or locked away; and who is told what."""

import re

import pytest
from sqlalchemy import select

from app.cli.jobs import JOBS
from app.core.audit import AuditEntry, find_broken_entry
from app.core.clock import utcnow
from app.evidence.models import UNSCANNED, ScanState, Submission
from app.evidence.scan_jobs import scan_files
from app.evidence.storage import open_storage
from app.outbox.models import Timer
from app.outbox.timers import run_job
from app.programme.administrators import appoint_administrator
from tests import factories
from tests.clamd import EICAR, FOUND, STUMBLES
from tests.evidence import samples


def set_scanner(app, settings, address):
    app.extensions["assay.settings"] = settings.model_copy(update={"clamav": address})


def appoint(session, world):
    appoint_administrator(
        session,
        world.institution.id,
        person_id=world.instructor.id,
        actor="test",
        now=utcnow(),
    )


@pytest.fixture
def scanner(app, settings, small_daemon):
    set_scanner(app, settings, small_daemon)


@pytest.fixture
def scan(app):
    """Let the worker's job run, as a process of its own would."""

    def run():
        with app.app_context():
            job = next(job for job in JOBS if job.name == "scan")
            return run_job(job, clock=utcnow)

    return run


@pytest.fixture
def administrator(session, world):
    appoint(session, world)
    session.commit()
    return world.instructor


@pytest.fixture
def infected(desk, scanner, scan, artifacts):
    """A PDF that is fine and a text that is not, handed in and scanned."""
    desk.send(("essay.pdf", samples.pdf(1)), ("notes.txt", EICAR))
    assert scan()
    return artifacts()


def addresses(artifact) -> list[str]:
    return [f"/files/artifacts/{artifact.id}", f"/files/artifacts/{artifact.id}?download=1"]


def statuses(client, artifact) -> set[int]:
    return {client.get(path, buffered=True).status_code for path in addresses(artifact)}


def states(artifacts) -> list[ScanState]:
    return [artifact.scan_state for artifact in artifacts]


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


def test_an_infected_file_is_refused_to_everybody(browser, world, infected):
    bad = infected[1]

    assert states(infected) == [ScanState.CLEAN, ScanState.INFECTED]
    for who in (world.learner, world.instructor, world.grantor, world.second_grantor):
        assert statuses(browser(who), bad) == {403}
        assert "locked away" in browser(who).get(f"/files/artifacts/{bad.id}").text
        shown = browser(who).get(f"/artifacts/{bad.id}")
        assert shown.status_code == 200
        assert EICAR.decode() not in shown.text
    for who in (world.other_learner, world.grader):
        assert statuses(browser(who), bad) == {404}
    assert statuses(browser(world.grantor), infected[0]) == {200}


def test_the_pages_of_an_infected_pdf_are_gone(desk, browser, world, scanner, scan, artifacts):
    desk.send(("essay.pdf", samples.pdf(1) + b"\n%" + EICAR))
    (artifact,) = artifacts()
    page = f"/artifacts/{artifact.id}/pages/1.png"
    assert desk.client.get(page).status_code == 200

    assert scan()

    assert desk.client.get(page).status_code == 403
    assert browser(world.grantor).get(page).status_code == 403


def test_its_bytes_leave_the_served_keys(infected, settings, stored_files):
    bad = infected[1]

    (path,) = [path for path in stored_files() if path.name == bad.storage_key]
    assert path.parent.name == "quarantine"
    with open_storage(settings).open(infected[0].storage_key) as good:
        assert good.read(5) == b"%PDF-"


def test_it_is_written_down_in_the_chain(infected, session, world):
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "artifact.quarantined")
    ).one()

    submission_id = session.scalars(select(Submission.id)).one()
    assert (entry.actor, entry.subject) == ("scanner", f"submission:{submission_id}")
    assert entry.facts == {
        "artifact_id": infected[1].id,
        "sha256": infected[1].sha256,
        "finding": FOUND,
    }
    assert find_broken_entry(session, world.institution.id) is None


def test_the_learner_is_told_with_what_to_do(desk, infected):
    page = desk.page().text

    assert "Malware was found in your work" in page
    assert "“notes.txt”" in page
    assert "Your grantor has been told" in page
    assert "“essay.pdf”" not in page


def test_the_grantor_is_told_in_the_queue_and_beside_the_work(
    browser, world, infected, submissions
):
    grantor = browser(world.grantor)
    (submission,) = submissions()

    workbench = grantor.get(f"/assessment/submissions/{submission.id}")

    assert "Malware found" in grantor.get("/assessment/queue").text
    assert "Malware was found in this work" in workbench.text
    assert "ask for a revision" in workbench.text


def test_a_waiting_file_is_marked_in_the_queue(desk, browser, world, scanner):
    desk.send(("essay.pdf", samples.pdf(1)))

    assert "Being checked for malware" in browser(world.grantor).get("/assessment/queue").text


def test_an_infected_draft_is_not_handed_in_and_a_clean_copy_is(
    desk, scanner, scan, artifacts, attempts, stored_files
):
    desk.send(("notes.txt", EICAR), button="save", text="typed before")
    assert scan()
    assert "Remove it from your draft" in desk.page().text

    refused = desk.send(text="typed since")

    assert refused.status_code == 422
    assert "something harmful in “notes.txt”" in refused.text
    assert "typed since" in refused.text
    assert attempts()[0].submitted_at is None

    bad = next(a for a in artifacts() if a.file_name)
    key = bad.storage_key
    desk.send(("clean.txt", b"fine"), button=None, remove=str(bad.id), hand_in="1")

    assert attempts()[0].submitted_at is not None
    assert key not in {path.name for path in stored_files()}


def test_what_is_taken_over_into_the_next_attempt_stays_locked(
    desk, browser, world, infected, session, artifacts, submissions
):
    (submission,) = submissions()
    session.get_one(Submission, submission.id).status = "revision_requested"
    session.commit()

    desk.send(button=None, keep_earlier="1")

    copies = [a for a in artifacts() if a.file_name == "notes.txt"]
    assert len(copies) == 2
    assert states(copies) == [ScanState.INFECTED] * 2
    assert desk.send().status_code == 422


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


def test_an_administrator_lets_it_look_again_and_a_false_alarm_ends(
    browser, administrator, infected, scan, artifacts, session, settings, monkeypatch
):
    bad = infected[1]
    page = browser(administrator).get("/admin/files").text
    assert "notes.txt" in page
    assert FOUND in page

    again = browser(administrator).post(f"/admin/files/{bad.id}/scan-again")

    assert (again.status_code, again.location) == (303, "/admin/files")
    assert statuses(browser(administrator), bad) == {403}
    # The signatures are newer: what lies there is harmless by now.
    path = settings.storage_dir / "quarantine" / bad.storage_key
    path.write_bytes(b"harmless")
    assert scan()
    assert states(artifacts()) == [ScanState.CLEAN] * 2
    assert artifacts()[1].finding is None
    assert statuses(browser(administrator), bad) == {200}
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.number)).all()
    assert actions[-2:] == ["artifact.checked_again", "artifact.released"]


def test_only_what_is_locked_away_is_looked_at_again(browser, administrator, infected):
    client = browser(administrator)

    assert client.post(f"/admin/files/{infected[0].id}/scan-again").status_code == 422
    assert client.post("/admin/files/99999/scan-again").status_code == 404


def test_another_institutions_administrator_sees_and_does_nothing(app, browser, session, infected):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    appoint(session, other)
    session.commit()
    client = browser(other.instructor)

    assert "notes.txt" not in client.get("/admin/files").text
    assert client.post(f"/admin/files/{infected[1].id}/scan-again").status_code == 404


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
