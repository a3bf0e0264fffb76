"""Chromium: invited, signed in by a real campus, a grantor appointed; and two who are one."""

import re
import secrets
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from pydantic import SecretStr
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.core.clock import utcnow
from app.core.db import db, transaction
from app.core.principal import Role
from app.courses.models import Person
from app.platforms.models import Institution
from app.programme.models import Administrator
from app.staff.invitations import invite_person
from app.staff.provider import Provider
from tests import factories
from tests.browser.axe import assert_no_violations
from tests.browser.conftest import Campus
from tests.staff.provider import CampusLogin, running_campus, running_provider

pytestmark = pytest.mark.browser


@pytest.fixture
def login(campus: Campus) -> Iterator[CampusLogin]:
    """The campus sign-in, set up in the tool."""
    with running_provider() as port, running_campus(port) as found:
        told = campus.app.extensions["assay.settings"].model_copy(
            update={
                "oidc_issuer": found.issuer,
                "oidc_client_id": "assay-client",
                "oidc_client_secret": SecretStr("campus secret"),
            }
        )
        campus.app.extensions["assay.settings"] = told
        campus.app.extensions["assay.campus"] = Provider(told, campus.app.extensions["assay.http"])
        yield found


@pytest.fixture
def secret(campus: Campus, login: CampusLogin) -> str:
    """The secret of the administrator's invitation."""
    with campus.app.app_context(), transaction() as write:
        administrator = write.scalars(select(Administrator)).one()
        made: str = invite_person(write, administrator.person, actor="test", now=utcnow())[1]
        return made


def check(page: Page, look, name: str) -> None:
    assert_no_violations(page)
    look(page, name)


def test_an_administrator_signs_in_by_the_campus_and_appoints_a_grantor(
    window, campus, login, secret, look
):
    page = window.new_page()
    page.goto(f"{campus.tool}/staff/sign-in?invitation={secret}")
    check(page, look, "1-invited")
    page.get_by_role("button", name="Sign in with your campus account").click()
    page.get_by_placeholder("sub").fill("olu")
    page.get_by_role("button", name="Authorize").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your desk")
    assert page.url == f"{campus.tool}/staff"
    check(page, look, "2-desk")

    page.get_by_role("link", name="Administration").first.click()
    page.get_by_role("link", name="Grantors").click()
    check(page, look, "3-grantors")
    page.get_by_role("link", name="Appoint a grantor").click()
    check(page, look, "4-find")
    page.get_by_label("Micro-credential").select_option(index=1)
    page.get_by_label("Name or e-mail").fill("olu")
    page.get_by_role("button", name="Search").click()
    check(page, look, "5-appoint")
    page.get_by_label("Last day").fill("2020-01-01")
    page.get_by_role("button", name="Appoint").click()
    expect(page.locator("#error-summary")).to_contain_text("before the first one")
    check(page, look, "6-wrong")
    page.get_by_label("Last day").fill("2099-12-31")
    page.get_by_label("Trained on").fill("2026-09-01")
    page.get_by_label("Note on the qualification").fill("Teaches the course.")
    page.get_by_role("button", name="Appoint").click()
    expect(page.locator(".flash")).to_contain_text("is appointed")
    check(page, look, "7-appointed")
    page.get_by_role("link", name="Olu Administrator").click()
    check(page, look, "8-change")

    for name, tab in (("9-administrators", "Administrators"), ("10-accounts", "Campus accounts")):
        page.get_by_role("link", name=tab, exact=True).click()
        check(page, look, name)
    page.get_by_role("link", name="Two accounts, one person").click()
    check(page, look, "11-known-twice")
    page.goto(f"{campus.tool}/my/appointments")
    check(page, look, "12-my-appointments")

    page.goto(f"{campus.tool}/staff")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are signed out of Assay")
    check(page, look, "13-signed-out")
    assert page.goto(f"{campus.tool}/staff").status == 401


def test_who_declines_at_the_campus_is_led_back(window, campus, login, secret, look):
    page = window.new_page()
    page.goto(f"{campus.tool}/staff/sign-in?invitation={secret}")
    page.get_by_role("button", name="Sign in with your campus account").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You were not signed in")
    check(page, look, "1-declined")
    login.answers["/.well-known/openid-configuration"] = _down
    campus.app.extensions["assay.campus"]._endpoints = None
    page.get_by_role("link", name="Begin again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The campus sign-in does not answer")
    check(page, look, "2-down")


def _down():
    return Response("down", 502)


def test_somebody_whom_two_lmss_know_becomes_one_person(lms_page, campus, look, browser_of_mei):
    lms_page.become("Mei")
    tool = lms_page.open("Reflection memo")
    tool.goto(re.sub(r"/courses/.*", "/my/other-lms", tool.url))
    tool.get_by_role("heading", name="Known from two LMSs").wait_for()
    lms_page.settle()
    tool.get_by_role("button", name="Show me a code").press("Enter")
    code = tool.locator("code[data-copy]").inner_text()
    assert_no_violations(tool)
    look(lms_page.page, "1-code")

    page = browser_of_mei
    page.goto(f"{campus.tool}/my/other-lms")
    page.get_by_role("textbox", name="Code").fill("22222-22222")
    page.get_by_role("button", name="Look who that is").click()
    expect(page.locator("#error-summary")).to_contain_text("No such code")
    check(page, look, "2-wrong")
    page.get_by_role("textbox", name="Code").fill(code)
    page.get_by_role("button", name="Look who that is").click()
    expect(page.get_by_role("heading", name="Are these both you?")).to_be_visible()
    check(page, look, "3-both")
    page.get_by_role("button", name="Yes, both are me").click()
    expect(
        page.get_by_role("heading", name="One more yes, where the code was made")
    ).to_be_visible()
    check(page, look, "4-waiting")

    tool.goto(re.sub(r"/my/other-lms.*", "/my/other-lms", tool.url))
    tool.get_by_role("heading", name="Somebody typed your code. Is that you?").wait_for()
    lms_page.settle()
    assert_no_violations(tool)
    look(lms_page.page, "5-asked")
    tool.get_by_role("button", name="Yes, that is me").press("Enter")
    expect(tool.get_by_role("heading", level=1)).to_have_text("My credentials")
    with campus.app.app_context():
        former = db.session.scalars(select(Person).where(Person.merged_into_id.is_not(None))).one()
        assert former.name.startswith("Mei-Ling")
        assert db.session.get(Person, former.merged_into_id).name == "Mei Student"


@pytest.fixture
def browser_of_mei(campus, window):
    """A tab in which Mei is signed in from a second LMS."""
    with campus.app.app_context():
        with transaction() as write:
            institution = write.scalars(select(Institution)).one()
            platform, deployment = factories.make_platform(
                write, institution, "https://second.test"
            )
            platform.name = "College Moodle of the second campus"
            course = factories.make_course(
                write, deployment, "c", "An Introduction to Research Methods in the Social Sciences"
            )
            person = factories.make_person(
                write, course, Role.LEARNER, "Mei-Ling Alexandra Wolfeschlegelsteinhausen-Student"
            )
        sid = factories.make_session(db.session(), person)
        signer = campus.app.session_interface.get_signing_serializer(campus.app)
        window.add_cookies(
            [
                {
                    "name": "__Host-assay",
                    "value": signer.dumps({"sid": sid, "csrf_token": secrets.token_hex()}),
                    "url": campus.tool.replace("http:", "https:"),
                    "secure": True,
                    "sameSite": "None",
                }
            ]
        )
    return window.new_page()
