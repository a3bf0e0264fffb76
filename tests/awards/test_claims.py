"""Codes for events: made, shown, claimed, refused."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.awards.claim_codes import draw_code, group_code
from app.awards.models import Award
from app.awards.souvenir_models import Claim, ClaimUse
from app.core.audit import AuditEntry, find_broken_entry
from app.core.principal import Role
from app.programme.models import GrantorAppointment
from tests import factories
from tests.factories import NOON


def make_code(client, souvenir, *, course=None, **facts):
    place = f"/courses/{course.id}" if course else ""
    now = datetime.now(UTC).replace(tzinfo=None)
    data = {
        "title": "Research Day, room 7",
        "starts_at": (now - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
        "ends_at": (now + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"),
        "time_zone": "UTC",
        "max_count": 2,
    }
    url = f"{place}/souvenirs/{souvenir.achievement_id}/code"
    return client.post(url, data=data | facts)


@pytest.fixture
def code(browser, world, souvenir):
    """The code of an event for two people."""
    grantor = browser(world.grantor)
    page = make_code(grantor, souvenir)
    assert page.status_code == 303, page.text
    return shown_code(grantor)


def shown_code(client, claim_id=1):
    page = client.get(f"/souvenirs/codes/{claim_id}").text
    return re.search(r'class="claim-code">([^<]+)<', page)[1]


def claim(client, code):
    return client.post("/my/claim", data={"code": code})


def test_whoever_types_the_code_is_awarded_at_once(browser, session, world, souvenir, code):
    learner = browser(world.learner)

    page = claim(learner, code)

    assert page.location == "/my/credentials"
    assert "Research Day” is yours" in learner.get(page.location).text
    award = session.scalars(select(Award)).one()
    assert (award.person_id, award.awarded_by) == (world.learner.id, None)
    assert session.scalars(select(ClaimUse)).one().award_id == award.id
    actions = [e.action for e in session.scalars(select(AuditEntry).order_by(AuditEntry.number))]
    assert actions == ["claim.made", "award.issued", "claim.used"]
    assert find_broken_entry(session, world.institution.id) is None


def test_each_person_claims_once_and_takes_one_place(browser, session, world, code):
    learner = browser(world.learner)
    claim(learner, code)

    again = claim(learner, code)

    assert again.status_code == 422
    assert "You hold “Research Day” already" in again.text
    assert session.scalars(select(Claim)).one().taken == 1


def test_a_used_up_code_says_so(browser, session, world, code):
    for person in (world.learner, world.other_learner):
        assert claim(browser(person), code).status_code == 303

    late = claim(browser(world.assistant), code)

    assert late.status_code == 422
    assert "its number is used up" in late.text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"starts_at": NOON + timedelta(days=9000)}, "not in use yet"),
        ({"ends_at": NOON}, "The time to use this code is over"),
        ({"paused_at": NOON}, "is paused"),
        ({"stopped_at": NOON}, "no longer in use"),
    ],
)
def test_a_code_out_of_use_says_why(browser, session, world, code, changes, words):
    made = session.scalars(select(Claim)).one()
    if "starts_at" in changes:
        made.ends_at = changes["starts_at"] + timedelta(days=1)
    for name, value in changes.items():
        setattr(made, name, value)
    session.commit()

    page = claim(browser(world.learner), code)

    assert page.status_code == 422
    assert words in page.text
    assert session.scalar(select(Award)) is None


def test_a_code_ends_with_the_appointment_of_whoever_made_it(browser, session, world, code):
    session.execute(GrantorAppointment.__table__.update().values(ends_at=NOON))
    session.commit()

    page = claim(browser(world.learner), code)

    assert "whoever made it may no longer give" in page.text


def test_a_code_ends_with_its_souvenir(browser, session, world, souvenir, code):
    souvenir.approved_until = NOON
    session.commit()

    assert (
        "approval of this micro-credential has expired" in claim(browser(world.learner), code).text
    )


def test_whoever_made_the_code_and_the_preview_get_nothing(browser, session, world, code):
    preview = factories.make_person(
        session, world.course, Role.LEARNER, "Test Student", is_test_user=True
    )
    session.commit()

    assert "You made this code yourself" in claim(browser(world.grantor), code).text
    assert "student preview" in claim(browser(preview), code).text
    assert session.scalar(select(Award)) is None


def test_a_code_of_a_course_is_for_its_learners(browser, session, world, souvenir):
    grantor = browser(world.grantor)
    make_code(grantor, souvenir, course=world.course)
    code = shown_code(grantor)
    other = factories.make_course(session, world.deployment, "course-2", "Statistics")
    stranger = factories.make_person(session, other, Role.LEARNER, "Ann")
    session.commit()

    assert "students of one course" in claim(browser(stranger), code).text
    assert claim(browser(world.learner), code).status_code == 303


def test_a_code_of_another_university_is_unknown(app, browser, session, world, code):
    other = factories.make_world(session, app.extensions["assay.vault"], "north")

    assert "There is no such code" in claim(browser(other.learner), code).text


def test_guessing_is_cut_off(browser, session, world, code):
    learner = browser(world.learner)
    for _ in range(10):
        page = claim(learner, group_code(draw_code()))
        assert page.status_code == 422
        assert "There is no such code" in page.text

    blocked = claim(learner, code)

    assert blocked.status_code == 429
    assert "Too many wrong codes" in blocked.text
    assert session.scalar(select(Award)) is None
    assert claim(browser(world.other_learner), code).status_code == 303


def test_a_typing_error_is_told_and_counts_as_no_guess(browser, session, world, code):
    learner = browser(world.learner)
    wrong = ("2" if code[0] != "2" else "3") + code[1:]
    for _ in range(11):
        assert "a letter is wrong or missing" in claim(learner, wrong).text

    assert claim(learner, f" {code.lower().replace('-', ' ')} ").status_code == 303


def test_the_code_is_kept_by_hash_and_sealed(session, world, code):
    made = session.scalars(select(Claim)).one()
    plain = code.replace("-", "")

    for value in vars(made).values():
        assert plain not in str(value)
        assert code not in str(value)


def test_a_phone_without_session_is_told_how_to_claim(browser, session, world, code):
    page = browser().get(f"/claim/{code}")

    assert page.status_code == 200
    assert code in page.text
    assert "Open Assay there" in page.text
    wrong = browser().get("/claim/nonsense")
    assert "a letter is wrong or missing" in wrong.text
    unknown = browser().get(f"/claim/{group_code(draw_code())}")
    assert "Open Assay there" in unknown.text, "it does not say which codes there are"


def test_the_address_leads_into_the_session_and_a_get_awards_nothing(browser, session, world, code):
    learner = browser(world.learner)

    page = learner.get(f"/claim/{code}", follow_redirects=True)

    assert f'value="{code}"' in page.text
    assert session.scalar(select(Award)) is None


def test_the_page_and_the_poster_show_code_and_picture(browser, world, code):
    grantor = browser(world.grantor)

    picture = grantor.get("/souvenirs/codes/1/qr.svg")
    poster = grantor.get("/souvenirs/codes/1/poster")

    assert picture.mimetype == "image/svg+xml"
    assert picture.data.startswith(b"<svg")
    assert b"<script" not in picture.data
    assert code in poster.text
    assert f"https://tool.test/claim/{code}" in poster.text


def test_a_code_is_paused_goes_on_and_is_stopped(browser, world, code):
    grantor, learner = browser(world.grantor), browser(world.learner)

    grantor.post("/souvenirs/codes/1/pause")
    assert "is paused" in claim(learner, code).text
    grantor.post("/souvenirs/codes/1/pause")
    assert claim(learner, code).status_code == 303
    grantor.post("/souvenirs/codes/1/stop")
    assert "no longer in use" in claim(browser(world.other_learner), code).text
    assert grantor.post("/souvenirs/codes/1/stop").status_code == 409
    assert "Stopped" in grantor.get("/souvenirs/codes/1").text


@pytest.mark.parametrize("name", ["=1+1", " =1+1", "＝1+1"])
def test_who_claimed_is_listed_and_can_be_downloaded(browser, session, world, code, name):
    world.learner.name = name
    session.commit()
    claim(browser(world.learner), code)
    grantor = browser(world.grantor)

    text = grantor.get("/souvenirs/codes/1/claimed.csv").text.lstrip("\ufeff")

    (row,) = csv.DictReader(io.StringIO(text))
    assert row["name"] == f"'{name}"
    assert row["address"].startswith("https://tool.test/credentials/")
    assert name in grantor.get("/souvenirs/codes/1").text


def test_others_do_not_see_the_code(browser, session, world, code):
    for person in (world.second_grantor, world.instructor, world.learner):
        client = browser(person)
        for part in ("", "/poster", "/qr.svg", "/claimed.csv"):
            assert client.get(f"/souvenirs/codes/1{part}").status_code == 404
        assert client.post("/souvenirs/codes/1/stop").status_code == 404


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"title": " "}, "Name the event"),
        ({"title": "t" * 201}, "At most 200"),
        ({"ends_at": "2020-01-01T10:00"}, "must be after"),
        ({"starts_at": "2020-01-01T10:00", "ends_at": "2020-01-02T10:00"}, "still to come"),
        ({"ends_at": "2999-01-01T10:00"}, "within a year"),
        ({"starts_at": "soon"}, "Give day and time"),
        ({"max_count": 0}, "whole number from 1"),
        ({"max_count": "many"}, "Give a whole number"),
        ({"time_zone": "Mars/Base"}, "Choose from this list"),
    ],
)
def test_a_code_that_makes_no_sense_is_a_form_error(
    browser, session, world, souvenir, facts, words
):
    page = make_code(browser(world.grantor), souvenir, **facts)

    assert page.status_code == 422
    assert words in page.text
    assert session.scalar(select(Claim)) is None
