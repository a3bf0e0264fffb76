"""Who works together and whom one can ask, for pages and for those who change it. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from app.courses.models import Person
from app.courses.people import select_learners
from app.evidence.group_models import GroupInvitation
from app.evidence.models import Artifact, Attempt, Submission, SubmissionStatus
from app.mapping.models import Assignment

# So many names are offered at once; more are found by typing a part of one.
MAX_OFFERED = 50


@dataclass(frozen=True)
class Offered:
    """Learners who can be invited, by name. `has_more`: more of them match."""

    people: Sequence[Person]
    has_more: bool


def can_change(lead: Submission | None) -> bool:
    """Return whether who works together may still change: nothing has been handed in."""
    return lead is None or lead.status is SubmissionStatus.DRAFT


def list_members(session: Session, lead: Submission) -> list[Submission]:
    """Return the submissions of all who work together, with the learners; who began, first."""
    return list(
        session.scalars(
            select(Submission)
            .where(or_(Submission.id == lead.id, Submission.lead_id == lead.id))
            .options(joinedload(Submission.learner))
            .order_by(Submission.lead_id.is_not(None), Submission.id)
        )
    )


def list_asked(session: Session, lead: Submission) -> list[GroupInvitation]:
    """Return the invitations that were not accepted: open ones, and those declined."""
    return list(
        session.scalars(
            select(GroupInvitation)
            .where(GroupInvitation.submission_id == lead.id, GroupInvitation.is_accepted.is_(False))
            .options(joinedload(GroupInvitation.person))
            .order_by(GroupInvitation.id)
        )
    )


def list_invitations_of(
    session: Session, assignment: Assignment, person_id: int
) -> list[tuple[GroupInvitation, Submission]]:
    """Return the open invitations of a learner to work of others, with that work."""
    found = session.execute(
        select(GroupInvitation, Submission)
        .join(Submission, Submission.id == GroupInvitation.submission_id)
        .where(
            GroupInvitation.person_id == person_id,
            GroupInvitation.answered_at.is_(None),
            Submission.assignment_id == assignment.id,
            Submission.status == SubmissionStatus.DRAFT,
        )
        .options(joinedload(Submission.learner))
        .order_by(GroupInvitation.id)
    )
    return [(invitation, lead) for invitation, lead in found]


def list_invitable(
    session: Session, assignment: Assignment, *, learner_id: int, find: str = "", now: datetime
) -> Offered:
    """Return the course's learners who can be invited: without work beyond an empty draft."""
    asked = (
        select(GroupInvitation.person_id)
        .join(Submission, Submission.id == GroupInvitation.submission_id)
        .where(
            Submission.assignment_id == assignment.id,
            Submission.learner_id == learner_id,
            GroupInvitation.answered_at.is_(None),
        )
    )
    statement = select_learners(assignment.course_id, now=now).where(
        Person.id != learner_id,
        ~has_work(assignment.id, Person.id),
        Person.id.not_in(asked),
    )
    if find.strip():
        statement = statement.where(
            func.lower(Person.name).contains(find.strip().lower(), autoescape=True)
        )
    found = session.scalars(
        statement.order_by(Person.name.is_(None), Person.name, Person.id).limit(MAX_OFFERED + 1)
    ).all()
    return Offered(found[:MAX_OFFERED], len(found) > MAX_OFFERED)


def has_work(assignment_id: int, person_id: "int | Any") -> ColumnElement[bool]:
    """Return the condition that somebody has work of their own, or shares some.

    An empty draft that nobody has joined is none.
    """
    own, other = aliased(Submission), aliased(Submission)
    return exists().where(
        own.assignment_id == assignment_id,
        own.learner_id == person_id,
        or_(
            own.lead_id.is_not(None),
            own.status != SubmissionStatus.DRAFT,
            exists().where(other.lead_id == own.id),
            exists().where(
                Attempt.submission_id == own.id,
                or_(
                    Attempt.submitted_at.is_not(None),
                    exists().where(Artifact.attempt_id == Attempt.id),
                ),
            ),
        ),
    )
