"""Who is in a course. Source: Names and Role Provisioning Services 2.0."""

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from app.sandbox.claims import resolve_custom
from app.sandbox.line_items import get_service_course
from app.sandbox.lms import current_lms
from app.sandbox.models import Activity, Course
from app.sandbox.people import PEOPLE, Person
from app.sandbox.replies import ServiceError, check_accept, reply, take_page
from app.sandbox.tokens import requires_scope
from app.sandbox.vocabulary import CLAIM, MEMBERSHIP_READ, MEMBERSHIPS_TYPE, RESOURCE_LINK

bp = Blueprint("roster", __name__, url_prefix="/lti/courses/<course_id>")


@bp.get("/memberships")
@requires_scope(MEMBERSHIP_READ)
def memberships(course_id: str) -> ResponseReturnValue:
    """List the members, page by page; with `rlid` also what a launch would tell of each."""
    check_accept(MEMBERSHIPS_TYPE)
    address = f"{current_lms().config.course_url(course_id)}/memberships"
    with current_lms().database.reading() as session:
        course = get_service_course(session, course_id)
        activity = _asked_activity(course)
        members = [
            _describe(person, course, activity) for person in PEOPLE if _has_asked_role(person)
        ]
        context = {"id": course.id, "label": course.label, "title": course.title}
    page, headers = take_page(members, address)
    answer = reply({"id": address, "context": context, "members": page}, MEMBERSHIPS_TYPE)
    answer.headers.update(headers)
    return answer


def _asked_activity(course: Course) -> Activity | None:
    link_id = request.args.get("rlid")
    if link_id is None:
        return None
    for activity in course.activities:
        if activity.resource_link_id == link_id:
            return activity
    raise ServiceError(404, "There is no such resource link in this course.")


def _has_asked_role(person: Person) -> bool:
    role = request.args.get("role")
    return role is None or role in person.roles or role in person.roster_roles


def _describe(person: Person, course: Course, activity: Activity | None) -> dict[str, Any]:
    member: dict[str, Any] = {
        "status": "Active",
        "user_id": person.id,
        "roles": person.roster_roles,
        "lis_person_sourcedid": f"person:{person.id}",
    }
    if activity is None or activity.shares_names:
        member |= {
            "name": person.name,
            "given_name": person.given_name,
            "family_name": person.family_name,
            "email": person.email,
        }
    if activity:
        custom = resolve_custom(activity.custom, course, activity, person)
        member["message"] = [
            {f"{CLAIM}message_type": RESOURCE_LINK, f"{CLAIM}custom": custom},
        ]
    return member
