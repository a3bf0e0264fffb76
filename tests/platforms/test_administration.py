"""The pages of an administrator: what they show and do, and for whom."""

import re

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.clock import utcnow
from app.core.crypto import hash_secret
from app.platforms.deployments import MAX_PENDING, add_deployment
from app.platforms.models import (
    DeploymentStatus,
    Invitation,
    Platform,
    PlatformStatus,
)
from tests import factories
from tests.campus import make_administrator, make_platform

VALUES = {
    "name": "Second Moodle",
    "issuer": "https://moodle.test",
    "client_id": "abc",
    "deployment_id": "1",
    "auth_url": "https://moodle.test/auth",
    "token_url": "https://moodle.test/token",
    "jwks_url": "https://moodle.test/jwks",
}


@pytest.fixture
def pending(world, session):
    """A platform that registered itself and named its deployment."""
    platform, deployment = make_platform(session, world.institution, "https://waiting.test")
    platform.status = PlatformStatus.PENDING
    platform.told = {"deployment_id": "1", "scopes": [], "strange": []}
    deployment.status = DeploymentStatus.PENDING
    session.commit()
    return platform


@pytest.fixture
def again(session):
    """A row as committed now."""

    def read(row):
        session.rollback()
        session.expire_all()
        return session.get(type(row), row.id)

    return read


@pytest.mark.parametrize(
    "address",
    ["/admin", "/admin/invitations", "/admin/connect", "/admin/keys", "/admin/platforms/add"],
)
def test_only_an_administrator_comes_in(browser, world, admin, address):
    assert browser(world.assistant).get(address).status_code == 403
    assert browser().get(address).status_code == 401
    assert admin.get(address).status_code == 200


def test_an_administrator_whose_time_is_over_stays_out(browser, world, session):
    administrator = make_administrator(session, world.assistant)
    tariq = browser(world.assistant)
    assert tariq.get("/admin").status_code == 200

    administrator.ended_at = utcnow()
    session.commit()

    assert tariq.get("/admin").status_code == 403


def test_another_institution_s_platforms_do_not_exist(app, admin, session):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    place = f"/admin/platforms/{other.platform.id}"

    assert "other.test" not in admin.get("/admin").text
    for address in (place, f"{place}/edit", f"{place}/deployments/{other.deployment.id}"):
        assert admin.get(address).status_code == 404
    for act in ("approve", "disable", "enable", "edit"):
        assert admin.post(f"{place}/{act}", data=VALUES).status_code == 404
    for act in ("approve", "block", "test"):
        address = f"{place}/deployments/{other.deployment.id}/{act}"
        assert admin.post(address).status_code == 404


def test_a_deployment_of_another_platform_is_not_found_under_this_one(app, admin, world, session):
    _platform, deployment = make_platform(session, world.institution, "https://second.test")
    session.commit()

    page = admin.post(f"/admin/platforms/{world.platform.id}/deployments/{deployment.id}/block")

    assert page.status_code == 404


def test_an_administrator_finds_the_way_at_the_foot_of_every_page(browser, world, admin):
    link = 'href="/admin"'

    assert link in admin.get("/my/credentials").text
    assert link not in browser(world.learner).get("/my/credentials").text


def test_what_waits_is_seen_in_the_list(admin, pending):
    page = admin.get("/admin").text

    assert "Waits for approval" in page
    assert "1 waits" in page


def test_a_platform_is_approved_with_the_deployment_that_it_named(admin, pending, again, session):
    page = admin.post(f"/admin/platforms/{pending.id}/approve", data={"approves_deployments": "y"})

    assert page.status_code == 303
    platform = again(pending)
    assert platform.status is PlatformStatus.ACTIVE
    assert platform.approves_deployments
    assert [item.status for item in platform.deployments] == [DeploymentStatus.ACTIVE]
    actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions[-2:] == ["platform.active", "deployment.active"]


def test_a_platform_is_approved_once(admin, pending):
    admin.post(f"/admin/platforms/{pending.id}/approve")

    assert admin.post(f"/admin/platforms/{pending.id}/approve").status_code == 409


def test_a_waiting_platform_is_not_switched_on_past_its_approval(admin, pending, again):
    assert admin.post(f"/admin/platforms/{pending.id}/enable").status_code == 409
    assert again(pending).status is PlatformStatus.PENDING


def test_a_waiting_platform_is_declined(admin, pending, again):
    admin.post(f"/admin/platforms/{pending.id}/disable")

    assert again(pending).status is PlatformStatus.DISABLED
    assert admin.get(f"/admin/platforms/{pending.id}").status_code == 200


def test_one_s_own_platform_switched_off_ends_on_a_page_that_opens(admin, world):
    page = admin.post(f"/admin/platforms/{world.platform.id}/disable", follow_redirects=True)

    assert page.status_code == 200
    assert "your own session ended too" in page.text
    assert "frame-ancestors *" in page.headers["Content-Security-Policy"]
    assert admin.get("/admin").status_code == 401


def test_a_platform_is_entered_by_hand(admin, session):
    page = admin.post("/admin/platforms/add", data=VALUES)

    platform = session.query(Platform).filter_by(issuer="https://moodle.test").one()
    assert page.location == f"/admin/platforms/{platform.id}"
    assert platform.status is PlatformStatus.ACTIVE
    [deployment] = platform.deployments
    assert (deployment.deployment_id, deployment.status) == ("1", DeploymentStatus.ACTIVE)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("auth_url", "javascript:alert(1)", "beginning with https://"),
        ("token_url", "moodle.test/token", "beginning with https://"),
        ("jwks_url", "https://[", "beginning with https://"),
        ("jwks_url", "https://a; b", "beginning with https://"),
        ("issuer", "", "Give the issuer"),
        ("client_id", "x" * 300, "255"),
        ("name", " \u200b ", "Give the LMS a name"),
    ],
)
def test_a_wrong_value_comes_back_with_its_reason_and_nothing_is_lost(
    admin, session, field, value, words
):
    page = admin.post("/admin/platforms/add", data=VALUES | {field: value})

    assert page.status_code == 422
    assert words in page.text
    assert 'value="https://moodle.test/auth"' in page.text or field == "auth_url"
    assert session.query(Platform).filter_by(issuer="https://moodle.test").count() == 0


def test_a_known_issuer_and_client_id_are_refused(admin, world):
    values = VALUES | {"issuer": world.platform.issuer, "client_id": world.platform.client_id}

    page = admin.post("/admin/platforms/add", data=values)

    assert page.status_code == 422
    assert "registered already" in page.text


def test_changed_addresses_are_kept_and_old_keys_forgotten(admin, world, session, again):
    world.platform.jwks = {"keys": []}
    session.commit()
    values = {**VALUES, "approves_deployments": "y", "token_audience": "https://aud.moodle.test"}

    admin.post(f"/admin/platforms/{world.platform.id}/edit", data=values)

    platform = again(world.platform)
    assert (platform.issuer, platform.client_id) == ("https://lms.test", "assay"), "never changed"
    assert platform.jwks_url == "https://moodle.test/jwks"
    assert platform.jwks is None
    assert platform.token_audience == "https://aud.moodle.test"
    assert platform.approves_deployments
    facts = session.scalars(select(AuditEntry.facts).order_by(AuditEntry.id.desc())).first()
    assert "jwks_url" in facts["changed"]


def test_at_most_so_many_waiting_deployments_are_shown_before_the_others(admin, world, session):
    def list_all():
        page = admin.get(f"/admin/platforms/{world.platform.id}").text
        return re.findall(r'<a class="address" href="[^"]+">([^<]+)</a>', page), page

    for number in range(MAX_PENDING - 1):
        add_deployment(
            session, world.platform, f"w{number}", DeploymentStatus.PENDING, now=utcnow()
        )
    session.commit()
    few = list_all()
    for name in ("last", "too many"):
        add_deployment(session, world.platform, name, DeploymentStatus.PENDING, now=utcnow())
    session.commit()
    shown, page = list_all()

    assert few[0] == [*(f"w{number}" for number in range(MAX_PENDING - 1)), "1"]
    assert "Many deployments wait" not in few[1]
    assert shown == [*(f"w{number}" for number in range(MAX_PENDING - 1)), "last", "1"]
    assert "Many deployments wait" in page


def test_a_deployment_is_approved_and_blocked(admin, world, session, again, browser):
    other, deployment = make_platform(session, world.institution, "https://second.test")
    deployment.status = DeploymentStatus.PENDING
    session.commit()
    place = f"/admin/platforms/{other.id}/deployments/{deployment.id}"

    admin.post(f"{place}/approve")
    assert again(deployment).status is DeploymentStatus.ACTIVE
    admin.post(f"{place}/block")
    assert again(deployment).status is DeploymentStatus.BLOCKED


def test_blocking_one_s_own_deployment_signs_everybody_out(admin, world, browser):
    mei = browser(world.learner)
    place = f"/admin/platforms/{world.platform.id}/deployments/{world.deployment.id}"

    page = admin.post(f"{place}/block", follow_redirects=True)

    assert page.status_code == 200
    assert mei.get("/my/credentials").status_code == 401


def test_an_invitation_s_link_is_shown_once(admin, session):
    made = admin.post("/admin/invitations", data={"name": "Our Moodle", "days": "1"})

    first, second = made.text, admin.get("/admin/invitations").text
    assert made.headers["Cache-Control"] == "no-store"
    secret = re.search(r"https://tool\.test/lti/register\?invite=([\w-]+)", first)[1]
    assert secret not in second
    invitation = session.query(Invitation).one()
    assert invitation.secret_hash == hash_secret(secret)
    assert (invitation.expires_at - invitation.created_at).days == 1
    assert "Our Moodle" in second


def test_an_invitation_is_withdrawn_and_only_by_its_institution(app, admin, browser, session):
    made = admin.post("/admin/invitations", data={"days": "7"})
    secret = re.search(r"invite=([\w-]+)", made.text)[1]
    invitation = session.query(Invitation).one()
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    make_administrator(session, other.instructor)
    address = f"/admin/invitations/{invitation.id}/withdraw"

    assert browser(other.instructor).post(address).status_code == 404
    assert admin.post(address).status_code == 303
    opened = browser().get(f"/lti/register?invite={secret}&openid_configuration=https://x.test/")
    assert opened.status_code == 403


@pytest.mark.parametrize("days", ["", "3650", "x"])
def test_an_invitation_lasts_one_of_the_offered_times(admin, session, days):
    assert admin.post("/admin/invitations", data={"days": days}).status_code == 422
    assert session.query(Invitation).count() == 0


def test_every_value_to_copy_is_on_one_page(admin):
    page = admin.get("/admin/connect").text

    for path in ("lti/launch", "lti/login", "lti/jwks.json", "lti/notices", "lti/canvas.json"):
        assert f"https://tool.test/{path}" in page
    assert "assay_course_history=$Context.id.history" in page
    assert "lti-ags/scope/score" in page


def test_the_keys_page_shows_no_private_half(admin, session):
    from app.platforms.models import ToolKey

    page = admin.get("/admin/keys").text

    key = session.query(ToolKey).one()
    assert key.kid in page
    assert key.private_key_sealed not in page


def test_an_act_without_the_form_s_token_is_refused(app, admin, world, again):
    app.config["WTF_CSRF_ENABLED"] = True

    for act in ("disable", f"deployments/{world.deployment.id}/block"):
        assert admin.post(f"/admin/platforms/{world.platform.id}/{act}").status_code == 400
    assert admin.post("/admin/invitations", data={"days": "7"}).status_code == 400
    assert again(world.platform).status is PlatformStatus.ACTIVE


def test_what_locks_people_out_is_asked_twice(admin, world):
    page = admin.get(f"/admin/platforms/{world.platform.id}").text

    assert "This is the LMS that you came from: you too." in page
    assert page.count('<details class="confirm">') == 2
