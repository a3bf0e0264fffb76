"""LTI roles to a role in the course: an exact table. Pure.

Source: LTI 1.3 core, appendix A.2. Only membership roles count: an institution
or system role says nothing about this course. A sub-role counts as its
principal: `membership/Learner#Instructor` is a learner.
"""

from collections.abc import Iterable

from app.core.principal import Role

MEMBERSHIP = "http://purl.imsglobal.org/vocab/lis/v2/membership"
ADMINISTRATORS = frozenset(
    {
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#AccountAdmin",
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#SysAdmin",
    }
)
TEST_USER = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"

PRINCIPALS: dict[str, Role] = {
    "Instructor": Role.INSTRUCTOR,
    "Administrator": Role.INSTRUCTOR,
    "ContentDeveloper": Role.DESIGNER,
    "Learner": Role.LEARNER,
    "Mentor": Role.OBSERVER,
    "Manager": Role.OBSERVER,
    "Member": Role.OBSERVER,
    "Officer": Role.OBSERVER,
}
TEACHING_ASSISTANTS = frozenset(
    {
        "TeachingAssistant",
        "TeachingAssistantGroup",
        "TeachingAssistantOffering",
        "TeachingAssistantSection",
        "TeachingAssistantSectionAssociation",
        "TeachingAssistantTemplate",
    }
)
# From most to least: what counts when a person has several.
PRECEDENCE = (
    Role.INSTRUCTOR,
    Role.TEACHING_ASSISTANT,
    Role.DESIGNER,
    Role.GRADER,
    Role.LEARNER,
    Role.OBSERVER,
)


def course_role(roles: Iterable[str]) -> Role:
    """Return what these LTI roles make somebody in the course; unknown ones count nothing.

    A sub-role is narrower than its principal, which many platforms send beside
    it: with `Instructor` and `Instructor#TeachingAssistant` a person is a
    teaching assistant; with `Instructor#Grader` alone, a grader.
    """
    found = {role for role in (_one(uri) for uri in roles) if role is not None}
    if Role.TEACHING_ASSISTANT in found:
        found.discard(Role.INSTRUCTOR)
    return next((role for role in PRECEDENCE if role in found), Role.NONE)


def is_lms_administrator(roles: Iterable[str]) -> bool:
    """Return whether somebody runs the LMS; it gives no right in any course."""
    return not ADMINISTRATORS.isdisjoint(roles)


def is_test_user(roles: Iterable[str]) -> bool:
    """Return whether this is the LMS's student preview."""
    return TEST_USER in roles


def _one(uri: str) -> Role | None:
    if "#" not in uri:
        return PRINCIPALS.get(uri)  # a short name, as the certification suite sends
    path, _, name = uri.partition("#")
    if path == MEMBERSHIP:
        return PRINCIPALS.get(name)
    if not path.startswith(f"{MEMBERSHIP}/"):
        return None
    principal = PRINCIPALS.get(path.removeprefix(f"{MEMBERSHIP}/"))
    if principal is Role.INSTRUCTOR and path.endswith("/Instructor"):
        if name in TEACHING_ASSISTANTS:
            return Role.TEACHING_ASSISTANT
        if name == "Grader":
            return Role.GRADER
    return principal
