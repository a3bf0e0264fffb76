"""Which offices somebody holds today: only they come in by the campus sign-in."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.programme.administrators import is_administrator
from app.programme.models import ReviewerAppointment
from app.programme.service import list_granted_achievement_ids


@dataclass(frozen=True)
class Offices:
    """What somebody is today; `groups`: keys of the reviewers' groups."""

    is_administrator: bool
    is_grantor: bool
    groups: tuple[str, ...]

    def __bool__(self) -> bool:
        """Whether there is one."""
        return self.is_administrator or self.is_grantor or bool(self.groups)


def find_offices(session: Session, person_id: int, *, now: datetime) -> Offices:
    """Return which offices a person holds now."""
    groups = session.scalars(
        select(ReviewerAppointment.group_key)
        .where(
            ReviewerAppointment.person_id == person_id,
            ReviewerAppointment.starts_at <= now,
            or_(ReviewerAppointment.ends_at.is_(None), ReviewerAppointment.ends_at > now),
        )
        .distinct()
        .order_by(ReviewerAppointment.group_key)
    )
    return Offices(
        is_administrator=is_administrator(session, person_id, now=now),
        is_grantor=bool(list_granted_achievement_ids(session, person_id, now=now)),
        groups=tuple(groups),
    )
