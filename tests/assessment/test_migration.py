"""Assessments on the way up to decisions that wait, and down again."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from app.assessment.deciding import undo
from app.assessment.models import Assessment
from app.core.db import db
from app.core.orm import Base
from tests import factories
from tests.assessment.several import ASSESSOR, TEN_MINUTES, appoint, hand_in, record


@pytest.fixture
def migrate(app, session):
    """Run `flask db …`; the test's database was made from the models, so it is emptied first."""
    session.rollback()
    with app.app_context():
        Base.metadata.drop_all(db.engine)

    def run(*words):
        session.rollback()
        session.expire_all()
        with app.app_context():
            db.session.remove()
        result = app.test_cli_runner().invoke(args=["db", *words])
        assert result.exit_code == 0, (words, result.output, result.exception)

    return run


DECISIONS = text(
    "SELECT decision.assessment_id, decision.submission_id, decision.decided_by,"
    " decision.decision, decision.released_at = assessment.assessed_at,"
    " decision.release_at = assessment.assessed_at, decision.undone_at IS NULL"
    " FROM attempt_decision AS decision"
    " JOIN assessment ON assessment.id = decision.assessment_id ORDER BY decision.id"
)


def test_every_assessment_so_far_was_a_decision_that_was_told(migrate, app, session):
    migrate("upgrade")
    world = factories.make_world(session, app.extensions["assay.vault"])
    assignment = factories.make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    told = hand_in(session, assignment, world.learner)
    record(session, app, told, world.grantor)
    undone = hand_in(session, assignment, world.other_learner)
    record(session, app, undone, world.grantor, undo_for=TEN_MINUTES)
    undo(session, undone, person=world.grantor, now=datetime.now(UTC))
    record(session, app, undone, world.grantor, now=datetime.now(UTC) + timedelta(seconds=1))
    appoint(session, world.grader, world.level_1, ASSESSOR)
    waiting = hand_in(session, assignment, world.assistant)
    record(session, app, waiting, world.grader)
    kept = session.scalars(
        select(Assessment).where(Assessment.grantor_id == world.grantor.id).order_by(Assessment.id)
    ).all()
    ids = [each.id for each in kept if each.undone_at is None]
    grantor_id, works = world.grantor.id, [told.id, undone.id]

    migrate("downgrade", "0018")

    before = session.execute(text("SELECT id, grantor_id FROM assessment ORDER BY id")).all()
    assert [tuple(row) for row in before] == [(each, grantor_id) for each in ids]
    assert session.scalar(text("SELECT count(*) FROM attempt_decision")) == 0
    migrate("upgrade", "0019")

    after = [tuple(row) for row in session.execute(DECISIONS)]
    assert [row[:4] for row in after] == [
        (assessment_id, work, grantor_id, "met")
        for assessment_id, work in zip(ids, works, strict=True)
    ]
    assert all(bool(fact) for row in after for fact in row[4:])
    roles = session.execute(text("SELECT role, count(*) FROM grantor_appointment GROUP BY role"))
    assert [tuple(row) for row in roles] == [("grantor", 4)]
    migrate("downgrade", "0018")
    migrate("upgrade")
