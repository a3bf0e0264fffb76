"""The people of the practice LMS: everyone is in both courses."""

from dataclasses import dataclass

from app.sandbox.vocabulary import (
    CONTENT_DEVELOPER,
    GRADER,
    INSTITUTION_ADMINISTRATOR,
    INSTRUCTOR,
    LEARNER,
    MENTOR,
    SYSTEM_ADMINISTRATOR,
    TEACHING_ASSISTANT,
)


@dataclass(frozen=True)
class Person:
    """Somebody with an account here.

    `id`: what they are called here; what the tool knows them by is the
    profile's to say. `teaches_elsewhere`: a student who is an instructor in
    other courses. `observes`: the id of the student whom this person may watch.
    """

    id: str
    given_name: str
    family_name: str
    part: str
    story: str
    roles: tuple[str, ...]
    teaches_elsewhere: bool = False
    observes: str = ""

    @property
    def name(self) -> str:
        """Return the full name."""
        return f"{self.given_name} {self.family_name}"

    @property
    def email(self) -> str:
        """Return the address at the university."""
        return f"{self.username}@university.example"

    @property
    def username(self) -> str:
        """Return the login name."""
        return self.id.removeprefix("u-")

    @property
    def is_student(self) -> bool:
        """Say whether this person is graded here."""
        return LEARNER in self.roles

    @property
    def is_staff(self) -> bool:
        """Say whether this person sees everyone's grades."""
        return not self.is_student and not self.observes

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
        teaches_elsewhere=True,
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
    Person(
        "u-head",
        "Amara",
        "Head",
        "Head of department",
        "Teaches here too; in Assay she reviews proposals, for her unit and in the committee.",
        (INSTRUCTOR,),
    ),
)
# Roles that only Canvas gives.
CANVAS_PEOPLE = (
    Person(
        "u-designer",
        "Dana",
        "Designer",
        "Designer",
        "Builds the courses and teaches none: ContentDeveloper to Assay.",
        (CONTENT_DEVELOPER,),
    ),
    Person(
        "u-observer",
        "Oda",
        "Observer",
        "Observer",
        "Watches Mei Student: a Mentor to Assay.",
        (MENTOR,),
        observes="u-student-1",
    ),
)
ALL_PEOPLE = PEOPLE + CANVAS_PEOPLE
STUDENTS = tuple(person for person in PEOPLE if person.is_student)
DEFAULT_PERSON = PEOPLE[0]
_BY_ID = {person.id: person for person in ALL_PEOPLE}


def get_known_person(person_id: str) -> Person:
    """Return the person with this id, which is known to be one."""
    return _BY_ID[person_id]


def find_person(person_id: str | None) -> Person | None:
    """Return the person with this id, if there is one."""
    return _BY_ID.get(person_id or "")
