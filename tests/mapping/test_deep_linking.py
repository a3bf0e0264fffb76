"""An instructor sets up an activity that the LMS is about to add."""

from dataclasses import replace

import pytest

from tests import factories


def test_the_first_screen_carries_the_token_on(deep_desk, world):
    page = deep_desk.choose()

    assert page.status_code == 200
    assert "the new assignment" in page.text
    assert f'href="{deep_desk.url}/{world.level_2.id}"' in page.text
    assert f'href="{deep_desk.url}/cancel"' in page.text


def test_a_new_activity_is_mapped_without_a_link_and_leads_back(deep_desk, world, assignments):
    answer = deep_desk.send(world.level_1)

    (assignment,) = assignments()
    assert answer.status_code == 303
    assert answer.location == f"{deep_desk.url}/selection"
    assert assignment.resource_link_pk is None
    assert assignment.lineitem_url is None
    assert assignment.course_id == world.course.id


def test_what_is_still_unmapped_is_said_on_the_next_page(deep_desk, session, world):
    answer = deep_desk.send(world.level_2, criteria=[world.level_2.criteria[0].id])

    page = deep_desk.client.get(answer.location)
    assert page.status_code == 200
    assert "“Criterion 2”, “Criterion 3”" in page.text
    assert "add another assignment" in page.text


def test_two_new_activities_can_be_made_of_one_achievement(deep_desk, world, assignments):
    deep_desk.send(world.level_1)
    deep_desk.send(world.level_1)

    first, second = assignments()
    assert first.uuid != second.uuid


def test_bad_input_shows_the_second_screen_again(deep_desk, world, assignments):
    page = deep_desk.send(world.level_1, criteria=None)

    assert page.status_code == 422
    assert "Choose at least one criterion" in page.text
    assert assignments() == []


def test_a_learner_sees_no_screen_of_it(deep_desk, world, browser, assignments):
    other = deep_desk.with_client(browser(world.learner))

    assert other.choose().status_code == 403
    assert other.page(world.level_1).status_code == 403
    assert other.send(world.level_1).status_code == 403
    assert assignments() == []


def test_an_unapproved_achievement_is_not_there(deep_desk, session, world, assignments):
    world.level_1.achievement.retired_at = factories.NOON
    session.commit()

    assert "is retired" in deep_desk.page(world.level_1).text
    assert deep_desk.send(world.level_1).status_code == 409
    assert assignments() == []


@pytest.mark.parametrize("who", ["somebody else", "nobody", "too late"])
def test_a_selection_that_is_not_open_for_this_person_maps_nothing(
    deep_desk, browser, world, session, selection, assignments, who
):
    if who == "too late":
        selection.expires_at = factories.NOON
        session.commit()
    if who == "nobody":
        deep_desk = replace(deep_desk, url=deep_desk.url.replace("a-token", "no-such-token"))
    if who == "somebody else":
        deep_desk = replace(deep_desk, client=browser(world.assistant))

    assert deep_desk.choose().status_code == 404
    assert deep_desk.send(world.level_1).status_code == 404
    assert assignments() == []
