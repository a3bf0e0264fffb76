"""What assessors recommend and who reads it; whether enough people are appointed."""

import pytest
from sqlalchemy import select

from app.assessment.models import Assessment, Decision
from app.core.principal import Role
from app.courses.models import Enrolment
from app.evidence.models import SubmissionStatus
from tests.assessment.several import (
    ASSESSOR,
    MODERATOR,
    again,
    appoint,
    needs,
    record,
    url,
)
from tests.assessment.work import form_data
from tests.campus import make_administrator

SECRET = "Only for those who may read it."
NO = Decision.NOT_MET


@pytest.fixture
def two(session, world):
    """The badge needs two grantors; both of them teach the course, too."""
    needs(session, world.level_1, 2)
    for person in (world.grantor, world.second_grantor):
        enrolment = session.query(Enrolment).filter_by(person_id=person.id).one()
        enrolment.role = Role.TEACHING_ASSISTANT
    session.commit()


def say(session, app, submission, person, **facts):
    """Record with words that are easily found on a page."""
    criteria = submission.assignment.criteria
    comments = {criterion.id: SECRET for criterion in criteria}
    return record(session, app, submission, person, comments=comments, **facts)


@pytest.fixture
def assessor(session, world):
    """Nora recommends."""
    appoint(session, world.grader, world.level_1, ASSESSOR)
    return world.grader


def test_an_assessor_recommends_and_a_grantor_starts_from_it(
    browser, session, world, submission, assessor
):
    nora, priya = browser(assessor), browser(world.grantor)
    workbench = nora.get(url(submission)).text
    assert "You recommend; a grantor decides" in workbench
    assert "Recommend</button>" in workbench
    said = form_data(submission, "enough", "best", decision="met", reason="Clear enough.")
    nora.post(url(submission), data=said)
    assert "Your recommendation is recorded" in nora.get(url(submission)).text
    again(session)
    assert submission.status is SubmissionStatus.IN_ASSESSMENT
    recommended = session.scalars(select(Assessment)).one()

    page = priya.get(url(submission)).text

    assert "Nora Grader recommends: Met" in page
    assert "Clear enough." in page
    started = priya.get(f"{url(submission)}?from={recommended.id}").text
    assert "The rubric below starts from this." in started
    for rating in recommended.ratings:
        name = f'name="criterion_{rating.criterion_id}"'
        (control,) = [
            tag
            for tag in started.split("<input")
            if name in tag and f'value="{rating.rubric_level_id}"' in tag
        ]
        assert "checked" in control.split(">")[0]
    assert started.count("About Criterion 1</textarea>") == 1


def test_a_recommendation_of_another_work_is_not_taken_over(
    browser, session, app, world, submission, assessor
):
    record(session, app, submission, assessor)
    client = browser(world.grantor)

    assert client.get(f"{url(submission)}?from=999").status_code == 404
    assert client.get(f"{url(submission)}?from=none").status_code == 200


def test_assessors_do_not_read_each_other_nor_what_is_not_told(
    browser, session, app, world, submission, assessor
):
    appoint(session, world.assistant, world.level_1, ASSESSOR)
    say(session, app, submission, assessor)
    other = browser(world.assistant)
    assert SECRET not in other.get(url(submission)).text

    record(session, app, submission, world.grantor)

    assert SECRET in other.get(url(submission)).text, "it is decided, and told"


def test_the_learner_is_never_told_who_recommended_what(
    browser, session, app, world, submission, assessor
):
    say(session, app, submission, assessor)
    record(session, app, submission, world.grantor)
    place = f"/courses/{submission.course_id}/assignments/{submission.assignment_id}"

    for page in (f"{place}/feedback", f"{place}/work"):
        assert SECRET not in browser(world.learner).get(page).text


def test_an_administrator_reads_who_assesses_and_how_far_they_agree(
    browser, session, app, world, submission, two
):
    make_administrator(session, world.instructor)
    admin = browser(world.instructor)
    address = f"/admin/achievements/{world.level_1.achievement_id}/assessing"
    assert "Nobody could settle a disagreement" in admin.get(address).text
    assert "no work was assessed by two grantors" in admin.get(address).text
    appoint(session, world.grader, world.level_1, MODERATOR)
    appoint(session, world.assistant, world.level_1, ASSESSOR)
    record(session, app, submission, world.grantor, "best", "best")
    record(session, app, submission, world.second_grantor, "enough", "best")

    page = admin.get(address).text

    assert "Enough people are appointed" in page
    for words in ("Nora Grader", "Moderator", "Tariq Assistant", "Assessor", "50 %", "100 %"):
        assert words in page
    assert browser(world.grantor).get(address).status_code == 403
    assert admin.get("/admin/achievements/999/assessing").status_code == 404


@pytest.mark.parametrize(
    ("needed", "said"),
    [
        (1, None),
        (2, "Nobody could settle a disagreement"),
        (3, "“Research Literacy” needs 3 grantors who agree; 2 can assess here."),
    ],
)
def test_the_class_page_says_whether_enough_are_appointed(
    browser, session, world, assignment, needed, said
):
    needs(session, world.level_1, needed)

    page = browser(world.instructor).get(f"/courses/{world.course.id}/assignments/{assignment.id}")

    warnings = ("Nobody could settle", "Not enough grantors", "Nobody can")
    if said:
        assert said in page.text
    else:
        assert not any(warning in page.text for warning in warnings)
