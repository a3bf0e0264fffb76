"""Where it is assessed anonymously, no page tells those who assess whose work it is."""

import io
import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from app.assessment.anonymity import alias_of, shown_name
from app.core.crypto import Vault
from app.core.principal import Role
from app.courses.models import Enrolment
from app.evidence.conflict_models import ConflictOfInterest
from app.evidence.models import Artifact, ArtifactKind, SubmissionStatus
from app.evidence.naming import number_files
from app.evidence.storage import open_storage
from app.outbox.models import DeliveryState
from app.passback.models import GradebookCell
from app.passback.service import queue_status
from tests.assessment.several import (
    ASSESSOR,
    again,
    appoint,
    hand_in,
    join,
    needs,
    record,
    url,
)
from tests.assessment.work import form_data

# Name, e-mail, user id in the LMS, and the file that has the name.
NAMES = re.compile(r"\bmei\b|mei student|mei@university|sub-mei|mei_student", re.IGNORECASE)


@pytest.fixture
def vault(app):
    return app.extensions["assay.vault"]


@pytest.fixture
def anonymous(app, settings, session, world, submission):
    """Mei's work for a badge that is assessed anonymously, with a file that has her name."""
    needs(session, world.level_1, 1, anonymous=True)
    stored = open_storage(settings).put(io.BytesIO(b"Words, and no name."))
    session.add(
        Artifact(
            institution_id=world.institution.id,
            attempt_id=submission.attempts[0].id,
            kind=ArtifactKind.FILE,
            file_name="mei_student review.txt",
            media_type="text/plain",
            size_bytes=stored.size_bytes,
            storage_key=stored.key,
            sha256=stored.sha256,
            created_at=datetime.now(UTC),
        )
    )
    session.commit()
    session.expire_all()
    return submission


def place(submission):
    return f"/courses/{submission.course_id}/assignments/{submission.assignment_id}"


def teach(session, person):
    enrolment = session.query(Enrolment).filter_by(person_id=person.id).one()
    enrolment.role = Role.TEACHING_ASSISTANT
    session.commit()


def names_in(text):
    return NAMES.findall(text)


def file_of(submission):
    return next(each for each in submission.attempts[0].artifacts if each.file_name)


def test_an_alias_is_stable_differs_by_work_and_needs_the_key(session, world, anonymous, vault):
    other = hand_in(session, anonymous.assignment, world.other_learner)

    alias = alias_of(anonymous, vault=vault)

    assert alias == alias_of(anonymous, vault=vault)
    assert alias != alias_of(other, vault=vault)
    assert alias != alias_of(anonymous, vault=Vault("another secret, as long as the first one"))
    assert alias.startswith("Learner ")
    assert len(alias) == len("Learner ABC-DEF")


def test_a_group_has_one_alias(session, world, anonymous, vault):
    joined = join(session, anonymous, world.other_learner)

    assert alias_of(joined, vault=vault) == alias_of(anonymous, vault=vault)


def test_names_are_told_where_it_is_not_anonymous(submission, vault):
    assert shown_name(submission, vault=vault) == "Mei Student"


@pytest.mark.parametrize("role", [None, ASSESSOR])
def test_no_page_of_a_grantor_tells_whose_work_it_is(
    browser, session, world, anonymous, vault, role
):
    if role is not None:
        appoint(session, world.grantor, world.level_1, role)
    teach(session, world.grantor)
    client, alias = browser(world.grantor), alias_of(anonymous, vault=vault)
    artifact = file_of(anonymous)
    place_of_it = place(anonymous)
    doors = [
        ("/assessment/queue", alias),
        (url(anonymous), alias),
        (url(anonymous, "/step-aside"), alias),
        (f"{place_of_it}?show=started", alias),
        (f"/artifacts/{artifact.id}", "File 1.txt"),
    ]

    for address, told in doors:
        page = client.get(address)

        assert page.status_code == 200, address
        assert told in page.text, address
        assert names_in(page.text) == [], address


def test_a_file_is_downloaded_under_a_number(browser, world, anonymous):
    artifact = file_of(anonymous)

    page = browser(world.grantor).get(f"/files/artifacts/{artifact.id}?download=1")

    assert page.data == b"Words, and no name."
    assert "File 1.txt" in page.headers["Content-Disposition"]
    assert names_in(str(page.headers)) == []


def test_the_learner_and_staff_who_do_not_assess_read_the_names(browser, world, anonymous):
    artifact = file_of(anonymous)

    for person in (world.learner, world.instructor):
        client = browser(person)
        assert "mei_student review.txt" in client.get(f"/artifacts/{artifact.id}").text
        download = client.get(f"/files/artifacts/{artifact.id}?download=1")
        assert "mei_student review.txt" in download.headers["Content-Disposition"]
    read = browser(world.instructor).get(f"{place(anonymous)}/learners/{anonymous.learner_id}")
    assert "Mei Student" in read.text
    assert "Mei Student" in browser(world.instructor).get(place(anonymous)).text


@pytest.mark.parametrize("decision", ["met", "revision", "not_met"])
def test_what_is_said_afterwards_tells_a_grantor_no_name(
    browser, session, world, anonymous, decision
):
    client = browser(world.grantor)
    data = form_data(anonymous, "best", "best", decision=decision, reason="Because.")

    answer = client.post(url(anonymous), data=data, follow_redirects=True)

    assert answer.status_code == 200
    assert names_in(answer.text) == []
    assert "See the credential" not in answer.text, "its page says whose it is"
    assert names_in(client.get(url(anonymous)).text) == []


def test_refusals_tell_no_name(browser, session, world, anonymous):
    client = browser(world.grantor)
    wrong = client.post(url(anonymous), data={"attempt_id": "1"})
    assert (wrong.status_code, names_in(wrong.text)) == (422, [])
    browser(world.second_grantor).post(url(anonymous, "/start"))
    taken = client.post(url(anonymous, "/start"))
    assert (taken.status_code, names_in(taken.text)) == (409, [])


def test_who_teaches_and_assesses_reads_the_name_once_it_is_decided(
    browser, session, app, world, anonymous
):
    teach(session, world.grantor)
    client = browser(world.grantor)
    read = f"{place(anonymous)}/learners/{anonymous.learner_id}"

    record(session, app, anonymous, world.grantor)

    assert "Mei Student" in client.get(read).text
    assert "mei_student review.txt" in client.get(f"/artifacts/{file_of(anonymous).id}").text
    assert names_in(client.get(url(anonymous)).text) == []


def test_a_revision_decides_nothing_so_the_name_stays_hidden(browser, session, world, anonymous):
    teach(session, world.grantor)
    anonymous.status = SubmissionStatus.REVISION_REQUESTED
    session.commit()

    page = browser(world.grantor).get(f"{place(anonymous)}/learners/{anonymous.learner_id}")

    assert page.status_code == 403
    assert names_in(page.text) == []


def test_hidden_rows_stand_where_no_name_would(browser, session, world, anonymous, vault):
    """By its place among the names, an alias would tell its name."""
    teach(session, world.grantor)

    page = browser(world.grantor).get(place(anonymous)).text

    assert page.index("Jonas Student") < page.index(alias_of(anonymous, vault=vault))


def test_the_class_list_leads_to_anonymous_work_by_the_work_not_the_learner(
    browser, session, world, anonymous, vault
):
    """The learner's number stands beside their name elsewhere."""
    teach(session, world.grantor)
    client, alias = browser(world.grantor), alias_of(anonymous, vault=vault)

    page = client.get(place(anonymous)).text

    assert f'<a href="{url(anonymous)}">{alias}</a>' in page
    assert f"/learners/{anonymous.learner_id}" not in page
    assert client.get(url(anonymous)).status_code == 200


@pytest.mark.parametrize("state", [DeliveryState.FAILED, DeliveryState.DELIVERED])
def test_no_button_of_the_class_list_tells_whose_it_is(browser, session, world, anonymous, state):
    teach(session, world.grantor)
    delivery = queue_status(
        session,
        anonymous.assignment,
        person_id=anonymous.learner_id,
        status="submitted",
        points=None,
        comment="",
        occurred_at=datetime.now(UTC),
        submitted_at=anonymous.submitted_at,
        scored_by=None,
    )
    delivery.state, delivery.delivered_at = state, datetime.now(UTC)
    cell = session.scalars(select(GradebookCell)).one()
    cell.found_at = datetime.now(UTC) if state is DeliveryState.DELIVERED else None
    session.commit()
    buttons = ("Send again", "Replace it with ours")

    page = browser(world.grantor).get(place(anonymous)).text
    staff = browser(world.instructor).get(place(anonymous)).text

    assert "Not accepted" in page or "Changed by hand" in page
    assert [words for words in buttons if words in page] == []
    assert f"/learners/{anonymous.learner_id}" not in page
    assert [words for words in buttons if words in staff] != []


def test_a_learner_s_page_is_closed_to_those_who_assess_until_it_is_decided(
    browser, session, app, world, anonymous, vault
):
    teach(session, world.grantor)
    client = browser(world.grantor)
    address = f"{place(anonymous)}/learners/{anonymous.learner_id}"

    closed = client.get(address)

    assert closed.status_code == 403
    assert "under its alias" in closed.text
    assert alias_of(anonymous, vault=vault) not in closed.text
    record(session, app, anonymous, world.grantor)
    assert client.get(address).status_code == 200


def test_a_draft_has_no_alias_on_the_learner_s_page(browser, session, world, anonymous, vault):
    teach(session, world.grantor)
    anonymous.status, anonymous.submitted_at = SubmissionStatus.DRAFT, None
    anonymous.attempts[0].submitted_at = None
    session.commit()

    page = browser(world.grantor).get(f"{place(anonymous)}/learners/{anonymous.learner_id}")

    assert "Nothing has been handed in yet" in page.text
    assert alias_of(anonymous, vault=vault) not in page.text


def test_who_withdraws_is_not_told_afterwards_either(browser, session, world, anonymous, vault):
    client = browser(world.grantor)
    page = client.get(url(anonymous, "/step-aside"))
    assert 'name="scope"' not in page.text

    client.post(
        url(anonymous, "/step-aside"), data={"scope": "person", "reason": "I know the style."}
    )

    own = client.get("/assessment/conflicts").text
    assert alias_of(anonymous, vault=vault) in own
    assert names_in(own) == []
    again(session)
    assert session.scalars(select(ConflictOfInterest.submission_id)).all() == [anonymous.id]


def test_a_launch_from_the_gradebook_opens_the_same_page(browser, world, anonymous):
    page = browser(world.grantor).get(f"{url(anonymous)}?from_review=1")

    assert page.status_code == 200
    assert names_in(page.text) == []


def test_only_an_ending_that_says_the_kind_is_kept():
    names = ["Mei.pdf", "a.Mei Student", "README", "x.tar.gz", "y.студент", "z.JPEG"]

    assert list(number_files(list(enumerate(names))).values()) == [
        "File 1.pdf",
        "File 2",
        "File 3",
        "File 4.gz",
        "File 5",
        "File 6.jpeg",
    ]


def test_the_learner_is_told_how_it_is_assessed(browser, session, world, anonymous):
    needs(session, world.level_1, 2, anonymous=True)

    page = browser(world.learner).get(f"{place(anonymous)}/work").text

    assert "Leave your name out of what you hand in." in page
    assert "2 grantors assess it" in page
