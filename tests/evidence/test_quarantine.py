"""A file in which malware was found: locked away from everybody, and everybody concerned told."""

from sqlalchemy import select

from app.core.audit import AuditEntry, find_broken_entry
from app.evidence.models import ScanState, Submission
from app.evidence.storage import open_storage
from tests import factories
from tests.clamd import EICAR, FOUND
from tests.evidence import samples
from tests.evidence.scanning import appoint, states, statuses


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


def test_an_administrator_lets_it_look_again_and_a_false_alarm_ends(
    browser, administrator, infected, scan, artifacts, session, settings, monkeypatch
):
    bad = infected[1]
    page = browser(administrator).get("/admin/files").text
    assert "notes.txt" in page
    assert FOUND in page

    again = browser(administrator).post(f"/admin/files/artifact/{bad.id}/scan-again")

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

    assert client.post(f"/admin/files/artifact/{infected[0].id}/scan-again").status_code == 422
    assert client.post("/admin/files/artifact/99999/scan-again").status_code == 404


def test_another_institutions_administrator_sees_and_does_nothing(app, browser, session, infected):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    appoint(session, other)
    session.commit()
    client = browser(other.instructor)

    assert "notes.txt" not in client.get("/admin/files").text
    assert client.post(f"/admin/files/artifact/{infected[1].id}/scan-again").status_code == 404
