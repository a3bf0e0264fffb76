"""An LMS registers itself with an invitation link, and waits for approval."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.clock import utcnow
from app.core.crypto import hash_secret
from app.platforms.models import DeploymentStatus, Invitation, PlatformStatus
from app.platforms.tool_document import TOOL_CONFIGURATION
from tests.conftest import BASE_URL
from tests.platforms.conftest import CONFIGURATION, LTI

AGS = "https://purl.imsglobal.org/spec/lti-ags/scope/"


def test_opening_the_link_says_what_will_happen_and_changes_nothing(
    browser, invited, new_lms, platforms_of, invitation_of
):
    page = browser().get("/lti/register", query_string=new_lms.fields(invited()))

    assert page.status_code == 200
    assert "Register Assay with new-lms.test" in page.text
    assert "University main" in page.text
    assert len(new_lms.wire.calls) == 0, "opening a page calls nobody"
    assert platforms_of() == []
    assert invitation_of().used_at is None


def test_the_page_may_stand_in_any_frame_and_tells_its_address_to_nobody(browser, invited, new_lms):
    page = browser().get("/lti/register", query_string=new_lms.fields(invited()))

    assert page.headers["Content-Security-Policy"].endswith("frame-ancestors *")
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert page.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in page.headers


def test_a_registration_is_kept_and_waits(browser, invited, new_lms, platforms_of, invitation_of):
    new_lms.offer()
    new_lms.answer()

    page = browser().post("/lti/register", data=new_lms.fields(invited()))

    assert (page.status_code, page.location) == (303, "/lti/registered")
    [platform] = platforms_of()
    assert platform.status is PlatformStatus.PENDING
    assert (platform.issuer, platform.client_id) == ("https://new-lms.test", "client-7")
    assert platform.auth_url == "https://new-lms.test/auth?tenant=1"
    assert platform.name == "new-lms.test"
    assert platform.product_family == "moodle"
    [deployment] = platform.deployments
    assert (deployment.deployment_id, deployment.status) == ("4", DeploymentStatus.PENDING)
    assert invitation_of().platform_pk == platform.id


def test_the_closing_page_says_what_is_left_and_lets_the_lms_close_it(browser):
    page = browser().get("/lti/registered")

    assert "approves it" in page.text
    assert "js/lti_close.js" in page.text


def test_both_calls_carry_the_lms_s_token(browser, invited, new_lms):
    new_lms.offer()
    new_lms.answer()

    browser().post("/lti/register", data=new_lms.fields(invited()))

    sent = [call.request.headers["Authorization"] for call in new_lms.wire.calls]
    assert sent == ["Bearer registration-token"] * 2


def test_the_token_is_optional(browser, invited, new_lms, platforms_of):
    new_lms.offer()
    new_lms.answer()

    browser().post("/lti/register", data=new_lms.fields(invited()) | {"registration_token": ""})

    assert len(platforms_of()) == 1
    assert all("Authorization" not in call.request.headers for call in new_lms.wire.calls)


def test_the_tool_describes_itself_as_moodle_demands(browser, invited, new_lms):
    new_lms.offer()
    new_lms.answer()

    browser().post("/lti/register", data=new_lms.fields(invited()))

    sent = new_lms.sent
    assert sent["redirect_uris"] == [f"{BASE_URL}/lti/launch"]
    assert sent["response_types"] == ["id_token"]
    assert sent["token_endpoint_auth_method"] == "private_key_jwt"
    assert sent["jwks_uri"] == f"{BASE_URL}/lti/jwks.json"
    assert sent["initiate_login_uri"] == f"{BASE_URL}/lti/login"
    assert {"logo_uri", "client_uri", "policy_uri", "tos_uri"} <= set(sent)
    tool = sent[TOOL_CONFIGURATION]
    assert (tool["domain"], tool["target_link_uri"]) == ("tool.test", f"{BASE_URL}/lti/launch")
    assert {"name", "email"} <= set(tool["claims"])
    assert tool["custom_parameters"]["assay_course_history"] == "$Context.id.history"
    assert tool["custom_parameters"]["assay_due"] == "$ResourceLink.submission.endDateTime"
    kinds = {message["type"]: message.get("placements") for message in tool["messages"]}
    assert kinds == {"LtiResourceLinkRequest": None, "LtiDeepLinkingRequest": ["ContentArea"]}


def test_only_scopes_that_are_needed_and_offered_are_asked_for(browser, invited, new_lms):
    few = [f"{AGS}score", f"{AGS}lineitem", "https://purl.imsglobal.org/spec/lti-ts/scope/other"]
    new_lms.offer(new_lms.configuration(scopes_supported=few))
    new_lms.answer()

    browser().post("/lti/register", data=new_lms.fields(invited()))

    assert new_lms.sent["scope"].split() == [f"{AGS}lineitem", f"{AGS}score"]


def test_what_the_lms_s_administrator_granted_is_read_from_the_answer(
    browser, invited, new_lms, platforms_of
):
    new_lms.offer()
    new_lms.answer(scope=f"{AGS}score")

    browser().post("/lti/register", data=new_lms.fields(invited()))

    assert platforms_of()[0].told["scopes"] == [f"{AGS}score"]


def test_canvas_gets_its_own_keys_and_places(browser, invited, new_lms, platforms_of):
    canvas = {
        "product_family_code": "canvas",
        "https://canvas.instructure.com/lti/account_name": "College of Examples",
        "messages_supported": [
            {"type": "LtiResourceLinkRequest", "placements": ["course_navigation", "wiki_page"]},
            {"type": "LtiDeepLinkingRequest", "placements": ["editor_button", "link_selection"]},
        ],
        "notice_types_supported": ["LtiContextCopyNotice"],
    }
    configuration = new_lms.configuration(
        authorization_server="https://new-lms.test/somebody", **{LTI: canvas}
    )
    new_lms.offer(configuration)
    new_lms.answer(deployment_id=None, client_id=10000000000012)

    browser().post("/lti/register", data=new_lms.fields(invited()))

    tool = new_lms.sent[TOOL_CONFIGURATION]
    assert tool["https://canvas.instructure.com/lti/privacy_level"] == "public"
    assert tool["https://canvas.instructure.com/lti/tool_id"] == "assay"
    places = {message["type"]: message["placements"] for message in tool["messages"]}
    assert places == {
        "LtiResourceLinkRequest": ["course_navigation"],
        "LtiDeepLinkingRequest": ["link_selection", "editor_button"],
    }
    [platform] = platforms_of()
    assert (platform.name, platform.client_id) == ("College of Examples", "10000000000012")
    assert platform.deployments == [], "Canvas's first launch tells it"
    assert platform.token_audience is None, "Canvas wants the token endpoint's own address"


def test_an_audience_that_the_lms_names_is_kept(browser, invited, new_lms, platforms_of):
    new_lms.offer(new_lms.configuration(authorization_server="https://api.new-lms.test/auth"))
    new_lms.answer()

    browser().post("/lti/register", data=new_lms.fields(invited(name="Our LMS")))

    [platform] = platforms_of()
    assert platform.token_audience == "https://api.new-lms.test/auth"
    assert platform.name == "Our LMS", "the institution's own name for it"


def test_an_invitation_is_used_once(browser, invited, new_lms, platforms_of):
    new_lms.offer()
    new_lms.answer()
    secret = invited()

    first = browser().post("/lti/register", data=new_lms.fields(secret))
    second = browser().post("/lti/register", data=new_lms.fields(secret))

    assert (first.status_code, second.status_code) == (303, 403)
    assert "was used" in second.text
    assert len(platforms_of()) == 1
    assert len(new_lms.wire.calls) == 2, "the second time nobody is called"


def test_an_invitation_used_while_the_lms_thinks_is_not_used_again(
    browser, invited, new_lms, platforms_of, session
):
    secret = invited()

    def meanwhile(_request):
        session.query(Invitation).one().used_at = utcnow()
        session.commit()
        return 200, {}, '{"client_id": "late"}'

    new_lms.offer()
    new_lms.wire.add_callback("POST", "https://new-lms.test/register", meanwhile)

    page = browser().post("/lti/register", data=new_lms.fields(secret))

    assert page.status_code == 403
    assert platforms_of() == []


@pytest.mark.parametrize("state", ["withdrawn", "run out", "unknown", "missing"])
def test_no_other_invitation_opens_the_page(browser, invited, new_lms, session, state):
    secret = invited()
    invitation = session.query(Invitation).one()
    if state == "withdrawn":
        invitation.withdrawn_at = utcnow()
    if state == "run out":
        invitation.expires_at = utcnow() - timedelta(seconds=1)
    session.commit()
    secret = {"unknown": "x" * 43, "missing": ""}.get(state, secret)

    for method in ("GET", "POST"):
        page = browser().open("/lti/register", method=method, data=new_lms.fields(secret))
        if method == "GET":
            page = browser().get("/lti/register", query_string=new_lms.fields(secret))
        assert page.status_code == 403
        assert "no invitation that can be used now" in page.text
    assert len(new_lms.wire.calls) == 0


def test_the_secret_is_kept_only_as_a_hash(invited, session):
    secret = invited()

    row = session.query(Invitation).one()
    assert row.secret_hash == hash_secret(secret)
    assert secret not in str(vars(row))
    facts = [str(entry.facts) for entry in session.query(AuditEntry)]
    assert not any(secret in fact for fact in facts)


def test_a_link_opened_by_a_person_says_where_it_belongs(browser, invited):
    page = browser().get("/lti/register", query_string={"invite": invited()})

    assert page.status_code == 422
    assert "Paste it there" in page.text


def test_a_registration_never_overwrites_another(browser, invited, new_lms, world, session):
    world.platform.issuer, world.platform.client_id = "https://new-lms.test", "client-7"
    session.commit()
    new_lms.offer()
    new_lms.answer()

    page = browser().post("/lti/register", data=new_lms.fields(invited()))

    assert page.status_code == 422
    assert "registered already" in page.text
    session.refresh(world.platform)
    assert world.platform.auth_url == "https://lms.test/auth"
    assert session.query(Invitation).one().used_at is None


def test_a_second_client_of_one_issuer_is_a_second_platform(
    browser, invited, new_lms, platforms_of
):
    new_lms.offer()
    new_lms.answer(client_id="one")
    browser().post("/lti/register", data=new_lms.fields(invited()))
    new_lms.wire.reset()
    new_lms.offer()
    new_lms.answer(client_id="two")
    browser().post("/lti/register", data=new_lms.fields(invited()))

    assert [platform.client_id for platform in platforms_of()] == ["one", "two"]


def test_what_was_done_is_in_the_audit_log(browser, invited, new_lms, session):
    new_lms.offer()
    new_lms.answer()
    browser().post("/lti/register", data=new_lms.fields(invited()))

    session.rollback()
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    done = [(entry.action, entry.actor) for entry in entries][-2:]
    assert done == [("invitation.made", "command:test"), ("platform.registered", "invitation:1")]
    assert CONFIGURATION not in str([entry.facts for entry in entries])


def test_the_invitation_stands_for_the_form_s_token(app, browser, invited, new_lms, platforms_of):
    app.config["WTF_CSRF_ENABLED"] = True
    new_lms.offer()
    new_lms.answer()

    page = browser().post("/lti/register", data=new_lms.fields(invited()))

    assert page.status_code == 303
    assert len(platforms_of()) == 1
