"""Who is let in from each LMS, and that an activity which the tool sends back works there."""

from urllib.parse import urljoin

import pytest
from lxml import html

from app.sandbox.identities import people_of
from app.sandbox.people import get_known_person
from app.sandbox.profiles import PROFILES
from tests.practice_lms import LmsSession

ALL = ["standard", "moodle", "canvas", "brightspace"]
CLASS, WORK, QUEUE = "/assignments/", "/work", "/assessment/queue"
# Where each profile's people come to; a grantor who teaches there sees the class.
PLACES = {
    "u-instructor": dict.fromkeys(ALL, CLASS),
    "u-assistant": dict.fromkeys(ALL, CLASS),
    "u-administrator": dict.fromkeys(ALL, CLASS),
    "u-student-1": dict.fromkeys(ALL, WORK),
    "u-student-2": dict.fromkeys(ALL, WORK),
    "u-grantor-1": {"standard": QUEUE, "moodle": CLASS, "canvas": CLASS, "brightspace": QUEUE},
    "u-observer": {"canvas": "/courses/"},  # the course, and nobody's work
    "u-designer": {"canvas": CLASS},
}


def launch(desk, person_id, path=None):
    with LmsSession(desk.campus.lms) as visitor:
        visitor.sign_in(person_id)
        return visitor.launch(path or desk.path)


@pytest.mark.parametrize("desk", ALL, indirect=True)
def test_everyone_comes_to_the_page_of_their_role(desk):
    profile = PROFILES[desk.campus.profile]

    for person_id, places in PLACES.items():
        if get_known_person(person_id) in people_of(profile):
            page = launch(desk, person_id)
            assert page.status_code == 200, (person_id, page.text)
            assert places[profile.name] in page.url, (person_id, page.url)
            assert page.url.endswith("/work") is (places[profile.name] == WORK), person_id


@pytest.mark.parametrize("desk", ["canvas"], indirect=True)
@pytest.mark.parametrize("level", ["name_only", "email_only", "anonymous"])
def test_a_launch_without_names_works(desk, level):
    details = {"privacy_level": level, "allowed_attempts": ""}
    desk.campus.staff.post("/behaviour/details", details).raise_for_status()

    page = launch(desk, "u-student-2")

    assert page.url.endswith("/work")
    desk.campus.staff.post("/behaviour/details", {"privacy_level": "public"}).raise_for_status()


@pytest.mark.parametrize("desk", ["moodle"], indirect=True)
def test_a_student_does_not_see_the_work_of_another_though_moodle_lets_them_ask(desk):
    address = f"/courses/course-101/gradebook/{desk.column_id}/u-student-1"

    own = launch(desk, "u-student-1", address)
    anothers = launch(desk, "u-student-2", address)

    assert own.url.endswith("/work")
    assert anothers.status_code == 403
    assert "somebody else" in anothers.text


@pytest.mark.parametrize("desk", ALL, indirect=True)
def test_an_activity_that_the_tool_sends_back_is_made_and_works(desk):
    staff = desk.campus.staff
    chooser = staff.launch("/courses/course-102/activities/new")
    badge = html.fromstring(chooser.text).xpath(
        "//a[contains(., 'Clinical Handover Communication')]/@href"
    )
    page = fill_in(staff, staff.get(urljoin(chooser.url, badge[0])), title="Handover")

    back = next(each for each in html.fromstring(page.text).forms if "JWT" in each.fields)
    added = staff.http.post(back.action, data=dict(back.form_values()))

    assert added.status_code == 200, added.text
    assert "Added to the course" in added.text
    course = html.fromstring(staff.get("/courses/course-102").text)
    (activity,) = course.xpath("//a[normalize-space()='Handover']/@href")
    assert launch(desk, "u-student-1", activity).url.endswith("/work")


def fill_in(visitor, page, **filled):
    """Send the form that has these fields, as a browser would."""
    form = next(
        each for each in html.fromstring(page.text).forms if filled.keys() <= set(each.fields)
    )
    fields = [(name, value or "") for name, value in form.form_values() if name not in filled]
    answer = visitor.http.post(
        urljoin(page.url, form.action or page.url), data=[*fields, *filled.items()]
    )
    assert answer.status_code == 200, answer.text
    return answer
