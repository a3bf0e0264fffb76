"""Mapping assignments to criteria, and finding what a link is mapped to."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, joinedload, selectinload

from app.catalog.models import Achievement, AchievementVersion, Criterion
from app.catalog.pass_rule import list_missing
from app.catalog.service import get_mappable_version
from app.core import audit
from app.core.errors import ConflictError, InvalidError, NotFoundError
from app.courses.models import Course, ResourceLink
from app.mapping.artifact_kinds import KINDS
from app.mapping.columns import owe_column_change
from app.mapping.copying import decline_copy
from app.mapping.models import Assignment, AssignmentCriterion, GradeRule

MAX_FILES = 20
MAX_TITLE = 300
MAX_INSTRUCTIONS = 20_000
MAX_FILE_MB = 2048
MAX_STATEMENT = 2000
MAX_GROUP_SIZE = 20


@dataclass(frozen=True)
class MappingFacts:
    """What an instructor chooses when mapping an assignment.

    `file_kinds`: names from `artifact_kinds.KINDS`; `max_files`: 0 to 20.
    `max_file_mb`: `None` as large as the installation takes. `statement`: empty
    asks for none. `max_group_size`: 1 each their own.
    The dates: for an activity that deep linking is about to make; `None` for none.
    """

    version_id: int
    criterion_ids: frozenset[int]
    title: str
    instructions: str
    max_files: int
    file_kinds: Sequence[str]
    accepts_link: bool
    accepts_text: bool
    grade_rule: GradeRule
    is_by_criterion: bool = False
    max_file_mb: int | None = None
    statement: str = ""
    max_group_size: int = 1
    opens_at: datetime | None = None
    due_at: datetime | None = None
    closes_at: datetime | None = None


def map_assignment(
    session: Session,
    *,
    course: Course,
    resource_link: ResourceLink | None,
    facts: MappingFacts,
    created_by: int,
    now: datetime,
) -> Assignment:
    """Map a resource link, or an activity that deep linking is about to make.

    Raises: `NotFoundError` if there is no such version; `InvalidError` if the
        choice makes no sense; `ConflictError` if the version may not be mapped,
        or the link is mapped already.
    """
    version = get_mappable_version(
        session, facts.version_id, institution_id=course.institution_id, now=now
    )
    criteria = [item for item in version.criteria if item.id in facts.criterion_ids]
    _check(facts, criteria)
    assignment = Assignment(
        institution_id=course.institution_id,
        course_id=course.id,
        resource_link_pk=resource_link.id if resource_link else None,
        uuid=str(uuid.uuid4()),
        version_id=version.id,
        title=facts.title,
        instructions=facts.instructions,
        max_files=facts.max_files,
        file_kinds=list(facts.file_kinds) if facts.max_files else [],
        accepts_link=facts.accepts_link,
        accepts_text=facts.accepts_text,
        is_by_criterion=facts.is_by_criterion,
        max_file_mb=facts.max_file_mb if facts.max_files else None,
        statement=facts.statement,
        max_group_size=facts.max_group_size,
        grade_rule=facts.grade_rule,
        max_points=sum(item.max_points for item in criteria),
        lineitem_url=resource_link.lineitem_url if resource_link else None,
        opens_at=facts.opens_at,
        due_at=facts.due_at,
        closes_at=facts.closes_at,
        created_by=created_by,
        created_at=now,
        criteria=criteria,
    )
    session.add(assignment)
    try:
        session.flush()
    except IntegrityError as error:
        if resource_link is None:
            raise
        # The unique key of the link settles a race between two instructors.
        raise ConflictError(
            "Somebody else has just set up this activity; what you sent was not saved. "
            "Open the activity again from your course to see what they chose."
        ) from error
    audit.record(
        session,
        course.institution_id,
        actor=f"person:{created_by}",
        action="assignment.mapped",
        subject=f"assignment:{assignment.id}",
        facts={
            "version_id": version.id,
            "criterion_ids": sorted(facts.criterion_ids),
            "grade_rule": facts.grade_rule.value,
        },
        now=now,
    )
    return assignment


def edit_assignment(
    session: Session,
    assignment: Assignment,
    *,
    title: str,
    instructions: str,
    edited_by: int,
    now: datetime,
) -> None:
    """Change the words of an assignment; its criteria and grade rule stay as they are.

    Raises: `InvalidError` if they are empty or too long.
    """
    _check_words(title, instructions)
    has_new_title = assignment.title != title
    assignment.title, assignment.instructions = title, instructions
    if has_new_title:
        owe_column_change(session, assignment, {"label": title}, now=now)
    audit.record(
        session,
        assignment.institution_id,
        actor=f"person:{edited_by}",
        action="assignment.edited",
        subject=f"assignment:{assignment.id}",
        now=now,
    )


def undo_mapping(
    session: Session, assignment: Assignment, *, undone_by: int, now: datetime
) -> None:
    """Take a set-up back while nobody has begun, so that it can be done anew.

    Raises: `ConflictError` once somebody has saved or handed in work: everybody
        is assessed by the same criteria.
    """
    audit.record(
        session,
        assignment.institution_id,
        actor=f"person:{undone_by}",
        action="assignment.undone",
        subject=f"assignment:{assignment.id}",
        facts={"version_id": assignment.version_id, "link": assignment.resource_link_pk},
        now=now,
    )
    if assignment.resource_link_pk is not None:
        decline_copy(session, assignment.resource_link_pk, declined_by=undone_by, now=now)
    session.delete(assignment)
    try:
        session.flush()
    except IntegrityError as error:  # submissions stand in a room above; their keys say so
        raise ConflictError(
            "Somebody has begun to work on this assignment, so its set-up stays as it is."
        ) from error


def bind_link(session: Session, assignment: Assignment, link: ResourceLink) -> None:
    """Tie a deep-linked assignment to the link that the LMS made for it.

    Raises: `ConflictError` if it is tied to another link.
    """
    if assignment.resource_link_pk not in {None, link.id}:
        raise ConflictError("This assignment belongs to another activity.")
    assignment.resource_link_pk = link.id
    assignment.lineitem_url = link.lineitem_url or assignment.lineitem_url
    session.flush()


def find_assignment_for_link(session: Session, link_pk: int) -> Assignment | None:
    """Return what a link is mapped to, if it is."""
    return session.scalar(select(Assignment).where(Assignment.resource_link_pk == link_pk))


def find_assignment_by_uuid(
    session: Session, assignment_uuid: str, *, course_id: int
) -> Assignment | None:
    """Return this course's assignment of this identity, if there is one."""
    return session.scalar(
        select(Assignment).where(
            Assignment.uuid == assignment_uuid, Assignment.course_id == course_id
        )
    )


def get_assignment(session: Session, assignment_id: int, *, course_id: int) -> Assignment:
    """Return one assignment of this course with everything that pages show of it.

    Raises: `NotFoundError`.
    """
    assignment = session.scalar(
        select(Assignment)
        .options(
            joinedload(Assignment.version)
            .joinedload(AchievementVersion.achievement)
            .joinedload(Achievement.level),
            joinedload(Assignment.version)
            .joinedload(AchievementVersion.achievement)
            .joinedload(Achievement.issuer),
            selectinload(Assignment.criteria).selectinload(Criterion.rubric_levels),
            joinedload(Assignment.copied),
        )
        .where(Assignment.id == assignment_id, Assignment.course_id == course_id)
    )
    if assignment is None:
        raise NotFoundError("There is no such assignment in this course.")
    return assignment


def list_assignments(session: Session, course_id: int) -> list[Assignment]:
    """Return the course's assignments with achievement and level, oldest first."""
    return list(
        session.scalars(
            select(Assignment)
            .options(
                joinedload(Assignment.version)
                .joinedload(AchievementVersion.achievement)
                .joinedload(Achievement.level)
            )
            .where(Assignment.course_id == course_id)
            .order_by(Assignment.id)
        )
    )


def list_unmapped_criteria(
    session: Session, version: AchievementVersion, *, course_id: int
) -> list[Criterion]:
    """Return the criteria of a version that this course would have to show for the award.

    None, if its pass rule can be fulfilled by what the assignments show. One that
    waits for its first launch after deep linking counts: a course set up activity
    by activity would otherwise be warned of each one.
    """
    mapped = set(
        session.scalars(
            select(AssignmentCriterion.criterion_id)
            .join(Assignment, Assignment.id == AssignmentCriterion.assignment_id)
            .where(Assignment.course_id == course_id, Assignment.version_id == version.id)
        )
    )
    return list_missing(version.rule, version.criteria, mapped)


def _check(facts: MappingFacts, criteria: Sequence[Criterion]) -> None:
    if not criteria:
        raise InvalidError("Choose at least one criterion.")
    if {item.id for item in criteria} != facts.criterion_ids:
        raise InvalidError("Choose criteria of this achievement only.")
    if not 0 <= facts.max_files <= MAX_FILES:
        raise InvalidError(f"Ask for 0 to {MAX_FILES} files.")
    if any(name not in KINDS for name in facts.file_kinds):
        raise InvalidError("Choose kinds of file from the list.")
    if bool(facts.max_files) != bool(facts.file_kinds):
        raise InvalidError("Say both which kinds of file are wanted and how many.")
    if not (facts.max_files or facts.accepts_link or facts.accepts_text):
        raise InvalidError("Say what is to be handed in: files, a link or text.")
    if facts.max_file_mb is not None and not 1 <= facts.max_file_mb <= MAX_FILE_MB:
        raise InvalidError(f"Let a file have 1 to {MAX_FILE_MB} MB.")
    if not 1 <= facts.max_group_size <= MAX_GROUP_SIZE:
        raise InvalidError(f"Let groups have 1 to {MAX_GROUP_SIZE} members.")
    if len(facts.statement) > MAX_STATEMENT:
        raise InvalidError(f"Keep the statement under {MAX_STATEMENT} characters.")
    _check_words(facts.title, facts.instructions)


def _check_words(title: str, instructions: str) -> None:
    if not 0 < len(title) <= MAX_TITLE:
        raise InvalidError(f"Give a title of at most {MAX_TITLE} characters.")
    if len(instructions) > MAX_INSTRUCTIONS:
        raise InvalidError(f"Keep the instructions under {MAX_INSTRUCTIONS} characters.")
