"""Staying away from a work, or from all of somebody's: withdrawing, declaring, and ending that."""

from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, or_, select
from sqlalchemy.orm import Session, aliased, joinedload

from app.assessment import workflow
from app.assessment.allocating_ends import end_allocations
from app.assessment.conflicts import find_unmasking
from app.assessment.desk_models import AllocationEnd, ConflictOfInterest
from app.assessment.service import audit_deed, check_grantor, lock_work
from app.assessment.turns import find_own
from app.catalog.models import AchievementVersion
from app.core import audit
from app.core.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from app.core.principal import Role
from app.courses.models import Enrolment, Person
from app.evidence.models import Submission
from app.mapping.models import Assignment
from app.programme.models import GrantorAppointment
from app.programme.service import is_granted

MAX_REASON = 1000
AT_MOST = 50
UNMASKING = (
    "Work of this learner is assessed anonymously and not decided yet: if you ended this now, "
    "you would see which it is. Another person can end it, as an administrator; or you, once it "
    "is decided."
)


def recuse(
    session: Session, submission: Submission, *, person: Person, reason: str, now: datetime
) -> ConflictOfInterest:
    """Withdraw from assessing one work; whatever one had of it goes back to the others.

    Raises: as `check_grantor`; `ConflictError` if it does not wait, or one has
        assessed it already; `InvalidError` without a reason.
    """
    check_grantor(session, submission, person, now=now)
    _require_reason(reason)
    lock_work(session, submission)
    workflow.refuse_unless_waiting(
        submission.status.value, is_decided=submission.decided_at is not None
    )
    if find_own(session, submission, person.id) is not None:
        raise ConflictError(
            "You have assessed this already. Take your assessment back before you withdraw."
        )
    made = ConflictOfInterest(
        institution_id=submission.institution_id,
        person_id=person.id,
        learner_id=submission.learner_id,
        submission_id=submission.id,
        reason=reason.strip(),
        declared_by=person.id,
        declared_at=now,
    )
    session.add(made)
    _let_go(session, submission, person.id, now=now)
    # The reason may say something about the learner: it stays out of the log.
    audit_deed(session, submission, person, "assessment.recused", {"conflict": made.id}, now=now)
    return made


def declare_conflict(
    session: Session,
    *,
    person: Person,
    learner: Person,
    reason: str,
    declared_by: Person,
    now: datetime,
) -> ConflictOfInterest:
    """Declare that somebody may not assess any work of a learner, for themselves or another.

    Declared twice, it is one. Raises: `NotFoundError` across institutions;
        `InvalidError` without a reason, or about oneself.
    """
    if not person.institution_id == learner.institution_id == declared_by.institution_id:
        raise NotFoundError("There is no such person.")
    _require_reason(reason)
    if person.id == learner.id:
        raise InvalidError("Nobody assesses their own work anyway: there is nothing to declare.")
    standing = session.scalar(
        select(ConflictOfInterest).where(
            ConflictOfInterest.person_id == person.id,
            ConflictOfInterest.learner_id == learner.id,
            ConflictOfInterest.submission_id.is_(None),
            ConflictOfInterest.ended_at.is_(None),
        )
    )
    if standing is not None:
        return standing
    made = ConflictOfInterest(
        institution_id=person.institution_id,
        person_id=person.id,
        learner_id=learner.id,
        reason=reason.strip(),
        declared_by=declared_by.id,
        declared_at=now,
    )
    session.add(made)
    session.flush()
    for submission in _list_waiting_of(session, learner):
        _let_go(session, submission, person.id, now=now)
    _audit(session, made, "conflict.declared", actor=declared_by, now=now)
    return made


def end_conflict(
    session: Session,
    conflict: ConflictOfInterest,
    *,
    person: Person,
    is_administrator: bool,
    now: datetime,
) -> None:
    """End a conflict of interest: from now on the work may be assessed again.

    Raises: `ForbiddenError` for what somebody else declared, unless one is an
        administrator, and for one's own while its end would tell whose an anonymous
        work is; `ConflictError` if it has ended.
    """
    if conflict.ended_at is not None:
        raise ConflictError("This has ended already.")
    is_own = conflict.person_id == person.id == conflict.declared_by
    # An administrator who is the one concerned does not lift what another declared of them.
    if not is_own and (not is_administrator or conflict.person_id == person.id):
        raise ForbiddenError("An administrator declared this for you, and can end it.")
    if conflict.person_id == person.id and find_unmasking(session, [conflict]):
        raise ForbiddenError(UNMASKING)
    conflict.ended_at = now
    session.flush()
    _audit(session, conflict, "conflict.ended", actor=person, now=now)


def get_conflict(
    session: Session, conflict_id: int, *, institution_id: int, person_id: int | None = None
) -> ConflictOfInterest:
    """Return a conflict of interest of the institution, or of one person.

    Raises: `NotFoundError`.
    """
    found = session.get(ConflictOfInterest, conflict_id)
    if (
        found is None
        or found.institution_id != institution_id
        or person_id not in {None, found.person_id}
    ):
        raise NotFoundError("There is no such conflict of interest.")
    return found


def list_conflicts(
    session: Session, institution_id: int, *, person_id: int | None = None
) -> list[ConflictOfInterest]:
    """Return the conflicts of interest that last, of one person or all, newest first."""
    statement = select(ConflictOfInterest).where(
        ConflictOfInterest.institution_id == institution_id,
        ConflictOfInterest.ended_at.is_(None),
    )
    if person_id is not None:
        statement = statement.where(ConflictOfInterest.person_id == person_id)
    return list(
        session.scalars(
            statement.options(
                joinedload(ConflictOfInterest.person), joinedload(ConflictOfInterest.learner)
            ).order_by(ConflictOfInterest.id.desc())
        )
    )


def find_learners(session: Session, institution_id: int, text: str) -> list[Person]:
    """Return the institution's learners whose name or e-mail has a text, by name."""
    return list(session.scalars(_learners(institution_id, text).limit(AT_MOST)))


def find_own_learners(
    session: Session, person: Person, text: str, *, now: datetime
) -> list[Person]:
    """Return learners by name, of the courses in which a person may assess."""
    where_granted = (
        select(Assignment.id)
        .join(Assignment.version)
        .where(
            Assignment.course_id == Enrolment.course_id,
            is_granted(
                person.id,
                achievement_id=AchievementVersion.achievement_id,
                course_id=Assignment.course_id,
                now=now,
            ),
        )
        .correlate(Enrolment)
        .exists()
    )
    found = _learners(person.institution_id, text).where(where_granted, Person.id != person.id)
    return list(session.scalars(found.limit(AT_MOST)))


def list_assessing(session: Session, institution_id: int, *, now: datetime) -> list[Person]:
    """Return everybody who is appointed now or later, by name."""
    appointed = exists().where(
        GrantorAppointment.person_id == Person.id,
        or_(GrantorAppointment.ends_at.is_(None), GrantorAppointment.ends_at > now),
    )
    return list(
        session.scalars(
            select(Person)
            .where(Person.institution_id == institution_id, appointed)
            .order_by(Person.name, Person.id)
        )
    )


def _learners(institution_id: int, text: str) -> Any:
    wanted = text.strip()
    return (
        select(Person)
        .join(Enrolment, and_(Enrolment.person_id == Person.id, Enrolment.role == Role.LEARNER))
        .where(
            Person.institution_id == institution_id,
            or_(
                Person.name.icontains(wanted, autoescape=True),
                Person.email.icontains(wanted, autoescape=True),
            ),
        )
        .distinct()
        .order_by(Person.name, Person.id)
    )


def _list_waiting_of(session: Session, learner: Person) -> list[Submission]:
    """Return the work of a learner that waits, also what they handed in with others."""
    joined = aliased(Submission)
    return list(
        session.scalars(
            select(Submission).where(
                Submission.institution_id == learner.institution_id,
                Submission.lead_id.is_(None),
                Submission.status.in_(workflow.WAITING),
                or_(
                    Submission.learner_id == learner.id,
                    exists().where(
                        joined.lead_id == Submission.id, joined.learner_id == learner.id
                    ),
                ),
            )
        )
    )


def _let_go(session: Session, submission: Submission, person_id: int, *, now: datetime) -> None:
    if submission.assessor_id == person_id:
        submission.assessor_id = submission.assessment_started_at = None
    session.flush()
    person = session.get_one(Person, person_id)
    end_allocations(session, submission, person, AllocationEnd.RECUSED, now)


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise InvalidError("Say why: administrators read it, the learner does not.")


def _audit(
    session: Session, conflict: ConflictOfInterest, action: str, *, actor: Person, now: datetime
) -> None:
    audit.record(
        session,
        conflict.institution_id,
        actor=f"person:{actor.id}",
        action=action,
        subject=f"conflict:{conflict.id}",
        facts={"person": conflict.person_id, "learner": conflict.learner_id},
        now=now,
    )
