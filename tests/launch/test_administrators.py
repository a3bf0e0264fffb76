"""How an administrator finds the administration, and that nobody else does."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.clock import utcnow
from app.courses.models import LtiUser, Person
from app.launch.claims import CLAIM
from app.programme.models import ReviewerAppointment
from tests.campus import make_administrator
from tests.launch.signing_lms import INSTRUCTOR, LEARNER, place_of

NOBODY = {f"{CLAIM}roles": []}


@pytest.fixture
def olu(lms, browser, session):
    """Somebody whom the LMS knows without a role in the course, and who administers Assay."""
    lms.launch(browser(), sub="olu", **NOBODY)
    user = session.scalars(select(LtiUser).where(LtiUser.sub == "olu")).one()
    return make_administrator(session, session.get_one(Person, user.person_id))


def test_who_has_no_other_business_comes_to_the_administration(lms, browser, olu):
    there = browser()

    page = lms.launch(there, sub="olu", **NOBODY)

    assert place_of(page) == "/admin"
    assert there.get("/admin").status_code == 200


def test_a_former_administrator_comes_to_the_welcome_page(lms, browser, olu, session):
    olu.ended_at = utcnow() - timedelta(seconds=1)
    session.commit()

    assert "/welcome" in place_of(lms.launch(browser(), sub="olu", **NOBODY))


def test_who_teaches_or_studies_comes_to_the_course_and_finds_the_link_there(lms, browser, olu):
    for role, place in ((INSTRUCTOR, "/setup"), (LEARNER, "/welcome")):
        there = browser()
        page = lms.launch(there, role=role, sub="olu")
        assert place in place_of(page)
        assert 'href="/admin"' in there.get(place_of(page)).text


def test_a_reviewer_who_has_no_other_business_comes_to_the_reviews(lms, browser, olu, session):
    session.add(
        ReviewerAppointment(
            institution_id=olu.institution_id,
            group_key="committee",
            person_id=olu.person_id,
            starts_at=utcnow() - timedelta(days=1),
            ends_at=None,
            created_at=utcnow(),
        )
    )
    session.commit()
    there = browser()

    page = lms.launch(there, sub="olu", **NOBODY)

    assert place_of(page) == "/reviews"
    assert there.get("/reviews").status_code == 200


def test_the_lms_s_own_administrator_is_none_here(lms, browser):
    there = browser()
    role = "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Administrator"

    page = lms.launch(there, sub="lms-administrator", role=role)

    assert "/welcome" in place_of(page)
    assert there.get("/admin").status_code == 403


def test_an_administrator_elsewhere_with_the_same_user_id_is_none_here(
    app, lms, browser, olu, session
):
    from tests import factories

    other = factories.make_world(session, app.extensions["assay.vault"], "other")
    stranger = browser(other.instructor)

    assert stranger.get("/admin").status_code == 403
