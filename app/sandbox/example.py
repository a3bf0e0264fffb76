"""What stands in the practice LMS at its first start."""

from sqlalchemy.orm import Session

from app.sandbox.models import Activity, Course, LineItem

POINTS = 100.0


def fill(session: Session) -> None:
    """Make the two courses and their activities; none of them is set up in the tool."""
    research = Course(id="course-101", label="PSYC 2500", title="Research Methods")
    practicum = Course(id="course-102", label="NURS 4400", title="Clinical Practicum")
    session.add_all([research, practicum])
    _add_activity(
        session,
        research,
        "Literature review",
        "Review what is known about a question of your choice.",
    ).line_items = [_column(research, "Literature review")]
    _add_activity(
        session,
        research,
        "Annotated bibliography",
        "Twelve sources, each with what it adds to your question.",
    ).line_items = [_column(research, "Annotated bibliography")]
    _add_activity(session, research, "Reflection memo", "A page a week. It is not graded.")
    _add_activity(
        session,
        practicum,
        "Clinical portfolio",
        "What you did, saw and learned on the ward.",
    ).line_items = [_column(practicum, "Clinical portfolio")]


def _add_activity(session: Session, course: Course, title: str, text: str) -> Activity:
    activity = Activity(course_id=course.id, title=title, text=text)
    session.add(activity)
    session.flush()
    return activity


def _column(course: Course, label: str) -> LineItem:
    return LineItem(course_id=course.id, label=label, score_maximum=POINTS)
