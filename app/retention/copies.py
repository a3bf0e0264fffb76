"""When redacted copies have been kept long enough: with the consents that name them.

A copy for which a consent was signed is kept as shown work is, from the end of the
last such consent; one that nobody signed for, as a draft is.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from app.awards.models import Award
from app.evidence.consent_models import Consent, ConsentItem, RedactedCopy
from app.evidence.models import Artifact, Attempt, Submission
from app.evidence.redacting import is_signed


def is_standing(now: datetime) -> ColumnElement[bool]:
    """Return the condition that a consent stands, and the award with which it shows."""
    return and_(
        Consent.withdrawn_at.is_(None),
        or_(Consent.link_ends_at.is_(None), Consent.link_ends_at > now),
        Award.id == Consent.award_id,
        Award.revoked_at.is_(None),
        or_(Award.valid_until.is_(None), Award.valid_until > now),
    )


def last_ended_at(is_of: ColumnElement[bool]) -> Any:
    """Return when the last consent of some items, or the award that it hung on, ended."""
    ended_at = func.coalesce(
        Consent.withdrawn_at, Award.revoked_at, Consent.link_ends_at, Award.valid_until
    )
    return (
        select(func.max(ended_at))
        .select_from(ConsentItem)
        .join(Consent, Consent.id == ConsentItem.consent_id)
        .join(Award, Award.id == Consent.award_id)
        .where(is_of)
        .scalar_subquery()
    )


def find_signed(institution_id: int, cutoff: datetime, now: datetime) -> Select[Any]:
    """Find copies that some consent named and none names any more."""
    is_of = ConsentItem.redacted_id == RedactedCopy.id
    still_shown = exists().where(is_of, Consent.id == ConsentItem.consent_id, is_standing(now))
    begins = last_ended_at(is_of)
    return _copies(institution_id, begins).where(is_signed(), ~still_shown, begins <= cutoff)


def find_unsigned(institution_id: int, cutoff: datetime, _now: datetime) -> Select[Any]:
    """Find copies that were sent, and for which nobody ever signed."""
    return _copies(institution_id, RedactedCopy.created_at).where(
        ~is_signed(), RedactedCopy.created_at <= cutoff
    )


def _copies(institution_id: int, begins: Any) -> Select[Any]:
    return (
        select(
            RedactedCopy.id,
            RedactedCopy.sha256,
            begins.label("begins_at"),
            Submission.id,
            RedactedCopy.person_id,
        )
        .join(Artifact, Artifact.id == RedactedCopy.artifact_id)
        .join(Attempt, Attempt.id == Artifact.attempt_id)
        .join(Submission, Submission.id == Attempt.submission_id)
        .where(RedactedCopy.institution_id == institution_id, RedactedCopy.deleted_at.is_(None))
        .order_by(RedactedCopy.id)
    )
