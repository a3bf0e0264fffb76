"""The gradebook as a table: a row per student, a cell per column."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app.sandbox.attempts import is_assignment_column, list_attempts
from app.sandbox.grades import find_grade, find_mark
from app.sandbox.models import Course, Grade, LineItem
from app.sandbox.people import Person
from app.sandbox.profiles import CANVAS, Profile


@dataclass(frozen=True)
class Cell:
    """One student's standing in one column; `grade` is `None` before anything was sent.

    `attempts`: how many submissions there are (Canvas).
    """

    item: LineItem
    grade: Grade | None
    is_by_hand: bool
    attempts: int

    @property
    def score(self) -> str:
        """Return the points of the maximum, or a dash."""
        maximum = show_number(self.item.score_maximum)
        if self.grade is None or self.grade.points is None:
            return f"– / {maximum}"
        return f"{show_number(self.grade.points)} / {maximum}"

    @property
    def points(self) -> str:
        """Return the points as one would write them into a form."""
        has_points = self.grade is not None and self.grade.points is not None
        return show_number(self.grade.points or 0.0) if self.grade and has_points else ""


@dataclass(frozen=True)
class Row:
    """A student and their cells."""

    student: Person
    cells: list[Cell]


@dataclass(frozen=True)
class Gradebook:
    """What this LMS shows of a course's grades to one person."""

    columns: list[LineItem]
    rows: list[Row]


def read_gradebook(
    session: Session,
    profile: Profile,
    course: Course,
    viewer: Person,
    students: Sequence[Person],
) -> Gradebook:
    """Return what this person may see: staff all of it, a student or observer one row.

    Canvas shows only the first column of an activity: others stay invisible.
    """
    columns = [
        item
        for item in course.line_items
        if profile.name != CANVAS.name or is_assignment_column(item)
    ]
    own = viewer.observes or viewer.id
    shown = students if viewer.is_staff else [each for each in students if each.id == own]
    return Gradebook(
        columns,
        [Row(each, [_read_cell(session, item, each) for item in columns]) for each in shown],
    )


def show_number(number: float) -> str:
    """Write points without needless decimals."""
    return f"{number:.2f}".rstrip("0").rstrip(".")


def _read_cell(session: Session, item: LineItem, student: Person) -> Cell:
    mark = find_mark(session, item.id, student.id)
    return Cell(
        item=item,
        grade=find_grade(session, item.id, student.id),
        is_by_hand=mark is not None and mark.is_by_hand,
        attempts=len(list_attempts(session, item.id, student.id)),
    )
