"""The grantor's queue."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core.principal import Role
from app.evidence.models import SubmissionStatus
from tests import factories
from tests.assessment.work import hand_in

NOW = datetime.now(UTC)


def hours_ago(hours: float) -> datetime:
    return NOW - timedelta(hours=hours)


def test_an_empty_queue_teaches(browser, world):
    page = browser(world.grantor).get("/assessment/queue")

    assert page.status_code == 200
    assert "Nothing waits for you" in page.text


def test_the_queue_crosses_courses_and_starts_with_the_oldest(browser, session, world, assignment):
    elsewhere = factories.make_course(session, world.deployment, "course-2", "Writing")
    other = factories.make_assignment(session, elsewhere, world.level_1, link=None, title="Essay")
    hand_in(session, assignment, world.learner, at=hours_ago(1))
    oldest = hand_in(session, other, world.other_learner, at=hours_ago(50))

    page = browser(world.grantor).get("/assessment/queue")

    assert page.text.index("Jonas Student") < page.text.index("Mei Student")
    assert "Writing" in page.text
    assert "2 days ago" in page.text
    assert f'href="/assessment/submissions/{oldest.id}">Assess next' in page.text


def test_only_work_for_ones_own_achievements_is_shown(browser, session, world):
    assignment = factories.make_assignment(session, world.course, world.level_2, link=None)
    hand_in(session, assignment, world.learner)

    assert "Mei Student" not in browser(world.grantor).get("/assessment/queue").text
    assert "Mei Student" in browser(world.second_grantor).get("/assessment/queue").text


@pytest.mark.parametrize(
    "status", ["draft", "revision_requested", "met", "awarded", "not_met", "revoked"]
)
def test_what_waits_for_nobody_is_not_in_the_queue(browser, session, world, submission, status):
    submission.status = SubmissionStatus(status)
    session.commit()

    assert "Mei Student" not in browser(world.grantor).get("/assessment/queue").text


def test_assess_next_leaves_out_what_another_grantor_has(browser, session, world, submission):
    client = browser(world.second_grantor)
    browser(world.grantor).post(f"/assessment/submissions/{submission.id}/start")

    page = client.get("/assessment/queue")

    assert "started by Priya Grantor" in page.text
    assert "Assess next" not in page.text
    assert "started by you" in browser(world.grantor).get("/assessment/queue").text


def test_the_queue_has_pages_without_gaps(browser, session, world, assignment):
    for number in range(60):
        learner = factories.make_person(session, world.course, Role.LEARNER, f"Learner {number:02}")
        # Groups of three share their moment: the id decides among them.
        hand_in(session, assignment, learner, at=hours_ago(100 - number // 3))
    client = browser(world.grantor)
    seen, address = [], "/assessment/queue"

    while address:
        page = client.get(address)
        seen += [n for n in range(60) if f"Learner {n:02}" in page.text]
        rest = page.text.partition('rel="next" href="')[2]
        address = rest.partition('"')[0].replace("&amp;", "&") if rest else None

    assert seen == list(range(60))


@pytest.mark.parametrize(
    "after",
    [
        "x",
        "~",
        "2026-01-01~1",
        "2026-01-01T00:00:00+00:00~x",
        f"2020-01-01T00:00:00+00:00~{10**20}",
        f"2020-01-01T00:00:00+00:00~{2**31}",
        "2020-01-01T00:00:00+00:00~-1",
        "2020-01-01T00:00:00+00:00~" + "9" * 5000,
        "0001-01-01T00:00:00+23:59~1",
        "9999-12-31T23:59:59-23:59~1",
    ],
)
def test_a_page_that_does_not_exist_is_the_first_one(browser, world, submission, after):
    page = browser(world.grantor).get("/assessment/queue", query_string={"after": after})

    assert page.status_code == 200
    assert "Mei Student" in page.text


def test_the_last_page_may_have_emptied_meanwhile(browser, world):
    after = {"after": f"{NOW.isoformat()}~999"}

    page = browser(world.grantor).get("/assessment/queue", query_string=after)

    assert "That was the last page" in page.text
