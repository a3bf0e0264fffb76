"""Whatever one course's LMS answers, the next course has its turn, and the page its words."""

import json

import pytest
from sqlalchemy import Engine, event, select
from structlog.testing import capture_logs

from app.core.principal import Role
from app.courses.models import RosterReading
from tests import factories
from tests.courses.roster_server import answer, listing, member

ODD = {
    "a life without end": {"token": {"access_token": "t1", "expires_in": 10**15}},
    "a token of other letters": {"token": {"access_token": "界", "expires_in": 3600}},
    "a token of half a letter": {"token": {"access_token": "\ud800", "expires_in": 3600}},
    "a next page nowhere": {"link": '<http://[>; rel="next"'},
    "a user id of 2000 digits": {"member": {"user_id": 10**2000}},
    "roles of half a letter": {"member": {"user_id": "x", "roles": ["\ud800", "a\0b"]}},
    "names of half a letter": {"member": {"user_id": "x", "name": "\ud800\0", "email": "\ud800"}},
}


@pytest.fixture
def twin(session, world, lms, course):
    """A second course of the same LMS, whose turn comes after."""
    made = factories.make_course(session, world.deployment, "course-2")
    made.memberships_url = f"{lms.url}/people?course=8"
    factories.enrol(session, made, world.instructor, Role.INSTRUCTOR)
    session.commit()
    return made


def speak(lms, odd):
    """Let the LMS's next answers be odd."""
    if "token" in odd:
        lms.token_script = [answer(json.dumps(odd["token"]))]
    if "link" in odd:
        lms.script = [listing(member("a"), Link=odd["link"])]
    if "member" in odd:
        lms.script = [listing(member("a"), odd["member"])]


@pytest.mark.parametrize("what", ODD)
def test_an_odd_answer_about_one_course_ends_no_round(
    reader, lms, course, twin, session, what, reading
):
    lms.members = [member("a")]
    speak(lms, ODD[what])

    assert reader.refresh_due() >= 1

    session.rollback()
    last = session.scalars(select(RosterReading).where(RosterReading.course_id == twin.id)).one()
    assert last.read_at is not None
    assert "our side" not in (reading().problem or ""), "the LMS's fault is told as its own"


def test_a_course_that_breaks_for_no_known_cause_ends_no_round(reader, lms, course, twin, reading):
    lms.members = [member("a", name="Aya Newcomer")]
    broken = [f"Bad row of {member('a')['name']}"]

    def listen(_connection, _cursor, statement, *_rest):
        if broken and statement.startswith("INSERT INTO roster_entry"):
            raise ZeroDivisionError(broken.pop())

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        with capture_logs() as logs:
            done = reader.refresh_due()
    finally:
        event.remove(Engine, "before_cursor_execute", listen)

    assert done == 1
    assert reading().problem == "Reading broke off on our side."
    [told] = [line for line in logs if line["event"] == "roster broke"]
    assert (told["course_id"], told["reason"]) == (course.id, "ZeroDivisionError")
    assert "Bad row" not in str(logs)


@pytest.mark.parametrize("what", ODD)
def test_the_button_answers_an_odd_lms(lms, course, browser, world, what):
    lms.members = [member("a")]
    speak(lms, ODD[what])

    assert browser(world.instructor).post(f"/courses/{course.id}/roster").status_code == 303
