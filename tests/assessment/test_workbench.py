"""The workbench page: what it shows, who else is there, and how few queries it takes."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event, select

from app.assessment.desk_models import Allocation, Presence, SavedComment
from app.assessment.models import Assessment
from app.core.db import db
from app.core.prepared import Prepared
from app.evidence.models import Attempt, Submission
from tests.assessment.desk import add_artifact, draft_data, rows, url
from tests.assessment.work import form_data, hand_in

NOW = datetime.now(UTC)


def test_the_promise_is_a_clock(browser, session, world, submission):
    client = browser(world.grantor)
    submission.promised_at = datetime.now(UTC) + timedelta(days=2, hours=1)
    session.commit()
    assert re.search(r"<strong>2 days left</strong>", client.get(url(submission)).text)

    submission.promised_at = datetime.now(UTC) - timedelta(hours=5)
    session.commit()

    assert "late by 5 hours" in client.get(url(submission)).text


def test_where_the_badge_says_so_no_name_is_shown(browser, session, world, submission):
    world.level_1.is_anonymous = True
    session.commit()
    client = browser(world.grantor)

    assert "Mei" not in client.get(url(submission)).text
    client.post(url(submission), data=form_data(submission, "best", "best"))
    assert "Mei" not in client.get(url(submission)).text


def test_previous_and_next_walk_the_queue(browser, session, world, assignment):
    first = hand_in(session, assignment, world.learner, at=NOW - timedelta(hours=3))
    second = hand_in(session, assignment, world.other_learner, at=NOW - timedelta(hours=2))
    client = browser(world.grantor)

    assert client.get(url(first, "beside")).location == url(second)
    back = client.get(url(second, "beside"), query_string={"way": "previous"})
    assert back.location == url(first)
    last = client.get(url(second, "beside"), follow_redirects=True)
    assert "That was the last one that is free for you." in last.text
    before = client.get(
        url(first, "beside"), query_string={"way": "previous"}, follow_redirects=True
    )
    assert "There is none before it" in before.text


def test_skipping_leaves_out_what_another_has_and_ones_own_work(
    browser, session, world, assignment
):
    first = hand_in(session, assignment, world.learner, at=NOW - timedelta(hours=3))
    taken = hand_in(session, assignment, world.other_learner, at=NOW - timedelta(hours=2))
    hand_in(session, assignment, world.grantor, at=NOW - timedelta(hours=1))
    browser(world.second_grantor).post(url(taken, "start"))

    page = browser(world.grantor).get(url(first, "beside"))

    assert page.location == "/assessment/queue"


def test_a_member_of_a_group_is_assessed_with_whoever_began(
    browser, session, world, submission, assignment
):
    member = Submission(
        institution_id=submission.institution_id,
        course_id=submission.course_id,
        assignment_id=assignment.id,
        achievement_id=submission.achievement_id,
        learner_id=world.other_learner.id,
        status=submission.status,
        status_changed_at=NOW,
        submitted_at=NOW,
        lead_id=submission.id,
        created_at=NOW,
    )
    session.add(member)
    session.commit()

    client = browser(world.grantor)

    page = client.get(url(member))
    posted = [
        client.post(url(member, *door), data=draft_data(submission, "best", "best"))
        for door in ([], ["draft"], ["undo"], ["send"], ["take-back"])
    ]

    assert (page.status_code, page.location) == (303, url(submission))
    assert [answer.status_code for answer in posted] == [303, *[409] * 4]
    assert [each.attempt.submission_id for each in rows(session, Assessment)] == [submission.id]


def test_who_else_has_it_open_is_told_by_the_page_and_at_its_load(
    browser, session, world, submission
):
    priya, luis = browser(world.grantor), browser(world.second_grantor)

    alone = priya.post(url(submission, "presence"))
    together = luis.post(url(submission, "presence"))

    assert "open now" not in alone.text
    assert "Priya Grantor has this open now, too." in together.text
    assert "<html" not in together.text
    assert "Luis Grantor has this open now, too." in priya.get(url(submission)).text
    assert "Priya" not in priya.post(url(submission, "presence")).text, "nobody meets themselves"
    assert len(rows(session, Presence)) == 2


def test_looking_at_the_page_notes_nothing(browser, session, world, submission):
    browser(world.grantor).get(url(submission))

    assert rows(session, Presence) == []


def test_who_left_is_gone_after_a_while_and_after_recording(browser, session, world, submission):
    priya, luis = browser(world.grantor), browser(world.second_grantor)
    priya.post(url(submission, "presence"))
    seen = rows(session, Presence)[0]
    seen.seen_at = datetime.now(UTC) - timedelta(minutes=1)
    session.commit()

    assert "open now" not in luis.get(url(submission)).text
    luis.post(url(submission, "presence"))
    luis.post(url(submission), data=form_data(submission, "best", "best"))

    assert rows(session, Presence) == []


def test_those_who_must_not_know_of_each_other_are_not_named(browser, session, world, submission):
    world.level_1.grantors_needed = 2
    session.commit()
    browser(world.grantor).post(url(submission, "presence"))
    browser(world.grantor).post(url(submission, "start"))

    page = browser(world.second_grantor).get(url(submission)).text

    assert "Another grantor has this open now" in page
    assert "Priya" not in page


def test_whose_work_it_is_to_assess_is_said_without_script(browser, session, world, submission):
    session.add(
        Allocation(
            institution_id=submission.institution_id,
            submission_id=submission.id,
            person_id=world.second_grantor.id,
            allocated_at=NOW,
        )
    )
    session.commit()

    assert (
        "Luis Grantor is to assess this, too." in browser(world.grantor).get(url(submission)).text
    )


@pytest.mark.parametrize("who", ["learner", "instructor", "assistant", "grader"])
def test_nobody_but_grantors_is_present(browser, session, world, submission, who):
    assert browser(getattr(world, who)).post(url(submission, "presence")).status_code == 403
    assert rows(session, Presence) == []


@pytest.fixture
def queries(app, monkeypatch):
    """Count what a page asks of the database: by SQLAlchemy, and by prepared statements."""
    said = []
    run = Prepared._run

    def note(_connection, _cursor, statement, *_rest):
        said.append(statement)

    def run_prepared(prepared, wire, facts):
        said.append(str(prepared._statement))
        return run(prepared, wire, facts)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    monkeypatch.setattr(Prepared, "_run", run_prepared)

    def count(client, address):
        said.clear()
        assert client.get(address).status_code == 200
        return list(said)

    yield count
    event.remove(engine, "before_cursor_execute", note)


def test_the_workbench_takes_12_queries_at_most_however_much_it_holds(
    browser, session, world, submission, queries
):
    client = browser(world.grantor)
    client.get(url(submission))  # what is cached is cached
    few = queries(client, url(submission))
    data = form_data(submission, "below", "best", decision="revision", reason="More.")
    client.post(url(submission), data=data | {"parts": submission.assignment.criteria[0].id})
    session.rollback()
    session.expire_all()
    # A revision of named parts has begun the second attempt by itself.
    begun = session.scalars(select(Attempt).where(Attempt.submitted_at.is_(None))).one()
    begun.submitted_at = NOW
    for number in range(3, 42):
        attempt = Attempt(
            submission_id=submission.id, number=number, created_at=NOW, submitted_at=NOW
        )
        session.add(attempt)
        session.flush()
        add_artifact(session, attempt, f"Work {number}")
    for number in range(39):
        add_artifact(session, attempt, f"Part {number}")
    submission.status = "submitted"
    session.add(
        SavedComment(
            institution_id=submission.institution_id,
            person_id=world.grantor.id,
            text="Kept",
            created_at=NOW,
        )
    )
    session.commit()
    browser(world.second_grantor).post(url(submission, "presence"))
    session.expire_all()
    client.post(url(submission, "draft"), data=draft_data(submission, "best", "best"))

    many = queries(client, url(submission))

    assert "Part 38" in client.get(url(submission)).text
    assert any("launch_session" in statement for statement in many), "the sign-in counts too"
    assert len(few) <= 12, "\n".join(few)
    assert len(many) <= 12, "\n".join(many)


def test_everything_that_is_wrong_is_said_at_once(browser, session, world, submission):
    data = form_data(submission, "below", "best", decision="met")
    del data["states_no_conflict"]
    priya = browser(world.grantor)

    page = priya.post(url(submission), data=data)
    other = priya.post(url(submission), data=data | {"decision": "not_met"})

    assert page.status_code == other.status_code == 422
    assert "Say that you have no conflict of interest" in page.text
    assert "is below the level it needs" in page.text
    assert "Say that you have no conflict of interest" in other.text
    assert "Give the learner a reason" in other.text
    assert rows(session, Assessment) == []


def test_what_is_not_rated_is_said_beside_what_is_too_low(browser, world, submission):
    data = form_data(submission, "below", "best", decision="met")
    unrated = submission.assignment.criteria[1]
    del data[f"criterion_{unrated.id}"]

    page = browser(world.grantor).post(url(submission), data=data).text

    assert f"Choose a level for “{unrated.name}”" in page
    assert "is below the level it needs" in page


def test_a_question_that_waits_is_said_above_the_work(browser, session, world, submission):
    said = "A question waits for an answer"
    assert said not in browser(world.grantor).get(url(submission)).text
    asked = f"/courses/{submission.course_id}/assignments/{submission.assignment_id}/questions"

    browser(world.learner).post(asked, data={"body": "Is page 3 enough?"})

    assert said in browser(world.grantor).get(url(submission)).text
