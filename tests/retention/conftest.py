"""Work that was decided long ago, and the classes that say how long it is kept."""

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest

from app.assessment.models import Assessment, AttemptDecision, Decision, Rating
from app.evidence.models import Artifact, ArtifactKind, SubmissionStatus
from app.evidence.storage import open_storage
from app.programme.appointments import find_appointment
from app.programme.models import Programme
from tests.assessment.work import hand_in
from tests.factories import make_assignment

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
RULES = [
    {"key": "drafts", "name": "Drafts", "kind": "draft", "months": 12},
    {"key": "unshared", "name": "Unshared work", "kind": "unshared_artifact", "months": 12},
    {"key": "shared", "name": "Shared work", "kind": "shared_artifact", "months": 12},
    {"key": "words", "name": "Words", "kind": "assessment_record", "months": 60},
    {"key": "awards", "name": "Awards", "kind": "award", "permanent": True},
]


@pytest.fixture
def storage(settings):
    return open_storage(settings)


@pytest.fixture
def classes(session, world):
    """The institution's programme, with classes of retention."""
    found = session.query(Programme).filter_by(institution_id=world.institution.id).one_or_none()
    if found is None:
        found = Programme(institution_id=world.institution.id, name="Test", rules={}, loaded_at=NOW)
        session.add(found)
    found.rules = {**found.rules, "retention": RULES}
    session.commit()


@pytest.fixture
def decided(session, world, storage, classes):
    """Make work with a text and a file, decided so many days ago."""

    def make(days, *, learner=None, status=SubmissionStatus.NOT_MET, content=b"%PDF-1.7 old"):
        at = NOW - timedelta(days=days)
        assignment = make_assignment(session, world.course, world.level_1, link=None)
        session.commit()
        submission = hand_in(session, assignment, learner or world.learner, at=at)
        (attempt,) = submission.attempts
        stored = storage.put(BytesIO(content))
        attempt.artifacts.append(
            Artifact(
                institution_id=world.institution.id,
                kind=ArtifactKind.FILE,
                file_name="old.pdf",
                media_type="application/pdf",
                size_bytes=stored.size_bytes,
                storage_key=stored.key,
                sha256=stored.sha256,
                created_at=at,
            )
        )
        appointment = find_appointment(
            session,
            person_id=world.grantor.id,
            achievement_id=world.level_1.achievement_id,
            course_id=None,
            now=NOW,
        )
        assessment = Assessment(
            institution_id=world.institution.id,
            attempt_id=attempt.id,
            grantor_id=world.grantor.id,
            appointment_id=appointment.id,
            decision=Decision.NOT_MET,
            reason="Words to the learner",
            staff_note="Words to the staff",
            points=0,
            max_points=8,
            assessed_at=at,
            ratings=[
                Rating(
                    criterion_id=criterion.id,
                    rubric_level_id=criterion.rubric_levels[0].id,
                    comment="Words on a criterion",
                )
                for criterion in assignment.criteria
            ],
        )
        session.add(assessment)
        session.flush()
        session.add(
            AttemptDecision(
                institution_id=world.institution.id,
                submission_id=submission.id,
                attempt_id=attempt.id,
                assessment_id=assessment.id,
                decision=Decision.NOT_MET,
                decided_by=world.grantor.id,
                decided_at=at,
                release_at=at,
                released_at=at,
            )
        )
        submission.status, submission.status_changed_at = status, at
        session.commit()
        return submission

    return make
