"""A decision is told when its time has come: once, to each author, or it says why not."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from app.assessment.deciding import undo
from app.assessment.dialogue_models import Appeal, AppealOutcome
from app.assessment.models import AttemptDecision, Decision
from app.assessment.queries import list_counted
from app.assessment.recusing import declare_conflict
from app.assessment.release_jobs import release_decisions
from app.assessment.releasing import list_due, release, send_now
from app.awards.models import Award
from app.core.errors import ConflictError, ForbiddenError
from app.evidence.models import SubmissionStatus
from app.outbox.models import Delivery
from tests.assessment.several import TEN_MINUTES, again, at_once, by_halves, hand_in, join, record
from tests.factories import NOON

SECOND = timedelta(seconds=1)


@pytest.fixture
def decision(session, app, world, submission):
    """Priya decided that Mei's work is met; it can be undone for ten minutes."""
    return record(session, app, submission, world.grantor, undo_for=TEN_MINUTES).decision


def work(app, at):
    """The worker's turn."""
    with app.app_context():
        release_decisions(at)


def told(session, submission):
    """What the gradebook was told last about one learner."""
    subject = f"score:{submission.assignment_id}:{submission.learner_id}"
    found = [each for each in session.scalars(select(Delivery)) if each.subject == subject]
    return json.loads(max(found, key=lambda each: each.id).payload["body"]) if found else None


def test_the_worker_tells_after_the_window_and_not_before(
    session, app, world, submission, decision
):
    work(app, decision.release_at - SECOND)
    again(session)
    assert decision.released_at is None
    assert session.scalar(select(Award)) is None

    work(app, decision.release_at)

    again(session)
    assert decision.released_at == decision.release_at
    assert submission.status is SubmissionStatus.AWARDED
    assert submission.decided_at is None
    award = session.scalars(select(Award)).one()
    assert award.awarded_by == world.grantor.id
    assert told(session, submission)["comment"].startswith("Badge Level I awarded")


def test_what_was_undone_is_never_told(session, app, world, submission, decision):
    undo(session, submission, person=world.grantor, now=decision.decided_at + SECOND)
    session.commit()

    work(app, decision.release_at + timedelta(days=30))

    again(session)
    assert decision.released_at is None
    assert session.scalar(select(Award)) is None
    assert told(session, submission) is None


def test_told_twice_is_told_once(session, app, submission, decision):
    work(app, decision.release_at)
    work(app, decision.release_at + SECOND)
    again(session)
    deliveries = len(session.scalars(select(Delivery)).all())

    second = release(
        session,
        decision,
        vault=app.extensions["assay.vault"],
        base_url="https://tool.test",
        now=decision.release_at + 2 * SECOND,
    )

    assert second.award is None
    assert len(session.scalars(select(Award)).all()) == 1
    assert len(session.scalars(select(Delivery)).all()) == deliveries


def test_one_that_cannot_be_told_says_why_and_is_told_when_it_can(
    session, app, world, submission, decision
):
    world.level_1.achievement.retired_at = NOON
    session.commit()
    with capture_logs() as logs:
        work(app, decision.release_at)
    again(session)
    assert decision.released_at is None
    assert "retired" in decision.problem
    assert submission.status is SubmissionStatus.IN_ASSESSMENT
    assert [(each["event"], each["cause"]) for each in logs] == [
        ("decision not released", "ConflictError")
    ]
    world.level_1.achievement.retired_at = None
    session.commit()

    work(app, decision.release_at + SECOND)

    again(session)
    assert decision.problem is None
    assert submission.status is SubmissionStatus.AWARDED


def test_one_that_cannot_be_told_keeps_no_other_back(session, app, world, submission, decision):
    other = hand_in(session, submission.assignment, world.other_learner)
    second = record(
        session, app, other, world.grantor, undo_for=TEN_MINUTES, decision=Decision.NOT_MET
    ).decision
    world.level_1.achievement.retired_at = NOON
    session.commit()

    work(app, max(decision.release_at, second.release_at))

    again(session)
    assert decision.problem is not None
    assert second.released_at is not None, "a decision without an award needs no usable badge"
    assert other.status is SubmissionStatus.NOT_MET


def test_what_is_due_comes_longest_due_first(session, app, world, submission, decision):
    other = hand_in(session, submission.assignment, world.other_learner)
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    earlier = record(
        session, app, other, world.grantor, undo_for=TEN_MINUTES, now=hour_ago
    ).decision

    assert list_due(session, now=decision.release_at) == [earlier.id, decision.id]
    assert list_due(session, now=earlier.release_at - SECOND) == []


def test_two_workers_at_once_tell_it_once(session, app, submission, decision):
    at = decision.release_at
    session.rollback()

    wrong = at_once(lambda: work(app, at), lambda: work(app, at))

    again(session)
    assert wrong == []
    assert len(session.scalars(select(Award)).all()) == 1
    assert submission.status is SubmissionStatus.AWARDED
    comments = [
        json.loads(each.payload["body"])["comment"] for each in session.scalars(select(Delivery))
    ]
    assert len([comment for comment in comments if "awarded" in comment]) == 1


def send(session, app, submission, person):
    return send_now(
        session,
        submission,
        person=person,
        vault=app.extensions["assay.vault"],
        base_url="https://tool.test",
        now=datetime.now(UTC),
    )


def test_whoever_decided_sends_it_at_once(session, app, world, submission, decision):
    outcome = send(session, app, submission, world.grantor)

    assert outcome.award is not None
    assert decision.released_at < decision.release_at
    with pytest.raises(ConflictError, match="No decision waits"):
        send(session, app, submission, world.grantor)


def test_nobody_else_sends_it(session, app, world, submission, decision):
    with pytest.raises(ForbiddenError, match="Only whoever recorded"):
        send(session, app, submission, world.second_grantor)


def test_a_conflict_that_came_to_light_closes_sending(session, app, world, submission, decision):
    declare_conflict(
        session,
        person=world.grantor,
        learner=world.learner,
        reason="Cousins.",
        declared_by=world.instructor,
        now=NOON,
    )

    with pytest.raises(ForbiddenError, match="conflict of interest"):
        send(session, app, submission, world.grantor)


def test_two_authors_are_told_and_awarded_each_by_themselves(session, app, world, submission):
    joined = join(session, submission, world.other_learner)

    record(session, app, submission, world.grantor)

    awards = session.scalars(select(Award).order_by(Award.id)).all()
    assert {award.person_id for award in awards} == {world.learner.id, world.other_learner.id}
    assert {submission.status, joined.status} == {SubmissionStatus.AWARDED}
    for each in (submission, joined):
        own = next(award for award in awards if award.person_id == each.learner_id)
        assert own.public_id in told(session, each)["comment"]


def test_an_author_who_lacks_a_criterion_stays_met(session, app, world):
    first, second = by_halves(session, world)
    record(session, app, hand_in(session, first, world.learner), world.grantor)
    together = hand_in(session, second, world.learner)
    joined = join(session, together, world.other_learner)

    record(session, app, together, world.grantor)

    assert session.scalars(select(Award)).one().person_id == world.learner.id
    assert together.status is SubmissionStatus.AWARDED
    assert joined.status is SubmissionStatus.MET
    assert told(session, joined)["comment"] == "1 of 2 criteria of Research Literacy met"


@pytest.mark.parametrize("outcome", [Decision.REVISION, Decision.NOT_MET])
def test_both_authors_are_told_what_it_lacks(session, app, world, submission, outcome):
    joined = join(session, submission, world.other_learner)

    record(session, app, submission, world.grantor, decision=outcome)

    assert submission.status is joined.status
    for each in (submission, joined):
        assert "Priya Grantor says no." in told(session, each)["comment"]


def test_the_first_of_two_puts_both_authors_in_assessment(session, app, world, submission):
    world.level_1.grantors_needed = 2
    joined = join(session, submission, world.other_learner)

    record(session, app, submission, world.grantor)

    assert {submission.status, joined.status} == {SubmissionStatus.IN_ASSESSMENT}
    assert told(session, joined)["comment"] == "In assessment"


@pytest.mark.parametrize(
    ("decision", "outcome"),
    [(Decision.MET, AppealOutcome.UPHELD), (Decision.NOT_MET, AppealOutcome.DISMISSED)],
)
def test_an_appeal_is_closed_by_another_grantor(session, app, world, submission, decision, outcome):
    first = record(session, app, submission, world.grantor, decision=Decision.NOT_MET).decision
    opened_at = first.decided_at + SECOND
    appeal = Appeal(
        institution_id=world.institution.id,
        submission_id=submission.id,
        decision_id=first.id,
        person_id=world.learner.id,
        reason="It is all there.",
        opened_at=opened_at,
    )
    session.add(appeal)
    submission.status = SubmissionStatus.SUBMITTED
    session.commit()
    assert list_counted(session, submission) == []
    with pytest.raises(ForbiddenError, match="another grantor"):
        record(session, app, submission, world.grantor)

    record(
        session,
        app,
        submission,
        world.second_grantor,
        decision=decision,
        now=opened_at + SECOND,
    )

    assert (appeal.outcome, appeal.closed_at) == (outcome, opened_at + SECOND)
    assert len(session.scalars(select(AttemptDecision)).all()) == 2
