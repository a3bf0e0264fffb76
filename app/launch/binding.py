"""What a launched link is mapped to: known, bound by its identity, or copied with its course."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.core.prepared import wire_of
from app.core.principal import STAFF
from app.courses.arrivals import Arrival
from app.courses.models import Course
from app.courses.origins import record_origins
from app.courses.service import get_resource_link
from app.launch import claims as rules
from app.launch.lookups import MappedLink, find_mapped_link
from app.launch.pylti import Launch
from app.mapping.copying import copy_assignment, is_declined
from app.mapping.history import Origins, read_dates, read_origins
from app.mapping.models import Assignment
from app.mapping.service import bind_link
from app.mapping.sources import find_source, find_unbound
from app.passback.service import reopen_parked


def find_assignment(
    session: Session, launch: Launch, arrival: Arrival, *, now: datetime
) -> int | None:
    """Find the id of what the link is mapped to; its first launch binds or copies it.

    Whoever launches first brings the mapping along: a copied course must not
    wait for its teacher. The LMS's dates are kept as it tells them.

    Raises: `IntegrityError` if another launch maps the link at the same moment: begin again.
    """
    if arrival.link_pk is None:
        return None
    custom = rules.part(launch.body, f"{rules.CLAIM}custom")
    mapped = find_mapped_link(wire_of(session), arrival.link_pk)
    if mapped is not None:
        _keep_told(session, mapped, arrival, custom, now=now)
        return mapped.assignment_id
    found = _bind_or_copy(session, arrival, read_origins(custom), arrival.link_pk, now=now)
    if found is None:
        return None
    for name, moment in read_dates(custom).items():
        setattr(found, name, moment)
    session.flush()
    return found.id


def _keep_told(
    session: Session,
    mapped: MappedLink,
    arrival: Arrival,
    custom: Mapping[str, Any],
    *,
    now: datetime,
) -> None:
    """Keep a new gradebook column and new dates, if the launch tells them.

    What could not be delivered for want of an address or a right is taken up
    again when a launch tells a new address, and whenever staff come by.
    """
    told = read_dates(custom)
    changed = {name: at for name, at in told.items() if getattr(mapped, name) != at}
    is_moved = bool(arrival.lineitem_url) and mapped.lineitem_url != arrival.lineitem_url
    if not (changed or is_moved or arrival.role in STAFF):
        return
    assignment = session.get_one(Assignment, mapped.assignment_id)
    for name, moment in changed.items():
        setattr(assignment, name, moment)
    if is_moved:
        assignment.lineitem_url, assignment.column_missing = arrival.lineitem_url, False
    if is_moved or arrival.role in STAFF:
        reopen_parked(session, assignment, now)


def _bind_or_copy(
    session: Session, arrival: Arrival, origins: Origins, link_pk: int, *, now: datetime
) -> Assignment | None:
    """Bind the assignment that was made for this link, or copy the one that it is a copy of.

    An LMS may put one deep link into a course twice, or copy an activity within
    it: then the second link has the identity of the first, and gets a copy of its own.
    """
    if origins == Origins():
        return None  # it says nothing, so it is nothing's copy
    course = session.get_one(Course, arrival.course_id)
    link = get_resource_link(session, link_pk, course_id=course.id)
    if origins.context_ids:
        record_origins(
            session,
            deployment_pk=course.deployment_pk,
            context_id=course.context_id,
            origin_ids=origins.context_ids,
            now=now,
        )
    made = find_unbound(session, origins.uuid, course_id=course.id) if origins.uuid else None
    if made is not None:
        bind_link(session, made, link)
        return made
    source = find_source(session, origins, course=course)
    if source is None or is_declined(session, link.id):
        return None
    return copy_assignment(
        session, source, course=course, link=link, copied_for=arrival.person_id, now=now
    )
