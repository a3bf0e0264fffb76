"""The people of the practice LMS: everyone is in both courses."""

from dataclasses import dataclass

from app.sandbox.vocabulary import (
    GRADER,
    INSTITUTION_ADMINISTRATOR,
    INSTRUCTOR,
    LEARNER,
    SYSTEM_ADMINISTRATOR,
    TEACHING_ASSISTANT,
)


@dataclass(frozen=True)
class Person:
    """Somebody with an account here; `id` is what the tool knows them by (`sub`)."""

    id: str
    given_name: str
    family_name: str
    part: str
    story: str
    roles: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the full name."""
        return f"{self.given_name} {self.family_name}"

    @property
    def email(self) -> str:
        """Return the address at the university."""
        return f"{self.id.removeprefix('u-')}@university.example"

    @property
    def is_student(self) -> bool:
        """Say whether this person is graded here."""
        return LEARNER in self.roles

    @property
    def is_staff(self) -> bool:
        """Say whether this person sees everyone's grades."""
        return not self.is_student

    @property
    def is_editor(self) -> bool:
        """Say whether this person adds and deletes activities."""
        return INSTRUCTOR in self.roles and TEACHING_ASSISTANT not in self.roles

    @property
    def is_administrator(self) -> bool:
        """Say whether this person runs the LMS."""
        return SYSTEM_ADMINISTRATOR in self.roles

    @property
    def roster_roles(self) -> list[str]:
        """Return the roles in this course, core ones by their short name as Moodle sends them."""
        prefix = INSTRUCTOR.removesuffix("Instructor")
        return [role.removeprefix(prefix) for role in self.roles if role.startswith(prefix[:-1])]


PEOPLE = (
    Person(
        "u-instructor",
        "Ines",
        "Instructor",
        "Instructor",
        "Teaches both courses: sets activities up, adds more of them, sees every grade.",
        (INSTRUCTOR,),
    ),
    Person(
        "u-assistant",
        "Tariq",
        "Assistant",
        "Teaching assistant",
        "Helps in both courses and sees every grade.",
        (INSTRUCTOR, TEACHING_ASSISTANT),
    ),
    Person(
        "u-student-1",
        "Mei",
        "Student",
        "Student",
        "Hands work in and sees her own grades.",
        (LEARNER,),
    ),
    Person(
        "u-student-2",
        "Jonas",
        "Student",
        "Student",
        "Hands work in and sees his own grades.",
        (LEARNER,),
    ),
    Person(
        "u-grantor-1",
        "Priya",
        "Grantor",
        "Grader",
        "Appointed in Assay: assesses what the students hand in.",
        (GRADER,),
    ),
    Person(
        "u-grantor-2",
        "Luis",
        "Grantor",
        "Grader",
        "Appointed in Assay too: two grantors may look at one submission.",
        (GRADER,),
    ),
    Person(
        "u-grader-3",
        "Nora",
        "Grader",
        "Grader",
        "Has the same role here, but is not appointed in Assay and may not assess there.",
        (GRADER,),
    ),
    Person(
        "u-administrator",
        "Olu",
        "Administrator",
        "Administrator",
        "Runs this LMS; may do in a course what an instructor may.",
        (INSTRUCTOR, INSTITUTION_ADMINISTRATOR, SYSTEM_ADMINISTRATOR),
    ),
)
STUDENTS = tuple(person for person in PEOPLE if person.is_student)
DEFAULT_PERSON = PEOPLE[0]
_BY_ID = {person.id: person for person in PEOPLE}


def find_person(person_id: str | None) -> Person | None:
    """Return the person with this id, if there is one."""
    return _BY_ID.get(person_id or "")
