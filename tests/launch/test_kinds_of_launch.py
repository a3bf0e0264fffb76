"""Deep linking, submission review, keys of the platform, roles."""

import re

import pytest
import responses
from sqlalchemy import select

from app.core.principal import Role
from app.courses.models import LtiUser, ResourceLink
from app.launch.claims import AGS, CLAIM, DEEP_LINKING
from app.mapping.models import DeepLinkChoice, DeepLinkRequest
from app.outbox.models import Delivery, DeliveryState
from app.passback.models import GradebookCell
from app.platforms.models import Platform
from tests import factories
from tests.launch.signing_lms import INSTRUCTOR, MEMBERSHIP, place_of


def test_a_new_key_of_the_platform_is_fetched_once_a_minute(lms, browser, world, session):
    session.get(Platform, world.platform.id).jwks = {"keys": []}
    session.commit()
    with responses.RequestsMock() as wire:
        wire.get("https://lms.test/jwks", json=lms.jwks)
        assert lms.launch(browser()).status_code == 200
        assert lms.launch(browser()).status_code == 200
        assert len(wire.calls) == 1
        lms.kid = "unknown"
        assert lms.launch(browser()).status_code == 403
        assert len(wire.calls) == 1, "not asked again within a minute"


@pytest.mark.parametrize(
    "answer", [{"status": 500}, {"body": "<html>no</html>"}, {"json": {"keys": "x"}}, {"json": []}]
)
def test_keys_that_cannot_be_fetched_refuse_the_launch_and_keep_the_old_ones(
    lms, browser, world, session, answer
):
    lms.kid = "rotated"
    with responses.RequestsMock() as wire:
        wire.get("https://lms.test/jwks", **answer)
        page = lms.launch(browser())
    assert page.status_code == 403
    assert "could not be fetched" in page.text

    lms.kid = "lms-key-1"
    assert lms.launch(browser()).status_code == 200


def test_a_deep_linking_launch_leads_to_the_choice_and_back(lms, browser, world, session):
    ines = browser()
    settings = {
        "deep_link_return_url": "https://lms.test/return?x=1",
        "accept_types": ["ltiResourceLink"],
        "accept_presentation_document_targets": ["iframe"],
        "data": "opaque",
    }
    page = lms.launch(
        ines,
        role=INSTRUCTOR,
        sub="teacher-1",
        **{
            f"{CLAIM}message_type": "LtiDeepLinkingRequest",
            f"{CLAIM}target_link_uri": None,
            f"{CLAIM}resource_link": None,
            DEEP_LINKING: settings,
        },
    )
    assert re.fullmatch(rf"/courses/{world.course.id}/deep-linking/[\w-]+", page.location)

    assignment = factories.make_assignment(session, world.course, world.level_1, link=None)
    request = session.scalar(select(DeepLinkRequest))
    session.add(DeepLinkChoice(request_id=request.id, assignment_id=assignment.id))
    session.commit()
    back = ines.get(f"{page.location}/selection")

    assert back.status_code == 200, back.text
    assert 'action="https://lms.test/return?x=1"' in back.text
    assert "form-action 'self' https://lms.test" in back.headers["Content-Security-Policy"]
    bound = lms.launch(
        browser(),
        **{
            f"{CLAIM}resource_link": {"id": "new-link"},
            f"{CLAIM}custom": {"assay_assignment": assignment.uuid},
            AGS: {"scope": [], "lineitem": "https://lms.test/li/77"},
        },
    )
    assert place_of(bound).endswith(f"/assignments/{assignment.id}/work")
    session.refresh(assignment)
    link = session.get(ResourceLink, assignment.resource_link_pk)
    assert (link.resource_link_id, assignment.lineitem_url) == (
        "new-link",
        "https://lms.test/li/77",
    )


def test_a_learner_cannot_deep_link(lms, browser):
    settings = {"deep_link_return_url": "https://lms.test/r", "accept_types": ["ltiResourceLink"]}

    page = lms.launch(
        browser(),
        **{f"{CLAIM}message_type": "LtiDeepLinkingRequest", DEEP_LINKING: settings},
    )

    assert page.status_code == 403


@pytest.mark.parametrize(
    "claim",
    [
        {"accept_types": ["ltiResourceLink"]},
        {"deep_link_return_url": "javascript:alert(1)", "accept_types": []},
        {"deep_link_return_url": "https://lms.test/r"},
        {"deep_link_return_url": "https://lms.test/r", "accept_types": ["image"]},
    ],
)
def test_a_deep_linking_launch_that_cannot_be_answered_is_refused(lms, browser, claim):
    page = lms.launch(
        browser(),
        role=INSTRUCTOR,
        **{f"{CLAIM}message_type": "LtiDeepLinkingRequest", DEEP_LINKING: claim},
    )

    assert page.status_code == 403


def test_a_student_cannot_review_somebody_elses_submission(lms, browser, world, session):
    factories.make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    mei = session.scalar(select(LtiUser.sub).where(LtiUser.person_id == world.learner.id))
    jonas = session.scalar(select(LtiUser.sub).where(LtiUser.person_id == world.other_learner.id))

    def review(who):
        return lms.launch(
            browser(),
            sub=mei,
            **{
                f"{CLAIM}message_type": "LtiSubmissionReviewRequest",
                f"{CLAIM}for_user": {"user_id": who},
            },
        )

    assert review(jonas).status_code == 403
    assert review(mei).location.endswith("/work")
    assert review("nobody").status_code == 403
    assert review(None).status_code == 403


@pytest.mark.parametrize(
    ("roles", "role"),
    [
        ([INSTRUCTOR], Role.INSTRUCTOR),
        ([INSTRUCTOR, f"{MEMBERSHIP}/Instructor#TeachingAssistant"], Role.TEACHING_ASSISTANT),
        ([f"{MEMBERSHIP}/Instructor#Grader"], Role.GRADER),
        ([INSTRUCTOR, f"{MEMBERSHIP}/Instructor#Grader"], Role.INSTRUCTOR),
        ([f"{MEMBERSHIP}/Instructor#PrimaryInstructor"], Role.INSTRUCTOR),
        ([f"{MEMBERSHIP}/Learner#Instructor"], Role.LEARNER),
        ([f"{MEMBERSHIP}#ContentDeveloper"], Role.DESIGNER),
        ([f"{MEMBERSHIP}#Mentor"], Role.OBSERVER),
        ([f"{MEMBERSHIP}#Instructorx"], Role.NONE),
        ([f"{MEMBERSHIP}Instructor#x"], Role.NONE),
        ([], Role.NONE),
    ],
)
def test_the_table_of_roles(roles, role):
    from app.courses.roles import course_role

    assert course_role(roles) is role


def test_a_parked_score_is_taken_up_again_when_staff_open_the_activity(
    lms, browser, world, session
):
    assignment = factories.make_assignment(session, world.course, world.level_1, link=world.link)
    delivery = Delivery(
        institution_id=world.institution.id,
        kind="score",
        subject=f"score:{assignment.id}:{world.learner.id}",
        payload={},
        state=DeliveryState.FAILED,
        is_parked=True,
        next_attempt_at=factories.NOON,
        give_up_at=factories.NOON,
        created_at=factories.NOON,
    )
    cell = GradebookCell(
        institution_id=world.institution.id,
        assignment_id=assignment.id,
        person_id=world.learner.id,
        last_timestamp=factories.NOON,
    )
    session.add_all([delivery, cell])
    session.commit()

    lms.launch(browser())
    session.refresh(delivery)
    assert delivery.state is DeliveryState.FAILED, "a learner's launch tells nothing new"
    lms.launch(browser(), role=INSTRUCTOR, sub="teacher-1")
    session.refresh(delivery)
    assert delivery.state is not DeliveryState.FAILED
