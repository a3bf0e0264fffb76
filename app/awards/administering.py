"""Single awards as an administrator looks after them: find one, see its life."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.interfaces import ORMOption

from app.awards.held import is_counted, is_standing
from app.awards.models import Award
from app.awards.status_models import CredentialEdition
from app.catalog.models import Achievement, AchievementVersion
from app.core.errors import NotFoundError
from app.courses.models import Person

PER_PAGE: Final = 50
SHORTEST: Final = 2


class State(StrEnum):
    """How an award stands now."""

    VALID = "valid"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Found:
    """One page of a search, with how many there are in all."""

    awards: Sequence[Award]
    total: int

    @property
    def pages(self) -> int:
        """How many pages there are; one at least."""
        return max(1, -(-self.total // PER_PAGE))


@dataclass(frozen=True)
class Life:
    """What became of an award: earlier credentials, and the awards before and after it."""

    editions: Sequence[CredentialEdition]
    before: Award | None
    after: Award | None


def state_of(award: Award, now: datetime) -> State:
    """Return how an award stands."""
    if award.revoked_at is not None:
        return State.REVOKED
    if award.has_expired(now):
        return State.EXPIRED
    return State.SUSPENDED if award.suspended_at is not None else State.VALID


def find_awards(
    session: Session,
    institution_id: int,
    *,
    text: str = "",
    state: State | None = None,
    page: int = 1,
    now: datetime,
) -> Found:
    """Return an institution's awards, the newest first.

    Units: `text`: a part of the holder's name or e-mail, of the micro-credential's
        name, or the award's address.
    """
    asked = [Award.institution_id == institution_id, *_asked(text.strip(), state, now)]
    joined = (
        select(Award)
        .join(Person, Person.id == Award.person_id)
        .join(AchievementVersion, AchievementVersion.id == Award.version_id)
        .where(*asked)
    )
    total = session.scalar(select(func.count()).select_from(joined.subquery())) or 0
    awards = session.scalars(
        joined.options(joinedload(Award.person), *_shown())
        .order_by(Award.awarded_at.desc(), Award.id.desc())
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
    )
    return Found(awards.all(), total)


def get_award(session: Session, award_id: int, *, institution_id: int) -> Award:
    """Return one of an institution's awards.

    Raises: `NotFoundError`.
    """
    award = session.scalar(
        select(Award)
        .where(Award.id == award_id, Award.institution_id == institution_id)
        .options(joinedload(Award.person), *_shown())
    )
    if award is None:
        raise NotFoundError("There is no such award in your institution.")
    return award


def read_life(session: Session, award: Award) -> Life:
    """Return what became of an award."""
    editions = session.scalars(
        select(CredentialEdition)
        .where(CredentialEdition.award_id == award.id)
        .order_by(CredentialEdition.number)
    )
    before = session.get(Award, award.renews_id) if award.renews_id else None
    after = session.scalar(select(Award).where(Award.renews_id == award.id).limit(1))
    return Life(editions.all(), before, after)


def _asked(text: str, state: State | None, now: datetime) -> list[ColumnElement[bool]]:
    asked: list[ColumnElement[bool]] = []
    if len(text) >= SHORTEST:
        asked.append(
            or_(
                Award.recipient_name.icontains(text, autoescape=True),
                Person.name.icontains(text, autoescape=True),
                Person.email.icontains(text, autoescape=True),
                AchievementVersion.name.icontains(text, autoescape=True),
                Award.public_id == _last_part(text),
            )
        )
    if state is not None:
        asked.append(_is_in(state, now))
    return asked


def _last_part(address: str) -> str:
    return address.rstrip("/").rpartition("/")[2].removesuffix(".json")


def _is_in(state: State, now: datetime) -> ColumnElement[bool]:
    held = is_standing(Award, now)
    return {
        State.REVOKED: Award.revoked_at.is_not(None),
        State.EXPIRED: and_(Award.revoked_at.is_(None), Award.valid_until <= now),
        State.SUSPENDED: and_(held, Award.suspended_at.is_not(None)),
        State.VALID: is_counted(Award, now),
    }[state]


def _shown() -> tuple[ORMOption, ...]:
    achievement = joinedload(Award.version).joinedload(AchievementVersion.achievement)
    return (
        achievement.joinedload(Achievement.level),
        achievement.joinedload(Achievement.issuer),
        joinedload(Award.achievement).joinedload(Achievement.level),
    )
