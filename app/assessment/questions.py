"""Questions about a submission, and their answers: nobody has to hand in anew to be heard."""

from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased, joinedload

from app.assessment.dialogue_models import SubmissionMessage
from app.assessment.service import audit_deed, check_grantor
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.courses.models import Person
from app.evidence.groups import list_author_ids
from app.evidence.models import Submission
from app.evidence.texts import drop_controls

MAX_MESSAGE = 4000
# So many in a row without an answer: whoever writes more is not heard better.
MAX_IN_A_ROW = 10


def list_messages(session: Session, submission_id: int) -> list[SubmissionMessage]:
    """Return all that was asked and answered about a submission, oldest first, with authors."""
    return list(
        session.scalars(
            select(SubmissionMessage)
            .where(SubmissionMessage.submission_id == submission_id)
            .options(joinedload(SubmissionMessage.author))
            .order_by(SubmissionMessage.id)
        )
    )


def has_open_question() -> ColumnElement[bool]:
    """Return the condition that a learner wrote last about a submission."""
    later = aliased(SubmissionMessage)
    return (
        select(SubmissionMessage.id)
        .where(
            SubmissionMessage.submission_id == Submission.id,
            SubmissionMessage.is_from_learner.is_(True),
            ~select(later.id)
            .where(
                later.submission_id == Submission.id,
                later.id > SubmissionMessage.id,
                later.is_from_learner.is_(False),
            )
            .exists(),
        )
        .exists()
    )


def ask(
    session: Session, submission: Submission, *, person: Person, body: str, now: datetime
) -> SubmissionMessage:
    """Add what a learner asks, or answers, about work of their own that was handed in.

    Raises: `NotFoundError` if it is not theirs; `ConflictError` if nothing was
        handed in yet, or too much waits for an answer; `InvalidError` without words.
    """
    if person.id not in list_author_ids(session, submission):
        raise NotFoundError("There is no such submission.")
    if submission.submitted_at is None:
        raise ConflictError(
            "Nothing has been handed in yet, so nobody would read a question. "
            "Ask your instructor, or hand in first."
        )
    return _add(session, submission, person, body, is_from_learner=True, now=now)


def answer(
    session: Session, submission: Submission, *, grantor: Person, body: str, now: datetime
) -> SubmissionMessage:
    """Add what somebody who may assess the work says, or asks, about it.

    Raises: as `service.check_grantor`; `InvalidError` without words.
    """
    check_grantor(session, submission, grantor, now=now)
    return _add(session, submission, grantor, body, is_from_learner=False, now=now)


def _add(
    session: Session,
    submission: Submission,
    author: Person,
    body: str,
    *,
    is_from_learner: bool,
    now: datetime,
) -> SubmissionMessage:
    text = drop_controls(body)
    if not text:
        raise InvalidError("Write your question or answer first.")
    if len(text) > MAX_MESSAGE:
        raise InvalidError(f"A message may have {MAX_MESSAGE} characters at most.")
    if _count_in_a_row(session, submission.id, is_from_learner=is_from_learner) >= MAX_IN_A_ROW:
        raise ConflictError(
            f"{MAX_IN_A_ROW} messages wait for an answer already. Wait until the other side "
            "has written."
        )
    message = SubmissionMessage(
        institution_id=submission.institution_id,
        submission_id=submission.id,
        author_id=author.id,
        is_from_learner=is_from_learner,
        body=text,
        created_at=now,
    )
    session.add(message)
    session.flush()
    action = "question.asked" if is_from_learner else "question.answered"
    audit_deed(session, submission, author, action, {"message": message.id}, now=now)
    return message


def _count_in_a_row(session: Session, submission_id: int, *, is_from_learner: bool) -> int:
    last_of_other = (
        select(func.coalesce(func.max(SubmissionMessage.id), 0))
        .where(
            SubmissionMessage.submission_id == submission_id,
            SubmissionMessage.is_from_learner.is_not(is_from_learner),
        )
        .scalar_subquery()
    )
    return (
        session.scalar(
            select(func.count()).where(
                SubmissionMessage.submission_id == submission_id,
                SubmissionMessage.id > last_of_other,
            )
        )
        or 0
    )
