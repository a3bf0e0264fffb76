"""The status of the gradebook as people see it, and sending again."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.principal import Role
from app.outbox.models import Delivery, DeliveryState
from app.passback.service import queue_status
from tests.factories import NOON, make_assignment, make_person

FRAGMENT = {"X-Fragment": "1"}


@pytest.fixture
def mapped(session, world):
    mapped = make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    return mapped


@pytest.fixture
def url(world, mapped) -> str:
    return (
        f"/courses/{world.course.id}/assignments/{mapped.id}/learners/{world.learner.id}/delivery"
    )


@pytest.fixture
def owed(session, world, mapped):
    """Owe the gradebook one score that stands as told."""

    def owe(state: DeliveryState, **facts) -> Delivery:
        delivery = queue_status(
            session,
            mapped,
            person_id=world.learner.id,
            status="met",
            points=3,
            comment="2 of 2 criteria met",
            occurred_at=NOON,
            submitted_at=NOON,
            scored_by=None,
        )
        assert delivery is not None
        delivery.state = state
        for name, value in facts.items():
            setattr(delivery, name, value)
        session.commit()
        return delivery

    return owe


def test_before_anything_is_owed_there_is_nothing_to_tell(browser, world, url):
    page = browser(world.learner).get(url)

    assert "nothing to tell" in page.text
    assert "data-live" not in page.text


def test_what_is_waiting_asks_again_until_it_changes(browser, world, url, owed, session):
    delivery = owed(DeliveryState.WAITING)
    learner = browser(world.learner)

    page = learner.get(url, headers=FRAGMENT)
    assert "On its way to the gradebook" in page.text
    assert f"seen=waiting-{delivery.id}-0" in page.text
    assert learner.get(f"{url}?seen=waiting").status_code == 204
    assert learner.get(f"{url}?seen=waiting-{delivery.id}-0").status_code == 204

    delivery.state, delivery.delivered_at = DeliveryState.DELIVERED, NOON
    session.commit()
    page = learner.get(f"{url}?seen=waiting-{delivery.id}-0")
    assert "In the gradebook" in page.text
    assert '<time datetime="2026-11-02T12:00:00+00:00"' in page.text
    assert "data-live" not in page.text


def test_a_failing_delivery_says_why_and_when_it_is_tried_next(browser, world, url, owed):
    owed(
        DeliveryState.FAILING,
        attempts=2,
        last_error="The LMS has a fault of its own (HTTP 503).",
        next_attempt_at=NOON + timedelta(minutes=1),
    )

    page = browser(world.instructor).get(url)

    assert "HTTP 503" in page.text
    assert "next try at" in page.text
    assert "2026-11-02T12:01:00" in page.text
    assert browser(world.instructor).get(f"{url}?seen=failing-1-1").status_code == 200


def test_a_failed_delivery_can_be_sent_again_by_staff(browser, world, url, owed, session):
    failed = owed(DeliveryState.FAILED, last_error="The LMS refused <it>.")
    instructor = browser(world.instructor)

    page = instructor.get(url)
    assert "The LMS refused &lt;it&gt;." in page.text
    assert f'action="{url}/resend"' in page.text
    answer = instructor.post(f"{url}/resend")

    assert answer.status_code == 303
    session.expire_all()
    newest = session.scalars(select(Delivery).order_by(Delivery.id.desc())).first()
    assert newest.state is DeliveryState.WAITING
    assert newest.id != failed.id
    assert instructor.post(f"{url}/resend").status_code == 409


def test_sending_again_needs_the_forms_token(app, browser, world, url, owed):
    owed(DeliveryState.FAILED, last_error="The LMS refused it.")
    app.config["WTF_CSRF_ENABLED"] = True
    instructor = browser(world.instructor)

    page = instructor.get(url)

    token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
    referrer = {"Referer": "https://tool.test/"}
    assert instructor.post(f"{url}/resend", headers=referrer).status_code == 400
    answer = instructor.post(f"{url}/resend", data={"csrf_token": token}, headers=referrer)
    assert answer.status_code == 303
    assert instructor.get(answer.location).status_code == 200


def test_a_learner_sees_a_failure_but_cannot_send_again(browser, world, url, owed):
    owed(DeliveryState.FAILED, last_error="The LMS refused it.")
    learner = browser(world.learner)

    page = learner.get(url)

    assert "Your instructor is shown what stands in the way" in page.text
    assert "<form" not in page.text
    assert learner.post(f"{url}/resend").status_code == 403


def test_a_delivery_about_to_be_replaced_is_still_on_its_way(browser, world, url, owed):
    owed(DeliveryState.SUPERSEDED)

    assert "On its way" in browser(world.learner).get(url).text


@pytest.mark.parametrize("who", ["instructor", "assistant", "learner"])
def test_staff_and_the_learner_may_look(browser, world, url, who):
    assert browser(getattr(world, who)).get(url).status_code == 200


@pytest.mark.parametrize(("who", "status"), [("other_learner", 404), ("grader", 403)])
def test_others_may_not_look(browser, world, url, who, status):
    assert browser(getattr(world, who)).get(url).status_code == status


def test_strangers_and_other_courses_see_nothing(browser, world, url, session):
    other = make_person(session, world.course, Role.INSTRUCTOR, "Other")
    session.commit()
    elsewhere = url.replace(f"/courses/{world.course.id}/", "/courses/999/")

    assert browser(None).get(url).status_code == 401
    assert browser(other).get(elsewhere).status_code == 404
    assert browser(other).get(url.replace("/assignments/", "/assignments/9")).status_code == 404
