"""A partial, broken or hostile answer changes nobody; what went wrong is said in plain words."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select
from werkzeug.wrappers import Response

from app.courses.models import RosterEntry, RosterStatus
from app.courses.nrps import MAX_MEMBERS, MAX_PAGES, RosterError, TooSlowError
from tests.courses.roster_server import answer, listing, member


@pytest.fixture
def stands(session, course):
    """Who is in the course by the roster, by status."""

    def find():
        session.rollback()
        rows = session.execute(
            select(RosterEntry.person_id, RosterEntry.status).where(
                RosterEntry.course_id == course.id,
                RosterEntry.status == RosterStatus.ACTIVE,
            )
        )
        return set(rows)

    return find


@pytest.fixture
def before(reader, lms, course, stands):
    """Three people, read whole; and who they are."""
    lms.members = [member("a"), member("b"), member("c")]
    lms.page_size = 2
    reader.refresh(course.id)
    lms.seen.clear()
    return stands()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "no list of people"),
        ("{}", "no list of people"),
        ('{"id": "x"}', "no list of people"),
        ('{"members": null}', "no list of people"),
        ('{"members": {}}', "no list of people"),
        ('{"members": "a"}', "no list of people"),
        ("[]", "no list of people"),
        ("null", "no list of people"),
        ("<html>Please sign in</html>", "no list of people"),
        ('{"members": []}', "listed nobody"),
    ],
)
def test_an_answer_that_lists_nobody_empties_no_course(
    reader, lms, course, before, stands, reading, body, words
):
    lms.script = [answer(body)]

    with pytest.raises(RosterError, match=words):
        reader.refresh(course.id)

    assert stands() == before
    assert words in reading().problem
    assert reading().member_count == 3, "the last whole one still counts"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (403, "Names and Role Provisioning Services"),
        (404, "no longer has this list"),
        (410, "no longer has this list"),
        (429, "slow down"),
        (500, "fault of its own"),
        (503, "fault of its own"),
        (302, "HTTP 302"),
        (204, "HTTP 204"),
        (400, "HTTP 400"),
    ],
)
def test_a_refusal_is_told_in_plain_words(
    reader, lms, course, before, stands, reading, status, words
):
    lms.script = [answer("Mei Student is not here", status)]

    with pytest.raises(RosterError, match=words):
        reader.refresh(course.id)

    assert stands() == before
    assert words in reading().problem
    assert "Mei" not in reading().problem, "never the platform's own text"


def test_a_second_page_that_breaks_off_changes_nobody(reader, lms, course, before, stands):
    lms.script = [
        listing(member("new"), Link=f'<{lms.url}/people?p=2>; rel="next"'),
        answer("down", 500),
    ]

    with pytest.raises(RosterError):
        reader.refresh(course.id)

    assert stands() == before


def test_pages_that_lead_in_a_circle_change_nobody(reader, lms, course, before, stands):
    link = f'<{lms.url}/people?p=2>; rel="next"'
    lms.script = [listing(member("x"), Link=link)] * 10

    with pytest.raises(RosterError, match="in a circle"):
        reader.refresh(course.id)

    assert stands() == before
    assert len(lms.asked) == 2


def test_pages_without_an_end_change_nobody(reader, lms, course, before, stands):
    def one_more(number):
        return listing(Link=f'<{lms.url}/people?p={number}>; rel="next"')

    lms.script = [one_more(number) for number in range(MAX_PAGES + 1)]

    with pytest.raises(RosterError, match="no end"):
        reader.refresh(course.id)

    assert stands() == before
    assert len(lms.asked) == MAX_PAGES


def test_more_people_than_a_course_holds_are_not_kept(reader, lms, course, before, stands):
    lms.members = [{"user_id": f"x{number}"} for number in range(MAX_MEMBERS + 1)]
    lms.page_size = 50_000

    with pytest.raises(RosterError, match="more than 100,000 people"):
        reader.refresh(course.id)

    assert stands() == before


@pytest.mark.parametrize(
    "link", ["https://evil.example/people?p=2", "http://127.0.0.1:1/people", "//evil.example/x"]
)
def test_the_token_goes_to_no_other_host(reader, lms, course, before, stands, link):
    lms.script = [listing(member("a"), Link=f'<{link}>; rel="next"')]

    with pytest.raises(RosterError, match="another host"):
        reader.refresh(course.id)

    assert stands() == before
    assert len(lms.asked) == 1


def test_a_next_page_that_cannot_be_read_is_no_end(reader, lms, course, before, stands):
    lms.script = [listing(member("a"), Link="http://lms.test/people?p=2; rel=next")]

    with pytest.raises(RosterError, match="not readably where"):
        reader.refresh(course.id)

    assert stands() == before


def test_an_entry_that_names_nobody_ends_nobody(reader, lms, course, before, stands, reading):
    lms.script = [
        listing(member("a"), {"roles": ["Learner"]}, "x", member(""), member("\x00"), member(7)),
    ]

    outcome = reader.refresh(course.id)

    assert (outcome.added, outcome.gone) == (1, 0), "a number is an id too"
    assert before < stands()
    assert "4 people without saying who" in reading().problem


def test_access_that_is_refused_once_is_asked_for_anew(reader, lms, course, stands):
    lms.members = [member("a")]
    lms.script = [answer("", 401)]

    reader.refresh(course.id)

    assert len(lms.scopes) == 2
    assert len(stands()) == 1


def test_access_that_is_refused_twice_is_said(reader, lms, course, reading):
    lms.script = [answer("", 401), answer("", 401)]

    with pytest.raises(RosterError, match="401"):
        reader.refresh(course.id)

    assert "HTTP 401" in reading().problem


@pytest.mark.parametrize(
    "token", [answer("<html>", 200), answer('{"error": "invalid_scope"}', 400), answer("", 500)]
)
def test_without_a_token_nobody_is_asked(reader, lms, course, reading, token):
    lms.token_script = [token]

    with pytest.raises(RosterError, match="gave the tool no access"):
        reader.refresh(course.id)

    assert lms.seen == []
    assert "gave the tool no access" in reading().problem


def test_an_lms_that_hangs_is_left_in_time(reader, lms, course, reading):
    go_on = threading.Event()

    def hang(_request):
        go_on.wait(10)
        return Response("{}")

    lms.script = [hang]

    try:
        with pytest.raises(RosterError, match="could not be reached"):
            reader.refresh(course.id, patience=timedelta(seconds=0.1))
    finally:
        go_on.set()

    assert "could not be reached" in reading().problem


def test_a_list_longer_than_a_page_can_wait_is_read_later(
    reader, lms, course, reading, clock, stands
):
    lms.members = [member(f"s{number}") for number in range(3)]
    lms.page_size = 1

    def slow(_request):
        clock.now += timedelta(seconds=15)
        page = listing(member("s0"), Link=f'<{lms.url}/people?p=2>; rel="next"')
        return page(_request)

    lms.script = [slow, slow]
    with pytest.raises(TooSlowError):
        reader.refresh(course.id, patience=timedelta(seconds=10))

    assert reading().wanted_at == clock.now
    assert stands() == set()
    lms.script.clear()
    assert reader.refresh_due() == 1, "what was asked for is read first"
    assert reading().wanted_at is None
    assert len(stands()) == 3
