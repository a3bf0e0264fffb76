"""Work is given out by load, and taken back from who cannot have it."""

import threading

import pytest

from app.assessment.allocation import allocate
from app.assessment.allocation_jobs import allocate_work
from app.assessment.desk_models import AllocationEnd
from app.core.db import transaction
from app.core.principal import Role
from app.evidence.models import Submission, SubmissionStatus
from app.programme.models import AssessingRole, GrantorAppointment
from tests import factories
from tests.assessment.holding import DAY, NOW, actions, away, conflict, ends, give, holders, url
from tests.assessment.work import form_data, hand_in

pytestmark = pytest.mark.usefixtures("given_out")


def test_work_goes_to_whoever_has_the_least(app, session, world, assignment):
    works = [
        hand_in(session, assignment, factories.make_person(session, world.course, Role.LEARNER, n))
        for n in ("A", "B", "C", "D")
    ]

    allocate_work(NOW)

    given = [holders(session, work) for work in works]
    people = sorted(person for each in given for person in each)
    assert people == sorted([world.grantor.id, world.second_grantor.id] * 2)
    assert given[0] != given[1]
    assert actions(session).count("allocation.given") == 4


def test_what_is_given_out_is_not_given_again(app, session, world, submission):
    allocate_work(NOW)
    first = holders(session, submission)

    allocate_work(NOW)

    assert holders(session, submission) == first
    assert len(first) == 1


def test_only_achievements_that_say_so_are_allocated(app, session, world, submission):
    world.level_1.achievement.is_allocated = False
    session.commit()

    allocate_work(NOW)

    assert holders(session, submission) == set()


def test_as_many_get_it_as_are_needed(app, session, world, submission, grantor):
    world.level_1.grantors_needed = 2
    session.commit()
    grantor("Third Grantor")

    allocate_work(NOW)

    assert len(holders(session, submission)) == 2


def test_an_assessor_gets_it_beside_the_grantor(app, session, world, submission, grantor):
    assessor = grantor("Asa Assessor", AssessingRole.ASSESSOR)

    allocate_work(NOW)

    assert assessor.id in holders(session, submission)
    assert len(holders(session, submission)) == 2


@pytest.mark.parametrize("why", ["own work", "declared", "recused", "absent", "ended", "elsewhere"])
def test_who_may_not_have_it_is_passed_over(app, session, world, assignment, why):
    learner = world.grantor if why == "own work" else world.learner
    submission = hand_in(session, assignment, learner)
    if why in {"declared", "recused"}:
        conflict(session, world.grantor, learner, submission if why == "recused" else None)
    elif why == "absent":
        away(session, world.grantor)
    elif why in {"ended", "elsewhere"}:
        facts = {"ends_at": NOW - DAY} if why == "ended" else {"is_limited": True}
        session.query(GrantorAppointment).filter_by(person_id=world.grantor.id).update(facts)
        session.commit()

    allocate_work(NOW)

    assert holders(session, submission) == {world.second_grantor.id}


def test_an_absence_to_come_or_over_counts_not(app, session, world, submission):
    away(session, world.second_grantor)
    away(session, world.grantor, starts=DAY, ends=2 * DAY)
    away(session, world.grantor, starts=-2 * DAY, ends=-DAY)

    allocate_work(NOW)

    assert holders(session, submission) == {world.grantor.id}


def test_with_nobody_there_it_waits_for_somebody(app, session, world, submission):
    away(session, world.grantor)
    away(session, world.second_grantor)

    allocate_work(NOW)
    assert holders(session, submission) == set()
    allocate_work(NOW + 2 * DAY)

    assert len(holders(session, submission)) == 1


@pytest.mark.parametrize("why", ["absent", "ended", "recused"])
def test_what_cannot_stay_goes_to_somebody_else(app, session, world, submission, why):
    with transaction() as own:
        allocate(own, own.get_one(Submission, submission.id), now=NOW)
    (first,) = holders(session, submission)
    person = world.grantor if first == world.grantor.id else world.second_grantor
    if why == "absent":
        away(session, person)
    elif why == "ended":
        session.query(GrantorAppointment).filter_by(person_id=first).update({"ends_at": NOW - DAY})
        session.commit()
    else:
        conflict(session, person, world.learner, submission)

    allocate_work(NOW)

    assert holders(session, submission) == {world.grantor.id, world.second_grantor.id} - {first}
    wanted = AllocationEnd.RECUSED if why == "recused" else AllocationEnd.HANDED_OVER
    assert ends(session, submission)[first] is wanted
    assert "allocation.taken_back" in actions(session)


def test_what_somebody_away_has_started_stays_with_them(app, session, world, submission):
    give(session, submission, world.grantor)
    submission.assessor_id = world.grantor.id
    session.commit()
    away(session, world.grantor)

    allocate_work(NOW)

    assert holders(session, submission) == {world.grantor.id}


@pytest.mark.parametrize("status", ["draft", "revision_requested"])
def test_withdrawn_work_is_nobodys(app, session, world, submission, status):
    give(session, submission, world.grantor)
    submission.status = SubmissionStatus(status)
    session.commit()

    allocate_work(NOW)

    assert ends(session, submission) == {world.grantor.id: AllocationEnd.WITHDRAWN}


def test_a_decision_ends_what_was_given(browser, session, world, submission):
    give(session, submission, world.grantor)

    page = browser(world.grantor).post(url(submission), data=form_data(submission, "best", "best"))

    assert page.status_code == 303
    assert ends(session, submission) == {world.grantor.id: AllocationEnd.DECIDED}


def test_the_first_of_two_ends_only_their_own(browser, session, world, submission):
    world.level_1.grantors_needed = 2
    give(session, submission, world.grantor)
    give(session, submission, world.second_grantor)

    browser(world.grantor).post(url(submission), data=form_data(submission, "best", "best"))

    assert holders(session, submission) == {world.second_grantor.id}
    allocate_work(NOW)
    assert holders(session, submission) == {world.second_grantor.id}


def test_a_dispute_goes_to_a_moderator(browser, session, world, submission, grantor):
    world.level_1.grantors_needed = 2
    moderator = grantor("Mo Moderator", AssessingRole.MODERATOR)
    for person, decision in ((world.grantor, "met"), (world.second_grantor, "not_met")):
        data = form_data(submission, "best", "best", decision=decision, reason="So.")
        assert browser(person).post(url(submission), data=data).status_code == 303

    allocate_work(NOW)

    assert holders(session, submission) == {moderator.id}


def test_a_moderator_gives_out_what_waits(browser, session, world, submission, grantor):
    moderator = grantor("Mo Moderator", AssessingRole.MODERATOR)

    page = browser(moderator).post("/assessment/allocate", follow_redirects=True)

    assert "1 submission was given out" in page.text
    assert len(holders(session, submission)) == 1


def test_an_administrator_gives_out_what_waits(browser, session, world, submission):
    factories_admin(session, world.instructor)

    page = browser(world.instructor).post("/assessment/allocate")

    assert page.status_code == 303
    assert len(holders(session, submission)) == 1


def factories_admin(session, person):
    from tests.campus import make_administrator

    make_administrator(session, person)


def test_others_give_out_nothing(browser, session, world, submission):
    for person in (world.grantor, world.learner, world.instructor):
        assert browser(person).post("/assessment/allocate").status_code == 403
    assert holders(session, submission) == set()


def test_two_rounds_at_once_give_it_once(app, session, world, submission):
    if session.get_bind().dialect.name == "sqlite":
        pytest.skip("SQLite lets one writer in at a time")
    ready, failed = threading.Barrier(2, timeout=20), []

    def give_out():
        with app.app_context():
            ready.wait()
            try:
                with transaction() as own:
                    allocate(own, own.get_one(Submission, submission.id), now=NOW)
            except Exception as error:  # noqa: BLE001 (the other thread's is told below)
                failed.append(error)

    session.rollback()
    threads = [threading.Thread(target=give_out) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    assert len(holders(session, submission)) == 1
