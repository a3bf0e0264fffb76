"""What the queue can be narrowed to, and what its rows say."""

from datetime import UTC, datetime, timedelta

import pytest

from app.assessment.desk_models import Allocation
from app.assessment.dialogue_models import Appeal, SubmissionMessage
from app.assessment.models import Assessment, AttemptDecision, Capacity, Decision
from app.assessment.queue_filters import QueueState
from app.core.principal import Role
from app.evidence.models import SubmissionStatus
from app.programme.models import AssessingRole, GrantorAppointment
from tests import factories
from tests.assessment.work import hand_in

URL = "/assessment/queue"
NOW = datetime.now(UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def learners(session, world):
    """Makes learners by name."""

    def make(name):
        return factories.make_person(session, world.course, Role.LEARNER, name)

    return make


def assess(session, submission, person, decision=Decision.MET, capacity=Capacity.GRANTOR):
    """Put down an assessment, as `settle` leaves the work when it decides nothing."""
    appointment = session.query(GrantorAppointment).first()
    assessment = Assessment(
        institution_id=submission.institution_id,
        attempt_id=submission.attempts[-1].id,
        grantor_id=person.id,
        appointment_id=appointment.id,
        capacity=capacity,
        decision=decision,
        points=1,
        max_points=2,
        assessed_at=NOW,
    )
    submission.status = SubmissionStatus.IN_ASSESSMENT
    session.add(assessment)
    session.commit()
    return assessment


def shown(client, **query):
    """Open the queue; return its text."""
    page = client.get(URL, query_string=query)
    assert page.status_code == 200
    return page.text


def test_what_is_promised_comes_first_then_the_oldest(
    browser, session, world, assignment, learners
):
    now = datetime.now(UTC)  # the clock counts minutes
    promised = {"Ann Late": -HOUR, "Bea Soon": 3 * HOUR, "Cal Calm": 5 * DAY}
    for name, left in promised.items():
        submission = hand_in(session, assignment, learners(name), at=NOW - DAY)
        submission.promised_at = now + left + timedelta(minutes=10, seconds=-30)
    for name, age in {"Dan Older": 20 * DAY, "Eve Newer": 2 * DAY}.items():
        hand_in(session, assignment, learners(name), at=NOW - age)
    session.commit()

    text = shown(browser(world.grantor))

    names = ["Ann Late", "Bea Soon", "Cal Calm", "Dan Older", "Eve Newer"]
    places = [text.index(name) for name in names]
    assert places == sorted(places)
    assert "late by 50 minutes" in text or "late by 51 minutes" in text
    assert "clock-late" in text
    assert "clock-soon" in text
    assert "5 days left" in text


def test_filtered_by_age_the_oldest_comes_first(browser, session, world, assignment, learners):
    promised = hand_in(session, assignment, learners("Ann Promised"), at=NOW - 8 * DAY)
    promised.promised_at = NOW + DAY
    hand_in(session, assignment, learners("Bea Oldest"), at=NOW - 9 * DAY)
    hand_in(session, assignment, learners("Cal Fresh"), at=NOW - 6 * DAY)
    session.commit()

    text = shown(browser(world.grantor), age="7")

    assert text.index("Bea Oldest") < text.index("Ann Promised")
    assert "Cal Fresh" not in text
    assert "the oldest first" in text


@pytest.mark.parametrize(
    ("promise", "names"), [("soon", {"Bea Soon"}), ("missed", {"Ann Late"}), ("", None)]
)
def test_promises_are_found_by_how_they_stand(
    browser, session, world, assignment, learners, promise, names
):
    everybody = {"Ann Late": -HOUR, "Bea Soon": 3 * HOUR, "Cal Calm": 5 * DAY}
    for name, left in everybody.items():
        hand_in(session, assignment, learners(name)).promised_at = NOW + left
    hand_in(session, assignment, learners("Dan Unpromised"))
    session.commit()

    text = shown(browser(world.grantor), promise=promise)

    found = {name for name in [*everybody, "Dan Unpromised"] if name in text}
    assert found == (names or {*everybody, "Dan Unpromised"})


def test_courses_and_achievements_narrow_it_and_the_lms_is_named(
    browser, session, world, assignment
):
    platform, deployment = factories.make_platform(session, world.institution, "https://two.test")
    platform.name = "Canvas of the Graduate School"
    elsewhere = factories.make_course(session, deployment, "course-2", "Writing")
    other = factories.make_assignment(session, elsewhere, world.level_2, link=None, title="Essay")
    hand_in(session, assignment, world.learner)
    hand_in(session, other, world.other_learner)
    client = browser(world.second_grantor)

    both = shown(client)
    in_course = shown(client, course=elsewhere.id)
    of_badge = shown(client, achievement=world.level_1.achievement_id)

    assert "Writing · Canvas of the Graduate School" in both
    assert "Writing (Canvas of the Graduate School)" in both, "the choice says which LMS"
    assert "Jonas Student" in in_course
    assert "Mei Student" not in in_course
    assert "Mei Student" in of_badge
    assert "Jonas Student" not in of_badge


def test_every_state_finds_its_own(browser, session, world, assignment, learners):
    session.query(GrantorAppointment).filter_by(person_id=world.second_grantor.id).update(
        {"role": AssessingRole.MODERATOR}
    )
    world.level_1.grantors_needed = 2
    third = factories.make_person(session, world.course, Role.GRADER, "Third Grantor")
    works = {
        state: hand_in(session, assignment, learners(f"Learner {state.value}"))
        for state in QueueState
    }
    works[QueueState.STARTED_BY_ME].assessor_id = world.second_grantor.id
    works[QueueState.STARTED_BY_OTHERS].assessor_id = world.grantor.id
    for state in (QueueState.STARTED_BY_ME, QueueState.STARTED_BY_OTHERS):
        works[state].status = SubmissionStatus.IN_ASSESSMENT
    session.add(
        Allocation(
            institution_id=world.institution.id,
            submission_id=works[QueueState.MINE].id,
            person_id=world.second_grantor.id,
            allocated_at=NOW,
        )
    )
    assess(session, works[QueueState.RECOMMENDED], third, capacity=Capacity.ASSESSOR)
    assess(session, works[QueueState.ANOTHER], world.grantor)
    assess(session, works[QueueState.DISPUTED], world.grantor)
    assess(session, works[QueueState.DISPUTED], third, Decision.NOT_MET)
    ask(session, works[QueueState.QUESTION], works[QueueState.QUESTION].learner)
    appeal(session, works[QueueState.APPEAL], assess(session, works[QueueState.APPEAL], third))
    session.commit()
    client = browser(world.second_grantor)

    for state in set(QueueState) - {QueueState.WAITING}:
        text = shown(client, state=state.value)
        found = {each for each in QueueState if f"Learner {each.value}<" in text}
        assert found == {state}
    waiting = shown(client, state="waiting")
    assert "Learner started_by_me<" not in waiting
    assert "Learner waiting<" in waiting


def ask(session, submission, learner):
    session.add(
        SubmissionMessage(
            institution_id=submission.institution_id,
            submission_id=submission.id,
            author_id=learner.id,
            is_from_learner=True,
            body="Why?",
            created_at=NOW,
        )
    )


def appeal(session, submission, assessment):
    decision = AttemptDecision(
        institution_id=submission.institution_id,
        submission_id=submission.id,
        attempt_id=assessment.attempt_id,
        assessment_id=assessment.id,
        decision=Decision.NOT_MET,
        decided_by=assessment.grantor_id,
        decided_at=NOW,
        release_at=NOW,
        released_at=NOW,
    )
    session.add(decision)
    session.flush()
    session.add(
        Appeal(
            institution_id=submission.institution_id,
            submission_id=submission.id,
            decision_id=decision.id,
            person_id=submission.learner_id,
            reason="I did.",
            opened_at=NOW + timedelta(seconds=1),
        )
    )


def test_an_answered_question_waits_no_more(browser, session, world, submission):
    ask(session, submission, world.learner)
    session.add(
        SubmissionMessage(
            institution_id=submission.institution_id,
            submission_id=submission.id,
            author_id=world.grantor.id,
            is_from_learner=False,
            body="So.",
            created_at=NOW,
        )
    )
    session.commit()

    assert "Nothing fits" in shown(browser(world.grantor), state="question")


def test_a_question_is_found_while_the_learner_revises(browser, session, world, submission):
    submission.status = SubmissionStatus.REVISION_REQUESTED
    ask(session, submission, world.learner)
    session.commit()

    assert "Mei Student" in shown(browser(world.grantor), state="question")


@pytest.mark.parametrize("name", ["achievement", "course", "age", "promise", "state"])
@pytest.mark.parametrize(
    "nonsense", ["x", "-1", "1.5", "٣", " ", "0" * 30, "9" * 5000, str(2**31), "'; --", "²"]
)
def test_nonsense_narrows_nothing(browser, world, submission, name, nonsense):
    text = shown(browser(world.grantor), **{name: nonsense})

    assert "Mei Student" in text
    assert 'class="chip"' not in text


def test_ids_of_another_institution_find_nothing(browser, session, app, world, submission):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    theirs = factories.make_assignment(session, other.course, other.level_1, link=None)
    hand_in(session, theirs, other.other_learner)
    client = browser(world.grantor)

    by_course = shown(client, course=other.course.id)
    by_badge = shown(client, achievement=other.level_1.achievement_id)

    for text in (by_course, by_badge):
        assert "Nothing fits" in text
        assert "Jonas Student" not in text


def test_a_chip_takes_one_filter_off_and_the_others_stay(browser, session, world, submission):
    text = shown(
        browser(world.grantor), achievement=world.level_1.achievement_id, course=world.course.id
    )

    badge = f'href="/assessment/queue?achievement={world.level_1.achievement_id}"'
    assert badge in text
    assert f'href="/assessment/queue?course={world.course.id}"' in text
    assert "Show everything" in text


def test_only_the_list_is_sent_to_the_script(browser, world, submission):
    page = browser(world.grantor).get(URL, headers={"X-Fragment": "1"})

    assert page.text.lstrip().startswith('<div id="queue">')
    assert "<form" not in page.text
    assert page.headers["Vary"].startswith("X-Fragment")
