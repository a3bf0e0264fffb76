"""A group's work is one for those who assess it, by whichever of the group's numbers."""

import pytest
from sqlalchemy import select

from app.assessment.dialogue_models import SubmissionMessage
from app.assessment.models import Assessment
from app.evidence.conflict_models import ConflictOfInterest
from app.evidence.conflicts import DECLARED
from app.evidence.models import SubmissionStatus
from tests import factories
from tests.assessment.several import TEN_MINUTES, again, join, record, url
from tests.assessment.work import form_data
from tests.factories import NOON

# One that leads on by the queue tells nothing of the work, and is asked by its own test.
LEADS_ON = "assessment.beside"


@pytest.fixture
def member(session, world, submission):
    """The submission of Jonas, who handed in with Mei; hers holds the work."""
    submission.assignment.max_group_size = 3
    return join(session, submission, world.other_learner)


def doors(app, number):
    """Every address of a submission for those who assess it, with the method to ask by."""
    for rule in app.url_map.iter_rules():
        is_bench = rule.rule.startswith("/assessment/submissions/")
        if is_bench and rule.arguments == {"submission_id"} and rule.endpoint != LEADS_ON:
            for method in rule.methods & {"GET", "POST"}:
                yield method, rule.build({"submission_id": number})[1]


def test_a_conflict_with_whoever_began_closes_every_door_by_another_s_number(
    app, browser, session, world, submission, member
):
    session.add(
        ConflictOfInterest(
            institution_id=world.institution.id,
            person_id=world.grantor.id,
            learner_id=world.learner.id,
            reason="Cousins.",
            declared_by=world.grantor.id,
            declared_at=NOON,
        )
    )
    session.commit()
    found = list(doors(app, member.id))
    assert len(found) > 12

    for method, address in found:
        data = {**form_data(submission, "best", "best"), "reason": "R.", "body": "B."}
        page = browser(world.grantor).open(
            address, method=method, data=data if method == "POST" else None
        )

        assert page.status_code == 403, (method, address)
        assert DECLARED in page.text, (method, address)
    again(session)
    assert session.scalar(select(Assessment)) is None


def test_a_message_by_another_s_number_reaches_the_thread_of_all(
    browser, session, world, submission, member
):
    sent = browser(world.grantor).post(url(member, "/messages"), data={"body": "Which table?"})

    assert sent.status_code == 303
    again(session)
    assert session.scalars(select(SubmissionMessage.submission_id)).all() == [submission.id]
    place = f"/courses/{submission.course_id}/assignments/{submission.assignment_id}"
    for learner in (world.learner, world.other_learner):
        assert "Which table?" in browser(learner).get(f"{place}/questions").text
    assert "Which table?" in browser(world.grantor).get(url(member, "/messages")).text


def test_withdrawing_by_another_s_number_is_withdrawing_from_the_work(
    browser, session, world, submission, member
):
    client = browser(world.grantor)

    client.post(url(member, "/step-aside"), data={"scope": "work", "reason": "My tutee."})

    again(session)
    assert session.scalars(select(ConflictOfInterest.submission_id)).all() == [submission.id]
    assert client.get(url(submission)).status_code == 403
    assert client.get(url(member)).status_code == 403


def test_started_drafted_and_recorded_by_another_s_number_it_is_the_group_s(
    browser, session, world, submission, member
):
    client = browser(world.grantor)

    client.post(url(member, "/start"))
    again(session)
    assert submission.assessor_id == world.grantor.id
    assert member.assessor_id is None
    data = form_data(submission, "best", "best")
    assert client.post(url(member, "/draft"), data=data).status_code == 303
    recorded = client.post(url(member), data=data)

    assert recorded.status_code == 303
    again(session)
    assert submission.status is member.status is SubmissionStatus.AWARDED


def test_undone_by_another_s_number_it_is_undone_for_all(
    app, browser, session, world, submission, member
):
    record(session, app, submission, world.grantor, undo_for=TEN_MINUTES)
    client = browser(world.grantor)

    counting = client.get(url(member, "/decision"))
    client.post(url(member, "/undo"))

    assert "minute" in counting.text
    again(session)
    assert submission.decided_at is None
    assert session.scalars(select(Assessment)).one().undone_at is not None


def test_another_institution_s_stays_closed(app, browser, session, world, submission, member):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")

    for method, address in doors(app, member.id):
        page = browser(other.grantor).open(address, method=method, data=None)
        assert page.status_code in {404, 422}, (method, address)
