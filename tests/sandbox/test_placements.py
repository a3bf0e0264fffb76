"""Links from the editor and homework: what the practice LMS takes, keeps and shows."""

import hashlib

import pytest
import requests

from app.sandbox.vocabulary import DEEP_LINKING_CLAIM, PLACEMENT_CLAIM
from tests.practice_lms import LmsSession

HOMEWORK = "/courses/course-101/homework/new"
LINK = "/courses/course-101/links/new"


class Placing:
    """Somebody who has opened the tool from a placement."""

    def __init__(self, tool, lms, page, person):
        self.tool, self.lms = tool, lms
        self.visitor = LmsSession(lms)
        self.visitor.sign_in(person)
        self.visitor.launch(page)
        self.request = tool.launches[-1]

    @property
    def settings(self):
        return self.request[f"{DEEP_LINKING_CLAIM}deep_linking_settings"]

    def send(self, *items):
        token = self.tool.sign(self.tool.answer_claims(self.request, list(items)))
        address = self.settings["deep_link_return_url"]
        return requests.post(address, data={"JWT": token}, timeout=5)


@pytest.fixture
def place(tool, lms):
    opened = []

    def open_it(page, person):
        opened.append(Placing(tool, lms, page, person))
        return opened[-1]

    yield open_it
    for each in opened:
        each.visitor.close()


def test_a_student_hands_a_file_in_which_is_fetched_at_once(place, tool):
    mei = place(HOMEWORK, "u-student-1")
    assert mei.request[PLACEMENT_CLAIM] == "homework_submission"
    assert mei.settings["accept_types"] == ["file", "link"]

    answer = mei.send({"type": "file", "url": f"{tool.url}/file.txt", "title": "notes.txt"})

    assert answer.status_code == 200
    page = mei.visitor.get("/courses/course-101/homework").text
    assert "notes.txt" in page
    assert hashlib.sha256(b"What I found.").hexdigest() in page


def test_homework_is_its_students_own(place, tool):
    mei = place(HOMEWORK, "u-student-1")
    mei.send({"type": "link", "url": "https://portfolio.example/", "title": "Portfolio"})

    mei.visitor.sign_in("u-student-2")

    assert "Portfolio" not in mei.visitor.get("/courses/course-101/homework").text
    assert "Portfolio" not in mei.visitor.get("/courses/course-101").text


@pytest.mark.parametrize(
    "items",
    [
        [{"type": "ltiResourceLink", "title": "x"}],
        [{"type": "link", "title": "x"}],
        [{"type": "link", "url": "javascript:alert(1)"}],
        [{"type": "link", "url": 7}],
        [{"type": "file", "url": "http://127.0.0.1:1/gone"}],
        [{"type": "link", "url": "https://a.example/"}, {"type": "link", "url": "https://b.example/"}],
    ],
    ids=str,
)  # fmt: skip
def test_homework_that_was_not_asked_for_is_refused(place, items):
    mei = place(HOMEWORK, "u-student-1")

    assert mei.send(*items).status_code == 400
    assert "Nothing is handed in" in mei.visitor.get("/courses/course-101/homework").text


def test_an_instructor_adds_a_link_to_the_course_page(place):
    ines = place(LINK, "u-instructor")
    assert ines.settings["accept_lineitem"] is False

    ines.send({"type": "link", "url": "https://badge.example/", "title": "The badge"})

    assert 'href="https://badge.example/"' in ines.visitor.get("/courses/course-101").text


def test_html_is_shown_as_text(place):
    ines = place(LINK, "u-instructor")

    ines.send({"type": "html", "html": "<script>alert(1)</script>", "title": "Code"})

    assert "&lt;script&gt;" in ines.visitor.get("/courses/course-101").text


def test_a_launch_from_the_editor_becomes_an_activity_without_a_column(place):
    ines = place(LINK, "u-instructor")

    assert ines.send({"type": "ltiResourceLink", "title": "My badges"}).status_code == 200
    assert "My badges" in ines.visitor.get("/courses/course-101").text
    refused = place(LINK, "u-instructor").send(
        {"type": "ltiResourceLink", "title": "Graded", "lineItem": {"scoreMaximum": 5}}
    )
    assert refused.status_code == 400


def test_placements_are_offered_to_those_whom_they_are_for(lms):
    with LmsSession(lms) as visitor:
        assert visitor.get(HOMEWORK).status_code == 403
        assert visitor.get("/courses/course-101/homework").status_code == 403
        launch = "/courses/course-101/deep-linking/launch?placement="
        assert visitor.get(f"{launch}homework_submission").status_code == 403
        assert visitor.get(f"{launch}unknown").status_code == 403
        visitor.sign_in("u-student-1")
        assert visitor.get(LINK).status_code == 403
        assert visitor.get(f"{launch}editor_button").status_code == 403
