"""The main line, by the front door: assess, award, public page, gradebook."""

import json
from pathlib import Path

import jsonschema
import pytest
from sqlalchemy import select

from app.assessment.models import Assessment, Decision, Rating
from app.awards.models import Award
from app.core.audit import AuditEntry, find_broken_entry
from app.core.principal import Role
from app.courses.models import Enrolment
from app.credentials.openbadge import hash_recipient
from app.evidence.models import Submission, SubmissionStatus
from app.mapping.models import GradeRule
from app.outbox.models import Delivery
from tests import factories
from tests.assessment.work import form_data, hand_in

SCHEMA = "app/credentials/schemas/ob_v3p0_achievementcredential_schema.{}.json"


def url(submission: Submission) -> str:
    return f"/assessment/submissions/{submission.id}"


def fresh(session, model):
    session.rollback()
    session.expire_all()
    return session.scalars(select(model).order_by(model.id)).all()


def told(session, submission) -> dict:
    """What the gradebook is owed last for a submission."""
    subject = f"score:{submission.assignment_id}:{submission.learner_id}"
    newest = [d for d in fresh(session, Delivery) if d.subject == subject][-1]
    return json.loads(newest.payload["body"])


def test_work_that_meets_everything_is_awarded_at_once(browser, session, world, submission):
    client = browser(world.grantor)

    page = client.post(
        url(submission), data=form_data(submission, "enough", "best"), follow_redirects=True
    )

    assert "the credential is awarded" in page.text
    (award,) = fresh(session, Award)
    assert award.person_id == world.learner.id
    assert award.awarded_by == world.grantor.id
    assert submission.status is SubmissionStatus.AWARDED
    public = browser(None).get(f"/credentials/{award.public_id}")
    assert public.status_code == 200
    assert "Verified" in public.text
    assert "Mei Student" in public.text
    score = told(session, submission)
    assert (score["scoreGiven"], score["scoreMaximum"]) == (4, 6)
    assert score["gradingProgress"] == "FullyGraded"
    assert score["comment"] == (
        f"Badge Level I awarded: https://tool.test/credentials/{award.public_id}"
    )


@pytest.mark.parametrize("schema", ["formal", "json-ld"])
def test_an_award_fits_the_published_schema(browser, session, world, submission, schema):
    browser(world.grantor).post(url(submission), data=form_data(submission, "enough", "enough"))
    (award,) = fresh(session, Award)

    document = browser(None).get(f"/credentials/{award.public_id}.json").json

    jsonschema.validate(document, json.loads(Path(SCHEMA.format(schema)).read_text("utf-8")))
    (identity,) = document["credentialSubject"]["identifier"]
    expected = hash_recipient("mei@university.example", identity["salt"])
    assert (identity["identityHash"], identity["identityType"]) == (expected, "emailAddress")
    assert "evidence" not in document


def test_without_an_email_the_recipient_is_the_lms_user(browser, session, world, assignment):
    submission = hand_in(session, assignment, world.other_learner)
    browser(world.grantor).post(url(submission), data=form_data(submission, "enough", "enough"))
    (award,) = fresh(session, Award)

    (identity,) = json.loads(award.credential)["credentialSubject"]["identifier"]

    sub = f"sub-jonas-student-{world.other_learner.id}"
    assert identity["identityType"] == "ltiUserId"
    assert identity["identityHash"] == hash_recipient(sub, identity["salt"])


def test_a_badge_of_two_assignments_is_awarded_with_the_second(browser, session, world):
    first, second = (
        factories.make_assignment(
            session,
            course,
            world.level_1,
            link=link,
            criterion_positions=(position,),
            grade_rule=rule,
            title=title,
        )
        for course, link, position, rule, title in [
            (world.course, world.link, 0, GradeRule.RUBRIC, "One"),
            (second_course(session, world), None, 1, GradeRule.MET, "Two"),
        ]
    )
    one = hand_in(session, first, world.learner)
    two = hand_in(session, second, world.learner)
    client = browser(world.grantor)

    client.post(url(one), data=form_data(one, "best"))

    assert fresh(session, Award) == []
    assert one.status is SubmissionStatus.MET
    assert told(session, one)["comment"] == "1 of 2 criteria of Research Literacy met"

    client.post(url(two), data=form_data(two, "enough"))

    (award,) = fresh(session, Award)
    assert (one.status, two.status) == (SubmissionStatus.AWARDED, SubmissionStatus.AWARDED)
    for work, points in [(one, 3), (two, 3)]:
        score = told(session, work)
        assert score["comment"].endswith(f"/credentials/{award.public_id}")
        assert (score["scoreGiven"], score["scoreMaximum"]) == (points, 3)


def second_course(session, world):
    course = factories.make_course(session, world.deployment, "course-2", "Writing")
    factories.enrol(session, course, world.learner, Role.LEARNER)
    return course


def test_level_two_is_decided_by_its_own_grantor(browser, session, world):
    assignment = factories.make_assignment(
        session, world.course, world.level_2, link=world.link, criterion_positions=(0, 1, 2)
    )
    submission = hand_in(session, assignment, world.learner)
    data = form_data(submission, "enough", "enough", "enough")

    refused = browser(world.grantor).post(url(submission), data=data)
    page = browser(world.second_grantor).post(url(submission), data=data, follow_redirects=True)

    assert refused.status_code == 403
    assert "Clinical Communication" in refused.text
    assert "the credential is awarded" in page.text
    (award,) = fresh(session, Award)
    document = json.loads(award.credential)
    assert "Badge Level II" in document["credentialSubject"]["achievement"]["tag"]
    assert told(session, submission)["comment"].startswith("Badge Level II awarded: ")


@pytest.mark.parametrize(
    ("decision", "status", "comment", "score"),
    [
        ("revision", SubmissionStatus.REVISION_REQUESTED, "Revision requested: Cite it.", None),
        ("not_met", SubmissionStatus.NOT_MET, "Not met: Cite it.", 3),
    ],
)
def test_a_decision_against_it_tells_why(
    browser, session, world, submission, decision, status, comment, score
):
    data = form_data(submission, "below", "best", decision=decision, reason="Cite it.")

    page = browser(world.grantor).post(url(submission), data=data, follow_redirects=True)

    assert "Assessment recorded" in page.text
    fresh(session, Submission)
    assert submission.status is status
    sent = told(session, submission)
    assert (sent["comment"], sent.get("scoreGiven")) == (comment, score)
    assert fresh(session, Award) == []


def test_not_met_is_zero_where_the_grade_is_full_or_zero(browser, session, world):
    assignment = factories.make_assignment(
        session, world.course, world.level_1, link=world.link, grade_rule=GradeRule.MET
    )
    submission = hand_in(session, assignment, world.learner)
    data = form_data(submission, "best", "below", decision="not_met", reason="No.")

    browser(world.grantor).post(url(submission), data=data)

    assert told(session, submission)["scoreGiven"] == 0


def test_an_assessment_is_kept_whole_and_audited(browser, session, world, submission):
    browser(world.grantor).post(url(submission), data=form_data(submission, "best", "enough"))

    (assessment,) = fresh(session, Assessment)
    assert assessment.decision is Decision.MET
    assert (assessment.points, assessment.max_points) == (4, 6)
    assert assessment.grantor_id == world.grantor.id
    assert [rating.comment for rating in fresh(session, Rating)] == [
        "About Criterion 1",
        "About Criterion 2",
    ]
    actions = {entry.action: entry.facts for entry in fresh(session, AuditEntry)}
    assert len(actions["assessment.recorded"]["ratings"]) == 2
    assert "award.issued" in actions
    assert find_broken_entry(session, world.institution.id) is None


def test_what_a_grantor_types_is_kept_without_control_characters(
    browser, session, world, submission
):
    data = form_data(submission, "best", "below", decision="not_met", reason="No\0.\r\nSee\x1b it.")
    data |= {name: "Cite\0\x08 it.\r\n" for name in data if name.startswith("comment_")}

    browser(world.grantor).post(url(submission), data=data)

    assert [row.reason for row in fresh(session, Assessment)] == ["No.\nSee it."]
    assert {row.comment for row in fresh(session, Rating)} == {"Cite it."}


def test_a_reason_of_control_characters_is_none(browser, session, world, submission):
    data = form_data(submission, "best", "below", decision="not_met", reason="\0\x07")

    page = browser(world.grantor).post(url(submission), data=data)

    assert page.status_code == 422
    assert fresh(session, Assessment) == []


def test_the_student_preview_is_never_awarded(browser, session, world, assignment):
    learner = factories.make_person(
        session, world.course, Role.LEARNER, "Test Student", email="t@t.test", is_test_user=True
    )
    submission = hand_in(session, assignment, learner)

    browser(world.grantor).post(url(submission), data=form_data(submission, "best", "best"))

    assert fresh(session, Award) == []
    assert submission.status is SubmissionStatus.MET
    assert session.scalar(select(Enrolment.is_test_user).where(Enrolment.person_id == learner.id))


def test_who_holds_the_badge_already_keeps_that_one(browser, session, world, submission):
    client = browser(world.grantor)
    client.post(url(submission), data=form_data(submission, "best", "best"))
    (award,) = fresh(session, Award)
    again = factories.make_assignment(session, world.course, world.level_1, link=None)
    more = hand_in(session, again, world.learner)

    client.post(url(more), data=form_data(more, "enough", "enough"))

    assert fresh(session, Award) == [award]
    assert more.status is SubmissionStatus.AWARDED
    # The learner has no gradebook column for it, so nothing but the status can be looked at.
    assert award.revoked_at is None
