"""What a profile calls people, which roles it gives them, and what it tells of them. Pure."""

from uuid import NAMESPACE_URL, uuid5

from app.sandbox.people import ALL_PEOPLE, PEOPLE, Person
from app.sandbox.profiles import CANVAS, MOODLE, Profile, Roster, Subjects
from app.sandbox.vocabulary import (
    CONTENT_DEVELOPER,
    GRADER,
    INSTITUTION,
    INSTITUTION_ADMINISTRATOR,
    INSTRUCTOR,
    LEARNER,
    SYSTEM_USER,
    TEACHING_ASSISTANT,
)

FIRST_NUMBER = 3  # Moodle's guest and first administrator are 1 and 2
PRIVACY_LEVELS = ("public", "name_only", "email_only", "anonymous")


def people_of(profile: Profile) -> tuple[Person, ...]:
    """Return who is in the courses: Canvas has an observer and a designer besides."""
    return ALL_PEOPLE if profile.name == CANVAS.name else PEOPLE


def subject_of(profile: Profile, person: Person) -> str:
    """Return what the tool knows a person by (`sub`).

    Source: Moodle's ids are numeric; Canvas's `sub` is a UUID that is not its user id.
    """
    if profile.subjects is Subjects.NUMBER:
        return str(ALL_PEOPLE.index(person) + FIRST_NUMBER)
    if profile.subjects is Subjects.OPAQUE:
        return str(uuid5(NAMESPACE_URL, f"{profile.name}/{person.id}"))
    return person.id


def legacy_subject_of(person: Person) -> str:
    """Return the id that LTI 1.1 launches of Canvas had. Source: Canvas, claim `lti1p1`."""
    return uuid5(NAMESPACE_URL, f"lti1p1/{person.id}").hex


def launch_roles(profile: Profile, person: Person) -> list[str]:
    """Return the roles of a launch.

    Moodle knows no graders: whoever teaches without editing is Instructor.
    Canvas's assistants are Instructor with a sub-role, and everyone's
    institution roles stand beside: one of the students teaches elsewhere.
    Source: Moodle 4.5.6, seen; Canvas `lti/substitutions_helper.rb`.
    """
    if profile.name == MOODLE.name:
        kept = [role for role in person.roles if role not in {TEACHING_ASSISTANT, GRADER}]
        return kept if INSTRUCTOR in kept or person.is_student else [INSTRUCTOR, *kept]
    if profile.name == CANVAS.name:
        return [*_canvas_course_roles(person), *_institution_roles(person), SYSTEM_USER]
    return list(person.roles)


def roster_roles(profile: Profile, person: Person) -> list[str]:
    """Return the roles of a roster.

    Moodle takes only who edits for an Instructor, everyone else for a Learner.
    Source: Moodle 4.5.6, seen; NRPS 2.0 §2.3.
    """
    if profile.roster is Roster.MOODLE:
        return ["Instructor" if person.is_editor else "Learner"]
    if profile.roster is Roster.WHOLE:
        prefix = INSTRUCTOR.partition("#")[0]
        roles = launch_roles(profile, person)
        return [role for role in roles if role.startswith(prefix)]
    return person.roster_roles


def names_of(person: Person, level: str) -> dict[str, str]:
    """Return the claims with name and e-mail address that a privacy level allows.

    Source: Canvas developer keys, `privacy_level`.
    """
    told = {}
    if level in {"public", "name_only"}:
        told = {
            "name": person.name,
            "given_name": person.given_name,
            "family_name": person.family_name,
        }
    if level in {"public", "email_only"}:
        told["email"] = person.email
    return told


def _canvas_course_roles(person: Person) -> list[str]:
    if TEACHING_ASSISTANT in person.roles or GRADER in person.roles:
        return [INSTRUCTOR, TEACHING_ASSISTANT]
    return [role for role in person.roles if "/membership" in role]


def _institution_roles(person: Person) -> list[str]:
    if INSTITUTION_ADMINISTRATOR in person.roles:
        return [role for role in person.roles if "/membership" not in role]
    if person.is_student and not person.teaches_elsewhere:
        return [f"{INSTITUTION}#Student"]
    if LEARNER in person.roles:
        return [f"{INSTITUTION}#Instructor", f"{INSTITUTION}#Student"]
    if CONTENT_DEVELOPER in person.roles or person.observes:
        return [f"{INSTITUTION}#Observer" if person.observes else f"{INSTITUTION}#Staff"]
    return [f"{INSTITUTION}#Instructor"]
