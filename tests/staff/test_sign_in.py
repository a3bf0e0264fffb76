"""The campus sign-in against a real provider, over real HTTP: who comes in, and where to."""

import re

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.programme.models import ReviewerAppointment
from app.staff.models import StaffIdentity, StaffInvitation, StaffLogin, StaffSession
from tests import factories
from tests.campus import make_administrator
from tests.staff.provider import TOKEN, query_of


def again(session):
    session.rollback()
    session.expire_all()


@pytest.fixture
def invite(admin):
    """Let the administrator invite somebody on the page; return the link's secret."""

    def make(person):
        page = admin.post(
            f"/admin/accounts?person={person.name}", data={"person_id": str(person.id)}
        )
        assert page.status_code == 200, page.text
        return re.search(r"invitation=([\w-]+)", page.text)[1]

    return make


def test_an_administrator_comes_in_by_the_campus(session, world, campus, tie, visitor):
    make_administrator(session, world.assistant)
    tie(world.assistant, "tariq")

    page = visitor.sign_in("tariq")

    assert (page.status_code, page.location) == (303, "/staff")
    desk = visitor.client.get("/staff")
    assert "Tariq Assistant" in desk.text
    assert 'href="/admin"' in desk.text
    assert "/assessment/queue" not in desk.text
    assert visitor.client.get("/admin/grantors").status_code == 200
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.actor) == ("staff.signed_in", f"person:{world.assistant.id}")


def test_what_is_asked_and_what_is_sent(session, world, campus, tie, visitor):
    make_administrator(session, world.assistant)
    tie(world.assistant, "tariq")

    asked = query_of(address := visitor.begin())
    visitor.come_back(campus.agree(address, "tariq"))

    assert (asked["response_type"], asked["client_id"]) == ("code", "assay-client")
    assert asked["redirect_uri"] == "https://tool.test/staff/callback"
    assert asked["scope"].split()[0] == "openid"
    assert asked["code_challenge_method"] == "S256"
    assert asked["nonce"]
    sent = campus.form_of(TOKEN)
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    assert create_s256_code_challenge(sent["code_verifier"]) == asked["code_challenge"]
    assert "client_secret" not in sent, "it is in the Authorization header"


def test_pages_of_such_a_session_are_framed_by_nobody(session, world, tie, visitor):
    make_administrator(session, world.assistant)
    tie(world.assistant, "tariq")
    visitor.sign_in("tariq")

    for address in ("/staff", "/admin", "/staff/signed-out"):
        policy = visitor.client.get(address).headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in policy


def test_a_grantor_and_a_reviewer_come_in_and_see_only_what_is_theirs(
    session, world, campus, tie, browser
):
    from tests.staff.conftest import Visitor

    session.add(
        ReviewerAppointment(
            institution_id=world.institution.id,
            group_key="committee",
            person_id=world.grader.id,
            starts_at=factories.NOON,
            created_at=factories.NOON,
        )
    )
    tie(world.grantor, "priya")
    tie(world.grader, "nora")
    grantor, reviewer = Visitor(browser(None), campus), Visitor(browser(None), campus)

    grantor.sign_in("priya")
    reviewer.sign_in("nora")

    assert "/assessment/queue" in grantor.client.get("/staff").text
    assert grantor.client.get("/assessment/queue").status_code == 200
    assert grantor.client.get("/admin").status_code == 403
    desk = reviewer.client.get("/staff").text
    assert "Review proposals" in desk
    assert "/assessment/queue" not in desk
    assert reviewer.client.get("/assessment/queue").status_code == 403


def test_who_is_known_but_holds_no_office_stays_outside(session, world, tie, visitor):
    tie(world.learner, "mei")

    page = visitor.sign_in("mei")

    assert page.status_code == 403
    assert "You are known, but hold no office" in page.text
    assert session.query(StaffSession).count() == 0
    assert visitor.client.get("/my/credentials").status_code == 401


def test_an_account_that_nobody_tied_stays_outside_whatever_its_e_mail(
    session, world, campus, visitor
):
    make_administrator(session, world.learner)
    campus.knows("stranger", email="mei@university.example", email_verified=True)

    page = visitor.sign_in("stranger")

    assert page.status_code == 403
    assert "not tied to anybody" in page.text
    assert session.query(StaffIdentity).count() == 0


def test_an_invitation_ties_one_person_to_the_account_that_signs_in(
    session, world, campus, invite, visitor
):
    make_administrator(session, world.assistant)
    campus.knows("tariq", email="tariq@campus.example", email_verified=True)
    secret = invite(world.assistant)
    assert "You were invited" in visitor.client.get(f"/staff/sign-in?invitation={secret}").text

    page = visitor.sign_in("tariq", invitation=secret)

    assert page.status_code == 303
    identity = session.scalars(select(StaffIdentity)).one()
    assert (identity.person_id, identity.sub) == (world.assistant.id, "tariq")
    assert identity.email == "tariq@campus.example"
    assert session.scalars(select(StaffInvitation)).one().used_at is not None
    actions = [entry.action for entry in session.scalars(select(AuditEntry))]
    assert {"staff_invitation.made", "staff.tied", "staff.signed_in"} <= set(actions)


def test_an_e_mail_that_the_campus_has_not_verified_is_not_kept(
    session, world, campus, invite, visitor
):
    make_administrator(session, world.assistant)
    campus.knows("tariq", email="somebody@campus.example", email_verified=False)

    visitor.sign_in("tariq", invitation=invite(world.assistant))

    assert session.scalars(select(StaffIdentity)).one().email is None


def test_an_invitation_works_once_and_not_after_it_was_withdrawn(
    session, world, campus, admin, invite, visitor, browser
):
    from tests.staff.conftest import Visitor

    make_administrator(session, world.assistant)
    used = invite(world.assistant)
    visitor.sign_in("tariq", invitation=used)
    withdrawn = invite(world.grader)
    row = session.scalars(select(StaffInvitation).order_by(StaffInvitation.id.desc())).first()
    admin.post(f"/admin/accounts/invitations/{row.id}/withdraw")
    other = Visitor(browser(None), campus)

    for secret in (used, withdrawn, "never-made"):
        refused = other.client.post("/staff/sign-in", data={"invitation": secret})
        assert refused.status_code == 403
        assert (
            "Ask an administrator" in other.client.get(f"/staff/sign-in?invitation={secret}").text
        )
    assert session.query(StaffIdentity).count() == 1


def test_a_second_invitation_ends_the_first(session, world, campus, invite, visitor):
    first = invite(world.assistant)
    invite(world.assistant)

    refused = visitor.client.post("/staff/sign-in", data={"invitation": first})

    assert refused.status_code == 403


def test_an_account_that_is_somebodys_is_never_tied_to_another(
    session, world, campus, tie, invite, visitor
):
    make_administrator(session, world.assistant)
    tie(world.grantor, "priya")

    page = visitor.sign_in("priya", invitation=invite(world.assistant))

    assert page.status_code == 403
    assert "somebody else here already" in page.text
    again(session)
    assert session.scalars(select(StaffIdentity)).one().person_id == world.grantor.id


def test_another_institutions_account_does_not_open_this_one(
    app, session, world, campus, tie, visitor
):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    make_administrator(session, other.instructor)
    tie(other.instructor, "ines")
    app.extensions["assay.settings"] = app.extensions["assay.settings"].model_copy(
        update={"oidc_institution": "main"}
    )

    page = visitor.sign_in("ines")

    assert page.status_code == 403
    assert session.query(StaffSession).count() == 0


@pytest.mark.parametrize("wanted", ["/admin/grantors", "/admin/grantors?ended=1", "/staff"])
def test_one_comes_back_to_the_page_that_one_wanted(session, world, tie, visitor, wanted):
    make_administrator(session, world.assistant)
    tie(world.assistant, "tariq")

    assert visitor.sign_in("tariq", next=wanted).location == wanted


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.test/",
        "//evil.test",
        "/\\evil.test",
        "/%5Cevil.test",
        "/\tevil",
        "/admin\nLocation: x",
        "javascript:alert(1)",
        "/lti/login",
        "/staff/sign-out",
        "/~secret/admin",
        "/" + "a" * 600,
        "/" + "a" * 400 + "!",
    ],
)
def test_no_other_site_and_no_odd_page_is_led_to(session, world, tie, visitor, wanted):
    make_administrator(session, world.assistant)
    tie(world.assistant, "tariq")

    assert visitor.sign_in("tariq", next=wanted).location == "/staff"


def test_without_settings_there_is_no_campus_sign_in(world, admin, browser):
    assert browser(None).get("/staff/sign-in").status_code == 404
    assert browser(None).get("/staff/callback").status_code == 404
    assert "There is no campus sign-in yet" in admin.get("/admin/accounts").text
    refused = admin.post("/admin/accounts?person=Nora", data={"person_id": str(world.grader.id)})
    assert refused.status_code == 409


def test_nothing_of_a_login_but_hashes_is_kept(session, visitor):
    asked = query_of(visitor.begin(next="/admin"))

    login = session.scalars(select(StaffLogin)).one()
    kept = {str(value) for name, value in vars(login).items() if not name.startswith("_")}
    assert kept.isdisjoint({asked["state"], asked["nonce"]})
    assert login.next_path == "/admin"
