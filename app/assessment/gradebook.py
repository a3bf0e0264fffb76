"""How an assignment's gradebook column stands, for the class page."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from app.mapping.models import Assignment
from app.outbox.models import Delivery, DeliveryState
from app.passback.ags import RESULT_READONLY
from app.passback.comparison import find_compared_at
from app.passback.models import StatusColumn
from app.passback.places import Place
from app.passback.service import find_column_delivery, list_newest_of
from app.passback.status_columns import find_any_status_column, may_make_columns
from app.platforms.models import Platform
from app.platforms.quirks import own_column_becomes_assignment


@dataclass(frozen=True)
class GradebookState:
    """The column of an assignment, and the one of the credential's status.

    `compared_at`: `None` if it never was. `column_error`: why the column's new
    title or points could not be told; `status_error`: why the status column
    could not be made, filled or deleted; `None` if nothing is wrong.
    """

    may_compare: bool
    may_make_columns: bool
    compared_at: datetime | None
    column_error: str | None
    status_column: StatusColumn | None
    status_is_being_made: bool
    status_is_being_deleted: bool
    status_error: str | None
    makes_assignment: bool


def describe_gradebook(session: Session, assignment: Assignment) -> GradebookState:
    """Return how the gradebook stands towards one assignment."""
    course = assignment.course
    platform = session.get_one(Platform, course.platform_id)
    column = find_any_status_column(session, assignment)
    change = find_column_delivery(session, Place(assignment_id=assignment.id))
    status_change, status_error = None, None
    if column is not None:
        place = Place(status_column_id=column.id)
        status_change = find_column_delivery(session, place)
        told = list_newest_of(session, place).values() if column.is_on else ()
        errors = (_error_of(delivery) for delivery in (status_change, *told))
        status_error = next((error for error in errors if error), None)
    is_on = column is not None and column.is_on
    return GradebookState(
        may_compare=assignment.lineitem_url is not None and RESULT_READONLY in course.ags_scopes,
        may_make_columns=may_make_columns(assignment),
        compared_at=find_compared_at(session, assignment.id),
        column_error=_error_of(change),
        status_column=column if is_on else None,
        status_is_being_made=is_on and column is not None and column.lineitem_url is None,
        status_is_being_deleted=not is_on and _is_under_way(status_change),
        status_error=status_error,
        makes_assignment=own_column_becomes_assignment(platform.product_family),
    )


def _error_of(delivery: Delivery | None) -> str | None:
    if delivery is None or delivery.state not in {DeliveryState.FAILED, DeliveryState.FAILING}:
        return None
    return delivery.last_error


def _is_under_way(delivery: Delivery | None) -> bool:
    return delivery is not None and delivery.state in {DeliveryState.WAITING, DeliveryState.FAILING}
