"""The class of one assignment: every learner, with or without work. Reads only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from app.courses.models import Person
from app.courses.people import select_learners
from app.evidence.models import Submission, SubmissionStatus
from app.evidence.naming import DECIDED
from app.mapping.models import Assignment
from app.outbox.models import Delivery, DeliveryState
from app.passback.models import GradebookCell

PAGE_SIZE = 100
WAITING = (SubmissionStatus.SUBMITTED, SubmissionStatus.IN_ASSESSMENT)
SETTLED = frozenset({DeliveryState.DELIVERED, DeliveryState.FAILED})
DONE = (SubmissionStatus.MET, SubmissionStatus.AWARDED)


class Shown(StrEnum):
    """Which part of the class is asked for."""

    EVERYBODY = "everybody"
    STARTED = "started"
    NOT_STARTED = "not_started"


@dataclass(frozen=True)
class Told:
    """What the gradebook was told of a column's learners, and what stands there, by person id."""

    deliveries: Mapping[int, Delivery]
    cells: Mapping[int, GradebookCell]

    def is_changed_by_hand(self, person_id: int) -> bool:
        """Return whether a grade was set by hand, and nothing of ours is on its way to it."""
        delivery, cell = self.deliveries.get(person_id), self.cells.get(person_id)
        is_settled = delivery is not None and delivery.state in SETTLED
        return is_settled and cell is not None and cell.found_at is not None

    def has_failed(self, person_id: int) -> bool:
        """Return whether the gradebook did not take a grade, and it can be sent again."""
        delivery = self.deliveries.get(person_id)
        has_failed = delivery is not None and delivery.state is DeliveryState.FAILED
        return has_failed and not self.is_changed_by_hand(person_id)


@dataclass(frozen=True)
class ClassRow:
    """One learner of the class list; `None` where nothing was begun, or nothing told.

    `is_member`: false if the LMS no longer counts them to the course. `alias`: what
    stands for the name where whoever looks is not told it; `None`: they are.
    """

    learner: Person
    submission: Submission | None
    delivery: Delivery | None
    cell: GradebookCell | None
    is_member: bool
    is_changed_by_hand: bool
    has_failed: bool
    alias: str | None = None

    @property
    def name(self) -> str:
        """How whoever looks is told who it is."""
        return self.alias or self.learner.display_name


@dataclass(frozen=True)
class ClassCounts:
    """How many learners there are, and how their work and their grades stand."""

    learners: int
    not_started: int
    waiting: int
    met: int
    failed: int
    changed: int


@dataclass(frozen=True)
class ClassPage:
    """One page of the class; pages count from 1, and there is always one."""

    rows: list[ClassRow]
    page: int
    pages: int


def list_class(
    session: Session,
    assignment: Assignment,
    told: Told,
    *,
    shown: Shown,
    page: int,
    now: datetime,
) -> ClassPage:
    """Return one page of the class by name; also whose work is here and who has left since."""
    members = select_learners(assignment.course_id, now=now).with_only_columns(Person.id)
    authors = select(Submission.learner_id).where(Submission.assignment_id == assignment.id)
    ids = {
        Shown.EVERYBODY: members.union(authors),
        Shown.STARTED: authors,
        Shown.NOT_STARTED: members.except_(authors),
    }[shown]
    total = session.scalar(select(func.count()).select_from(ids.subquery())) or 0
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(page, 1), pages)
    found = session.execute(
        select(Person, Submission)
        .outerjoin(
            Submission,
            and_(Submission.learner_id == Person.id, Submission.assignment_id == assignment.id),
        )
        .where(Person.id.in_(ids))
        .order_by(Person.name.is_(None), Person.name, Person.id)
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    ).all()
    here = [person.id for person, _submission in found]
    present = set(session.scalars(members.where(Person.id.in_(here))))
    rows = [
        ClassRow(
            learner=person,
            submission=submission,
            delivery=told.deliveries.get(person.id),
            cell=told.cells.get(person.id),
            is_member=person.id in present,
            is_changed_by_hand=told.is_changed_by_hand(person.id),
            has_failed=told.has_failed(person.id),
        )
        for person, submission in found
    ]
    return ClassPage(rows, page, pages)


def hide_names(page: ClassPage, alias_of: Callable[[Submission], str]) -> ClassPage:
    """Return a page of the class for somebody who assesses anonymously.

    Whose work is not decided yet stands below the others, by alias: its place
    among the names would tell the name.
    """
    named = [row for row in page.rows if not _is_undecided(row.submission)]
    hidden = [
        replace(row, alias=alias_of(row.submission))
        for row in page.rows
        if row.submission is not None and _is_undecided(row.submission)
    ]
    return replace(page, rows=named + sorted(hidden, key=lambda row: row.name))


def _is_undecided(submission: Submission | None) -> bool:
    return (
        submission is not None
        and submission.submitted_at is not None
        and submission.status not in DECIDED
    )


def count_class(
    session: Session, assignment: Assignment, told: Told, *, now: datetime
) -> ClassCounts:
    """Count who is in the class, who waits for a grantor, who is done, who has not begun."""
    members = select_learners(assignment.course_id, now=now).with_only_columns(Person.id)
    authors = select(Submission.learner_id).where(Submission.assignment_id == assignment.id)
    by_status = dict(
        session.execute(
            select(Submission.status, func.count())
            .where(Submission.assignment_id == assignment.id)
            .group_by(Submission.status)
        ).all()
    )
    count = select(func.count())
    return ClassCounts(
        learners=session.scalar(count.select_from(members.subquery())) or 0,
        not_started=session.scalar(count.select_from(members.except_(authors).subquery())) or 0,
        waiting=sum(by_status.get(status, 0) for status in WAITING),
        met=sum(by_status.get(status, 0) for status in DONE),
        failed=sum(told.has_failed(person_id) for person_id in told.deliveries),
        changed=sum(told.is_changed_by_hand(person_id) for person_id in told.deliveries),
    )
