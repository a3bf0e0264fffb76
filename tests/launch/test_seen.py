"""What launches told is kept for the self-test page, and costs no write when it is not news."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from app.core.db import db
from app.launch.claims import AGS, CLAIM, NRPS
from app.launch.observing import observe
from app.platforms.health import State, report
from app.platforms.models import Deployment, DeploymentStatus, Platform, PlatformStatus
from app.platforms.seen import MAX_WORDS, merge
from tests.launch.signing_lms import INSTRUCTOR

TODAY = datetime.now(UTC).date().isoformat()


@pytest.fixture
def seen(session, world):
    """What is kept of the world's deployment, as committed."""

    def read():
        session.rollback()
        session.expire_all()
        return session.get(Deployment, world.deployment.id).seen or {}

    return read


@pytest.fixture
def written(app):
    """The statements that wrote a deployment's row, as the test goes on."""
    statements = []

    def note(_connection, _cursor, statement, *_rest):
        if statement.startswith("UPDATE deployment"):
            statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def test_a_launch_tells_what_the_deployment_has(lms, browser, seen):
    lms.launch(browser(), **{"https://www.instructure.com/placement": "course_navigation"})

    words = seen()
    assert set(words.values()) == {TODAY}
    assert {
        *("message:LtiResourceLinkRequest", "cookie", "name", "email", "ags", "roster"),
        *("scope:lineitem", "scope:score", "scope:result.readonly", "lineitem"),
        "placement:course_navigation",
    } <= set(words)


def test_what_is_missing_is_told_too(lms, browser, seen):
    lms.launch(browser(), **{AGS: None, NRPS: None, "name": None, "email": None})

    assert {"no_ags", "no_roster", "no_name", "no_email"} <= set(seen())


def test_product_frame_and_notices_are_told(lms, browser, seen):
    lms.launch(
        browser(),
        **{
            f"{CLAIM}tool_platform": {"product_family_code": "moodle", "version": "2024100706"},
            f"{CLAIM}launch_presentation": {"document_target": "iframe"},
            f"{CLAIM}platformnotificationservice": {"service_versions": ["1.0"]},
            f"{CLAIM}custom": {"assay_course_history": ""},
        },
    )

    expected = {"product:moodle 2024100706", "target:iframe", "notices", "history"}
    assert expected <= set(seen())


def test_the_platforms_storage_is_told(framed, seen):
    framed().launch()

    assert {"storage", "no_cookie"} <= set(seen())


def test_a_blocked_cookie_is_told(lms, browser, seen):
    login = lms.login(browser())
    token = lms.sign(lms.claims(login.nonce))

    browser().post("/lti/launch", data={"id_token": token, "state": login.state})

    assert "no_cookie" in seen()


def test_launches_that_tell_the_same_write_once(lms, browser, written):
    for number in range(4):
        lms.launch(browser(), sub=f"user-{number}")

    assert len(written) == 1


def test_what_is_new_is_written_once(lms, browser, written, seen):
    lms.launch(browser())
    for number in range(3):
        lms.launch(browser(), role=INSTRUCTOR, sub=f"user-{number}", email=None)

    assert len(written) == 2
    assert {"email", "no_email"} <= set(seen())


def test_a_variable_that_was_not_filled_in_is_no_history():
    body = {
        f"{CLAIM}message_type": "LtiResourceLinkRequest",
        f"{CLAIM}custom": {"assay_course_history": "$Context.id.history"},
        AGS: {"scope": "not a list", "lineitems": 7},
        f"{CLAIM}launch_presentation": {"document_target": ["x"]},
        f"{CLAIM}tool_platform": "x",
        "https://www.instructure.com/placement": "a b; c",
    }

    words = observe(body, has_cookie=True, has_storage=False)

    assert words == {"message:LtiResourceLinkRequest", "cookie", "no_name", "no_email", "ags"}


def test_what_is_kept_has_an_end():
    day = datetime(2026, 11, 1, tzinfo=UTC).date()
    seen = {}
    for number in range(3 * MAX_WORDS):
        seen = merge(seen, [f"product:{number}"], today=day + timedelta(days=number))

    assert len(seen) == MAX_WORDS
    assert f"product:{3 * MAX_WORDS - 1}" in seen


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({}, State.UNKNOWN),
        ({"scope:score": "2026-11-02"}, State.WORKS),
        ({"scope:score": "2026-11-02", "no_ags": "2026-11-01"}, State.WORKS),
        ({"scope:score": "2026-11-02", "no_ags": "2026-11-02"}, State.PARTLY),
        ({"scope:score": "2026-11-01", "no_ags": "2026-11-02"}, State.MISSING),
        ({"no_ags": "2026-11-02"}, State.MISSING),
        ({"ags": "2026-11-02"}, State.MISSING),
    ],
    ids=str,
)
def test_the_latest_word_decides(words, expected):
    launched = {"message:LtiResourceLinkRequest": "2026-11-02"} if words else {}

    [found] = [
        item for item in report({**words, **launched}, "moodle", None) if item.key == "scores"
    ]

    assert found.state is expected


def test_each_lms_is_told_its_own_way_and_an_unknown_one_all():
    seen = {"message:LtiResourceLinkRequest": "2026-11-02", "no_ags": "2026-11-02"}

    def guides(family):
        [found] = [item for item in report(seen, family, None) if item.key == "line_items"]
        return [guide.lms for guide in found.guides]

    assert guides("Moodle") == ["Moodle"]
    assert guides("canvas") == ["Canvas"]
    assert guides("desire2learn") == ["Brightspace"]
    assert guides("blackboardlearn") == ["Blackboard"]
    assert guides(None) == ["Moodle", "Canvas", "Brightspace", "Blackboard"]


def test_what_an_lms_does_not_have_is_not_missing():
    seen = {"message:LtiResourceLinkRequest": "2026-11-02"}

    states = {item.key: item.state for item in report(seen, "moodle", None)}
    assert states["notices"] is State.NOT_OFFERED
    assert states["storage"] is State.NOT_OFFERED
    canvas = {item.key: item.state for item in report(seen, "canvas", None)}
    assert canvas["submission_review"] is State.NOT_OFFERED
    assert canvas["line_items"] is State.MISSING, "grades do not work without"
    assert canvas["notices"] is State.ABSENT


def test_a_platform_that_waits_refuses_politely_and_keeps_nothing(lms, browser, session, world):
    session.get(Platform, world.platform.id).status = PlatformStatus.PENDING
    session.commit()

    page = browser().get("/lti/login?iss=https://lms.test&client_id=assay&login_hint=x")

    assert page.status_code == 403
    assert "waits for its own administrator" in page.text
    assert "Not open yet" in page.text


def test_a_platform_that_is_sent_back_to_waiting_refuses_a_launch_under_way(
    lms, browser, session, world, count_sessions
):
    mei = browser()
    login = lms.login(mei)
    session.get(Platform, world.platform.id).status = PlatformStatus.PENDING
    session.commit()

    page = lms.launch(mei, login=login)

    assert page.status_code == 403
    assert count_sessions() == 0


def test_a_new_deployment_waits_unless_the_platform_approves_by_itself(
    lms, browser, session, world
):
    waiting = lms.launch(browser(), **{f"{CLAIM}deployment_id": "2"})
    session.get(Platform, world.platform.id).approves_deployments = True
    session.commit()
    let_in = lms.launch(browser(), **{f"{CLAIM}deployment_id": "3"})
    still_waiting = lms.launch(browser(), **{f"{CLAIM}deployment_id": "2"})

    assert (waiting.status_code, let_in.status_code, still_waiting.status_code) == (403, 200, 403)
    statuses = {
        item.deployment_id: item.status
        for item in session.query(Deployment).filter_by(platform_id=world.platform.id)
    }
    assert statuses["3"] is DeploymentStatus.ACTIVE
    assert statuses["2"] is DeploymentStatus.PENDING
