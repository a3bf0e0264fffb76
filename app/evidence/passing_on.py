"""Who began a group leaves it: the work is passed on to whoever has been in it longest."""

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.core.errors import ConflictError
from app.evidence.group_models import GroupInvitation
from app.evidence.holding import follow_holds
from app.evidence.models import Attempt, Submission
from app.mapping.models import Assignment

ALONE = (
    "Nobody else is in your group, so there is nobody to leave the draft to: it stays yours. "
    "Take your invitations back if you want to work alone."
)
WAS_HANDED_IN = (
    "Your group has handed in before and taken it back. What belongs to that hangs on you, so you "
    "cannot leave. You can remove the others instead."
)


def lock_group(session: Session, assignment: Assignment, learner_id: int) -> None:
    """Lock a learner's submission, its lead and all who refer to it, in one order.

    Whoever locks only two of them does so in the same order.
    """
    own = select(Submission.id).where(
        Submission.assignment_id == assignment.id, Submission.learner_id == learner_id
    )
    lead = select(Submission.lead_id).where(
        Submission.assignment_id == assignment.id, Submission.learner_id == learner_id
    )
    session.execute(
        select(Submission.id)
        .where(
            or_(
                Submission.id.in_(own),
                Submission.id.in_(lead),
                Submission.lead_id.in_(own),
            )
        )
        .order_by(Submission.id)
        .with_for_update()
    )


def pass_on(session: Session, lead: Submission) -> Submission:
    """Make the oldest other member the lead of a locked group; return their submission.

    The draft and the invitations become theirs; whoever led has an empty draft.
    Raises: `ConflictError` if there is nobody else, or it was handed in once.
    """
    heir = session.scalar(
        select(Submission)
        .outerjoin(
            GroupInvitation,
            (GroupInvitation.submission_id == lead.id)
            & (GroupInvitation.person_id == Submission.learner_id),
        )
        .where(Submission.lead_id == lead.id)
        .order_by(GroupInvitation.answered_at.is_(None), GroupInvitation.answered_at, Submission.id)
        .limit(1)
    )
    if heir is None:
        raise ConflictError(ALONE)
    handed_in = select(func.count()).where(
        Attempt.submission_id == lead.id, Attempt.submitted_at.is_not(None)
    )
    if session.scalar(handed_in):
        raise ConflictError(WAS_HANDED_IN)
    follow_holds(session, lead, heir)
    session.execute(
        update(Submission)
        .where(Submission.lead_id == lead.id, Submission.id != heir.id)
        .values(lead_id=heir.id)
    )
    heir.lead_id = None
    session.execute(
        update(Attempt).where(Attempt.submission_id == lead.id).values(submission_id=heir.id)
    )
    _pass_on_invitations(session, lead, heir)
    session.flush()
    session.expire_all()
    return heir


def _pass_on_invitations(session: Session, lead: Submission, heir: Submission) -> None:
    session.execute(
        delete(GroupInvitation).where(
            or_(
                GroupInvitation.submission_id == heir.id,  # from before they joined
                (GroupInvitation.submission_id == lead.id)
                & (GroupInvitation.person_id == heir.learner_id),
            )
        )
    )
    session.execute(
        update(GroupInvitation)
        .where(GroupInvitation.submission_id == lead.id)
        .values(submission_id=heir.id)
    )
