"""A roster of twenty thousand: read page by page, written in bulk."""

from sqlalchemy import event, func, select

from app.courses.models import LtiUser, RosterEntry, RosterStatus
from tests.courses.roster_server import member

MANY = 20_000


def test_a_roster_of_20000_is_kept_in_few_statements(reader, lms, course, session, app):
    lms.members = [member(f"s{number}", name=f"Student {number}") for number in range(MANY)]
    statements = []
    with app.app_context():
        from app.core.db import db

        engine = db.engine
    event.listen(engine, "before_cursor_execute", lambda *facts: statements.append(facts[2]))

    outcome = reader.refresh(course.id)
    first = len(statements)
    statements.clear()
    again = reader.refresh(course.id)

    assert outcome.added == MANY
    assert (again.added, again.changed, again.gone) == (0, 0, 0)
    listed = select(func.count()).where(
        RosterEntry.course_id == course.id, RosterEntry.status == RosterStatus.ACTIVE
    )
    assert session.scalar(listed) == MANY
    assert session.scalar(select(func.count()).where(LtiUser.sub.like("s%"))) >= MANY
    assert first < MANY / 50
    assert not [text for text in statements if text.startswith("INSERT")], "no news, no writing"
    assert len(lms.asked) == 2 * MANY / 500
