"""Scores for LMS gradebooks: promise them, look at them, send them again."""

import json
from datetime import datetime

from sqlalchemy.orm import Session

from app.core import audit
from app.core.errors import ConflictError
from app.mapping.models import Assignment
from app.outbox import service as outbox
from app.outbox.models import Delivery, DeliveryState
from app.passback.cells import Telling, forget_found, owe_again, owe_score
from app.passback.meaning import find_meaning
from app.passback.models import GradebookCell
from app.passback.places import Place
from app.passback.status_columns import (
    find_status_column,
    may_make_columns,
    tell_status_column,
)
from app.platforms.quirks import without_protection

NOTHING_FAILED = "There is nothing to send again: reload the page to see how it stands."
CHANGED_BY_HAND = (
    "Somebody has set this grade in the gradebook by hand. “Replace it with ours” puts our "
    "decision in its place; it is never done by itself."
)


def queue_status(
    session: Session,
    assignment: Assignment,
    *,
    person_id: int,
    status: str,
    points: int | None,
    comment: str,
    occurred_at: datetime,
    submitted_at: datetime | None,
    scored_by: int | None,
) -> Delivery | None:
    """Promise to tell the gradebook a learner's status; `None` if there is nobody to tell.

    Where the course has a column for the credential's status, that is told too.

    Units: `points` in whole points of `assignment.max_points`.
    Raises: `ValueError` if a decision comes without fitting points.
    Source: AGS 2.0 §3.4.4; what Moodle and Canvas erase is in `platforms.quirks`.
    """
    meaning = find_meaning(status)
    if meaning is None:
        return None
    tell_status_column(
        session,
        assignment,
        person_id=person_id,
        status=status,
        comment=comment,
        occurred_at=occurred_at,
        scored_by=scored_by,
    )
    telling = Telling(
        course=assignment.course,
        person_id=person_id,
        meaning=meaning,
        points=points,
        max_points=assignment.max_points,
        comment=comment,
        occurred_at=occurred_at,
        submitted_at=submitted_at,
        scored_by=scored_by,
        is_new_submission=status == "submitted",
    )
    return owe_score(session, Place(assignment_id=assignment.id), telling)


def subject_of(assignment_id: int, person_id: int) -> str:
    """Return the outbox's name for one cell of an assignment's column."""
    return Place(assignment_id=assignment_id).subject_of(person_id)


def find_newest_delivery(
    session: Session, *, assignment_id: int, person_id: int
) -> Delivery | None:
    """Return what the gradebook was last told about a learner, or is about to be."""
    return outbox.find_newest_of_subject(session, subject_of(assignment_id, person_id))


def list_newest_deliveries(session: Session, assignment_id: int) -> dict[int, Delivery]:
    """Return the newest delivery of every learner of an assignment, by person id."""
    return list_newest_of(session, Place(assignment_id=assignment_id))


def list_newest_of(session: Session, place: Place) -> dict[int, Delivery]:
    """Return the newest delivery of every learner of a column, by person id."""
    newest = outbox.list_newest(session, place.subjects())
    return {int(delivery.subject.rpartition(":")[2]): delivery for delivery in newest}


def find_cell(session: Session, *, assignment_id: int, person_id: int) -> GradebookCell | None:
    """Return what is known of one learner's cell, to look at."""
    place = Place(assignment_id=assignment_id)
    return session.scalar(place.cells().where(GradebookCell.person_id == person_id))


def list_cells(session: Session, assignment_id: int) -> dict[int, GradebookCell]:
    """Return what is known of every cell of an assignment's column, by person id."""
    cells = session.scalars(Place(assignment_id=assignment_id).cells())
    return {cell.person_id: cell for cell in cells}


def find_column_delivery(session: Session, place: Place) -> Delivery | None:
    """Return the newest change that was owed to a column itself: made, renamed, deleted."""
    return outbox.find_newest_of_subject(session, place.column_subject)


def reopen_parked(session: Session, assignment: Assignment, now: datetime) -> int:
    """Take up again what waits for the LMS to change; return how many. Call it at each launch.

    A launch tells fresh addresses and rights, so what failed for want of them
    is sent again, unchanged.
    """
    places = [Place(assignment_id=assignment.id)]
    status_column = find_status_column(session, assignment)
    if status_column is not None:
        places.append(Place(status_column_id=status_column.id))
    parked = [
        delivery
        for place in places
        for delivery in outbox.list_parked(session, place.subjects(), also=place.column_subject)
    ]
    for delivery in parked:
        outbox.reopen_delivery(delivery, now=now)
    return len(parked)


def resend(
    session: Session, assignment: Assignment, *, person_id: int, actor: str, now: datetime
) -> Delivery:
    """Send a failed delivery again because a person asks for it, as of now.

    Raises: `ConflictError` if the newest one has not failed, or if it failed
        because somebody set the grade by hand.
    """
    place = Place(assignment_id=assignment.id)
    cell = session.scalar(place.cell(person_id))
    newest = find_newest_delivery(session, assignment_id=assignment.id, person_id=person_id)
    if cell is None or newest is None or newest.state is not DeliveryState.FAILED:
        raise ConflictError(NOTHING_FAILED)
    if cell.found_at is not None:
        raise ConflictError(CHANGED_BY_HAND)
    _audit(session, newest, actor, "passback.resent", now=now)
    return owe_again(session, cell, newest, at=now, due_at=now, now=now, changes={"restamps": 0})


def resend_all(
    session: Session, place: Place, *, institution_id: int, actor: str, now: datetime
) -> int:
    """Send every failed delivery of a column again; return how many.

    What failed because somebody set a grade by hand is left to be decided one by one.
    """
    again = 0
    for cell, newest in _list_cells_in(session, place, {DeliveryState.FAILED}):
        if cell.found_at is None:
            owe_again(session, cell, newest, at=now, due_at=now, now=now, changes={"restamps": 0})
            again += 1
    if again:
        _audit_column(
            session,
            place,
            institution_id=institution_id,
            actor=actor,
            action="passback.resent_all",
            deliveries=again,
            now=now,
        )
    return again


def remake_column(session: Session, assignment: Assignment, *, actor: str, now: datetime) -> None:
    """Have a column made anew that somebody took away, because a person asks for it.

    It is looked for once more before it is made; then everything is told again.
    Raises: `ConflictError` if the column is not missing, or may not be made here.
    """
    if not assignment.column_missing or not may_make_columns(assignment):
        raise ConflictError("The column is not missing: reload the page to see how it stands.")
    assignment.lineitem_url, assignment.column_missing = None, False
    place = Place(assignment_id=assignment.id)
    told = _list_cells_in(session, place, {DeliveryState.FAILED, DeliveryState.DELIVERED})
    for cell, newest in told:
        forget_found(cell)
        owe_again(session, cell, newest, at=now, due_at=now, now=now, changes={"restamps": 0})
    _audit_column(
        session,
        place,
        institution_id=assignment.institution_id,
        actor=actor,
        action="passback.column_remade",
        deliveries=len(told),
        now=now,
    )


def replace_grade(
    session: Session, assignment: Assignment, *, person_id: int, actor: str, now: datetime
) -> Delivery:
    """Put our decision in the place of a grade that somebody set by hand; a person asks for it.

    Raises: `ConflictError` if the gradebook holds no such grade, or if a newer
        decision is on its way.
    """
    cell = session.scalar(Place(assignment_id=assignment.id).cell(person_id))
    newest = find_newest_delivery(session, assignment_id=assignment.id, person_id=person_id)
    settled = {DeliveryState.DELIVERED, DeliveryState.FAILED}
    if cell is None or cell.found_at is None or newest is None or newest.state not in settled:
        raise ConflictError("There is no grade to replace: reload the page to see how it stands.")
    facts = {"points": cell.found_points, "of": cell.found_max_points}
    _audit(session, newest, actor, "passback.replaced", now=now, replaced=facts)
    return owe_again(
        session,
        cell,
        newest,
        at=now,
        due_at=now,
        now=now,
        changes={"restamps": 0, "overwrites": True},
        score_changes=_unprotected(newest),
    )


def restamp(
    session: Session, delivery_id: int, *, at: datetime, due_at: datetime, now: datetime
) -> Delivery | None:
    """Queue a delivery again with a later timestamp; `None` if a newer one is owed anyway.

    For a gradebook that holds an older decision of ours under a later time.
    """
    delivery = session.get_one(Delivery, delivery_id)
    payload = delivery.payload
    cell = session.scalar(Place.read(payload).cell(payload["person_id"]))
    newer = outbox.find_open_after(session, delivery.subject, delivery_id=delivery_id)
    if cell is None or newer is not None:
        return None
    restamps = {"restamps": int(payload.get("restamps", 0)) + 1}
    return owe_again(session, cell, delivery, at=at, due_at=due_at, now=now, changes=restamps)


def _list_cells_in(
    session: Session, place: Place, states: set[DeliveryState]
) -> list[tuple[GradebookCell, Delivery]]:
    """Return the cells whose newest delivery stands so, locked, with it."""
    found = []
    for person_id, newest in sorted(list_newest_of(session, place).items()):
        cell = session.scalar(place.cell(person_id)) if newest.state in states else None
        if cell is not None:
            found.append((cell, newest))
    return found


def _audit_column(
    session: Session,
    place: Place,
    *,
    institution_id: int,
    actor: str,
    action: str,
    deliveries: int,
    now: datetime,
) -> None:
    audit.record(
        session,
        institution_id,
        actor=actor,
        action=action,
        subject=place.column_subject,
        facts={"deliveries": deliveries},
        now=now,
    )


def _unprotected(delivery: Delivery) -> dict[str, object]:
    score = json.loads(delivery.payload["body"])
    return {name: value for name, value in without_protection(score).items() if name != "timestamp"}


def _audit(
    session: Session, delivery: Delivery, actor: str, action: str, *, now: datetime, **facts: object
) -> None:
    audit.record(
        session,
        delivery.institution_id,
        actor=actor,
        action=action,
        subject=delivery.subject,
        facts={"delivery_id": delivery.id, **facts},
        now=now,
    )
