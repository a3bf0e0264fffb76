"""Where it is assessed anonymously, no door tells a file's name: it may be the learner's."""

import io
import re

import pytest
from sqlalchemy import select

from app.assessment.models import Decision
from app.core.principal import Role
from app.courses.models import Enrolment
from app.evidence.models import Artifact, ScanState, Submission
from tests.assessment.several import again, needs, record, url
from tests.assessment.test_anonymous import names_in, place
from tests.assessment.work import form_data
from tests.factories import make_assignment

STATES = (ScanState.CLEAN, ScanState.WAITING, ScanState.INFECTED)
KINDS = {"submission_id", "artifact_id"}


@pytest.fixture
def handed_in(browser, session, app, world):
    """Mei's work for a badge that shows work: two attempts, files in every state of checking."""
    needs(session, world.level_2, 1, anonymous=True)
    assignment = make_assignment(session, world.course, world.level_2, link=None)
    assignment.max_files = 3
    session.commit()
    mei = browser(world.learner)
    for number in (1, 2):
        files = [
            (io.BytesIO(f"Words {number} {state}".encode()), f"mei_student {state} {number}.txt")
            for state in STATES
        ]
        sent = mei.post(
            f"/courses/{assignment.course_id}/assignments/{assignment.id}/work",
            data={"files": files, "text": "x", "hand_in": "1"},
            content_type="multipart/form-data",
        )
        assert sent.status_code == 303, sent.text
        again(session)
        submission = session.scalars(select(Submission)).one()
        if number == 1:
            record(session, app, submission, world.second_grantor, decision=Decision.REVISION)
    for artifact in session.scalars(select(Artifact).where(Artifact.file_name.is_not(None))):
        artifact.scan_state = ScanState(artifact.file_name.split()[1])
    session.commit()
    session.expire_all()
    return submission


@pytest.fixture
def client(browser, session, world):
    """Somebody who assesses it, and teaches."""
    enrolment = session.query(Enrolment).filter_by(person_id=world.second_grantor.id).one()
    enrolment.role = Role.TEACHING_ASSISTANT
    session.commit()
    return browser(world.second_grantor)


def doors(app, submission):
    """Every address that shows one submission or one artifact to those who assess."""
    newest = submission.attempts[-1].number
    for rule in app.url_map.iter_rules():
        room = rule.endpoint.partition(".")[0]
        if "GET" not in rule.methods or room not in {"assessment", "evidence"}:
            continue
        if rule.arguments & KINDS == {"submission_id"}:
            values = {"submission_id": submission.id, "number": newest}
            yield rule.build({name: values[name] for name in rule.arguments})[1]
        for attempt in submission.attempts:
            for artifact in attempt.artifacts:
                if rule.arguments & KINDS == {"artifact_id"}:
                    values = {"artifact_id": artifact.id, "number": 1}
                    yield rule.build({name: values[name] for name in rule.arguments})[1]


@pytest.mark.parametrize("is_decided", [False, True])
def test_no_door_tells_a_file_s_name(app, client, session, world, handed_in, is_decided):
    if is_decided:
        shown = [each.id for each in handed_in.attempts[-1].artifacts if each.file_name]
        data = form_data(handed_in, *["best"] * len(handed_in.assignment.criteria))
        done = client.post(url(handed_in), data=data | {"shown_artifacts": shown[0]})
        assert done.status_code == 303, done.text
        teach_no_more(session, world.second_grantor)
        again(session)
    addresses = list(doors(app, handed_in))
    assert len(addresses) > len(STATES) * 2 * 3

    for address in addresses:
        page = client.get(address)

        assert page.status_code in {200, 303, 403, 404, 503}, address
        assert names_in(page.text) == [], address
        assert names_in(str(page.headers)) == [], address


def teach_no_more(session, person):
    """Take the right to read the names once it is decided: those who teach as well have it."""
    session.query(Enrolment).filter_by(person_id=person.id).one().role = Role.GRADER
    session.commit()


def test_the_files_have_the_same_numbers_everywhere(client, handed_in):
    clean, waiting, infected = (each for each in handed_in.attempts[-1].artifacts if each.file_name)
    bench = client.get(url(handed_in)).text

    assert re.search(r'name="shown_artifacts"[^>]*>\s*<label[^>]*>\s*File 1\.txt', bench)
    assert "“File 2.txt”" in bench
    assert "“File 3.txt”" in bench
    for number, artifact in enumerate((clean, waiting, infected), start=1):
        assert f"File {number}.txt" in client.get(f"/artifacts/{artifact.id}").text
    history = client.get(f"/submissions/{handed_in.id}/history").text
    assert history.count("File 1.txt") == 2
    assert "File 1.txt" in client.get(f"/submissions/{handed_in.id}/attempts/2/changes").text


def test_what_may_be_shown_with_the_award_is_chosen_and_told_by_number(client, session, handed_in):
    artifact = next(each for each in handed_in.attempts[-1].artifacts if each.file_name)
    data = form_data(handed_in, *["best"] * len(handed_in.assignment.criteria))

    client.post(url(handed_in), data=data | {"shown_artifacts": artifact.id})

    page = client.get(url(handed_in)).text
    assert "May be shown with the award, if the learner agrees:\n        File 1.txt" in page
    again(session)
    read = client.get(f"{place(handed_in)}/learners/{handed_in.learner_id}").text
    assert artifact.file_name in read, "decided: who teaches is told"


@pytest.mark.parametrize(("state", "status"), [("waiting", 503), ("infected", 403)])
def test_a_file_that_is_not_opened_is_refused_without_its_name(client, handed_in, state, status):
    artifact = next(
        each for each in handed_in.attempts[-1].artifacts if each.scan_state.value == state
    )

    page = client.get(f"/files/artifacts/{artifact.id}")

    assert page.status_code == status
    assert "This file is" in page.text
    assert names_in(page.text) == []


def test_the_learner_and_staff_who_do_not_assess_read_the_names(browser, world, handed_in):
    changes = f"/submissions/{handed_in.id}/attempts/2/changes"
    history = f"/submissions/{handed_in.id}/history"

    for person in (world.learner, world.instructor):
        for address in (changes, history):
            assert "mei_student waiting 2.txt" in browser(person).get(address).text
