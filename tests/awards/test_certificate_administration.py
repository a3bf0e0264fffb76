"""The administrators' pages of certificates."""

import pytest
from sqlalchemy import select

from app.awards.certificate_jobs import delivery_handlers
from app.catalog.models import VersionStatus
from app.core.audit import AuditEntry
from app.core.clock import utcnow
from app.core.crypto import Vault
from app.outbox.models import Delivery
from app.outbox.worker import run_due
from app.programme.administrators import appoint_administrator
from tests import factories
from tests.certificates import make_badge, make_certificate, make_rule_level
from tests.conftest import BASE_URL, SECRET
from tests.factories import NOON


@pytest.fixture
def administrator(browser, session, world):
    appoint_administrator(
        session, world.institution.id, person_id=world.instructor.id, actor="test", now=NOON
    )
    session.commit()
    return browser(world.instructor)


def test_no_certificate_yet_teaches(administrator):
    assert "There is no certificate yet" in administrator.get("/admin/certificates").text


def test_certificates_are_listed_with_holders_and_what_fell(
    session, world, level, badges, administrator, earn
):
    made = make_certificate(session, world, level, badges[:2], (1, badges[2:4]))
    make_certificate(
        session, world, level, badges[:1], slug="declined"
    ).status = VersionStatus.DECLINED
    earn(*badges[:3])

    page = administrator.get("/admin/certificates").text

    assert f'href="/admin/certificates/{made.id}"' in page
    assert "all of 2, any 1 of 2" in page
    assert '<td class="numeric">1</td>' in page
    assert "Declined" not in page


def test_the_page_says_how_many_would_be_awarded_and_lets_the_worker_do_it(
    app, session, world, level, badges, administrator, earn, held
):
    earn(badges[0])
    earn(badges[0], person=world.other_learner)
    made = make_certificate(session, world, level, badges[:1])
    session.commit()
    address = f"/admin/certificates/{made.id}"

    assert "2 people hold the whole set and not the certificate" in administrator.get(address).text
    answer = administrator.post(f"{address}/award")
    now = utcnow()
    parts = (app.extensions["assay.vault"], app.extensions["assay.http"], BASE_URL)
    with app.app_context():
        run_due(delivery_handlers(*parts), clock=lambda: now)

    assert (answer.status_code, answer.location) == (303, address)
    assert held(made)
    assert held(made, world.other_learner)
    assert "Nobody holds the whole set without" in administrator.get(address).text
    actions = session.scalars(select(AuditEntry.action)).all()
    assert "certificate.awarded_to_holders" in actions


def test_in_review_it_is_counted_and_awarded_to_nobody(
    session, world, level, badges, administrator, earn
):
    earn(badges[0])
    made = make_certificate(session, world, level, badges[:1])
    made.status = VersionStatus.IN_REVIEW
    session.commit()
    address = f"/admin/certificates/{made.id}"

    page = administrator.get(address).text
    answer = administrator.post(f"{address}/award")

    assert "1 person would be awarded it as soon as it is approved." in page
    assert answer.status_code == 409
    assert session.scalars(select(Delivery)).all() == []


def test_what_is_wrong_with_its_parts_is_said(session, world, level, badges, administrator):
    made = make_certificate(session, world, level, badges[:1])
    badges[0].achievement.retired_at = NOON
    session.commit()

    page = administrator.get(f"/admin/certificates/{made.id}").text

    assert "Something is wrong with its parts" in page
    assert "is retired" in page


def test_a_certificate_of_another_institution_is_not_there(session, administrator):
    other = factories.make_world(session, Vault(SECRET), slug="other")
    badge = make_badge(session, other, "theirs")
    made = make_certificate(session, other, make_rule_level(session, other), [badge])
    session.commit()
    address = f"/admin/certificates/{made.id}"

    assert made.name not in administrator.get("/admin/certificates").text
    assert administrator.get(address).status_code == 404
    assert administrator.post(f"{address}/award").status_code == 404
    assert session.scalars(select(Delivery)).all() == []
