"""Where a launch leads: the page that its person came for."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.core.prepared import wire_of
from app.core.principal import STAFF, Role
from app.courses.arrivals import Arrival
from app.courses.service import get_resource_link
from app.launch import claims as rules
from app.launch.lookups import find_mapped_link
from app.launch.pylti import Launch
from app.launch.refusal import LaunchRefusedError, Mender
from app.launch.reviews import (
    find_signed_reference,
    open_review,
    open_signed,
    require_appointment,
)
from app.mapping.models import Assignment, DeepLinkRequest
from app.mapping.service import bind_link, find_assignment_by_uuid
from app.passback.service import reopen_parked
from app.programme.service import list_granted_achievement_ids

DEEP_LINK_LIFETIME = timedelta(hours=2)
CUSTOM_KEY = "assay_assignment"


@dataclass(frozen=True)
class Landing:
    """An endpoint and the values of its address."""

    endpoint: str
    values: dict[str, Any]


def land(session: Session, launch: Launch, arrival: Arrival, *, now: datetime) -> Landing:
    """Return where this launch leads; bind a deep link on its first launch.

    Raises: `LaunchRefusedError` if there is nothing for this person here.
    """
    if launch.message_type == rules.DEEP_LINK:
        return _deep_link(session, launch, arrival, now=now)
    if launch.message_type == rules.SUBMISSION_REVIEW:
        opening = open_review(session, launch, arrival, now=now)
        return Landing(opening.endpoint, opening.values)
    reference = find_signed_reference(launch)
    if launch.message_type == rules.RESOURCE_LINK and reference is not None:
        opening = open_signed(session, reference, arrival, now=now)
        return Landing(opening.endpoint, opening.values)
    assignment_id = _find_assignment(session, launch, arrival, now=now)
    if launch.message_type == rules.RESOURCE_LINK:
        return _resource_link(session, arrival, assignment_id, now=now)
    raise LaunchRefusedError(
        "Assay does not know this kind of launch.",
        cause="unknown_message_type",
        mender=Mender.LMS_ADMINISTRATOR,
    )


def _resource_link(
    session: Session, arrival: Arrival, assignment_id: int | None, *, now: datetime
) -> Landing:
    role, course_id = arrival.role, arrival.course_id
    if role in STAFF:
        if assignment_id is not None:
            return Landing(
                "assessment.overview",
                {"course_id": course_id, "assignment_id": assignment_id},
            )
        return Landing("mapping.setup", {"course_id": course_id, "link_id": _link(arrival)})
    if role is Role.GRADER:
        require_appointment(session, arrival, now=now)
        return Landing("assessment.queue", {})
    if role is Role.LEARNER and assignment_id is not None:
        return Landing("evidence.work", {"course_id": course_id, "assignment_id": assignment_id})
    if role is not Role.LEARNER and list_granted_achievement_ids(
        session, arrival.person_id, now=now
    ):
        return Landing("assessment.queue", {})
    return Landing("launch.welcome", {"course_id": course_id})


def _deep_link(session: Session, launch: Launch, arrival: Arrival, *, now: datetime) -> Landing:
    if arrival.role not in STAFF:
        raise LaunchRefusedError(
            "Only somebody who teaches this course can add an assignment.",
            cause="deep_link_without_staff_role",
            mender=Mender.INSTRUCTOR,
        )
    settings = dict(rules.part(launch.body, rules.DEEP_LINKING))
    settings["deep_link_return_url"] = rules.web_address(settings["deep_link_return_url"])
    if "ltiResourceLink" not in settings["accept_types"]:
        raise LaunchRefusedError(
            "The LMS does not accept an activity at this place.",
            cause="deep_link_type_not_accepted",
            mender=Mender.LMS_ADMINISTRATOR,
        )
    found = DeepLinkRequest(
        token=secrets.token_urlsafe(24),
        institution_id=launch.platform.institution_id,
        deployment_pk=arrival.deployment_pk,
        course_id=arrival.course_id,
        person_id=arrival.person_id,
        settings=settings,
        created_at=now,
        expires_at=now + DEEP_LINK_LIFETIME,
    )
    session.add(found)
    return Landing(
        "mapping.choose_for_deep_link", {"course_id": arrival.course_id, "token": found.token}
    )


def _find_assignment(
    session: Session, launch: Launch, arrival: Arrival, *, now: datetime
) -> int | None:
    """Find the id of what the link is mapped to; the first launch of a deep link binds it.

    What could not be delivered for want of an address or a right is taken up
    again when a launch tells a new address, and whenever staff come by.
    """
    if arrival.link_pk is None:
        return None
    mapped = find_mapped_link(wire_of(session), arrival.link_pk)
    if mapped is None:
        return _bind(session, launch, arrival, arrival.link_pk)
    is_moved = bool(arrival.lineitem_url) and mapped.lineitem_url != arrival.lineitem_url
    if is_moved or arrival.role in STAFF:
        assignment = session.get_one(Assignment, mapped.assignment_id)
        if is_moved:
            assignment.lineitem_url, assignment.column_missing = arrival.lineitem_url, False
        reopen_parked(session, assignment, now)
    return mapped.assignment_id


def _bind(session: Session, launch: Launch, arrival: Arrival, link_pk: int) -> int | None:
    custom = rules.part(launch.body, f"{rules.CLAIM}custom")
    uuid = rules.value(custom.get(CUSTOM_KEY), max_length=36)
    found = find_assignment_by_uuid(session, uuid, course_id=arrival.course_id) if uuid else None
    if found is None or found.resource_link_pk is not None:
        return None
    bind_link(session, found, get_resource_link(session, link_pk, course_id=arrival.course_id))
    return found.id


def _link(arrival: Arrival) -> int:
    if arrival.link_pk is None:
        raise RuntimeError("A resource link launch always names its link.")
    return arrival.link_pk
