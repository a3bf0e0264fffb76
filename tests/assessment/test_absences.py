"""Days away, on which no work is given."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.assessment.absences import add_absence
from app.assessment.allocation_jobs import allocate_work
from app.assessment.desk_models import Absence
from tests.assessment.holding import DAY, NOW, actions, give, holders
from tests.assessment.work import hand_in

pytestmark = pytest.mark.usefixtures("given_out")


ABSENCES = "/assessment/absences"


def days(first, last):
    today = datetime.now(UTC).date()
    return {
        "first_day": (today + timedelta(days=first)).isoformat(),
        "last_day": (today + timedelta(days=last)).isoformat(),
    }


def test_days_away_are_entered_shown_and_taken_off(browser, session, world, submission):
    client = browser(world.grantor)

    entered = client.post(ABSENCES, data=days(0, 3), follow_redirects=True)
    absence = session.scalars(select(Absence)).one()
    allocate_work(datetime.now(UTC))
    assert holders(session, submission) == {world.second_grantor.id}
    back = client.post(f"{ABSENCES}/{absence.id}/end", follow_redirects=True)

    assert "On these days you are given no work" in entered.text
    assert "I am back" in entered.text
    assert absence.ends_at - absence.starts_at == timedelta(days=4)
    assert "I am back" not in back.text
    assert {"absence.entered", "absence.ended"} <= set(actions(session))


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (days(5, 4), "last day is before the first"),
        (days(-9, -8), "These days are over"),
        (days(0, 400), "a year at most"),
        ({"first_day": "x", "last_day": "2026-02-30"}, "Give the day as"),
        ({}, "Give the first day"),
        ({"first_day": "9999-12-31", "last_day": "9999-12-31"}, "within the next years"),
        ({"first_day": "0001-01-01", "last_day": "0001-01-02"}, "These days are over"),
    ],
)
def test_days_that_make_no_sense_are_refused(browser, session, world, data, words):
    page = browser(world.grantor).post(ABSENCES, data=data)

    assert page.status_code == 422
    assert words in page.text
    assert session.scalars(select(Absence)).all() == []


def test_days_are_entered_once(browser, session, world):
    client = browser(world.grantor)
    client.post(ABSENCES, data=days(1, 3))

    page = client.post(ABSENCES, data=days(3, 5))

    assert page.status_code == 422
    assert "entered some of these days already" in page.text


def test_days_away_are_ones_own(browser, session, world):
    browser(world.grantor).post(ABSENCES, data=days(0, 3))
    absence = session.scalars(select(Absence)).one()

    until = absence.ends_at

    assert browser(world.second_grantor).post(f"{ABSENCES}/{absence.id}/end").status_code == 404
    session.expire_all()
    assert session.scalars(select(Absence)).one().ends_at == until


def test_what_one_has_is_passed_on_before_one_leaves(browser, session, world, assignment):
    fresh = hand_in(session, assignment, world.learner)
    started = hand_in(session, assignment, world.other_learner)
    give(session, fresh, world.grantor)
    give(session, started, world.grantor)
    started.assessor_id = world.grantor.id
    session.commit()
    client = browser(world.grantor)
    page = client.post(ABSENCES, data=days(1, 3), follow_redirects=True)
    assert "2 submissions are allocated to you" in page.text

    passed = client.post(f"{ABSENCES}/pass-on", follow_redirects=True)

    assert "1 submission has gone to others" in passed.text
    assert "The rest stays with you" in passed.text
    assert holders(session, fresh) == {world.second_grantor.id}
    assert holders(session, started) == {world.grantor.id}


def test_an_absence_that_ends_before_it_starts_is_no_absence(app, session, world):
    from app.core.errors import InvalidError

    with pytest.raises(InvalidError, match="before the first"):
        add_absence(session, world.grantor, starts_at=NOW + DAY, ends_at=NOW, now=NOW)
