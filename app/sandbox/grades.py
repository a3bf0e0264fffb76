"""Finds grades, says when they were changed, and changes them by hand."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.sandbox.models import Grade, LineItem
from app.sandbox.records import GradeMark


def find_grade(session: Session, item_id: int, person_id: str) -> Grade | None:
    """Return somebody's grade in a column, if there is one."""
    return session.scalar(
        select(Grade).where(Grade.line_item_id == item_id, Grade.person_id == person_id)
    )


def find_mark(session: Session, item_id: int, person_id: str) -> GradeMark | None:
    """Return when and by whom a grade was changed, if it was."""
    return session.scalar(
        select(GradeMark).where(GradeMark.line_item_id == item_id, GradeMark.person_id == person_id)
    )


def when_changed(session: Session, item_id: int, person_id: str) -> float | None:
    """Return when a grade was changed last, in seconds since 1970; `None` if there is none."""
    mark = find_mark(session, item_id, person_id)
    return mark.changed_at if mark else None


def mark_grade(session: Session, item_id: int, person_id: str, now: datetime) -> GradeMark:
    """Keep the time of a change; return the mark."""
    mark = find_mark(session, item_id, person_id)
    if mark is None:
        mark = GradeMark(line_item_id=item_id, person_id=person_id, is_by_hand=False)
        session.add(mark)
    mark.changed_at = now.timestamp()
    return mark


def take_grade(session: Session, item_id: int, person_id: str, now: datetime) -> Grade:
    """Return somebody's grade in a column, made if there is none, as changed now."""
    grade = find_grade(session, item_id, person_id)
    if grade is None:
        grade = Grade(line_item_id=item_id, person_id=person_id)
        session.add(grade)
    grade.sent_at = int(now.timestamp())
    return grade


def change_by_hand(
    session: Session,
    item: LineItem,
    person_id: str,
    *,
    points: float | None,
    comment: str,
    now: datetime,
) -> None:
    """Set a grade as a teacher does; `points` of the column's maximum, `None` erases it.

    From now on it counts as changed now, so an older score of the tool's is refused.
    """
    mark_grade(session, item.id, person_id, now).is_by_hand = True
    grade = take_grade(session, item.id, person_id, now)
    grade.points = points
    grade.comment = comment
    grade.scoring_person_id = ""
