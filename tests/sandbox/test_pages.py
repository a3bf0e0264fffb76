import os
import signal
import subprocess
import sys

import pytest
import requests

from app.sandbox.people import PEOPLE
from tests.html import assert_accessible
from tests.practice_lms import LmsSession, running_lms

COURSE = "/courses/course-101"
PAGES = [
    "/",
    COURSE,
    f"{COURSE}/activities/1",
    f"{COURSE}/activities/1/launch",
    f"{COURSE}/activities/new",
    f"{COURSE}/gradebook",
    f"{COURSE}/gradebook/1/u-student-1",
    f"{COURSE}/participants",
    "/courses/course-102",
    "/lti/authorize",
    "/nowhere",
]


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_strict_html_without_inline_script(visitor, address):
    page = visitor.get(address)

    assert_accessible(page.text)
    assert " – Practice LMS</title>" in page.text
    assert "<script>" not in page.text
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]


@pytest.mark.parametrize("address", ["/", COURSE, f"{COURSE}/gradebook"])
def test_a_page_says_that_it_is_practice(visitor, address):
    assert "Practice LMS – not a real course" in visitor.get(address).text


def test_the_start_page_says_who_is_who(visitor):
    page = visitor.get("/").text

    assert [person.name for person in PEOPLE if person.name not in page] == []


def test_the_instructor_sits_there_first_and_others_can_be_chosen(visitor):
    before = visitor.get("/").text
    visitor.sign_in("u-student-1")
    after = visitor.get("/").text

    assert '<option value="u-instructor" selected>' in before
    assert '<option value="u-student-1" selected>' in after


@pytest.mark.parametrize(
    "address", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", ""]
)
def test_a_switch_of_person_stays_in_the_lms(visitor, address):
    fields = {"person": "u-student-1", "next": address}

    answer = visitor.http.post(f"{visitor.lms_url}/person", fields, allow_redirects=False)

    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


def test_an_unknown_person_is_refused(visitor):
    assert visitor.post("/person", {"person": "u-nobody"}).status_code == 404


def test_a_form_of_another_site_is_refused(lms):
    answer = requests.post(
        f"{lms}/person",
        {"person": "u-student-1"},
        headers={"Origin": "http://localhost:8000"},
        timeout=5,
    )

    assert answer.status_code == 403


def test_the_gradebook_shows_score_comment_and_progress(service):
    service.post_score()
    path = service.config.database_path

    with running_lms("http://localhost:1", path) as url, LmsSession(url) as staff:
        cell = staff.read_cell("course-101", 1, "u-student-1")
        empty = staff.read_cell("course-101", 1, "u-student-2")

    assert cell.startswith("80 / 100 Level I awarded Completed · FullyGraded Review submission")
    assert empty.startswith("– / 100 Nothing reported")


def test_a_comment_is_shown_as_text(service):
    service.post_score(comment="<b>bold</b>")

    page = service.client.get(f"{COURSE}/gradebook").text

    assert "&lt;b&gt;bold&lt;/b&gt;" in page


def test_a_student_sees_only_their_own_row(visitor):
    visitor.sign_in("u-student-2")

    assert visitor.read_cell("course-101", 1, "u-student-2")
    assert not visitor.read_cell("course-101", 1, "u-student-1")


def test_a_grantor_sees_every_row(visitor):
    visitor.sign_in("u-grantor-1")

    assert visitor.read_cell("course-101", 1, "u-student-1")
    assert visitor.read_cell("course-101", 1, "u-student-2")


def test_only_editors_are_offered_changes(visitor):
    assert "Add activity from Assay" in visitor.get(COURSE).text
    visitor.sign_in("u-grantor-1")
    assert "Add activity from Assay" not in visitor.get(COURSE).text
    assert visitor.post(f"{COURSE}/activities/1/names", {}).status_code == 403


def test_what_the_tool_says_on_return_is_shown_as_text(visitor):
    page = visitor.get(f"{COURSE}?lti_msg=Saved&lti_errormsg=<i>oh</i>").text

    assert "Saved" in page
    assert "&lt;i&gt;oh&lt;/i&gt;" in page


@pytest.mark.parametrize(
    "address",
    [
        "/courses/course-999",
        f"{COURSE}/activities/4",
        f"{COURSE}/activities/99/launch",
        f"{COURSE}/gradebook/3/u-student-1",
        f"{COURSE}/gradebook/1/u-nobody",
    ],
)
def test_what_does_not_exist_is_not_found(visitor, address):
    assert visitor.get(address).status_code == 404


def test_key_and_grades_outlive_a_restart(tmp_path):
    path = tmp_path / "deep" / "lms.sqlite"
    keys = []
    for _ in range(2):
        with running_lms("http://localhost:1", path) as url:
            keys.append(requests.get(f"{url}/lti/jwks.json", timeout=5).json())

    assert keys[0] == keys[1]
    assert "d" not in keys[0]["keys"][0]


def test_it_starts_by_its_own_command(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "app.sandbox", "--port", "0", "--database", str(tmp_path / "a")],
        stdout=subprocess.PIPE,
        env={"PATH": os.environ["PATH"]},
        text=True,
    )
    with process:
        said = process.stdout.readline()
        address = said.split()[3].rstrip(",")
        status = requests.get(address, timeout=5).status_code
        process.send_signal(signal.SIGTERM)

    assert status == 200
    assert said.endswith("for the tool on http://localhost:8000\n")
