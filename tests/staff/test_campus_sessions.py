"""How a campus session ends, and where it leads nowhere."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from app.launch.erasure import erase_names
from app.programme.models import Administrator
from app.staff.models import StaffIdentity, StaffSession
from tests import factories
from tests.campus import make_administrator
from tests.staff.twins import again


def test_the_session_ends_with_the_last_office(session, world, tie, visitor):
    administrator = make_administrator(session, world.assistant)
    tie(world.assistant, "tariq")
    visitor.sign_in("tariq")
    assert visitor.client.get("/staff").status_code == 200

    session.get(Administrator, administrator.id).ended_at = datetime.now(UTC)
    session.commit()

    assert visitor.client.get("/staff").status_code == 401


def test_the_session_ends_after_its_time(session, world, tie, visitor):
    make_administrator(session, world.assistant)
    tie(world.assistant, "tariq")
    visitor.sign_in("tariq")

    running = session.scalars(select(StaffSession)).one()
    assert running.expires_at - running.created_at == timedelta(hours=12)
    running.expires_at = datetime.now(UTC)
    session.commit()

    assert visitor.client.get("/staff").status_code == 401


def test_signing_out_ends_it_and_offers_the_campuss_own_sign_out(
    session, world, campus, tie, visitor
):
    make_administrator(session, world.assistant)
    tie(world.assistant, "tariq")
    visitor.sign_in("tariq")
    with visitor.client.session_transaction(base_url="https://tool.test") as cookie:
        sid = cookie["sid"]

    page = visitor.client.post("/staff/sign-out")

    assert (page.status_code, page.location) == (303, "/staff/signed-out")
    assert session.query(StaffSession).count() == 0
    text = visitor.client.get("/staff/signed-out").text
    assert f"{campus.issuer}/oauth2/end_session?client_id=assay-client" in text
    with visitor.client.session_transaction(base_url="https://tool.test") as cookie:
        cookie["sid"] = sid
    assert visitor.client.get("/staff").status_code == 401


def test_an_untied_account_is_signed_out_at_once(session, world, admin, tie, visitor):
    make_administrator(session, world.assistant)
    identity = tie(world.assistant, "tariq")
    visitor.sign_in("tariq")

    admin.post(f"/admin/accounts/{identity.id}/untie")

    assert visitor.client.get("/staff").status_code == 401
    assert visitor.sign_in("tariq").status_code == 403


def test_a_campus_session_has_no_role_in_a_course(session, world, tie, visitor):
    make_administrator(session, world.instructor)
    tie(world.instructor, "ines")
    visitor.sign_in("ines")

    assert visitor.client.get("/staff").status_code == 200
    assert visitor.client.get(f"/courses/{world.course.id}").status_code == 404


def test_who_is_forgotten_is_signed_out_and_the_campuss_e_mail_goes_too(
    session, world, tie, visitor
):
    make_administrator(session, world.assistant)
    tie(world.assistant, "tariq").email = "tariq@campus.example"
    session.commit()
    visitor.sign_in("tariq")

    erase_names(session, world.assistant, actor="command:test", now=factories.NOON)
    session.commit()

    assert visitor.client.get("/staff").status_code == 401
    again(session)
    assert session.scalars(select(StaffIdentity)).one().email is None
