"""The valid launches of 1EdTech's certification guide, §6.1.2 and §6.1.3, for both roles."""

import pytest
from sqlalchemy import select

from app.courses.models import LtiUser, Person
from app.launch.claims import CLAIM
from tests import factories
from tests.launch.signing_lms import INSTRUCTOR, LEARNER, MEMBERSHIP, place_of

FULL = {
    "given_name": "Mei",
    "family_name": "Student",
    "middle_name": "M",
    "picture": "https://lms.test/mei.png",
    "locale": "en-US",
    "azp": "assay",
    f"{CLAIM}tool_platform": {"guid": "g-1", "name": "Reference", "product_family_code": "ref"},
    f"{CLAIM}launch_presentation": {
        "document_target": "iframe",
        "height": 320,
        "width": 240,
        "return_url": "https://lms.test/back",
    },
    f"{CLAIM}lis": {"person_sourcedid": "p:1", "course_section_sourcedid": "s:1"},
    f"{CLAIM}custom": {"a": "b", "empty": "", "variable": "$User.username"},
    f"{CLAIM}role_scope_mentor": ["user-7"],
    "https://unknown.example/claim": {"anything": [1, 2, None]},
}
STAFF_PLACES = {"instructor": "/assignments/{id}", "student": "/assignments/{id}/work"}
ROLE = {"instructor": INSTRUCTOR, "student": LEARNER}


@pytest.fixture(params=["instructor", "student"])
def who(request):
    return request.param


@pytest.fixture
def place(session, world, who):
    """Where the person should come to: the activity is mapped."""
    made = factories.make_assignment(session, world.course, world.level_1, link=world.link)
    session.commit()
    return f"/courses/{world.course.id}{STAFF_PLACES[who].format(id=made.id)}"


@pytest.fixture
def person(session):
    def find(sub):
        user = session.scalars(select(LtiUser).where(LtiUser.sub == sub)).one()
        return session.get_one(Person, user.person_id)

    return find


def opens(lms, browser, sub, **changes):
    """Launch; return where it leads, after the page there has answered."""
    somebody = browser()
    launched = lms.launch(somebody, sub=sub, **changes)
    assert launched.status_code == 200, launched.text
    assert somebody.get(place_of(launched)).status_code == 200
    return place_of(launched)


def test_1_a_full_launch(lms, browser, who, place, person):
    assert opens(lms, browser, "full", role=ROLE[who], **FULL) == place
    assert (person("full").name, person("full").email) == ("Mei Student", "mei@university.example")


def test_2_several_roles(lms, browser, who, place):
    roles = [
        "http://purl.imsglobal.org/vocab/lis/v2/institution/person#Student",
        ROLE[who],
        "http://purl.imsglobal.org/vocab/lis/v2/system/person#User",
        f"{MEMBERSHIP}#Mentor",
    ]

    assert opens(lms, browser, "several", **{f"{CLAIM}roles": roles}) == place


def test_3_a_short_role_name(lms, browser, who, place):
    short = {"instructor": "Instructor", "student": "Learner"}[who]

    assert opens(lms, browser, "short", **{f"{CLAIM}roles": [short]}) == place


def test_4_an_unknown_role_beside_a_known_one(lms, browser, who, place):
    roles = ["http://purl.imsglobal.org/vocab/lis/v2/uknownrole/unknown#Helper", ROLE[who]]

    assert opens(lms, browser, "beside", **{f"{CLAIM}roles": roles}) == place


def test_4_an_unknown_role_alone(lms, browser, who, place):
    roles = ["http://purl.imsglobal.org/vocab/lis/v2/uknownrole/unknown#Helper"]

    assert opens(lms, browser, "unknown", **{f"{CLAIM}roles": roles}).endswith("/welcome")


def test_5_no_role(lms, browser, who, place):
    assert opens(lms, browser, "none", **{f"{CLAIM}roles": []}).endswith("/welcome")


def test_6_e_mail_only(lms, browser, who, place, person):
    assert opens(lms, browser, "mail", role=ROLE[who], name=None) == place
    assert (person("mail").name, person("mail").email) == (None, "mei@university.example")


def test_7_names_only(lms, browser, who, place, person):
    names = {"name": None, "email": None, "given_name": "Mei", "family_name": "Student"}

    assert opens(lms, browser, "names", role=ROLE[who], **names) == place
    assert (person("names").name, person("names").email) == ("Mei Student", None)


def test_8_no_personal_data(lms, browser, who, place, person):
    assert opens(lms, browser, "nobody", role=ROLE[who], name=None, email=None) == place
    assert (person("nobody").name, person("nobody").email) == (None, None)


def test_9_e_mail_without_a_context(lms, browser, who, place):
    bare = {"name": None, f"{CLAIM}context": None}
    location = opens(lms, browser, "alone", role=ROLE[who], **bare)

    assert location.endswith({"instructor": "/setup", "student": "/welcome"}[who])
    assert location.split("/")[2] != place.split("/")[2], "a course of its own"
