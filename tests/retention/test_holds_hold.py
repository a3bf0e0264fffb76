"""A legal hold holds: a group's work by any of its numbers, drafts against their learners."""

import json
import threading
import zipfile
from contextvars import Context
from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import ConflictError, NotFoundError
from app.evidence.hold_models import HeldArtifact
from app.evidence.models import Artifact, ArtifactKind, SubmissionStatus
from app.retention import jobs
from app.retention.deleting import delete_due, make_plan
from app.retention.erasing import erase_records
from app.retention.holds import lift_hold, place_hold
from app.retention.models import DeletionProof, DeletionRun
from tests.assessment.several import join
from tests.assessment.work import hand_in
from tests.factories import make_assignment
from tests.retention.conftest import NOW


@pytest.fixture
def hold(session, world):
    def place(*, person=None, submission=None, now=NOW):
        placed = place_hold(
            session,
            institution_id=world.institution.id,
            person=person,
            submission=submission,
            reason="Case 12",
            placed_by=world.instructor.id,
            now=now,
        )
        session.commit()
        return placed

    return place


@pytest.fixture
def draft(session, world, storage):
    """Mei's draft: a text and a file."""
    assignment = make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    submission = hand_in(session, assignment, world.learner)
    submission.status = SubmissionStatus.DRAFT
    (attempt,) = submission.attempts
    attempt.submitted_at = None
    stored = storage.put(BytesIO(b"%PDF-1.7 held"))
    attempt.artifacts.append(
        Artifact(
            institution_id=world.institution.id,
            kind=ArtifactKind.FILE,
            file_name="held.pdf",
            media_type="application/pdf",
            size_bytes=stored.size_bytes,
            storage_key=stored.key,
            sha256=stored.sha256,
            created_at=NOW,
        )
    )
    session.commit()
    return submission


@pytest.fixture
def change(browser, world, draft):
    """What Mei's browser sends to her draft."""
    place = f"/courses/{draft.course_id}/assignments/{draft.assignment_id}/work"
    return lambda **fields: browser(world.learner).post(place, data=fields, follow_redirects=True)


def held(session):
    session.rollback()
    session.expire_all()
    return session.scalars(select(HeldArtifact).order_by(HeldArtifact.id)).all()


def test_a_hold_on_a_members_number_holds_the_work_of_the_group(session, world, decided, hold):
    lead = decided(400)
    member = join(session, lead, world.other_learner)

    hold(submission=member)

    plan = make_plan(session, world.institution.id, now=NOW)
    assert [each.held for each in plan.due] == ["legal hold"] * 2
    assert plan.free == []


@pytest.mark.parametrize("whose", ["own", "the group's"])
def test_nobody_is_forgotten_whose_work_is_held(session, world, draft, hold, whose):
    person = world.learner
    if whose == "the group's":
        join(session, draft, world.other_learner)
        person = world.other_learner
    hold(submission=draft)

    with pytest.raises(ConflictError, match="A legal hold stands"):
        erase_records(session, person, now=NOW)

    assert all(each.deleted_at is None for each in session.scalars(select(Artifact)))


def test_somebody_elses_hold_keeps_nobody_from_being_forgotten(session, world, draft, hold):
    hold(person=world.other_learner)

    assert erase_records(session, world.learner, now=NOW).drafts == 2


def test_a_file_taken_out_of_a_held_draft_is_kept_and_the_learner_told_nothing(
    session, world, draft, hold, change, storage
):
    file = draft.attempts[0].artifacts[1]
    number, key, sha256 = file.id, file.storage_key, file.sha256
    hold(person=world.learner)

    page = change(remove=number)

    assert "Removed from your draft" in page.text
    assert "held.pdf" not in page.text
    (kept,) = held(session)
    assert (kept.file_name, kept.sha256, kept.storage_key) == ("held.pdf", sha256, key)
    with storage.open(key) as stream:
        assert stream.read() == b"%PDF-1.7 held"


def test_without_a_hold_a_removed_file_is_gone(session, draft, change, storage):
    file = draft.attempts[0].artifacts[1]
    number, key = file.id, file.storage_key

    change(remove=number)

    assert held(session) == []
    with pytest.raises(NotFoundError):
        storage.open(key)


def test_of_a_held_text_the_words_are_kept_and_not_each_step_of_typing(
    session, draft, hold, change
):
    words = draft.attempts[0].artifacts[0].text
    hold(submission=draft)

    change(save="1", text="Other words", seen="1.0")
    change(save="1", text="Other words, and more", seen="1.1")

    assert [each.text for each in held(session)] == [words]


def test_what_a_hold_kept_goes_once_it_is_lifted(app, session, world, draft, hold, change, storage):
    file = draft.attempts[0].artifacts[1]
    number, key = file.id, file.storage_key
    placed = hold(submission=draft)
    change(remove=number)

    with app.app_context():
        assert jobs.sweep() == 0
    with storage.open(key) as kept:
        assert kept.read()

    lift_hold(
        session,
        placed.id,
        institution_id=world.institution.id,
        lifted_by=world.instructor.id,
        now=NOW + timedelta(days=1),
    )
    session.commit()
    with app.app_context():
        assert jobs.sweep() == 1
    assert held(session) == []
    with pytest.raises(NotFoundError):
        storage.open(key)


def test_a_command_hands_out_what_a_hold_kept(app, session, draft, hold, change, tmp_path):
    number, target = draft.attempts[0].artifacts[1].id, tmp_path / "kept.zip"
    hold(submission=draft)
    change(remove=number)

    result = Context().run(
        app.test_cli_runner().invoke, args=["retention", "kept", str(draft.id), "--out", target]
    )

    assert result.exit_code == 0, result.output
    with zipfile.ZipFile(target) as archive:
        (piece,) = json.loads(archive.read("index.json"))["kept"]
        assert archive.read(piece["file"]) == b"%PDF-1.7 held"
    session.rollback()
    assert session.scalar(select(AuditEntry.id).where(AuditEntry.action == "hold.exported"))


def test_two_runs_at_once_delete_each_thing_once(app, session, world, decided):
    for _ in range(3):
        decided(400)
    institution_id, count = world.institution.id, 6
    together, outcomes = threading.Barrier(2), []

    def run():
        with app.app_context():
            together.wait()
            with transaction() as own:
                done = delete_due(own, institution_id, confirmed=None, actor="test", now=utcnow())
                outcomes.append(sum(done.counts.values()) if done else 0)
            db.session.remove()

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == [0, count]
    session.rollback()
    subjects = session.scalars(select(DeletionProof.subject)).all()
    assert len(subjects) == len(set(subjects)) == count
    assert len(session.scalars(select(DeletionRun)).all()) == 1
    told = select(AuditEntry).where(AuditEntry.action == "retention.deleted")
    assert len(session.scalars(told).all()) == 1
