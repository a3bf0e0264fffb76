"""Work is given only to people who have a way to it; those of one name are told apart."""

from datetime import UTC, datetime, timedelta

import pytest

from app.assessment.allocation_jobs import allocate_work
from app.assessment.desk_models import AllocationEnd
from app.core.principal import Role
from app.courses.models import Enrolment, LtiUser
from app.courses.people import ROLE_LASTS
from app.programme.models import GrantorAppointment
from app.staff.models import StaffIdentity
from tests import factories
from tests.assessment.holding import NOW, ends, give, holders, url
from tests.campus import make_administrator

pytestmark = pytest.mark.usefixtures("given_out")


@pytest.fixture
def elsewhere(session, world):
    """A course in another LMS of the same institution."""
    _, deployment = factories.make_platform(session, world.institution, "https://other.test")
    course = factories.make_course(session, deployment)
    session.commit()
    return course


@pytest.fixture
def namesake(session, world, elsewhere):
    """Luis again, appointed by an id of the other LMS, from which nobody ever came."""
    person = factories.make_person(session, elsewhere, Role.GRADER, "Luis Grantor")
    factories.appoint(session, person, world.level_1)
    launched(session, elsewhere, person, ROLE_LASTS + timedelta(days=1))
    return person


def launched(session, course, person, ago):
    there = session.query(Enrolment).filter_by(course_id=course.id, person_id=person.id)
    there.update({"last_launched_at": datetime.now(UTC) - ago})
    session.commit()


def receivers(browser, submission, person):
    return browser(person).get(url(submission, "/hand-over")).text


def test_work_is_not_handed_to_somebody_who_has_no_way_to_it(
    browser, session, world, submission, namesake
):
    give(session, submission, world.grantor)

    page = receivers(browser, submission, world.grantor)
    refused = browser(world.grantor).post(
        url(submission, "/hand-over"), data={"receiver": namesake.id}
    )

    assert page.count("Luis Grantor") == 1
    assert refused.status_code == 422
    assert holders(session, submission) == {world.grantor.id}


@pytest.mark.parametrize("way", ["launched lately", "campus sign-in", "known there"])
def test_who_has_another_way_in_is_offered_with_their_lms(
    browser, session, world, submission, elsewhere, namesake, way
):
    give(session, submission, world.grantor)
    if way == "launched lately":
        launched(session, elsewhere, namesake, timedelta(days=3))
    elif way == "campus sign-in":
        session.add(
            StaffIdentity(
                institution_id=namesake.institution_id,
                person_id=namesake.id,
                issuer="https://campus.test",
                sub="luis",
                created_at=NOW,
            )
        )
    else:
        session.add(LtiUser(platform_id=world.platform.id, sub="luis-2", person_id=namesake.id))
    session.commit()

    page = receivers(browser, submission, world.grantor)

    assert page.count("Luis Grantor · ") == 2


def test_nobody_hands_work_to_themselves_under_another_lms(
    browser, session, world, submission, elsewhere, namesake
):
    launched(session, elsewhere, namesake, timedelta(days=3))
    world.second_grantor.email, namesake.email = (
        "luis@university.example",
        "Luis@University.example",
    )
    session.commit()
    give(session, submission, world.second_grantor)

    page = receivers(browser, submission, world.second_grantor)

    assert "Luis Grantor" not in page.partition("<form")[2]
    assert "Priya Grantor" in page


def test_nothing_is_allocated_to_somebody_who_has_no_way_to_it(
    app, session, world, submission, namesake
):
    session.query(GrantorAppointment).filter(
        GrantorAppointment.person_id != namesake.id,
        GrantorAppointment.achievement_id == world.level_1.achievement_id,
    ).update({"ends_at": NOW - timedelta(days=1)})
    session.commit()

    allocate_work(NOW)

    assert holders(session, submission) == set()


def test_what_was_given_to_such_a_person_is_taken_back(app, session, world, submission, namesake):
    give(session, submission, namesake)

    allocate_work(NOW)

    assert ends(session, submission)[namesake.id] is AllocationEnd.HANDED_OVER
    assert holders(session, submission) <= {world.grantor.id, world.second_grantor.id}
    assert holders(session, submission)


def test_pages_about_who_assesses_count_and_tell_apart(
    browser, session, world, elsewhere, namesake
):
    world.level_1.grantors_needed = 3
    make_administrator(session, world.instructor)
    unused, _ = factories.make_platform(session, world.institution, "https://new.test")
    session.query(LtiUser).filter_by(person_id=namesake.id).update({"platform_id": unused.id})
    session.commit()
    here = world.level_1.achievement_id
    ines = browser(world.instructor)

    assessing = ines.get(f"/admin/achievements/{here}/assessing").text
    listed = ines.get("/admin/grantors").text
    shown = ines.get(f"/catalog/achievements/{here}").text

    assert "Not enough grantors yet" in assessing
    assert "2 can assess here" in assessing
    assert "not counted: has not come from that LMS" in assessing
    assert shown.count("Luis Grantor") == 1
    assert world.platform.name in listed


def test_the_overview_of_an_assignment_counts_who_can_come(
    browser, session, world, assignment, namesake
):
    world.level_1.grantors_needed = 3
    session.commit()

    page = browser(world.instructor).get(f"/courses/{world.course.id}/assignments/{assignment.id}")

    assert "2 can assess here" in page.text
