"""Who holds a seat: appointed on the page, by somebody who may."""

import pytest
from sqlalchemy import select

from app.core.audit import AuditEntry
from app.core.clock import utcnow
from app.core.principal import Role
from app.programme.models import ReviewerAppointment
from tests import factories
from tests.campus import make_administrator, make_person

PAGE = "/admin/reviewers"


def seats_of(session, person):
    session.expire_all()
    return session.scalars(
        select(ReviewerAppointment).where(ReviewerAppointment.person_id == person.id)
    ).all()


@pytest.fixture
def asha(session, programme):
    """Somebody whom an LMS has sent here."""
    person = make_person(
        session, programme.course, Role.INSTRUCTOR, "आशा Šedá", email="asha@university.test"
    )
    session.commit()
    return person


def appoint(browser, somebody, *, words="asha", **said):
    data = {"person": somebody.id, "group": "committee"} | said
    return browser.post(f"{PAGE}?q={words}", data=data)


def test_somebody_is_found_and_appointed(browser, admin, asha, session):
    there = browser(admin)
    assert "asha@university.test" in there.get(f"{PAGE}?q=आशा").text
    assert "Nobody was found" in there.get(f"{PAGE}?q=%25").text, "a wildcard is only a letter"

    page = appoint(there, asha, starts_on="2026-01-01", ends_on="2030-06-30")

    assert page.status_code == 303
    [seat] = seats_of(session, asha)
    assert (seat.group_key, seat.unit) == ("committee", None)
    assert f"{seat.ends_at:%Y-%m-%d}" == "2030-07-01", "the last day is included"
    assert "आशा Šedá" in there.get(PAGE).text
    assert browser(asha).get("/reviews").status_code == 200
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.action == "reviewer.appointed")
    ).one()
    assert entry.facts["person"] == asha.id


def test_appointing_again_changes_the_seat_and_makes_no_second(browser, admin, asha, session):
    there = browser(admin)
    appoint(there, asha, group="unit_leaders", unit="Department of Examples")
    appoint(there, asha, group="unit_leaders", unit=" department OF examples", ends_on="2031-01-01")

    [seat] = seats_of(session, asha)
    assert seat.ends_at is not None
    appoint(there, asha, group="unit_leaders", unit="Department of Others")
    assert len(seats_of(session, asha)) == 2


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"group": "unit_leaders"}, "say for which unit"),
        ({"group": "committee", "unit": "Department"}, "leave the unit empty"),
        ({"group": "unknown"}, "Not a valid choice"),
        ({"starts_on": "2027-01-01", "ends_on": "2026-12-30"}, "end before it starts"),
        ({"starts_on": "soon"}, "Not a valid date"),
        ({"person": ""}, "Choose a person"),
    ],
)
def test_a_seat_that_makes_no_sense_is_refused(browser, admin, asha, session, said, words):
    page = appoint(browser(admin), asha, **said)

    assert page.status_code == 422
    assert words in page.text
    assert seats_of(session, asha) == []


def test_an_ended_seat_gives_no_right_from_that_moment(browser, admin, asha, session):
    there, theirs = browser(admin), browser(asha)
    appoint(there, asha)
    [seat] = seats_of(session, asha)
    assert theirs.get("/reviews").status_code == 200

    assert there.post(f"{PAGE}/{seat.id}/end").status_code == 303

    assert theirs.get("/reviews").status_code == 403
    [seat] = seats_of(session, asha)
    assert seat.ends_at <= utcnow()
    assert "Ended appointments" in there.get(PAGE).text
    assert there.post(f"{PAGE}/{seat.id}/end").status_code == 409


def test_people_and_seats_of_another_institution_are_out_of_reach(
    app, browser, admin, asha, session
):
    elsewhere = factories.make_world(session, app.extensions["assay.vault"], "elsewhere")
    make_administrator(session, elsewhere.instructor)
    stranger = browser(elsewhere.instructor)
    appoint(browser(admin), asha)
    [seat] = seats_of(session, asha)

    assert "asha@" not in stranger.get(f"{PAGE}?q=asha").text
    assert stranger.post(f"{PAGE}/{seat.id}/end").status_code == 404
    assert browser(admin).get(f"{PAGE}?q=asha").text.count("asha@") == 2
    page = appoint(browser(admin), elsewhere.learner)
    assert page.status_code == 422
    assert seats_of(session, elsewhere.learner) == []


def test_who_is_no_administrator_appoints_nobody(browser, asha, session, seats):
    for person in (asha, seats.skills):
        assert browser(person).get(PAGE).status_code == 403
        assert appoint(browser(person), asha).status_code == 403
    assert seats_of(session, asha) == []


def test_an_administrator_without_a_seat_is_told_so(browser, admin):
    assert "You hold no seat" in browser(admin).get("/reviews").text


def test_whoever_turned_out_to_be_somebody_else_is_found_as_that_person(
    browser, admin, asha, programme, session
):
    former = make_person(
        session, programme.course, Role.INSTRUCTOR, "A. Former", email="former@elsewhere.test"
    )
    former.merged_into_id = asha.id
    session.commit()

    text = browser(admin).get(f"{PAGE}?q=former@elsewhere").text

    assert "asha@university.test" in text
    assert "A. Former" not in text
