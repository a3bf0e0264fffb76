"""The class list, one learner's work, and the feedback."""

import pytest

from app.evidence.models import SubmissionStatus
from tests import factories
from tests.assessment.work import TEXT, form_data, hand_in


@pytest.fixture
def place(assignment):
    return f"/courses/{assignment.course_id}/assignments/{assignment.id}"


def assess(browser, world, submission, *steps, **facts):
    return browser(world.grantor).post(
        f"/assessment/submissions/{submission.id}", data=form_data(submission, *steps, **facts)
    )


@pytest.mark.parametrize("who", ["instructor", "assistant"])
def test_staff_see_how_every_learner_stands(browser, world, submission, place, who):
    page = browser(getattr(world, who)).get(place)

    assert page.status_code == 200
    assert "Mei Student" in page.text
    assert "Submitted" in page.text
    assert "Jonas Student" in page.text
    assert "Not started" in page.text
    assert "Priya Grantor, Luis Grantor" in page.text
    assert "Nora Grader" not in page.text


@pytest.mark.parametrize(("who", "status"), [("learner", 403), ("grantor", 403), ("grader", 403)])
def test_others_do_not_see_the_class(browser, world, submission, place, who, status):
    assert browser(getattr(world, who)).get(place).status_code == status
    learner = f"{place}/learners/{world.learner.id}"
    assert browser(getattr(world, who)).get(learner).status_code == status


def test_other_courses_and_institutions_see_nothing(app, browser, session, world, place):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")

    assert browser(other.instructor).get(place).status_code == 404
    own_course = place.replace(f"/courses/{world.course.id}/", f"/courses/{other.course.id}/")
    assert browser(other.instructor).get(own_course).status_code == 404


def test_the_class_list_says_what_the_gradebook_was_told(browser, world, submission, place):
    assess(browser, world, submission, "best", "best")

    page = browser(world.instructor).get(place)

    assert "Awarded" in page.text
    assert "On its way" in page.text


def test_missing_grantors_and_criteria_are_pointed_out(browser, session, world):
    lonely = factories.make_version(
        session, world.issuer, world.level_1.achievement.level, slug="new", name="Lonely Badge"
    )
    assignment = factories.make_assignment(
        session, world.course, lonely, link=world.link, criterion_positions=(0,)
    )
    session.commit()

    page = browser(world.instructor).get(f"/courses/{world.course.id}/assignments/{assignment.id}")

    assert "Nobody can assess this yet" in page.text
    assert "This course does not show enough criteria yet" in page.text
    assert "<li>Criterion 2</li>" in page.text


def test_staff_read_the_work_and_its_assessment(browser, world, submission, place):
    address = f"{place}/learners/{world.learner.id}"
    before = browser(world.instructor).get(address)
    assess(browser, world, submission, "below", "best", decision="revision", reason="Cite it.")

    page = browser(world.instructor).get(address)

    assert TEXT in before.text.replace("&#39;", "'")
    assert "Assess this work" not in before.text
    assert "Revision requested" in page.text
    assert "Cite it." in page.text
    assert "Assessed by Priya Grantor" in page.text


def test_staff_who_are_grantors_get_the_button(browser, session, world, submission, place):
    factories.appoint(session, world.instructor, world.level_1)

    page = browser(world.instructor).get(f"{place}/learners/{world.learner.id}")

    assert f'href="/assessment/submissions/{submission.id}">Assess this work' in page.text
    assert "Assess work" in browser(world.instructor).get(place).text


def test_a_draft_is_seen_by_nobody_else(browser, session, world, submission, place):
    submission.status, submission.submitted_at = SubmissionStatus.DRAFT, None
    submission.attempts[0].submitted_at = None
    session.commit()

    page = browser(world.instructor).get(f"{place}/learners/{world.learner.id}")

    assert "Nothing has been handed in yet" in page.text
    assert TEXT not in page.text


def test_somebody_who_is_no_learner_has_no_work(browser, world, assignment, place):
    client = browser(world.instructor)

    assert client.get(f"{place}/learners/{world.other_learner.id}").status_code == 200
    assert client.get(f"{place}/learners/{world.grader.id}").status_code == 404
    assert client.get(f"{place}/learners/9999").status_code == 404


def test_feedback_says_level_comment_reason_and_decision(browser, world, submission, place):
    client = browser(world.learner)
    before = client.get(f"{place}/feedback")
    assess(browser, world, submission, "below", "best", decision="revision", reason="Cite it.")

    page = client.get(f"{place}/feedback")

    assert "There is no feedback yet" in before.text
    for words in ("Revision requested", "Cite it.", "Not yet", "Exceeds", "About Criterion 2"):
        assert words in page.text
    assert "Priya" not in page.text


def test_feedback_on_each_attempt_stays(browser, session, world, submission, place):
    assess(browser, world, submission, "below", "best", decision="revision", reason="Cite it.")
    session.rollback()
    hand_in(session, submission.assignment, world.learner, number=2)
    assess(browser, world, submission, "best", "best")

    page = browser(world.learner).get(f"{place}/feedback")

    assert "You have earned this badge" in page.text
    assert "Feedback on earlier attempts" in page.text
    assert "Cite it." in page.text


def test_feedback_is_the_learners_own(browser, world, submission, place):
    assess(browser, world, submission, "below", "best", decision="not_met", reason="Copied.")

    assert "Copied." not in browser(world.other_learner).get(f"{place}/feedback").text
    assert browser(world.instructor).get(f"{place}/feedback").status_code == 403


def test_the_instructor_sees_all_of_the_set_up(browser, world, session, assignment):
    assignment.instructions, assignment.statement = "Read **five** papers.", "My own work."
    assignment.is_by_criterion, assignment.max_file_mb = True, 7
    session.commit()

    page = browser(world.instructor).get(
        f"/courses/{assignment.course_id}/assignments/{assignment.id}"
    )

    setup = page.text[page.text.index('id="setup"') :]
    for words in (
        "files: PDF", "Links · Text", "7 MB", "For each criterion by itself",
        "Read <strong>five</strong> papers.", "My own work.",
    ):  # fmt: skip
        assert words in setup
