"""Submission review: whose work opens for whom."""

from urllib.parse import urlsplit

import pytest
from sqlalchemy import select

from app.core.principal import Role
from app.courses.models import LtiUser
from app.evidence.models import Submission
from app.launch.claims import AGS, CLAIM
from app.passback.models import StatusColumn
from tests import factories
from tests.assessment.work import form_data, hand_in
from tests.conftest import BASE_URL
from tests.launch.signing_lms import INSTRUCTOR, LEARNER, MEMBERSHIP, SigningLms

GRADER = f"{MEMBERSHIP}/Instructor#Grader"
LAUNCH = f"{BASE_URL}/lti/launch"
RETURN = "https://lms.test/courses/1/gradebook?x=1"


@pytest.fixture
def review(lms: SigningLms, browser, sub):
    """Launch a review as somebody, of somebody's work; return the answer."""

    def launch(who, of, *, role=LEARNER, client=None, **changes):
        return lms.launch(
            client or browser(),
            role=role,
            sub=sub(who),
            **{
                f"{CLAIM}message_type": "LtiSubmissionReviewRequest",
                f"{CLAIM}for_user": {"user_id": of if isinstance(of, str) else sub(of)},
                f"{CLAIM}launch_presentation": {"return_url": RETURN},
            }
            | changes,
        )

    return launch


def test_a_grantor_comes_to_the_workbench_and_back_to_the_gradebook(
    review, browser, world, submission
):
    priya = browser()

    page = review(world.grantor, world.learner, role=GRADER, client=priya)

    assert page.location == f"/assessment/submissions/{submission.id}?from_review=1"
    workbench = priya.get(page.location)
    assert f'href="{RETURN}">Back to the gradebook' in workbench.text
    recorded = priya.post(page.location, data=form_data(submission, "best", "best"))
    assert recorded.status_code == 303
    decided = priya.get(recorded.location)
    assert f'href="{RETURN}">Back to the gradebook' in decided.text


def test_on_other_ways_there_is_no_gradebook_to_go_back_to(browser, world, submission):
    page = browser(world.grantor).get(f"/assessment/submissions/{submission.id}")

    assert "Back to the gradebook" not in page.text
    assert "Back to the queue" in page.text


def test_an_instructor_reads_what_they_may_not_assess(review, browser, world, submission):
    ines = browser()

    page = review(world.instructor, world.learner, role=INSTRUCTOR, client=ines)

    assert urlsplit(page.location).path.endswith(f"/learners/{world.learner.id}")
    text = ines.get(page.location).text
    assert f'href="{RETURN}">Back to the gradebook' in text
    assert "Assess this work" not in text


def test_a_learner_opens_their_own_work_only(review, world, submission):
    assert review(world.learner, world.learner).location.endswith("/work")

    refused = review(world.other_learner, world.learner)

    assert refused.status_code == 403
    assert "somebody else" in refused.text


def test_a_learner_may_not_by_calling_themselves_staff_elsewhere(review, world, submission):
    """Institution roles and a learner's sub-role named Instructor grant nothing in the course."""
    roles = [
        f"{MEMBERSHIP}/Learner#Instructor",
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Instructor",
    ]

    refused = review(world.other_learner, world.learner, **{f"{CLAIM}roles": roles})

    assert refused.status_code == 403


@pytest.mark.parametrize("role", [[], [f"{MEMBERSHIP}#Mentor"], [GRADER]])
def test_others_need_an_appointment(review, world, submission, role):
    refused = review(world.grader, world.learner, **{f"{CLAIM}roles": role})

    assert refused.status_code == 403
    assert "appointed" in refused.text


def test_a_grantor_of_something_else_may_not(review, session, world):
    other = factories.make_assignment(
        session, world.course, world.level_2, link=world.link, criterion_positions=(0,)
    )
    session.commit()
    hand_in(session, other, world.learner)

    refused = review(world.grantor, world.learner, role=GRADER)

    assert refused.status_code == 403
    assert "not a grantor of the credential" in refused.text


def test_nobody_assesses_their_own_work_by_a_review(review, session, world, assignment):
    factories.appoint(session, world.learner, world.level_1)
    session.commit()
    hand_in(session, assignment, world.learner)

    page = review(world.learner, world.learner, role=INSTRUCTOR)

    assert "/assessment/" not in page.location


@pytest.mark.parametrize(
    "claim",
    [
        None,
        {},
        {"user_id": "nobody"},
        {"user_id": ""},
        {"user_id": None},
        {"user_id": 5},
        {"user_id": {"a": 1}},
        {"user_id": ["x"]},
        "mei",
    ],
)
@pytest.mark.parametrize("role", [INSTRUCTOR, GRADER, LEARNER])
def test_a_review_of_nobody_known_is_refused(review, world, submission, claim, role):
    who = {INSTRUCTOR: world.instructor, GRADER: world.grantor, LEARNER: world.learner}[role]

    refused = review(who, "x", role=role, **{f"{CLAIM}for_user": claim})

    assert refused.status_code == 403


def test_the_same_user_id_of_another_platform_is_somebody_else(
    review, session, world, submission, app
):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    foreign = session.scalar(select(LtiUser).where(LtiUser.person_id == other.learner.id))
    foreign.sub = "known-there-only"
    session.commit()

    refused = review(world.instructor, "known-there-only", role=INSTRUCTOR)

    assert refused.status_code == 403
    assert "Nothing to see yet" in refused.text


def test_somebody_of_another_course_is_not_shown(review, session, world, submission):
    elsewhere = factories.make_course(session, world.deployment, "course-2", "Other")
    stranger = factories.make_person(session, elsewhere, Role.LEARNER, "Strange Student")
    session.commit()

    for who, role in ((world.instructor, INSTRUCTOR), (world.grantor, GRADER)):
        assert review(who, stranger, role=role).status_code == 403


def test_a_classmate_who_has_handed_in_nothing_is_shown_empty(review, browser, world, submission):
    ines = browser()
    page = review(world.instructor, world.other_learner, role=INSTRUCTOR, client=ines)

    assert "Nothing has been handed in yet" in ines.get(page.location).text
    refused = review(world.grantor, world.other_learner, role=GRADER)
    assert refused.status_code == 403
    assert "Nothing to see yet" in refused.text


def test_the_student_preview_is_shown_as_any_learner(review, browser, session, world, assignment):
    preview = factories.make_person(
        session, world.course, Role.LEARNER, "Test Student", is_test_user=True
    )
    session.commit()
    hand_in(session, assignment, preview)
    ines = browser()

    page = review(world.instructor, preview, role=INSTRUCTOR, client=ines)

    assert ines.get(page.location).status_code == 200


def test_where_the_link_is_unknown_the_column_decides(review, session, world, submission):
    assignment = submission.assignment
    assignment.lineitem_url = "https://lms.test/li/77?type_id=1"
    session.commit()

    page = review(
        world.instructor,
        world.learner,
        role=INSTRUCTOR,
        **{
            f"{CLAIM}resource_link": {"id": "made-by-the-gradebook"},
            AGS: {"scope": [], "lineitem": "https://lms.test/li/77?type_id=1"},
        },
    )

    assert f"/assignments/{assignment.id}/learners/{world.learner.id}" in page.location


def test_the_status_column_says_where_the_work_is(review, session, world, submission):
    address = "https://lms.test/li/78"
    session.add(
        StatusColumn(
            institution_id=world.institution.id,
            course_id=world.course.id,
            achievement_id=submission.achievement_id,
            resource_id="status-1",
            label="Credential",
            is_on=True,
            lineitem_url=address,
            created_at=submission.assignment.created_at,
        )
    )
    session.commit()

    page = review(
        world.instructor,
        world.learner,
        role=INSTRUCTOR,
        **{
            f"{CLAIM}resource_link": {"id": "made-by-the-gradebook"},
            AGS: {"scope": [], "lineitem": address},
        },
    )

    assert page.status_code == 403
    assert "only repeats the credential" in page.text


def test_where_neither_is_known_our_own_name_decides(review, session, world, submission):
    page = review(
        world.instructor,
        world.learner,
        role=INSTRUCTOR,
        **{
            f"{CLAIM}resource_link": {"id": "made-by-the-gradebook"},
            f"{CLAIM}custom": {"assay_assignment": submission.assignment.uuid},
            AGS: {"scope": [], "lineitem": "https://lms.test/li/unknown"},
        },
    )

    assert f"/assignments/{submission.assignment_id}/" in page.location


def test_a_column_of_another_course_decides_nothing(review, session, world, submission):
    elsewhere = factories.make_course(session, world.deployment, "course-2", "Other")
    factories.enrol(session, elsewhere, world.learner, Role.LEARNER)
    submission.assignment.lineitem_url = "https://lms.test/li/77"
    session.commit()

    refused = review(
        world.instructor,
        world.learner,
        role=INSTRUCTOR,
        **{
            f"{CLAIM}context": {"id": "course-2", "title": "Other"},
            f"{CLAIM}resource_link": {"id": "elsewhere"},
            AGS: {"scope": [], "lineitem": "https://lms.test/li/77"},
        },
    )

    assert refused.status_code == 403


def test_a_review_moves_no_column(review, session, world, submission):
    assignment = submission.assignment
    before = assignment.lineitem_url

    review(
        world.instructor,
        world.learner,
        role=INSTRUCTOR,
        **{AGS: {"scope": [], "lineitem": "https://lms.test/li/the-status-column"}},
    )

    session.refresh(assignment)
    assert assignment.lineitem_url == before


def test_the_work_of_a_group_opens_at_any_of_its_members(
    review, browser, world, submission, session
):
    submission.assignment.max_group_size = 2
    session.add(
        Submission(
            institution_id=submission.institution_id,
            course_id=submission.course_id,
            assignment_id=submission.assignment_id,
            achievement_id=submission.achievement_id,
            learner_id=world.other_learner.id,
            lead_id=submission.id,
            status=submission.status,
            status_changed_at=submission.status_changed_at,
            submitted_at=submission.submitted_at,
            created_at=submission.created_at,
        )
    )
    session.commit()
    priya = browser()

    page = review(world.grantor, world.other_learner, role=GRADER, client=priya)

    bench = priya.get(page.location, follow_redirects=True)
    assert "Mei Student and Jonas Student" in bench.text
    assert f'href="{RETURN}">Back to the gradebook' in bench.text
