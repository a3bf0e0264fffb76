"""The column of a credential's status: switched on, it is told at once how everybody stands."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.evidence.models import Submission, SubmissionStatus
from app.mapping.models import Assignment
from app.passback.models import StatusColumn
from app.passback.service import find_cell
from app.passback.status_columns import switch_on, tell_status_column

# What says most about the credential, first; among equals the newest.
WEIGHT = {SubmissionStatus.AWARDED: 0, SubmissionStatus.REVOKED: 1}


def switch_on_status_column(
    session: Session, assignment: Assignment, *, actor: str, now: datetime
) -> StatusColumn:
    """Switch the column on, and owe it how each learner of the course stands today.

    Raises: as `switch_on`.
    """
    column = switch_on(session, assignment, actor=actor, now=now)
    for work in _list_telling_work(session, assignment):
        cell = find_cell(session, assignment_id=work.assignment_id, person_id=work.learner_id)
        tell_status_column(
            session,
            assignment,
            person_id=work.learner_id,
            status=work.status.value,
            comment=cell.last_comment if cell else "",
            occurred_at=now,
            scored_by=None,
        )
    return column


def _list_telling_work(session: Session, assignment: Assignment) -> list[Submission]:
    """Return of each learner the submission that says how the credential stands."""
    works = session.scalars(
        select(Submission)
        .where(
            Submission.course_id == assignment.course_id,
            Submission.achievement_id == assignment.version.achievement_id,
        )
        .order_by(Submission.status_changed_at.desc(), Submission.id.desc())
    ).all()
    chosen: dict[int, Submission] = {}
    for work in sorted(works, key=lambda work: WEIGHT.get(work.status, 2)):
        chosen.setdefault(work.learner_id, work)
    return [chosen[learner_id] for learner_id in sorted(chosen)]
