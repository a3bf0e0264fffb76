"""Deep linking: a selection that somebody began in the LMS, and what was made in it."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload

from app.catalog.models import Achievement, AchievementVersion
from app.catalog.usability import require_usable
from app.core.errors import ConflictError, NotFoundError
from app.mapping.asked import read_asked
from app.mapping.models import Assignment, DeepLinkChoice, DeepLinkRequest


def get_deep_link_request(
    session: Session, token: str, *, course_id: int, person_id: int, now: datetime
) -> DeepLinkRequest:
    """Return a deep-linking request of this person in this course that has not run out.

    Raises: `NotFoundError`.
    """
    found = session.scalar(
        select(DeepLinkRequest).where(
            DeepLinkRequest.token == token,
            DeepLinkRequest.course_id == course_id,
            DeepLinkRequest.person_id == person_id,
            DeepLinkRequest.expires_at > now,
        )
    )
    if found is None:
        raise NotFoundError(
            "This selection has run out. Start again from “add activity” in your course."
        )
    return found


def list_choices(session: Session, request: DeepLinkRequest) -> list[DeepLinkChoice]:
    """Return what was made in a selection and has no link yet, oldest first."""
    return list(
        session.scalars(
            select(DeepLinkChoice)
            .join(Assignment, Assignment.id == DeepLinkChoice.assignment_id)
            .where(DeepLinkChoice.request_id == request.id, Assignment.resource_link_pk.is_(None))
            .options(
                joinedload(DeepLinkChoice.assignment)
                .joinedload(Assignment.version)
                .joinedload(AchievementVersion.achievement)
                .joinedload(Achievement.level)
            )
            .order_by(DeepLinkChoice.id)
        )
    )


def choose(session: Session, request: DeepLinkRequest, assignment: Assignment) -> None:
    """Add an assignment that was made in a selection; where only one is taken, instead of another.

    Source: LTI Deep Linking 2.0 §4.4.1 (`accept_multiple`).
    """
    _make_room(session, request)
    session.add(DeepLinkChoice(request_id=request.id, assignment_id=assignment.id, is_chosen=True))
    session.flush()


def take_back(session: Session, request: DeepLinkRequest, assignment_id: int) -> None:
    """Leave an assignment out of the answer; it can be chosen again.

    Raises: `NotFoundError` if it was not made in this selection.
    """
    _get_choice(session, request, assignment_id).is_chosen = False


def choose_again(
    session: Session, request: DeepLinkRequest, assignment_id: int, *, now: datetime
) -> None:
    """Put an assignment back into the answer.

    Raises: `NotFoundError` if it was not made in this selection; `ConflictError`
        if the LMS has made a link of it meanwhile, or its achievement may not be used.
    """
    choice = _get_choice(session, request, assignment_id)
    require_usable(choice.assignment.version, now=now)
    if choice.assignment.resource_link_pk is not None:
        raise ConflictError("This assignment is in the course already.")
    _make_room(session, request)
    choice.is_chosen = True


def _make_room(session: Session, request: DeepLinkRequest) -> None:
    if not read_asked(request.settings).is_multiple:
        session.execute(
            update(DeepLinkChoice)
            .where(DeepLinkChoice.request_id == request.id)
            .values(is_chosen=False)
        )


def _get_choice(session: Session, request: DeepLinkRequest, assignment_id: int) -> DeepLinkChoice:
    found = session.scalar(
        select(DeepLinkChoice).where(
            DeepLinkChoice.request_id == request.id,
            DeepLinkChoice.assignment_id == assignment_id,
        )
    )
    if found is None:
        raise NotFoundError("There is no such assignment in this selection.")
    return found
