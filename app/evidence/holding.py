"""Work on which a legal hold stands: what its learners take out of a draft is kept aside.

Those held are not told, so their pages do what they always do.
"""

from datetime import datetime, timedelta

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.evidence.hold_models import HeldArtifact, LegalHold
from app.evidence.models import Artifact, ArtifactKind, Submission

# A text that stood for less is a step of typing, unless it was there when the hold was placed.
STEP_OF_TYPING = timedelta(minutes=10)
KEPT = (
    *("institution_id", "criterion_id", "kind", "file_name", "media_type", "size_bytes"),
    *("storage_key", "url", "text", "note", "sha256", "created_at"),
)


def find_hold(session: Session, submission: Submission) -> LegalHold | None:
    """Return the newest hold that stands on a work: on any of a group's submissions or people."""
    lead_id = submission.lead_id or submission.id
    in_group = or_(Submission.id == lead_id, Submission.lead_id == lead_id)
    return session.scalars(
        select(LegalHold)
        .where(
            LegalHold.lifted_at.is_(None),
            or_(
                LegalHold.submission_id.in_(select(Submission.id).where(in_group)),
                LegalHold.person_id.in_(select(Submission.learner_id).where(in_group)),
            ),
        )
        .order_by(LegalHold.placed_at.desc(), LegalHold.id.desc())
    ).first()


def keep_aside(session: Session, artifact: Artifact, *, now: datetime) -> None:
    """Keep a copy of an artifact that is about to leave its draft, if a hold stands on the work."""
    hold = find_hold(session, artifact.attempt.submission)
    if hold is None or _is_step_of_typing(artifact, hold, now=now):
        return
    session.add(
        HeldArtifact(
            submission_id=artifact.attempt.submission_id,
            attempt_number=artifact.attempt.number,
            removed_at=now,
            **{name: getattr(artifact, name) for name in KEPT},
        )
    )


def follow_holds(session: Session, leaving: Submission, work: Submission) -> None:
    """Let the holds on somebody who leaves a group stand on the work that they leave, too.

    It was theirs when they were placed.
    """
    standing = session.scalars(
        select(LegalHold).where(
            LegalHold.lifted_at.is_(None),
            or_(
                LegalHold.submission_id == leaving.id,
                LegalHold.person_id == leaving.learner_id,
            ),
        )
    ).all()
    for hold in standing:
        session.add(
            LegalHold(
                institution_id=hold.institution_id,
                submission_id=work.id,
                reason=hold.reason,
                placed_by=hold.placed_by,
                placed_at=hold.placed_at,
            )
        )


def _is_step_of_typing(artifact: Artifact, hold: LegalHold, *, now: datetime) -> bool:
    return (
        artifact.kind is ArtifactKind.TEXT
        and artifact.created_at > hold.placed_at
        and now - artifact.created_at < STEP_OF_TYPING
    )
