"""Where launches lead, and what they leave behind."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import structlog
from sqlalchemy import func, select

from app.core.crypto import hash_secret
from app.core.principal import Role
from app.courses.models import Course, Enrolment, LtiUser, Person
from app.launch.claims import AGS, CLAIM, NRPS
from app.launch.models import LaunchSession
from app.platforms.deployments import MAX_PENDING, add_deployment
from app.platforms.models import Deployment, DeploymentStatus, Platform, PlatformStatus
from tests import factories
from tests.conftest import BASE_URL
from tests.launch.signing_lms import GRADER, INSTRUCTOR, LEARNER, place_of


def test_an_instructor_comes_to_the_set_up_of_a_new_activity(lms, browser, world, session):
    page = lms.launch(browser(), role=INSTRUCTOR, sub="teacher-1")

    assert page.status_code == 200
    assert place_of(page) == f"/courses/{world.course.id}/links/{world.link.id}/setup"


def test_a_learner_of_a_new_activity_is_told_to_come_back(lms, browser):
    mei = browser()

    page = mei.get(place_of(lms.launch(mei)))

    assert page.status_code == 200
    assert "not set up yet" in page.text


def test_a_learner_comes_to_the_work_and_staff_to_the_class(lms, browser, world, session):
    assignment = factories.make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    place = f"/courses/{world.course.id}/assignments/{assignment.id}"

    assert place_of(lms.launch(browser())) == f"{place}/work"
    assert place_of(lms.launch(browser(), role=INSTRUCTOR, sub="teacher-1")) == place


def test_a_graders_right_is_an_appointment_not_a_role(lms, browser, world, session):
    sub = session.scalar(select(LtiUser.sub).where(LtiUser.person_id == world.grantor.id))
    other = session.scalar(select(LtiUser.sub).where(LtiUser.person_id == world.grader.id))

    assert place_of(lms.launch(browser(), role=GRADER, sub=sub)) == "/assessment/queue"
    refused = lms.launch(browser(), role=GRADER, sub=other)
    assert refused.status_code == 403
    assert "not appointed as a grantor" in refused.text


def test_a_launch_is_kept_and_a_second_one_changes_only_what_is_new(lms, browser, session):
    mei = browser()
    lms.launch(mei, sub="new-user")
    lms.launch(mei, sub="new-user", name="Mei Student-Chen", **{f"{CLAIM}roles": [INSTRUCTOR]})

    user = session.scalars(select(LtiUser).where(LtiUser.sub == "new-user")).one()
    enrolment = session.scalars(
        select(Enrolment).where(Enrolment.person_id == user.person_id)
    ).one()
    assert session.get(Person, user.person_id).name == "Mei Student-Chen"
    assert enrolment.role is Role.INSTRUCTOR
    assert session.scalar(select(func.count()).select_from(Course)) == 1


def test_a_launch_without_name_mail_or_context_works(lms, browser, session):
    bare = {f"{CLAIM}context": None, "name": None, "email": None, AGS: None, NRPS: None}
    mei = browser()

    page = lms.launch(mei, **bare)
    other_link = lms.launch(
        browser(), **bare, **{f"{CLAIM}resource_link": {"id": "link-2"}, "sub": "user-2"}
    )

    assert (page.status_code, other_link.status_code) == (200, 200)
    assert mei.get(place_of(page)).status_code == 200
    courses = session.scalars(select(Course.context_id).order_by(Course.id)).all()
    assert courses[1:] == ["resource-link:link-1", "resource-link:link-2"]


@pytest.mark.parametrize(
    "roles", [[], ["Learner"], ["Instructor"], ["urn:unknown"], [LEARNER, INSTRUCTOR, "x"]]
)
def test_the_valid_launches_of_the_certification_suite_work(lms, browser, roles):
    mei = browser()

    page = lms.launch(mei, **{f"{CLAIM}roles": roles})

    assert page.status_code == 200
    assert mei.get(place_of(page)).status_code == 200


def test_variables_that_the_lms_did_not_fill_in_are_no_values(lms, browser, session):
    lms.launch(
        browser(),
        sub="user-9",
        name="$Person.name.full",
        email="",
        **{f"{CLAIM}context": {"id": "course-1", "title": "$Context.title"}},
    )

    user = session.scalars(select(LtiUser).where(LtiUser.sub == "user-9")).one()
    assert (user.person.name, user.person.email) == (None, None)
    assert session.scalars(select(Course)).one().title == "Methods"


def test_the_session_cookie_is_bound_to_host_and_partition(lms, browser):
    page = lms.launch(browser())

    cookie = next(c for c in page.headers.getlist("Set-Cookie") if c.startswith("__Host-assay="))
    for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite=None", "Partitioned"):
        assert attribute in cookie
    assert "Domain" not in cookie


def test_a_launch_whose_cookie_was_blocked_offers_a_new_tab(lms, browser, count_sessions):
    mei, blocked = browser(), browser()
    login = lms.login(mei, lti_message_hint="hint 2")
    token = lms.sign(lms.claims(login.nonce))

    page = blocked.post("/lti/launch", data={"id_token": token, "state": login.state})

    assert page.status_code == 200
    assert count_sessions() == 0
    link = re.search(r'href="([^"]+)" target="_blank"', page.text)[1].replace("&amp;", "&")
    assert link.startswith(f"{BASE_URL}/lti/login?iss=")
    assert "lti_message_hint=hint+2" in link
    assert "frame-ancestors https://lms.test" in page.headers["Content-Security-Policy"]
    again = mei.get(link.removeprefix(BASE_URL))
    assert again.status_code == 302
    used = mei.post("/lti/launch", data={"id_token": token, "state": login.state})
    assert used.status_code == 403, "the launch itself is used up"


def test_another_person_in_the_same_browser_ends_the_first_session(lms, browser, session):
    shared = browser()
    first = lms.launch(shared, sub="user-1")
    second = lms.launch(shared, sub="user-2", role=INSTRUCTOR)

    assert first.status_code == second.status_code == 200
    found = session.scalars(select(LaunchSession)).one()
    user = session.scalars(select(LtiUser).where(LtiUser.sub == "user-2")).one()
    assert found.person_id == user.person_id


def test_a_second_launch_of_the_same_person_keeps_the_session(lms, browser, session):
    mei = browser()
    lms.launch(mei)
    lms.launch(mei, **{f"{CLAIM}context": {"id": "course-2"}})

    assert session.scalar(select(func.count()).select_from(LaunchSession)) == 1


def test_an_unknown_deployment_waits_for_approval(lms, browser, session, count_sessions):
    page = lms.launch(browser(), **{f"{CLAIM}deployment_id": "2"})

    assert page.status_code == 403
    assert "waiting for its administrator" in page.text
    assert count_sessions() == 0
    found = session.scalars(select(Deployment).where(Deployment.deployment_id == "2")).one()
    assert found.status is DeploymentStatus.PENDING
    again = lms.launch(browser(), **{f"{CLAIM}deployment_id": "2"})
    assert again.status_code == 403


def test_beyond_so_many_that_wait_a_new_deployment_leaves_no_row(lms, browser, session, world):
    def count() -> int:
        session.rollback()
        return session.scalar(select(func.count()).select_from(Deployment)) or 0

    def launch(deployment_id: str) -> str:
        page = lms.launch(browser(), **{f"{CLAIM}deployment_id": deployment_id})
        assert page.status_code == 403
        return re.sub(r"<code>[0-9A-F]{8}</code>", "", page.text).replace("\n", "")

    for number in range(MAX_PENDING - 1):
        add_deployment(
            session, world.platform, f"w{number}", DeploymentStatus.PENDING, now=factories.NOON
        )
    session.commit()

    last, beyond = launch("last"), launch("beyond")

    assert "waiting for its administrator" in beyond
    assert "waiting for its administrator" in last
    assert count() == 1 + MAX_PENDING
    session.scalars(
        select(Deployment).where(Deployment.deployment_id == "w0")
    ).one().status = DeploymentStatus.BLOCKED
    session.commit()
    launch("beyond")
    assert count() == 2 + MAX_PENDING, "as soon as one is decided, the next may wait"
    assert lms.launch(browser()).status_code == 200, "what is approved is not touched"


def test_a_blocked_deployment_and_a_disabled_platform_are_refused(
    lms, browser, world, session, count_sessions
):
    mei = browser()
    login = lms.login(mei)
    session.get(Deployment, world.deployment.id).status = DeploymentStatus.BLOCKED
    session.commit()
    blocked = lms.launch(mei, login=login)
    session.get(Platform, world.platform.id).status = PlatformStatus.DISABLED
    session.commit()
    disabled = mei.get("/lti/login", query_string={"iss": "https://lms.test", "login_hint": "x"})

    assert (blocked.status_code, disabled.status_code) == (403, 403)
    assert count_sessions() == 0


def test_a_disabled_platform_ends_running_sessions(lms, browser, world, session):
    mei = browser(world.learner)
    assert mei.get("/my/credentials").status_code == 200

    session.get(Platform, world.platform.id).status = PlatformStatus.DISABLED
    session.commit()

    assert mei.get("/my/credentials").status_code == 401


def test_a_login_too_old_is_refused(lms, browser, session):
    from app.launch.models import OidcLogin

    mei = browser()
    login = lms.login(mei)
    row = session.scalars(
        select(OidcLogin).where(OidcLogin.state_hash == hash_secret(login.state))
    ).one()
    row.expires_at = datetime.now(UTC) - timedelta(seconds=1)
    session.commit()

    page = lms.launch(mei, login=login)

    assert page.status_code == 403
    assert "took too long" in page.text


@pytest.mark.parametrize(
    "changes",
    [{"iss": None}, {"login_hint": None}, {"iss": "https://unknown.test"}, {"client_id": "other"}],
)
def test_a_login_that_lacks_something_or_is_unknown_says_so(lms, browser, changes):
    values = {"iss": "https://lms.test", "login_hint": "x", "client_id": "assay"} | changes

    page = browser().post("/lti/login", data={k: v for k, v in values.items() if v})

    assert page.status_code == 403
    assert "This launch did not work" in page.text
    assert re.search(r"reference: *<code>[0-9A-F]{8}</code>", page.text)


def test_a_login_without_client_id_works_while_there_is_one_registration(lms, browser, session):
    assert lms.login(browser(), client_id=None).state

    other = factories.make_institution(session, "second")
    session.add(
        Platform(
            institution_id=other.id,
            name="Same issuer",
            issuer="https://lms.test",
            client_id="second",
            auth_url="https://lms.test/auth2",
            token_url="https://lms.test/token",
            jwks_url="https://lms.test/jwks",
            status=PlatformStatus.ACTIVE,
            created_at=factories.NOON,
        )
    )
    session.commit()

    page = browser().get("/lti/login", query_string={"iss": "https://lms.test", "login_hint": "x"})
    assert page.status_code == 403
    assert lms.login(browser(), client_id=None, lti_deployment_id="1").address.startswith(
        "https://lms.test/auth?"
    )


def test_an_error_of_the_lms_is_told_in_plain_words(lms, browser):
    mei = browser()
    login = lms.login(mei)

    page = mei.post("/lti/launch", data={"error": "login_required", "state": login.state})

    assert page.status_code == 403
    assert "Sign in to it again" in page.text


def test_an_unknown_kind_of_launch_is_refused_politely(lms, browser):
    page = lms.launch(browser(), **{f"{CLAIM}message_type": "LtiSomethingNew"})

    assert page.status_code == 403
    assert "does not know this kind" in page.text


def test_a_test_user_is_marked(lms, browser, session):
    test_user = "http://purl.imsglobal.org/vocab/lti/system/person#TestUser"
    lms.launch(browser(), sub="preview", **{f"{CLAIM}roles": [LEARNER, test_user]})

    user = session.scalars(select(LtiUser).where(LtiUser.sub == "preview")).one()
    enrolment = session.scalars(
        select(Enrolment).where(Enrolment.person_id == user.person_id)
    ).one()
    assert enrolment.is_test_user


def test_rights_end_when_the_course_was_not_opened_for_a_session_length(browser, world, session):
    ines = browser(world.instructor)
    setup = f"/courses/{world.course.id}/links/{world.link.id}/setup"
    assert ines.get(setup).status_code == 200

    enrolment = session.scalars(
        select(Enrolment).where(Enrolment.person_id == world.instructor.id)
    ).one()
    enrolment.last_launched_at = datetime.now(UTC) - timedelta(hours=13)
    session.commit()

    assert ines.get(setup).status_code == 404


def test_no_name_or_token_is_logged_when_a_launch_is_refused(lms, browser):
    with structlog.testing.capture_logs() as events:
        lms.launch(browser(), **{f"{CLAIM}version": "1.1"})

    (event,) = [event for event in events if event["event"] == "launch refused"]
    assert event["cause"] == "version"
    for secret in ("Mei Student", "mei@university.example", "eyJ", "user-1"):
        assert secret not in str(events)


def test_expired_rows_are_purged(app, lms, browser, session):
    from app.launch.models import OidcLogin
    from app.launch.service import purge_expired

    lms.launch(browser())

    gone = purge_expired(session, now=datetime.now(UTC) + timedelta(days=2))

    assert gone == 2
    assert session.scalar(select(func.count()).select_from(OidcLogin)) == 0
