"""Deep linking without an assignment: links that are not graded, and what cannot be served."""

import pytest

from app.launch.claims import CLAIM
from tests import factories
from tests.conftest import BASE_URL
from tests.launch.selecting import DL, deep_link, empty_parts, read_answer
from tests.launch.signing_lms import GRADER, INSTRUCTOR, LEARNER, MEMBERSHIP, place_of

ITEMS = f"{DL}content_items"


@pytest.mark.parametrize(
    "asked",
    [
        {"accept_types": ["link", "file", "html", "ltiResourceLink", "image"],
         "placement": "editor_button"},
        {"accept_types": ["link", "html"]},
        {"accept_types": ["html", "ltiResourceLink"], "accept_lineitem": False},
    ],
)  # fmt: skip
def test_from_an_editor_links_are_offered_not_assignments(lms, ines, asked):
    answer = deep_link(lms, ines, **asked)

    assert answer.location.endswith("/links")
    assert ines.get(answer.location).status_code == 200


@pytest.mark.parametrize(
    ("types", "item_type"),
    [
        (["link", "html", "ltiResourceLink"], "link"),
        (["html", "ltiResourceLink"], "html"),
        (["ltiResourceLink"], "ltiResourceLink"),
    ],
)
def test_an_achievement_is_linked_to_in_the_way_that_the_lms_takes(
    lms, ines, world, session, tool_key, types, item_type
):
    world.level_1.name = "A & <B>"
    session.commit()
    place = deep_link(lms, ines, accept_types=types).location.removesuffix("/links")

    page = ines.get(f"{place}/links/{world.level_1.public_id}")

    answer = read_answer(page.text, tool_key)
    (item,) = answer[ITEMS]
    public = f"{BASE_URL}/achievements/{world.level_1.public_id}"
    assert item["type"] == item_type
    assert item["title"] == "A & <B>"
    assert "lineItem" not in item
    assert empty_parts(answer) == []
    if item_type == "link":
        assert item["url"] == public
    if item_type == "html":
        assert f'href="{public}"' in item["html"]
        assert "A &amp; &lt;B&gt;" in item["html"]
    if item_type == "ltiResourceLink":
        assert item["custom"] == {"assay_achievement": world.level_1.public_id}


def test_a_link_to_ones_own_credentials_leads_everybody_to_theirs(lms, ines, browser, tool_key):
    place = deep_link(lms, ines).location
    (item,) = read_answer(ines.get(f"{place}/links/credentials").text, tool_key)[ITEMS]
    assert "lineItem" not in item

    for role in (LEARNER, INSTRUCTOR):
        answer = lms.launch(browser(), role=role, **{f"{CLAIM}custom": item["custom"]})
        assert place_of(answer) == "/my/credentials"


def test_a_link_to_an_achievement_opens_inside_the_course(lms, browser, world):
    mei = browser()
    custom = {"assay_achievement": world.level_1.public_id}

    answer = lms.launch(mei, **{f"{CLAIM}custom": custom})

    assert "Research Literacy" in mei.get(place_of(answer)).text
    answer = lms.launch(mei, **{f"{CLAIM}custom": {"assay_achievement": "unknown"}})
    assert answer.status_code == 404


def test_where_only_plain_links_are_taken_no_launch_is_offered(lms, ines):
    place = deep_link(lms, ines, accept_types=["link"]).location

    assert "My credentials" not in ines.get(place).text
    assert ines.get(f"{place}/credentials").status_code == 404


def test_an_achievement_that_nobody_can_earn_any_more_says_so(browser, session, world):
    world.level_1.achievement.retired_at = factories.NOON
    session.commit()
    place = f"/courses/{world.course.id}/achievements/{world.level_1.public_id}"

    page = browser(world.learner).get(place)

    assert "It cannot be earned now" in page.text
    assert "is retired" in page.text


def test_an_achievement_of_another_institution_is_not_there(lms, ines, session, app, world):
    other = factories.make_world(session, app.extensions["assay.vault"], slug="other")
    place = deep_link(lms, ines).location

    assert ines.get(f"{place}/links/{other.level_1.public_id}").status_code == 404


@pytest.mark.parametrize(
    ("role", "asked", "words"),
    [
        (LEARNER, {}, "Only somebody who teaches"),
        (LEARNER, {"accept_types": ["html", "image"]}, "Only somebody who teaches"),
        (GRADER, {}, "Only somebody who teaches"),
        (f"{MEMBERSHIP}#Mentor", {"accept_types": ["file"]}, "Only somebody who teaches"),
        (INSTRUCTOR, {"accept_types": ["image"]}, "does not make"),
        (INSTRUCTOR, {"accept_types": ["file"]}, "does not make"),
        (INSTRUCTOR, {"accept_types": [7, None]}, "does not make"),
    ],
)
def test_what_cannot_be_served_goes_back_with_the_reason(lms, ines, tool_key, role, asked, words):
    page = deep_link(lms, ines, role=role, data="opaque", **asked)

    assert page.status_code == 403
    answer = read_answer(page.text, tool_key)
    assert words in answer[f"{DL}errormsg"]
    assert answer[ITEMS] == []
    assert answer[f"{DL}data"] == "opaque"
    policy = page.headers["Content-Security-Policy"]
    assert "form-action 'self' https://lms.test" in policy


def test_another_persons_selection_is_not_shown(lms, ines, browser, world):
    place = deep_link(lms, ines).location
    other = browser()
    deep_link(lms, other, sub="teacher-2")

    for page in ("", "/selection", "/cancel", "/links", "/links/credentials"):
        assert other.get(place + page).status_code == 404
    assert other.post(f"{place}/choices/1", data={"action": "remove"}).status_code == 404
