"""Canvas's grading view opens an address that we signed: for whom it opens the work."""

from urllib.parse import parse_qs, urlsplit

import pytest
from lxml import html

from app.core.crypto import Vault
from app.launch.claims import AGS, CLAIM
from app.passback.references import read_reference, submission_address
from tests import factories
from tests.assessment.work import hand_in
from tests.conftest import BASE_URL, SECRET
from tests.launch.signing_lms import INSTRUCTOR, LEARNER, MEMBERSHIP, SigningLms, place_of

GRADER = f"{MEMBERSHIP}/Instructor#Grader"
LAUNCH = f"{BASE_URL}/lti/launch"


@pytest.fixture
def open_address(lms: SigningLms, browser, sub):
    """Launch an address of ours as somebody, as a grading view does."""

    def launch(who, address, *, role=LEARNER, **changes):
        return lms.launch(
            browser(),
            role=role,
            sub=sub(who),
            **{
                f"{CLAIM}target_link_uri": address,
                f"{CLAIM}resource_link": {"id": "course-1"},
                AGS: None,
            }
            | changes,
        )

    return launch


def address(assignment, learner) -> str:
    return submission_address(
        Vault(SECRET), LAUNCH, assignment_id=assignment.id, person_id=learner.id
    )


def test_the_signed_address_opens_the_assessment(open_address, world, submission):
    link = address(submission.assignment, world.learner)

    graded = open_address(world.grantor, link, role=GRADER)
    read = open_address(world.instructor, link, role=INSTRUCTOR)
    own = open_address(world.learner, link)

    assert urlsplit(place_of(graded)).path == f"/assessment/submissions/{submission.id}"
    assert urlsplit(place_of(read)).path.endswith(f"/learners/{world.learner.id}")
    assert place_of(own).endswith(f"/assignments/{submission.assignment_id}/work")


def test_the_workbench_that_it_opens_sends_its_forms_to_itself(
    open_address, browser, world, submission
):
    browser(world.grantor).post(f"/assessment/submissions/{submission.id}/start")

    page = open_address(world.grantor, address(submission.assignment, world.learner), role=GRADER)

    forms = html.fromstring(page.text).forms
    assert any("decision" in form.fields for form in forms)
    place = f"/assessment/submissions/{submission.id}"
    assert all((form.get("action") or "").startswith(place) for form in forms)


def test_a_classmate_does_not_get_in_by_the_address(open_address, world, submission):
    refused = open_address(world.other_learner, address(submission.assignment, world.learner))

    assert refused.status_code == 403
    assert "somebody else" in refused.text


@pytest.mark.parametrize("change", ["learner", "assignment", "cut", "empty", "junk", "long"])
def test_a_forged_address_opens_nothing(open_address, world, submission, change):
    good = address(submission.assignment, world.learner)
    named, _, signature = good.partition("submission=")[2].rpartition(".")
    forged = {
        "learner": f"{submission.assignment_id}.{world.other_learner.id}.{signature}",
        "assignment": f"{submission.assignment_id + 1}.{world.learner.id}.{signature}",
        "cut": f"{named}.{signature[:-1]}",
        "empty": "",
        "junk": "..%00é",
        "long": "9" * 900,
    }[change]

    refused = open_address(world.grantor, f"{LAUNCH}?submission={forged}", role=GRADER)

    assert refused.status_code == 403
    assert "not complete" in refused.text


def test_the_address_opens_nothing_in_another_course_or_institution(
    open_address, session, world, submission, app
):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    foreign = factories.make_assignment(session, other.course, other.level_1, link=other.link)
    session.commit()
    hand_in(session, foreign, other.learner)
    in_course_2 = {f"{CLAIM}context": {"id": "course-2", "title": "Other"}}

    elsewhere = open_address(
        world.grantor, address(submission.assignment, world.learner), role=GRADER, **in_course_2
    )
    across = open_address(world.grantor, address(foreign, other.learner), role=GRADER)

    for refused in (elsewhere, across):
        assert refused.status_code == 403
        assert "another course" in refused.text


def test_a_reference_is_ours_or_nothing():
    vault = Vault(SECRET)
    named = parse_qs(
        urlsplit(submission_address(vault, LAUNCH, assignment_id=3, person_id=4)).query
    )
    (reference,) = named["submission"]

    assert read_reference(vault, reference) == (3, 4)
    assert read_reference(Vault("another secret, long enough for a vault"), reference) is None
    for junk in ("", ".", "3.4", "3.4.", "a.b.c", "é.é.é"):
        assert read_reference(vault, junk) is None
