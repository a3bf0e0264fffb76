"""Who hands in together: invited, agreed, declined, left; until the work is handed in."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from app.core.audit import record
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.courses.people import is_learner
from app.evidence.beginning import begin_submission, lock_submission
from app.evidence.group_lists import can_change, has_work, is_over, waits_for_answer
from app.evidence.group_models import AttemptSignature, GroupInvitation
from app.evidence.holding import follow_holds
from app.evidence.models import Attempt, Submission
from app.evidence.passing_on import ALONE, lock_group, pass_on
from app.evidence.service import require_turn, tell_gradebook
from app.mapping.models import Assignment

CLOSED = (
    "This group cannot be changed any more: its work has been handed in. "
    "Take the work back first, if nobody has started to assess it."
)
NO_GROUPS = "In this assignment everybody hands in their own work."
NOT_YOURS = "There is no such invitation for you here. It may have been taken back."


def invite(
    session: Session, assignment: Assignment, *, learner_id: int, person_id: int, now: datetime
) -> None:
    """Ask a learner of the course to hand in together; begin the work if there is none.

    Who declined may be asked again.
    Raises: `ConflictError` if it is handed in, the group is full, or they have work of
        their own; `InvalidError` for oneself; `NotFoundError` for anybody who is no
        learner of the course; as `service.require_turn`.
    """
    lead = _lock_changeable(session, assignment, learner_id)
    require_turn(session, assignment, lead, learner_id=learner_id, now=now)
    if person_id == learner_id:
        raise InvalidError("You are in your group already. Choose somebody else.")
    if not is_learner(session, assignment.course_id, person_id, now=now):
        raise NotFoundError("There is no such learner in this course.")
    if session.scalar(select(has_work(assignment.id, person_id))):
        raise ConflictError(
            "They have begun work of their own, or are in a group already. "
            "Once they have emptied their draft, or left that group, you can invite them."
        )
    if lead is None:
        lead = begin_submission(session, assignment, learner_id, now=now)
        tell_gradebook(session, assignment, lead, comment="", now=now)
    elif lead.learner_id != learner_id:
        raise ConflictError("Whoever leads this group invites its members. Ask them.")
    known = session.scalar(
        select(GroupInvitation).where(
            GroupInvitation.submission_id == lead.id, GroupInvitation.person_id == person_id
        )
    )
    if known is not None and known.answered_at is None and not is_over(known, lead):
        return  # a double click
    if _count_places(session, lead, with_asked=True) >= assignment.max_group_size:
        raise ConflictError(
            f"Your group is full: {assignment.max_group_size} at most work together here, "
            "with those whom you have invited."
        )
    if known is None:
        known = GroupInvitation(
            institution_id=lead.institution_id, submission_id=lead.id, person_id=person_id
        )
        session.add(known)
    known.invited_by, known.invited_at, known.answered_at = learner_id, now, None
    known.is_accepted = False
    session.flush()
    _audit(session, lead, learner_id, "invited", {"person": person_id}, now=now)


def take_back(
    session: Session, assignment: Assignment, *, learner_id: int, invitation_id: int, now: datetime
) -> None:
    """Take an invitation back that was not answered, or forget one that was declined.

    Raises: `ConflictError` if it was accepted meanwhile; `NotFoundError`.
    """
    lead = _require_lead(session, assignment, learner_id)
    invitation = session.get(GroupInvitation, invitation_id)
    if invitation is None or invitation.submission_id != lead.id:
        raise NotFoundError("There is no such invitation.")
    if invitation.is_accepted:
        raise ConflictError("They have accepted meanwhile. You can still remove them.")
    session.delete(invitation)
    _audit(session, lead, learner_id, "uninvited", {"person": invitation.person_id}, now=now)


def accept(
    session: Session, assignment: Assignment, *, learner_id: int, invitation_id: int, now: datetime
) -> None:
    """Join a group: from here on its work is theirs too; an empty draft gives way to it.

    Raises: `NotFoundError` if they are not invited; `ConflictError` if they have
        declined, have work of their own, or are in a group, and if the group is full or
        has handed in; as `service.require_turn`.
    """
    invitation, lead, own = _lock_invitation(session, assignment, learner_id, invitation_id)
    if invitation.is_accepted and own is not None and own.lead_id == lead.id:
        return  # a double click
    if invitation.answered_at is not None:
        raise ConflictError("You have declined this invitation. Ask to be invited again.")
    if not can_change(lead):
        raise ConflictError(
            "This group has handed in its work meanwhile; nobody can join it any more."
        )
    if is_over(invitation, lead):
        raise ConflictError(
            "This work was handed in without you before, and the invitation has ended with that. "
            "Ask to be invited again."
        )
    require_turn(session, assignment, lead, learner_id=learner_id, now=now)
    if lead.lead_id is not None:
        raise ConflictError("Whoever invited you has joined another group meanwhile.")
    if session.scalar(select(has_work(assignment.id, learner_id))):
        raise ConflictError(
            "You have work of your own here, or are in a group. Empty your draft, or leave that "
            "group, before you join another."
        )
    if _count_places(session, lead, with_asked=False) >= assignment.max_group_size:
        raise ConflictError("This group is full.")
    is_new = own is None
    if own is None:
        own = begin_submission(session, assignment, learner_id, now=now)
    _drop_empty_work(session, own)
    own.lead_id = lead.id
    invitation.answered_at, invitation.is_accepted = now, True
    session.flush()
    if is_new:
        tell_gradebook(session, assignment, own, comment="", now=now)
    _audit(session, lead, learner_id, "joined", {}, now=now)


def decline(
    session: Session, assignment: Assignment, *, learner_id: int, invitation_id: int, now: datetime
) -> None:
    """Decline an invitation; nothing of the work becomes theirs.

    Raises: `NotFoundError` if they are not invited; `ConflictError` once they have accepted.
    """
    invitation, lead, _own = _lock_invitation(session, assignment, learner_id, invitation_id)
    if invitation.is_accepted:
        raise ConflictError("You have accepted this invitation. You can leave the group instead.")
    if invitation.answered_at is None:
        invitation.answered_at = now
        _audit(session, lead, learner_id, "declined", {}, now=now)


def leave(session: Session, assignment: Assignment, *, learner_id: int, now: datetime) -> None:
    """Leave a group before it hands in, with an empty draft of one's own; its work goes on.

    If whoever began it leaves, the oldest other member leads it.
    Raises: `ConflictError` once it is handed in, and without a group; as `passing_on.pass_on`.
    """
    lock_group(session, assignment, learner_id)
    lead = _lock_changeable(session, assignment, learner_id)
    if lead is None:
        raise ConflictError(ALONE)
    facts = {}
    if lead.learner_id == learner_id:
        left, lead = lead, pass_on(session, lead)
        facts = {"was": left.id, "lead": lead.learner_id}
        _forget_signature(session, lead, learner_id)
    else:
        _take_out(session, lead, learner_id)
    _audit(session, lead, learner_id, "left", facts, now=now)


def remove(
    session: Session, assignment: Assignment, *, learner_id: int, person_id: int, now: datetime
) -> None:
    """Remove somebody from the group that one began, before it hands in.

    Raises: `ConflictError` once it is handed in; `NotFoundError` if they are not in it.
    """
    lead = _require_lead(session, assignment, learner_id)
    _take_out(session, lead, person_id)
    _audit(session, lead, learner_id, "removed", {"person": person_id}, now=now)


def _lock_changeable(
    session: Session, assignment: Assignment, learner_id: int
) -> Submission | None:
    if not assignment.takes_groups:
        raise ConflictError(NO_GROUPS)
    lead = lock_submission(session, assignment, learner_id)
    if not can_change(lead):
        raise ConflictError(CLOSED)
    return lead


def _require_lead(session: Session, assignment: Assignment, learner_id: int) -> Submission:
    lead = _lock_changeable(session, assignment, learner_id)
    if lead is None or lead.learner_id != learner_id:
        raise NotFoundError("You have begun no group here.")
    return lead


def _lock_invitation(
    session: Session, assignment: Assignment, learner_id: int, invitation_id: int
) -> tuple[GroupInvitation, Submission, Submission | None]:
    """Return an invitation, the work it is to, and the learner's own; both locked, in one order."""
    asked = (
        select(GroupInvitation.submission_id)
        .where(GroupInvitation.id == invitation_id, GroupInvitation.person_id == learner_id)
        .scalar_subquery()
    )
    locked = session.scalars(
        select(Submission)
        .where(
            Submission.assignment_id == assignment.id,
            or_(Submission.id == asked, Submission.learner_id == learner_id),
        )
        .order_by(Submission.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    invitation = session.get(GroupInvitation, invitation_id, populate_existing=True)
    if invitation is None or invitation.person_id != learner_id:
        raise NotFoundError(NOT_YOURS)
    lead = next((each for each in locked if each.id == invitation.submission_id), None)
    if lead is None:
        raise NotFoundError(NOT_YOURS)
    own = next((each for each in locked if each.learner_id == learner_id), None)
    return invitation, lead, own


def _count_places(session: Session, lead: Submission, *, with_asked: bool) -> int:
    members = session.scalar(
        select(func.count()).select_from(Submission).where(Submission.lead_id == lead.id)
    )
    asked = session.scalar(
        select(func.count())
        .select_from(GroupInvitation)
        .where(GroupInvitation.submission_id == lead.id, waits_for_answer())
    )
    return 1 + (members or 0) + ((asked or 0) if with_asked else 0)


def _drop_empty_work(session: Session, own: Submission) -> None:
    """Take an empty draft away, and what was asked of others for it."""
    session.execute(delete(GroupInvitation).where(GroupInvitation.submission_id == own.id))
    empty = select(Attempt.id).where(Attempt.submission_id == own.id)
    session.execute(delete(AttemptSignature).where(AttemptSignature.attempt_id.in_(empty)))
    session.execute(delete(Attempt).where(Attempt.submission_id == own.id))
    session.expire(own, ["attempts"])


def _take_out(session: Session, lead: Submission, person_id: int) -> None:
    own = session.scalar(
        select(Submission)
        .where(Submission.lead_id == lead.id, Submission.learner_id == person_id)
        .with_for_update()
    )
    if own is None:
        raise NotFoundError("There is no such member in this group.")
    follow_holds(session, own, lead)
    own.lead_id = None
    own.submitted_at = None
    _forget_signature(session, lead, person_id)
    session.execute(
        delete(GroupInvitation).where(
            GroupInvitation.submission_id == lead.id, GroupInvitation.person_id == person_id
        )
    )
    session.flush()


def _forget_signature(session: Session, lead: Submission, person_id: int) -> None:
    attempts = select(Attempt.id).where(
        Attempt.submission_id == lead.id, Attempt.submitted_at.is_(None)
    )
    session.execute(
        delete(AttemptSignature).where(
            AttemptSignature.attempt_id.in_(attempts), AttemptSignature.person_id == person_id
        )
    )


def _audit(
    session: Session,
    lead: Submission,
    person_id: int,
    what: str,
    facts: dict[str, Any],
    *,
    now: datetime,
) -> None:
    record(
        session,
        lead.institution_id,
        actor=f"person:{person_id}",
        action=f"submission.group_{what}",
        subject=f"submission:{lead.id}",
        facts=facts,
        now=now,
    )
