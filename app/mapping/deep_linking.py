"""Deep-linking requests: a selection that somebody began in the LMS and has not ended."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import NotFoundError
from app.mapping.models import DeepLinkRequest


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
