"""Plain makers: an award with artifacts that a grantor marked, and a signed consent."""

import re
from datetime import UTC, datetime
from io import BytesIO

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.assessment.models import Assessment, AttemptDecision, Capacity, Decision
from app.awards.models import Award
from app.evidence.consent_models import Consent
from app.evidence.models import Artifact, ArtifactKind, Submission, SubmissionStatus
from app.programme.service import find_appointment
from tests.assessment.work import hand_in
from tests.factories import World, make_assignment
from tests.staff.twins import make_award

NAME = "Mei Student"
SECRET_WORDS = "The diary of a search that nobody else may read."
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63"
    "f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


def make_shown_work(
    session: Session, world: World, storage, *, version=None, is_marked: bool = True
) -> tuple[Award, list[Artifact]]:
    """Make an award for a text and a picture, assessed, released and marked by the grantor."""
    version = version or world.level_2
    assignment = make_assignment(session, world.course, version, link=None)
    session.commit()
    submission = hand_in(session, assignment, world.learner)
    (attempt,) = submission.attempts
    text = attempt.artifacts[0]
    text.text = SECRET_WORDS
    stored = storage.put(BytesIO(PIXEL))
    picture = Artifact(
        institution_id=world.institution.id,
        attempt_id=attempt.id,
        kind=ArtifactKind.FILE,
        file_name="poster.png",
        media_type="image/png",
        size_bytes=stored.size_bytes,
        storage_key=stored.key,
        sha256=stored.sha256,
        created_at=datetime.now(UTC),
    )
    session.add(picture)
    session.flush()
    now = datetime.now(UTC)
    assessment = Assessment(
        institution_id=world.institution.id,
        attempt_id=attempt.id,
        grantor_id=world.second_grantor.id,
        appointment_id=_appointment(session, world, version),
        capacity=Capacity.GRANTOR,
        decision=Decision.MET,
        points=1,
        max_points=1,
        assessed_at=now,
        shown_artifacts=[text, picture] if is_marked else [],
    )
    session.add(assessment)
    session.flush()
    session.add(
        AttemptDecision(
            institution_id=world.institution.id,
            submission_id=submission.id,
            attempt_id=attempt.id,
            assessment_id=assessment.id,
            decision=Decision.MET,
            decided_by=world.second_grantor.id,
            decided_at=now,
            release_at=now,
            released_at=now,
        )
    )
    _award_submission(submission, now)
    award = make_award(session, world, world.learner, version=version)
    session.commit()
    return award, [text, picture]


def add_member(session: Session, world: World) -> Award:
    """Let the other learner be one of the work's authors, too; return the award they hold."""
    lead = session.scalars(select(Submission)).one()
    now = datetime.now(UTC)
    session.add(
        Submission(
            institution_id=lead.institution_id,
            course_id=lead.course_id,
            assignment_id=lead.assignment_id,
            achievement_id=lead.achievement_id,
            learner_id=world.other_learner.id,
            lead_id=lead.id,
            status=SubmissionStatus.AWARDED,
            status_changed_at=now,
            submitted_at=now,
            created_at=now,
        )
    )
    return make_award(session, world, world.other_learner, version=world.level_2)


def _award_submission(submission: Submission, now: datetime) -> None:
    submission.status, submission.status_changed_at = SubmissionStatus.AWARDED, now


def _appointment(session, world, version) -> int:
    found = find_appointment(
        session,
        person_id=world.second_grantor.id,
        achievement_id=version.achievement_id,
        course_id=None,
        now=datetime.now(UTC),
    )
    return found.id


def choose(artifacts, *ways, audience="public", **more):
    data = {f"shown_{a.id}": way for a, way in zip(artifacts, ways, strict=True)}
    return {**data, "audience": audience, **more}


def hidden(page, name):
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page.text)
    return found[1].replace("&#34;", '"').replace("&quot;", '"').replace("&amp;", "&")


def sign(mei, here, page, **changes):
    data = {
        "carried": hidden(page, "carried"),
        "seen": hidden(page, "seen"),
        "name": NAME,
        "agrees": "y",
        **changes,
    }
    return mei.post(f"{here}/sign", data=data)


def consent(session):
    session.expire_all()
    return session.scalars(select(Consent).order_by(Consent.id.desc())).first()


def link_of(mei, here):
    return re.search(r"https://tool\.test(/evidence/[\w-]{43})", mei.get(here).text)[1]
