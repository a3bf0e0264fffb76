"""By when work is decided, and whether it is given out: set for an achievement, at once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.catalog.models import Achievement
from app.core.audit import AuditEntry
from app.evidence.models import Submission
from tests.campus import make_administrator


@pytest.fixture
def administrator(session, world):
    make_administrator(session, world.instructor)
    return world.instructor


def url(world):
    return f"/catalog/achievements/{world.level_1.achievement_id}/promise"


def kept(session, world):
    session.expire_all()
    achievement = session.get_one(Achievement, world.level_1.achievement_id)
    return achievement.promise_days, achievement.is_allocated


def test_an_administrator_promises_and_it_is_written_down(browser, session, world, administrator):
    client = browser(administrator)
    versions = len(world.level_1.achievement.versions)

    page = client.post(
        url(world), data={"promise_days": "5", "is_allocated": "y"}, follow_redirects=True
    )

    assert kept(session, world) == (5, True)
    assert "A decision is promised within 5 days of the hand-in." in page.text
    assert "Work is given out by load." in page.text
    session.expire_all()
    assert len(world.level_1.achievement.versions) == versions
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert entry.action == "achievement.promise_changed"
    assert 'value="5"' in client.get(url(world)).text


def test_it_can_be_taken_back(browser, session, world, administrator):
    client = browser(administrator)
    client.post(url(world), data={"promise_days": "5", "is_allocated": "y"})

    client.post(url(world), data={"promise_days": ""})

    assert kept(session, world) == (None, False)


@pytest.mark.parametrize("days", ["0", "-1", "366", "1.5", "x", "9" * 500])
def test_days_that_make_no_sense_are_refused(browser, session, world, administrator, days):
    page = browser(administrator).post(url(world), data={"promise_days": days})

    assert page.status_code == 422
    assert "whole days, 1 to 365" in page.text
    assert kept(session, world) == (None, False)


def test_others_promise_nothing(browser, session, world):
    assert browser(world.grantor).post(url(world), data={"promise_days": "5"}).status_code == 403
    assert kept(session, world) == (None, False)


def test_what_is_handed_in_from_now_on_has_its_day(browser, session, world, administrator):
    from tests.factories import make_assignment

    assignment = make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    browser(administrator).post(url(world), data={"promise_days": "5"})

    browser(world.learner).post(
        f"/courses/{world.course.id}/assignments/{assignment.id}/work",
        data={"text": "My work.", "hand_in": "1"},
    )

    submission = session.scalars(select(Submission)).one()
    assert submission.promised_at == submission.submitted_at + timedelta(days=5)
    assert submission.queue_at == submission.promised_at
