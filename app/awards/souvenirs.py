"""Souvenirs: which of them somebody may give, and the batches they have made."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Select, exists, false, func, or_, select, true
from sqlalchemy.orm import Session, joinedload

from app.awards.bulk import require_souvenir
from app.awards.held import is_standing
from app.awards.models import Award
from app.awards.souvenir_models import BatchState, RowState, SouvenirBatch, SouvenirRow
from app.catalog.models import Achievement, AchievementVersion
from app.catalog.service import get_achievement
from app.catalog.usability import is_mappable_now
from app.core.errors import ForbiddenError, NotFoundError
from app.core.principal import Principal
from app.courses.models import Person
from app.programme.administrators import is_administrator
from app.programme.models import Level
from app.programme.service import list_granted_in

PER_PAGE = 100
AT_ONCE = 1000
PROBLEMS = (RowState.REPEATED, RowState.REFUSED, RowState.FAILED)


@dataclass(frozen=True)
class Giver:
    """Somebody who gives Souvenirs, as the services ask for them.

    `course_id`: where; outside of courses (`None`) an appointment for some of
    them does not count.
    """

    person_id: int
    institution_id: int
    is_administrator: bool
    course_id: int | None = None

    @classmethod
    def of(cls, principal: Principal) -> "Giver":
        """Return the giver that a signed-in person is, in the course of the page's address."""
        return cls(
            principal.person_id,
            principal.institution_id,
            principal.is_administrator,
            principal.course_id,
        )

    def in_course(self, course_id: int | None) -> "Giver":
        """Return the same giver as somebody who gives there."""
        return replace(self, course_id=course_id)


@dataclass(frozen=True)
class Counts:
    """How many rows of a batch stand how; `new`: of the ready ones, those not known yet."""

    by_state: dict[RowState, int]
    new: int = 0

    def __getitem__(self, state: str) -> int:
        """Return how many rows have this state."""
        return self.by_state.get(RowState(state), 0)

    @property
    def total(self) -> int:
        """Every row."""
        return sum(self.by_state.values())

    @property
    def problems(self) -> int:
        """Rows that somebody should look at."""
        return sum(self[state] for state in PROBLEMS)

    @property
    def handled(self) -> int:
        """Rows that are through, of those that were to be awarded: awarded or failed."""
        return self[RowState.AWARDED] + self[RowState.FAILED]


def list_givable(session: Session, giver: Giver, *, now: datetime) -> list[AchievementVersion]:
    """Return the Souvenirs that somebody may give now, by name."""
    granted = list_granted_in(session, giver.person_id, course_id=giver.course_id, now=now)
    if not granted and not giver.is_administrator:
        return []
    mine = true() if giver.is_administrator else Achievement.id.in_(granted)
    return list(
        session.scalars(
            _souvenirs(giver.institution_id)
            .where(is_mappable_now(now), mine)
            .order_by(AchievementVersion.name, AchievementVersion.id)
        )
    )


def get_givable(
    session: Session, achievement_id: int, giver: Giver, *, now: datetime
) -> AchievementVersion:
    """Return the approved version of a Souvenir that somebody may give now.

    Raises: `NotFoundError` if the institution has no such achievement, or none
        of it may be used; `ForbiddenError` if it is no Souvenir, or is not theirs to give.
    """
    achievement = session.get(Achievement, achievement_id)
    if achievement is None or achievement.institution_id != giver.institution_id:
        raise NotFoundError("There is no such Souvenir.")
    require_souvenir(achievement.level)
    require_giver(session, achievement_id, giver, now=now)
    version = session.scalar(
        _souvenirs(giver.institution_id).where(
            Achievement.id == achievement_id, is_mappable_now(now)
        )
    )
    if version is None:
        raise NotFoundError(
            "This Souvenir cannot be given: it is not approved, its approval has expired, or it "
            "is retired. Ask your programme administrator."
        )
    return version


def get_souvenir(
    session: Session, slug: str, *, institution_id: int, now: datetime
) -> AchievementVersion:
    """Return the approved version of a Souvenir by its slug, for a command.

    Raises: `NotFoundError`; `ForbiddenError` if it is no Souvenir.
    """
    achievement = get_achievement(session, slug, institution_id=institution_id)
    command = Giver(0, institution_id, is_administrator=True)
    return get_givable(session, achievement.id, command, now=now)


def require_giver(session: Session, achievement_id: int, giver: Giver, *, now: datetime) -> None:
    """Refuse somebody who is neither appointed for a Souvenir now nor an administrator.

    Raises: `ForbiddenError`.
    """
    if not may_give(session, achievement_id, giver, now=now):
        raise ForbiddenError(
            "You are not appointed to give this Souvenir. The programme administrator of your "
            "institution can appoint you."
        )


def may_give(session: Session, achievement_id: int, giver: Giver, *, now: datetime) -> bool:
    """Return whether somebody may give a Souvenir now."""
    return giver.is_administrator or achievement_id in list_granted_in(
        session, giver.person_id, course_id=giver.course_id, now=now
    )


def may_still_give(
    session: Session, achievement_id: int, person_id: int, *, course_id: int | None, now: datetime
) -> bool:
    """Return whether somebody who began something may still give the Souvenir.

    What runs in the background asks this: an appointment that ends stops it.
    """
    giver = Giver(person_id, 0, is_administrator(session, person_id, now=now), course_id)
    return may_give(session, achievement_id, giver, now=now)


def get_batch(session: Session, batch_id: int, giver: Giver, *, now: datetime) -> SouvenirBatch:
    """Return one batch of the institution, for those who may give its Souvenir now.

    Raises: `NotFoundError`.
    """
    batch = session.scalar(_batches().where(SouvenirBatch.id == batch_id))
    if (
        batch is None
        or batch.institution_id != giver.institution_id
        or not may_give(session, batch.achievement_id, giver.in_course(batch.course_id), now=now)
    ):
        raise NotFoundError("There is no such list of Souvenirs.")
    return batch


def list_batches(
    session: Session, giver: Giver, *, course_id: int | None = None, now: datetime
) -> list[SouvenirBatch]:
    """Return the newest batches that somebody may see, of one course or all."""
    granted = list_granted_in(session, giver.person_id, course_id=giver.course_id, now=now)
    found = session.scalars(
        _batches()
        .where(
            SouvenirBatch.institution_id == giver.institution_id,
            SouvenirBatch.course_id == course_id if course_id else true(),
            or_(
                true() if giver.is_administrator else false(),
                SouvenirBatch.created_by == giver.person_id,
                SouvenirBatch.achievement_id.in_(granted),
            ),
        )
        .order_by(SouvenirBatch.id.desc())
        .limit(PER_PAGE)
    )
    return [
        batch
        for batch in found
        if batch.achievement_id in granted
        or may_give(session, batch.achievement_id, giver.in_course(batch.course_id), now=now)
    ]


def count_rows(session: Session, batch_id: int) -> Counts:
    """Count a batch's rows by what becomes of them."""
    rows = session.execute(
        select(SouvenirRow.state, func.count())
        .where(SouvenirRow.batch_id == batch_id)
        .group_by(SouvenirRow.state)
    )
    new = session.scalar(
        select(func.count()).where(
            SouvenirRow.batch_id == batch_id,
            SouvenirRow.state == RowState.READY,
            SouvenirRow.person_id.is_(None),
        )
    )
    return Counts(dict(rows.all()), new=new or 0)


def count_revoked(session: Session, batch_id: int) -> int:
    """Count the awards of a batch that were revoked."""
    return (
        session.scalar(
            select(func.count())
            .select_from(SouvenirRow)
            .join(SouvenirRow.award)
            .where(SouvenirRow.batch_id == batch_id, Award.revoked_at.is_not(None))
        )
        or 0
    )


def list_rows(
    session: Session, batch_id: int, *, only_problems: bool, page: int
) -> list[SouvenirRow]:
    """Return one page of a batch's rows, in the list's order."""
    return list(
        session.scalars(
            _rows(batch_id, only_problems=only_problems)
            .offset((page - 1) * PER_PAGE)
            .limit(PER_PAGE)
        )
    )


def iterate_rows(session: Session, batch_id: int) -> Iterator[SouvenirRow]:
    """Yield every row of a batch, a page at a time: the longest list takes little memory."""
    last = -1
    while rows := list(
        session.scalars(
            _rows(batch_id, only_problems=False).where(SouvenirRow.number > last).limit(AT_ONCE)
        )
    ):
        yield from rows
        last = rows[-1].number
        session.expunge_all()


def get_row(session: Session, batch: SouvenirBatch, number: int) -> SouvenirRow:
    """Return one row of a batch.

    Raises: `NotFoundError`.
    """
    row = session.scalar(_rows(batch.id, only_problems=False).where(SouvenirRow.number == number))
    if row is None:
        raise NotFoundError("There is no such row in this list.")
    return row


def list_holders(
    session: Session, achievement_id: int, people: list[Person], *, now: datetime
) -> set[int]:
    """Return who of these holds an award of an achievement."""
    return set(
        session.scalars(
            select(Award.person_id).where(
                Award.achievement_id == achievement_id,
                is_standing(Award, now),
                Award.person_id.in_([person.id for person in people]),
            )
        )
    )


def is_finished(session: Session, batch_id: int) -> bool:
    """Return whether no row of a batch waits to be awarded."""
    waiting: ColumnElement[bool] = exists().where(
        SouvenirRow.batch_id == batch_id, SouvenirRow.state == RowState.READY
    )
    return not session.scalar(select(waiting))


def may_start(batch: SouvenirBatch) -> bool:
    """Return whether a batch can be set going: it is planned, or was stopped."""
    return batch.state in {BatchState.PLANNED, BatchState.STOPPED} and batch.revoked_at is None


def _souvenirs(institution_id: int) -> Select[AchievementVersion]:
    achievement = joinedload(AchievementVersion.achievement)
    return (
        select(AchievementVersion)
        .join(AchievementVersion.achievement)
        .join(Achievement.level)
        .where(
            Achievement.institution_id == institution_id,
            Level.award_by == "request",
            Level.needs_artifact.is_(False),
        )
        .options(
            achievement.joinedload(Achievement.level), achievement.joinedload(Achievement.issuer)
        )
    )


def _batches() -> Select[SouvenirBatch]:
    version = joinedload(SouvenirBatch.version).joinedload(AchievementVersion.achievement)
    return select(SouvenirBatch).options(
        version.joinedload(Achievement.level), joinedload(SouvenirBatch.course)
    )


def _rows(batch_id: int, *, only_problems: bool) -> Select[SouvenirRow]:
    statement = (
        select(SouvenirRow)
        .where(SouvenirRow.batch_id == batch_id)
        .options(joinedload(SouvenirRow.person), joinedload(SouvenirRow.award))
        .order_by(SouvenirRow.number)
    )
    return statement.where(SouvenirRow.state.in_(PROBLEMS)) if only_problems else statement
