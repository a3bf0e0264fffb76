"""Finds what an address names, or answers 404."""

from flask import abort
from sqlalchemy.orm import Session

from app.sandbox.models import Activity, Course, LineItem
from app.sandbox.people import Person, find_person


def get_course(session: Session, course_id: str) -> Course:
    """Return a course or abort."""
    return session.get(Course, course_id) or abort(404)


def get_activity(session: Session, activity_id: int, *, course_id: str) -> Activity:
    """Return an activity of this course or abort."""
    activity = session.get(Activity, activity_id)
    if activity is None or activity.course_id != course_id:
        abort(404)
    return activity


def get_line_item(session: Session, item_id: int, *, course_id: str) -> LineItem:
    """Return a gradebook column of this course or abort."""
    item = session.get(LineItem, item_id)
    if item is None or item.course_id != course_id:
        abort(404)
    return item


def get_person(person_id: str) -> Person:
    """Return a person or abort."""
    return find_person(person_id) or abort(404)
