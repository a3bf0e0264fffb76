"""Who works together and whom one can ask, for pages and for those who change it. Reads only."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

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


class AskedState(StrEnum):
    """What became of an invitation that was not accepted; `over`: handed in before an answer."""

    OPEN = "open"
    DECLINED = "declined"
    OVER = "over"


@dataclass(frozen=True)
class Asked:
    """Somebody who was invited and has not joined."""

    id: int
    person: Person
    state: AskedState


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


def list_asked(session: Session, lead: Submission) -> list[Asked]:
    """Return those who were invited and did not accept: the first one asked, first."""
    found = session.scalars(
        select(GroupInvitation)
        .where(GroupInvitation.submission_id == lead.id, GroupInvitation.is_accepted.is_(False))
        .options(joinedload(GroupInvitation.person))
        .order_by(GroupInvitation.id)
    )
    return [Asked(each.id, each.person, _state_of(each, lead)) for each in found]


def list_open(session: Session, lead: Submission) -> list[Asked]:
    """Return those who were invited and may still answer."""
    return [each for each in list_asked(session, lead) if each.state is AskedState.OPEN]


def is_over(invitation: GroupInvitation, lead: Submission) -> bool:
    """Return whether nobody can answer any more: the work was handed in since."""
    return invitation.answered_at is None and any(
        attempt.submitted_at is not None and attempt.submitted_at >= invitation.invited_at
        for attempt in lead.attempts
    )


def waits_for_answer() -> ColumnElement[bool]:
    """Return the condition that an invitation is open: not answered, and not over."""
    handed_in = exists().where(
        Attempt.submission_id == GroupInvitation.submission_id,
        Attempt.submitted_at >= GroupInvitation.invited_at,
    )
    return and_(GroupInvitation.answered_at.is_(None), ~handed_in.correlate(GroupInvitation))


def list_unanswered_of(
    session: Session, assignment: Assignment, person_id: int
) -> list[tuple[GroupInvitation, Submission]]:
    """Return what a learner was invited to and has not answered, with that work.

    Some of it may be over (`is_over`).
    """
    found = session.execute(
        select(GroupInvitation, Submission)
        .join(Submission, Submission.id == GroupInvitation.submission_id)
        .where(
            GroupInvitation.person_id == person_id,
            GroupInvitation.answered_at.is_(None),
            Submission.assignment_id == assignment.id,
        )
        .options(joinedload(Submission.learner), selectinload(Submission.attempts))
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
            waits_for_answer(),
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


def _state_of(invitation: GroupInvitation, lead: Submission) -> AskedState:
    if invitation.answered_at is not None:
        return AskedState.DECLINED
    return AskedState.OVER if is_over(invitation, lead) else AskedState.OPEN


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
