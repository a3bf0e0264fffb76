"""What one LMS says in a launch that the standard does not ask for. Pure."""

from typing import Any

from app.sandbox.identities import legacy_subject_of, subject_of
from app.sandbox.models import Activity, Course
from app.sandbox.people import Person, get_known_person
from app.sandbox.profiles import BRIGHTSPACE, CANVAS, Profile
from app.sandbox.vocabulary import BRIGHTSPACE_CLAIM, CLAIM

TENANT = "2f1b7c3e-94a6-4d7e-b8f3-6e05c2a19d40"


def platform_claims(
    profile: Profile, person: Person, course: Course, activity: Activity | None, now: int
) -> dict[str, Any]:
    """Return the claims that only this LMS sends.

    Source: Canvas, claims `lti1p1` and `role_scope_mentor`; D2L knowledge base 23764 (`nbf`),
    and public launches of Brightspace for its own claim.
    """
    claims: dict[str, Any] = {}
    if profile.sends_not_before:
        claims["nbf"] = now
    if profile.name == CANVAS.name:
        claims[f"{CLAIM}lti1p1"] = {"user_id": legacy_subject_of(person)}
        if person.observes:
            watched = subject_of(profile, get_known_person(person.observes))
            claims[f"{CLAIM}role_scope_mentor"] = [watched]
    if profile.name == BRIGHTSPACE.name:
        claims[BRIGHTSPACE_CLAIM] = {
            "tenant_id": TENANT,
            "org_defined_id": f"person:{person.id}",
            "user_id": subject_of(profile, person),
            "username": person.username,
            "Context.id.history": course.history,
            "ResourceLink.id.history": activity.history if activity else "",
        }
    return claims


def variables(
    profile: Profile, person: Person, course: Course, activity: Activity | None
) -> dict[str, str]:
    """Return the substitution variables that only this LMS fills in.

    Moodle expands the login name even where it tells no names.
    Source: Canvas, tools variable substitutions; Moodle 4.5.6, seen.
    """
    if profile.name != CANVAS.name:
        return {"$User.username": person.username}
    known = {
        "$Canvas.course.id": course.id.removeprefix("course-"),
        "$Canvas.user.id": person.id,
        "$Canvas.course.previousContextIds": course.history,
    }
    if activity:
        known |= {
            "$Canvas.assignment.id": str(activity.id),
            "$Canvas.assignment.title": activity.title,
            "$Canvas.assignment.dueAt.iso8601": activity.due_at,
            "$Canvas.assignment.unlockAt.iso8601": activity.opens_at,
            "$Canvas.assignment.lockAt.iso8601": activity.closes_at,
        }
    return known
