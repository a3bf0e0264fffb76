"""The switch for platform storage, and what it changes in a login."""

import pytest

from app.sandbox.browser_features import FRAME

ACTIVITY = "/courses/course-101/activities/1"


def test_the_frame_that_keeps_values_is_named_in_the_login_and_stands_on_the_page(visitor, tool):
    visitor.post("/browser-features", {"storage": FRAME})

    visitor.launch(ACTIVITY)

    assert tool.logins[0]["lti_storage_target"] == FRAME
    page = visitor.get(ACTIVITY).text
    assert f'<iframe name="{FRAME}" src="/storage-frame"' in page
    assert f'data-frame="{FRAME}"' in page
    assert 'data-keeps="yes"' in visitor.get("/storage-frame").text


def test_switched_off_it_is_neither_named_nor_there(visitor, tool):
    visitor.post("/browser-features", {"storage": "off"})

    visitor.launch(ACTIVITY)

    assert "lti_storage_target" not in tool.logins[0]
    assert "storage.js" not in visitor.get(ACTIVITY).text


def test_a_window_of_its_own_has_no_page_that_keeps_values(visitor, tool):
    visitor.send(visitor.get(f"{ACTIVITY}/launch?target=window"))

    assert "lti_storage_target" not in tool.logins[0]


def test_the_page_shows_what_is_chosen(visitor):
    page = visitor.post("/browser-features", {"storage": "off"}).text

    assert "Saved." in page
    assert 'value="off" checked' in page


@pytest.mark.parametrize("storage", ["", "elsewhere"])
def test_there_is_no_other_choice(visitor, storage):
    assert visitor.post("/browser-features", {"storage": storage}).status_code == 400
