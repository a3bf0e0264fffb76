"""Canvas's grading view opens the submission: what the score says for it."""

import json
from datetime import timedelta

import pytest
from werkzeug.wrappers import Response

from app.outbox.models import DeliveryState
from app.passback.references import submission_address
from app.platforms.quirks import CANVAS_SUBMISSION

MINUTE = timedelta(minutes=1)


@pytest.fixture
def canvas(session, world):
    world.platform.product_family = "canvas"
    session.commit()


@pytest.fixture
def address(app, assignment, world) -> str:
    return submission_address(
        app.extensions["assay.vault"],
        "https://tool.test/lti/launch",
        assignment_id=assignment.id,
        person_id=world.learner.id,
    )


def test_handing_in_names_the_address_of_the_submission(canvas, tell, run, lms, address):
    tell("submitted", points=None, comment="Submitted")

    run()

    (posted,) = lms.scores()
    assert posted["submission"] == {"submittedAt": "2026-11-02T12:00:00.000+00:00"}
    assert posted[CANVAS_SUBMISSION] == {
        "new_submission": True,
        "submission_type": "basic_lti_launch",
        "submission_data": address,
        "submitted_at": "2026-11-02T12:00:00.000+00:00",
        "preserve_score": True,
        "prioritize_non_tool_grade": True,
    }


def test_a_repeat_is_the_same_to_the_letter(canvas, tell, run, stands, lms, clock):
    """A new signature or time would make a second attempt of it."""

    def take_and_fail(request):
        lms._answer(request)
        return Response("proxy error", 502)

    lms.script["/li/5/scores"] = [take_and_fail]
    delivery_id = tell("submitted", points=None, comment="Submitted")
    run()
    clock.now += MINUTE
    run()

    assert stands(delivery_id).state is DeliveryState.DELIVERED
    first, second = lms.calls("/li/5/scores")
    assert first.body == second.body


def test_a_decision_makes_no_new_attempt(canvas, tell, run, lms, clock):
    tell("submitted", points=None, comment="Submitted")
    run()
    clock.now += MINUTE
    tell("met", points=4)
    run()

    assert lms.scores()[1][CANVAS_SUBMISSION] == {
        "new_submission": False,
        "prioritize_non_tool_grade": True,
    }


def test_a_decision_that_overtook_the_announcement_names_the_address(
    canvas, tell, run, lms, address
):
    tell("submitted", points=None, comment="Submitted")
    tell("met", points=4)

    run()

    (posted,) = lms.scores()
    assert posted[CANVAS_SUBMISSION]["submission_data"] == address
    assert posted["scoreGiven"] == 4


@pytest.mark.parametrize("family", [None, "moodle", "desire2learn", "BlackboardLearn"])
def test_others_are_told_nothing_of_it(tell, run, lms, session, world, family):
    world.platform.product_family = family
    session.commit()
    tell("submitted", points=None, comment="Submitted")

    run()

    assert "lti/launch" not in json.dumps(lms.scores())
