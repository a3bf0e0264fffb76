"""Launches for the course as a whole: from its menu, or for the context."""

import pytest
from sqlalchemy import func, select

from app.courses.models import Course, LtiUser, ResourceLink
from app.launch.claims import AGS, CLAIM
from app.mapping.models import Assignment
from tests import factories
from tests.assessment.work import hand_in
from tests.launch.signing_lms import GRADER, INSTRUCTOR, LEARNER, MEMBERSHIP, place_of

PLACEMENT = "https://www.instructure.com/placement"
FROM_THE_MENU = {
    PLACEMENT: "course_navigation",
    f"{CLAIM}resource_link": {"id": "course-1", "title": "Assay"},
}
FOR_THE_CONTEXT = {
    f"{CLAIM}message_type": "LtiContextLaunchRequest",
    f"{CLAIM}resource_link": None,
}


@pytest.fixture
def assignment(session, world):
    made = factories.make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    return made


@pytest.fixture
def sub_of(session):
    return lambda person: session.scalar(select(LtiUser.sub).where(LtiUser.person_id == person.id))


@pytest.mark.parametrize("changes", [FROM_THE_MENU, FOR_THE_CONTEXT])
@pytest.mark.parametrize("role", [INSTRUCTOR, LEARNER, GRADER, f"{MEMBERSHIP}#Mentor", "x"])
def test_it_leads_to_the_courses_home_and_makes_no_link(
    lms, browser, world, session, changes, role
):
    somebody = browser()

    page = lms.launch(somebody, role=role, **changes)

    assert place_of(page) == f"/courses/{world.course.id}/home"
    assert somebody.get(place_of(page)).status_code == 200
    assert session.scalars(select(ResourceLink.resource_link_id)).all() == ["link-1"]
    assert session.scalar(select(func.count()).select_from(Assignment)) == 0
    assert session.scalar(select(func.count()).select_from(Course)) == 1


def test_the_placement_decides_and_not_the_links_id(lms, browser, session):
    """Canvas sends the context's id also for a link that stands in a page."""
    same_id = {f"{CLAIM}resource_link": {"id": "course-1"}}

    menu = lms.launch(browser(), role=INSTRUCTOR, **{**same_id, PLACEMENT: "course_navigation"})
    page = lms.launch(browser(), role=INSTRUCTOR, **{**same_id, PLACEMENT: "link_selection"})
    odd = lms.launch(browser(), role=INSTRUCTOR, **{**same_id, PLACEMENT: ["course_navigation"]})

    assert place_of(menu).endswith("/home")
    assert "/setup" in place_of(page)
    assert "/setup" in place_of(odd)


def test_from_a_menu_outside_courses_nobody_shares_a_course(lms, browser, session):
    for number in (1, 2):
        lms.launch(
            browser(),
            **{
                PLACEMENT: "account_navigation",
                f"{CLAIM}context": None,
                f"{CLAIM}resource_link": {"id": f"account-{number}"},
            },
        )

    names = session.scalars(select(Course.context_id).order_by(Course.id)).all()
    assert names[1:] == ["resource-link:account-1", "resource-link:account-2"]


def test_a_context_launch_without_a_context_is_refused(lms, browser, count_sessions):
    page = lms.launch(browser(), **FOR_THE_CONTEXT, **{f"{CLAIM}context": None})

    assert page.status_code == 403
    assert count_sessions() == 0


def test_a_learner_sees_their_assignments_and_how_they_stand(
    lms, browser, world, session, assignment, sub_of
):
    waiting = factories.make_assignment(
        session, world.course, world.level_1, link=None, title="Not in the course yet"
    )
    hand_in(session, assignment, world.learner)
    mei, jonas = browser(), browser()

    own = mei.get(place_of(lms.launch(mei, sub=sub_of(world.learner), **FROM_THE_MENU)))
    other = jonas.get(place_of(lms.launch(jonas, sub=sub_of(world.other_learner), **FROM_THE_MENU)))

    assert "Submitted" in own.text
    assert f"/assignments/{assignment.id}/work" in own.text
    assert waiting.title not in own.text
    assert "Not started" in other.text
    assert "/my/credentials" in own.text
    assert "Assess work" not in own.text
    assert f"/courses/{world.course.id}/roster" not in own.text


def test_staff_see_every_assignment_and_what_waits(
    lms, browser, world, session, assignment, sub_of
):
    factories.make_assignment(
        session, world.course, world.level_1, link=None, title="Made by deep linking"
    )
    hand_in(session, assignment, world.learner)
    ines = browser()

    page = ines.get(
        place_of(lms.launch(ines, role=INSTRUCTOR, sub=sub_of(world.instructor), **FROM_THE_MENU))
    )

    assert "Made by deep linking" in page.text
    assert "not opened from the course yet" in page.text
    assert '<td class="numeric">1</td>' in page.text
    assert "Assay knows 2 learners of this course." in page.text
    assert f"/courses/{world.course.id}/roster" in page.text


def test_a_grantor_gets_the_queue_and_a_grader_without_appointment_does_not(
    lms, browser, world, sub_of
):
    priya, nora = browser(), browser()

    one = priya.get(
        place_of(lms.launch(priya, role=GRADER, sub=sub_of(world.grantor), **FROM_THE_MENU))
    )
    other = nora.get(
        place_of(lms.launch(nora, role=GRADER, sub=sub_of(world.grader), **FROM_THE_MENU))
    )

    assert "Assess work" in one.text
    assert "Assess work" not in other.text
    assert "Nothing to do here for you" in other.text


def test_empty_states_teach(lms, browser, world):
    ines, mei = browser(), browser()

    staff = ines.get(place_of(lms.launch(ines, role=INSTRUCTOR, sub="t", **FROM_THE_MENU)))
    learner = mei.get(place_of(lms.launch(mei, **FROM_THE_MENU)))

    assert "No assignment leads to a credential yet" in staff.text
    assert "Nothing to do here yet" in learner.text


def test_the_home_of_another_course_is_not_found(app, browser, session, world):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")

    assert browser(other.instructor).get(f"/courses/{world.course.id}/home").status_code == 404


def test_a_course_opened_from_the_menu_keeps_its_services(lms, browser, world, session):
    lms.launch(
        browser(),
        role=INSTRUCTOR,
        **FROM_THE_MENU,
        **{AGS: {"scope": ["x"], "lineitems": "https://lms.test/new/lineitems"}},
    )

    session.refresh(world.course)
    assert world.course.lineitems_url == "https://lms.test/new/lineitems"
    assert world.course.memberships_url == "https://lms.test/course-1/people"
