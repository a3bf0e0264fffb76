"""Data privacy launches: what is held about a person, and the wish to be forgotten."""

import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from sqlalchemy import func, select

from app.core.audit import AuditEntry
from app.courses.models import Course, Enrolment, ErasureRequest, LtiUser, Person, ResourceLink
from app.launch.claims import AGS, CLAIM, NRPS
from app.launch.models import LaunchSession, PrivacyVisit
from app.launch.service import purge_expired
from tests import factories
from tests.assessment import several
from tests.assessment.several import TEN_MINUTES
from tests.assessment.work import form_data, hand_in
from tests.launch.signing_lms import INSTRUCTOR, LEARNER

ADMINISTRATOR = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"
SYSTEM_ADMINISTRATOR = "http://purl.imsglobal.org/vocab/lis/v2/system/person#Administrator"
BARE = {
    f"{CLAIM}message_type": "LtiDataPrivacyLaunchRequest",
    f"{CLAIM}context": None,
    f"{CLAIM}resource_link": None,
    AGS: None,
    NRPS: None,
}


@pytest.fixture
def sub_of(session):
    return lambda person: session.scalar(select(LtiUser.sub).where(LtiUser.person_id == person.id))


@pytest.fixture
def open_page(lms, sub_of):
    """Launch for somebody's data; return the tool's answer."""

    def launch(browser, viewer, about=None, roles=(), **changes):
        claims = {f"{CLAIM}roles": list(roles), **BARE, **changes}
        if about is not None:
            claims[f"{CLAIM}for_user"] = {"user_id": about}
        sub = viewer if isinstance(viewer, str) else sub_of(viewer)
        return lms.launch(browser, sub=sub, name=None, email=None, **claims)

    return launch


@pytest.fixture
def awarded(browser, session, world):
    """Mei's work, assessed and awarded."""
    assignment = factories.make_assignment(session, world.course, world.level_1, link=world.link)
    submission = hand_in(session, assignment, world.learner)
    data = form_data(submission, "best", "best") | {"staff_note": "Between ourselves"}
    browser(world.grantor).post(f"/assessment/submissions/{submission.id}", data=data)
    session.rollback()
    return submission


@pytest.mark.parametrize(
    "message_type", ["LtiDataPrivacyLaunchRequest", "DataPrivacyLaunchRequest"]
)
def test_a_person_sees_what_is_held_about_them(
    browser, world, session, awarded, open_page, sub_of, message_type
):
    mei = browser()

    launched = open_page(
        mei, world.learner, about=sub_of(world.learner), **{f"{CLAIM}message_type": message_type}
    )
    page = mei.get(launched.location)

    assert launched.status_code == 303
    assert "What Assay holds about you" in page.text
    for words in ("Mei Student", "Literature review", "Research Literacy", "Methods", "Awarded"):
        assert words in page.text
    assert "Open requests" not in page.text


def test_such_a_launch_makes_no_course_no_link_and_no_enrolment(browser, session, open_page):
    tables = (Course, ResourceLink, Enrolment)
    before = [session.scalar(select(func.count()).select_from(table)) for table in tables]
    stranger = browser()

    page = stranger.get(open_page(stranger, "never-seen").location)

    session.rollback()
    assert page.status_code == 200
    after = [session.scalar(select(func.count()).select_from(table)) for table in tables]
    assert before == after


def test_without_for_user_it_is_about_oneself(browser, world, open_page):
    mei = browser()

    assert "Mei Student" in mei.get(open_page(mei, world.learner).location).text


@pytest.mark.parametrize("roles", [[], [LEARNER], [INSTRUCTOR]])
def test_nobody_sees_somebody_else(browser, world, open_page, sub_of, roles, count_sessions):
    page = open_page(browser(), world.learner, about=sub_of(world.other_learner), roles=roles)

    assert page.status_code == 403
    assert "somebody else’s data" in page.text
    assert "Jonas" not in page.text
    assert count_sessions() == 0


@pytest.mark.parametrize("role", [ADMINISTRATOR, SYSTEM_ADMINISTRATOR])
def test_whoever_runs_the_lms_sees_anybody_of_it(browser, world, awarded, open_page, sub_of, role):
    olu = browser()

    page = olu.get(open_page(olu, "olu", about=sub_of(world.learner), roles=[role]).location)

    assert "What Assay holds about a person" in page.text
    assert "Mei Student" in page.text
    assert "Boolean operators" not in page.text, "what the work says is not shown"


def test_somebody_unknown_is_said_to_be_unknown(browser, open_page):
    olu = browser()

    place = open_page(olu, "olu", about="nobody-9", roles=[ADMINISTRATOR]).location
    page = olu.get(place)

    assert "Assay holds nothing about this person" in page.text
    assert olu.post(f"{place}/export.json").status_code == 404
    assert olu.post(f"{place}/erasure").status_code == 404


def test_somebody_of_another_platform_is_unknown_here(app, browser, session, open_page, sub_of):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    olu = browser()
    about = sub_of(other.learner)

    page = olu.get(open_page(olu, "olu", about=about, roles=[ADMINISTRATOR]).location)

    assert "Assay holds nothing about this person" in page.text


@pytest.mark.parametrize("for_user", [{}, {"user_id": ""}, {"user_id": 7}, {"user_id": " x"}, "x"])
def test_a_for_user_that_names_nobody_is_refused(lms, browser, for_user):
    page = lms.launch(browser(), **BARE, **{f"{CLAIM}for_user": for_user})

    assert page.status_code == 403


def test_the_page_is_the_viewers_own_and_runs_out(browser, world, session, open_page):
    mei = browser()
    place = open_page(mei, world.learner).location

    assert browser(world.other_learner).get(place).status_code == 404
    assert browser().get(place).status_code == 401
    assert mei.get("/privacy/guess").status_code == 404
    session.scalars(select(PrivacyVisit)).one().expires_at = datetime.now(UTC)
    session.commit()
    assert mei.get(place).status_code == 404
    purge_expired(session, now=datetime.now(UTC) + timedelta(seconds=1))
    assert session.scalars(select(PrivacyVisit)).all() == []


def test_the_export_is_a_file_with_everything_that_is_held(browser, world, awarded, open_page):
    mei = browser()
    place = open_page(mei, world.learner).location

    answer = mei.post(f"{place}/export.json")
    assert "Between ourselves" not in answer.text, "a note to staff is not the learner's"

    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.headers["Cache-Control"] == "private, no-store"
    data = json.loads(answer.text)
    assert data["person"]["name"] == "Mei Student"
    assert data["person"]["email"] == "Mei@University.example"
    assert data["submissions"][0]["status"] == "awarded"
    assert len(data["submissions"][0]["attempts"][0]["artifacts"][0]["sha256"]) == 64
    assert data["awards"][0]["address"].startswith("https://tool.test/credentials/")
    assert data["courses"][0]["course"] == "Methods"
    assert data["counts"]["submissions"] == 1
    (work,) = data["work"]
    assert "Boolean operators" in work["attempts"][0]["artifacts"][0]["text"]
    assert work["assessments"][0]["decision"] == "met"


def test_the_archive_brings_the_same_with_the_files(browser, world, awarded, open_page):
    mei = browser()
    place = open_page(mei, world.learner).location

    answer = mei.post(f"{place}/export.zip")

    assert answer.mimetype == "application/zip"
    assert "no-store" in answer.headers["Cache-Control"]
    with zipfile.ZipFile(BytesIO(answer.data)) as opened:
        assert json.loads(opened.read("index.json"))["person"]["name"] == "Mei Student"


def test_what_is_not_told_yet_and_recommendations_are_not_handed_out(
    app, browser, world, session, open_page
):
    work = several.recommended_declined_appealed(session, app, world)
    several.record(session, app, work, world.grantor, undo_for=TEN_MINUTES, reason="Not told yet")
    mei = browser()
    place = open_page(mei, world.learner).location

    answer = mei.post(f"{place}/export.json")

    (told,) = json.loads(answer.text)["work"][0]["assessments"]
    assert (told["note"], told["capacity"]) == ("Told", "grantor")
    assert "Not told yet" not in answer.text
    assert "Between assessors" not in answer.text


def test_what_was_handed_out_is_in_the_audit_log(browser, world, session, open_page, sub_of):
    olu = browser()
    place = open_page(olu, "olu", about=sub_of(world.learner), roles=[ADMINISTRATOR]).location

    assert olu.get(f"{place}/export.json").status_code == 405, "reading writes nothing"
    assert olu.post(f"{place}/export.json").status_code == 200

    session.rollback()
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    visit = session.scalars(select(PrivacyVisit)).one()
    assert (entry.action, entry.actor) == ("privacy.exported", f"person:{visit.viewer_id}")
    assert entry.subject == f"person:{world.learner.id}"
    assert entry.facts == {}


def test_what_was_not_handed_out_is_not_in_the_audit_log(browser, world, session, open_page):
    mei = browser()
    place = open_page(mei, world.learner).location

    assert browser(world.other_learner).post(f"{place}/export.json").status_code == 404

    session.rollback()
    assert "privacy.exported" not in session.scalars(select(AuditEntry.action)).all()


def test_a_wish_to_be_forgotten_is_recorded_once_and_audited(
    app, browser, world, session, open_page, sub_of
):
    mei, olu = browser(), browser()
    place = open_page(mei, world.learner).location

    first = mei.post(f"{place}/erasure")
    mei.post(f"{place}/erasure")

    assert (first.status_code, first.location) == (303, place)
    page = mei.get(place)
    assert "Erasure was requested" in page.text
    assert "Request erasure" not in page.text
    session.rollback()
    request = session.scalars(select(ErasureRequest)).one()
    assert (request.person_id, request.requested_by) == (world.learner.id, world.learner.id)
    actions = session.scalars(select(AuditEntry.action)).all()
    assert actions.count("erasure.requested") == 1
    seen = olu.get(open_page(olu, "olu", roles=[ADMINISTRATOR]).location)
    assert re.search(r"Open requests at this LMS.*Mei Student", seen.text, re.DOTALL)
    listed = app.test_cli_runner().invoke(args=["people", "erasure-requests", "--json"])
    assert json.loads(listed.output)[0]["sub"] == sub_of(world.learner)


def test_who_is_forgotten_has_no_name_and_keeps_a_checkable_award(
    app, browser, world, session, awarded, open_page, sub_of
):
    from app.awards.models import Award

    mei = browser()
    place = open_page(mei, world.learner).location
    mei.post(f"{place}/erasure")
    session.rollback()
    award = session.scalars(select(Award)).one()
    document, sub = award.credential, sub_of(world.learner)
    options = ["--platform", str(world.platform.id), "--sub", sub]

    result = app.test_cli_runner().invoke(args=["people", "forget", *options])

    assert result.exit_code == 0, result.output
    assert "Mei" not in result.output
    session.rollback()
    session.expire_all()
    person = session.get_one(Person, world.learner.id)
    assert (person.name, person.email) == (None, None)
    assert session.scalars(select(ErasureRequest)).one().done_at is not None
    assert session.scalars(select(Award)).one().credential == document
    shown = browser().get(f"/credentials/{award.public_id}")
    assert shown.status_code == 200
    assert "Mei Student" not in shown.text
    signed_in = select(func.count()).where(LaunchSession.person_id == person.id)
    assert session.scalar(signed_in) == 0
    assert "person.forgotten" in session.scalars(select(AuditEntry.action)).all()
    verified = app.test_cli_runner().invoke(args=["audit", "verify"])
    assert verified.exit_code == 0, verified.output


def test_forgetting_a_stranger_says_so(app, world):
    result = app.test_cli_runner().invoke(
        args=["people", "forget", "--platform", str(world.platform.id), "--sub", "nobody"]
    )

    assert result.exit_code == 1
    assert "knows nobody as" in result.output


def test_the_wish_needs_the_forms_token(app, browser, world, session, open_page):
    """With the guard of production on: the page's own form works, a foreign one does not."""
    app.config["WTF_CSRF_ENABLED"] = True
    mei = browser()
    place = open_page(mei, world.learner).location
    origin = {"Referer": f"https://tool.test{place}"}
    token = re.search(r'name="csrf_token" value="([^"]+)"', mei.get(place).text)[1]

    foreign = mei.post(f"{place}/erasure", headers=origin)
    own = mei.post(f"{place}/erasure", headers=origin, data={"csrf_token": token})

    assert (foreign.status_code, own.status_code) == (400, 303)


def test_a_learner_finds_their_data_from_their_credentials(browser, world, awarded, session):
    mei = browser(world.learner)
    assert "See and download my data" in mei.get("/my/credentials").text

    opened = mei.post("/privacy")

    assert opened.status_code == 303
    assert "What Assay holds about you" in mei.get(opened.location).text
    exported = mei.post(f"{opened.location}/export.json")
    assert exported.json["person"]["name"] == "Mei Student"
    assert browser(world.other_learner).get(opened.location).status_code == 404
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "privacy.opened")).one()
    assert (entry.actor, entry.subject) == (f"person:{world.learner.id}",) * 2
