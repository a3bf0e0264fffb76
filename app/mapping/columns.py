"""What is owed to an assignment's gradebook column when the assignment itself changes."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from app.mapping.models import Assignment
from app.outbox import service as outbox
from app.outbox.models import Delivery, DeliveryState

COLUMN_KIND = "column"
LINEITEM_SCOPE = "https://purl.imsglobal.org/spec/lti-ags/scope/lineitem"


def owe_column_change(
    session: Session, assignment: Assignment, changes: Mapping[str, object], *, now: datetime
) -> Delivery | None:
    """Promise to tell the gradebook of a new title, points or dates; `None` if it has no column.

    `changes`: members of the line item, such as `label`, `scoreMaximum`,
    `startDateTime`. What an earlier promise that has not left says is kept in it.
    Source: AGS 2.0 §3.2.6.
    """
    course = assignment.course
    if assignment.lineitem_url is None or LINEITEM_SCOPE not in course.ags_scopes:
        return None
    subject = f"{COLUMN_KIND}:{assignment.id}"
    earlier = outbox.find_newest_of_subject(session, subject)
    unsent = {}
    if earlier is not None and earlier.state is not DeliveryState.DELIVERED:
        unsent = earlier.payload["changes"]
    return outbox.queue(
        session,
        assignment.institution_id,
        kind=COLUMN_KIND,
        subject=subject,
        payload={
            "assignment_id": assignment.id,
            "platform_id": course.platform_id,
            "changes": {**unsent, **changes},
        },
        due_at=now,
        lane=outbox.platform_lane(course.platform_id),
        now=now,
    )
