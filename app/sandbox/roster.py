"""Who is in a course. Source: Names and Role Provisioning Services 2.0."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app.sandbox.claims import resolve_custom
from app.sandbox.enrolment import read_roll
from app.sandbox.identities import launch_roles, names_of, roster_roles, subject_of
from app.sandbox.line_items import get_service_course
from app.sandbox.lms import current_lms, current_profile
from app.sandbox.models import Activity, Course
from app.sandbox.people import Person
from app.sandbox.profiles import Profile
from app.sandbox.replies import ServiceError, check_accept, page_reply
from app.sandbox.tokens import requires_scope
from app.sandbox.vocabulary import CLAIM, MEMBERSHIP_READ, MEMBERSHIPS_TYPE, RESOURCE_LINK

bp = Blueprint("roster", __name__, url_prefix="/lti/courses/<course_id>")


@bp.get("/memberships")
@requires_scope(MEMBERSHIP_READ)
def memberships(course_id: str) -> ResponseReturnValue:
    """List the members, page by page; with `rlid` also what a launch would tell of each."""
    check_accept(MEMBERSHIPS_TYPE)
    address = f"{current_lms().config.course_url(course_id)}/memberships"
    profile = current_profile()
    with current_lms().database.reading() as session:
        course = get_service_course(session, course_id)
        activity = _asked_activity(course)
        members = [
            _describe(profile, person, course, activity)
            for person in read_roll(session, profile, course_id).members
            if _has_asked_role(profile, person)
        ]
        context = {"id": course.id, "label": course.label, "title": course.title}
    return page_reply(
        members,
        address,
        MEMBERSHIPS_TYPE,
        wrap=lambda page: {"id": address, "context": context, "members": page},
    )


def _asked_activity(course: Course) -> Activity | None:
    link_id = request.args.get("rlid")
    if link_id is None:
        return None
    for activity in course.activities:
        if activity.resource_link_id == link_id:
            return activity
    raise ServiceError(404, "There is no such resource link in this course.")


def _has_asked_role(profile: Profile, person: Person) -> bool:
    role = request.args.get("role")
    known = [*launch_roles(profile, person), *roster_roles(profile, person)]
    return role is None or role in known


def _describe(
    profile: Profile, person: Person, course: Course, activity: Activity | None
) -> dict[str, Any]:
    member: dict[str, Any] = {
        "status": "Active",
        "user_id": subject_of(profile, person),
        "roles": roster_roles(profile, person),
        "lis_person_sourcedid": f"person:{person.id}",
    }
    if activity is None or activity.shares_names:
        member |= names_of(person, current_lms().privacy_level(profile))
    if activity:
        custom = resolve_custom(profile, activity.custom, course, activity, person)
        member["message"] = [
            {f"{CLAIM}message_type": RESOURCE_LINK, f"{CLAIM}custom": custom},
        ]
    return member
