"""The administrators' page of those who asked to be forgotten."""

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.clock import utcnow
from app.courses.models import ErasureRequest, Person
from tests import factories
from tests.campus import make_administrator


@pytest.fixture
def olu(session, world, browser):
    make_administrator(session, world.instructor)
    return browser(world.instructor)


@pytest.fixture
def asked(session, world):
    """Mei asked to be forgotten."""
    return ask(session, world.platform, world.learner)


def ask(session, platform, person):
    request = ErasureRequest(
        institution_id=person.institution_id,
        platform_id=platform.id,
        person_id=person.id,
        requested_by=person.id,
        requested_at=utcnow(),
    )
    session.add(request)
    session.commit()
    return request


def test_a_request_is_listed_followed_and_gone_from_the_list(olu, asked, session, world):
    name, person_id = world.learner.name, world.learner.id
    assert name in olu.get("/admin/erasure").text

    page = olu.post(f"/admin/erasure/{person_id}", follow_redirects=True)

    assert "The name and the e-mail are erased" in page.text
    assert "Nobody has asked" in page.text
    session.expire_all()
    person = session.get_one(Person, person_id)
    assert (person.name, person.email) == (None, None)
    assert session.get_one(ErasureRequest, asked.id).done_at is not None
    entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "person.forgotten")).one()
    assert entry.actor == f"person:{world.instructor.id}"


def test_nobody_is_forgotten_who_did_not_ask(olu, session, world):
    page = olu.post(f"/admin/erasure/{world.learner.id}")

    assert page.status_code == 409
    session.expire_all()
    assert session.get_one(Person, world.learner.id).name is not None


def test_another_institutions_request_is_neither_seen_nor_followed(app, olu, session):
    elsewhere = factories.make_world(session, app.extensions["assay.vault"], "elsewhere")
    ask(session, elsewhere.platform, elsewhere.learner)

    assert "Nobody has asked" in olu.get("/admin/erasure").text
    assert olu.post(f"/admin/erasure/{elsewhere.learner.id}").status_code == 404


def test_who_is_no_administrator_comes_nowhere_near(browser, asked, world):
    staff = browser(world.instructor)

    assert staff.get("/admin/erasure").status_code == 403
    assert staff.post(f"/admin/erasure/{world.learner.id}").status_code == 403
