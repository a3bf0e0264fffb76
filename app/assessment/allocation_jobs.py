"""What the worker does about allocation, once a minute."""

from datetime import datetime

from structlog import get_logger

from app.assessment.allocation import allocate
from app.assessment.allocation_rounds import Vain, list_misplaced, list_unallocated, take_back
from app.core.db import db, transaction
from app.core.errors import DomainError
from app.evidence.models import Submission

log = get_logger()

# So many at one turn; the rest waits for the next.
AT_ONCE = 200


def allocate_work(now: datetime) -> None:
    """Take back what cannot stay where it is, and give out what waits, each by itself."""
    for allocation_id, end in list_misplaced(db.session(), now=now):
        with transaction() as session:
            take_back(session, allocation_id, end, now=now)
    given, in_vain = 0, Vain()
    for submission_id, *place in list_unallocated(db.session()):
        if in_vain.is_hopeless(place):
            continue
        if _allocate(submission_id, now=now):
            given += 1
        else:
            in_vain.note(place)
        if given == AT_ONCE:
            return


def _allocate(submission_id: int, *, now: datetime) -> bool:
    try:
        with transaction() as session:
            return bool(allocate(session, session.get_one(Submission, submission_id), now=now))
    except DomainError as error:  # somebody was faster; one work does not stop the others
        log.warning("not allocated", submission_id=submission_id, cause=type(error).__name__)
        return False
