"""A draft that saves itself, and two windows that type into it."""

import pytest

from app.core.principal import Role
from app.courses.models import Enrolment
from app.evidence.models import Submission, SubmissionStatus
from tests.evidence import samples
from tests.evidence.conftest import Desk

PDF = samples.pdf()


@pytest.fixture
def autosave(desk):
    """What the script does: `autosave(text="x", seen="0.0")`; returns the answer."""
    return lambda **fields: desk.client.post(f"{desk.url}/draft", data=fields)


def texts(artifacts):
    return [row.text or row.url for row in artifacts()]


def test_what_is_typed_is_saved_by_itself_and_there_after_a_reload(desk, autosave, submissions):
    first = autosave(text="half a", seen="0.0")
    again = autosave(text="half a sentence", seen=first.json["seen"])

    assert first.json == {"seen": "1.1", "problems": []}
    assert again.json["seen"] == "1.2"
    assert "half a sentence</textarea>" in desk.page().text
    assert submissions()[0].status is SubmissionStatus.DRAFT


def test_what_did_not_change_does_not_count_as_a_change(autosave):
    autosave(text="same", seen="0.0")

    assert autosave(text="same", seen="1.1").json["seen"] == "1.1"


def test_nothing_typed_begins_nothing(autosave, submissions):
    assert autosave(text="", link="", seen="0.0").json == {"seen": "0.0", "problems": []}
    assert submissions() == []


def test_a_half_typed_link_is_said_and_the_rest_is_saved(autosave, artifacts):
    answer = autosave(text="kept", link="https:", seen="0.0")

    assert answer.status_code == 200
    assert answer.json["problems"] == [
        "The link names no web site, such as https://example.org/work."
    ]
    assert texts(artifacts) == ["kept"]


def test_a_stale_window_overwrites_nothing_and_is_shown_both_versions(desk, artifacts):
    desk.send(text="from the other window", seen="0.0", button="save")

    page = desk.send(text="from this <window>", seen="0.0", button="save")

    assert page.status_code == 409
    assert texts(artifacts) == ["from the other window"]
    assert "This draft was changed in another window" in page.text
    assert "from this &lt;window&gt;</textarea>" in page.text
    assert ">from the other window</pre>" in page.text
    assert 'name="keep_mine" value="1.1"' in page.text
    assert "data-draft=" not in page.text, "nothing is saved by itself until that is settled"


def test_one_button_keeps_mine(desk, artifacts):
    desk.send(text="theirs", seen="0.0", button="save")
    desk.send(text="mine", seen="0.0", button="save")

    page = desk.send(text="mine", seen="0.0", keep_mine="1.1", button="")

    assert page.status_code == 200
    assert texts(artifacts) == ["mine"]


def test_a_third_window_is_noticed_while_two_versions_are_compared(desk, artifacts):
    desk.send(text="theirs", seen="0.0", button="save")
    desk.send(text="third", seen="1.1", button="save")

    page = desk.send(text="mine", seen="0.0", keep_mine="1.1", button="")

    assert page.status_code == 409
    assert texts(artifacts) == ["third"]


def test_a_stale_window_hands_nothing_in(desk, submissions):
    desk.send(text="theirs", seen="0.0", button="save")

    page = desk.send(text="mine", seen="0.0")

    assert page.status_code == 409
    assert submissions()[0].status is SubmissionStatus.DRAFT


def test_files_of_a_stale_window_are_kept_for_no_page_could_show_them_again(desk, artifacts):
    desk.send(text="theirs", seen="0.0", button="save")

    page = desk.send(("essay.pdf", PDF), text="mine", seen="0.0", button="save")

    assert page.status_code == 409
    assert [row.file_name or row.text for row in artifacts()] == ["theirs", "essay.pdf"]
    assert "essay.pdf" in page.text


def test_links_differ_too(desk):
    desk.send(link="https://example.org/theirs", seen="0.0", button="save")

    page = desk.send(link="https://example.org/mine", seen="0.0", button="save")

    assert page.status_code == 409
    assert "https://example.org/theirs</li>" in page.text
    assert 'value="https://example.org/mine"' in page.text


def test_two_windows_that_say_the_same_do_not_disagree(desk, artifacts):
    desk.send(text="same", seen="0.0", button="save")

    assert desk.send(text="same", seen="0.0", button="save").status_code == 200
    assert texts(artifacts) == ["same"]


def test_a_file_taken_out_elsewhere_is_no_disagreement(desk, artifacts):
    desk.send(("one.pdf", PDF), text="x", seen="0.0", button="save")
    desk.send(text="x", seen="1.1", remove=artifacts()[0].id, button="")

    assert desk.send(text="y", seen="1.1", button="save").status_code == 200


def test_a_script_is_told_of_the_other_window_as_a_fragment(desk, autosave, artifacts):
    desk.send(text="theirs", seen="0.0", button="save")

    answer = autosave(text="mine", seen="0.0")

    assert answer.status_code == 409
    assert ">theirs</pre>" in answer.json["conflict"]
    assert 'value="1.1"' in answer.json["conflict"]
    assert texts(artifacts) == ["theirs"]


OURS = {"Referer": "https://tool.test/courses"}


@pytest.mark.parametrize("where", ["", "/draft"])
def test_what_is_typed_after_handing_in_elsewhere_is_shown_again(desk, artifacts, where):
    desk.send(text="handed in")

    data = {"text": "typed too late", "link": "https://example.org", "seen": "0.0", "save": "1"}
    page = desk.client.post(desk.url + where, data=data, headers=OURS)

    assert page.status_code == 409
    assert "already handed in" in page.text
    if not where:
        assert "typed too late</textarea>" in page.text
        assert "https://example.org</textarea>" in page.text
    assert texts(artifacts) == ["handed in"]


def test_what_a_learner_typed_who_was_removed_is_shown_again_with_the_reason(
    desk, session, world, artifacts
):
    desk.page()
    enrolment = session.query(Enrolment).filter_by(person_id=world.learner.id).one()
    enrolment.role = Role.OBSERVER
    session.commit()

    data = {"text": "hours of <work>", "hand_in": "1", "seen": "0.0"}
    page = desk.client.post(desk.url, data=data, headers=OURS)

    assert page.status_code == 403
    assert "Your role in this course does not allow this" in page.text
    assert "hours of &lt;work&gt;</textarea>" in page.text
    assert artifacts() == []


def test_what_is_typed_into_a_session_that_has_ended_is_shown_again(browser, url):
    page = browser(None).post(url, data={"text": "hours of work"}, headers=OURS)

    assert page.status_code == 401
    assert "hours of work</textarea>" in page.text


@pytest.mark.parametrize("referrer", [None, "https://elsewhere.test/courses"])
def test_nobody_else_puts_words_on_our_pages(browser, url, referrer):
    headers = {"Referer": referrer} if referrer else {}

    page = browser(None).post(url, data={"text": "call this number"}, headers=headers)

    assert page.status_code == 401
    assert "call this number" not in page.text


def test_too_much_typed_by_a_stranger_is_not_read(browser, url):
    page = browser(None).post(url, data={"text": "x" * 1_100_000}, headers=OURS)

    assert page.status_code == 401
    assert "xxx" not in page.text


def test_nobody_saves_into_another_learners_draft(browser, desk, world, url, session, artifacts):
    desk.send(text="mine", button="save")

    browser(world.other_learner).post(f"{url}/draft", data={"text": "theirs", "seen": "1.1"})

    assert texts(artifacts) == ["mine"], "that was a conflict with their own empty draft"
    assert session.query(Submission).count() == 1


def test_a_preview_saves_and_shows_the_text_as_it_will_look(desk):
    page = desk.send(text="This is **strong** <b>x</b>", preview="", button="")

    assert "<strong>strong</strong> &lt;b&gt;x&lt;/b&gt;" in page.text
    assert "This is **strong**" in page.text
    fragment = desk.client.get(f"{desk.url}?preview=", headers={"X-Fragment": "1"})
    assert "<strong>strong</strong>" in fragment.text
    assert "<html" not in fragment.text


@pytest.mark.parametrize("key", ["c999", "../x", "<b>"])
def test_there_is_no_preview_of_a_part_that_there_is_not(desk, key):
    headers = {"X-Fragment": "1"}
    answer = desk.client.get(desk.url, query_string={"preview": key}, headers=headers)

    assert answer.status_code == 404
    assert desk.client.get(desk.url, query_string={"preview": key}).status_code == 200


def test_a_preview_of_nothing_says_so(desk):
    headers = {"X-Fragment": "1"}

    assert "There is no text yet" in desk.client.get(f"{desk.url}?preview=", headers=headers).text


def test_two_learners_have_two_drafts(browser, world, url, desk, artifacts):
    desk.send(text="one", button="save")
    Desk(browser(world.other_learner), url).send(text="two", seen="0.0", button="save")

    assert texts(artifacts) == ["one", "two"]
