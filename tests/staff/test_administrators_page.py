"""Administrators are appointed and ended on a page; one of them always stays."""

from sqlalchemy import select

from app.programme.models import Administrator
from tests import factories
from tests.campus import make_administrator
from tests.staff.twins import again


def test_administrators_are_appointed_and_ended_on_the_page(session, world, admin, browser):
    address = "/admin/administrators?person=Nora"
    assert "Nora Grader" in admin.get(address).text

    page = admin.post(address, data={"person_id": str(world.grader.id)})

    assert page.status_code == 303
    nora = browser(world.grader)
    assert nora.get("/admin").status_code == 200
    again(session)
    row = session.scalars(
        select(Administrator).where(Administrator.person_id == world.grader.id)
    ).one()
    assert admin.post(f"/admin/administrators/{row.id}/end").status_code == 303
    assert nora.get("/admin").status_code == 403
    assert "Former administrators" in admin.get("/admin/administrators").text


def test_only_whom_the_search_found_becomes_an_administrator(session, world, admin):
    page = admin.post(
        "/admin/administrators?person=Nora", data={"person_id": str(world.learner.id)}
    )

    assert page.status_code == 422
    assert session.query(Administrator).count() == 1


def test_the_last_administrator_stays(session, world, admin):
    row = session.scalars(select(Administrator)).one()
    assert "the last one stays" in admin.get("/admin/administrators").text

    page = admin.post(f"/admin/administrators/{row.id}/end")

    assert page.status_code == 409
    assert "Nobody would be left" in page.text
    assert admin.get("/admin").status_code == 200


def test_who_ends_oneself_is_led_out(session, world, admin):
    make_administrator(session, world.grader)
    row = session.scalars(
        select(Administrator).where(Administrator.person_id == world.instructor.id)
    ).one()

    page = admin.post(f"/admin/administrators/{row.id}/end")

    assert page.location == "/my/credentials"
    assert admin.get("/admin").status_code == 403


def test_another_institutions_administrator_is_not_ended(app, session, world, admin):
    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    foreign = make_administrator(session, other.instructor)

    assert admin.post(f"/admin/administrators/{foreign.id}/end").status_code == 404
