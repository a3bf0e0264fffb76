"""The gradebook as a table: a row per student, a cell per column. Pure."""

from dataclasses import dataclass

from app.sandbox.models import Course, Grade, LineItem
from app.sandbox.people import STUDENTS, Person


@dataclass(frozen=True)
class Cell:
    """One student's standing in one column; `grade` is `None` before anything was sent."""

    item: LineItem
    grade: Grade | None

    @property
    def score(self) -> str:
        """Return the points of the maximum, or a dash."""
        maximum = show_number(self.item.score_maximum)
        if self.grade is None or self.grade.points is None:
            return f"– / {maximum}"
        return f"{show_number(self.grade.points)} / {maximum}"


@dataclass(frozen=True)
class Row:
    """A student and their cells."""

    student: Person
    cells: list[Cell]


def build_gradebook(course: Course, viewer: Person) -> list[Row]:
    """Return the rows that this person may see: staff all of them, a student their own."""
    students = STUDENTS if viewer.is_staff else (viewer,)
    return [
        Row(student, [Cell(item, _find_grade(item, student)) for item in course.line_items])
        for student in students
    ]


def show_number(number: float) -> str:
    """Write points without needless decimals."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _find_grade(item: LineItem, student: Person) -> Grade | None:
    return next((grade for grade in item.grades if grade.person_id == student.id), None)
