"""Commands: what the gradebooks hold."""

import click
from flask import current_app

from app.cli.border import CommandGroup, json_option, print_rows
from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.errors import NotFoundError
from app.courses.models import Course
from app.outbox.worker import run_due
from app.passback.comparison import (
    COMPARISON_KIND,
    Difference,
    list_differences,
    owe_comparisons,
)
from app.passback.sender import delivery_handlers

passback = CommandGroup("passback", help="What the gradebooks of the LMSs hold.")


@passback.command()
@click.option("--course", "course_id", type=int, help="Only this course (its number in Assay).")
@json_option
def compare(*, course_id: int | None, as_json: bool) -> None:
    """Compare gradebooks with what they were told, now; list grades that others changed.

    Nothing is overwritten. The worker does the same every night.
    """
    with transaction() as session:
        if course_id is not None and session.get(Course, course_id) is None:
            raise NotFoundError(f"There is no course {course_id}.")
        owed = owe_comparisons(session, course_id=course_id, now=utcnow())
    handlers = delivery_handlers(
        current_app.extensions["assay.vault"],
        current_app.extensions["assay.http"],
        current_app.extensions["assay.settings"].base_url,
    )
    tried = run_due(handlers, clock=utcnow, kinds={COMPARISON_KIND})
    if not as_json:
        click.echo(f"Columns to compare: {owed}; asked for now: {tried}.", err=True)
    rows = [_row(found) for found in list_differences(db.session(), course_id=course_id)]
    print_rows(rows, as_json=as_json, nothing="No grade is known to have been changed by hand.")


def _row(found: Difference) -> dict[str, object]:
    return {
        "course": found.course_id,
        "assignment": found.assignment_id,
        "person": found.person_id,
        "told": _points(found.told_points, found.told_max_points),
        "found": _points(found.found_points, found.found_max_points),
        "since": found.found_at.isoformat(timespec="seconds"),
    }


def _points(points: float | None, maximum: float | None) -> str | None:
    return None if points is None else f"{points:g}/{maximum or 1:g}"
