"""Work is given out by load, handed over, taken over; and who is away is given none."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.assessment.absences import add_absence
from app.assessment.allocation import allocate
from app.assessment.allocation_jobs import allocate_work
from app.assessment.desk_models import Absence, Allocation, AllocationEnd, ConflictOfInterest
from app.assessment.models import Assessment
from app.core.audit import AuditEntry
from app.core.db import transaction
from app.core.principal import Role
from app.evidence.models import Submission, SubmissionStatus
from app.programme.models import AssessingRole, GrantorAppointment
from tests import factories
from tests.assessment.work import form_data, hand_in

NOW = datetime.now(UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def given_out(session, world):
    """Work for the Level I badge is given out by load."""
    world.level_1.achievement.is_allocated = True
    session.commit()


@pytest.fixture
def grantor(session, world):
    """Makes grantors of the Level I badge."""

    def make(name, role=AssessingRole.GRANTOR):
        person = factories.make_person(session, world.course, Role.GRADER, name)
        factories.appoint(session, person, world.level_1).role = role
        session.commit()
        return person

    return make


def url(submission, deed=""):
    return f"/assessment/submissions/{submission.id}{deed}"


def holders(session, submission):
    session.expire_all()
    running = select(Allocation.person_id).where(
        Allocation.submission_id == submission.id, Allocation.ended_at.is_(None)
    )
    return set(session.scalars(running))


def ends(session, submission):
    session.expire_all()
    found = select(Allocation).where(Allocation.submission_id == submission.id)
    return {each.person_id: each.end for each in session.scalars(found)}


def actions(session):
    return [entry.action for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]


def away(session, person, *, starts=-DAY, ends=DAY):
    session.add(
        Absence(
            institution_id=person.institution_id,
            person_id=person.id,
            starts_at=NOW + starts,
            ends_at=NOW + ends,
            created_at=NOW,
        )
    )
    session.commit()


def conflict(session, person, learner, submission=None):
    session.add(
        ConflictOfInterest(
            institution_id=person.institution_id,
            person_id=person.id,
            learner_id=learner.id,
            submission_id=submission.id if submission else None,
            reason="Family",
            declared_by=person.id,
            declared_at=NOW,
        )
    )
    session.commit()


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


def give(session, submission, person):
    session.add(
        Allocation(
            institution_id=person.institution_id,
            submission_id=submission.id,
            person_id=person.id,
            allocated_at=NOW,
        )
    )
    session.commit()


def test_what_others_were_given_is_taken_only_by_taking_it_over(
    browser, session, world, submission
):
    give(session, submission, world.grantor)
    luis = browser(world.second_grantor)
    data = form_data(submission, "best", "best")

    assert "This work was given to Priya Grantor" in luis.get(url(submission)).text
    assert luis.post(url(submission, "/start")).status_code == 409
    assert luis.post(url(submission), data=data).status_code == 409
    assert session.scalars(select(Assessment)).all() == []
    assert luis.post(url(submission, "/take-over")).status_code == 303

    assert holders(session, submission) == {world.second_grantor.id}
    assert ends(session, submission)[world.grantor.id] is AllocationEnd.HANDED_OVER
    assert luis.post(url(submission), data=data).status_code == 303
    assert "allocation.taken_over" in actions(session)


def test_nothing_is_taken_over_from_nobody_or_oneself(browser, session, world, submission):
    client = browser(world.grantor)
    assert client.post(url(submission, "/take-over")).status_code == 409
    give(session, submission, world.grantor)

    assert client.post(url(submission, "/take-over")).status_code == 409
    assert holders(session, submission) == {world.grantor.id}


def test_handing_over_passes_on_the_work_and_the_note(browser, session, world, submission):
    give(session, submission, world.grantor)
    priya, luis = browser(world.grantor), browser(world.second_grantor)
    assert "Luis Grantor" in priya.get(url(submission, "/hand-over")).text

    page = priya.post(
        url(submission, "/hand-over"),
        data={"receiver": world.second_grantor.id, "note": "You know <this> method."},
        follow_redirects=True,
    )

    assert "Handed over to Luis Grantor" in page.text
    assert holders(session, submission) == {world.second_grantor.id}
    assert "You know &lt;this&gt; method." in luis.get(url(submission)).text
    assert "You know &lt;this&gt; method." in priya.get(url(submission)).text
    assert "allocation.handed_over" in actions(session)
    assert "allocated to you" in luis.get("/assessment/queue?state=mine").text


def test_what_one_has_started_is_handed_over_too(browser, session, world, submission):
    priya = browser(world.grantor)
    priya.post(url(submission, "/start"))

    priya.post(url(submission, "/hand-over"), data={"receiver": world.second_grantor.id})

    session.expire_all()
    assert session.get_one(Submission, submission.id).assessor_id is None
    assert holders(session, submission) == {world.second_grantor.id}


@pytest.mark.parametrize("who", ["oneself", "absent", "in conflict", "not eligible", "nobody", "x"])
def test_it_is_not_handed_to_somebody_who_may_not_have_it(browser, session, world, submission, who):
    give(session, submission, world.grantor)
    receiver = {
        "oneself": world.grantor.id,
        "not eligible": world.grader.id,
        "nobody": 2**31 - 1,
        "x": "x",
    }.get(who, world.second_grantor.id)
    if who == "absent":
        away(session, world.second_grantor)
    elif who == "in conflict":
        conflict(session, world.second_grantor, world.learner)

    page = browser(world.grantor).post(
        url(submission, "/hand-over"), data={"receiver": receiver, "note": "kept words"}
    )

    assert page.status_code == 422
    if who in {"oneself", "not eligible", "nobody", "x"}:
        assert "kept words" in page.text
    else:
        assert "Nobody can take it on now" in page.text
    assert holders(session, submission) == {world.grantor.id}


def test_who_became_absent_while_the_page_was_open_is_refused_by_the_service(
    browser, session, world, submission, grantor
):
    give(session, submission, world.grantor)
    grantor("Third Grantor")
    away(session, world.second_grantor)

    page = browser(world.grantor).post(
        url(submission, "/hand-over"), data={"receiver": world.second_grantor.id}
    )

    assert page.status_code == 422
    assert holders(session, submission) == {world.grantor.id}


def test_a_note_has_an_end(browser, session, world, submission):
    give(session, submission, world.grantor)

    page = browser(world.grantor).post(
        url(submission, "/hand-over"),
        data={"receiver": world.second_grantor.id, "note": "x" * 1001},
    )

    assert page.status_code == 422
    assert "Keep it under 1000 characters" in page.text


def test_one_hands_over_only_what_one_has(browser, session, world, submission):
    give(session, submission, world.second_grantor)
    third = browser(world.grantor)

    page = third.post(url(submission, "/hand-over"), data={"receiver": world.second_grantor.id})

    assert page.status_code in {403, 422}
    assert holders(session, submission) == {world.second_grantor.id}


@pytest.mark.parametrize("deed", ["/hand-over", "/take-over"])
def test_strangers_and_other_institutions_pass_nothing_on(
    browser, session, app, world, submission, deed
):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    give(session, submission, world.grantor)
    data = {"receiver": other.second_grantor.id}

    assert browser(other.grantor).post(url(submission, deed), data=data).status_code == 404
    assert browser(world.grader).post(url(submission, deed), data=data).status_code == 403
    assert holders(session, submission) == {world.grantor.id}


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
