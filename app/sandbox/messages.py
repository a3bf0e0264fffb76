"""From a sealed hint ("this person opens that") to the claims of one launch.

The hint travels from the LMS through the tool's login and back, so that the
launch that is signed is the one that was asked for.
"""

import secrets
import time
from typing import Any
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from app.sandbox.browser_features import Storage, storage_of
from app.sandbox.claims import (
    COURSE_NAVIGATION,
    Launch,
    deep_linking_claims,
    navigation_claims,
    resource_link_claims,
    review_claims,
    review_target_of,
    target_of,
)
from app.sandbox.enrolment import read_roll
from app.sandbox.identities import subject_of
from app.sandbox.lms import Lms
from app.sandbox.models import Activity, Course, LineItem
from app.sandbox.people import Person, find_person, get_known_person
from app.sandbox.vocabulary import (
    CLAIM,
    DEEP_LINK,
    HOMEWORK_PLACEMENT,
    RESOURCE_LINK,
    SUBMISSION_REVIEW,
)

MESSAGE_HINT = "message-hint"
DEEP_LINKING_DATA = "deep-linking-data"


class MessageRefusedError(Exception):
    """A launch that this person may not make, or of a thing that is gone."""


def activity_hint(person: Person, activity: Activity, *, target: str) -> dict[str, str]:
    """Return the hint of an ordinary launch."""
    return {
        "type": RESOURCE_LINK,
        "person": person.id,
        "course": activity.course_id,
        "activity": str(activity.id),
        "target": target,
    }


def review_hint(person: Person, item: LineItem, student: Person, *, target: str) -> dict[str, str]:
    """Return the hint of a submission review."""
    return {
        "type": SUBMISSION_REVIEW,
        "person": person.id,
        "course": item.course_id,
        "line_item": str(item.id),
        "student": student.id,
        "target": target,
    }


def speedgrader_hint(person: Person, activity: Activity, url: str) -> dict[str, str]:
    """Return the hint of a launch at the address that came with a submission (Canvas)."""
    return activity_hint(person, activity, target="iframe") | {"url": url}


def navigation_hint(person: Person, course: Course) -> dict[str, str]:
    """Return the hint of a launch from the course's menu, which has no link of its own (Canvas)."""
    return {
        "type": RESOURCE_LINK,
        "person": person.id,
        "course": course.id,
        "target": "iframe",
        "placement": COURSE_NAVIGATION,
    }


def deep_linking_hint(person: Person, course: Course, placement: str) -> dict[str, str]:
    """Return the hint of a request to choose content."""
    return {
        "type": DEEP_LINK,
        "person": person.id,
        "course": course.id,
        "target": "iframe",
        "placement": placement,
    }


def may_choose(person: Person, placement: str) -> bool:
    """Return whether this person is offered the tool there: students for homework, else editors."""
    return person.is_student if placement == HOMEWORK_PLACEMENT else person.is_editor


def login_fields(lms: Lms, session: Session, hint: dict[str, str]) -> dict[str, str]:
    """Return what starts the tool's login. Source: LTI 1.3 core §4.1."""
    config = lms.config
    target = config.redirect_uri
    if "activity" in hint:
        target = target_of(config, session.get_one(Activity, int(hint["activity"])))
    elif "line_item" in hint:
        target = review_target_of(config, session.get_one(LineItem, int(hint["line_item"])))
    profile, storage = lms.profile, storage_of(lms)
    fields = {
        "iss": config.issuer,
        "login_hint": subject_of(profile, get_known_person(hint["person"])),
        "target_link_uri": hint.get("url") or target,
        "lti_message_hint": lms.seal(MESSAGE_HINT, hint),
        "lti_deployment_id": profile.deployment_id,
        "client_id": profile.client_id,
        **dict(profile.login_extras),
    }
    if storage is not Storage.OFF and hint["target"] == "iframe":
        fields["lti_storage_target"] = str(storage)
    return fields


def build_message(lms: Lms, person: Person, hint: dict[str, str], *, nonce: str) -> dict[str, Any]:
    """Return the claims of the launch that the hint asks for.

    Raises: `MessageRefusedError`.
    """
    with lms.database.reading() as session:
        course = session.get(Course, hint["course"])
        if course is None:
            raise MessageRefusedError("This course is gone.")
        profile = lms.profile
        if person not in read_roll(session, profile, course.id).members:
            raise MessageRefusedError("This person is no longer in the course.")
        launch = Launch(
            profile=profile,
            privacy=lms.privacy_level(profile),
            person=person,
            course=course,
            target=hint["target"],
            return_url=_return_url(lms, hint),
            nonce=nonce,
            now=int(time.time()),
        )
        if hint["type"] == DEEP_LINK:
            return _deep_linking(lms, launch, hint["placement"])
        if hint["type"] == SUBMISSION_REVIEW:
            return _review(lms, session, launch, hint)
        if "placement" in hint:
            return navigation_claims(lms.config, launch)
        activity = session.get(Activity, int(hint["activity"]))
        if activity is None:
            raise MessageRefusedError("This activity is gone.")
        claims = resource_link_claims(lms.config, launch, activity)
        if "url" in hint:
            claims[f"{CLAIM}target_link_uri"] = hint["url"]
        return claims


def _deep_linking(lms: Lms, launch: Launch, placement: str) -> dict[str, Any]:
    if not may_choose(launch.person, placement):
        raise MessageRefusedError("Only an instructor adds activities.")
    data = lms.seal(
        DEEP_LINKING_DATA,
        {
            "person": launch.person.id,
            "course": launch.course.id,
            "request": secrets.token_urlsafe(16),
            "placement": placement,
        },
    )
    return deep_linking_claims(lms.config, launch, data, placement)


def _review(lms: Lms, session: Session, launch: Launch, hint: dict[str, str]) -> dict[str, Any]:
    item = session.get(LineItem, int(hint["line_item"]))
    student = find_person(hint["student"])
    if item is None or student is None:
        raise MessageRefusedError("This gradebook column is gone.")
    return review_claims(lms.config, launch, item, student)


def _return_url(lms: Lms, hint: dict[str, str]) -> str:
    course_url = f"{lms.config.issuer}/courses/{hint['course']}"
    if hint["type"] == SUBMISSION_REVIEW:
        return f"{course_url}/gradebook?{urlencode({'reviewed': hint['student']})}"
    return course_url
