"""What is left: the certificates that somebody has begun, and where the rest is offered."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased, joinedload

from app.awards.certificates import may_receive
from app.awards.held import is_counted
from app.awards.models import Award
from app.catalog.models import Achievement, AchievementVersion
from app.catalog.stack_models import StackGroup, StackPart
from app.catalog.stacks import ShownGroup, ShownPart, counts, show_parts, why_not_earned
from app.catalog.usability import is_mappable_now, why_unusable
from app.core.principal import Role
from app.courses.models import Course, Enrolment
from app.mapping.models import Assignment


@dataclass(frozen=True)
class Place:
    """An assignment by which a part can be earned.

    `can_open`: the learner has come from this course lately, so a link opens it.
    """

    course_id: int
    course_title: str
    assignment_id: int
    assignment_title: str
    can_open: bool


@dataclass(frozen=True)
class PathPart:
    """A part: held by `award`, or still open.

    `award`: `None` while it is not held. `places`: where it is offered.
    `can_be_earned`: somebody could still earn it somewhere.
    """

    part: ShownPart
    award: Award | None
    places: tuple[Place, ...]
    can_be_earned: bool


@dataclass(frozen=True)
class PathGroup:
    """Parts of which `needed` are needed."""

    needed: int
    parts: tuple[PathPart, ...]

    @property
    def held(self) -> list[PathPart]:
        """The parts that are held."""
        return [part for part in self.parts if part.award]

    @property
    def left(self) -> list[PathPart]:
        """The parts to choose from for what is missing; none once the group is complete."""
        return [part for part in self.parts if not part.award] if self.missing else []

    @property
    def missing(self) -> int:
        """How many more parts are needed."""
        return max(0, self.needed - len(self.held))


@dataclass(frozen=True)
class Path:
    """A certificate that somebody has begun."""

    version: AchievementVersion
    groups: tuple[PathGroup, ...]

    @property
    def needed(self) -> int:
        """How many parts are needed in all."""
        return sum(group.needed for group in self.groups)

    @property
    def missing(self) -> int:
        """How many more parts are needed."""
        return sum(group.missing for group in self.groups)

    @property
    def is_closed(self) -> bool:
        """Whether it can no longer be completed: too few of its parts can be earned."""
        return any(
            sum(part.can_be_earned for part in group.left) < group.missing for group in self.groups
        )


def list_paths(session: Session, person_id: int, *, since: datetime, now: datetime) -> list[Path]:
    """Return the certificates that somebody has begun and not earned, the nearest first.

    `since`: a course from which they came later than this can be opened now.
    """
    versions = _list_begun(session, person_id, now=now)
    shown = show_parts(session, [version.id for version in versions])
    achievements = {
        part.achievement.id for groups in shown.values() for group in groups for part in group.parts
    }
    held = _read_awards(session, person_id, achievements, now=now)
    places = _read_places(session, person_id, achievements, since=since, now=now)
    paths = [
        Path(
            version,
            tuple(_group(group, held, places, now=now) for group in shown[version.id]),
        )
        for version in versions
    ]
    begun = [path for path in paths if any(group.held for group in path.groups)]
    return sorted(begun, key=lambda path: (path.is_closed, path.missing, path.version.name))


def _list_begun(session: Session, person_id: int, *, now: datetime) -> Sequence[AchievementVersion]:
    """Return the certificates that are awarded now, have a part that is held, and are not."""
    part_award = aliased(Award)
    begun = (
        select(StackGroup.version_id)
        .join(StackPart, StackPart.group_id == StackGroup.id)
        .join(part_award, part_award.achievement_id == StackPart.achievement_id)
        .where(part_award.person_id == person_id, is_counted(part_award, now))
    )
    achievement = joinedload(AchievementVersion.achievement)
    return session.scalars(
        select(AchievementVersion)
        .join(AchievementVersion.achievement)
        .where(
            AchievementVersion.id.in_(begun),
            is_mappable_now(now),
            may_receive(person_id, AchievementVersion.achievement_id),
        )
        .options(achievement.joinedload(Achievement.level))
        .options(achievement.joinedload(Achievement.issuer))
    ).all()


def _read_awards(
    session: Session, person_id: int, achievement_ids: Collection[int], *, now: datetime
) -> dict[int, Award]:
    awards = session.scalars(
        select(Award)
        .where(
            Award.person_id == person_id,
            Award.achievement_id.in_(achievement_ids),
            is_counted(Award, now),
        )
        .options(joinedload(Award.version))
    )
    return {award.achievement_id: award for award in awards}


def _read_places(
    session: Session,
    person_id: int,
    achievement_ids: Collection[int],
    *,
    since: datetime,
    now: datetime,
) -> dict[int, list[tuple[int, Place]]]:
    """Return by achievement where it is offered to a learner, with the number of the version.

    A copy that no instructor has confirmed is not offered yet.
    """
    rows = session.execute(
        select(Assignment, AchievementVersion, Course, Enrolment.last_launched_at)
        .join(AchievementVersion, AchievementVersion.id == Assignment.version_id)
        .join(Course, Course.id == Assignment.course_id)
        .join(Enrolment, Enrolment.course_id == Course.id)
        .where(
            Enrolment.person_id == person_id,
            Enrolment.role == Role.LEARNER,
            AchievementVersion.achievement_id.in_(achievement_ids),
        )
        .options(
            joinedload(Assignment.copied),
            joinedload(AchievementVersion.achievement),
        )
        .order_by(func.lower(Course.title), Course.id, Assignment.title)
    )
    places: dict[int, list[tuple[int, Place]]] = {}
    for assignment, version, course, last_launched_at in rows:
        if assignment.needs_confirmation or why_unusable(version, now=now) is not None:
            continue
        place = Place(
            course_id=course.id,
            course_title=course.display_title,
            assignment_id=assignment.id,
            assignment_title=assignment.title,
            can_open=last_launched_at > since,
        )
        places.setdefault(version.achievement_id, []).append((version.number, place))
    return places


def _group(
    group: ShownGroup,
    held: Mapping[int, Award],
    places: Mapping[int, Sequence[tuple[int, Place]]],
    *,
    now: datetime,
) -> PathGroup:
    parts = []
    for part in group.parts:
        award = held.get(part.achievement.id)
        offered = tuple(
            place for number, place in places.get(part.achievement.id, ()) if counts(part, number)
        )
        parts.append(
            PathPart(
                part=part,
                award=award if award and counts(part, award.version.number) else None,
                places=offered,
                can_be_earned=bool(offered) or why_not_earned(part, now=now) is None,
            )
        )
    return PathGroup(group.needed, tuple(parts))
