"""Where a launch leads: the page that its person came for."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.core.principal import STAFF, Role
from app.courses.arrivals import Arrival
from app.launch import claims as rules
from app.launch.binding import find_assignment
from app.launch.deep_linking import ACHIEVEMENT_KEY, CREDENTIALS, PAGE_KEY
from app.launch.pylti import Launch
from app.launch.refusal import DeepLinkRefusedError, LaunchRefusedError, Mender
from app.launch.reviews import (
    find_signed_reference,
    open_review,
    open_signed,
    require_appointment,
)
from app.mapping.asked import PLACEMENT_CLAIM, PLACEMENT_KEY, Asked, read_asked
from app.mapping.models import DeepLinkRequest
from app.platforms.variables import TIME_ZONE_KEY
from app.programme.administrators import is_administrator
from app.programme.reviewers import is_reviewer
from app.programme.service import list_granted_achievement_ids

DEEP_LINK_LIFETIME = timedelta(hours=2)


@dataclass(frozen=True)
class Landing:
    """An endpoint and the values of its address."""

    endpoint: str
    values: dict[str, Any]


def land(session: Session, launch: Launch, arrival: Arrival, *, now: datetime) -> Landing:
    """Return where this launch leads; bind or copy a link on its first launch.

    Raises: `LaunchRefusedError` if there is nothing for this person here.
    """
    if launch.message_type == rules.DEEP_LINK:
        return _deep_link(session, launch, arrival, now=now)
    if launch.message_type == rules.SUBMISSION_REVIEW:
        opening = open_review(session, launch, arrival, now=now)
        return Landing(opening.endpoint, opening.values)
    reference = find_signed_reference(launch)
    if reference is not None:
        opening = open_signed(session, reference, arrival, now=now)
        return Landing(opening.endpoint, opening.values)
    if rules.opens_course(launch.body):
        return Landing("launch.course_home", {"course_id": arrival.course_id})
    assignment_id = find_assignment(session, launch, arrival, now=now)
    page = _plain_page(launch, arrival) if assignment_id is None else None
    return page or _resource_link(session, arrival, assignment_id, now=now)


def find_unknown_message(launch: Launch) -> LaunchRefusedError | None:
    """Return the refusal of a launch that asks for something Assay does not do, if it does."""
    if launch.message_type in rules.KNOWN_MESSAGES:
        return None
    return LaunchRefusedError(
        "Assay does not know this kind of launch, so nothing was opened or changed.",
        cause="unknown_message_type",
        mender=Mender.LMS_ADMINISTRATOR,
    )


def _plain_page(launch: Launch, arrival: Arrival) -> Landing | None:
    """Return the page that a link without an assignment was made for, if it was."""
    custom = rules.part(launch.body, f"{rules.CLAIM}custom")
    if custom.get(PAGE_KEY) == CREDENTIALS:
        return Landing("awards.mine", {})
    public_id = rules.value(custom.get(ACHIEVEMENT_KEY), max_length=40)
    if public_id is None:
        return None
    return Landing("launch.achievement", {"course_id": arrival.course_id, "public_id": public_id})


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
    if role is Role.LEARNER:
        return Landing("launch.welcome", {"course_id": course_id})
    return _outside_courses(session, arrival, now=now)


def _outside_courses(session: Session, arrival: Arrival, *, now: datetime) -> Landing:
    """Lead somebody who neither teaches nor studies here to what else is theirs."""
    if list_granted_achievement_ids(session, arrival.person_id, now=now):
        return Landing("assessment.queue", {})
    if is_reviewer(session, arrival.person_id, now=now):
        return Landing("approval.reviews", {})
    if is_administrator(session, arrival.person_id, now=now):
        return Landing("platforms.overview", {})
    return Landing("launch.welcome", {"course_id": arrival.course_id})


def _deep_link(session: Session, launch: Launch, arrival: Arrival, *, now: datetime) -> Landing:
    """Begin a selection: of assignments or links for staff, of own work for a learner.

    Raises: `DeepLinkRefusedError`, which goes back to the LMS.
    """
    settings = dict(rules.part(launch.body, rules.DEEP_LINKING))
    custom = rules.part(launch.body, f"{rules.CLAIM}custom")
    settings[PLACEMENT_KEY] = rules.value(launch.body.get(PLACEMENT_CLAIM), max_length=100)
    settings[TIME_ZONE_KEY] = rules.value(custom.get(TIME_ZONE_KEY), max_length=60)
    endpoint = _selection_page(read_asked(settings), arrival, settings)
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
    return Landing(endpoint, {"course_id": arrival.course_id, "token": found.token})


def _selection_page(asked: Asked, arrival: Arrival, settings: dict[str, Any]) -> str:
    if arrival.role is Role.LEARNER and asked.takes_work:
        return "launch.portfolio"
    if arrival.role not in STAFF:
        raise DeepLinkRefusedError(
            "Only somebody who teaches this course can add an assignment.",
            cause="deep_link_without_staff_role",
            mender=Mender.INSTRUCTOR,
            deployment_pk=arrival.deployment_pk,
            settings=settings,
        )
    if asked.wants_links:
        return "launch.offer_links"
    if asked.takes_assignments:
        return "mapping.choose_for_deep_link"
    raise DeepLinkRefusedError(
        "The LMS asks for something that Assay does not make here.",
        cause="deep_link_type",
        mender=Mender.LMS_ADMINISTRATOR,
        deployment_pk=arrival.deployment_pk,
        settings=settings,
    )


def _link(arrival: Arrival) -> int:
    if arrival.link_pk is None:
        raise RuntimeError("A resource link launch always names its link.")
    return arrival.link_pk
