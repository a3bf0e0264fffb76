"""What was handed in before the queue was sorted by a column of its own has its place there."""

import pytest
from sqlalchemy import text

MOMENT = "2026-11-02 12:00:00+00:00"
PROMISED = "2026-11-09 12:00:00+00:00"


@pytest.fixture
def migrate(app):
    """Run `flask db …`; the test's database was made from the models, so it is emptied first."""
    from app.core.db import db
    from app.core.orm import Base

    with app.app_context():
        Base.metadata.drop_all(db.engine)

    def run(*words):
        result = app.test_cli_runner().invoke(args=["db", *words])
        assert result.exit_code == 0, (words, result.output, result.exception)

    return run


def add(session, number, submitted_at, promised_at):
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    # The row alone is what is moved: nothing that it refers to is needed.
    session.rollback()
    off = "PRAGMA foreign_keys=OFF" if is_sqlite else "SET session_replication_role = replica"
    session.execute(text(off))
    session.execute(
        text(
            "INSERT INTO submission (id, institution_id, course_id, assignment_id, achievement_id,"
            " learner_id, status, status_changed_at, submitted_at, promised_at, created_at)"
            " VALUES (:id, 1, 1, 1, 1, :id, 'submitted', :at, :submitted, :promised, :at)"
        ),
        {"id": number, "at": MOMENT, "submitted": submitted_at, "promised": promised_at},
    )
    session.commit()


def test_what_was_handed_in_has_its_place(migrate, session):
    migrate("upgrade", "0019")
    add(session, 1, MOMENT, PROMISED)
    add(session, 2, MOMENT, None)
    add(session, 3, None, None)

    migrate("upgrade", "0023")

    rows = session.execute(text("SELECT id, queue_at, asked_at FROM submission ORDER BY id")).all()
    session.rollback()
    places = [str(row.queue_at)[:10] for row in rows]
    assert places == ["2026-11-09", "2126-11-03", "None"]
    assert [row.asked_at for row in rows] == [None, None, None]
    migrate("downgrade", "0019")
    count = session.execute(text("SELECT count(*) FROM submission")).scalar_one()
    session.rollback()
    assert count == 3
